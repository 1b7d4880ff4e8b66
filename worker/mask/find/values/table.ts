// Many known texts searched for at once, plain, in base64 at any alignment and in hex. In: texts, one after the other; then bytes.
// Out: where they stand. A rolling hash of six bytes and a bitmap pass over everything else; what the bitmap lets through is
// compared. Grows as texts are added; their bytes stand one behind the other, since an array for each would take more room than what
// it holds. No I/O.

import type { Budget } from '../budget.ts'
import { characterOf, FORMS, FORMS_SEARCHED, isBase64, isCharacter, lengthOf, NORMAL, sameLength } from './forms.ts'
import { CR, hasOneIn, isBreak, LF, lineEndsIn, MAX_BREAK } from './lineends.ts'

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
/** What a text takes beside its bytes, at most: in each form where it is found and how it begins, in tables that have just grown. */
export const TEXT_COST_BYTES = 512
/** The bitmap of beginnings is so many powers of two larger than that of windows. */
const BEGIN_BITS = 2
/** The bitmap's size at first: some 32 bits for each entry. */
const FIRST_BITS = 11
/** Lengths of a text's beginning that are remembered, so that one that is cut short is known: 1 to 6, then powers of two. */
const LEVEL = new Uint8Array(MAX_TAIL + 1)
for (const length of [1, 2, 3, 4, 5, 6, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]) LEVEL[length] = 1

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
   * Where known texts stand in bytes, also over line ends: those of lines that were broken for their width, at whatever byte.
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
    let lineEnds: readonly number[] | null = null
    for (let i = 0; i < bytes.length; i++) {
      high = ((high << 8) | (low >>> 24)) & 0xffff
      low = (low << 8) | NORMAL[bytes[i]!]!
      const hash = mix(low, high)
      const bit = hash >>> shift
      if ((bitmap[bit >>> 5]! & (1 << (bit & 31))) === 0) continue
      for (let e = heads[hash & (heads.length - 1)]!; e >= 0; e = this.#next[e]!) {
        if (this.#hash[e] !== hash) continue
        const start = i - WINDOW + 1 - this.#offset[e]!
        let hit = start < 0 ? null : this.#compare(bytes, start, this.#code[e]!, budget)
        if (hit === null) {
          lineEnds ??= lineEndsIn(bytes)
          if (hasOneIn(lineEnds, start - MAX_BREAK, start + this.#lengthOf(e) + MAX_BREAK))
            hit = this.#compareOver(bytes, i, e, budget)
        }
        if (hit !== null) hits.push(hit)
      }
    }
    this.#searchBreaks(bytes, hits, budget)
    return { hits, open: final ? bytes.length : this.#openIn(bytes, budget) }
  }

  /** The windows that have a line end in them. */
  #searchBreaks(bytes: Uint8Array, hits: KnownHit[], budget: Budget): void {
    let past = 0
    for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, past)) {
      past = lf + 1
      while (past < bytes.length && isBreak(bytes[past]!)) past++
      // Lines that are broken have no empty ones between.
      if (past - lf > MAX_BREAK) continue
      let from = lf
      const least = Math.max(0, lf - WINDOW * MAX_BREAK)
      for (let count = 1; count < WINDOW && from > least; ) if (!isBreak(bytes[--from]!)) count++
      const most = Math.min(bytes.length, lf + WINDOW * MAX_BREAK)
      let low = 0
      let high = 0
      let count = 0
      let behind = 0
      for (let i = from; i < most && behind < WINDOW - 1; i++) {
        if (isBreak(bytes[i]!)) continue
        if (i > lf) behind++
        high = ((high << 8) | (low >>> 24)) & 0xffff
        low = (low << 8) | NORMAL[bytes[i]!]!
        if (++count < WINDOW || behind === 0) continue
        const hash = mix(low, high)
        const bit = hash >>> (32 - this.#bits)
        if ((this.#bitmap[bit >>> 5]! & (1 << (bit & 31))) === 0) continue
        for (let e = this.#heads[hash & (this.#heads.length - 1)]!; e >= 0; e = this.#next[e]!) {
          const hit = this.#hash[e] === hash ? this.#compareOver(bytes, i, e, budget) : null
          if (hit !== null) hits.push(hit)
        }
      }
    }
  }

  #lengthOf(entry: number): number {
    const code = this.#code[entry]!
    return lengthOf(this.text(Math.floor(code / FORMS)), code % FORMS)
  }

  /** The text of an entry whose window ends with the byte at `last`, when it stands there with line ends in it. */
  #compareOver(bytes: Uint8Array, last: number, entry: number, budget: Budget): KnownHit | null {
    const code = this.#code[entry]!
    const number = Math.floor(code / FORMS)
    const form = code % FORMS
    const text = this.text(number)
    const length = lengthOf(text, form)
    const window = this.#offset[entry]! + WINDOW - 1
    let broken = false
    /** Goes on from the character beside which it stands; gives where one stands, -1 when it does not. */
    const go = (at: number, place: number, by: 1 | -1): number => {
      let next = at + by
      for (let i = 0; i < MAX_BREAK && isBreak(bytes[next] ?? 0); i++) {
        if (isCharacter(bytes, next, text, form, place)) break
        next += by
        broken = true
      }
      budget.spend(1)
      return next >= 0 && next < bytes.length && isCharacter(bytes, next, text, form, place) ? next : -1
    }
    let start = last + 1
    for (let place = window; place >= 0; place--) {
      start = go(start, place, -1)
      if (start < 0) return null
    }
    let end = last
    for (let place = window + 1; place < length; place++) {
      end = go(end, place, 1)
      if (end < 0) return null
    }
    return broken ? { start, end: end + 1, text: number, base64: isBase64(form) } : null
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
    return { start, end: start + length, text: number, base64: isBase64(form) }
  }

  /** Where the first known text begins that the bytes end in the middle of, or may. */
  #openIn(bytes: Uint8Array, budget: Budget): number {
    const from = Math.max(0, bytes.length - this.#longest + 1)
    const open = this.#openFrom(bytes, from, false, budget)
    const ofOneLine = bytes.indexOf(LF, from) < 0 && bytes.indexOf(CR, from) < 0
    return ofOneLine ? open : Math.min(open, this.#openFrom(bytes, from, true, budget))
  }

  /** @param over with line ends left out. A few bytes of a text stand at the end of many lines: they keep nothing waiting. */
  #openFrom(bytes: Uint8Array, from: number, over: boolean, budget: Budget): number {
    const shift = 32 - this.#bits - BEGIN_BITS
    const begins = this.#begins
    let work = bytes.length - from
    for (let start = from; start < bytes.length; start++) {
      if (over && isBreak(bytes[start]!)) continue
      let hash = 0
      let count = 0
      let breaks = 0
      let i = start
      for (; i < bytes.length; i++) {
        if (over && isBreak(bytes[i]!)) {
          if (++breaks > MAX_BREAK) break
          continue
        }
        breaks = 0
        hash = step(hash, bytes[i]!)
        if (LEVEL[++count] === 0) continue
        const bit = finish(hash, count) >>> shift
        if ((begins[bit >>> 5]! & (1 << (bit & 31))) === 0) break
      }
      work += i - start
      if (i < bytes.length || (over && count < WINDOW)) continue
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
