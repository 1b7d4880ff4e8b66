// Whether a line goes on with the next one: something long was broken there, for its width or by a sign. In: a break. Out: what goes
// on where, and how sure that is. No I/O.

import { leadOf } from './lead.ts'
import { JOINED_ALONE, JOINED_MAYBE, JOINED_WIDE } from './view.ts'

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
/** What PEM, base64(1), fold(1), mail and terminals break lines at, in the middle of words. */
const USUAL = new Uint8Array(256)
for (const width of [64, 72, 76, 80, 100, 120, 128, 132]) USUAL[width] = 1
/** Nothing that is looked for runs on for longer. */
export const MAX_WORD_BYTES = 16 * 1024

export const LF = 0x0a
export const CR = 0x0d

/** Bytes that something broken over lines is made of: no blanks, quotes, brackets, commas. */
const WORD = new Uint8Array(256)
for (let byte = 0x21; byte < 256; byte++) WORD[byte] = 1
for (const sign of '"\'`(),;<>[]{}|') WORD[sign.charCodeAt(0)] = 0
WORD[0x7f] = 0

/** What quotes and diffs put before each line. */
const PREFIX = new Uint8Array(256)
for (const sign of '>+-|#*') PREFIX[sign.charCodeAt(0)] = 1

/** A line. */
export interface Line {
  readonly start: number
  /** How wide the line before it is; -1: there is none. */
  readonly before: number
}

/** What a line goes on with. */
export interface Join {
  /** How much of the line is what a log puts before each. */
  readonly lead: number
  /** The word stands alone on its line. */
  readonly alone: boolean
  /** Start of the last word before the break. */
  readonly word: number
  /** Its end. */
  readonly end: number
  /** Where it goes on after the break; -1 when the text ends before that can be told. */
  readonly next: number
  /** How sure that is: `JOINED_…`. */
  readonly sure: number
  /** The line was broken for its width, */
  readonly full: boolean
  /** which is this. */
  readonly width: number
  /** What goes on may be a name, or stand between a name and its value. */
  readonly named: boolean
}

/** What stands before a break. */
interface Break {
  readonly start: number
  /** How wide its line is, and the one before. */
  readonly width: number
  readonly before: number
  /** Where its own text begins. */
  readonly content: number
  /** The last word. */
  readonly word: number
  readonly end: number
  /** A quote opens right before it. */
  readonly quoted: boolean
  /** A backslash says that the line goes on. */
  readonly escaped: boolean
  /** The line has a usual width, or that of the line before, or a terminal wrapped it. */
  readonly usual: boolean
  /** A terminal wrapped it. */
  readonly wrapped: boolean
  /** Where the next line begins. */
  readonly behind: number
}

/** What stands before a break at `stop`; null when that is no word, or one too short to be part of something, and the line of no usual width. */
function breakAt(bytes: Uint8Array, { start, before }: Line, stop: number): Break | null {
  let end = stop
  if (end > start && bytes[stop] === LF && bytes[end - 1] === CR) end--
  // A terminal that wraps writes a blank and a carriage return.
  const blank = end > start && bytes[stop] === CR && bytes[end - 1] === 0x20
  const wraps = blank && bytes[stop + 1] !== LF
  const width = end - start - (wraps ? 1 : 0)
  if (blank) end--
  const wrapped = wraps && width >= WIDE && bytes[end - 1] !== 0x20
  const escaped = end > start && bytes[end - 1] === 0x5c
  if (escaped) end--
  let word = end
  const least = Math.max(start, end - MAX_WORD_BYTES)
  while (word > least && WORD[bytes[word - 1]!] === 1) word--
  const usual = wrapped || USUAL[width] === 1 || (width >= WIDE && before === width)
  if (word === end && !(usual && opens(bytes, start, end))) return null
  const content = contentStart(bytes, start, end)
  if (width < WIDE && end - word < LONG_WORD && (end - word < MIN_ALONE || word > content)) return null
  const quoted = word > start && isQuote(bytes[word - 1]!)
  const behind = bytes[stop] === CR && bytes[stop + 1] === LF ? stop + 2 : stop + 1
  return { start, width, before, content, word, end, quoted, escaped, usual, wrapped, behind }
}

/** Whether a word may go on after the break at `stop`. */
export function joinAt(bytes: Uint8Array, line: Line, stop: number, final: boolean): Join | null {
  const from = breakAt(bytes, line, stop)
  if (from === null) return null
  const { start, width, content, word, end, usual, behind } = from
  if (isAlike(bytes[start], bytes[behind])) {
    const lead = leadOf(bytes, start, end, behind)
    if (lead !== 0) return behindLead(bytes, from, lead, final)
  }
  const next = goesOn(bytes, start, behind, final) ?? (usual && closesName(bytes[behind]) ? behind : null)
  if (next === null) return null
  const escaped = from.escaped && next === behind
  // Behind as many blanks as stand before both lines.
  const indent = next - behind
  let full = escaped || usual || (indent > 0 && indent <= content - start && USUAL[width - indent] === 1)
  const alone = word <= content
  const waiting: Join = { lead: 0, alone, word, end, next: -1, sure: JOINED_MAYBE, full, width, named: false }
  if (next < 0) return waiting
  const nextEnd = wordEnd(bytes, next)
  const ends = nextEnd === bytes.length && !final
  const certain = from.wrapped || (full && (from.quoted || breaksName(bytes, word, end, next, nextEnd)))
  if (startsAnew(bytes, next, nextEnd, full, certain)) {
    // What it begins may be part of a word that is not there yet.
    return full && ends && nextEnd - behind <= width ? waiting : null
  }
  full ||= width >= WIDE && isEven(bytes, from, nextEnd)
  const named = full && mayBeName(bytes, from, next, nextEnd)
  if (!named && end - word + (nextEnd - next) < MIN_JOINED) return ends ? waiting : null
  const sure = sureOf(bytes, { ...from, escaped }, full, next, nextEnd)
  return { lead: 0, alone, word, end, next, sure, full, width, named }
}

/** Whether a line ends right before a value: with a blank, or a quote behind an operator. */
function opens(bytes: Uint8Array, start: number, end: number): boolean {
  let at = end - 1
  if (at >= start && isQuote(bytes[at]!)) at--
  else return at >= start && bytes[at] === 0x20
  while (at > start && (bytes[at] === 0x20 || bytes[at] === 0x5c)) at--
  return bytes[at] === 0x3a || bytes[at] === 0x3d || bytes[at] === 0x3e || bytes[at] === 0x2c
}

/** Whether a byte stands behind a name: a quote, a bracket. */
function closesName(byte: number | undefined): boolean {
  return byte !== undefined && (isQuote(byte) || byte === 0x5d || byte === 0x3e)
}

/** Whether two lines may begin alike, digits being as good as others. */
function isAlike(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && one > 0x20 && (one === other || (isDigit(one) && isDigit(other)))
}

/**
 * Whether a word goes on behind what a log puts before each line. A log has many lines, of any width: only where they were broken for
 * their width.
 */
function behindLead(bytes: Uint8Array, from: Break, lead: number, final: boolean): Join | null {
  const { start, width, word, end, behind } = from
  const waiting: Join = {
    lead: 0,
    alone: false,
    word,
    end,
    next: -1,
    sure: JOINED_MAYBE,
    full: true,
    width,
    named: false,
  }
  if (lead < 0) return final ? null : waiting
  if (word < start + lead) return null
  const next = behind + lead
  if (USUAL[width - lead] === 0 && (from.before !== width || width - lead < WIDE)) return null
  if (next >= bytes.length) return final ? null : waiting
  const nextEnd = wordEnd(bytes, next)
  const ends = nextEnd === bytes.length && !final
  if (!ends && startsAnew(bytes, next, nextEnd, true, from.quoted)) return null
  const sure = sureOf(bytes, from, true, next, nextEnd)
  if (sure !== JOINED_ALONE && !ends) return null
  const alone = word <= contentStart(bytes, start + lead, end)
  return { lead, alone, word, end, next, sure, full: true, width, named: mayBeName(bytes, from, next, nextEnd) }
}

/** Whether a word that goes on at `next` may be a name, or stand between a name and its value: an operator or a sign is near. */
function mayBeName(bytes: Uint8Array, { word, end: wordsEnd }: Break, next: number, end: number): boolean {
  if (word === wordsEnd) return true
  const follows = bytes[end]
  if (follows !== undefined && follows !== 0x20 && follows !== LF && follows !== CR) return true
  for (let i = next; i < end; i++) if (bytes[i] === 0x3d || bytes[i] === 0x3a) return true
  let before = word - 1
  while (before > 0 && bytes[before] === 0x20) before--
  return bytes[word] === 0x2d || bytes[before] === 0x3a || bytes[before] === 0x3d
}

/** Whether the next line is one word, and as wide. */
function isEven(bytes: Uint8Array, { width, behind }: Break, nextEnd: number): boolean {
  return nextEnd - behind === width && lineStop(bytes, nextEnd) !== null
}

/** How sure it is that a line goes on with a word. `full`: it was broken for its width. */
function sureOf(bytes: Uint8Array, from: Break, full: boolean, next: number, nextEnd: number): number {
  if (from.escaped) return JOINED_ALONE
  const made = isMade(bytes, next, nextEnd)
  const alone = nextEnd === bytes.length || lineStop(bytes, nextEnd) !== null
  if (made && alone) return JOINED_ALONE
  // A quote that is closed where the word ends.
  const follows = bytes[nextEnd] === 0x5c ? bytes[nextEnd + 1] : bytes[nextEnd]
  if (from.quoted && follows === bytes[from.word - 1]) return JOINED_ALONE
  if (full && (made || alone || (follows !== 0x20 && follows !== 0x09))) return JOINED_ALONE
  return made && from.width >= VERY_WIDE ? JOINED_WIDE : JOINED_MAYBE
}

function isQuote(byte: number): boolean {
  return byte === 0x22 || byte === 0x27 || byte === 0x60
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

/** Where the line after a break goes on: behind blanks and a prefix both lines have. -1: not to be told yet; null: nowhere. */
function goesOn(bytes: Uint8Array, lineStart: number, behind: number, final: boolean): number | null {
  let at = blanksEnd(bytes, behind)
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

export function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from
  const most = Math.min(bytes.length, from + MAX_WORD_BYTES)
  while (at < most && WORD[bytes[at]!] === 1) at++
  return at
}

/**
 * Whether a line's first word shows that it begins something of its own: a time, a level of klog, a key of YAML, a variable, a list
 * item. `full`: the line before was broken for its width, so that part of a credential may look like one; `certain`: it is no name.
 */
function startsAnew(bytes: Uint8Array, at: number, end: number, full: boolean, certain: boolean): boolean {
  if (at === end) return false
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
  if (certain) return false
  // A key of YAML: letters, then a colon at the word's end.
  if (end - at > 1 && bytes[end - 1] === 0x3a && !(full && bytes.subarray(at, end - 1).includes(0x3a))) return true
  // A variable: a name, `=`, and something that is no padding.
  let name = at
  while (name < end && isName(bytes[name]!)) name++
  if (name > at && name + 1 < end && bytes[name] === 0x3d && bytes[name + 1] !== 0x3d)
    return !(full && isJumble(bytes, at, name))
  return false
}

/** Longest part of a name that says secret, on either side of a break. */
const MAX_PART = 9
const SAYS_SECRET = /pass(?:word|wd|phrase)?|pwd|secret|token|credential|api_?key/gi

/** Whether a word that says secret was broken over two lines. */
function breaksName(bytes: Uint8Array, word: number, end: number, next: number, nextEnd: number): boolean {
  const from = Math.max(word, end - MAX_PART)
  const to = Math.min(nextEnd, next + MAX_PART)
  let text = ''
  for (let i = from; i < end; i++) text += String.fromCharCode(bytes[i]!)
  for (let i = next; i < to; i++) text += String.fromCharCode(bytes[i]!)
  const at = end - from
  for (const said of text.matchAll(SAYS_SECRET)) {
    if (said.index < at && said.index + said[0].length > at) return true
  }
  return false
}

/** Whether a small letter follows a digit: no variable's name. */
function isJumble(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start + 1; i < end; i++) {
    if (isDigit(bytes[i - 1]) && bytes[i]! >= 0x61 && bytes[i]! <= 0x7a) return true
  }
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

/** The break that a word ends at, over a blank or a backslash; null when something else stands behind it. */
export function lineStop(bytes: Uint8Array, wordEnd: number): number | null {
  let at = wordEnd
  if (bytes[at] === 0x20) at++
  if (bytes[at] === CR && bytes[at + 1] === LF) return at + 1
  return bytes[at] === LF || bytes[at] === CR ? at : null
}
