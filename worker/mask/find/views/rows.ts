// One row of a dump: xxd, hexdump, hexdump -C, od in its usual forms. In: a line. Out: its bytes, each standing for the rest of the row,
// where the same bytes may stand once more as characters. No I/O.

import { hexDigit } from './escapes.ts'

/** The offset that a row begins with has at least so many digits (`od -A x`: 6, od: 7, xxd and hexdump -C: 8). */
export const ROW_DIGITS = 6
const MAX_OFFSET_DIGITS = 16
/** A row is no longer. */
const MAX_ROW = 512
/** `hexdump -C` leaves a gap behind so many bytes. */
const GAP = 8
/** Columns of `od -c`. */
const COLUMN = 4

const BLANK = 0x20
const BACKSLASH = 0x5c
const LETTERS: Readonly<Record<string, number>> = { 0: 0, a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** Takes a byte and where it begins. */
export type TakeByte = (byte: number, from: number) => void

/** Reads the row in `bytes[start..end)`, its line end left out. Gives whether it is one; else nothing was taken. */
export function readRow(bytes: Uint8Array, start: number, end: number, take: TakeByte): boolean {
  let at = start
  while (at < end && at - start <= MAX_OFFSET_DIGITS && hexDigit(bytes[at]!) >= 0) at++
  const digits = at - start
  if (digits < ROW_DIGITS || digits > MAX_OFFSET_DIGITS || end - start > MAX_ROW) return false
  const colon = bytes[at] === 0x3a
  if (colon) at++
  if (at >= end || bytes[at] !== BLANK) return false
  if (readColumns(bytes, at, end, take)) return true
  return readWords(bytes, at, end, { straight: colon, swaps: digits < 8 && !colon }, take)
}

/** Characters in columns of four, as `od -c` and `hexdump -c` write them. */
function readColumns(bytes: Uint8Array, from: number, end: number, take: TakeByte): boolean {
  if ((end - from) % COLUMN !== 0) return false
  for (let at = from; at < end; at += COLUMN) if (columnAt(bytes, at) < 0) return false
  for (let at = from; at < end; at += COLUMN) take(columnAt(bytes, at), at)
  return true
}

/** The byte of a column; -1: it is none. */
function columnAt(bytes: Uint8Array, at: number): number {
  const [a, b, c] = [bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!]
  if (bytes[at] !== BLANK) return -1
  if (a === BLANK) {
    if (b === BLANK) return c
    return b === BACKSLASH ? (LETTERS[String.fromCharCode(c)] ?? -1) : -1
  }
  return octal(bytes, at + 1, at + 4)
}

function octal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 7) return -1
    value = value * 8 + digit
  }
  return value
}

/** Numbers between blanks, up to a gap or a bar: bytes or words in hex, words or bytes in octal. */
function readWords(
  bytes: Uint8Array,
  from: number,
  end: number,
  how: { readonly straight: boolean; readonly swaps: boolean },
  take: TakeByte,
): boolean {
  const words: number[] = []
  let areOctal = true
  let size = -1
  let at = from
  while (at < end) {
    const blanks = at
    while (at < end && bytes[at] === BLANK) at++
    const gap = at - blanks
    const count = words.length / 2
    if (gap > 1 && count > 0 && !how.swaps && (how.straight || gap > 2 || count % GAP !== 0)) break
    const start = at
    while (at < end && hexDigit(bytes[at]!) >= 0) {
      if (bytes[at]! > 0x37) areOctal = false
      at++
    }
    if (at === start || (at < end && bytes[at] !== BLANK)) break
    const length = at - start
    // The last word of xxd may be shorter.
    if (size >= 0 && length > size) return false
    if (size < 0) size = length
    words.push(start, at)
  }
  if (words.length === 0) return false
  const isOctal = areOctal && (size === 3 || size === 6)
  if (!isOctal && (size % 2 !== 0 || size > 32)) return false
  for (let i = 0; i < words.length; i += 2) {
    const start = words[i]!
    const stop = words[i + 1]!
    if (isOctal) {
      const value = octal(bytes, start, stop)
      take(value & 255, start)
      // A word of two bytes, as a little-endian machine reads it.
      if (size === 6) take((value >> 8) & 255, start)
      continue
    }
    for (let k = start; k + 1 < stop; k += 2) {
      const first = how.swaps && size > 2 ? stop - 2 - (k - start) : k
      take(hexDigit(bytes[first]!) * 16 + hexDigit(bytes[first + 1]!), start)
    }
  }
  return true
}
