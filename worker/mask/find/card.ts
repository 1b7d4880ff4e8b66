// Payment card numbers (ISO/IEC 7812): a known issuer prefix, its length, a valid Luhn digit. In: bytes. Out: where they stand. No I/O.

import type { Budget } from './budget.ts'
import { ALNUM, DIGIT } from './bytes.ts'

const MIN_DIGITS = 13
const MAX_DIGITS = 19
/** A card has a byte in every stretch of this length. */
const STRIDE = MIN_DIGITS

/** A group of four may begin six kinds of cards. */
const WORK_FOR_EACH_BYTE = 16

const BLANK = 0x20
const DASH = 0x2d
const DOT = 0x2e

/** Bytes of a card: digits, and blanks or dashes between groups. */
const PART = DIGIT.slice()
PART[BLANK] = 1
PART[DASH] = 1

/** How cards are printed: in fours, American Express and Diners Club 4-6-5 and 4-6-4. Longest first. */
const GROUPINGS: readonly (readonly number[])[] = [
  [4, 4, 4, 4, 3],
  [4, 4, 4, 4, 2],
  [4, 4, 4, 4, 1],
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
]

interface Group {
  readonly start: number
  readonly end: number
}

/**
 * Looks at all of `bytes`. Calls `found` for each card, and `open` for where one may have begun that is not complete.
 */
export function findCards(
  bytes: Uint8Array,
  budget: Budget,
  found: (start: number, end: number) => void,
  open: (start: number) => void,
): void {
  const length = bytes.length
  let done = 0
  for (let i = STRIDE - 1; done < length; i += STRIDE) {
    const at = Math.min(i, length - 1)
    if (PART[bytes[at]!] === 1) {
      let start = at
      while (start > done && PART[bytes[start - 1]!] === 1) start--
      let end = at + 1
      while (end < length && PART[bytes[end]!] === 1) end++
      // What ends the text may be followed by a dot, which says that it is no card only if a digit comes behind it.
      const last = end >= length || (end === length - 1 && bytes[end] === DOT)
      if (last || end - start >= MIN_DIGITS) {
        budget.spend(WORK_FOR_EACH_BYTE * (end - start))
        inRun(bytes, groupsIn(bytes, start, end), found, last ? open : null)
      }
      i = end
      done = end
    }
    if (i >= length - 1) break
  }
}

/** A quick look: false only if no card stands in `bytes[from..to)`. */
export function mayHoldCard(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + STRIDE - 1; at < to; at += STRIDE) {
    if (PART[bytes[at]!] === 0) continue
    let start = at
    while (start > from && PART[bytes[start - 1]!] === 1) start--
    let end = at + 1
    while (end < to && PART[bytes[end]!] === 1) end++
    if (end - start >= MIN_DIGITS) return true
    at = end
  }
  return false
}

function groupsIn(bytes: Uint8Array, start: number, end: number): readonly Group[] {
  const groups: Group[] = []
  for (let at = start; at < end; at++) {
    if (DIGIT[bytes[at]!] === 0) continue
    const from = at
    while (at < end && DIGIT[bytes[at]!] === 1) at++
    groups.push({ start: from, end: at })
  }
  return groups
}

function inRun(
  bytes: Uint8Array,
  groups: readonly Group[],
  found: (start: number, end: number) => void,
  open: ((start: number) => void) | null,
): void {
  let opened = open === null
  for (let n = 0; n < groups.length; n++) {
    const { start, end } = groups[n]!
    if (!mayBegin(bytes, start)) continue
    if (!opened && mayGrow(bytes, groups, n)) {
      open?.(start)
      opened = true
    }
    const size = end - start
    if (size >= MIN_DIGITS && size <= MAX_DIGITS) {
      if (mayEnd(bytes, end) && isCard(bytes, start, end)) found(start, end)
      continue
    }
    if (size !== 4) continue
    for (const sizes of GROUPINGS) {
      const last = groups[n + sizes.length - 1]
      if (last === undefined || !isGrouped(bytes, groups, n, sizes) || !mayEnd(bytes, last.end)) continue
      if (!isCard(bytes, start, last.end)) continue
      found(start, last.end)
      n += sizes.length - 1
      break
    }
  }
}

/** Whether groups from `n` on have these sizes, with single separators of one kind between them. */
function isGrouped(bytes: Uint8Array, groups: readonly Group[], n: number, sizes: readonly number[]): boolean {
  const separator = bytes[groups[n]!.end]
  for (let k = 0; k < sizes.length; k++) {
    const group = groups[n + k]!
    if (group.end - group.start !== sizes[k]) return false
    if (k === 0) continue
    const before = groups[n + k - 1]!
    if (group.start !== before.end + 1 || bytes[before.end] !== separator) return false
  }
  return true
}

/** Whether what begins with group `n` reaches the end of the text, so that more of it could make a card. */
function mayGrow(bytes: Uint8Array, groups: readonly Group[], n: number): boolean {
  const { start, end } = groups[n]!
  const first = bytes[start]!
  if (first < 0x32 || first > 0x36) return false
  const rest = groups.length - n
  const reached = groups.at(-1)!.end
  // At most one separator or dot stands behind the last digit.
  if (reached < bytes.length - 1) return false
  const closed = reached < bytes.length
  if (rest === 1 && !closed) return end - start <= MAX_DIGITS
  if (rest === 1 && end - start >= MIN_DIGITS && end - start <= MAX_DIGITS) return true
  return GROUPINGS.some((sizes) => {
    if (rest > sizes.length) return false
    for (let k = 0; k < rest; k++) {
      const group = groups[n + k]!
      const size = group.end - group.start
      const whole = k < rest - 1 || closed
      if (whole ? size !== sizes[k] : size > sizes[k]!) return false
      if (k > 0 && (group.start !== groups[n + k - 1]!.end + 1 || bytes[groups[n + k - 1]!.end] !== bytes[end]))
        return false
    }
    return true
  })
}

function mayBegin(bytes: Uint8Array, start: number): boolean {
  if (start === 0) return true
  const before = bytes[start - 1]!
  return ALNUM[before] === 0 && before !== DOT && before !== 0x5f && before !== DASH && before !== 0x2b
}

function mayEnd(bytes: Uint8Array, end: number): boolean {
  if (end >= bytes.length) return true
  const after = bytes[end]!
  if (ALNUM[after] === 1 || after === 0x5f) return false
  return !((after === DOT || after === DASH) && end + 1 < bytes.length && DIGIT[bytes[end + 1]!] === 1)
}

function isCard(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!
  if (first < 0x32 || first > 0x36 || !checked(bytes, start, end)) return false
  let number = ''
  for (let i = start; i < end; i++) if (DIGIT[bytes[i]!] === 1) number += String.fromCharCode(bytes[i]!)
  return issued(number) && !/^(\d{1,4})\1{2,}$/.test(number)
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

/** The check digit, over bytes with separators. */
function checked(bytes: Uint8Array, start: number, end: number): boolean {
  let sum = 0
  let twice = false
  for (let i = end - 1; i >= start; i--) {
    const digit = bytes[i]! - 0x30
    if (digit < 0) continue
    sum += twice ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit
    twice = !twice
  }
  return sum % 10 === 0
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
