// Values that stand beside a name without `=` or `:` between them: in a row of a table, on a line of a configuration file, in the
// element of XML that follows, in a call, behind an arrow. In: where the name ends. Out: where the value begins. No I/O.

import { BLANK, blanksEnd, DIGIT, LETTER, latin, NAME, QUOTE, SPACE, setOf, standsAt } from './bytes.ts'
import { behindTag, isTag, nextElement } from './element.ts'
import type { Operator } from './judgement.ts'
import { at, type Beside, NO, open } from './place.ts'

const LF = 0x0a
const CR = 0x0d
const BAR = 0x7c
const MAX_BETWEEN = 96
/** How far in front of a row the line stands that parts a table's head from its rows. */
const MAX_TABLE = 512

/** Functions that are asked by a name, or told a word to look at, and set nothing. */
const ASKS =
  /(?:^|[._])(?:get|find|read|load|fetch|look|is|has|check|valid|verif|hash|crypt|encrypt|decrypt|encode|decode|compare|match|test|ask|prompt|input|show|hide|remove|delete|del|unset|gen|make|new|forgot|reset|expect|assert|parse|by|print|log|confirm|require|filter)/i

/** `.password("v")`, `setPassword('v')`, `PASSWORD('v')`: what stands in the bracket, if the name asks for nothing. */
function argument(bytes: Uint8Array, name: { start: number; end: number }): Beside {
  let i = name.end + 1
  if (i + 1 >= bytes.length) return open(bytes.length)
  // N'…', b"…"
  if (QUOTE[bytes[i + 1]!] === 1 && (bytes[i]! | 0x20) === 0x6e) i++
  if (QUOTE[bytes[i]!] !== 1 || bytes[i] === bytes[i + 1]) return NO
  const called = latin(bytes, name.start, name.end)
  const last = called.slice(called.lastIndexOf('.') + 1)
  return ASKS.test(last) ? NO : at(i, 'call', { word: true })
}

/** `password -> v`, `"password" to "v"`, `(password . "v")`: `from` is where what stands between them begins. */
function arrow(bytes: Uint8Array, from: number, quotedName: boolean): Beside {
  const length = bytes.length
  const isTo = quotedName && standsAt(bytes, from, 'to ')
  const isDot = bytes[from] === 0x2e && BLANK[bytes[from + 1] ?? 0] === 1
  const isArrow = bytes[from] === 0x2d && bytes[from + 1] === 0x3e
  if (!isTo && !isDot && !isArrow) return NO
  const value = blanksEnd(bytes, from + (isDot ? 1 : 2))
  if (value >= length) return open(length)
  if (QUOTE[bytes[value]!] === 1) return at(value, 'assign')
  return isArrow ? at(value, 'prose') : NO
}

/** `{password, "v"}`, `{password, <<"v">>}` of Erlang; the comma stands at `from`. */
function tuple(bytes: Uint8Array, nameStart: number, from: number): Beside {
  if (bytes[nameStart - 1] !== 0x7b) return NO
  const value = blanksEnd(bytes, from + 1)
  if (value >= bytes.length) return open(bytes.length)
  return QUOTE[bytes[value]!] === 1 || standsAt(bytes, value, '<<"') ? at(value, 'call') : NO
}

/** What redis-cli prints of pairs (`1) "name"`, `2) "v"`), and what Subversion keeps of them (`V 7` between); a line ends at `from`. */
function nextLine(bytes: Uint8Array, from: number, quotedName: boolean): Beside {
  const length = bytes.length
  let i = bytes[from] === CR ? from + 2 : from + 1
  const limit = Math.min(length, i + MAX_BETWEEN)
  if (!quotedName) {
    if (i >= length) return open(length)
    if (bytes[i] !== 0x56) return NO
    if (i + 1 >= length) return open(length)
    if (bytes[i + 1] !== 0x20) return NO
    i += 2
    const first = i
    while (i < limit && DIGIT[bytes[i]!] === 1) i++
    if (i >= length) return open(length)
    return i > first && bytes[i] === LF ? (i + 1 < length ? at(i + 1, 'assign') : open(length)) : NO
  }
  while (i < limit && BLANK[bytes[i]!] === 1) i++
  const first = i
  while (i < limit && DIGIT[bytes[i]!] === 1) i++
  if (i + 2 >= length) return open(length)
  return i > first && bytes[i] === 0x29 && bytes[i + 1] === 0x20 && bytes[i + 2] === 0x22 ? at(i + 2, 'assign') : NO
}

/** A bar between two cells, of ASCII or a line of Unicode: how many bytes it has; 0 when none stands there. */
function barAt(bytes: Uint8Array, i: number): number {
  if (bytes[i] === BAR) return bytes[i + 1] === BAR || bytes[i + 1] === 0x3d ? 0 : 1
  return bytes[i] === 0xe2 && bytes[i + 1] === 0x94 && (bytes[i + 2] === 0x82 || bytes[i + 2] === 0x83) ? 3 : 0
}

/** Columns are seldom called otherwise; commands that print something into a pipe are. */
const PLAIN = /^\w+$/

/** The cell behind the one with the name; `from` is behind the blanks that follow it. */
function nextCell(bytes: Uint8Array, name: { start: number; end: number }, from: number): Beside {
  const bar = barAt(bytes, from)
  if (bar === 0) return bytes[from] === 0xe2 && from + 2 >= bytes.length ? open(bytes.length) : NO
  let value = blanksEnd(bytes, from + bar)
  if (value >= bytes.length) return open(bytes.length)
  const first = beginsLine(bytes, name.start)
  const isPlain = PLAIN.test(latin(bytes, name.start, name.end))
  if (first && isPlain && lineEndsBehindWord(bytes, value)) return at(value, 'blank', { alone: true })
  if (!beginsCell(bytes, name.start)) return NO
  // Of what is set as code in a table for people, only what looks made.
  if (bytes[value] === 0x60) value++
  return at(value, 'prose')
}

/** Whether a cell begins with what stands at `start`: a bar, blanks and quotes in front of it, and a bar at the line's beginning. */
function beginsCell(bytes: Uint8Array, start: number): boolean {
  let i = start
  const lowest = Math.max(0, start - MAX_ROW)
  while (i > lowest && (BLANK[bytes[i - 1]!] === 1 || QUOTE[bytes[i - 1]!] === 1)) i--
  if (i === start || !isBarEnd(bytes[i - 1]!)) return false
  let first = i - 1
  for (; i > lowest && bytes[i - 1] !== LF; i--) if (BLANK[bytes[i - 1]!] === 0) first = i - 1
  return isBarEnd(bytes[first]!) || bytes[first] === 0xe2
}

/** How far in front of a cell its row may begin. */
const MAX_ROW = 160

function isBarEnd(byte: number): boolean {
  return byte === BAR || byte === 0x82 || byte === 0x83
}

/** What stands in front of a name that is set by a command, in lower case. */
const SETTERS: readonly string[] = [
  'setenv ',
  'setx ',
  'configure set ',
  'config set ',
  'set_header ',
  'add_header ',
  'fastcgi_param ',
]
/** `set -x NAME v` of fish. */
const FISH_SET = 'set -'
const MAX_FLAGS = 4
/** A line of a Dockerfile. */
const ENV = 'env '

/** `set -gx NAME v`, `setenv NAME v`, `ENV NAME v`, `proxy_set_header NAME v;`. */
function isSet(bytes: Uint8Array, nameStart: number): boolean {
  if (bytes[nameStart - 1] !== 0x20) return false
  if (standsAt(bytes, nameStart - ENV.length, ENV) && beginsLine(bytes, nameStart - ENV.length)) return true
  let flags = nameStart - 1
  while (flags > nameStart - 1 - MAX_FLAGS && LETTER[bytes[flags - 1] ?? 0] === 1) flags--
  if (standsAt(bytes, flags - FISH_SET.length, FISH_SET)) return true
  return SETTERS.some((setter) => standsAt(bytes, nameStart - setter.length, setter))
}

const MIN_LINE_NAME = 5

/** A name at the beginning of a line and one word: `bindpw v`, rows of what prints names and values in columns. */
export function lineOf(bytes: Uint8Array, name: { start: number; end: number }, value: number): Beside {
  // PASS src/web.test.js
  if (name.end - name.start < MIN_LINE_NAME || !beginsLine(bytes, name.start)) return NO
  if (!lineEndsBehindWord(bytes, value)) return NO
  if (isBelowRule(bytes, name.start)) return at(value, 'blank', { alone: true })
  return at(value, 'prose', { alone: true })
}

/** Whether only one word and blanks follow on the line; yes, too, when the text ends before that can be told. */
function lineEndsBehindWord(bytes: Uint8Array, from: number): boolean {
  let i = from
  while (i < bytes.length && i < from + MAX_TABLE && SPACE[bytes[i]!] === 0 && bytes[i] !== BAR) i++
  return endsLine(bytes, i)
}

/** Whether only blanks follow, as far as there is text. */
export function endsLine(bytes: Uint8Array, from: number): boolean {
  let i = from
  while (i < bytes.length && BLANK[bytes[i]!] === 1) i++
  return i >= bytes.length || bytes[i] === LF || bytes[i] === CR
}

/** Whether a table's head is parted from its rows a few lines above: `---     -----`, as vault prints. */
function isBelowRule(bytes: Uint8Array, start: number): boolean {
  const lowest = Math.max(0, start - MAX_TABLE)
  for (let i = start - 2; i >= lowest; i--) {
    if (bytes[i] !== LF) continue
    if (bytes[i + 1] === LF) return false
    if (bytes[i + 1] === 0x2d && bytes[i + 2] === 0x2d)
      return RULE.test(latin(bytes, i + 1, Math.min(start, i + 1 + MAX_BETWEEN)))
  }
  return false
}

const RULE = /^-{2,} {2,}-{2,}/

/** Whether only blanks stand in front of `start` on its line. */
function beginsLine(bytes: Uint8Array, start: number): boolean {
  let i = start
  const lowest = Math.max(0, start - 32)
  while (i > lowest && BLANK[bytes[i - 1]!] === 1) i--
  return i === 0 || bytes[i - 1] === LF
}

/** What stands beside a name without an operator; null when nothing does. */
export function besideOf(
  bytes: Uint8Array,
  name: { start: number; end: number },
  closed: number,
  from: number,
  quotedName: boolean,
): Beside | null {
  const byte = bytes[from]!
  const beside =
    byte === 0x3c
      ? nextElement(bytes, from)
      : byte === 0x26 || (byte > 0x20 && from > closed && bytes[name.start - 1] !== 0x20 && isTag(bytes, name.start))
        ? behindTag(bytes, name, from)
        : byte === 0x28 && from === name.end
          ? argument(bytes, name)
          : byte === 0x2c && !quotedName
            ? tuple(bytes, name.start, from)
            : byte === LF || byte === 0x0d
              ? nextLine(bytes, from, quotedName)
              : (from > closed || quotedName) && (byte === 0x2d || byte === 0x2e || byte === 0x74)
                ? arrow(bytes, from, quotedName)
                : byte === 0x7c || byte === 0xe2
                  ? nextCell(bytes, name, from)
                  : from > closed && !quotedName && isSet(bytes, name.start)
                    ? at(from, 'blank')
                    : null
  return beside === null || beside.kind === 'no' ? null : beside
}

const MAX_FALLBACK = 160
/** What ends what is looked up: another value may follow. */
const STOPS = setOf(/[\n,;#&{}]/)
/** A value that stands for what is looked up first, or behind its type: `process.env.X || '…'`, `PASSWORD: str = "…"`. */
const FALLBACK = /^[A-Za-z_$(@][^"'`]*(?:(["'])[\w.-]+\1[^"'`]*)?(?:\|\||\?\?| or) *(?=["'`])/
const TYPED = /^&?(?:'static +|mut +)?[A-Za-z][\w.<>[\]?|]*(?: *\| *\w+)? *= *(?=["'`])/

/** What stands for a value in place of one that is looked up: where it begins, and how much was looked at. */
export function fallback(bytes: Uint8Array, from: number, operator: Operator): Beside & { readonly work: number } {
  const first = bytes[from] === 0x26 ? from + 1 : from
  const limit = Math.min(bytes.length, first + MAX_FALLBACK)
  let end = first
  let may = false
  while (end < limit && STOPS[bytes[end]!] === 0) {
    const byte = bytes[end++]!
    if ((byte === BAR || byte === 0x3f) && bytes[end] === byte) may = true
    if (byte === 0x72 && bytes[end] === 0x20 && bytes[end - 2] === 0x6f) may = true
    if (byte === 0x3d && operator === 'colon') may = true
  }
  const work = end - from
  if (!may) return { ...NO, work }
  const line = latin(bytes, from, end)
  const found = (operator === 'colon' ? TYPED.exec(line) : null) ?? FALLBACK.exec(line)
  if (found === null) return { ...NO, work: 2 * work }
  return { ...at(from + found[0].length, 'call', { word: true }), work: 2 * work }
}

/** What opens a value that is none as it stands, and what closes it. */
const QUOTES: readonly string[] = ['&quot;', '&#34;', '&#39;', '&#x27;', '&apos;']
const BRACKETS: Readonly<Record<number, string>> = { 91: ']', 123: '}', 60: '>' }
const MAX_TAG = 40

/** Behind a quote of HTML, or where it is when none stands there. */
export function behindQuote(bytes: Uint8Array, from: number): number {
  const quote = QUOTES.find((text) => standsAt(bytes, from, text))
  return quote === undefined ? from : from + quote.length
}

/** What a value stands in, without the `;` that ends it; `quotes`: however poor it looks, it is one. */
export interface Inner {
  readonly start: number
  readonly closes: string
  readonly quotes: boolean
}

/** Where the value begins in brackets, in a quote of HTML, or behind an anchor of YAML; null: it stands in none. */
export function innerOf(bytes: Uint8Array, from: number): Inner | null {
  const closes = BRACKETS[bytes[from]!]
  if (closes !== undefined) return { start: from + 1, closes, quotes: false }
  if (bytes[from] !== 0x26) return null
  const quote = QUOTES.find((text) => standsAt(bytes, from, text))
  if (quote !== undefined) return { start: from + quote.length, closes: quote.slice(0, -1), quotes: true }
  let i = from + 1
  while (i < bytes.length && i < from + MAX_TAG && NAME[bytes[i]!] === 1) i++
  if (i >= bytes.length) return { start: i, closes: '', quotes: false }
  const value = blanksEnd(bytes, i)
  return value > i && bytes[value] !== LF && bytes[value] !== CR && bytes[value] !== 0x23
    ? { start: value, closes: '', quotes: false }
    : null
}
