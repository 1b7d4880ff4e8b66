// Passwords and tokens in URLs (RFC 3986, 3.2.1): scheme://user:password@host. In: where `://` ends. Out: the parts to mask. No I/O.

import { ALNUM, DIGIT, latin } from './bytes.ts'
import { entropyOf } from './entropy.ts'
import { excuseOf } from './stopwords.ts'

/** User information longer than this is not looked for. */
const MAX_USERINFO = 1024
/** How far a password may go on past a `/`, `?` or `#` that should have been encoded. */
const MAX_BAD_PASSWORD = 128
const MIN_TOKEN = 16

const SPACE_OR_QUOTE = new Uint8Array(256)
for (const char of ' \t\r\n"\'<>`\\\0|{}^') SPACE_OR_QUOTE[char.charCodeAt(0)] = 1
// Braces stand in templates: `${DB_PASSWORD}` is no password, but has to be read to its end.
for (const char of '{}<>|^') SPACE_OR_QUOTE[char.charCodeAt(0)] = 0

/** What was found behind `://`. */
export interface UrlParts {
  readonly masked: readonly { readonly start: number; readonly end: number }[]
  /** From where more text could change it; -1: nothing could. */
  readonly open: number
  readonly work: number
}

const NOTHING: UrlParts = { masked: [], open: -1, work: 4 }

/** Looks at what follows `://`, which ends at `at`. */
export function userinfoAt(bytes: Uint8Array, at: number): UrlParts {
  if (at < 4 || ALNUM[bytes[at - 4]!] === 0) return NOTHING
  const length = bytes.length
  const limit = Math.min(length, at + MAX_USERINFO)
  let i = at
  let colon = -1
  let sign = -1
  let stop = -1
  for (; i < limit; i++) {
    const byte = bytes[i]!
    if (byte === 0x40) sign = i
    else if (byte === 0x3a && colon < 0 && sign < 0) colon = i
    else if (byte === 0x2f || byte === 0x3f || byte === 0x23) {
      if (stop >= 0) continue
      if (sign >= 0 || colon < 0 || portAt(bytes, colon + 1, i)) break
      stop = Math.min(limit, i + MAX_BAD_PASSWORD)
    } else if (SPACE_OR_QUOTE[byte] === 1 || byte >= 0x80) break
    if (stop >= 0 && (i >= stop || sign >= 0)) break
  }
  const work = i - at + 4
  const open = i >= length ? (colon >= 0 && !looksRandom(bytes, at, colon) ? colon + 1 : at) : -1
  if (sign < 0) return { masked: [], open, work }
  const masked: { start: number; end: number }[] = []
  const userEnd = colon < 0 ? sign : colon
  if (looksRandom(bytes, at, userEnd)) masked.push({ start: at, end: userEnd })
  if (colon >= 0 && sign > colon + 1) {
    const excuse = excuseOf(latin(bytes, colon + 1, Math.min(sign, colon + 300)))
    if (excuse === 'none' || excuse === 'uuid' || excuse === 'digest' || excuse === 'path')
      masked.push({ start: colon + 1, end: sign })
  }
  return { masked, open, work }
}

function portAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 5) return false
  for (let i = start; i < end; i++) if (DIGIT[bytes[i]!] === 0) return false
  return true
}

/** A user name that is a token: long, of letters and digits, without dots. */
function looksRandom(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < MIN_TOKEN) return false
  let digits = 0
  let letters = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (DIGIT[byte] === 1) digits++
    else if (ALNUM[byte] === 1) letters++
    else if (byte !== 0x5f && byte !== 0x2d) return false
  }
  return (
    digits > 0 &&
    letters > 0 &&
    entropyOf(bytes, start, end) >= 3 &&
    excuseOf(latin(bytes, start, Math.min(end, start + 300))) === 'none'
  )
}
