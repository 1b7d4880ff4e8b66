// The names of a document's members, each decoded once: the same few hundred stand in every Kubernetes object. In: the bytes of
// a name. Out: what is known of it. Bounded: names that share a place take turns. No I/O.

import type { Hit } from './contract.ts'
import { decodeString } from './token.ts'

/** Names kept in mind. A cluster's objects have some hundreds; a power of two. Stops a document of a million names from filling memory. */
const MAX_PLACES = 4096
/** Places at first: most sessions ask for little. */
const MIN_PLACES = 256
/** Words met once that are remembered, by their hash, for each place. */
const ONCE_FOR_EACH = 4
const NO_HASHES = new Uint32Array(0)
/** Places looked at for one name. */
const PROBES = 4
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
  /** Whether it says that what it names is a secret; undefined until somebody asks. */
  secret: boolean | undefined
  /** What was found in the name itself, and how many values were known then. */
  hits: readonly Hit[] | undefined
  known = -1
  /** Which of the session's names came next, the last time. */
  next: Key | undefined
  /** The last word that stood under this name in which nothing was found. */
  last: Key | undefined
  /** What it says as the `kind` of an object; undefined until somebody asks. */
  kind: number | undefined
  /** It has a place: others may point to it. */
  kept = false
  #text: string | undefined
  #folded: string | undefined

  /** Of the bytes between the quotes, to be told from others quickly. */
  readonly hash: number

  constructor(raw: Uint8Array, hash: number) {
    this.raw = raw
    this.hash = hash
  }

  /** Whether it is what stands at `bytes[start..)`, from quote to quote. */
  standsAt(bytes: Uint8Array, start: number): boolean {
    const { raw } = this
    const { length } = raw
    if (start + length > bytes.length) return false
    for (let i = 1; i < length; i++) if (raw[i] !== bytes[start + i]) return false
    return true
  }

  /** Decoded. @throws {MaskError} when it is no valid JSON string */
  get text(): string {
    this.#text ??= decodeString(this.raw)
    return this.#text
  }

  /** Decoded, as members are compared. @throws {MaskError} as `text` */
  get folded(): string {
    this.#folded ??= fold(this.text)
    return this.#folded
  }
}

/** The names met so far. May be shared by all documents of a session. */
export class Keys {
  #places: (Key | undefined)[] = places(MIN_PLACES)
  /** Hashes of words that were met once. */
  #once = NO_HASHES

  /** A word that stands at `bytes[start..end)`, quotes included, if it was met before: most stand once in all. */
  again(bytes: Uint8Array, start: number, end: number): Key | null {
    let hash = 0
    for (let i = start + 1; i < end - 1; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    if (this.#once.length === 0) this.#once = new Uint32Array(this.#places.length * ONCE_FOR_EACH)
    const once = this.#once
    const place = (hash ^ (hash >>> 15)) & (once.length - 1)
    if (once[place] === hash >>> 0) return this.hashed(bytes, start, end, hash)
    once[place] = hash
    return null
  }

  /** Notes that one name came after another. */
  follow(before: Key | null, key: Key): void {
    if (before?.kept && key.kept) before.next = key
  }

  /** The name that stands at `bytes[start..end)`, quotes included. */
  at(bytes: Uint8Array, start: number, end: number): Key {
    let hash = 0
    for (let i = start + 1; i < end - 1; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    return this.hashed(bytes, start, end, hash)
  }

  /** The same where its bytes have been gone through already: 31 × hash + byte for each between the quotes. */
  hashed(bytes: Uint8Array, start: number, end: number, hash: number): Key {
    const length = end - start
    const places = this.#places
    const mask = places.length - 1
    const first = spread(hash) & mask
    for (let probe = 0; probe < PROBES; probe++) {
      const known = places[(first + probe) & mask]
      if (known === undefined) break
      if (known.hash !== hash) continue
      const { raw } = known
      if (raw.length !== length) continue
      let i = 1
      while (i < length && raw[i] === bytes[start + i]) i++
      if (i >= length) return known
    }
    const key = new Key(bytes.slice(start, end), hash)
    if (length <= MAX_KEPT_BYTES) this.#keep(key)
    return key
  }

  #keep(key: Key): void {
    let place = this.#freeFor(key)
    // Who is met often must not lose its place to another again and again.
    while (place < 0 && this.#places.length < MAX_PLACES) {
      this.#grow()
      place = this.#freeFor(key)
    }
    // In a full row a newcomer takes the last place: who was there first is met more often.
    if (place < 0) place = (spread(key.hash) + PROBES - 1) & (this.#places.length - 1)
    const gone = this.#places[place]
    if (gone !== undefined) {
      // Names that have lost their place must not keep each other alive.
      gone.kept = false
      gone.next = undefined
    }
    key.kept = true
    this.#places[place] = key
  }

  #freeFor({ hash }: Key): number {
    const mask = this.#places.length - 1
    for (let probe = 0; probe < PROBES; probe++) {
      const place = (spread(hash) + probe) & mask
      if (this.#places[place] === undefined) return place
    }
    return -1
  }

  #grow(): void {
    const before = this.#places
    this.#places = places(before.length * 4)
    this.#once = NO_HASHES
    for (const key of before) if (key !== undefined) this.#keep(key)
  }
}

/** Words that differ in their last letter must not stand side by side: a row has few places. */
function spread(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> 15
}

function places(count: number): (Key | undefined)[] {
  return new Array<Key | undefined>(count).fill(undefined)
}
