// Bytes as text of one character a byte, reversibly (the decoder called latin1 is not: it is windows-1252), so that text search
// works on them whatever they are. No I/O.

const STEP = 8192
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

export function binaryOf(bytes: Uint8Array): string {
  let out = ''
  for (let at = 0; at < bytes.length; at += STEP) out += String.fromCharCode(...bytes.subarray(at, at + STEP))
  return out
}

export function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i)
  return bytes
}

/** A text's UTF-8. */
export function binaryOfText(text: string): string {
  return binaryOf(encoder.encode(text))
}

/** The text whose UTF-8 it is; null when it is none. */
export function textOfBinary(binary: string): string | null {
  try {
    return utf8.decode(bytesOf(binary))
  } catch {
    return null
  }
}
