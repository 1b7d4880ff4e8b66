// Secrets assigned to a name that says so: `password=…`, `"apiKey": "…"`, `--token …`, `<secret>…</secret>`, HTTP headers, netrc.
// In: where a keyword ends. Out: the value to mask. No I/O.

import { ALNUM, BASE64URL, BLANK, DIGIT, LETTER, latin, lower, NAME, QUOTE, SPACE, standsAt, WORD } from './bytes.ts'
import { entropyOf, isJumbled } from './entropy.ts'
import type { NameKind } from './names.ts'
import { excuseOf } from './stopwords.ts'

/** Words that a name which says secret has. Each of them is looked at by the automaton; what the whole name says decides names.ts. */
export const KEYWORDS: readonly string[] = [
  'pass',
  'pwd',
  'passwort',
  'kennwort',
  'contrasena',
  'senha',
  'secret',
  'token',
  'credential',
  'cred',
  'auth',
  'key',
  'sess',
  'cookie',
  'dockerconfigjson',
  'pw',
  'psw',
  'otp',
  'nonce',
  'signature',
  'sig=',
  'salt',
  'dsn',
  'seed',
  'mnemonic',
  'pat=',
  '_pat',
]

/** Longest name that is looked at, on either side of its keyword. */
const MAX_NAME_SIDE = 64
/** A value is judged by so many bytes of its beginning. Stops a long run of bytes from being judged again for each keyword in it. */
const MAX_JUDGED = 1024
/** A value that goes on longer is cut off here. Stops a stream without a blank from being held back as one. */
const MAX_VALUE = 256 * 1024
/** Brackets and separators behind a value that belong to what is around it. */
const MAX_CLOSING = 8
/** Backslashes in front of a quote: a text in a text in a text. */
const MAX_ESCAPES = 8
/** Blanks between a name, its operator and the value. */
const MAX_BLANKS = 32
const MIN_SECRET = 8
const MIN_WEAK = 12
/** What looks made only by its digits has to be longer. */
const MIN_RANDOM = 16
const MIN_PASSWORD = 3
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

function result(
  start: number,
  end: number,
  open: number,
  nameEnd: number,
  work: number,
  kind: NameKind = 'secret',
): Assigned {
  return { start, end, open, nameEnd, work, rule: kind === 'password' ? 'password' : 'secret' }
}

/** The end of blanks from `at` on. */
function blanksEnd(bytes: Uint8Array, at: number): number {
  const limit = Math.min(bytes.length, at + MAX_BLANKS)
  let i = at
  while (i < limit && BLANK[bytes[i]!] === 1) i++
  return i
}

/** The name around `[start, end)`. */
function nameAround(bytes: Uint8Array, start: number, end: number): { start: number; end: number } {
  let from = start
  const lowest = Math.max(0, start - MAX_NAME_SIDE)
  while (from > lowest && NAME[bytes[from - 1]!] === 1) from--
  let to = end
  const highest = Math.min(bytes.length, end + MAX_NAME_SIDE)
  while (to < highest && NAME[bytes[to]!] === 1) to++
  return { start: from, end: to }
}

type Operator = 'assign' | 'colon' | 'blank' | 'element' | 'call' | 'prose'

/** Looks at what follows the keyword `bytes[start..end)`. `judge` says what a name means. */
export function assignedAt(bytes: Uint8Array, start: number, end: number, judge: (name: string) => NameKind): Assigned {
  const name = nameAround(bytes, start, end)
  const length = bytes.length
  let at = name.end
  const nothing = (work: number): Assigned => result(-1, -1, -1, name.end, work)
  const waiting = (work: number): Assigned => result(-1, -1, length, name.end, work)
  const spent = (): number => at - name.start + 4
  if (at >= length) return waiting(spent())

  // What closes the name: a quote, a bracket.
  let quotedName = false
  while (
    at < length &&
    at < name.end + 4 &&
    (QUOTE[bytes[at]!] === 1 ||
      bytes[at] === 0x5b ||
      bytes[at] === 0x5d ||
      bytes[at] === BACKSLASH ||
      bytes[at] === 0x29)
  ) {
    if (QUOTE[bytes[at]!] === 1) quotedName = true
    at++
  }
  const closed = at
  at = blanksEnd(bytes, at)
  if (at >= length) return waiting(spent())
  let operator: Operator | null = null
  const byte = bytes[at]!
  const following = bytes[at + 1]
  if (byte === 0x3d) {
    // = == === => =~
    at++
    while (at < length && at < closed + MAX_BLANKS && (bytes[at] === 0x3d || bytes[at] === 0x3e || bytes[at] === 0x7e))
      at++
    operator = 'assign'
  } else if (byte === 0x3a) {
    // : := ::= but not ::
    const first = at
    while (at < length && at < first + 4 && bytes[at] === 0x3a) at++
    if (bytes[at] === 0x3d) at++
    else if (at > first + 1) at = first
    operator = at === first ? null : 'colon'
  } else if ((byte === 0x21 || byte === 0x3f || byte === 0x2b || byte === 0x7c) && following === 0x3d) {
    // != ?= +=
    at += 2
    operator = 'assign'
  } else if (byte === 0x3e && bytes[name.start - 1] === 0x3c) {
    at++
    operator = 'element'
  } else if (byte === 0x2c || byte === LF || byte === 0x0d || (quotedName && WORD[byte] === 1)) {
    // {"name": "DB_PASSWORD", "value": "…"}, - name: DB_PASSWORD\n  value: …, <add key="password" value="…"/>, define('DB_PASSWORD', '…')
    const value = valueMember(bytes, at)
    if (value.kind === 'at') {
      at = value.at
      operator = 'assign'
    } else if (value.kind === 'open') return waiting(value.at - name.start)
    else if (quotedName && byte === 0x2c) {
      const next = blanksEnd(bytes, at + 1)
      if (next >= length) return waiting(next - name.start)
      if (QUOTE[bytes[next]!] !== 1) return nothing(next - name.start)
      at = next
      operator = 'call'
    } else return nothing(value.at - name.start + 4)
  } else if (at > closed && !quotedName && (bytes[name.start] === DASH || afterLogin(bytes, name.start))) {
    // --password v; netrc: login x password y
    if (byte !== DASH) operator = 'blank'
  } else if (at > closed && !quotedName && (QUOTE[byte] === 1 || beginsLine(bytes, name.start))) {
    // IDENTIFIED … PASSWORD 'v'; password "v"; requirepass v
    operator = QUOTE[byte] === 1 || isDirective(latin(bytes, name.start, name.end)) ? 'blank' : null
  }
  if (operator === null) {
    const prose = at > closed && WORD[byte] === 1 ? proseAt(bytes, name, at, judge) : null
    return prose ?? nothing(spent())
  }

  const kind = judge(latin(bytes, name.start, name.end))
  if (kind === 'none' || isChecksum(bytes, name.start)) return nothing(spent() + 32)
  // secret "web-tls" created
  if (operator === 'blank' && QUOTE[byte] === 1 && IS_KIND.test(latin(bytes, name.start, name.end)))
    return nothing(spent() + 32)
  at = blanksEnd(bytes, at)
  if (at >= length) return waiting(spent())

  return valueAt(bytes, at, kind, operator, name)
}

/** `, "value": ` or a new line with `value:` behind a name. */
function valueMember(bytes: Uint8Array, from: number): { kind: 'at' | 'open' | 'no'; at: number } {
  let at = from
  const limit = Math.min(bytes.length, from + 96)
  if (bytes[at] === 0x2c) at++
  while (at < limit && (SPACE[bytes[at]!] === 1 || QUOTE[bytes[at]!] === 1 || bytes[at] === BACKSLASH)) at++
  for (let i = 0; i < 5; i++) {
    if (at + i >= bytes.length) return { kind: 'open', at: at + i }
    if (lower(bytes[at + i]!) !== 'value'.charCodeAt(i)) return { kind: 'no', at: at + i }
  }
  at += 5
  while (at < limit && (QUOTE[bytes[at]!] === 1 || BLANK[bytes[at]!] === 1 || bytes[at] === BACKSLASH)) at++
  if (at >= bytes.length) return { kind: 'open', at }
  if (bytes[at] !== 0x3a && bytes[at] !== 0x3d) return { kind: 'no', at }
  return { kind: 'at', at: at + 1 }
}

/** Whether only blanks stand in front of `start` on its line. */
function beginsLine(bytes: Uint8Array, start: number): boolean {
  let at = start
  const lowest = Math.max(0, start - MAX_BLANKS)
  while (at > lowest && BLANK[bytes[at - 1]!] === 1) at--
  return at === 0 || bytes[at - 1] === LF
}

/** Lines of configuration files that have no operator: Redis, Squid, HAProxy. */
function isDirective(name: string): boolean {
  return /^(?:requirepass|masterauth|sentinel|stats-auth|rootpw)$/i.test(name)
}

/** `checksum/secret`, as charts of Helm annotate Pods. */
function isChecksum(bytes: Uint8Array, nameStart: number): boolean {
  return bytes[nameStart - 1] === 0x2f && standsAt(bytes, nameStart - 9, 'checksum')
}

/** What Kubernetes calls objects: a name follows, not a value. */
const IS_KIND = /^(?:secrets?|tokens?|credentials?)$/i

const PROSE_BYTES = 64

/** `The password for user 'x' is 'y'`: what follows `is`, `was` or a colon on the same line, a few words on. */
function proseAt(
  bytes: Uint8Array,
  name: { start: number; end: number },
  from: number,
  judge: (name: string) => NameKind,
): Assigned | null {
  const length = bytes.length
  const limit = Math.min(length, from + PROSE_BYTES)
  for (let at = from; at < limit && bytes[at] !== LF; at++) {
    let value = -1
    if (bytes[at] === 0x3a && BLANK[bytes[at + 1] ?? 0] === 1) value = at + 1
    else if (BLANK[bytes[at - 1]!] === 1 && (standsAt(bytes, at, 'is ') || standsAt(bytes, at, 'was '))) {
      value = at + (bytes[at + 2] === 0x20 ? 3 : 4)
    }
    if (value < 0) continue
    if (judge(latin(bytes, name.start, name.end)) !== 'password') return null
    value = blanksEnd(bytes, value)
    if (value >= length) return result(-1, -1, length, name.end, value - name.start)
    return valueAt(bytes, value, 'password', 'prose', name)
  }
  return null
}

/** Whether `login NAME ` or `user NAME ` stands in front, as in netrc. */
function afterLogin(bytes: Uint8Array, start: number): boolean {
  let at = start
  const lowest = Math.max(0, start - 96)
  while (at > lowest && SPACE[bytes[at - 1]!] === 1) at--
  if (at === start) return false
  while (at > lowest && SPACE[bytes[at - 1]!] === 0) at--
  while (at > lowest && SPACE[bytes[at - 1]!] === 1) at--
  return (
    (standsAt(bytes, at - 5, 'login') && (at === 5 || SPACE[bytes[at - 6]!] === 1)) ||
    (standsAt(bytes, at - 4, 'user') && (at === 4 || SPACE[bytes[at - 5]!] === 1))
  )
}

const SCHEMES: ReadonlySet<string> = new Set(
  'bearer basic token apikey digest negotiate bot key geniekey splunk ssws'.split(' '),
)
const MAX_SCHEME = 10

/** Where what follows the scheme of an authorization header begins; `from` when it names none. */
function behindScheme(bytes: Uint8Array, from: number): number {
  const limit = Math.min(bytes.length, from + MAX_SCHEME)
  let at = from
  while (at < limit && LETTER[bytes[at]!] === 1) at++
  if (at >= bytes.length || BLANK[bytes[at]!] === 0 || !SCHEMES.has(latin(bytes, from, at).toLowerCase())) return from
  return blanksEnd(bytes, at)
}

/** Reads the value that begins at `from`. */
function valueAt(
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
  // Prefixes of string literals: b'…', r"…", @"…".
  if (at + 1 < length && QUOTE[bytes[at + 1]!] === 1 && 'brfuBRFU@$'.includes(String.fromCharCode(bytes[at]!))) at++
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
    while (at < length && bytes[at] === quote && at < from + 6) at++
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
      if (SPACE[byte] === 1 || QUOTE[byte] === 1 || (operator === 'element' && byte === 0x3c)) break
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
  if (quote < 0 && operator === 'colon' && kind === 'password' && blanksEnd(bytes, at) >= length) touched = true
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
  if (byte === 0x26 && standsAt(bytes, i, 'amp;')) return 'yes'
  const limit = Math.min(bytes.length, i + MAX_PAIR_NAME)
  while (i < limit && (NAME[bytes[i]!] === 1 || (byte === 0x3b && bytes[i] === 0x20))) i++
  if (i >= bytes.length) return 'open'
  return i > at + 1 && (bytes[i] === 0x3d || bytes[i] === 0x3a) ? 'yes' : 'no'
}

interface Circumstances {
  readonly quoted: boolean
  readonly operator: Operator
  readonly scheme: boolean
  /** The name is `pass` alone, which says many things. */
  readonly bare?: boolean
}

/** Whether a value under a name of that kind is a secret. */
export function isSecret(bytes: Uint8Array, start: number, end: number, kind: NameKind, how: Circumstances): boolean {
  const length = end - start
  if (kind === 'none') return false
  const text = latin(bytes, start, Math.min(end, start + 512))
  if (kind === 'weak' && length >= 8 && isBasic(text)) return true
  if (length < (kind === 'password' ? MIN_PASSWORD : kind === 'secret' ? MIN_SECRET : MIN_WEAK)) return false
  const jumbled = kind !== 'password' && isJumbled(text)
  const excuse = excuseOf(text)
  if (excuse === 'uuid') return kind !== 'weak'
  if (excuse === 'code' && how.quoted) {
    // Code does not stand in quotes, but for a call in a template.
    if (/^[\w$.>:-]+\([^()]*\)$/.test(text)) return false
  } else if (excuse === 'path') {
    // Base64 may look like a path.
    if (entropyOf(bytes, start, end) < 4 || !/\d/.test(text) || SYSTEM_PATH.test(text)) return false
  } else if (excuse !== 'none') return false
  let digits = 0
  let uppers = 0
  let lowers = 0
  let signs = 0
  let blanks = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (DIGIT[byte] === 1) digits++
    else if (byte >= 0x41 && byte <= 0x5a) uppers++
    else if (byte >= 0x61 && byte <= 0x7a) lowers++
    else if (SPACE[byte] === 1) blanks++
    else signs++
  }
  const mixed = digits > 0 && lowers + uppers > 0
  if (how.operator === 'prose' && !how.quoted) {
    return blanks === 0 && length >= 6 && (mixed || (signs > 0 && uppers > 0 && lowers > 0)) && !isWords(text)
  }
  if (kind === 'password') {
    if (blanks > 0 && digits === 0 && !how.quoted) return false
    // Sentences: "password: must not be empty".
    if (blanks > 2 && digits === 0) return false
    // PASS: TestServer (0.00s)
    if (how.bare === true && !how.quoted && how.operator === 'colon' && (!mixed || sentenceGoesOn(bytes, end)))
      return false
    const word = digits === 0 && signs === 0 && blanks === 0 && (uppers === 0 || lowers === 0)
    return how.quoted || how.operator !== 'colon' || !word || !sentenceGoesOn(bytes, end)
  }
  if (blanks > 0) return false
  if (digits === length) return length >= 16 && length <= 64 && kind === 'secret'
  const entropy = entropyOf(bytes, start, end)
  if (kind === 'weak' && !jumbled)
    return length >= MIN_RANDOM && mixed && entropy >= 3.2 && !isNumberedWord(text) && !isWords(text)
  if (jumbled) return entropy >= (kind === 'weak' ? 3 : 2.6)
  if (isNumberedWord(text) || isWords(text)) return false
  if (length < 16) return (mixed && entropy >= 2.4) || (signs > 0 && uppers > 0 && lowers > 0)
  return (mixed && entropy >= 2.8) || entropy >= 3.4 || (signs > 1 && entropy >= 3.2)
}

const SYSTEM_PATH = /^\/(?:etc|var|usr|opt|home|run|tmp|mnt|root|proc|dev|app|api|v1)\b/

/** Whether a second word follows on the line: prose, not a value. */
function sentenceGoesOn(bytes: Uint8Array, end: number): boolean {
  const at = blanksEnd(bytes, end)
  return at > end && at < bytes.length && ALNUM[bytes[at]!] === 1
}

/** Words joined by signs, each of letters and a short number: `default-token`, `my.app.v2`, `jackson-0.11.2`. */
function isWords(text: string): boolean {
  return /^[A-Za-z]+\d{0,2}(?:[-_.:/ ]+(?:[A-Za-z]+\d{0,2}|\d{1,10}))*$/.test(text)
}

/** `token1`, `access-key-2`, `v1.2.3`: words that count. */
function isNumberedWord(text: string): boolean {
  return /^v?\d+(?:[.:-]\d+)*$/.test(text) || /^[A-Za-z]+(?:[-_.:/ ][A-Za-z]+)*[-_.:/ ]?\d{1,3}$/.test(text)
}

/** Whether a text that stands under a name as a whole is a secret. */
export function isNamedSecret(bytes: Uint8Array, kind: NameKind): boolean {
  if (kind === 'none' || bytes.length === 0) return false
  return isSecret(bytes, 0, bytes.length, kind, { quoted: true, operator: 'assign', scheme: false })
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

/** Base64 of `user:password` (RFC 7617). */
function isBasic(text: string): boolean {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return false
  try {
    const decoded = atob(text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, ''))
    return (
      /^[\x21-\x39\x3b-\x7e]+:[\x20-\x7e]+$/.test(decoded) &&
      excuseOf(decoded.slice(decoded.indexOf(':') + 1)) !== 'lookup'
    )
  } catch {
    return false
  }
}
