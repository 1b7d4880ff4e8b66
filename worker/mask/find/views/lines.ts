// Lines that something long was broken over, joined: a terminal's wrapping, MIME, YAML, a shell's `\`, quotes and diffs.
// Only what stands around a break that may be one of those is in the view. In: a view. Out: a view of it, or null. No I/O.

import { JOINED_ALONE, JOINED_MAYBE, JOINED_WIDE, type View, ViewBuilder } from './view.ts'

/** What stands before the broken thing on its first line is seen with it: a name, a word that says whose it is. */
const CONTEXT_BYTES = 160
/** A line this wide may have been broken by something that knew only its width. */
const WIDE = 40
/** A line this wide was more likely broken for its width than because it was over. */
const VERY_WIDE = 60
/** A word is part of something rather than a word if it is this long, or has a digit or a sign in it. */
const LONG_MADE = 16
/** A last word of this length may be the head of a credential, however short its line. */
const LONG_WORD = 8
/** The least that two parts must be together. */
const MIN_JOINED = 12
/** A line of one word alone: a part of something only from this length on. */
const MIN_ALONE = 4
/** Nothing that is looked for runs on for longer. */
const MAX_CHAIN_BYTES = 16 * 1024

const LF = 0x0a
const CR = 0x0d

/** Bytes that something broken over lines is made of: no blanks, quotes, brackets, commas. */
const WORD = new Uint8Array(256)
for (let byte = 0x21; byte < 256; byte++) WORD[byte] = 1
for (const sign of '"\'`(),;<>[]{}|') WORD[sign.charCodeAt(0)] = 0
WORD[0x7f] = 0

/** What quotes and diffs put before each line. */
const PREFIX = new Uint8Array(256)
for (const sign of '>+-|#*') PREFIX[sign.charCodeAt(0)] = 1

/** The joined lines; null when no break looks like one inside a word. `final`: no more text comes. */
export function withLinesJoined(view: View, final: boolean): View | null {
  const { bytes } = view
  let lf = bytes.indexOf(LF)
  let cr = bytes.indexOf(CR)
  if (lf < 0 && cr < 0) return null
  let builder: ViewBuilder | null = null
  let open: number | undefined
  let lineStart = 0
  /** End of what the last chain has copied: a chain never begins before it. */
  let done = 0
  while (lf >= 0 || cr >= 0) {
    const stop = lf >= 0 && (cr < 0 || lf < cr) ? lf : cr
    const join = joinAt(bytes, lineStart, stop, final)
    if (join !== null) {
      builder ??= new ViewBuilder(view, Math.min(bytes.length, 4096))
      if (join.next < 0) {
        open ??= Math.min(join.word, bytes.length)
        // What stands there already is looked at when the rest comes.
      } else {
        const end = copyChain(builder, bytes, { lineStart, done, first: join, final })
        if (end.open && !final) open ??= join.word
        done = end.at
        lineStart = end.lineStart
        if (lf >= 0 && lf < lineStart) lf = bytes.indexOf(LF, lineStart)
        if (cr >= 0 && cr < lineStart) cr = bytes.indexOf(CR, lineStart)
        continue
      }
    }
    lineStart = stop + 1
    if (stop === lf) lf = bytes.indexOf(LF, lineStart)
    else cr = bytes.indexOf(CR, lineStart)
  }
  if (builder === null) return null
  return builder.view('lines', { closed: true, newOnly: true, ...(open === undefined ? {} : { open }) })
}

interface Join {
  /** Start of the last word before the break. */
  readonly word: number
  /** Its end. */
  readonly end: number
  /** Where it goes on after the break; -1 when the text ends before that can be told. */
  readonly next: number
  /** How sure that is: `JOINED_…`. */
  readonly sure: number
}

/** Whether a word may go on after the break at `stop`. */
function joinAt(bytes: Uint8Array, lineStart: number, stop: number, final: boolean): Join | null {
  let end = stop
  if (end > lineStart && bytes[stop] === LF && bytes[end - 1] === CR) end--
  // A terminal that wraps writes a blank and a carriage return.
  if (end > lineStart && bytes[stop] === CR && bytes[end - 1] === 0x20) end--
  if (end > lineStart && bytes[end - 1] === 0x5c) end--
  let word = end
  const least = Math.max(lineStart, end - MAX_CHAIN_BYTES)
  while (word > least && WORD[bytes[word - 1]!] === 1) word--
  if (word === end) return null
  const content = contentStart(bytes, lineStart, end)
  const alone = word <= content
  if (end - lineStart < WIDE && end - word < LONG_WORD && !(alone && end - word >= MIN_ALONE)) return null
  const next = goesOn(bytes, lineStart, stop, final)
  if (next === null) return null
  if (next < 0) return { word, end, next, sure: JOINED_MAYBE }
  const nextEnd = wordEnd(bytes, next)
  if (end - word + (nextEnd - next) < MIN_JOINED) {
    return nextEnd === bytes.length && !final ? { word, end, next: -1, sure: JOINED_MAYBE } : null
  }
  if (startsAnew(bytes, next, nextEnd)) return null
  return { word, end, next, sure: sureOf(bytes, end - lineStart, next, nextEnd) }
}

/** How sure it is that a line of some width goes on with a word. */
function sureOf(bytes: Uint8Array, width: number, next: number, nextEnd: number): number {
  if (!isMade(bytes, next, nextEnd)) return JOINED_MAYBE
  if (nextEnd === bytes.length || lineStop(bytes, nextEnd) !== null) return JOINED_ALONE
  return width >= VERY_WIDE ? JOINED_WIDE : JOINED_MAYBE
}

/** Whether a word on a line's beginning is more likely part of something than a word. */
function isMade(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start >= LONG_MADE) return true
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (isDigit(byte) || byte === 0x2b || byte === 0x2f || byte === 0x3d || byte === 0x5f) return true
  }
  return false
}

/** Where the line after a break goes on: behind the break, blanks and a prefix both lines have. -1: not to be told yet; null: nowhere. */
function goesOn(bytes: Uint8Array, lineStart: number, stop: number, final: boolean): number | null {
  let at = stop + 1
  if (bytes[stop] === CR && bytes[at] === LF) at++
  at = blanksEnd(bytes, at)
  const first = bytes[blanksEnd(bytes, lineStart)]
  if (at < bytes.length && first !== undefined && PREFIX[first] === 1 && bytes[at] === first)
    at = blanksEnd(bytes, at + 1)
  if (at >= bytes.length) return final ? null : -1
  return WORD[bytes[at]!] === 1 ? at : null
}

/** Where a line's own text begins: behind blanks and a prefix. */
function contentStart(bytes: Uint8Array, lineStart: number, end: number): number {
  const at = blanksEnd(bytes, lineStart)
  return at < end && PREFIX[bytes[at]!] === 1 ? blanksEnd(bytes, at + 1) : at
}

function blanksEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++
  return at
}

function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from
  const most = Math.min(bytes.length, from + MAX_CHAIN_BYTES)
  while (at < most && WORD[bytes[at]!] === 1) at++
  return at
}

/** Whether a line's first word shows that it begins something of its own: a time, a level of klog, a key of YAML, a variable, a list item. */
function startsAnew(bytes: Uint8Array, at: number, end: number): boolean {
  if (isDigit(bytes[at]) && isDigit(bytes[at + 1])) {
    const third = bytes[at + 2]
    if (third === 0x3a) return true
    if (isDigit(third) && isDigit(bytes[at + 3]) && (bytes[at + 4] === 0x2d || bytes[at + 4] === 0x2f)) return true
  }
  const level = bytes[at]!
  if (
    end - at === 5 &&
    (level === 0x49 || level === 0x57 || level === 0x45 || level === 0x46) &&
    isDigit(bytes[at + 1]) &&
    isDigit(bytes[at + 4])
  )
    return true
  if (end - at === 1 && PREFIX[level] === 1) return true
  // A key of YAML: letters, then a colon at the word's end.
  if (bytes[end - 1] === 0x3a) return true
  // A variable: a name, `=`, and something that is no padding.
  let name = at
  while (name < end && isName(bytes[name]!)) name++
  if (name > at && name + 1 < end && bytes[name] === 0x3d && bytes[name + 1] !== 0x3d) return true
  return false
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function isName(byte: number): boolean {
  const lower = byte | 0x20
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte === 0x2e ||
    byte === 0x2d
  )
}

/** Copies a word and all it goes on with. Gives where the text was read to, and whether its end was open. */
function copyChain(
  builder: ViewBuilder,
  bytes: Uint8Array,
  chain: { readonly lineStart: number; readonly done: number; readonly first: Join; readonly final: boolean },
): { readonly at: number; readonly lineStart: number; readonly open: boolean } {
  const context = Math.max(chain.lineStart, chain.done, chain.first.word - CONTEXT_BYTES)
  builder.copy(context, chain.first.end)
  let copied = chain.first.end - chain.first.word
  let next = chain.first.next
  let lineStart = next
  builder.joint(chain.first.sure)
  for (;;) {
    const end = wordEnd(bytes, next)
    lineStart = lineBegin(bytes, next)
    copied += end - next
    const stop = lineStop(bytes, end)
    const join = copied < MAX_CHAIN_BYTES && stop !== null ? joinAt(bytes, lineStart, stop, chain.final) : null
    if (join === null || join.word > next || join.next < 0) {
      // The byte behind it ends the word.
      const after = Math.min(end + 1, bytes.length)
      builder.copy(next, after)
      builder.cut(after)
      const open = end === bytes.length || (join !== null && join.word <= next && join.next < 0)
      return { at: after, lineStart, open }
    }
    builder.copy(next, join.end)
    builder.joint(join.sure)
    next = join.next
  }
}

/** The line's beginning before an offset. */
function lineBegin(bytes: Uint8Array, at: number): number {
  let start = at
  while (start > 0 && bytes[start - 1] !== LF && bytes[start - 1] !== CR) start--
  return start
}

/** The break that a word ends at, over a blank or a backslash; null when something else stands behind it. */
function lineStop(bytes: Uint8Array, wordEnd: number): number | null {
  let at = wordEnd
  if (bytes[at] === 0x20) at++
  if (bytes[at] === CR && bytes[at + 1] === LF) return at + 1
  return bytes[at] === LF || bytes[at] === CR ? at : null
}
