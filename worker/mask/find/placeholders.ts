// Placeholders that stand in a text already: they are no secrets and are not taken apart. In: bytes. Out: where they stand. No I/O.

import { decodeBase64 } from '../base64.ts'
import { PLACEHOLDER_START } from '../placeholder.ts'
import { setOf } from './bytes.ts'
import { NONE, SIX } from './sextets.ts'
import type { Span } from './views/view.ts'

const encoder = new TextEncoder()
const START = encoder.encode(PLACEHOLDER_START)
/** `⟦masked` is nine bytes: twelve characters of base64, whatever follows. */
const START_IN_BASE64 = encoder.encode('4p+mbWFza2Vk')
const END = encoder.encode('⟧')
/** A rule's name and a tag; longer is none. */
const MAX_PLACEHOLDER_BYTES = 120
const WHOLE = /^⟦masked:[a-z0-9-]{1,80}:[0-9a-f]{12}⟧$/
/** The beginning of one. */
const BEGUN = /^:[a-z0-9-]{0,80}(?::[0-9a-f]{0,12}|[a-z0-9-])?$/
const decoder = new TextDecoder()

/** What stands in the place of a placeholder while the rest is looked at: a byte that no text has. */
const FILL = 0xff

/** The placeholders in bytes, by place, and from where on one may have begun that is cut short (the length: nowhere). */
export function placeholdersIn(bytes: Uint8Array): { readonly spans: readonly Span[]; readonly open: number } {
  const spans: Span[] = []
  let open = bytes.length
  for (let at = bytes.indexOf(START[0]!); at >= 0; at = bytes.indexOf(START[0]!, at + 1)) {
    const there = sameAs(bytes, at, START)
    if (there < START.length) {
      if (at + there === bytes.length) open = Math.min(open, at)
      continue
    }
    const end = endOf(bytes, at)
    if (end !== null && WHOLE.test(decoder.decode(bytes.subarray(at, end)))) {
      spans.push({ start: at, end })
      at = end - 1
    } else if (end === null && bytes.length - at < MAX_PLACEHOLDER_BYTES && begun(bytes, at)) open = Math.min(open, at)
  }
  // Its third character is the rarest.
  for (let plus = bytes.indexOf(START_IN_BASE64[2]!); plus >= 0; plus = bytes.indexOf(START_IN_BASE64[2]!, plus + 1)) {
    const at = plus - 2
    if (at < 0 || sameAs(bytes, at, START_IN_BASE64) < START_IN_BASE64.length) continue
    if (!goesOnInBase64(bytes, at + START_IN_BASE64.length)) continue
    let end = at
    while (end < bytes.length && end - at < 2 * MAX_PLACEHOLDER_BYTES && isBase64(bytes[end]!)) end++
    const decoded = decodeBase64(bytes.subarray(at, end))
    if (decoded === null || !WHOLE.test(decoder.decode(decoded))) continue
    spans.push({ start: at, end })
    plus = end - 1
  }
  return { spans: spans.sort((a, b) => a.start - b.start), open }
}

/** The bytes with placeholders blotted out; the bytes themselves when there are none. */
export function withoutPlaceholders(bytes: Uint8Array, spans: readonly Span[]): Uint8Array {
  if (spans.length === 0) return bytes
  const copy = bytes.slice()
  for (const { start, end } of spans) copy.fill(FILL, start, end)
  return copy
}

/** What of a stretch lies outside of all spans. */
export function outside(start: number, end: number, spans: readonly Span[]): readonly Span[] {
  if (spans.length === 0) return [{ start, end }]
  const parts: Span[] = []
  let from = start
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (spans[middle]!.end <= start) low = middle + 1
    else high = middle
  }
  for (let n = low; n < spans.length; n++) {
    const span = spans[n]!
    if (span.end <= from) continue
    if (span.start >= end) break
    if (span.start > from) parts.push({ start: from, end: span.start })
    from = span.end
  }
  if (from < end) parts.push({ start: from, end })
  return parts
}

function sameAs(bytes: Uint8Array, at: number, text: Uint8Array): number {
  let i = 0
  while (i < text.length && bytes[at + i] === text[i]) i++
  return i
}

/** Behind the `⟧`; null when there is none near enough. */
function endOf(bytes: Uint8Array, at: number): number | null {
  const end = bytes.subarray(at, at + MAX_PLACEHOLDER_BYTES).indexOf(END[2]!, START.length)
  return end < 0 ? null : at + end + 1
}

function begun(bytes: Uint8Array, at: number): boolean {
  // The sign that ends it may be cut in two.
  let end = bytes.length
  if (bytes[end - 1] === END[0]) end -= 1
  else if (bytes[end - 2] === END[0] && bytes[end - 1] === END[1]) end -= 2
  return BEGUN.test(decoder.decode(bytes.subarray(at + START.length - 1, end)))
}

/** Whether base64 goes on from `at` with a colon and a rule's name to the next colon. */
function goesOnInBase64(bytes: Uint8Array, at: number): boolean {
  const end = Math.min(bytes.length, at + 2 * MAX_PLACEHOLDER_BYTES)
  let held = 0
  let bits = 0
  for (let i = at, colons = 0; i < end; i++) {
    const six = SIX[bytes[i]!]!
    if (six === NONE) return false
    held = ((held << 6) | six) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    const byte = (held >> bits) & 0xff
    if (byte === COLON) {
      if (++colons === 2) return true
    } else if (colons === 0 || NAME[byte] === 0) return false
  }
  return false
}

const COLON = 0x3a
const NAME = setOf(/[a-z0-9-]/)

function isBase64(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2b ||
    byte === 0x2f ||
    byte === 0x3d
  )
}
