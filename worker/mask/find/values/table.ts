// Many known texts searched for at once, plain, in base64 at any alignment and in hex. In: texts, one after the other; then bytes.
// Out: where they stand. A rolling hash of six bytes and a bitmap pass over everything else; what the bitmap lets through is
// compared. Grows as texts are added. No I/O.

import type { Budget } from '../budget.ts'

/** Bytes that are hashed together. No text is shorter in any of its forms. */
export const WINDOW = 6
/** A text may end in the middle of a known one: it is looked for that far back. */
const MAX_TAIL = 4096
/** Where in a text its window may stand: the first place that few others share. */
const MAX_OFFSET = 240
/** So many texts may share a window before another is looked for. */
const FEW = 2
const FORMS = 8
const PLAIN = 0
const HEX_LOWER = 4
const HEX_UPPER = 5
const PREFIX_BITS = 20

/** Both base64 alphabets are one. */
const NORMAL = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 0x2d ? 0x2b : byte === 0x5f ? 0x2f : byte))
const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const LOWER = new TextEncoder().encode('0123456789abcdef')
const UPPER = new TextEncoder().encode('0123456789ABCDEF')
/** For each way a text may be aligned in base64: its bits that belong to a character with the byte before it. */
const LOST_BITS = [0, 4, 2]

/** A known text, found. */
export interface KnownHit {
  readonly start: number
  readonly end: number
  /** Which: its number in the order of adding. */
  readonly text: number
  readonly base64: boolean
}

/** Known texts and their search. */
export class KnownTable {
  readonly #texts: Uint8Array[] = []
  #count = 0
  #code = new Uint32Array(64)
  #hash = new Int32Array(64)
  #prefix = new Int32Array(64)
  #offset = new Uint8Array(64)
  #next = new Int32Array(64)
  #nextByPrefix = new Int32Array(64)
  #heads = new Int32Array(128).fill(-1)
  #headsByPrefix = new Int32Array(128).fill(-1)
  #bits = 12
  #bitmap = new Uint32Array(1 << 7)
  /** Hashes of the first 1 to 6 characters of each text in each form. */
  readonly #prefixes = new Uint32Array(1 << (PREFIX_BITS - 5))

  get size(): number {
    return this.#texts.length
  }

  text(number: number): Uint8Array {
    return this.#texts[number]!
  }

  /** Whether it holds this very text. */
  has(text: Uint8Array): boolean {
    const hash = prefixHash(text, PLAIN, WINDOW)
    for (let e = this.#headsByPrefix[hash & (this.#headsByPrefix.length - 1)]!; e >= 0; e = this.#nextByPrefix[e]!) {
      const code = this.#code[e]!
      if (this.#prefix[e] !== hash || code % FORMS !== PLAIN) continue
      const known = this.#texts[Math.floor(code / FORMS)]!
      if (known.length === text.length && known.every((byte, i) => byte === text[i])) return true
    }
    return false
  }

  /** Adds a text of WINDOW bytes or more. It is kept, not copied. */
  add(text: Uint8Array): void {
    const number = this.#texts.push(text) - 1
    for (const form of [PLAIN, 1, 2, 3, HEX_LOWER, HEX_UPPER]) {
      if (lengthOf(text, form) < WINDOW) continue
      // Without a letter both hex forms are one.
      this.#enter(number, text, form)
    }
  }

  /** A quick look: whether a window in `bytes[from..to)` has the hash of one of a known text. */
  suspect(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#texts.length === 0 || to - from < WINDOW) return false
    const shift = 32 - this.#bits
    const bitmap = this.#bitmap
    let low = 0
    let high = 0
    for (let i = from; i < to; i++) {
      high = ((high << 8) | (low >>> 24)) & 0xffff
      low = (low << 8) | NORMAL[bytes[i]!]!
      const hash = mix(low, high)
      const bit = hash >>> shift
      if ((bitmap[bit >>> 5]! & (1 << (bit & 31))) === 0 || i - from + 1 < WINDOW) continue
      for (let e = this.#heads[hash & (this.#heads.length - 1)]!; e >= 0; e = this.#next[e]!) {
        if (this.#hash[e] === hash) return true
      }
    }
    return false
  }

  /**
   * Where known texts stand in bytes.
   * @returns `open`: from there on a known text may have begun that ends in what comes; the length when none
   */
  search(
    bytes: Uint8Array,
    final: boolean,
    budget: Budget,
  ): { readonly hits: readonly KnownHit[]; readonly open: number } {
    const hits: KnownHit[] = []
    if (this.#texts.length === 0) return { hits, open: bytes.length }
    const shift = 32 - this.#bits
    const bitmap = this.#bitmap
    const heads = this.#heads
    let low = 0
    let high = 0
    for (let i = 0; i < bytes.length; i++) {
      high = ((high << 8) | (low >>> 24)) & 0xffff
      low = (low << 8) | NORMAL[bytes[i]!]!
      const hash = mix(low, high)
      const bit = hash >>> shift
      if ((bitmap[bit >>> 5]! & (1 << (bit & 31))) === 0) continue
      for (let e = heads[hash & (heads.length - 1)]!; e >= 0; e = this.#next[e]!) {
        if (this.#hash[e] !== hash) continue
        const start = i - WINDOW + 1 - this.#offset[e]!
        const hit = start < 0 ? null : this.#compare(bytes, start, this.#code[e]!, budget)
        if (hit !== null) hits.push(hit)
      }
    }
    return { hits, open: final ? bytes.length : this.#openIn(bytes, budget) }
  }

  /** The text of an entry, when it stands at `start` whole. */
  #compare(bytes: Uint8Array, start: number, code: number, budget: Budget): KnownHit | null {
    const number = Math.floor(code / FORMS)
    const form = code % FORMS
    const text = this.#texts[number]!
    const length = lengthOf(text, form)
    if (start + length > bytes.length) return null
    const same = sameLength(bytes, start, text, form, length)
    budget.spend(1 + same)
    if (same < length) return null
    return { start, end: start + length, text: number, base64: form >= 1 && form <= 3 }
  }

  /** Where the first known text begins that the bytes end in the middle of. */
  #openIn(bytes: Uint8Array, budget: Budget): number {
    const from = Math.max(0, bytes.length - MAX_TAIL)
    for (let start = from; start < bytes.length; start++) {
      const there = Math.min(WINDOW, bytes.length - start)
      const hash = hashOf(bytes, start, there)
      if (!this.#hasPrefix(hash)) continue
      if (there < WINDOW) return start
      for (let e = this.#headsByPrefix[hash & (this.#headsByPrefix.length - 1)]!; e >= 0; e = this.#nextByPrefix[e]!) {
        if (this.#prefix[e] !== hash) continue
        const text = this.#texts[Math.floor(this.#code[e]! / FORMS)]!
        const form = this.#code[e]! % FORMS
        const rest = bytes.length - start
        if (lengthOf(text, form) <= rest) continue
        const same = sameLength(bytes, start, text, form, rest)
        budget.spend(1 + same)
        if (same === rest) return start
      }
    }
    return bytes.length
  }

  #enter(number: number, text: Uint8Array, form: number): void {
    const e = this.#count++
    if (e === this.#code.length) this.#grow()
    const length = lengthOf(text, form)
    let offset = 0
    let hash = windowHash(text, form, 0)
    for (let at = 0; at + WINDOW <= length && at <= MAX_OFFSET; at += WINDOW) {
      const there = windowHash(text, form, at)
      if (this.#shared(there) >= FEW) continue
      offset = at
      hash = there
      break
    }
    const prefix = prefixHash(text, form, WINDOW)
    this.#code[e] = number * FORMS + form
    this.#hash[e] = hash
    this.#prefix[e] = prefix
    this.#offset[e] = offset
    for (let characters = 1; characters <= WINDOW; characters++) this.#notePrefix(prefixHash(text, form, characters))
    this.#link(e)
  }

  #link(e: number): void {
    const bucket = this.#hash[e]! & (this.#heads.length - 1)
    this.#next[e] = this.#heads[bucket]!
    this.#heads[bucket] = e
    const byPrefix = this.#prefix[e]! & (this.#headsByPrefix.length - 1)
    this.#nextByPrefix[e] = this.#headsByPrefix[byPrefix]!
    this.#headsByPrefix[byPrefix] = e
    const bit = this.#hash[e]! >>> (32 - this.#bits)
    this.#bitmap[bit >>> 5]! |= 1 << (bit & 31)
  }

  /** How many entries have a hash. */
  #shared(hash: number): number {
    let count = 0
    for (let e = this.#heads[hash & (this.#heads.length - 1)]!; e >= 0 && count < FEW; e = this.#next[e]!) {
      if (this.#hash[e] === hash) count++
    }
    return count
  }

  #notePrefix(hash: number): void {
    const bit = hash >>> (32 - PREFIX_BITS)
    this.#prefixes[bit >>> 5]! |= 1 << (bit & 31)
  }

  #hasPrefix(hash: number): boolean {
    const bit = hash >>> (32 - PREFIX_BITS)
    return (this.#prefixes[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  #grow(): void {
    const size = this.#code.length * 2
    this.#code = copied(this.#code, new Uint32Array(size))
    this.#hash = copied(this.#hash, new Int32Array(size))
    this.#prefix = copied(this.#prefix, new Int32Array(size))
    this.#offset = copied(this.#offset, new Uint8Array(size))
    this.#next = copied(this.#next, new Int32Array(size))
    this.#nextByPrefix = copied(this.#nextByPrefix, new Int32Array(size))
    this.#heads = new Int32Array(size * 2).fill(-1)
    this.#headsByPrefix = new Int32Array(size * 2).fill(-1)
    // Some 32 bits for each entry: one byte in 32 is let through by chance.
    this.#bits = Math.min(24, this.#bits + 1)
    this.#bitmap = new Uint32Array(1 << (this.#bits - 5))
    for (let e = 0; e < this.#count - 1; e++) this.#link(e)
  }
}

function copied<T extends Uint8Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

function mix(low: number, high: number): number {
  const hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high + 1, 0x85ebca6b)
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
}

/** The hash of up to WINDOW bytes. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let low = 0
  let high = 0
  for (let i = 0; i < length; i++) {
    high = ((high << 8) | (low >>> 24)) & 0xffff
    low = (low << 8) | NORMAL[bytes[start + i]!]!
  }
  return length === WINDOW ? mix(low, high) : mix(low, high ^ (length << 20))
}

const scratch = new Uint8Array(WINDOW)

function windowHash(text: Uint8Array, form: number, offset: number): number {
  for (let i = 0; i < WINDOW; i++) scratch[i] = characterOf(text, form, offset + i)
  return hashOf(scratch, 0, WINDOW)
}

function prefixHash(text: Uint8Array, form: number, characters: number): number {
  for (let i = 0; i < characters; i++) scratch[i] = characterOf(text, form, i)
  return hashOf(scratch, 0, characters)
}

/** How many characters a text has in a form. */
function lengthOf(text: Uint8Array, form: number): number {
  if (form === PLAIN) return text.length
  if (form >= HEX_LOWER) return text.length * 2
  return Math.floor((text.length * 8 - LOST_BITS[form - 1]!) / 6)
}

/** A character of a text in a form. */
function characterOf(text: Uint8Array, form: number, at: number): number {
  if (form === PLAIN) return text[at]!
  if (form >= HEX_LOWER) {
    const byte = text[at >> 1]!
    return (form === HEX_LOWER ? LOWER : UPPER)[(at & 1) === 0 ? byte >> 4 : byte & 15]!
  }
  const bit = LOST_BITS[form - 1]! + 6 * at
  const byte = bit >> 3
  const two = (text[byte]! << 8) | (text[byte + 1] ?? 0)
  return ALPHABET[(two >> (10 - (bit & 7))) & 63]!
}

/** How many characters of a text in a form stand at an offset, at most `most`. */
function sameLength(bytes: Uint8Array, start: number, text: Uint8Array, form: number, most: number): number {
  let i = 0
  if (form === PLAIN) while (i < most && bytes[start + i] === text[i]) i++
  else if (form >= HEX_LOWER) while (i < most && bytes[start + i] === characterOf(text, form, i)) i++
  else while (i < most && NORMAL[bytes[start + i]!] === characterOf(text, form, i)) i++
  return i
}
