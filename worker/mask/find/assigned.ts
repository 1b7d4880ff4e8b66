// The value behind a name that says secret, or behind the scheme of an authorization header. In: where it begins. Out: where it ends,
// or that it is none. No I/O.

import {
  BASE64URL,
  BLANK,
  blanksEnd,
  DIGIT,
  LETTER,
  latin,
  lower,
  MAX_BLANKS,
  NAME,
  QUOTE,
  SPACE,
  standsAt,
} from './bytes.ts'
import { isBasic, isSecret, MIN_RANDOM, type Operator } from './judgement.ts'
import type { NameKind } from './names.ts'
import { excuseOf } from './stopwords.ts'

/** A value is judged by so many bytes of its beginning. Stops a long run of bytes from being judged again for each keyword in it. */
const MAX_JUDGED = 1024
/** A value that goes on longer is cut off here. Stops a stream without a blank from being held back as one. */
const MAX_VALUE = 256 * 1024
/** Brackets and separators behind a value that belong to what is around it. */
const MAX_CLOSING = 8
/** Backslashes in front of a quote: a text in a text in a text. */
const MAX_ESCAPES = 8
/** Lookahead after a separator in an unquoted value: whether another pair begins. */
const MAX_PAIR_NAME = 80

/** What was found behind a keyword. */
export interface Assigned {
  /** -1: nothing. */
  readonly start: number
  readonly end: number
  /** From where more text could change it; -1: nothing could. */
  readonly open: number
  /** Where the name ends: another keyword in front of it says the same. */
  readonly nameEnd: number
  readonly work: number
  readonly rule: 'password' | 'secret'
}

const BACKSLASH = 0x5c
const DASH = 0x2d
const LF = 0x0a

/** Puts together what was found; `start` -1: nothing. */
export function result(
  start: number,
  end: number,
  open: number,
  nameEnd: number,
  work: number,
  kind: NameKind = 'secret',
): Assigned {
  return { start, end, open, nameEnd, work, rule: kind === 'password' ? 'password' : 'secret' }
}

const SCHEMES = 'bearer basic token apikey digest negotiate bot key geniekey splunk ssws'.split(' ')
/** By the byte they begin with, in lower case. */
const SCHEMES_BY_FIRST = Array.from({ length: 256 }, (_, byte) =>
  SCHEMES.filter((scheme) => scheme.charCodeAt(0) === byte),
)
const MAX_SCHEME = 10

/** Where what follows the scheme of an authorization header begins; `from` when it names none. */
function behindScheme(bytes: Uint8Array, from: number): number {
  const limit = Math.min(bytes.length, from + MAX_SCHEME)
  let at = from
  while (at < limit && LETTER[bytes[at]!] === 1) at++
  if (at >= bytes.length || BLANK[bytes[at]!] === 0 || at === from) return from
  const schemes = SCHEMES_BY_FIRST[bytes[from]! | 0x20]!
  return schemes.some(({ length }, n) => length === at - from && standsAt(bytes, from, schemes[n]!))
    ? blanksEnd(bytes, at)
    : from
}

/** What a value may stand in: an optional one of Rust, binaries of Erlang, a block of XML or of Lua, a string of PHP with its length. */
const OPENINGS: readonly string[] = ['some(', 'just ', '<<', '<![cdata[', '[[', 'string(', 'string ']
const MAX_OPENING = 24

/** Behind what opens a value, if anything does; -1 when the text ends before that can be told. */
function behindOpening(bytes: Uint8Array, from: number): number {
  const first = bytes[from]!
  if (first !== 0x3c && first !== 0x5b && LETTER[first] === 0) return from
  const length = bytes.length
  for (const opening of OPENINGS) {
    let same = 0
    while (same < opening.length && from + same < length && lower(bytes[from + same]!) === opening.charCodeAt(same))
      same++
    if (same < opening.length) {
      // A single letter or bracket may be anything.
      if (from + same === length && same > 1) return -1
      continue
    }
    let at = from + same
    if (opening === 'string(') {
      while (at < length && DIGIT[bytes[at]!] === 1) at++
      if (at + 1 >= length) return -1
      if (bytes[at] !== 0x29 || bytes[at + 1] !== 0x20) return from
      at += 2
    }
    if (at >= length) return -1
    return opening === '[[' || opening === '<![cdata[' || QUOTE[bytes[at]!] === 1 ? at : from
  }
  return from
}

/** Reads the value that begins at `from`. */
export function valueAt(
  bytes: Uint8Array,
  from: number,
  kind: NameKind,
  operator: Operator,
  name: { start: number; end: number },
): Assigned {
  const length = bytes.length
  let at = from
  let quote = -1
  if (operator === 'colon' && (bytes[at] === 0x7c || bytes[at] === 0x3e)) {
    // A block of YAML: its first line.
    let line = at + 1
    while (line < length && line < at + MAX_BLANKS && (SPACE[bytes[line]!] === 1 || bytes[line] === DASH)) line++
    if (line >= length) return result(-1, -1, at, name.end, line - name.start)
    if (bytes[at + 1] === LF || bytes[at + 2] === LF) at = line
  }
  const opened = behindOpening(bytes, at)
  if (opened < 0) return result(-1, -1, at, name.end, MAX_OPENING)
  at = opened
  // Prefixes of string literals: b'…', r"…", @"…".
  if (at + 1 < length && QUOTE[bytes[at + 1]!] === 1 && 'brfunBRFUN@$'.includes(String.fromCharCode(bytes[at]!))) at++
  // Quotes of a text that stands escaped in another: \", \\\".
  let behind = at
  while (behind < length && behind < at + MAX_ESCAPES && bytes[behind] === BACKSLASH) behind++
  if (behind >= length) return result(-1, -1, at, name.end, behind - name.start)
  const escaped = behind > at && QUOTE[bytes[behind]!] === 1
  if (escaped) at = behind
  // Nothing on this line: a line end that stands escaped.
  else if (behind > at && (bytes[behind] === 0x6e || bytes[behind] === 0x72)) {
    return result(-1, -1, -1, name.end, behind - name.start)
  }
  if (QUOTE[bytes[at]!] === 1) {
    quote = bytes[at]!
    at++
    const first = at
    while (at < length && bytes[at] === quote && at < from + 6) at++
    // Three quotes: the text may begin on the next line.
    if (at === first + 2) while (at < length && SPACE[bytes[at]!] === 1 && at < first + MAX_BLANKS) at++
  }
  const none = (open: number, work: number): Assigned => result(-1, -1, open, name.end, work)
  if (at >= length) return none(length, at - name.start)
  // An authorization header names its scheme first.
  const behindIt = behindScheme(bytes, at)
  const scheme = behindIt > at
  at = behindIt
  if (at >= length) return none(length, at - name.start)
  const start = at
  const limit = Math.min(length, start + MAX_JUDGED)
  let touched = false
  if (quote >= 0) {
    at = quotedEnd(bytes, at, limit, quote, escaped)
    // A quote that is not closed on its line was none: the value ends at a blank.
    if (at < limit && bytes[at] !== quote && !(escaped && bytes[at] === BACKSLASH)) {
      at = start
      while (at < limit && SPACE[bytes[at]!] === 0) at++
    }
    touched = at >= length
  } else {
    for (; at < limit; at++) {
      const byte = bytes[at]!
      if (SPACE[byte] === 1 || QUOTE[byte] === 1 || (operator === 'element' && endsElement(bytes, at))) break
      // What began behind a sign of HTML ends before the next: &quot;v&quot;, &gt;v&lt;
      if (byte === 0x26 && bytes[start - 1] === 0x3b && isSign(bytes, at)) break
      if (byte === 0x2c || byte === 0x3b || byte === 0x26) {
        const ends = separatorEnds(bytes, at, byte)
        if (ends === 'open') {
          touched = true
          break
        }
        if (ends === 'yes') break
      }
    }
    touched = touched || at >= length
    if (!touched && QUOTE[bytes[at]!] === 1) while (at > start && bytes[at - 1] === BACKSLASH) at--
    // What closes a call or an object around it.
    for (let closing = 0; closing < MAX_CLOSING && at > start && closes(bytes, start, at); closing++) at--
  }
  // Whether a word is a password or begins a sentence is told by what follows.
  if (quote < 0 && operator === 'colon' && kind === 'password' && mayGoOn(bytes, at)) touched = true
  const work = 4 * (at - name.start) + 16
  const open = touched ? start : -1
  const how = { quoted: quote >= 0, operator, scheme, bare: name.end - name.start === 4 }
  if (at <= start || !isSecret(bytes, start, at, kind, how)) return none(open, work)
  if (at < limit || limit === length) return result(start, at, open, name.end, work, kind)
  // Judged by its beginning; all of it is masked.
  const longest = Math.min(length, start + MAX_VALUE)
  if (quote >= 0) at = quotedEnd(bytes, at, longest, quote, escaped)
  else while (at < longest && SPACE[bytes[at]!] === 0 && QUOTE[bytes[at]!] === 0) at++
  return result(start, at, at >= length ? start : -1, name.end, work + (at - limit), kind)
}

/** Whether more text could tell if another word follows behind blanks, and whether that is a name. */
function mayGoOn(bytes: Uint8Array, from: number): boolean {
  const start = blanksEnd(bytes, from)
  if (start >= bytes.length || start === from) return start >= bytes.length
  let at = start
  while (at < bytes.length && at < start + MAX_PAIR_NAME && NAME[bytes[at]!] === 1) at++
  return at > start && at + 1 >= bytes.length
}

/** Whether a quote or a bracket of HTML stands at `at`. */
function isSign(bytes: Uint8Array, at: number): boolean {
  return SIGNS.some((sign) => standsAt(bytes, at, sign))
}

const SIGNS: readonly string[] = ['&quot;', '&lt;', '&#34;', '&#39;', '&#x27;', '&apos;']

function endsElement(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x3c || (bytes[at] === 0x5d && bytes[at + 1] === 0x5d && bytes[at + 2] === 0x3e)
}

/** Where the quote that ends a value stands, or its line ends. */
function quotedEnd(bytes: Uint8Array, from: number, limit: number, quote: number, escaped: boolean): number {
  let at = from
  while (at < limit && bytes[at] !== quote && bytes[at] !== LF) {
    if (bytes[at] === BACKSLASH) {
      if (escaped) return at
      at++
    }
    at++
  }
  return Math.min(at, limit)
}

/** Whether the byte before `end` closes something that was opened before `start`. */
function closes(bytes: Uint8Array, start: number, end: number): boolean {
  const byte = bytes[end - 1]!
  if (byte === 0x2c || byte === 0x3b) return true
  const opening = byte === 0x29 ? 0x28 : byte === 0x5d ? 0x5b : byte === 0x7d ? 0x7b : 0
  if (opening === 0) return false
  const lowest = Math.max(start, end - 256)
  for (let i = end - 2; i >= lowest; i--) if (bytes[i] === opening) return false
  return true
}

/** Whether `,`, `;` or `&` at `at` ends a value: another pair, a blank or the end of the line follows. */
function separatorEnds(bytes: Uint8Array, at: number, byte: number): 'yes' | 'no' | 'open' {
  let i = at + 1
  if (i >= bytes.length) return 'open'
  if (SPACE[bytes[i]!] === 1 || QUOTE[bytes[i]!] === 1 || bytes[i] === byte || bytes[i] === BACKSLASH) return 'yes'
  if (byte === 0x26 && (standsAt(bytes, i, 'amp;') || standsAt(bytes, i, 'lt;/'))) return 'yes'
  const limit = Math.min(bytes.length, i + MAX_PAIR_NAME)
  while (i < limit && (NAME[bytes[i]!] === 1 || (byte === 0x3b && bytes[i] === 0x20))) i++
  if (i >= bytes.length) return 'open'
  return i > at + 1 && (bytes[i] === 0x3d || bytes[i] === 0x3a) ? 'yes' : 'no'
}

/** `Bearer …`, `Basic …` without a name in front. @param end where the scheme and one blank end */
export function schemeAt(bytes: Uint8Array, end: number, basic: boolean): Assigned {
  const start = blanksEnd(bytes, end)
  let at = start
  const limit = Math.min(bytes.length, start + MAX_VALUE)
  while (
    at < limit &&
    (BASE64URL[bytes[at]!] === 1 ||
      bytes[at] === 0x2e ||
      bytes[at] === 0x2b ||
      bytes[at] === 0x2f ||
      bytes[at] === 0x7e ||
      bytes[at] === 0x3d)
  )
    at++
  const open = at >= bytes.length ? start : -1
  const work = at - end + 8
  const text = latin(bytes, start, Math.min(at, start + 512))
  const none = result(-1, -1, open, end, work)
  if (basic) {
    if (at - start < 6 || !isBasic(text)) return none
  } else if (
    at - start < MIN_RANDOM ||
    excuseOf(text) !== 'none' ||
    !isSecret(bytes, start, at, 'secret', { quoted: false, operator: 'blank', scheme: true })
  )
    return none
  return result(start, at, open, end, work + (at - start))
}
