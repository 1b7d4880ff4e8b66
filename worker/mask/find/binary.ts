// Whether a stretch stands in binary content, where `PW=` comes up by chance and a placeholder would spoil a file. In: bytes. Out:
// yes or no. No I/O.

/** Looked at in front of a value. */
const BEFORE_BYTES = 64
/**
 * In a text of another encoding nearly every byte is no UTF-8, but none is a control. Controls and bytes that are no UTF-8, each pair
 * enough: 64 random bytes hold less than the first once in 60 times, less than both once in 400.
 */
const ENOUGH = [
  { controls: 2, broken: 8 },
  { controls: 1, broken: 16 },
] as const
/** Of a long value its beginning says enough. */
const MAX_LOOKED_BYTES = 256

/** True when both controls that no text holds and bytes that are no UTF-8 stand in `bytes[start..end)` or close in front of it. */
export function isBinary(bytes: Uint8Array, start: number, end: number): boolean {
  const to = Math.min(end, start + MAX_LOOKED_BYTES)
  let controls = 0
  let broken = 0
  let at = Math.max(0, start - BEFORE_BYTES)
  // The rest of a character that begins before.
  for (let rest = 0; rest < 3 && at < to && isContinuation(bytes[at]!); rest++) at++
  while (at < to) {
    const byte = bytes[at]!
    if (byte < 0x80) {
      if (isControl(byte)) controls++
      at++
      continue
    }
    const length = lengthOf(byte)
    let valid = length > 0
    for (let i = 1; i < length && valid && at + i < to; i++) valid = isContinuation(bytes[at + i]!)
    if (!valid) broken++
    at += valid ? length : 1
  }
  return isEnough(controls, broken)
}

/** A quick look: false only if nothing in it stands in binary content. */
export function mayHoldBinary(bytes: Uint8Array): boolean {
  let controls = 0
  let high = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte >= 0x80) high++
    else if (byte < 0x20 || byte === 0x7f) controls += isControl(byte) ? 1 : 0
    else continue
    if (isEnough(controls, high)) return true
  }
  return false
}

function isEnough(controls: number, broken: number): boolean {
  return ENOUGH.some((enough) => controls >= enough.controls && broken >= enough.broken)
}

/** Controls but those of text and of terminals: NUL parts the variables of /proc/1/environ. */
function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== 0 && (byte < 0x07 || byte > 0x0d) && byte !== 0x1b) || byte === 0x7f
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0
}

/** Bytes of the character that a byte begins (RFC 3629, section 4); 0: none does. */
function lengthOf(byte: number): number {
  if (byte >= 0xc2 && byte < 0xe0) return 2
  if (byte >= 0xe0 && byte < 0xf0) return 3
  return byte >= 0xf0 && byte < 0xf5 ? 4 : 0
}
