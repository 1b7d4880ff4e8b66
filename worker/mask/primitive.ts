// Numbers and literals of JSON (RFC 8259, sections 3 and 6). No I/O.

import { MAX_PRIMITIVE_BYTES } from './limits.ts'

const PRIMITIVE = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/
const ascii = new TextDecoder('latin1')
const encoder = new TextEncoder()
const TRUE = encoder.encode('true')
const FALSE = encoder.encode('false')
const NULL = encoder.encode('null')

/** Whether `bytes[start..end)` is a number, `true`, `false` or `null`. */
export function isPrimitive(bytes: Uint8Array, start: number, end: number): boolean {
  if (isPlain(bytes, start, end)) return true
  const length = end - start
  return length <= MAX_PRIMITIVE_BYTES && PRIMITIVE.test(ascii.decode(bytes.subarray(start, end)))
}

/** The plain ones first, `true`, `false` and `null`: nearly all are. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!
  if (first === 0x74) return isWord(bytes, start, end, TRUE)
  if (first === 0x66) return isWord(bytes, start, end, FALSE)
  if (first === 0x6e) return isWord(bytes, start, end, NULL)
  if (first === 0x30) return end - start === 1
  if (first < 0x31 || first > 0x39 || end - start > 20) return false
  for (let i = start + 1; i < end; i++) {
    const byte = bytes[i]!
    if (byte < 0x30 || byte > 0x39) return false
  }
  return true
}

function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false
  return true
}
