// Passwords on command lines and in calls whose name does not say so: `mysql -pv`, `curl -u user:v`, `sshpass -p v`,
// `new NetworkCredential(user, v)`; DSNs (`user:v@tcp(…)`) and lines of .pgpass. In: where a word ends. Out: the value. No I/O.

import { BLANK, blanksEnd, DIGIT, isLower, isUpper, latin, QUOTE, SPACE, setOf, standsAt, WORD } from './bytes.ts'
import { isSecret } from './judgement.ts'

/** What was found. */
export interface CommandPart {
  /** -1: nothing. */
  readonly start: number
  readonly end: number
  /** From where more text could change it; -1: nothing could. */
  readonly open: number
  readonly work: number
}

/** How far behind the word its option may stand. */
const MAX_LINE = 200
const MAX_ARGUMENT = 256
const LF = 0x0a
/** What user names are made of, variables included. */
const USER = setOf(/[\w.@%+$-]/)
/** What ends an argument without quotes. */
const ENDS = setOf(/[\s"'`\\]/)
const COLON = 0x3a

const nothing = (work: number, open = -1): CommandPart => ({ start: -1, end: -1, open, work })

/** Words that a command with a password in an option begins with, and the option: `-p` joined to its value or not. */
export const COMMANDS: readonly (readonly [word: string, option: string, spaced: boolean])[] = [
  ['mysql', '-p', false],
  ['mariadb', '-p', false],
  ['sshpass', '-p', true],
  ['docker login', '-p', true],
  ['podman login', '-p', true],
  ['registry login', '-p', true],
  ['az login', '-p', true],
  ['oc login', '-p', true],
  ['mongosh', '-p', true],
  ['mongo ', '-p', true],
  ['cqlsh', '-p', true],
  ['unzip', '-p', true],
  ['7z', '-p', false],
  ['useradd', '-p', true],
  ['ipmitool', '-p', true],
  ['evil-winrm', '-p', true],
  ['xfreerdp', '/p:', false],
  ['openssl', '-pass pass:', false],
  ['openssl', '-passin pass:', false],
  ['openssl', '-passout pass:', false],
  ['convertto-securestring', '-string', true],
  ['mongodump', '-p', true],
  ['redis-cli', '-a', true],
  ['sqlcmd', '-p', true],
  ['ldapsearch', '-w', true],
  // CREATE USER … IDENTIFIED WITH … BY 'v'
  ['identified', 'by', true],
]

/** Words that a command with a password among its arguments begins with, and which of them it is. */
export const ARGUMENTS: readonly (readonly [word: string, count: number])[] = [
  ['rabbitmqctl add_user ', 2],
  ['rabbitmqctl change_password ', 2],
  ['htpasswd -b ', 3],
  ['htpasswd -bc ', 3],
  ['htpasswd -cb ', 3],
  ['htpasswd -nb ', 2],
  ['htpasswd -bb ', 3],
  ['htpasswd -nbb ', 2],
  ['mc alias set ', 4],
  ['vault login ', 1],
  ['convertto-securestring ', 1],
]

/** Calls whose last argument is a password. */
export const CALLS: readonly string[] = [
  'drivermanager.getconnection(',
  'sqlcredential(',
  'db.auth(',
  'auth=(',
  'auth = (',
  'httpbasicauth(',
  'networkcredential(',
  'directoryentry(',
  'passwordauthentication(',
  'usernamepasswordcredentials(',
]

/** Options of `curl` and the like before `user:password`. */
export const USER_OPTIONS: readonly string[] = [
  ' -u ',
  '-user ',
  '-user=',
  'curl -u',
  'http -a ',
  'https -a ',
  'stats auth ',
  ' login=',
]

/** Looks for the option of a command, whose word ends at `from`. */
export function optionAfter(bytes: Uint8Array, from: number, option: string, spaced: boolean): CommandPart {
  const limit = Math.min(bytes.length, from + MAX_LINE)
  for (let at = from; at < limit && bytes[at] !== LF; at++) {
    if (bytes[at] !== 0x20 || !standsAt(bytes, at + 1, option)) continue
    let start = at + 1 + option.length
    if (start >= bytes.length) return nothing(start - from)
    const blank = BLANK[bytes[start]!] === 1
    if (blank !== spaced) continue
    while (start < limit && BLANK[bytes[start]!] === 1) start++
    if (start >= bytes.length) return nothing(start - from)
    if (option === 'by' && QUOTE[bytes[start]!] === 0) return nothing(start - from)
    return argumentAt(bytes, start, start - from)
  }
  return nothing(limit - from)
}

/** Passes as many words as stand in front of the password of a command, whose words end at `from`. */
export function argumentOf(bytes: Uint8Array, from: number, count: number): CommandPart {
  const limit = Math.min(bytes.length, from + MAX_LINE)
  let at = blanksEnd(bytes, from)
  for (let n = 1; n < count; n++) {
    // Options are none of them.
    const option = bytes[at] === 0x2d
    while (at < limit && SPACE[bytes[at]!] === 0) at++
    if (at >= limit || BLANK[bytes[at]!] === 0) return nothing(at - from)
    at = blanksEnd(bytes, at)
    if (option) n--
  }
  return at >= bytes.length ? nothing(at - from) : argumentAt(bytes, at, at - from)
}

/** `user/password@` behind the name of Oracle's driver or tool, which ends at `from`. */
export function oracleAt(bytes: Uint8Array, from: number): CommandPart {
  const limit = Math.min(bytes.length, from + MAX_ARGUMENT)
  let at = from
  while (at < limit && (WORD[bytes[at]!] === 1 || bytes[at] === 0x23 || bytes[at] === 0x24)) at++
  if (at >= bytes.length || bytes[at] !== 0x2f || at === from) return nothing(at - from)
  const start = bytes[at + 1] === 0x22 ? at + 2 : at + 1
  let end = start
  while (end < limit && bytes[end] !== LF && bytes[end] !== 0x40 && ENDS[bytes[end]!] === 0) end++
  const sign = bytes[end] === 0x22 ? end + 1 : end
  if (sign >= bytes.length) return nothing(end - from, start)
  if (bytes[sign] !== 0x40) return nothing(end - from)
  return judged(bytes, start, end, true, end - from)
}

/** What Oracle's drivers and tools are called in front of `user/password@`. */
export const ORACLE: readonly string[] = [
  'jdbc:oracle:thin:',
  'jdbc:oracle:oci:',
  'sqlplus ',
  'sqlplus -s ',
  'sqlplus -l ',
  'sqlcl ',
  'rman target ',
  'expdp ',
  'impdp ',
  'sqlldr ',
]

/** Words that print what a pipe takes as a password. */
export const PRINTS: readonly string[] = ['echo ', 'echo -n ', 'printf ']
/** What takes one, in front of which it stands. */
const TAKES =
  /^ *\| *(?:[\w./-]+ +){0,4}?(?:-{1,2}password-stdin|\S*sudo +(?:-\w+ +)*-\w*S|sudo +(?:-\S+ +)*--stdin|passwd +--stdin|cryptsetup)|^ *\| *[^|\n]{0,160}--password-stdin/
const CHANGES = /^ *\| *(?:sudo +)?chpasswd/

/** `echo v | docker login --password-stdin`, `echo user:v | chpasswd`; the first word ends at `from`. */
export function printedAt(bytes: Uint8Array, from: number): CommandPart {
  const limit = Math.min(bytes.length, from + MAX_ARGUMENT)
  const quote = QUOTE[bytes[from] ?? 0] === 1 ? bytes[from]! : -1
  let start = quote < 0 ? from : from + 1
  let end = start
  while (end < limit && bytes[end] !== LF && (quote < 0 ? ENDS[bytes[end]!] === 0 : bytes[end] !== quote)) end++
  if (end >= bytes.length) return nothing(end - from, start)
  if (end >= limit || end === start) return nothing(end - from)
  const behind = quote < 0 ? end : end + 1
  const pipe = blanksEnd(bytes, behind)
  if (pipe >= bytes.length) return nothing(pipe - from, start)
  if (bytes[pipe] !== 0x7c) return nothing(pipe - from)
  const stop = Math.min(bytes.length, pipe + MAX_LINE)
  let line = pipe
  while (line < stop && bytes[line] !== LF) line++
  const rest = latin(bytes, pipe, line)
  const open = line >= bytes.length ? start : -1
  const work = 4 * (line - from)
  const isChange = CHANGES.test(rest)
  if (!isChange && !TAKES.test(rest)) return nothing(work, open)
  if (isChange) {
    const colon = bytes.indexOf(COLON, start)
    if (colon < 0 || colon >= end) return nothing(work)
    start = colon + 1
  }
  const part = judged(bytes, start, end, true, work)
  return { ...part, open: open < 0 ? part.open : start }
}

/** An argument of a command line, quoted or not. */
function argumentAt(bytes: Uint8Array, from: number, work: number): CommandPart {
  const quote = QUOTE[bytes[from]!] === 1 ? bytes[from]! : -1
  const start = quote < 0 ? from : from + 1
  const limit = Math.min(bytes.length, start + MAX_ARGUMENT)
  let end = start
  while (end < limit && bytes[end] !== LF && (quote < 0 ? ENDS[bytes[end]!] === 0 : bytes[end] !== quote)) end++
  return judged(bytes, start, end, quote >= 0, work)
}

function judged(bytes: Uint8Array, start: number, end: number, quoted: boolean, work: number): CommandPart {
  const open = end >= bytes.length ? start : -1
  const cost = work + 2 * (end - start) + 16
  if (bytes[start] === 0x2d || !isSecret(bytes, start, end, 'password', { quoted, operator: 'assign', scheme: false }))
    return nothing(cost, open)
  return { start, end, open, work: cost }
}

/** `user:password` behind an option, which ends at `from`. Numbers (`-u 1000:1000`) are ids. */
export function userPasswordAt(bytes: Uint8Array, from: number): CommandPart {
  let at = from
  const quote = at < bytes.length && QUOTE[bytes[at]!] === 1 ? bytes[at++]! : -1
  const limit = Math.min(bytes.length, at + MAX_ARGUMENT)
  const first = at
  while (at < limit && USER[bytes[at]!] === 1) at++
  if (at >= bytes.length || bytes[at] !== COLON || at === first) return nothing(at - from)
  const start = at + 1
  let end = start
  while (end < limit && bytes[end] !== LF && (quote < 0 ? ENDS[bytes[end]!] === 0 : bytes[end] !== quote)) end++
  if (isGroup(bytes, first, start, end)) return nothing(end - from, end >= bytes.length ? start : -1)
  return judged(bytes, start, end, true, end - from)
}

/** `docker run -u 1000:1000`, `--user app:app`: a group, no password. */
function isGroup(bytes: Uint8Array, userStart: number, start: number, end: number): boolean {
  let digits = true
  for (let i = start; i < end; i++) if (DIGIT[bytes[i]!] === 0) digits = false
  return digits || latin(bytes, userStart, start - 1) === latin(bytes, start, Math.min(end, start + MAX_ARGUMENT))
}

/** The last argument of a call, if it is a string; the bracket ends at `from`. */
export function lastArgument(bytes: Uint8Array, from: number): CommandPart {
  const limit = Math.min(bytes.length, from + MAX_ARGUMENT)
  let start = -1
  let end = -1
  let quote = -1
  let count = 0
  for (let at = from; at < limit; at++) {
    const byte = bytes[at]!
    if (quote >= 0) {
      if (byte === quote) {
        end = at
        quote = -1
      }
    } else if (QUOTE[byte] === 1) {
      quote = byte
      start = at + 1
      end = -1
      count++
    } else if (byte === 0x29) {
      const work = at - from
      return count > 1 && end === at - 1 && end > start
        ? { ...judged(bytes, start, end, true, work), open: -1 }
        : nothing(work)
    }
  }
  return nothing(limit - from, limit === bytes.length ? from : -1)
}

/** A line of .pgpass (`host:5432:database:user:password`); `:5432:` ends at `from`. */
export function pgpassAt(bytes: Uint8Array, from: number): CommandPart {
  const limit = Math.min(bytes.length, from + MAX_ARGUMENT)
  let at = from
  for (let fields = 0; fields < 2; fields++) {
    const first = at
    while (at < limit && bytes[at] !== COLON && SPACE[bytes[at]!] === 0) at++
    if (at >= bytes.length || bytes[at] !== COLON || at === first) return nothing(at - from)
    at++
  }
  const start = at
  while (at < limit && bytes[at] !== LF && SPACE[bytes[at]!] === 0) at++
  return judged(bytes, start, at, true, at - from)
}

/** A DSN as Go's MySQL driver takes it (`user:password@tcp(host)/db`); the `@` stands at `at`. */
export function dsnBefore(bytes: Uint8Array, at: number): CommandPart {
  const start = dsnPassword(bytes, at)
  if (start < 0 || start >= at) return nothing(MAX_DSN)
  return { ...judged(bytes, start, at, true, MAX_DSN), open: -1 }
}

/** Where at the end of a text the password of a DSN may stand, of which `@tcp(` has not come yet; -1: nowhere. */
export function dsnOpen(bytes: Uint8Array): number {
  return dsnPassword(bytes, bytes.length)
}

const MAX_DSN = 128

function isUser(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (USER[bytes[i]!] === 0) return false
  return true
}

/** Behind the first colon of the word that ends at `end`, if a user name stands in front of it. */
function dsnPassword(bytes: Uint8Array, end: number): number {
  const lowest = Math.max(0, end - MAX_DSN)
  let colon = -1
  let i = end
  while (i > lowest && SPACE[bytes[i - 1]!] === 0 && QUOTE[bytes[i - 1]!] === 0) {
    i--
    if (bytes[i] === COLON) colon = i
    // DSN=user:v; a password may hold one.
    if (bytes[i] === 0x3d && colon > i + 1 && isUser(bytes, i + 1, colon)) {
      i++
      break
    }
  }
  // A scheme: URLs are looked at by themselves.
  if (colon >= 0 && colon + 1 < end && bytes[colon + 1] === 0x2f) return -1
  return colon > i && i > lowest - 1 && (isLower(bytes[i]!) || isUpper(bytes[i]!)) ? colon + 1 : -1
}
