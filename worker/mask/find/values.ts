// The values that structure masked in a session, kept to be found again: whole, by line, what is secret inside them, and as other
// programs write them.
// In memory only; bounded. No I/O.

import type { KnownValues } from '../contract.ts'
import { MaskError } from '../scanner.ts'
import type { Budget } from './budget.ts'
import { isWithinWord } from './guesses.ts'
import { secretLeaves } from './values/leaves.ts'
import { searchable, searchableLine } from './values/searchable.ts'
import { type KnownHit, KnownTable, TEXT_COST_BYTES, WINDOW } from './values/table.ts'
import { variantsOf } from './values/variants.ts'

/** Values noted in one session. Some ten times what the Secrets of a large cluster hold. */
export const MAX_VALUES = 20_000
/** Their bytes. Stops a session that lists Secrets for hours from filling memory. */
export const MAX_VALUES_BYTES = 16 * 1024 * 1024
/** Lines and variants of them that are searched for by themselves. */
const MAX_PARTS = 100_000
/** Lines of one value that are searched for by themselves: a 16384-bit key has 200. */
const MAX_LINES_OF_VALUE = 1000
/** A longer value is also searched for in pieces, so that a stream that holds back less finds it. */
const PIECE_BYTES = 1024
/** A piece may be so much shorter or longer, to end where a word does: no secret that is shorter is cut. */
const SLACK_BYTES = 512

const LF = 0x0a

/**
 * Asked before anything is kept.
 * @param bytes of memory that it takes
 * @throws {MaskError} there is no room
 */
export type MakeRoom = (bytes: number) => void

/** Known values, and the search for them. */
export interface SearchableValues extends KnownValues {
  /** How many bytes of memory they take, at most. */
  readonly cost: number
  /** A quick look: false only if search() finds nothing in it as it stands. */
  suspect(bytes: Uint8Array, start: number, end: number): boolean
  search(
    bytes: Uint8Array,
    final: boolean,
    budget: Budget,
  ): { readonly hits: readonly KnownHit[]; readonly open: number }
  /** The value of a hit, or the line of one: the same, however it is written there. */
  text(hit: KnownHit): Uint8Array
}

class Values implements SearchableValues {
  readonly #table = new KnownTable()
  readonly #makeRoom: MakeRoom
  /** Numbers of the values that variants are of. */
  readonly #meant = new Map<number, number>()
  #values = 0
  #bytes = 0

  constructor(makeRoom: MakeRoom) {
    this.#makeRoom = makeRoom
  }

  get size(): number {
    return this.#values
  }

  get cost(): number {
    return this.#table.cost
  }

  note(value: Uint8Array, name: string): void {
    const trimmed = trim(value)
    // The document is kept once; whoever reads it in another form finds its leaves.
    if (trimmed.length < WINDOW || this.#table.has(trimmed)) return
    this.#noteOne(trimmed, name)
    const bare = withoutQuotes(trimmed)
    if (bare !== null) this.#noteOne(bare, name)
    for (const leaf of secretLeaves(trimmed)) this.#noteOne(trim(leaf.value), leaf.name)
  }

  #noteOne(value: Uint8Array, name: string): void {
    if (!searchable(value, name) || this.#table.has(value)) return
    const number = this.#table.size
    this.#keep(value)
    this.#noteParts(value)
    for (const variant of variantsOf(value)) {
      const at = this.#table.size
      this.#part(variant)
      if (this.#table.size > at) this.#meant.set(at, number)
    }
  }

  suspect(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#table.suspect(bytes, start, end)
  }

  search(
    bytes: Uint8Array,
    final: boolean,
    budget: Budget,
  ): { readonly hits: readonly KnownHit[]; readonly open: number } {
    return this.#table.search(bytes, final, budget)
  }

  text(hit: KnownHit): Uint8Array {
    return this.#table.text(this.#meant.get(hit.text) ?? hit.text)
  }

  #keep(value: Uint8Array): void {
    if (this.#values >= MAX_VALUES || this.#bytes + value.length > MAX_VALUES_BYTES) throw tooMany()
    this.#add(value)
    this.#values++
    this.#bytes += value.length
  }

  #add(text: Uint8Array): void {
    this.#makeRoom(text.length + TEXT_COST_BYTES)
    this.#table.add(text)
  }

  /** The lines of a value of several lines that are no ordinary text; pieces of a long line. */
  #noteParts(value: Uint8Array): void {
    let lines = 0
    let start = 0
    while (start < value.length && lines < MAX_LINES_OF_VALUE) {
      const stop = value.indexOf(LF, start)
      const end = stop < 0 ? value.length : stop
      const line = trim(value.subarray(start, end))
      if (line.length < value.length && searchableLine(line)) {
        this.#part(line)
        lines++
      }
      if (line.length > 2 * PIECE_BYTES) {
        for (let at = 0; at + PIECE_BYTES <= line.length; ) {
          const next = cutOf(line, at)
          this.#part(line.subarray(at, next))
          at = next
        }
      }
      start = end + 1
    }
  }

  #part(part: Uint8Array): void {
    if (this.#table.has(part)) return
    if (this.#table.size >= MAX_VALUES + MAX_PARTS) throw tooMany()
    this.#add(part)
  }
}

/**
 * Where the piece that begins at `at` ends: between two words, or else where the word goes on for long. An agent chooses what stands
 * in front of a masked value that it writes back: a cut behind the value's first letter would be a known value of its own, and every
 * guess of that letter in another text would be masked or not.
 */
function cutOf(line: Uint8Array, at: number): number {
  const middle = at + PIECE_BYTES
  for (let cut = middle; cut > middle - SLACK_BYTES; cut--) if (isCut(line, cut)) return cut
  for (let cut = middle + 1; cut <= middle + SLACK_BYTES; cut++) if (isCut(line, cut)) return cut
  return middle
}

function isCut(line: Uint8Array, at: number): boolean {
  return at >= line.length || !isWithinWord(line, at)
}

/** An empty list of known values. */
export function createKnownValues(makeRoom: MakeRoom = () => undefined): SearchableValues {
  return new Values(makeRoom)
}

/** The values as they can be searched; null for a list that was made elsewhere. */
export function searchableValues(values: KnownValues): SearchableValues | null {
  return values instanceof Values ? values : null
}

function tooMany(): MaskError {
  return new MaskError(
    'this session has read more secrets than can be kept in mind to mask them elsewhere; begin a new session, or read fewer Secrets in one',
  )
}

/** Without blanks and line ends around it. */
function trim(value: Uint8Array): Uint8Array {
  let start = 0
  let end = value.length
  while (start < end && blank(value[start]!)) start++
  while (end > start && blank(value[end - 1]!)) end--
  return value.subarray(start, end)
}

/** What stands between two quotes of the same kind; null when none are around it. */
function withoutQuotes(value: Uint8Array): Uint8Array | null {
  const first = value[0]
  if ((first !== 0x22 && first !== 0x27) || value.length < 2 || value.at(-1) !== first) return null
  return trim(value.subarray(1, -1))
}

function blank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LF || byte === 0x0d
}
