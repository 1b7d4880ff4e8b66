// What a scanner gives out: the chunk's bytes with stretches replaced. Held back is a token that is not complete yet, and everything
// from the first value on that waits for what its object turns out to be. No I/O.

import { join } from '../bytes.ts'
import { MaskError } from './error.ts'
import type { Key } from './keys.ts'
import { MAX_VALUE_BYTES } from './limits.ts'
import type { Node, Question, Token } from './node.ts'
import type { Edit } from './token.ts'

/** A value that waits. */
export interface Waiting {
  readonly kind: Token['kind']
  /** Memory of its own. */
  readonly raw: Uint8Array
  readonly key: Key | null
  /** Of the object it is a member of. */
  readonly depth: number
  readonly asks: NonNullable<Node['asks']>
}

interface Place extends Waiting {
  /** Which part of the output it is. */
  part: number
  /** Where it began in the chunk; -1 when it began before. */
  readonly start: number
}

const NOTHING = new Uint8Array(0)
const MIN_HELD_BYTES = 256

/** The output of one scanner. Offsets are of the chunk in hand. */
export class Output {
  #chunk: Uint8Array = NOTHING
  /** Bytes of the chunk before it have been put. */
  #from = 0
  #parts: Uint8Array[] = []
  #places: Place[] = []
  #edits: Edit[] = []
  /** What has been held of a token from earlier chunks. */
  #held: Uint8Array = NOTHING
  #heldLength = 0
  /** Whether a token is being held. */
  holding = false
  /** Where in the chunk it begins, if it begins in it. */
  start = 0

  /** What was replaced in the chunk, by place. */
  get edits(): readonly Edit[] {
    return this.#edits.sort((one, other) => one.start - other.start)
  }

  /** Whether any value waits. */
  get waiting(): boolean {
    return this.#places.length > 0
  }

  begin(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#from = 0
    this.#edits = []
    this.start = 0
  }

  /** Whether the held token began in this chunk. */
  get isHere(): boolean {
    return this.#heldLength === 0
  }

  /** A token begins. */
  hold(start: number): void {
    this.holding = true
    this.#heldLength = 0
    this.start = start
  }

  /** All bytes of a token that began in an earlier chunk and ends before `end`. Valid until the next token is held. */
  joined(end: number, maxBytes: number): Uint8Array {
    this.#keep(this.#chunk.subarray(0, end), maxBytes)
    return this.#held.subarray(0, this.#heldLength)
  }

  /** Lets the held token go on, replaced or as it came. @param joined set when it began in an earlier chunk */
  letGo(end: number, joined: Uint8Array | null, replacement: Uint8Array | null): void {
    this.holding = false
    this.#heldLength = 0
    if (joined !== null) this.put(-1, end, replacement ?? joined.slice())
    else if (replacement !== null) this.put(this.start, end, replacement)
  }

  /** The chunk is over in the middle of a token. @throws {MaskError} it is longer than `maxBytes` */
  carryOver(maxBytes: number): void {
    if (this.#heldLength === 0) this.#upTo(this.start)
    this.#keep(this.#chunk.subarray(this.start), maxBytes)
    this.#from = this.#chunk.length
  }

  #keep(bytes: Uint8Array, maxBytes: number): void {
    const length = this.#heldLength + bytes.length
    if (length > maxBytes) throw tooLong()
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, MIN_HELD_BYTES, this.#held.length * 2))
      grown.set(this.#held.subarray(0, this.#heldLength))
      this.#held = grown
    }
    this.#held.set(bytes, this.#heldLength)
    this.#heldLength = length
  }

  /** Puts the chunk's bytes before `end` that have not been put. */
  #upTo(end: number): void {
    if (end > this.#from) this.#parts.push(this.#chunk.subarray(this.#from, end))
    this.#from = end
  }

  /** Puts bytes in the place of `[start..end)`. @param start -1 when what they replace began in an earlier chunk */
  put(start: number, end: number, bytes: Uint8Array): void {
    if (start >= 0) {
      this.#upTo(start)
      this.#edits.push({ start, end, bytes })
    }
    this.#parts.push(bytes)
    this.#from = end
  }

  /** Puts a value that waits. */
  wait(start: number, end: number, waiting: Waiting): void {
    this.holding = false
    this.#heldLength = 0
    if (start >= 0) this.#upTo(start)
    this.#places.push({ ...waiting, part: this.#parts.length, start })
    this.#parts.push(waiting.raw)
    this.#from = end
  }

  /** Settles what waits at a depth. @param question null: all of it @param late what is put in its place; null: it stays */
  settle(depth: number, question: Question | null, late: (waiting: Waiting) => Uint8Array | null): void {
    if (this.#places.length === 0) return
    this.#places = this.#places.filter((place) => {
      if (place.depth !== depth || (question !== null && place.asks.question !== question)) return true
      const bytes = late(place)
      if (bytes === null) return false
      this.#parts[place.part] = bytes
      if (place.start >= 0) this.#edits.push({ start: place.start, end: place.start + place.raw.length, bytes })
      return false
    })
  }

  /** What may go on: all, or what stands before the first value that waits. */
  take(): Uint8Array {
    const [first] = this.#places
    const chunk = this.#chunk
    if (first === undefined) {
      if (this.#from === 0 && this.#parts.length === 0) return chunk
      this.#upTo(chunk.length)
      const out = join(this.#parts)
      this.#parts = []
      return out
    }
    this.#upTo(chunk.length)
    const out = join(this.#parts.slice(0, first.part))
    const gone = first.part
    // The chunk's memory is the caller's again.
    const kept = this.#parts.slice(gone).map((part) => part.slice())
    let length = 0
    for (const part of kept) length += part.length
    if (length > MAX_VALUE_BYTES) {
      throw new MaskError('the body holds an object that says too late what it is', true)
    }
    this.#parts = kept
    for (const place of this.#places) place.part -= gone
    this.#places = this.#places.map((place) => ({ ...place, start: -1 }))
    return out
  }

  /** What has not gone on, as it came or masked already. Copied. */
  get unsent(): Uint8Array {
    return join([...this.#parts, this.#held.subarray(0, this.#heldLength)]).slice()
  }
}

export function tooLong(): MaskError {
  return new MaskError('the body holds a key or value that is too long to be masked', true)
}
