// A quick look at raw JSON strings: most hold nothing that a rule, or a form it could be decoded to, would find anything in.
// In: bytes, compiled rules. Out: whether it is worth matching. No I/O.

import { BASE64, DIGIT, isUpper, isWordAt, NAME, setOf } from './bytes.ts'
import type { Compiled, Target } from './compiled.ts'

/** What may stand behind a name of which a value follows. */
const BEHIND_NAME = setOf(/[^\w.\-/@%*#$&;~^]/)

function operatorFollows(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from
  while (at < end && NAME[bytes[at]!] === 1) at++
  return at < end - 1 && BEHIND_NAME[bytes[at]!] === 1
}

/** Whether anything can come of a literal that ends at `at` in `bytes[start..end)`. */
function mayMatch(
  targets: readonly Target[],
  length: number,
  bytes: Uint8Array,
  start: number,
  at: number,
  end: number,
): boolean {
  const left = end - at
  for (const { kind, shape } of targets) {
    if (kind === 'keyword') {
      if (left > 1 && operatorFollows(bytes, at, end)) return true
    } else if (kind === 'near') {
      if (left >= shape!.shortest && isWordAt(bytes, at - length, at)) return true
    } else if (kind === 'shape') {
      if (left + at - start >= shape!.shortest) return true
    } else return true
  }
  return false
}

function anyMayMatch(
  { automaton: { ends, accept }, targets, literals }: Compiled,
  state: number,
  bytes: Uint8Array,
  start: number,
  at: number,
  end: number,
): boolean {
  const here = ends[state - accept]!
  for (let n = 0; n < here.length; n++) {
    if (mayMatch(targets[here[n]!]!, literals[here[n]!]!.length, bytes, start, at, end)) return true
  }
  return false
}

/** What a byte of a raw JSON string may be part of. */
const BASE64_PART = 1
const UPPER_PART = 2
const CARD_PART = 4
const CODED_PART = 8
const PARTS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x5c || byte === 0x25) return CODED_PART
  return (
    (BASE64[byte] === 1 ? BASE64_PART : 0) |
    (isUpper(byte) ? UPPER_PART : 0) |
    (DIGIT[byte] === 1 || byte === 0x20 || byte === 0x2d ? CARD_PART : 0)
  )
})
/** Base64 of a secret is longer, and without a capital letter once in a million times. */
const MIN_BASE64 = 20
const MIN_CARD = 13

/** Whether the raw JSON string in `bytes[start..end)` may hold a secret: `perhaps` if only matching can tell. */
export function suspicionOf(
  compiled: Compiled,
  bytes: Uint8Array,
  start: number,
  end: number,
): 'yes' | 'no' | 'perhaps' {
  const { table: next, classes, shift, accept } = compiled.automaton
  let state = 0
  let found = false
  let base64 = 0
  let upper = 0
  let card = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    state = next[(state << shift) | classes[byte]!]!
    if (state >= accept && !found) found = anyMayMatch(compiled, state, bytes, start, i + 1, end)
    const part = PARTS[byte]!
    if ((part & BASE64_PART) !== 0) {
      upper |= part & UPPER_PART
      if (++base64 >= MIN_BASE64 && upper !== 0) return 'yes'
    } else {
      if (part === CODED_PART) return 'yes'
      base64 = 0
      upper = 0
    }
    if ((part & CARD_PART) !== 0) {
      if (++card >= MIN_CARD) found = true
    } else card = 0
  }
  return found ? 'perhaps' : 'no'
}
