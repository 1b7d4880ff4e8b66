// Payment card numbers (ISO/IEC 7812): a known issuer prefix, its length, a valid Luhn digit. In: bytes. Out: where they stand. No I/O.

import { ALNUM, DIGIT } from './bytes.ts'

const MIN_DIGITS = 13
const MAX_DIGITS = 19
/** Longest card with separators: 19 digits in groups of four. */
export const MAX_CARD_BYTES = MAX_DIGITS + 4
/** A card has a byte in every stretch of this length. */
const STRIDE = 13

const PART = new Uint8Array(256)
for (let byte = 0x30; byte <= 0x39; byte++) PART[byte] = 1
PART[0x20] = 2
PART[0x2d] = 2

/** Looks at all of `bytes` from `from` on; calls `found` for each card, `open` for digits that reach the end. */
export function findCards(
  bytes: Uint8Array,
  from: number,
  found: (start: number, end: number) => void,
  open: (start: number) => void,
): void {
  const length = bytes.length
  let done = Math.max(0, from - MAX_CARD_BYTES)
  for (let i = done; ; i += STRIDE) {
    // The last stretch may be shorter than the stride.
    const at = i < length ? i : length - 1
    if (at < done || at < 0) {
      if (i >= length) break
      continue
    }
    if (PART[bytes[at]!] !== 0) {
      let start = at
      while (start > done && PART[bytes[start - 1]!] !== 0) start--
      let end = at + 1
      while (end < length && PART[bytes[end]!] !== 0) end++
      inRun(bytes, start, end, found, open)
      done = end
      i = end - 1
    }
    if (i >= length) break
  }
}

function inRun(
  bytes: Uint8Array,
  start: number,
  end: number,
  found: (start: number, end: number) => void,
  open: (start: number) => void,
): void {
  const reachesEnd = end === bytes.length
  if (end - start < MIN_DIGITS && !reachesEnd) return
  let at = start
  while (at < end) {
    while (at < end && DIGIT[bytes[at]!] === 0) at++
    if (at >= end) return
    // One number: digits, with single separators of one kind between groups.
    let digits = 0
    let last = at
    let separator = 0
    let groups = 1
    for (let i = at; i < end; i++) {
      const byte = bytes[i]!
      if (DIGIT[byte] === 1) {
        digits++
        last = i
        continue
      }
      if (i > last + 1 || (separator !== 0 && byte !== separator)) break
      separator = byte
      if (i + 1 < end && DIGIT[bytes[i + 1]!] === 1) groups++
    }
    const stop = last + 1
    const edge = stop === bytes.length || (stop === end && reachesEnd && stop >= bytes.length - 1)
    if (edge && digits <= MAX_DIGITS) open(at)
    if (digits >= MIN_DIGITS && digits <= MAX_DIGITS && isCard(bytes, at, stop, digits, groups)) found(at, stop)
    at = stop
  }
}

function isCard(bytes: Uint8Array, start: number, end: number, digits: number, groups: number): boolean {
  if (start > 0) {
    const before = bytes[start - 1]!
    if (ALNUM[before] === 1 || before === 0x2e || before === 0x5f || before === 0x2d || before === 0x2b) return false
  }
  if (end < bytes.length) {
    const after = bytes[end]!
    if (ALNUM[after] === 1 || after === 0x5f) return false
    if (after === 0x2e && end + 1 < bytes.length && DIGIT[bytes[end + 1]!] === 1) return false
  }
  let number = ''
  const sizes: number[] = [0]
  for (let i = start; i < end; i++) {
    if (DIGIT[bytes[i]!] === 1) {
      number += String.fromCharCode(bytes[i]!)
      sizes[sizes.length - 1]!++
    } else sizes.push(0)
  }
  if (groups > 1 && !grouped(sizes, digits)) return false
  return issued(number) && luhn(number) && !/^(\d)\1+$/.test(number) && !/^(\d{1,4})\1{3,}$/.test(number)
}

/** Groups as they are printed: fours, or 4-6-5 and 4-6-4. */
function grouped(sizes: readonly number[], digits: number): boolean {
  if (sizes.length === 3) return sizes[0] === 4 && sizes[1] === 6 && sizes[2] === digits - 10
  return sizes.every((size, index) => (index < sizes.length - 1 ? size === 4 : size >= 1 && size <= 4))
}

/** Prefixes in use (ISO/IEC 7812 as the schemes publish them), each with its lengths. */
function issued(number: string): boolean {
  const two = Number(number.slice(0, 2))
  const four = Number(number.slice(0, 4))
  const n = number.length
  if (number[0] === '4') return n === 16 || n === 13 || n === 19
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return n === 16
  if (two === 34 || two === 37) return n === 15
  if (four === 6011 || two === 65 || (four >= 6440 && four <= 6499)) return n === 16 || n === 19
  if (two === 62) return n >= 16
  if (four >= 3528 && four <= 3589) return n === 16 || n === 19
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) return n === 14 || n === 16
  if (
    four === 5018 ||
    four === 5020 ||
    four === 5038 ||
    four === 5893 ||
    four === 6304 ||
    four === 6759 ||
    (four >= 6761 && four <= 6763)
  )
    return n >= 13
  return four >= 2200 && four <= 2204 && n >= 16
}

/** The check digit of ISO/IEC 7812-1, annex B. */
export function luhn(number: string): boolean {
  let sum = 0
  for (let i = number.length - 1, twice = false; i >= 0; i--, twice = !twice) {
    let digit = number.charCodeAt(i) - 0x30
    if (twice) {
      digit *= 2
      if (digit > 9) digit -= 9
    }
    sum += digit
  }
  return sum % 10 === 0
}
