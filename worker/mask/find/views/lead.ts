// What a log puts before each of its lines: a time, a pod's name in brackets, a container's name and a bar. In: two lines. Out: how
// long it is. No I/O.

/** A longer one is no lead. */
const MAX_LEAD_BYTES = 160
/** Nothing shorter says whose the line is. */
const MIN_LEAD_BYTES = 4

/** What a lead has and words do not: a digit, a bracket, a bar. */
const SIGN = new Uint8Array(256)
for (const sign of '0123456789]|') SIGN[sign.charCodeAt(0)] = 1

/**
 * How many bytes of the line from `start` to `end` stand before the line at `next` as well, digits being as good as others, up to and
 * with a blank; 0 when that is nothing a log puts there, -1 when the text ends before that can be told.
 */
export function leadOf(bytes: Uint8Array, start: number, end: number, next: number): number {
  const most = Math.min(end - start, bytes.length - next, MAX_LEAD_BYTES)
  let lead = 0
  let signs = false
  let signed = false
  for (let i = 0; i < most; i++) {
    const one = bytes[start + i]!
    const other = bytes[next + i]!
    if (one !== other && !(isDigit(one) && isDigit(other))) return signed && lead >= MIN_LEAD_BYTES ? lead : 0
    if (SIGN[one] === 1) signs = true
    else if (one === 0x20 || one === 0x09) {
      lead = i + 1
      signed = signs
    }
  }
  if (next + most === bytes.length) return -1
  return signed && lead >= MIN_LEAD_BYTES ? lead : 0
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
