// Backslash escapes undone, as JSON, YAML, shells and most languages write them. In: a view. Out: a view of it, or null. No I/O.

import { copyBehind, copyBetween } from './around.ts'
import { type View, ViewBuilder } from './view.ts'

const BACKSLASH = 0x5c
/** What one letter stands for after a backslash; 0: itself. */
const LETTERS = new Uint8Array(256)
for (const [letter, byte] of [
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['b', 0x08],
  ['f', 0x0c],
  ['e', 0x1b],
  ['E', 0x1b],
  ['a', 0x07],
] as const) {
  LETTERS[letter.charCodeAt(0)] = byte
}

/** The view with one layer of escapes undone; null when it has none. `final`: no more text comes. */
export function withoutEscapes(view: View, final: boolean): View | null {
  const { bytes } = view
  let at = bytes.indexOf(BACKSLASH)
  if (at < 0) return null
  const builder = new ViewBuilder(view, Math.min(bytes.length, 4096))
  let copied = 0
  let first = true
  let open: number | undefined
  while (at >= 0) {
    copyBetween(builder, bytes, copied, at, first)
    first = false
    const start = at
    const next = bytes[at + 1]
    if (next === undefined) {
      if (!final) open = start
      copied = bytes.length
      break
    }
    const end = undo(builder, bytes, start, next)
    if (end > bytes.length) {
      // Cut short: open, and no part of what stands before it. At the end of all text it stands as it is.
      if (!final) open = start
      copied = final ? start : bytes.length
      break
    }
    copied = end
    at = bytes[end] === BACKSLASH ? end : bytes.indexOf(BACKSLASH, end)
  }
  const whole = copyBehind(builder, view, copied)
  return builder.view('escapes', { closed: view.closed || !whole, ...(open === undefined ? {} : { open }) })
}

/** Undoes the escape at a backslash. Gives where it ends, past the end of the text when it is cut short. */
function undo(builder: ViewBuilder, bytes: Uint8Array, start: number, next: number): number {
  const letter = LETTERS[next]!
  if (letter !== 0) {
    builder.byte(letter, start, start + 2)
    return start + 2
  }
  if (next === 0x75 || next === 0x55 || next === 0x78) return undoHex(builder, bytes, start, next)
  if (next >= 0x30 && next <= 0x37) return undoOctal(builder, bytes, start)
  if (next === 0x0a || next === 0x0d) {
    // A line that goes on: the break goes, and what indents the next line.
    let at = start + 1
    while (at < bytes.length && (bytes[at] === 0x0a || bytes[at] === 0x0d)) at++
    while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++
    return at
  }
  builder.byte(next, start, start + 2)
  return start + 2
}

function undoHex(builder: ViewBuilder, bytes: Uint8Array, start: number, letter: number): number {
  let code = 0
  let at = start + 2
  const braced = letter !== 0x78 && bytes[at] === 0x7b
  const digits = braced || letter === 0x55 ? 8 : letter === 0x75 ? 4 : 2
  if (braced) at++
  const first = at
  while (at - first < digits) {
    if (at >= bytes.length) return bytes.length + 1
    const digit = hexDigit(bytes[at]!)
    if (digit < 0) break
    code = code * 16 + digit
    at++
  }
  if (braced && at >= bytes.length) return bytes.length + 1
  if (at === first || (!braced && letter !== 0x78 && at - first < digits) || code > 0x10ffff) {
    builder.byte(letter, start, start + 2)
    return start + 2
  }
  if (braced && bytes[at] === 0x7d) at++
  if (code >= 0xd800 && code < 0xdc00 && digits === 4) {
    // A pair of surrogates is one character.
    const low = lowSurrogate(bytes, at)
    if (low === undefined) return bytes.length + 1
    if (low >= 0) {
      builder.character(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), start, at + 6)
      return at + 6
    }
  }
  if (letter === 0x78) builder.byte(code, start, at)
  else builder.character(code, start, at)
  return at
}

/** The second half of a pair at an offset; -1 when there is none, undefined when the text ends before it can be told. */
function lowSurrogate(bytes: Uint8Array, at: number): number | undefined {
  let code = 0
  for (let i = 0; i < 6; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    if (i === 0 ? byte !== BACKSLASH : i === 1 && byte !== 0x75) return -1
    if (i < 2) continue
    const digit = hexDigit(byte)
    if (digit < 0) return -1
    code = code * 16 + digit
  }
  return code >= 0xdc00 && code < 0xe000 ? code : -1
}

function undoOctal(builder: ViewBuilder, bytes: Uint8Array, start: number): number {
  let code = 0
  let at = start + 1
  // Shells write \0101, others \101.
  const most = bytes[at] === 0x30 ? 4 : 3
  while (at - start <= most) {
    const byte = bytes[at]
    if (byte === undefined) return bytes.length + 1
    if (byte < 0x30 || byte > 0x37) break
    code = code * 8 + byte - 0x30
    at++
  }
  builder.byte(code & 255, start, at)
  return at
}

/** The value of a hexadecimal digit, -1 for other bytes. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
