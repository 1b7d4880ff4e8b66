// Classes of bytes, and what is asked of bytes by several parts. No I/O.

/** The ASCII characters that a pattern takes, as a table: 1 for each byte that is one. */
export function setOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte < 128 && pattern.test(String.fromCharCode(byte)) ? 1 : 0))
}

/** Letters, digits and `_`: what makes up a word. */
export const WORD = setOf(/\w/)
/** Letters and digits. */
export const ALNUM = setOf(/[A-Za-z0-9]/)
export const LETTER = setOf(/[A-Za-z]/)
export const DIGIT = setOf(/\d/)
/** What names of variables, keys and fields are made of. */
export const NAME = setOf(/[\w.-]/)
/** Standard and URL-safe base64, without padding. */
export const BASE64 = setOf(/[\w+/-]/)
/** URL-safe base64 without padding. */
export const BASE64URL = setOf(/[\w-]/)
export const QUOTE = setOf(/["'`]/)
/** Blank and tab. */
export const BLANK = setOf(/[ \t]/)
/** Blank, tab, line ends; NUL, which parts the variables of /proc/1/environ. */
export const SPACE = setOf(/[ \t\r\n\v\f\0]/)

export function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

/** Lower case of an ASCII letter, else the byte itself. */
export function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}

/** A short word must stand by itself (`exa` in `EXA_API_KEY`, not in `example`); a longer one may be part of another. */
const SHORT_WORD = 4

/** Whether the word in `bytes[start..end)` stands by itself, or is long enough not to. */
export function isWordAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > SHORT_WORD) return true
  if (end < bytes.length) {
    const next = bytes[end]!
    if (isLower(next) || (isUpper(next) && isUpper(bytes[end - 1]!))) return false
  }
  if (start === 0) return true
  const before = bytes[start - 1]!
  return !(isLower(before) ? isLower(bytes[start]!) : isUpper(before))
}

/** Blanks between a name, its operator and the value. */
export const MAX_BLANKS = 32

/** The end of blanks from `at` on. */
export function blanksEnd(bytes: Uint8Array, at: number): number {
  const limit = Math.min(bytes.length, at + MAX_BLANKS)
  let i = at
  while (i < limit && BLANK[bytes[i]!] === 1) i++
  return i
}

/** Whether `text` (lower case, ASCII) stands at `at`, in either case. */
export function standsAt(bytes: Uint8Array, at: number, text: string): boolean {
  if (at < 0 || at + text.length > bytes.length) return false
  for (let i = 0; i < text.length; i++) if (lower(bytes[at + i]!) !== text.charCodeAt(i)) return false
  return true
}

/** `bytes[start..end)` as text, one character a byte. */
export function latin(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let i = start
  for (; i + 8 <= end; i += 8) {
    text += String.fromCharCode(
      bytes[i]!,
      bytes[i + 1]!,
      bytes[i + 2]!,
      bytes[i + 3]!,
      bytes[i + 4]!,
      bytes[i + 5]!,
      bytes[i + 6]!,
      bytes[i + 7]!,
    )
  }
  for (; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}
