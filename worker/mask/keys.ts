// The names of a document's members, each decoded once: the same few hundred stand in every Kubernetes object. In: the bytes of
// a name. Out: what is known of it. Bounded: names that share a place take turns. No I/O.

import type { Hit } from './contract.ts'
import { decodeString } from './token.ts'

/** Names kept in mind. A cluster's objects have some hundreds; a power of two. Stops a document of a million names from filling memory. */
const PLACES = 4096
/** Longer ones are decoded each time they turn up. */
const MAX_KEPT_BYTES = 96

/** Lower case as Go's case-insensitive key match folds: ASCII, and the letter beyond it that `toLowerCase` leaves (`K` becomes k). */
export function fold(key: string): string {
  const lower = key.toLowerCase()
  return lower.includes('ſ') ? lower.replaceAll('ſ', 's') : lower
}

/** A name: an object's key, or the value of a member called `name`. */
export class Key {
  /** As it stood, quotes and escapes included. */
  readonly raw: Uint8Array
  /** Decoded. */
  readonly text: string
  readonly folded: string
  /** Whether it says that what it names is a secret; undefined until somebody asks. */
  secret: boolean | undefined
  /** What was found in the name itself, and how many values were known then. */
  hits: readonly Hit[] | undefined
  known = -1

  constructor(raw: Uint8Array) {
    this.raw = raw
    this.text = decodeString(raw)
    this.folded = fold(this.text)
  }
}

/** The names met so far. May be shared by all documents of a session. */
export class Keys {
  readonly #places: (Key | undefined)[] = new Array<Key | undefined>(PLACES).fill(undefined)

  /**
   * The name that stands at `bytes[start..end)`, quotes included.
   * @throws {MaskError} when it is no valid JSON string
   */
  at(bytes: Uint8Array, start: number, end: number): Key {
    const length = end - start
    if (length > MAX_KEPT_BYTES) return new Key(bytes.slice(start, end))
    let hash = length
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    const place = (hash ^ (hash >>> 12)) & (PLACES - 1)
    const known = this.#places[place]
    if (known !== undefined && known.raw.length === length) {
      const { raw } = known
      let i = 0
      while (i < length && raw[i] === bytes[start + i]) i++
      if (i === length) return known
    }
    const key = new Key(bytes.slice(start, end))
    this.#places[place] = key
    return key
  }
}
