// JSON string tokens: decoded, as text or as bytes with the way back to where each byte stood, and put together again with
// stretches replaced. Bytes that are not replaced stay as they came. No I/O.

import { join } from '../bytes.ts'
import { MaskError } from './error.ts'
import { putUtf8 } from './escapes.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Strings up to this length are first tried as plain ASCII, which most keys are: the decoder and JSON.parse cost more. */
const SHORT_CHARS = 64

/** A short string token without escapes or characters beyond ASCII; null for all others. */
function decodeShort(raw: Uint8Array): string | null {
  const end = raw.length - 1
  if (end < 1 || end > SHORT_CHARS || raw[0] !== 0x22 || raw[end] !== 0x22) return null
  let text = ''
  for (let i = 1; i < end; i++) {
    const byte = raw[i]!
    if (byte < 0x20 || byte >= 0x80 || byte === 0x5c || byte === 0x22) return null
    text += String.fromCharCode(byte)
  }
  return text
}

function invalid(): MaskError {
  return new MaskError('the body holds a string that is not valid JSON', true)
}

/** Decodes a JSON string token, quotes included. @throws {MaskError} when it is none */
export function decodeString(raw: Uint8Array): string {
  const short = decodeShort(raw)
  if (short !== null) return short
  try {
    const value: unknown = JSON.parse(utf8.decode(raw))
    if (typeof value === 'string') return value
  } catch {
    // falls through: the parser's message would quote the content
  }
  throw invalid()
}

/** A JSON string token. */
export function stringToken(text: string): Uint8Array {
  return encoder.encode(JSON.stringify(text))
}

/** A stretch of bytes and what is put in its place. */
export interface Edit {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly bytes: Uint8Array
}

/** Bytes with stretches replaced. @param edits by place, none over another */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const parts: Uint8Array[] = []
  let at = 0
  for (const edit of edits) {
    parts.push(bytes.subarray(at, edit.start), edit.bytes)
    at = edit.end
  }
  parts.push(bytes.subarray(at))
  return join(parts)
}

/** An edit without what it leaves as it was at its beginning and end: whole characters. */
export function narrowed(bytes: Uint8Array, { start, end, bytes: instead }: Edit): Edit {
  const most = Math.min(end - start, instead.length)
  let head = 0
  while (head < most && bytes[start + head] === instead[head]) head++
  while (head > 0 && (isInside(bytes[start + head]) || isInside(instead[head]))) head--
  let tail = 0
  while (tail < most - head && bytes[end - 1 - tail] === instead[instead.length - 1 - tail]) tail++
  while (tail > 0 && isInside(bytes[end - tail])) tail--
  return { start: start + head, end: end - tail, bytes: instead.subarray(head, instead.length - tail) }
}

/** Whether a byte goes on with a character of UTF-8. */
function isInside(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

/** The four hexadecimal digits at `at`, -1 when there are none. */
function hex4(raw: Uint8Array, at: number): number {
  let value = 0
  for (let i = at; i < at + 4; i++) {
    const byte = raw[i] ?? 0
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57
    if (digit < 0 || digit > 15 || (byte > 0x39 && digit < 10)) return -1
    value = value * 16 + digit
  }
  return value
}

/** A string token's text, and where each byte of it stood. */
export class Text {
  readonly raw: Uint8Array
  /** Decoded, UTF-8 (as valid as it came). */
  readonly bytes: Uint8Array
  /** Pairs: an offset in `bytes` and the offset in `raw` it stood at; between two of them both run alike. Empty: no escapes. */
  readonly #marks: readonly number[]

  /** @throws {MaskError} an escape that is none */
  constructor(raw: Uint8Array) {
    this.raw = raw
    const end = raw.length - 1
    let from = raw.indexOf(0x5c)
    if (from < 0) {
      this.bytes = raw.subarray(1, end)
      this.#marks = []
      return
    }
    const out = new Uint8Array(raw.length)
    const marks: number[] = [0, 1]
    out.set(raw.subarray(1, from))
    let to = from - 1
    while (from < end) {
      const byte = raw[from]!
      if (byte !== 0x5c) {
        out[to++] = byte
        from++
        continue
      }
      marks.push(to, from)
      const letter = raw[from + 1] ?? 0
      if (letter === 0x75) {
        let code = hex4(raw, from + 2)
        if (code < 0) throw invalid()
        from += 6
        if (code >= 0xd800 && code < 0xe000) {
          const low = code < 0xdc00 && raw[from] === 0x5c && raw[from + 1] === 0x75 ? hex4(raw, from + 2) : -1
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            from += 6
          } else code = 0xfffd
        }
        to = putUtf8(out, to, code)
      } else {
        const plain = ESCAPES.get(letter)
        if (plain === undefined) throw invalid()
        out[to++] = plain
        from += 2
      }
      marks.push(to, from)
    }
    this.bytes = out.subarray(0, to)
    this.#marks = marks
  }

  /** The token with stretches of its text replaced. @param edits offsets into `bytes`; what they put there is text, not JSON */
  replaced(edits: readonly Edit[]): Uint8Array {
    return applyEdits(
      this.raw,
      edits.map(({ start, end, bytes }) => ({ start: this.#from(start), end: this.#to(end), bytes: escaped(bytes) })),
    )
  }

  /** Where the byte at `offset` of the text begins in the token. */
  #from(offset: number): number {
    const mark = this.#mark(offset)
    if (mark < 0) return offset + 1
    const [at, stood] = [this.#marks[mark]!, this.#marks[mark + 1]!]
    // Within an escape: all of it.
    return this.#isEscape(mark) ? stood : stood + offset - at
  }

  /** Where the text before `offset` ends in the token. */
  #to(offset: number): number {
    if (offset === 0) return 1
    const mark = this.#mark(offset - 1)
    if (mark < 0) return offset + 1
    const [at, stood] = [this.#marks[mark]!, this.#marks[mark + 1]!]
    return this.#isEscape(mark) ? this.#marks[mark + 3]! : stood + offset - at
  }

  /** Marks alternate: plain text from the first, an escape from the second, plain text from the third. */
  #isEscape(mark: number): boolean {
    return mark % 4 === 2
  }

  /** The last mark at or before an offset; -1 when there are none. */
  #mark(offset: number): number {
    const marks = this.#marks
    if (marks.length === 0) return -1
    let low = 0
    let high = marks.length / 2 - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (marks[middle * 2]! <= offset) low = middle
      else high = middle - 1
    }
    return low * 2
  }
}

/** Text as it stands within a JSON string. */
function escaped(text: Uint8Array): Uint8Array {
  for (const byte of text) {
    if (byte === 0x22 || byte === 0x5c || byte < 0x20) {
      return encoder.encode(
        JSON.stringify(new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(text)).slice(1, -1),
      )
    }
  }
  return text
}
