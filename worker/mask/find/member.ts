// The value of something that a name is only said of: `{"name": "DB_PASSWORD", "type": "string", "default": "…"}`, an input of a
// workflow, a variable of Terraform. In: the name. Out: where the value begins. No I/O.

import { BLANK, blanksEnd, latin, NAME, QUOTE, SPACE } from './bytes.ts'

/** What stands between a name and its value: so much is looked back at in a stream. */
const MAX_BETWEEN = 512
const MAX_MEMBERS = 12
const MAX_KEY = 16

const BACKSLASH = 0x5c
const LF = 0x0a
const CR = 0x0d

/** What was found: where the value begins, that more text could tell, or nothing. */
export interface Member {
  readonly kind: 'at' | 'open' | 'no'
  readonly at: number
}

/** Members that hold what an object with a name stands for. */
const VALUES = new Set(['value', 'default', 'val', 'defaultvalue', 'default_value'])
/** Members that hold its name. */
const NAMES = new Set(['name', 'key', 'id'])
/** What Terraform calls an object of its own with a name. */
const BLOCKS = new Set(['variable', 'output'])

/** Whether what begins at `start` stands behind `name:`, `"key": "` and the like. */
export function isSaidName(bytes: Uint8Array, start: number): boolean {
  let at = start - 1
  while (at >= 0 && at > start - 8 && (QUOTE[bytes[at]!] === 1 || BLANK[bytes[at]!] === 1 || bytes[at] === BACKSLASH))
    at--
  if (at < 0 || bytes[at] !== 0x3a) return false
  return NAMES.has(wordBefore(bytes, at))
}

/** Whether what begins at `start` stands behind `variable "`. */
export function isBlockName(bytes: Uint8Array, start: number): boolean {
  return bytes[start - 1] === 0x22 && bytes[start - 2] === 0x20 && BLOCKS.has(wordBefore(bytes, start - 2))
}

/** The word in front of an offset, without quotes and blanks behind it. */
function wordBefore(bytes: Uint8Array, at: number): string {
  let end = at
  while (
    end > 0 &&
    end > at - 6 &&
    (QUOTE[bytes[end - 1]!] === 1 || BLANK[bytes[end - 1]!] === 1 || bytes[end - 1] === BACKSLASH)
  )
    end--
  let start = end
  while (start > 0 && start > end - MAX_KEY && NAME[bytes[start - 1]!] === 1) start--
  return latin(bytes, start, end).toLowerCase()
}

/** The value among the members that follow, from the comma or the brace in front of them on. */
export function flowMember(bytes: Uint8Array, from: number): Member {
  const limit = Math.min(bytes.length, from + MAX_BETWEEN)
  const over = (at: number): Member => ({ kind: at >= bytes.length ? 'open' : 'no', at })
  let at = from
  for (let n = 0; n < MAX_MEMBERS; n++) {
    while (at < limit && (SPACE[bytes[at]!] === 1 || bytes[at] === 0x2c)) at++
    while (at < limit && (QUOTE[bytes[at]!] === 1 || bytes[at] === BACKSLASH)) at++
    const start = at
    while (at < limit && NAME[bytes[at]!] === 1) at++
    const end = at
    if (at === start) return over(at)
    while (at < limit && (QUOTE[bytes[at]!] === 1 || BLANK[bytes[at]!] === 1 || bytes[at] === BACKSLASH)) at++
    if (at >= limit || (bytes[at] !== 0x3a && bytes[at] !== 0x3d)) return over(at)
    at++
    if (end - start <= MAX_KEY && VALUES.has(latin(bytes, start, end).toLowerCase())) return { kind: 'at', at }
    at = valueEnd(bytes, at, limit)
    if (at >= limit) return over(at)
    if (bytes[at] !== 0x2c && SPACE[bytes[at]!] === 0) return { kind: 'no', at }
  }
  return { kind: 'no', at }
}

/** Where the value of a member ends. */
function valueEnd(bytes: Uint8Array, from: number, limit: number): number {
  let at = from
  while (at < limit && BLANK[bytes[at]!] === 1) at++
  let depth = 0
  for (; at < limit; at++) {
    const byte = bytes[at]!
    if (byte === BACKSLASH && QUOTE[bytes[at + 1] ?? 0] === 0) at++
    else if (QUOTE[byte] === 1 || byte === BACKSLASH) {
      const escaped = byte === BACKSLASH
      const quote = escaped ? bytes[++at]! : byte
      at++
      while (at < limit && (bytes[at] !== quote || (escaped && bytes[at - 1] !== BACKSLASH))) {
        if (!escaped && bytes[at] === BACKSLASH) at++
        at++
      }
    } else if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth-- === 0) return at
    } else if (depth === 0 && (byte === 0x2c || byte === LF || byte === CR)) return at
  }
  return Math.min(at, limit)
}

/** The value among the lines of YAML that follow the one with the name; `inner`: the name is a key, and they stand deeper. */
export function blockMember(bytes: Uint8Array, nameStart: number, lineEnd: number, inner: boolean): Member {
  const begin = bytes.lastIndexOf(LF, nameStart - 1) + 1
  let key = begin
  while (bytes[key] === 0x20) key++
  if (bytes[key] === 0x2d && bytes[key + 1] === 0x20) key = blanksEnd(bytes, key + 1)
  if (nameStart === 0 || nameStart - key > MAX_KEY) return { kind: 'no', at: lineEnd }
  let indent = inner ? -1 : key - begin
  const limit = Math.min(bytes.length, lineEnd + MAX_BETWEEN)
  let at = lineEnd
  for (let n = 0; n < 2 * MAX_MEMBERS; n++) {
    const stop = bytes.indexOf(LF, at)
    if (stop < 0 || stop >= limit) break
    const start = stop + 1
    at = start
    while (at < limit && bytes[at] === 0x20) at++
    if (at >= limit) break
    if (bytes[at] === LF || bytes[at] === CR) continue
    if (indent < 0) {
      indent = at - start
      if (indent <= key - begin) return { kind: 'no', at }
    }
    if (at - start > indent) continue
    if (at - start < indent) return { kind: 'no', at }
    const name = at
    while (at < limit && NAME[bytes[at]!] === 1) at++
    if (at >= limit) break
    if (bytes[at] !== 0x3a || at === name) return { kind: 'no', at }
    if (at - name <= MAX_KEY && VALUES.has(latin(bytes, name, at).toLowerCase())) return { kind: 'at', at: at + 1 }
  }
  return { kind: limit === bytes.length ? 'open' : 'no', at: limit }
}

/** Whether only blanks follow on the line. */
export function endsLine(bytes: Uint8Array, at: number): boolean {
  const end = blanksEnd(bytes, at)
  return bytes[end] === LF || (bytes[end] === CR && bytes[end + 1] === LF)
}
