// Base64 (RFC 4648, standard alphabet, padded) over bytes, the same on every runtime. No I/O.

const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PAD = 0x3d
const INVALID = 255
const VALUE_OF = new Uint8Array(256).fill(INVALID)
for (const [value, char] of ALPHABET.entries()) VALUE_OF[char] = value

/** Encodes bytes as ASCII bytes. */
export function encodeBase64(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  let at = 0
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i]!
    const b = i + 1 < bytes.length ? bytes[i + 1]! : 0
    const c = i + 2 < bytes.length ? bytes[i + 2]! : 0
    out[at++] = ALPHABET[a >> 2]!
    out[at++] = ALPHABET[((a & 3) << 4) | (b >> 4)]!
    out[at++] = i + 1 < bytes.length ? ALPHABET[((b & 15) << 2) | (c >> 6)]! : PAD
    out[at++] = i + 2 < bytes.length ? ALPHABET[c & 63]! : PAD
  }
  return out
}

/** Decodes ASCII bytes strictly; null when they are not padded standard base64. Carriage returns and line feeds are passed over, as Go does. */
export function decodeBase64(text: Uint8Array): Uint8Array | null {
  let input = text
  if (text.includes(0x0a) || text.includes(0x0d)) input = text.filter((byte) => byte !== 0x0a && byte !== 0x0d)
  const length = input.length
  if (length % 4 !== 0) return null
  if (length === 0) return new Uint8Array(0)
  const padding = input[length - 1] !== PAD ? 0 : input[length - 2] !== PAD ? 1 : 2
  const out = new Uint8Array((length / 4) * 3 - padding)
  const whole = padding === 0 ? length : length - 4
  let at = 0
  for (let i = 0; i < whole; i += 4) {
    const a = VALUE_OF[input[i]!]!
    const b = VALUE_OF[input[i + 1]!]!
    const c = VALUE_OF[input[i + 2]!]!
    const d = VALUE_OF[input[i + 3]!]!
    if ((a | b | c | d) === INVALID) return null
    out[at++] = (a << 2) | (b >> 4)
    out[at++] = ((b & 15) << 4) | (c >> 2)
    out[at++] = ((c & 3) << 6) | d
  }
  if (padding > 0) {
    const a = VALUE_OF[input[whole]!]!
    const b = VALUE_OF[input[whole + 1]!]!
    const c = padding === 1 ? VALUE_OF[input[whole + 2]!]! : 0
    if ((a | b | c) === INVALID) return null
    out[at++] = (a << 2) | (b >> 4)
    if (padding === 1) out[at++] = ((b & 15) << 4) | (c >> 2)
  }
  return out
}
