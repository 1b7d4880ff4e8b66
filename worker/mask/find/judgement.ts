// Whether a value that a name says is secret is one, by its length, its bytes and what it reads like. In: the value, the kind of its
// name, how it stands. Out: yes or no. No I/O.

import { ALNUM, blanksEnd, DIGIT, latin, NAME, SPACE } from './bytes.ts'
import { entropyOf, isJumbled } from './entropy.ts'
import type { NameKind } from './names.ts'
import { excuseOf } from './stopwords.ts'

const MIN_SECRET = 8
const MIN_WEAK = 12
/** What looks made only by its digits has to be longer. */
export const MIN_RANDOM = 16
const MIN_PASSWORD = 3

/** What stands between a name and its value. */
export type Operator = 'assign' | 'colon' | 'blank' | 'element' | 'call' | 'prose'

/** How a value stands. */
export interface Circumstances {
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
  if (kind === 'weak' && UUID_HEAD.test(text) && endsLine(bytes, end)) return false
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
  const looksSaid = isNumberedWord(text) || isWords(text)
  const said = looksSaid && !(uppers >= 4 && lowers >= 4 && entropy >= MADE_ENTROPY && MADE_WORD.test(text))
  if (kind === 'weak' && !jumbled) return length >= MIN_RANDOM && mixed && entropy >= 3.2 && !said
  if (jumbled) return entropy >= (kind === 'weak' ? 3 : 2.6)
  if (said) return false
  if (length < 16) return (mixed && entropy >= 2.4) || (signs > 0 && uppers > 0 && lowers > 0)
  return (mixed && entropy >= 2.8) || entropy >= 3.4 || (signs > 1 && entropy >= 3.2)
}

/** A UUID that a line was broken in. */
const UUID_HEAD =
  /^[0-9a-f]{8}-(?:[0-9a-f]{1,4}|(?:[0-9a-f]{4}-){1,2}[0-9a-f]{0,4}|(?:[0-9a-f]{4}-){3}[0-9a-f]{0,11})$/i

/** A token of base64url that has by chance no digit inside may read like words; but words use few letters often. */
const MADE_WORD = /^[\w-]{32,}$/
const MADE_ENTROPY = 4.2

/** Whether a line ends there, or the text. */
function endsLine(bytes: Uint8Array, end: number): boolean {
  return end === bytes.length || bytes[end] === 0x0a || bytes[end] === 0x0d
}

const SYSTEM_PATH = /^\/(?:etc|var|usr|opt|home|run|tmp|mnt|root|proc|dev|app|api|v1)\b/

/** Whether a second word follows on the line: prose, not a value. Another pair (`{Password:v SSLMode:off}`) is none. */
function sentenceGoesOn(bytes: Uint8Array, end: number): boolean {
  const at = blanksEnd(bytes, end)
  if (at === end || at >= bytes.length || ALNUM[bytes[at]!] === 0) return false
  let name = at
  while (name < bytes.length && name < at + MAX_PAIR_NAME && NAME[bytes[name]!] === 1) name++
  return bytes[name] !== 0x3a || SPACE[bytes[name + 1] ?? 0x20] === 1
}

const MAX_PAIR_NAME = 64

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

/** Base64 of `user:password` (RFC 7617). */
export function isBasic(text: string): boolean {
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
