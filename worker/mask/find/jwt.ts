// JSON Web Tokens in compact form (RFC 7515, 7516): three or five parts of base64url, or two without
// the signature, whose first is a JSON header with `alg`.
// In: where `eyJ` begins. Out: where the token ends. No I/O.

import { BASE64URL } from './bytes.ts'

/** A part of a token that is longer is none. Service account tokens have about 1 KiB. */
const MAX_PART = 16 * 1024
const MAX_HEADER = 2048
const DOT = 0x2e

/** What was found; `end` is -1 when it is no token. */
export interface JwtParts {
  readonly end: number
  /** The end of the text was reached: more of it could change the result. */
  readonly touchedEnd: boolean
  readonly work: number
}

/** Looks at what begins at `start` with `eyJ`. */
export function jwtAt(bytes: Uint8Array, start: number): JwtParts {
  const none = (at: number): JwtParts => ({ end: -1, touchedEnd: at >= bytes.length, work: at - start + 4 })
  if (start > 0 && BASE64URL[bytes[start - 1]!] === 1) return { end: -1, touchedEnd: false, work: 1 }
  const headerEnd = runEnd(bytes, start)
  if (headerEnd >= bytes.length || bytes[headerEnd] !== DOT || headerEnd - start > MAX_HEADER) return none(headerEnd)
  if (!isHeader(bytes, start, headerEnd)) return { end: -1, touchedEnd: false, work: 2 * (headerEnd - start) }
  const second = runEnd(bytes, headerEnd + 1)
  if (second >= bytes.length || bytes[second] !== DOT) {
    // Without its signature it still says whom it was made for.
    if (!isClaims(bytes, headerEnd + 1, second)) return none(second)
    return { end: second, touchedEnd: second >= bytes.length, work: 2 * (second - start) }
  }
  let end = runEnd(bytes, second + 1)
  // Encrypted tokens have five parts.
  for (let parts = 3; parts < 5 && end < bytes.length && bytes[end] === DOT; parts++) {
    const next = runEnd(bytes, end + 1)
    if (next === end + 1) break
    end = next
  }
  const touchedEnd = end >= bytes.length || (bytes[end] === DOT && end + 1 >= bytes.length)
  return { end, touchedEnd, work: 2 * (end - start) }
}

function runEnd(bytes: Uint8Array, start: number): number {
  const limit = Math.min(bytes.length, start + MAX_PART)
  let i = start
  while (i < limit && BASE64URL[bytes[i]!] === 1) i++
  return i
}

function isHeader(bytes: Uint8Array, start: number, end: number): boolean {
  const text = decodeBase64Url(bytes, start, end)
  return text.startsWith('{') && /"(?:alg|enc|kid|typ)"/.test(text)
}

function isClaims(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 16 && /^\{\s*"/.test(decodeBase64Url(bytes, start, Math.min(end, start + 24)))
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const VALUE = new Uint8Array(256)
for (let i = 0; i < ALPHABET.length; i++) VALUE[ALPHABET.charCodeAt(i)] = i
VALUE[0x2d] = 62
VALUE[0x2b] = 62
VALUE[0x5f] = 63
VALUE[0x2f] = 63

/** Decodes base64 of either alphabet to one character a byte; what is left over is dropped. */
export function decodeBase64Url(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let bits = 0
  let held = 0
  for (let i = start; i < end; i++) {
    held = ((held << 6) | VALUE[bytes[i]!]!) & 0xfffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      text += String.fromCharCode((held >> bits) & 0xff)
    }
  }
  return text
}
