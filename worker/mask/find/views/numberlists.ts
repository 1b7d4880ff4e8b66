// Lists of numbers that read as text: hex in a row, in groups and lists, decimal numbers in brackets. In: a stretch of digits and signs.
// Out: the bytes, where they are text. No I/O.

import { WORD } from '../bytes.ts'
import {
  DIGIT,
  HEX,
  KIND,
  LF,
  MARK,
  MIN_RUN,
  MIN_TEXT,
  MIN_TEXT_IN_ROW,
  type Search,
  SIGN,
  type Take,
  TextRun,
} from './digits.ts'

/** Characters of the longest digest. */
const MAX_DIGEST = 128
/** A list at the end of a text waits for more until it has so many. */
const MAX_WAITING = 64

const VALUE = new Uint8Array(256)
for (const [value, char] of [...'0123456789abcdef'].entries()) {
  VALUE[char.charCodeAt(0)] = value
  VALUE[char.toUpperCase().charCodeAt(0)] = value
}
/** Digits a byte of text begins with in hex. */
const TEXT_DIGIT = new Uint8Array(256)
for (const char of '0234567') TEXT_DIGIT[char.charCodeAt(0)] = 1

const CLOSING: readonly number[] = [0x5d, 0x7d, 0x29]
/** `[]byte{`, `[]uint8{`: the type goes with the bracket. */
const TYPE = /(?:\[\](?:byte|uint8)|bytes?|bytearray)$/
const MAX_TYPE = 12

/** How a number is written: two digits of hex, or as a decimal one; `0x67`; more digits in a row. */
const SHORT = 0
const PREFIXED = 1
const GROUPED = 2
const LONG = 3

/** The lists in `bytes[from..to)`. `grows`: the text ends behind it, and more comes. */
export function listsIn(bytes: Uint8Array, from: number, to: number, grows: boolean, search: Search): void {
  let at = from
  while (at < to) {
    while (at < to && (KIND[bytes[at]!]! & SIGN) !== 0) at++
    if (at === to) return
    at = listAt(bytes, at, to, grows, search)
  }
}

/** Reads the list that begins at `start`. Gives where the next may begin. */
function listAt(bytes: Uint8Array, start: number, to: number, grows: boolean, search: Search): number {
  let style = -1
  let count = 0
  let next = start
  let last = start
  let before = start
  let end = start
  while (next < to) {
    let stop = next
    while (stop < to && (KIND[bytes[stop]!]! & SIGN) === 0) stop++
    // What is cut short will be as what stands before it.
    const own = grows && stop === to && count > 0 ? style : styleOf(bytes, next, stop)
    if (own < 0 || (count > 0 && !fits(style, own, bytes, end, next))) break
    if (count === 0) style = own
    count++
    last = next
    before = end
    end = stop
    next = stop
    while (next < to && (KIND[bytes[next]!]! & SIGN) !== 0) next++
  }
  if (count === 0) {
    while (next < to && (KIND[bytes[next]!]! & SIGN) === 0) next++
    return next
  }
  const opening = bytes[start - 1] ?? 0
  // Letters that end a word.
  if (WORD[opening] === 1) return next
  const bracket = opening === 0x5b || opening === 0x7b || opening === 0x28
  const reachesEnd = grows && next >= to
  let behind = reachesEnd ? to : end
  if (reachesEnd && style !== LONG) {
    if (end === to) {
      // The last number may be cut short.
      behind = last
      end = before
      count--
    }
    search.open = Math.min(search.open, count < MAX_WAITING ? start : behind)
    if (count === 0) return next
  }
  const base = style === SHORT && bracket && reads(bytes, start, end, style, 10) ? 10 : 16
  const shift = style === LONG && !reads(bytes, start, end, style, 16) ? 1 : 0
  if (base === 16 && !reads(bytes, start, end, style, 16, shift)) return next
  // The brackets go with them.
  const closed = !reachesEnd && bracket && CLOSING.includes(bytes[end] ?? 0)
  search.found.push({
    start: bracket ? behindType(bytes, start - 1) : start,
    end: closed ? end + 1 : behind,
    put: (builder) =>
      eachNumber(bytes, start, end, style, base, shift, (byte, from, to) => builder.byte(byte, from, to)),
  })
  return next
}

function behindType(bytes: Uint8Array, bracket: number): number {
  const text = String.fromCharCode(...bytes.subarray(Math.max(0, bracket - MAX_TYPE), bracket))
  return bracket - (TYPE.exec(text)?.[0].length ?? 0)
}

function styleOf(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start
  const isPrefixed = size > 2 && size < 5 && bytes[start] === 0x30 && (KIND[bytes[start + 1]!]! & MARK) !== 0
  for (let i = isPrefixed ? start + 2 : start; i < end; i++) if ((KIND[bytes[i]!]! & HEX) === 0) return -1
  if (isPrefixed) return PREFIXED
  if (size <= 3) return SHORT
  return size >= MIN_RUN ? LONG : size % 2 === 0 && size <= 16 ? GROUPED : -1
}

/** Whether a number goes on with a list: what stands between, and how both are written. */
function fits(style: number, own: number, bytes: Uint8Array, end: number, next: number): boolean {
  // The last line of what was wrapped is shorter.
  if (style === LONG) return own !== PREFIXED && isLineEnd(bytes, end, next)
  if (style === GROUPED) return own === GROUPED || own === SHORT
  return own === style
}

function isLineEnd(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from === 1 ? bytes[from] === LF : to - from === 2 && bytes[from] === 0x0d && bytes[from + 1] === LF
}

/** The bytes of a list. Gives false when a number is none. */
function eachNumber(
  bytes: Uint8Array,
  from: number,
  to: number,
  style: number,
  base: 10 | 16,
  shift: number,
  take: Take,
): boolean {
  if (style === LONG || style === GROUPED) {
    let high = -1
    let start = from
    let skip = shift
    for (let at = from; at < to; at++) {
      if ((KIND[bytes[at]!]! & HEX) === 0 || skip-- > 0) continue
      if (high < 0) {
        high = VALUE[bytes[at]!]!
        start = at
      } else {
        take(high * 16 + VALUE[bytes[at]!]!, start, at + 1)
        high = -1
      }
    }
    return true
  }
  for (let at = from; at < to; ) {
    const start = at
    if (style === PREFIXED) at += 2
    let value = 0
    let digits = 0
    for (; at < to && (KIND[bytes[at]!]! & SIGN) === 0; at++, digits++) {
      if (base === 10 && (KIND[bytes[at]!]! & DIGIT) === 0) return false
      value = value * base + VALUE[bytes[at]!]!
    }
    if (value > 255 || (base === 16 && digits > 2)) return false
    take(value, start, at)
    while (at < to && (KIND[bytes[at]!]! & SIGN) !== 0) at++
  }
  return true
}

/** Whether a list reads as text. */
function reads(bytes: Uint8Array, from: number, to: number, style: number, base: 10 | 16, shift = 0): boolean {
  const inRow = style === LONG || style === GROUPED
  if (inRow && !hasTextPair(bytes, from + shift, to)) return false
  const text = new TextRun()
  return (
    eachNumber(bytes, from, to, style, base, shift, (byte) => text.add(byte)) &&
    text.most >= (inRow ? MIN_TEXT_IN_ROW : MIN_TEXT)
  )
}

/** Whether MIN_TEXT_IN_ROW numbers in a row have a first digit that text has. */
function hasTextPair(bytes: Uint8Array, from: number, to: number): boolean {
  // Most are digests, in one piece: of so many in a row one is at each of these places.
  if (isOnePiece(bytes, from, to)) {
    let least = from
    for (let probe = from + 2 * (MIN_TEXT_IN_ROW - 1); probe + 1 < to; ) {
      let at = probe
      while (at >= least && TEXT_DIGIT[bytes[at]!] === 1) at -= 2
      if (at < least) return true
      least = at + 2
      probe = at + 2 * MIN_TEXT_IN_ROW
    }
    return false
  }
  let pairs = 0
  for (let at = from; at + 1 < to; at += 2) {
    if ((KIND[bytes[at]!]! & SIGN) !== 0) at++
    if (TEXT_DIGIT[bytes[at]!] === 0) pairs = 0
    else if (++pairs >= MIN_TEXT_IN_ROW) return true
  }
  return false
}

function isOnePiece(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > MAX_DIGEST) return false
  for (let at = from; at < to; at++) if ((KIND[bytes[at]!]! & HEX) === 0) return false
  return true
}
