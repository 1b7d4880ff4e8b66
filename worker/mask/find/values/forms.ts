// The forms in which a text is searched for: plain, in base64 at each alignment, in hex. In: a text and a form. Out: its characters
// there. No I/O.

/** Forms have numbers below this. */
export const FORMS = 8
const PLAIN = 0
const HEX_LOWER = 4
const HEX_UPPER = 5
export const FORMS_SEARCHED: readonly number[] = [PLAIN, 1, 2, 3, HEX_LOWER, HEX_UPPER]

/** Both base64 alphabets are one. */
export const NORMAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x2d ? 0x2b : byte === 0x5f ? 0x2f : byte,
)
const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const LOWER = new TextEncoder().encode('0123456789abcdef')
const UPPER = new TextEncoder().encode('0123456789ABCDEF')
/** For each way a text may be aligned in base64: its bits that belong to a character with the byte before it. */
const LOST_BITS = [0, 4, 2]

/** How many characters a text has in a form. */
export function lengthOf(text: Uint8Array, form: number): number {
  if (form === PLAIN) return text.length
  if (form >= HEX_LOWER) return text.length * 2
  return Math.floor((text.length * 8 - LOST_BITS[form - 1]!) / 6)
}

/** A character of a text in a form. */
export function characterOf(text: Uint8Array, form: number, at: number): number {
  if (form === PLAIN) return text[at]!
  if (form >= HEX_LOWER) {
    const byte = text[at >> 1]!
    return (form === HEX_LOWER ? LOWER : UPPER)[(at & 1) === 0 ? byte >> 4 : byte & 15]!
  }
  const bit = LOST_BITS[form - 1]! + 6 * at
  const byte = bit >> 3
  const two = (text[byte]! << 8) | (text[byte + 1] ?? 0)
  return ALPHABET[(two >> (10 - (bit & 7))) & 63]!
}

/** How many characters of a text in a form stand at an offset, at most `most`. */
export function sameLength(bytes: Uint8Array, start: number, text: Uint8Array, form: number, most: number): number {
  let i = 0
  if (form === PLAIN) while (i < most && bytes[start + i] === text[i]) i++
  else if (form >= HEX_LOWER) while (i < most && bytes[start + i] === characterOf(text, form, i)) i++
  else while (i < most && NORMAL[bytes[start + i]!] === characterOf(text, form, i)) i++
  return i
}

export function isBase64(form: number): boolean {
  return form >= 1 && form <= 3
}

/** Whether the byte at an offset is a character of a text in a form. */
export function isCharacter(bytes: Uint8Array, at: number, text: Uint8Array, form: number, place: number): boolean {
  return (isBase64(form) ? NORMAL[bytes[at]!] : bytes[at]) === characterOf(text, form, place)
}
