// Passwords and tokens that a sentence tells: `The password for user 'x' is 'y'`, `password set to y`, `Using token y`. In: the name and
// where the next word begins. Out: the value. No I/O.

import { type Assigned, result, valueAt } from './assigned.ts'
import { BLANK, blanksEnd, latin, QUOTE, SPACE, setOf, standsAt } from './bytes.ts'
import { isJumbled } from './entropy.ts'
import type { NameKind } from './names.ts'
import { excuseOf } from './stopwords.ts'

const PROSE_BYTES = 64
const LF = 0x0a
const CR = 0x0d
/** What a password is changed with. */
const CHANGES: readonly string[] = ['set to ', 'changed to ', 'reset to ', 'updated to ']
/** Line ends and blanks between a sentence and the line that it announces. */
const MAX_GAP = 16
const MAX_WORD = 256

/** What those words begin with. */
const MAY_SAY = setOf(/[:=iwscru]/i)

/** Where a value begins of which the words from `at` on say so; -1: they say nothing. */
function saidAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!
  if (MAY_SAY[byte] === 0) return -1
  const next = bytes[at + 1] ?? 0
  if (byte === 0x3a && (BLANK[next] === 1 || next === LF || next === CR)) return at + 1
  if (byte === 0x3d && BLANK[next] === 1 && BLANK[bytes[at - 1]!] === 1) return at + 1
  if (BLANK[bytes[at - 1]!] === 0) return -1
  if (standsAt(bytes, at, 'is ') || standsAt(bytes, at, 'was ')) return at + (bytes[at + 2] === 0x20 ? 3 : 4)
  const change = CHANGES.find((words) => standsAt(bytes, at, words))
  return change === undefined ? -1 : at + change.length
}

/** What follows `is`, `was`, `set to`, a colon or `=` on the same line, a few words on, or behind a colon on the next line that has any. */
export function proseAt(
  bytes: Uint8Array,
  name: { start: number; end: number },
  from: number,
  judge: (name: string) => NameKind,
): Assigned | null {
  const length = bytes.length
  const limit = Math.min(length, from + PROSE_BYTES)
  const waiting = (at: number): Assigned => result(-1, -1, length, name.end, at - name.start)
  for (let at = from; at < limit && bytes[at] !== LF; at++) {
    let value = saidAt(bytes, at)
    if (value < 0) continue
    const kind = judge(latin(bytes, name.start, name.end))
    if (kind !== 'password')
      return kind === 'secret' && at === from ? toldAt(bytes, name, blanksEnd(bytes, value)) : null
    const line = value
    value = blanksEnd(bytes, value)
    const isOver = value < length && (bytes[value] === LF || bytes[value] === CR)
    if (isOver) while (value < line + MAX_GAP && value < length && SPACE[bytes[value]!] === 1) value++
    if (value >= length) return waiting(value)
    // On a line of its own: `Use the following password:\n\n…\n`.
    if (isOver && QUOTE[bytes[value]!] === 1) return null
    const found = valueAt(bytes, value, 'password', 'prose', name)
    if (isOver && found.start >= 0) {
      const end = blanksEnd(bytes, found.end)
      if (end < length && bytes[end] !== LF && bytes[end] !== CR) return null
    }
    return found
  }
  return toldAt(bytes, name, from, judge)
}

const MIN_TOLD = 20
const MADE = /^(?=.*\d)(?=.*[A-Za-z])[\w+/=.~-]+$/
const HEX = /^(?=.*\d)(?=.*[a-f])[0-9a-f]{32,}$/i

/** A token that stands behind its name as the next word: only what is certainly made. */
function toldAt(
  bytes: Uint8Array,
  name: { start: number; end: number },
  from: number,
  judge: ((name: string) => NameKind) | null = null,
): Assigned | null {
  let end = from
  const limit = Math.min(bytes.length, from + MAX_WORD)
  while (end < limit && SPACE[bytes[end]!] === 0) end++
  const open = end >= bytes.length ? from : -1
  while (end > from && (bytes[end - 1] === 0x2e || bytes[end - 1] === 0x2c || bytes[end - 1] === 0x3b)) end--
  const word = latin(bytes, from, end)
  const isMade = word.length >= MIN_TOLD && MADE.test(word) && (HEX.test(word) || isJumbled(word))
  if (!isMade && open < 0) return null
  if (judge !== null && judge(latin(bytes, name.start, name.end)) !== 'secret') return null
  const work = 2 * (end - name.start) + 16
  const isOne = isMade && excuseOf(word) === 'none'
  return result(isOne ? from : -1, isOne ? end : -1, open, name.end, work)
}
