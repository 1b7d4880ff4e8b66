// The objects and arrays that are open while a document is scanned: where they stand, what stands in them, and what their members
// have said of them. No I/O.

import { MaskError } from './error.ts'
import type { Key, Keys } from './keys.ts'
import { MAX_DEPTH } from './limits.ts'
import type { Node, Question, Verdict } from './node.ts'

export const OBJECT = 1
export const ARRAY = 2

/** Questions by their place among what is known of an object; what was answered stands four bits higher. */
const SHIFT: Readonly<Record<Question, number>> = { kind: 0, name: 8 }
const ANSWERED = 4
const FOUR_BITS = 15
/** Of a place, as it is recorded. */
const MAX_PLACE_CHARS = 256
const MAX_STEP_CHARS = 64

/** What is open, innermost last; 0 is the document itself. */
export class Frames {
  depth = 0
  readonly kinds = new Uint8Array(MAX_DEPTH + 1)
  readonly nodes: (Node | undefined)[] = []
  /** Positions in arrays. */
  readonly indexes = new Uint32Array(MAX_DEPTH + 1)
  /** The key in hand of each open object. */
  readonly keys: (Key | null)[] = [null]
  /** Whether the key in hand was itself replaced. */
  readonly hidden = new Uint8Array(MAX_DEPTH + 1)
  /** What is known of each object: for each question four bits of what was said and four of what has been answered. */
  readonly #told = new Uint16Array(MAX_DEPTH + 1)
  /** Who said `name`. */
  readonly #called: (Key | null)[] = []
  /** One more than where in the chunk the value of a `name` stands that nobody has asked for yet; 0: nowhere. */
  readonly #nameStarts = new Uint32Array(MAX_DEPTH + 1)
  readonly #nameEnds = new Uint32Array(MAX_DEPTH + 1)
  #nameTells: NonNullable<Node['tells']> | null = null
  readonly #names: Keys
  readonly #prefix: string

  /** @param at where the document itself stands, put before every place */
  constructor(names: Keys, at: string) {
    this.#names = names
    this.#prefix = at
  }

  /** @throws {MaskError} when it is too deep */
  open(kind: number, node: Node | undefined): void {
    if (this.depth === MAX_DEPTH) throw new MaskError('the body is nested too deeply', true, true)
    const depth = ++this.depth
    this.kinds[depth] = kind
    this.nodes[depth] = node
    this.indexes[depth] = 0
    this.#told[depth] = 0
    this.#nameStarts[depth] = 0
  }

  /** What the innermost object says to a question; 0: nothing. */
  said(question: Question, chunk: Uint8Array): Verdict {
    this.#readName(this.depth, chunk)
    return (this.#told[this.depth]! >> SHIFT[question]) & FOUR_BITS
  }

  /** From now on nothing may be said of the innermost object by which the answer would have been another. */
  noteAnswer({ question, from }: NonNullable<Node['asks']>): void {
    const shift = SHIFT[question] + ANSWERED
    const told = this.#told[this.depth]!
    const before = (told >> shift) & FOUR_BITS
    const least = before === 0 ? from : Math.min(before, from)
    this.#told[this.depth] = (told & ~(FOUR_BITS << shift)) | (least << shift)
  }

  /** Notes where the value of a `name` stands, to be read if somebody asks: nearly all are asked for by nobody. False: it must be heard now. */
  noteName(tells: NonNullable<Node['tells']>, start: number, end: number, chunk: Uint8Array): boolean {
    const { depth } = this
    this.#readName(depth, chunk)
    if (this.#told[depth]! >> SHIFT.name !== 0) return false
    this.#nameTells = tells
    this.#nameStarts[depth] = start + 1
    this.#nameEnds[depth] = end
    return true
  }

  /** Reads all names that were only noted: the chunk goes. */
  readNames(chunk: Uint8Array): void {
    for (let depth = 1; depth <= this.depth; depth++) this.#readName(depth, chunk)
  }

  #readName(depth: number, chunk: Uint8Array): void {
    const start = this.#nameStarts[depth]!
    if (start === 0 || this.#nameTells === null) return
    this.#nameStarts[depth] = 0
    this.hear(this.#nameTells, this.#names.at(chunk, start - 1, this.#nameEnds[depth]!), depth)
  }

  /**
   * A member has said something of its object.
   * @returns what it says now if that is more than before, else 0
   * @throws {MaskError} who asked before was told otherwise, and that may have gone out
   */
  hear({ question, says }: NonNullable<Node['tells']>, key: Key, depth: number): Verdict {
    const shift = SHIFT[question]
    const told = this.#told[depth]!
    const before = (told >> shift) & FOUR_BITS
    const verdict = says(key)
    if (question === 'name' && verdict >= before) this.#called[depth] = key
    if (verdict <= before) return 0
    const answered = (told >> (shift + ANSWERED)) & FOUR_BITS
    if (answered > 0 && verdict >= answered) {
      throw new MaskError('the body says twice, or too late, what an object is', true, true)
    }
    this.#told[depth] = (told & ~(FOUR_BITS << shift)) | (verdict << shift)
    return verdict
  }

  /** What the innermost object calls itself. */
  called(chunk: Uint8Array): Key | null {
    if (this.kinds[this.depth] !== OBJECT || this.said('name', chunk) === 0) return null
    return this.#called[this.depth] ?? null
  }

  /** The nearest key. */
  get name(): Key | null {
    for (let { depth } = this; depth > 0; depth--) {
      if (this.kinds[depth] === OBJECT) return this.keys[depth] ?? null
    }
    return null
  }

  /** The key of the innermost object; null: it is an element, or the document. */
  get owner(): Key | null {
    const outer = this.depth - 1
    return outer > 0 && this.kinds[outer] === OBJECT ? (this.keys[outer] ?? null) : null
  }

  /** Where the value in hand stands: `items[].data.password`. */
  get place(): string {
    let place = this.#prefix
    for (let depth = 1; depth <= this.depth; depth++) {
      if (this.kinds[depth] === ARRAY) place += '[]'
      else if (this.hidden[depth] === 1) place += '[…]'
      else {
        const key = this.keys[depth]?.text ?? ''
        if (key.length <= MAX_STEP_CHARS && /^[\w$-]+$/.test(key)) place += place === '' ? key : `.${key}`
        else place += `[${JSON.stringify(key.slice(0, MAX_STEP_CHARS))}]`
      }
    }
    return place.slice(0, MAX_PLACE_CHARS)
  }
}
