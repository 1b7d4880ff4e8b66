// Private keys in PEM (RFC 7468), of OpenSSH, of OpenPGP (RFC 9580), of PuTTY: from BEGIN to END, whatever stands in front of each
// line, also on one line with `\n` spelled out. In: where a marker begins. Out: how far the key goes. No I/O.

import { BASE64, latin, SPACE, standsAt } from './bytes.ts'

/** A key that goes on longer is cut off here. An RSA key of 16,384 bits has 13 KB; PGP key blocks are larger. Stops a BEGIN without an END. */
export const MAX_PEM_BYTES = 64 * 1024
/** Bytes without a run of base64 after which it is no key any more (a text that only speaks of one). */
const MAX_GAP = 512
const MIN_RUN = 16
/** A key has at least so many characters of base64 (Ed25519: 64). */
const MIN_BODY = 40
const MAX_LABEL = 64

export interface PemParts {
  /** -1: no private key. */
  readonly end: number
  readonly touchedEnd: boolean
  readonly work: number
}

const not = (work: number): PemParts => ({ end: -1, touchedEnd: false, work })

/** Looks at what begins at `start` with `-----BEGIN` or `---- BEGIN`. */
export function pemAt(bytes: Uint8Array, start: number): PemParts {
  let at = start
  while (at < bytes.length && (bytes[at] === 0x2d || bytes[at] === 0x20)) at++
  at += 'BEGIN'.length
  const labelStart = at
  const limit = Math.min(bytes.length, at + MAX_LABEL)
  // Over the end of a line that was broken for its width.
  while (at < limit && bytes[at] !== 0x2d) at++
  if (at >= bytes.length) return { end: -1, touchedEnd: at - labelStart < MAX_LABEL, work: at - start }
  if (bytes[at] !== 0x2d) return not(at - start)
  if (!saysPrivate(bytes, labelStart, at)) return not(at - start)
  while (at < bytes.length && at < start + 2 * MAX_LABEL && (bytes[at] === 0x2d || SPACE[bytes[at]!] === 1)) at++
  return bodyTo(bytes, start, at, '-----end', '---- end')
}

/** Without blanks: a line may have been broken anywhere in it. */
const PRIVATE_KEY = /privatekey/i

function saysPrivate(bytes: Uint8Array, from: number, to: number): boolean {
  return PRIVATE_KEY.test(latin(bytes, from, to).replaceAll(/\s/g, ''))
}

/** Looks at what begins at `start` with `Private-Lines:`, as PuTTY writes it. */
export function puttyAt(bytes: Uint8Array, start: number): PemParts {
  return bodyTo(bytes, start, start + 'Private-Lines:'.length, 'private-mac:', 'private-hash:')
}

/** By its first and its sixth byte (in lower case), whether `-----end`, `---- end`, `private-mac:` or `private-hash:` may stand there. */
function mayEnd(first: number, sixth: number): boolean {
  return (first === 0x2d && sixth === 0x65) || ((first | 0x20) === 0x70 && sixth === 0x74)
}

function bodyTo(bytes: Uint8Array, start: number, bodyStart: number, end1: string, end2: string): PemParts {
  const cap = start + MAX_PEM_BYTES
  const limit = Math.min(bytes.length, cap)
  let body = 0
  let lastRunEnd = bodyStart
  let at = bodyStart
  while (at < limit) {
    const byte = bytes[at]!
    const sixth = (bytes[at + 5] ?? 0) | 0x20
    // Another key begins before this one has: it is looked at by itself.
    if (body === 0 && byte === 0x2d && sixth === 0x62 && standsAt(bytes, at, '-----begin')) return not(at - start)
    if (mayEnd(byte, sixth) && (standsAt(bytes, at, end1) || standsAt(bytes, at, end2))) {
      if (body < MIN_BODY) return not(at - start)
      let stop = at + end1.length
      if (byte === 0x2d) {
        const labelLimit = Math.min(bytes.length, stop + MAX_LABEL)
        while (stop < labelLimit && bytes[stop] !== 0x2d && bytes[stop] !== 0x0a) stop++
        let dashes = 0
        while (dashes < 5 && stop < bytes.length && bytes[stop] === 0x2d) {
          stop++
          dashes++
        }
        return { end: stop, touchedEnd: stop >= bytes.length && dashes < 5, work: stop - start }
      }
      while (stop < bytes.length && stop < at + 128 && bytes[stop] !== 0x0a) stop++
      return { end: stop, touchedEnd: stop >= bytes.length, work: stop - start }
    }
    if (BASE64[byte] === 1 && byte !== 0x2d) {
      let runEnd = at + 1
      // The `-` of an END marker ends a run.
      while (runEnd < limit && BASE64[bytes[runEnd]!] === 1 && !(bytes[runEnd] === 0x2d && bytes[runEnd + 1] === 0x2d))
        runEnd++
      if (runEnd - at >= MIN_RUN || (body > 0 && at - lastRunEnd <= 4)) {
        body += runEnd - at
        lastRunEnd = runEnd
      }
      at = runEnd
    } else at++
    if (at - lastRunEnd > MAX_GAP)
      return { end: body >= MIN_BODY ? lastRunEnd : -1, touchedEnd: false, work: at - start }
  }
  const touchedEnd = at >= bytes.length && bytes.length < cap
  return { end: body >= MIN_BODY ? (touchedEnd ? bytes.length : lastRunEnd) : -1, touchedEnd, work: at - start }
}
