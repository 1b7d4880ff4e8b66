// Base32 (RFC 4648, section 6) that reads as text. In: a stretch of its characters. Out: the bytes, where they are text. No I/O.

import { MIN_TEXT_IN_ROW, type Search, type Take, TextRun } from './digits.ts'

const FIVE = new Uint8Array(256)
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'].entries()) FIVE[char.charCodeAt(0)] = value
const PAD = 0x3d

/** Reads `bytes[start..end)`. */
export function base32In(bytes: Uint8Array, start: number, end: number, search: Search): void {
  const text = new TextRun()
  eachOfBase32(bytes, start, end, (byte) => text.add(byte))
  if (text.most < MIN_TEXT_IN_ROW) return
  let stop = end
  while (stop < end + 6 && bytes[stop] === PAD) stop++
  search.found.push({
    start,
    end: stop,
    put: (builder) =>
      eachOfBase32(bytes, start, end, (byte, from, to) => builder.byte(byte, from, to === end ? stop : to)),
  })
}

/** Five bits a character. */
function eachOfBase32(bytes: Uint8Array, start: number, end: number, take: Take): void {
  let bits = 0
  let count = 0
  let from = start
  for (let at = start; at < end; at++) {
    bits = ((bits << 5) | FIVE[bytes[at]!]!) & 0xfff
    count += 5
    if (count < 8) continue
    count -= 8
    take((bits >> count) & 255, from, at + 1)
    from = count > 0 ? at : at + 1
  }
}
