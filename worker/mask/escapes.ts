// Undoes the escapes of JSON and YAML over whole bodies, without parsing. In: bytes. Out: bytes, never longer. No I/O.

const BACKSLASH = 0x5c
/** Bytes of UTF-8 for a code point beyond Unicode: none. */
const LAST_CODE_POINT = 0x10ffff

/** The value of a hexadecimal digit, -1 for other bytes. */
function digit(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** A number of so many hexadecimal digits, -1 when there are fewer. */
function hexAt(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0
  for (let i = 0; i < digits; i++) {
    const next = digit(bytes[at + i])
    if (next < 0) return -1
    value = value * 16 + next
  }
  return value
}

/** How many digits follow `\u`, `\U` and `\x`; 0 for others. */
function digitsAfter(byte: number): number {
  return byte === 0x75 ? 4 : byte === 0x55 ? 8 : byte === 0x78 ? 2 : 0
}

/**
 * Undoes one layer of escapes: `\uXXXX`, `\UXXXXXXXX`, `\xXX`, `\n`, an escaped line break; of any other the character stays.
 * @returns the bytes themselves when there is no escape
 */
export function undoEscapes(bytes: Uint8Array): Uint8Array {
  let from = bytes.indexOf(BACKSLASH)
  if (from < 0) return bytes
  const out = new Uint8Array(bytes.length)
  out.set(bytes.subarray(0, from))
  let to = from
  while (from < bytes.length) {
    const byte = bytes[from++]!
    const next = bytes[from]
    if (byte !== BACKSLASH || next === undefined) {
      out[to++] = byte
      continue
    }
    const digits = digitsAfter(next)
    const code = digits === 0 ? -1 : hexAt(bytes, from + 1, digits)
    if (code >= 0) {
      from += 1 + digits
      to = putUtf8(out, to, code)
    } else if (next === 0x0a || next === 0x0d) {
      // YAML joins the lines and drops the indentation.
      while (bytes[from] === 0x0a || bytes[from] === 0x0d || bytes[from] === 0x20 || bytes[from] === 0x09) from++
    } else {
      out[to++] = next === 0x6e ? 0x0a : next
      from++
    }
  }
  return out.subarray(0, to)
}

/** Writes a character in UTF-8; nothing for what is none. Returns where the next one goes. */
export function putUtf8(out: Uint8Array, at: number, code: number): number {
  let to = at
  if (code < 0x80) out[to++] = code
  else if (code < 0x800) {
    out[to++] = 0xc0 | (code >> 6)
    out[to++] = 0x80 | (code & 63)
  } else if (code < 0x10000) {
    out[to++] = 0xe0 | (code >> 12)
    out[to++] = 0x80 | ((code >> 6) & 63)
    out[to++] = 0x80 | (code & 63)
  } else if (code <= LAST_CODE_POINT) {
    out[to++] = 0xf0 | (code >> 18)
    out[to++] = 0x80 | ((code >> 12) & 63)
    out[to++] = 0x80 | ((code >> 6) & 63)
    out[to++] = 0x80 | (code & 63)
  }
  return to
}
