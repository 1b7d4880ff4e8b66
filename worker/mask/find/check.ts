// Checks that a shape alone cannot make. In: a masked part. Out: whether it can be a credential. No I/O.

import { latin } from './bytes.ts'
import { luhn } from './card.ts'
import { decodeBase64Url, jwtAt } from './jwt.ts'
import type { Check } from './rule.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Whether `bytes[start..end)` passes. */
export function passesCheck(check: Check, bytes: Uint8Array, start: number, end: number): boolean {
  switch (check) {
    case 'luhn':
      return luhn(latin(bytes, start, end).replace(/\D/g, ''))
    case 'jwt':
      return jwtAt(bytes.subarray(0, end), start).end === end
    case 'crc32-base62':
      return checksummed(latin(bytes, start, end))
    case 'base64-json':
      return /^\s*[{[]/.test(decodeBase64Url(bytes, start, Math.min(end, start + 64)))
  }
}

/** Whether the last six characters are the CRC-32 of those after the last `_`, in base 62 (GitHub, npm). */
function checksummed(token: string): boolean {
  const secret = token.slice(token.lastIndexOf('_') + 1)
  let rest = crc32(secret.slice(0, -6))
  let expected = ''
  for (let i = 0; i < 6; i++) {
    expected = BASE62[rest % 62]! + expected
    rest = Math.floor(rest / 62)
  }
  return secret.endsWith(expected)
}

/** CRC-32 (ISO 3309) of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
