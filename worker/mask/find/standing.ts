// How a value stands that a name says: in something, alone on its line, without a blank. In: what was found. Out: what of it counts.
// No I/O.

import { type Assigned, valueAt } from './assigned.ts'
import { innerOf } from './beside.ts'
import { blanksEnd, DIGIT, latin, SPACE, setOf } from './bytes.ts'
import { MIN_RANDOM, type Operator } from './judgement.ts'
import type { NameKind } from './names.ts'
import type { Beside } from './place.ts'

/** What a value stands in that would be none by itself: an anchor of YAML, brackets, a quote of HTML. */
export function within(
  bytes: Uint8Array,
  at: number,
  found: Assigned,
  kind: NameKind,
  operator: Operator,
  name: { start: number; end: number },
): Assigned {
  const inner = innerOf(bytes, at)
  if (inner === null) return found
  if (inner.start >= bytes.length) return { ...found, open: found.open < 0 ? bytes.length : found.open }
  const { start, closes, quotes } = inner
  const isWord = !quotes && closes !== ''
  if (isWord && !closesIn(bytes, start, closes.charCodeAt(0))) return found
  const value = valueAt(bytes, start, kind, isWord && kind === 'password' ? 'prose' : operator, name)
  const open = found.open < 0 ? value.open : value.open < 0 ? found.open : Math.min(found.open, value.open)
  const work = found.work + value.work
  if (value.start < 0 || closes === '') return { ...value, open, work }
  const length = latin(bytes, value.start, value.end).indexOf(closes)
  const end = length < 0 ? value.end : value.start + length
  // {SSHA}…: the value goes on behind it.
  const behind = bytes[end + closes.length]
  const isPart = behind !== undefined && ENDS_WORD[behind] === 0
  if (isWord && (isPart || !isMade(bytes, value.start, end, kind))) return { ...found, open, work }
  return { ...value, end, open, work }
}

/** Whether a bracket is closed in the word that stands behind it. */
function closesIn(bytes: Uint8Array, start: number, closes: number): boolean {
  const limit = Math.min(bytes.length, start + MAX_VALUE_WORD)
  let at = start
  while (at < limit && SPACE[bytes[at]!] === 0) if (bytes[at++] === closes) return true
  return false
}

/** Whether it has a digit, and is too long for the name of a type. */
function isMade(bytes: Uint8Array, start: number, end: number, kind: NameKind): boolean {
  return (
    (kind === 'password' || end - start >= MIN_RANDOM) &&
    /\d/.test(latin(bytes, start, Math.min(end, start + MAX_VALUE_WORD)))
  )
}

const ENDS_WORD = setOf(/[\s,;"'`)]/)

/** Where the word that begins at `from` ends. */
export function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && at < from + MAX_VALUE_WORD && SPACE[bytes[at]!] === 0) at++
  return at
}

/** A word that is longer has its line end looked for no further. */
const MAX_VALUE_WORD = 1024

/** What was found, if it stands as it must. */
export function held(bytes: Uint8Array, found: Assigned, only: Beside): Assigned {
  if (found.start < 0) return found
  if (only.word) {
    let digits = false
    let blanks = false
    for (let i = found.start; i < found.end && i < found.start + MAX_VALUE_WORD; i++) {
      if (SPACE[bytes[i]!] === 1) blanks = true
      if (DIGIT[bytes[i]!] === 1) digits = true
    }
    if (blanks && !digits) return { ...found, start: -1, end: -1 }
  }
  if (!only.alone) return found
  // A sentence ends there.
  const end = bytes[found.end - 1] === 0x2e ? found.end - 1 : found.end
  // Whether its line ends with it is told by what follows.
  return { ...found, end, open: blanksEnd(bytes, found.end) >= bytes.length ? found.start : found.open }
}
