// How random a stretch of bytes looks. No I/O.

import { isLower, isUpper } from './bytes.ts'

const MAX_BYTES = 1024
const counts = new Uint16Array(256)
/** n log2 n. */
const TIMES_LOG = Float64Array.from({ length: MAX_BYTES + 1 }, (_, n) => (n === 0 ? 0 : n * Math.log2(n)))

/** Shannon entropy in bits for each byte of `bytes[start..end)`; 0 when it is empty. Looks at the first 1,024 bytes. */
export function entropyOf(bytes: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + MAX_BYTES)
  const length = stop - start
  if (length <= 0) return 0
  for (let i = start; i < stop; i++) counts[bytes[i]!]!++
  let sum = 0
  for (let i = start; i < stop; i++) {
    sum += TIMES_LOG[counts[bytes[i]!]!]!
    counts[bytes[i]!] = 0
  }
  return (TIMES_LOG[length]! - sum) / length
}

/** Below this many bytes counting anew costs no more. */
const MIN_SLIDING = 64
/** Sums that are kept up to date by so many steps and more are counted anew when they are this close to what is asked. */
const CLOSE = 1e-6

/** Entropies of stretches of one text, most of which go over where the one before did: only what differs is counted. */
export class SlidingEntropy {
  readonly #bytes: Uint8Array
  readonly #counts = new Uint16Array(256)
  #start = 0
  #end = 0
  /** Of n log2 n over all counts. */
  #sum = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether `entropyOf` gives less than `least` for the stretch. */
  isLess(start: number, end: number, least: number): boolean {
    const stop = Math.min(end, start + MAX_BYTES)
    const length = stop - start
    if (length < MIN_SLIDING) return entropyOf(this.#bytes, start, end) < least
    if (start < this.#start || start >= this.#end || stop < this.#end) this.#clear(start)
    while (this.#start < start) this.#count(this.#bytes[this.#start++]!, -1)
    while (this.#end < stop) this.#count(this.#bytes[this.#end++]!, 1)
    const entropy = (TIMES_LOG[length]! - this.#sum) / length
    return Math.abs(entropy - least) < CLOSE ? entropyOf(this.#bytes, start, end) < least : entropy < least
  }

  #count(byte: number, by: number): void {
    const count = this.#counts[byte]!
    this.#counts[byte] = count + by
    this.#sum += TIMES_LOG[count + by]! - TIMES_LOG[count]!
  }

  #clear(at: number): void {
    this.#counts.fill(0)
    this.#start = at
    this.#end = at
    this.#sum = 0
  }
}

/** Whether small and capital letters and digits take turns as they do in no word: at least at a third of all places. */
export function isJumbled(text: string): boolean {
  let turns = 0
  let before = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const kind = isLower(code) ? 1 : isUpper(code) ? 2 : code >= 0x30 && code <= 0x39 ? 3 : 0
    if (kind !== 0 && before !== 0 && kind !== before) turns++
    before = kind
  }
  return text.length >= 8 && turns * 3 >= text.length
}
