// The rest of a private key whose BEGIN was left out (`tail key.pem`): lines of base64 in front of its END. In: where END stands.
// Out: where the first such line begins. No I/O.

const MAX_LINES = 1000
/** A line of a key is 64 or 70 characters long. */
const LINE = /^[ \t]*(?:\S{1,64} +){0,4}[A-Za-z0-9+/]{32,76}\r?$/
/** The last is as long as it happens to be; a word is no line. */
const LAST_LINE = /^[ \t]*(?:\S{1,64} +){0,4}[A-Za-z0-9+/]{8,76}={0,2}\r?$/
const CHECKSUM = /^[ \t]*=[A-Za-z0-9+/]{4}\r?$/
const END = /^-----END [A-Z ]{0,32}PRIVATE KEY/
const MAX_LINE = 512

const latin = new TextDecoder('latin1')
const LF = 0x0a

/** Where the lines of a key begin whose END may stand at `at`; -1: it is none, or none stand there. */
export function keyBefore(bytes: Uint8Array, at: number): { readonly start: number; readonly work: number } {
  let work = 16
  if (!END.test(latin.decode(bytes.subarray(at, at + 64)))) return { start: -1, work }
  let start = -1
  let sum = false
  let lineStart = lineBegin(bytes, at)
  // It may be indented, or have a time in front of it, as the lines have.
  for (let lines = 0; lineStart > 0 && lines < MAX_LINES; lines++) {
    const end = lineStart - 1
    const from = lineBegin(bytes, end)
    work += end - from + 4
    if (from < 0) break
    const line = latin.decode(bytes.subarray(from, end))
    // A key with its BEGIN was looked at from there.
    if (line.includes('-----BEGIN')) return { start: -1, work }
    // Behind the last line only the sum of a PGP key stands.
    const isLast = LAST_LINE.test(line)
    const isRest = start < 0 ? isLast || CHECKSUM.test(line) : LINE.test(line) || (sum && isLast)
    if (!isRest) break
    sum = CHECKSUM.test(line)
    start = from
    lineStart = from
  }
  return { start, work }
}

/** Where the line begins that `at` stands on or ends; -1: too far in front. */
function lineBegin(bytes: Uint8Array, at: number): number {
  let start = at
  const least = Math.max(0, at - MAX_LINE)
  while (start > least && bytes[start - 1] !== LF) start--
  return start === least && start > 0 ? -1 : start
}
