// Many known texts searched for at once, plain, in base64 at any alignment and in hex. In: texts, one after the other; then bytes.
// Out: where they stand. A rolling hash of six bytes and a bitmap pass over everything else; what the bitmap lets through is
// compared. Grows as texts are added; their bytes stand one behind the other, since an array for each would take more room than what
// it holds. No I/O.

import type { Budget } from '../budget.ts'

/** Bytes that are hashed together. No text is shorter in any of its forms. */
export const WINDOW = 6
/** A text may end in the middle of a known one: it is looked for that far back. */
const MAX_TAIL = 4096
/** Where in a text its window may stand: the first place that few others share. */
const MAX_OFFSET = 4096
/** The bytes grow by so much when they are full: twice would leave half of a large table empty. */
const BYTES_GROWTH = 1.25
/** So many texts may share a window before another place is looked for. */
const FEW = 2
const FORMS = 8
const PLAIN = 0
const HEX_LOWER = 4
const HEX_UPPER = 5
const FORMS_SEARCHED = [PLAIN, 1, 2, 3, HEX_LOWER, HEX_UPPER]
/** What a text takes beside its bytes, at most: in each form where it is found and how it begins, in tables that have just grown. */
export const TEXT_COST_BYTES = 512
/** The bitmap of beginnings is so many powers of two larger than that of windows. */
const BEGIN_BITS = 2
/** The bitmap's size at first: some 32 bits for each entry. */
const FIRST_BITS = 11
/** Lengths of a text's beginning that are remembered, so that one that is cut short is known: 1 to 6, then powers of two. */
const LEVEL = new Uint8Array(MAX_TAIL + 1)
for (const length of [1, 2, 3, 4, 5, 6, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]) LEVEL[length] = 1

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
  /** The bytes of all texts. */
  #bytes = new Uint8Array(1024)
  #used = 0
  /** Where each text begins in them; the next one's beginning is its end. */
  #starts = new Uint32Array(16)
  #texts = 0
  #longestText = 0
  /** Texts by the hash of all their bytes: the last one of each bucket, and the one before each. */
  #last = new Int32Array(32).fill(-1)
  #before = new Int32Array(16)
  #count = 0
  #code = new Uint32Array(64)
  #hash = new Int32Array(64)
  #offset = new Uint16Array(64)
  #next = new Int32Array(64)
  #heads = new Int32Array(64).fill(-1)
  #bits = FIRST_BITS
  #bitmap = new Uint32Array(1 << (FIRST_BITS - 5))
  /** Hashes of the beginnings of each text in each form. */
  #begins = new Uint32Array(1 << (FIRST_BITS + BEGIN_BITS - 5))
  /** The longest text in any form, as far as it is looked back for. */
  #longest = 0

  get size(): number {
    return this.#texts
  }

  /** What it takes of memory, at most. */
  get cost(): number {
    return this.#used + this.#texts * TEXT_COST_BYTES
  }

  /** Valid as long as anybody holds it. */
  text(number: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[number]!, this.#starts[number + 1]!)
  }

  /** Whether it holds this very text. */
  has(text: Uint8Array): boolean {
    if (text.length > this.#longestText) return false
    for (let n = this.#last[contentHash(text) & (this.#last.length - 1)]!; n >= 0; n = this.#before[n]!) {
      const start = this.#starts[n]!
      if (this.#starts[n + 1]! - start !== text.length) continue
      let i = 0
      while (i < text.length && this.#bytes[start + i] === text[i]) i++
      if (i === text.length) return true
    }
    return false
  }

  /** Adds a text of WINDOW bytes or more, of which it keeps a copy. */
  add(text: Uint8Array): void {
    const number = this.#texts
    if (number + 2 > this.#starts.length) this.#growTexts()
    if (this.#used + text.length > this.#bytes.length) {
      const size = Math.max(this.#used + text.length, Math.ceil(this.#bytes.length * BYTES_GROWTH))
      this.#bytes = copied(this.#bytes, new Uint8Array(size))
    }
    this.#bytes.set(text, this.#used)
    this.#used += text.length
    this.#texts++
    this.#starts[number + 1] = this.#used
    this.#longestText = Math.max(this.#longestText, text.length)
    this.#chain(number)
    const kept = this.text(number)
    for (const form of FORMS_SEARCHED) if (lengthOf(kept, form) >= WINDOW) this.#enter(number, kept, form)
  }

  #chain(number: number): void {
    const bucket = contentHash(this.text(number)) & (this.#last.length - 1)
    this.#before[number] = this.#last[bucket]!
    this.#last[bucket] = number
  }

  #growTexts(): void {
    const size = this.#starts.length * 2
    this.#starts = copied(this.#starts, new Uint32Array(size))
    this.#before = new Int32Array(size)
    this.#last = new Int32Array(size * 2).fill(-1)
    for (let number = 0; number < this.#texts; number++) this.#chain(number)
  }

  /** A quick look: whether a window in `bytes[from..to)` has the hash of one of a known text. */
  suspect(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#texts === 0 || to - from < WINDOW) return false
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
    if (this.#texts === 0) return { hits, open: bytes.length }
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
    const text = this.text(number)
    const length = lengthOf(text, form)
    if (start + length > bytes.length) return null
    const same = sameLength(bytes, start, text, form, length)
    budget.spend(1 + same)
    if (same < length) return null
    return { start, end: start + length, text: number, base64: form >= 1 && form <= 3 }
  }

  /** Where the first known text begins that the bytes end in the middle of, or may. */
  #openIn(bytes: Uint8Array, budget: Budget): number {
    const from = Math.max(0, bytes.length - this.#longest + 1)
    const shift = 32 - this.#bits - BEGIN_BITS
    const begins = this.#begins
    let work = bytes.length - from
    for (let start = from; start < bytes.length; start++) {
      let hash = 0
      let i = start
      for (; i < bytes.length; i++) {
        hash = step(hash, bytes[i]!)
        if (LEVEL[i - start + 1] === 0) continue
        const bit = finish(hash, i - start + 1) >>> shift
        if ((begins[bit >>> 5]! & (1 << (bit & 31))) === 0) break
      }
      work += i - start
      if (i < bytes.length) continue
      budget.spend(work)
      return start
    }
    budget.spend(work)
    return bytes.length
  }

  #enter(number: number, text: Uint8Array, form: number): void {
    const e = this.#count++
    if (e === this.#code.length) this.#grow()
    const offset = this.#placeOf(text, form)
    this.#code[e] = number * FORMS + form
    this.#offset[e] = offset
    this.#hash[e] = windowHash(text, form, offset)
    this.#longest = Math.max(this.#longest, Math.min(MAX_TAIL, lengthOf(text, form)))
    this.#link(e)
  }

  /** Where the window of a text stands: at its beginning, its end, or the first place between, that few others share. */
  #placeOf(text: Uint8Array, form: number): number {
    const last = Math.min(lengthOf(text, form) - WINDOW, MAX_OFFSET)
    if (!this.#crowded(windowHash(text, form, 0))) return 0
    for (let at = last; at > 0; at -= WINDOW) if (!this.#crowded(windowHash(text, form, at))) return at
    return 0
  }

  #link(e: number): void {
    const hash = this.#hash[e]!
    const bucket = hash & (this.#heads.length - 1)
    this.#next[e] = this.#heads[bucket]!
    this.#heads[bucket] = e
    const bit = hash >>> (32 - this.#bits)
    this.#bitmap[bit >>> 5]! |= 1 << (bit & 31)
    const text = this.text(Math.floor(this.#code[e]! / FORMS))
    const form = this.#code[e]! % FORMS
    const length = Math.min(MAX_TAIL, lengthOf(text, form))
    const shift = 32 - this.#bits - BEGIN_BITS
    let begun = 0
    for (let i = 0; i < length; i++) {
      begun = step(begun, characterOf(text, form, i))
      if (LEVEL[i + 1] === 0) continue
      const there = finish(begun, i + 1) >>> shift
      this.#begins[there >>> 5]! |= 1 << (there & 31)
    }
  }

  /** Whether enough entries have a hash already. */
  #crowded(hash: number): boolean {
    let count = 0
    for (let e = this.#heads[hash & (this.#heads.length - 1)]!; e >= 0; e = this.#next[e]!) {
      if (this.#hash[e] === hash && ++count >= FEW) return true
    }
    return false
  }

  #grow(): void {
    const size = this.#code.length * 2
    this.#code = copied(this.#code, new Uint32Array(size))
    this.#hash = copied(this.#hash, new Int32Array(size))
    this.#offset = copied(this.#offset, new Uint16Array(size))
    this.#next = new Int32Array(size)
    this.#heads = new Int32Array(size).fill(-1)
    // One byte in 32 is let through by chance.
    this.#bits = Math.min(24, this.#bits + 1)
    this.#bitmap = new Uint32Array(1 << (this.#bits - 5))
    this.#begins = new Uint32Array(1 << (this.#bits + BEGIN_BITS - 5))
    for (let e = 0; e < this.#count - 1; e++) this.#link(e)
  }
}

function copied<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

function mix(low: number, high: number): number {
  const hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high + 1, 0x85ebca6b)
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
}

const scratch = new Uint8Array(WINDOW)

function windowHash(text: Uint8Array, form: number, offset: number): number {
  for (let i = 0; i < WINDOW; i++) scratch[i] = NORMAL[characterOf(text, form, offset + i)]!
  const [a, b, c, d, e, f] = scratch
  return mix((c! << 24) | (d! << 16) | (e! << 8) | f!, (a! << 8) | b!)
}

/** The hash of a beginning, byte by byte. */
function step(hash: number, byte: number): number {
  return Math.imul(hash ^ NORMAL[byte]!, 0x01000193) + 0x9e3779b1
}

function finish(hash: number, length: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15) ^ length, 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}

function contentHash(text: Uint8Array): number {
  let hash = text.length
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text[i]!, 0x01000193)
  return hash
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
