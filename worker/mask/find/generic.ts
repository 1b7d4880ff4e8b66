// Secrets assigned to a name that says so: `password=…`, `"apiKey": "…"`, `--token …`, `<secret>…</secret>`, HTTP headers, netrc.
// In: where a keyword stands. Out: the value to mask; assigned.ts reads it, judgement.ts says whether it is one. No I/O.

import { type Assigned, result, valueAt } from './assigned.ts'
import { behindQuote, besideOf, endsLine as endsItsLine, fallback, lineOf } from './beside.ts'
import {
  BLANK,
  blanksEnd,
  DIGIT,
  latin,
  lower,
  MAX_BLANKS,
  NAME,
  QUOTE,
  SPACE,
  setOf,
  standsAt,
  WORD,
} from './bytes.ts'
import { elementContent, isNameAttribute, isTag } from './element.ts'
import type { Operator } from './judgement.ts'
import { blockMember, endsLine, flowMember, isBlockName, isSaidName, type Member } from './member.ts'
import type { NameKind } from './names.ts'
import { proseAt } from './prose.ts'
import { held, within, wordEnd } from './standing.ts'

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
  'psk',
  'otp',
  'nonce',
  'signature',
  'sig=',
  'sid=',
  'salt',
  'dsn',
  'seed',
  'mnemonic',
  'pat=',
  '_pat',
]

/** Longest name that is looked at, on either side of its keyword. */
const MAX_NAME_SIDE = 64

/** Quotes and brackets that close a name, and one quote of HTML. */
const MAX_CLOSERS = 10

const BACKSLASH = 0x5c
const DASH = 0x2d
const LF = 0x0a

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

const MAX_WORD = 16

/** A name of two words, as people write it: `API key`, `Unseal Key 1`, `Secret ID`. */
function ofWords(bytes: Uint8Array, name: { start: number; end: number }): { start: number; end: number } {
  let { start, end } = name
  const length = end - start
  if (
    length === 6 &&
    standsAt(bytes, start, 'secret') &&
    standsAt(bytes, end, ' id') &&
    ENDS_NAME[bytes[end + 3] ?? 0] === 1
  )
    return { start, end: end + 3 }
  if (length !== 3 || !standsAt(bytes, start, 'key') || bytes[start - 1] !== 0x20) return name
  let word = start - 1
  while (word > 0 && word > start - MAX_WORD && WORD[bytes[word - 1]!] === 1) word--
  if (word === start - 1) return name
  start = word
  // Unseal Key 1: …
  if (bytes[end] === 0x20 && DIGIT[bytes[end + 1] ?? 0] === 1) {
    const digits = DIGIT[bytes[end + 2] ?? 0] === 1 ? 2 : 1
    if (bytes[end + 1 + digits] === 0x3a) end += 1 + digits
  }
  return { start, end }
}

const ENDS_NAME = setOf(/[ \t:="']/)

/** Looks at what follows the keyword `bytes[start..end)`. `judge` says what a name means. */
export function assignedAt(bytes: Uint8Array, start: number, end: number, judge: (name: string) => NameKind): Assigned {
  // Some keywords count only with their operator: `sig=`.
  const name = ofWords(bytes, nameAround(bytes, start, bytes[end - 1] === 0x3d ? end - 1 : end))
  const length = bytes.length
  let at = name.end
  const nothing = (work: number): Assigned => result(-1, -1, -1, name.end, work)
  const waiting = (work: number): Assigned => result(-1, -1, length, name.end, work)
  /** What looking around has cost. */
  let extra = 0
  const spent = (): number => at - name.start + 4 + extra
  if (at >= length) return waiting(spent())

  // What closes the name: a quote, a bracket; a quote of HTML.
  let quotedName = false
  if (bytes[at] === 0x26) at = behindQuote(bytes, at)
  while (
    at < length &&
    at < name.end + MAX_CLOSERS &&
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
  let only = besideOf(bytes, name, closed, at, quotedName)
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
    // "db_password": {"type": "string", "default": "…"}, db_password:\n  default: …
    if (operator !== null) {
      const value = innerValue(bytes, name, at)
      if (value !== null) extra += 4 * (value.at - at)
      if (value?.kind === 'open') return waiting(value.at - name.start)
      if (value?.kind === 'at') {
        at = value.at
        operator = 'assign'
      }
    }
  } else if ((byte === 0x21 || byte === 0x3f || byte === 0x2b || byte === 0x7c) && following === 0x3d) {
    // != ?= +=
    at += 2
    operator = 'assign'
  } else if (byte === 0x3e && isTag(bytes, name.start)) {
    at++
    operator = 'element'
  } else if (byte === 0x2c && standsAt(bytes, at + 1, '<<"')) {
    // Erlang: {password,<<"v">>}
    at++
    operator = 'call'
  } else if (only !== null) {
    // Rows of tables, elements, calls, arrows.
    extra += Math.abs(only.at - at)
    if (only.kind === 'open') return waiting(spent())
    at = only.at
    operator = only.operator
  } else if (byte === 0x2c || byte === LF || byte === 0x0d || (quotedName && (WORD[byte] === 1 || byte === 0x3e))) {
    // {"name": "DB_PASSWORD", "value": "…"}, - name: DB_PASSWORD\n  value: …, <add key="password" value="…"/>, define('DB_PASSWORD', '…')
    const value = valueMember(bytes, at)
    if (value.kind === 'at') {
      at = value.at
      operator = 'assign'
    } else if (value.kind === 'open') return waiting(value.at - name.start)
    else if (isNameAttribute(bytes, name.start)) {
      // <setting name="Password" serializeAs="String"><value>…
      const content = elementContent(bytes, at)
      if (content.kind === 'open') return waiting(content.at - name.start)
      if (content.kind === 'no') return nothing(spent() + content.at)
      extra += content.at - at
      at = content.at
      operator = 'element'
    } else if (isSaidName(bytes, name.start)) {
      // Other members stand between them: {"name": "DB_PASSWORD", "type": "string", "default": "…"}
      const member = byte === 0x2c ? flowMember(bytes, at) : blockMember(bytes, name.start, at, false)
      if (member.kind === 'open') return waiting(member.at - name.start)
      if (member.kind === 'no') return nothing(4 * (member.at - name.start))
      at = member.at
      operator = 'assign'
    } else if (quotedName && byte === 0x2c) {
      const next = blanksEnd(bytes, at + 1)
      if (next >= length) return waiting(next - name.start)
      if (QUOTE[bytes[next]!] !== 1) return nothing(next - name.start)
      at = next
      operator = 'call'
    } else return nothing(value.at - name.start + 4)
  } else if (quotedName && byte === 0x7b && isBlockName(bytes, name.start)) {
    // variable "db_password" { default = "…" }
    const member = flowMember(bytes, at + 1)
    if (member.kind === 'open') return waiting(member.at - name.start)
    if (member.kind === 'no') return nothing(4 * (member.at - name.start))
    at = member.at
    operator = 'assign'
  } else if (at > closed && !quotedName && (bytes[name.start] === DASH || isLogin(bytes, name.start, at))) {
    // --password v; netrc: login x password y
    if (byte !== DASH) operator = 'blank'
  } else if (byte === 0 && bytes[name.start] === DASH) {
    // --password v in /proc/1/cmdline
    at++
    operator = 'blank'
  } else if (quotedName && byte === 0x3b && standsAt(bytes, at + 1, 's:')) {
    // PHP's serialize(): s:8:"password";s:11:"v"
    at += 3
    while (at < length && DIGIT[bytes[at]!] === 1) at++
    if (at + 1 >= length) return waiting(spent())
    if (bytes[at] !== 0x3a || QUOTE[bytes[at + 1]!] !== 1) return nothing(spent())
    at++
    operator = 'call'
  } else if (!quotedName && isColumn(bytes, name, closed, at)) {
    // A row of a table, `ENV DB_PASSWORD v`
    if (byte === 0x7c) at++
    operator = 'prose'
  } else if (at > closed && !quotedName && (QUOTE[byte] === 1 || beginsLine(bytes, name.start))) {
    // IDENTIFIED … PASSWORD 'v'; password "v"; requirepass v
    if (QUOTE[byte] === 1 || isDirective(latin(bytes, name.start, name.end))) operator = 'blank'
    else if (WORD[byte] === 1 || byte > 0x20) {
      only = lineOf(bytes, name, at)
      operator = only.kind === 'at' ? only.operator : null
    }
  }
  if (operator === null || (only?.alone === true && !endsItsLine(bytes, wordEnd(bytes, at)))) {
    const prose = at > closed && WORD[byte] === 1 ? proseAt(bytes, name, at, judge) : null
    return prose ?? nothing(spent())
  }

  const said = judge(latin(bytes, name.start, name.end))
  let kind = said
  if (said === 'none' && mayBeCookie(bytes, name)) {
    extra += MAX_COOKIES
    if (isInCookie(bytes, name.start)) kind = 'weak'
  }
  if (kind === 'none' || isChecksum(bytes, name.start)) return nothing(spent() + 32)
  // secret "web-tls" created
  if (
    operator === 'blank' &&
    QUOTE[byte] === 1 &&
    bytes[name.start - 1] !== 0x3a &&
    IS_KIND.test(latin(bytes, name.start, name.end))
  )
    return nothing(spent() + 32)
  at = blanksEnd(bytes, at)
  // PHP's var_dump(): ["password"]=> and the value on the next line
  if (quotedName && bytes[at] === LF && bytes[at - 1] === 0x3e) at = blanksEnd(bytes, at + 1)
  if (at >= length) return waiting(spent())

  // Beside a name that says no password only what looks made.
  if (only !== null && operator === 'prose' && kind !== 'password') {
    if (kind === 'weak' || UUID.test(latin(bytes, at, Math.min(length, at + 36)))) return nothing(spent() + 32)
    operator = 'blank'
  }
  const isPlain = (operator === 'assign' || operator === 'colon') && QUOTE[bytes[at]!] === 0
  const isQuoted = isPlain && bytes[at] === 0x26 && behindQuote(bytes, at) > at
  const found = isQuoted ? result(-1, -1, -1, name.end, spent()) : valueAt(bytes, at, kind, operator, name)
  let best = found
  if (isPlain) {
    if (found.start < 0) best = within(bytes, at, found, kind, operator, name)
    const other = fallback(bytes, at, operator)
    extra += other.work
    if (other.kind === 'at') {
      const instead = held(bytes, valueAt(bytes, other.at, kind, other.operator, name), other)
      const work = best.work + instead.work
      if (best.start < 0) best = { ...instead, work }
      else if (instead.start >= 0)
        best = { ...instead, start: best.start, open: instead.open < 0 ? -1 : best.start, work }
    }
  }
  if (only !== null) best = held(bytes, best, only)
  return extra === 0 ? best : { ...best, work: best.work + extra }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The value of an object that stands behind a name; null when none does. */
function innerValue(bytes: Uint8Array, name: { start: number; end: number }, from: number): Member | null {
  const at = blanksEnd(bytes, from)
  if (bytes[at] === 0x7b && bytes[at + 1] !== 0x7b) return flowMember(bytes, at + 1)
  return endsLine(bytes, at) && beginsLine(bytes, name.start) ? blockMember(bytes, name.start, at, true) : null
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

/** Names as variables of the environment have: `DB_PASSWORD`. */
const VARIABLE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/

/** Whether what stands behind a variable's name stands in the next column, or behind `ENV NAME `. */
function isColumn(bytes: Uint8Array, name: { start: number; end: number }, closed: number, at: number): boolean {
  if (at === closed || closed !== name.end) return false
  const isWide = at - closed > 1 || bytes[closed] === 0x09 || (bytes[at] === 0x7c && BLANK[bytes[at + 1] ?? 0] === 1)
  return (isWide || standsAt(bytes, name.start - 4, 'env ')) && VARIABLE.test(latin(bytes, name.start, name.end))
}

/** Lines of configuration files that have no operator: Redis, Squid, HAProxy. */
function isDirective(name: string): boolean {
  return /^(?:requirepass|masterauth|sentinel|stats-auth|rootpw|bindpw|rootbindpw|olcrootpw)$/i.test(name)
}

/** `checksum/secret`, as charts of Helm annotate Pods. */
function isChecksum(bytes: Uint8Array, nameStart: number): boolean {
  return bytes[nameStart - 1] === 0x2f && standsAt(bytes, nameStart - 9, 'checksum')
}

/** Names of cookies of a session that say nothing elsewhere: `ASP.NET_SessionId`, `_session_id`. */
const COOKIE = /sess(?:ion)?[._-]?(?:id|key|data)?$|(?:^|[._-])(?:auth|token)(?:[._-]?\w{0,8})$/i
/** How far in front of one of them the name of its header stands. */
const MAX_COOKIES = 512

function mayBeCookie(bytes: Uint8Array, name: { start: number; end: number }): boolean {
  return bytes[name.end] === 0x3d && COOKIE.test(latin(bytes, name.start, name.end))
}

/** Whether an offset is in a `Cookie` or `Set-Cookie` header. */
function isInCookie(bytes: Uint8Array, at: number): boolean {
  return /cookie["']?:[^\n]*$/i.test(latin(bytes, Math.max(0, at - MAX_COOKIES), at))
}

/** What Kubernetes calls objects: a name follows, not a value. */
const IS_KIND = /^(?:secrets?|tokens?|credentials?)$/i

/** Whether a name stands behind `login NAME `; not in `PASSWORD elastic = …` behind a line on that user. */
function isLogin(bytes: Uint8Array, start: number, value: number): boolean {
  return afterLogin(bytes, start) && !standsAt(bytes, wordEnd(bytes, value), ' = ')
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
