// Values in elements of XML and HTML. In: a name, as tag, as attribute or in an element of its own. Out: where the value begins. No I/O.

import { BLANK, latin, NAME, QUOTE, SPACE, standsAt } from './bytes.ts'
import { at, type Beside, NO, open } from './place.ts'

const MAX_BETWEEN = 96
const MAX_TAG = 32
/** How long the attributes of one element may be together. */
const MAX_ATTRIBUTES = 200
const LT = 0x3c
const GT = 0x3e
const COLON = 0x3a

/** Elements that hold what one beside them names: Hadoop, property lists, descriptors of Java, tables of HTML. */
const VALUES = new Set(['value', 'string', 'param-value', 'env-entry-value', 'td', 'dd', 'val', 'default'])

/** What people click and type into: its text says what it is for. */
const CONTROLS = new Set('input button select textarea label a form iframe slot meta option fieldset th'.split(' '))

/** Whether a name stands where a tag's does: `<password`, `<ns:password`. */
export function isTag(bytes: Uint8Array, start: number): boolean {
  if (bytes[start - 1] === LT) return true
  if (bytes[start - 1] !== COLON) return false
  let i = start - 1
  while (i > 0 && i > start - MAX_TAG && NAME[bytes[i - 1]!] === 1) i--
  return i < start - 1 && bytes[i - 1] === LT
}

/** Behind `>` and its attributes; `<value>` or the like that follows is passed. */
export function elementContent(bytes: Uint8Array, from: number): Beside {
  const length = bytes.length
  const limit = Math.min(length, from + MAX_ATTRIBUTES)
  let i = from
  while (i < limit && bytes[i] !== GT && bytes[i] !== LT) {
    if (QUOTE[bytes[i]!] === 1) {
      const quote = bytes[i]!
      i++
      while (i < limit && bytes[i] !== quote) i++
    }
    i++
  }
  if (i >= limit) return limit === length ? open(length) : NO
  if (bytes[i] === LT || bytes[i - 1] === 0x2f || bytes[i - 1] === 0x3f) return NO
  return inValue(bytes, i + 1)
}

/** Passes blanks and `<value>`, if that follows. */
function inValue(bytes: Uint8Array, from: number): Beside {
  const length = bytes.length
  let i = from
  while (i < length && i < from + MAX_BETWEEN && SPACE[bytes[i]!] === 1) i++
  if (i >= length) return open(length)
  if (bytes[i] !== LT || bytes[i + 1] === 0x21) return at(i, 'element')
  const tag = i + 1
  let end = tag
  while (end < length && end < tag + MAX_TAG && NAME[bytes[end]!] === 1) end++
  if (end >= length) return open(length)
  return bytes[end] === GT && VALUES.has(latin(bytes, tag, end).toLowerCase()) ? at(end + 1, 'element') : NO
}

/** Whether a name stands in quotes behind `name=` or `key=` of an element that is none to click or to type into. */
export function isNameAttribute(bytes: Uint8Array, start: number): boolean {
  if (QUOTE[bytes[start - 1] ?? 0] !== 1 || bytes[start - 2] !== 0x3d) return false
  let i = start - 2
  const lowest = Math.max(0, i - MAX_ATTRIBUTES)
  const isName =
    (standsAt(bytes, i - 4, 'name') && BLANK[bytes[i - 5] ?? 0] === 1) ||
    (standsAt(bytes, i - 3, 'key') && BLANK[bytes[i - 4] ?? 0] === 1)
  if (!isName) return false
  while (i > lowest && bytes[i] !== LT && bytes[i] !== GT) i--
  if (bytes[i] !== LT) return false
  let end = i + 1
  while (end < start && NAME[bytes[end]!] === 1) end++
  return end > i + 1 && !CONTROLS.has(latin(bytes, i + 1, end).toLowerCase())
}

/** Behind a tag with attributes (`<wsse:Password Type="…">`), or one that stands escaped (`&lt;password&gt;`). */
export function behindTag(bytes: Uint8Array, name: { start: number; end: number }, from: number): Beside {
  if (bytes[from] !== 0x26) return elementContent(bytes, from)
  if (!standsAt(bytes, name.start - 4, '&lt;')) return NO
  if (from + 4 >= bytes.length) return open(bytes.length)
  return standsAt(bytes, from, '&gt;') ? at(from + 4, 'element') : NO
}

/** `</name><value>`: what the next element holds, if it is one for values; `from` is where the name's element ends. */
export function nextElement(bytes: Uint8Array, from: number): Beside {
  const length = bytes.length
  const limit = Math.min(length, from + MAX_BETWEEN)
  let i = from
  if (i + 1 >= length) return open(length)
  if (bytes[i + 1] !== 0x2f) return NO
  i += 2
  while (i < limit && NAME[bytes[i]!] === 1) i++
  if (i < limit && bytes[i] !== 0x3e) return NO
  i++
  while (i < limit && SPACE[bytes[i]!] === 1) i++
  if (i >= limit) return limit === length ? open(length) : NO
  if (bytes[i] !== LT) return NO
  const value = inValue(bytes, i)
  // <value><string>…
  return value.kind === 'at' && bytes[value.at] === LT ? inValue(bytes, value.at) : value
}
