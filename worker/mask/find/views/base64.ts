// Base64 undone, wherever a run of its characters holds something that reads as text: both alphabets, with or without padding, at
// any of four alignments, so that it is found in a path too. Gzip in it is opened. In: a view. Out: a view of what they hold,
// one run a line, or null. No I/O.

import { gunzipBounded } from '../../gunzip.ts'
import type { Budget } from '../budget.ts'
import { NONE, SIX } from '../sextets.ts'
import { type Span, type View, ViewBuilder } from './view.ts'

/** Shorter runs hold nothing that can be told from chance. Known values are found in base64 by themselves. */
const MIN_RUN = 16
/** Bytes of text in a row that make a run worth reading: chance gives 4 in a million. */
const MIN_TEXT = 12
/** A longer run is masked not as a whole but where the secret stands, so that a stream need not hold it. */
export const LONG_RUN = 4096
/** Gzip that is opened: what it holds at most. Stops a decompression bomb. */
const MAX_UNZIPPED_BYTES = 2 * 1024 * 1024
/** A gzip of anything is no shorter, in base64. */
const MIN_GZIP_RUN = 40
const MAX_GZIP_HEADER = 300
/** Work of unpacking a byte, in units of the budget, and of beginning. */
const UNZIP_WORK = 8
const UNZIP_START_WORK = 4000

/** A word on the line before that base64 may be taken to go on from is no longer. */
export const MAX_WORD_BEFORE = 24
const PAD = 0x3d

/** Bytes of text. NUL is among them for UTF-16, as PowerShell encodes its commands. */
const TEXT = new Uint8Array(256)
for (let byte = 0x20; byte < 0x7f; byte++) TEXT[byte] = 1
for (const byte of [0x00, 0x09, 0x0a, 0x0d, 0x1b]) TEXT[byte] = 1

/** Characters that a group which decodes to text may begin with. */
const FIRST = new Uint8Array(256)
for (const [char, value] of SIX.entries()) {
  if (value !== NONE && [0, 1, 2, 3].some((low) => TEXT[(value << 2) | low] === 1)) FIRST[char] = 1
}

/** What the runs of base64 in a view hold; null when there is none and nothing is open. `final`: no more text comes. */
export function withBase64Undone(view: View, final: boolean, budget: Budget): View | null {
  const { bytes } = view
  const length = bytes.length
  let builder: ViewBuilder | null = null
  const last = final || view.closed ? null : lastRun(bytes)
  const open = last === null ? undefined : Math.max(last.start, last.end - LONG_RUN)
  // Of a long run what it holds so far is shown, and goes on.
  const closed = last === null || last.end - last.start <= LONG_RUN
  let at = 0
  while (at + MIN_RUN <= length) {
    // Every run of MIN_RUN has a byte at one of these.
    const probe = at + MIN_RUN - 1
    if (SIX[bytes[probe]!] === NONE) {
      at = probe + 1
      continue
    }
    let start = probe
    while (start > at && SIX[bytes[start - 1]!] !== NONE) start--
    let end = probe + 1
    while (end < length && SIX[bytes[end]!] !== NONE) end++
    at = end
    start = behindEscape(bytes, start, end)
    if (end - start < MIN_RUN) continue
    // It was read in the view before, which is looked at but for terminal sequences.
    if (
      view.from !== null &&
      view.undone !== 'terminal' &&
      view.copied(Math.max(0, start - 1), Math.min(length, end + 1))
    )
      continue
    builder = readRun(view, builder, start, end, budget)
  }
  if (builder === null && open === undefined) return null
  builder ??= new ViewBuilder(view, 0)
  return builder.view('base64', { closed, ...(open === undefined ? {} : { open }) })
}

/** The run that the bytes end in, which more text may continue; null when there is none. */
function lastRun(bytes: Uint8Array): Span | null {
  let end = bytes.length
  // One padding may be followed by another.
  if (bytes[end - 1] === PAD) end--
  let start = end
  const least = Math.max(0, end - LONG_RUN - 1)
  while (start > least && SIX[bytes[start - 1]!] !== NONE) start--
  return start === end ? null : { start: behindEscape(bytes, start, end), end }
}

/** A quick look at raw bytes: whether any run of base64 in it reads as text, or is gzip. */
export function mayHoldBase64(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from
  while (at + MIN_RUN <= to) {
    const probe = at + MIN_RUN - 1
    if (SIX[bytes[probe]!] === NONE) {
      at = probe + 1
      continue
    }
    let start = probe
    while (start > at && SIX[bytes[start - 1]!] !== NONE) start--
    let end = probe + 1
    while (end < to && SIX[bytes[end]!] !== NONE) end++
    at = end
    if (end - start < MIN_RUN) continue
    if ((end - start >= MIN_GZIP_RUN && isGzip(bytes, start)) || mayBeText(bytes, start, end)) return true
  }
  return false
}

/** The run of base64 around a stretch of it, with its padding: all of it, or of a long one the stretch alone. */
export function spanOfRun(bytes: Uint8Array, from: number, to: number): Span {
  let start = from
  while (start > 0 && from - start <= LONG_RUN && SIX[bytes[start - 1]!] !== NONE) start--
  let end = to
  while (end < bytes.length && end - to <= LONG_RUN && SIX[bytes[end]!] !== NONE) end++
  if (end - start > LONG_RUN) return { start: from, end: to }
  start = Math.min(behindEscape(bytes, start, end), from)
  while (end < bytes.length && end < to + LONG_RUN && bytes[end] === PAD) end++
  return { start, end }
}

/** The beginning of a run, without the letters of an escape (`\n`, `\u003d`, `%3D`) that stands right before it. */
function behindEscape(bytes: Uint8Array, start: number, end: number): number {
  const before = bytes[start - 1]
  if (before === 0x25) return Math.min(start + 2, end)
  if (before !== 0x5c) return start
  const letter = bytes[start]
  return Math.min(start + (letter === 0x75 ? 5 : letter === 0x78 ? 3 : 1), end)
}

function readRun(
  view: View,
  given: ViewBuilder | null,
  start: number,
  end: number,
  budget: Budget,
): ViewBuilder | null {
  const { bytes } = view
  let builder = given
  let spanEnd = end
  while (spanEnd < end + 2 && bytes[spanEnd] === PAD) spanEnd++
  if (end - start >= MIN_GZIP_RUN && isGzip(bytes, start)) {
    const unzipped = unzip(bytes.subarray(start, end), budget)
    if (unzipped !== null) {
      builder ??= new ViewBuilder(view, unzipped.length + 1)
      builder.put(unzipped, start, spanEnd)
      builder.cut(spanEnd)
      return builder
    }
  }
  if (!mayBeText(bytes, start, end)) return builder
  const long = end - start > LONG_RUN
  // The line before may end in a word of its own, which makes a letter of the text in another alignment.
  const joint = view.firstJoint(start, end)
  if (joint >= 0 && joint - start <= MAX_WORD_BEFORE && textAt(bytes, joint, end) >= 0) {
    budget.spend(end - joint)
    const decoded = decode(bytes, joint, end)
    builder ??= new ViewBuilder(view, decoded.length + 1)
    builder.put(decoded, joint, long ? end : spanEnd, long)
    builder.cut(spanEnd)
  }
  for (let shift = 0; shift < 4; shift++) {
    const text = textAt(bytes, start + shift, end)
    if (text < 0) continue
    budget.spend(end - start)
    const decoded = decode(bytes, start + shift, end)
    builder ??= new ViewBuilder(view, decoded.length + 1)
    if (long) builder.put(decoded, start + shift, end, true)
    else if (shift === 0) builder.put(decoded, start, spanEnd)
    else {
      // What stands before the text is no part of this base64: a path, a word.
      const first = start + shift + 4 * Math.floor(text / 3)
      builder.put(decoded.subarray(3 * Math.floor(text / 3)), first, spanEnd)
    }
    builder.cut(spanEnd)
  }
  return builder
}

/** Where the first stretch of text begins in what `bytes[from..to)` is the base64 of, in decoded bytes; -1 when it holds none. */
function textAt(bytes: Uint8Array, from: number, to: number): number {
  const last = to - 4
  // MIN_TEXT bytes in a row hold three whole groups: one of every three is looked at.
  for (let at = from + 8; at <= last; at += 12) {
    if (FIRST[bytes[at]!] === 0 || !isText(bytes, at)) continue
    const text = stretchAt(bytes, from, to, at)
    if (text >= 0) return text
  }
  return -1
}

/** Where the stretch of text around the group at `at` begins, in bytes decoded from `from` on; -1 when it is too short. */
function stretchAt(bytes: Uint8Array, from: number, to: number, at: number): number {
  let first = at
  while (first > from && isText(bytes, first - 4)) first -= 4
  let last = at + 4
  while (last + 4 <= to && isText(bytes, last)) last += 4
  const before = first > from ? tail(bytes, first - 4) : 0
  const length = before + ((last - first) / 4) * 3 + head(bytes, last, to)
  return length >= MIN_TEXT ? ((first - from) / 4) * 3 - before : -1
}

/** Whether any of the four alignments of a run holds a stretch of text: all are looked at together. */
function mayBeText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 8; at < to; at += 12) {
    const most = Math.min(at + 4, to - 3)
    for (let i = at; i < most; i++) {
      if (FIRST[bytes[i]!] === 1 && isText(bytes, i) && stretchAt(bytes, from + ((i - from) & 3), to, i) >= 0)
        return true
    }
  }
  return false
}

function isText(bytes: Uint8Array, at: number): boolean {
  const a = SIX[bytes[at]!]!
  const b = SIX[bytes[at + 1]!]!
  if (TEXT[(a << 2) | (b >> 4)] === 0) return false
  const c = SIX[bytes[at + 2]!]!
  return TEXT[((b & 15) << 4) | (c >> 2)] === 1 && TEXT[((c & 3) << 6) | SIX[bytes[at + 3]!]!] === 1
}

/** How many bytes of text a group ends with. */
function tail(bytes: Uint8Array, at: number): number {
  const c = SIX[bytes[at + 2]!]!
  if (TEXT[((c & 3) << 6) | SIX[bytes[at + 3]!]!] === 0) return 0
  return TEXT[((SIX[bytes[at + 1]!]! & 15) << 4) | (c >> 2)] === 0 ? 1 : 2
}

/** How many bytes of text a group begins with, which may be cut short. */
function head(bytes: Uint8Array, at: number, to: number): number {
  if (at + 1 >= to) return 0
  const b = SIX[bytes[at + 1]!]!
  if (TEXT[(SIX[bytes[at]!]! << 2) | (b >> 4)] === 0) return 0
  if (at + 2 >= to) return 1
  return TEXT[((b & 15) << 4) | (SIX[bytes[at + 2]!]! >> 2)] === 0 ? 1 : 2
}

/** Decodes characters of either alphabet; what is left over at the end is dropped. */
function decode(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const out = new Uint8Array(Math.floor(((to - from) * 3) / 4))
  let at = 0
  let i = from
  for (; i + 4 <= to; i += 4) {
    const b = SIX[bytes[i + 1]!]!
    const c = SIX[bytes[i + 2]!]!
    out[at++] = (SIX[bytes[i]!]! << 2) | (b >> 4)
    out[at++] = ((b & 15) << 4) | (c >> 2)
    out[at++] = ((c & 3) << 6) | SIX[bytes[i + 3]!]!
  }
  if (i + 1 < to) out[at++] = (SIX[bytes[i]!]! << 2) | (SIX[bytes[i + 1]!]! >> 4)
  if (i + 2 < to) out[at++] = ((SIX[bytes[i + 1]!]! & 15) << 4) | (SIX[bytes[i + 2]!]! >> 2)
  return out.subarray(0, at)
}

/** `H4sI`: 1f 8b 08. */
function isGzip(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x48 && bytes[at + 1] === 0x34 && bytes[at + 2] === 0x73 && bytes[at + 3] === 0x49
}

function unzip(run: Uint8Array, budget: Budget): Uint8Array | null {
  const gzip = decode(run, 0, run.length)
  // A bare header, or one with a file's name. Its first block is stored, or of fixed or its own codes.
  const flags = gzip[3]
  const name = flags === 0x08 ? gzip.subarray(0, MAX_GZIP_HEADER).indexOf(0, 10) : 9
  if ((flags !== 0 && flags !== 0x08) || name < 0 || ((gzip[name + 1]! >> 1) & 3) === 3) return null
  budget.spend(UNZIP_START_WORK + UNZIP_WORK * gzip.length)
  const plain = gunzipBounded(gzip, MAX_UNZIPPED_BYTES)
  if (plain !== null) budget.spend(UNZIP_WORK * plain.length)
  return plain
}
