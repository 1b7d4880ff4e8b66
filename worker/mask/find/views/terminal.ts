// Terminal sequences and control characters taken out (ECMA-48, xterm): colours inside a secret, what backspaces rubbed out.
// In: a view. Out: a view of what is left, or null. No I/O.

import { type View, ViewBuilder } from './view.ts'

const BACKSPACE = 0x08
const ESCAPE = 0x1b
/** What makes this view worth making: control characters but tab and line ends, and the second byte of U+009B. */
const SIGNS = new Uint8Array(256)
for (let byte = 0; byte < 0x20; byte++) SIGNS[byte] = 1
for (const byte of [0x09, 0x0a, 0x0d]) SIGNS[byte] = 0
SIGNS[0x7f] = 1
SIGNS[0x9b] = 1
/** Longer is no sequence: an unended OSC must not swallow the text. */
const MAX_SEQUENCE_BYTES = 4096
/** A word that is being rubbed out is no longer. */
const MAX_RUBBED_BYTES = 512

/** Final bytes of sequences that take the cursor elsewhere: what follows may have nothing to do with what stands before. */
const MOVES = new Uint8Array(256)
for (const final of 'ABCDEFGHSTdf') MOVES[final.charCodeAt(0)] = 1

/**
 * The view without terminal sequences; null when it has none. `final`: no more text comes.
 * @param apart with a blank where the cursor moves; null when it does not
 */
export function withoutTerminal(view: View, final: boolean, apart = false): View | null {
  const { bytes } = view
  const cutInTwo = !final && bytes[bytes.length - 1] === 0xc2
  if (apart ? !moves(bytes) : !cutInTwo && !hasSign(bytes)) return null
  const builder = new ViewBuilder(view, bytes.length)
  let copied = 0
  let at = 0
  let open = cutInTwo ? bytes.length - 1 : undefined
  while (at < bytes.length) {
    const byte = bytes[at]!
    if (byte >= 0x20 && byte !== 0x7f && byte !== 0xc2) {
      at++
      continue
    }
    if (byte === 0x09 || byte === 0x0a || byte === 0x0d || (byte === 0xc2 && bytes[at + 1] !== 0x9b)) {
      at++
      continue
    }
    builder.copy(copied, at)
    const end = byte === ESCAPE || byte === 0xc2 ? sequenceEnd(bytes, at) : at + 1
    if (byte === BACKSPACE || byte === 0x7f) builder.erase()
    else if (apart && end <= bytes.length && isMove(bytes, at, end)) builder.byte(0x20, at, end)
    if (end > bytes.length) {
      if (!final) open = at
      copied = bytes.length
      break
    }
    at = end
    copied = at
  }
  builder.copy(copied, bytes.length)
  if (!final && open === undefined) open = rubbingOut(bytes)
  return builder.view('terminal', open === undefined ? {} : { open })
}

/**
 * When a text ends in blanks behind a backspace, of which not all are rubbed out again, more backspaces may follow: the word before
 * goes on then. Where that begins.
 */
function rubbingOut(bytes: Uint8Array): number | undefined {
  let at = bytes.length
  while (at > 0 && isRubbing(bytes[at - 1]!)) at--
  const rubbed = bytes.length - at
  const blanksEnd = at
  while (at > 0 && bytes[at - 1] === 0x20) at--
  if (blanksEnd - at <= rubbed || at === 0 || !isRubbing(bytes[at - 1]!)) return undefined
  const least = Math.max(0, at - MAX_RUBBED_BYTES)
  // Over the blanks that other backspaces wrote.
  while (at > least && !(bytes[at - 1]! <= 0x20 && bytes[at - 1] !== BACKSPACE && bytes[at] !== BACKSPACE)) at--
  return at
}

function isRubbing(byte: number): boolean {
  return byte === BACKSPACE || byte === 0x7f
}

function hasSign(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (SIGNS[bytes[i]!] === 1) return true
  return false
}

function moves(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(ESCAPE); at >= 0; at = bytes.indexOf(ESCAPE, at + 1)) {
    const end = sequenceEnd(bytes, at)
    if (end <= bytes.length && isMove(bytes, at, end)) return true
  }
  return false
}

function isMove(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[start] === ESCAPE && bytes[start + 1] === 0x5b && MOVES[bytes[end - 1]!] === 1
}

/** Where the sequence at an escape ends; past the end of the text when it is cut short. */
function sequenceEnd(bytes: Uint8Array, start: number): number {
  const csi = bytes[start] === 0xc2
  const kind = csi ? 0x5b : bytes[start + 1]
  if (kind === undefined) return bytes.length + 1
  let at = start + 2
  if (kind === 0x5b) {
    while (at < bytes.length && bytes[at]! >= 0x20 && bytes[at]! < 0x40) at++
    // The final byte; anything else is no part of it.
    if (at >= bytes.length) return at - start > MAX_SEQUENCE_BYTES ? start + 2 : bytes.length + 1
    return bytes[at]! >= 0x40 && bytes[at]! < 0x7f ? at + 1 : at
  }
  if (kind === 0x5d || kind === 0x50 || kind === 0x58 || kind === 0x5e || kind === 0x5f) {
    const most = start + MAX_SEQUENCE_BYTES
    while (at < bytes.length && at < most && bytes[at] !== 0x07 && bytes[at] !== ESCAPE && bytes[at] !== 0x0a) at++
    if (at >= most || bytes[at] === 0x0a) return start + 2
    if (at >= bytes.length) return bytes.length + 1
    if (bytes[at] === 0x07) return at + 1
    return at + 1 >= bytes.length ? bytes.length + 1 : bytes[at + 1] === 0x5c ? at + 2 : at
  }
  // Escape, intermediates, one final byte: character sets and the like.
  at = start + 1
  while (at < bytes.length && bytes[at]! >= 0x20 && bytes[at]! < 0x30) at++
  if (at >= bytes.length) return bytes.length + 1
  return bytes[at]! >= 0x30 && bytes[at]! < 0x7f ? at + 1 : at
}
