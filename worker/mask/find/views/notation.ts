// Bytes that are written as numbers, read: hex in a row (`xxd -p`), in groups and lists (`67:68`, `0x67, 0x68`), lists of decimal numbers
// (Go's []byte, Java's and Node's), base32, and the rows of xxd, hexdump and od, with what stands beside them. In: a view. Out: a view
// with the bytes in their place, or null. No I/O.

import type { Budget } from '../budget.ts'
import { WORD } from '../bytes.ts'
import { copyBehind, copyBetween } from './around.ts'
import { ROW_DIGITS, readRow } from './rows.ts'
import { type View, ViewBuilder } from './view.ts'

/** Bytes of text in a row that make numbers worth reading: a known value may be as short. */
const MIN_TEXT = 6
/** In base32 and in hex without signs between, which digests are written in too. */
const MIN_TEXT_IN_ROW = 12
/** Shorter stretches hold no credential. Each has a character at one of these places. */
const MIN_RUN = 24
/** Characters of the longest digest. */
const MAX_DIGEST = 128
/** A list at the end of a text waits for more until it has so many. */
const MAX_WAITING = 64

const HEX = 1
const SIGN = 2
const MARK = 4
const BASE32 = 8
const DIGIT = 16
const KIND = new Uint8Array(256)
for (const char of '0123456789abcdefABCDEF') KIND[char.charCodeAt(0)]! |= HEX
for (const char of ' ,:\t\r\n') KIND[char.charCodeAt(0)]! |= SIGN
for (const char of 'xX') KIND[char.charCodeAt(0)]! |= MARK
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567') KIND[char.charCodeAt(0)]! |= BASE32
for (const char of '0123456789') KIND[char.charCodeAt(0)]! |= DIGIT
const LISTED = HEX | SIGN | MARK

const VALUE = new Uint8Array(256)
for (const [value, char] of [...'0123456789abcdef'].entries()) {
  VALUE[char.charCodeAt(0)] = value
  VALUE[char.toUpperCase().charCodeAt(0)] = value
}
/** Digits a byte of text begins with in hex. */
const TEXT_DIGIT = new Uint8Array(256)
for (const char of '0234567') TEXT_DIGIT[char.charCodeAt(0)] = 1
const FIVE = new Uint8Array(256)
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'].entries()) FIVE[char.charCodeAt(0)] = value

/** Bytes of ASCII text: beyond it digests would often pass for text. */
const TEXT = new Uint8Array(256)
for (let byte = 0x20; byte < 0x7f; byte++) TEXT[byte] = 1
for (const byte of [0x09, 0x0a, 0x0d, 0x1b]) TEXT[byte] = 1

const LF = 0x0a
const PAD = 0x3d
const CLOSING: readonly number[] = [0x5d, 0x7d, 0x29]
/** `[]byte{`, `[]uint8{`: the type goes with the bracket. */
const TYPE = /(?:\[\](?:byte|uint8)|bytes?|bytearray)$/
const MAX_TYPE = 12

/** How a number is written: two digits of hex, or as a decimal one; `0x67`; more digits in a row. */
const SHORT = 0
const PREFIXED = 1
const GROUPED = 2
const LONG = 3

/** A stretch of numbers, which puts its bytes into a view. */
interface Found {
  readonly start: number
  /** Behind what closes it. */
  readonly end: number
  put(builder: ViewBuilder): void
}

/** What was found, and where at the end of the text something stands that is not complete. */
interface Search {
  readonly found: Found[]
  open: number
}

/** The view with numbers read; null when there are none. `final`: no more text comes. */
export function withNumbersRead(view: View, final: boolean, budget: Budget): View | null {
  const { bytes } = view
  const ends = final || view.closed
  const search: Search = { found: [], open: Number.POSITIVE_INFINITY }
  rowsIn(bytes, ends, search)
  runsIn(bytes, 0, bytes.length, ends, search)
  const stop = ends ? bytes.length : Math.min(bytes.length, search.open)
  const found = search.found.filter(
    // It was read in the view before.
    ({ start, end }) =>
      start < stop &&
      (view.from === null ||
        view.undone === 'terminal' ||
        !view.copied(Math.max(0, start - 1), Math.min(bytes.length, end + 1))),
  )
  const open = stop < bytes.length ? { open: stop } : {}
  if (found.length === 0 && open.open === undefined) return null
  const builder = new ViewBuilder(view, found.length === 0 ? 0 : 4096)
  let copied = 0
  let first = true
  for (const one of found.sort((a, b) => a.start - b.start)) {
    if (one.start < copied) continue
    budget.spend(2 * (one.end - one.start))
    copyBetween(builder, bytes, copied, one.start, first)
    first = false
    one.put(builder)
    copied = one.end
    // Numbers may go on in what comes.
    if (copied < stop || ends) builder.cut(copied)
  }
  if (first) return builder.view('numbers', { closed: true, newOnly: true, ...open })
  // What is cut short is no part of what stands before it.
  const whole = copied >= stop || copyBehind(builder, view, copied)
  return builder.view('numbers', { closed: view.closed || !whole, newOnly: true, ...open })
}

/** A quick look at raw bytes: whether numbers in them read as text. Rows stand on lines of their own, which are looked at for that. */
export function mayHoldNumbers(bytes: Uint8Array, from: number, to: number): boolean {
  const search: Search = { found: [], open: 0 }
  runsIn(bytes, from, to, true, search)
  return search.found.length > 0
}

/** Counts how many bytes of text stand in a row. */
class TextRun {
  most = 0
  #run = 0

  add(byte: number): void {
    if (TEXT[byte] === 0) this.#run = 0
    else if (++this.#run > this.most) this.most = this.#run
  }
}

/** Rows of dumps. */
function rowsIn(bytes: Uint8Array, ends: boolean, search: Search): void {
  let text = new TextRun()
  const count = (byte: number): void => text.add(byte)
  /** Where the rows begin that follow each other; -1: there are none. */
  let start = -1
  const done = (end: number): void => {
    if (start >= 0 && text.most >= MIN_TEXT) search.found.push(rows(bytes, start, end))
    if (start >= 0) text = new TextRun()
    start = -1
  }
  let line = 0
  while (line < bytes.length) {
    // Most lines begin otherwise.
    let digits = line
    while (digits - line < ROW_DIGITS && (KIND[bytes[digits] ?? 0]! & HEX) !== 0) digits++
    const stop = bytes.indexOf(LF, digits)
    const end = stop < 0 ? bytes.length : stop
    const isRow = digits - line === ROW_DIGITS && readRow(bytes, line, lineEnd(bytes, end), count)
    if (stop < 0 && !ends) {
      // What is cut short may become one.
      if (digits - line === ROW_DIGITS ? mayBeRow(bytes, digits, end) : start >= 0 && digits === bytes.length) {
        search.open = Math.min(search.open, line)
      }
      done(line)
      return
    }
    if (!isRow) done(line)
    else if (start < 0) start = line
    line = end + 1
  }
  done(bytes.length)
}

/** Whether more text could make a row of a line that begins with digits up to `at`. */
function mayBeRow(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from
  while (at < end && (KIND[bytes[at]!]! & HEX) !== 0) at++
  return at === end || bytes[at] === 0x20 || bytes[at] === 0x3a
}

/** Without the carriage return before a line feed. */
function lineEnd(bytes: Uint8Array, end: number): number {
  return bytes[end - 1] === 0x0d ? end - 1 : end
}

function rows(bytes: Uint8Array, start: number, end: number): Found {
  return {
    start,
    end,
    put(builder) {
      for (let line = start; line < end; ) {
        const stop = bytes.indexOf(LF, line)
        const lineStop = stop < 0 || stop >= end ? end : stop
        const to = lineEnd(bytes, lineStop)
        readRow(bytes, line, to, (byte, from) => builder.byte(byte, from, to))
        line = lineStop + 1
      }
    },
  }
}

/** Hex, lists and base32 on any line. */
function runsIn(bytes: Uint8Array, from: number, to: number, ends: boolean, search: Search): void {
  let listed = from
  let based = from
  for (let probe = from + MIN_RUN - 1; ; probe += MIN_RUN) {
    // What is shorter at the end may grow.
    if (probe >= to && (ends || to === from)) return
    const at = Math.min(probe, to - 1)
    const kind = KIND[bytes[at]!]!
    if (at >= listed && (kind & LISTED) !== 0) {
      let start = at
      while (start > listed && (KIND[bytes[start - 1]!]! & LISTED) !== 0) start--
      let end = at + 1
      while (end < to && (KIND[bytes[end]!]! & LISTED) !== 0) end++
      listed = end
      const grows = end === to && !ends
      if (end - start >= MIN_RUN || grows) listsIn(bytes, start, end, grows, search)
    }
    if (at >= based && (kind & BASE32) !== 0) {
      let start = at
      while (start > based && (KIND[bytes[start - 1]!]! & BASE32) !== 0) start--
      let end = at + 1
      while (end < to && (KIND[bytes[end]!]! & BASE32) !== 0) end++
      based = end
      if (end - start >= MIN_RUN) base32In(bytes, start, end, search)
    }
    if (at < probe) return
  }
}

/** The lists in a stretch of digits and signs. `grows`: the text ends behind it, and more comes. */
function listsIn(bytes: Uint8Array, from: number, to: number, grows: boolean, search: Search): void {
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

type Take = (byte: number, from: number, to: number) => void

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

/** Five bits a character (RFC 4648, section 6). */
function base32In(bytes: Uint8Array, start: number, end: number, search: Search): void {
  const text = new TextRun()
  eachOfBase32(bytes, start, end, (byte) => text.add(byte))
  if (text.most < MIN_TEXT_IN_ROW) return
  let stop = end
  while (stop < end + 6 && bytes[stop] === PAD) stop++
  search.found.push({
    start,
    end: stop,
    put: (builder) =>
      eachOfBase32(bytes, start, end, (byte, from, to) => builder.byte(byte, from, to === end ? stop : to)),
  })
}

function eachOfBase32(bytes: Uint8Array, start: number, end: number, take: Take): void {
  let bits = 0
  let count = 0
  let from = start
  for (let at = start; at < end; at++) {
    bits = ((bits << 5) | FIVE[bytes[at]!]!) & 0xfff
    count += 5
    if (count < 8) continue
    count -= 8
    take((bits >> count) & 255, from, at + 1)
    from = count > 0 ? at : at + 1
  }
}
