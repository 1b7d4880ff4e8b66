// Numbers and literals of JSON (RFC 8259, sections 3 and 6). No I/O.

import { MAX_PRIMITIVE_BYTES } from './limits.ts'

const PRIMITIVE = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/
const ascii = new TextDecoder('latin1')

/** Whether `bytes[start..end)` is a number, `true`, `false` or `null`. */
export function isPrimitive(bytes: Uint8Array, start: number, end: number): boolean {
  if (isInteger(bytes, start, end)) return true
  const length = end - start
  return length <= MAX_PRIMITIVE_BYTES && PRIMITIVE.test(ascii.decode(bytes.subarray(start, end)))
}

/** The plain ones first, and `true` and `false`: nearly all are. */
function isInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!
  if (first === 0x74 && end - start === 4) {
    return bytes[start + 1] === 0x72 && bytes[start + 2] === 0x75 && bytes[start + 3] === 0x65
  }
  if (first < 0x31 || first > 0x39 || end - start > 20) return false
  for (let i = start + 1; i < end; i++) {
    const byte = bytes[i]!
    if (byte < 0x30 || byte > 0x39) return false
  }
  return true
}
