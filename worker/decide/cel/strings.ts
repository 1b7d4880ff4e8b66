// Kubernetes' string functions (cel-go's ext.Strings). Places are counted in code points, as CEL does. No I/O, no clock.

import { formatText } from './format.ts'
import { global, INT, index, known, LIST, list, member, type Overload, STRING, texts } from './functions.ts'
import { searching } from './standard.ts'
import { Failure, longer, type Meter, text } from './values.ts'

const STRINGS_LIST = list('list<string>')

export const STRINGS: readonly Overload[] = [
  ...known([
    member('lowerAscii', [STRING], 'string', (meter, value) => ascii(value, /[A-Z]+/g, 32, meter)),
    member('upperAscii', [STRING], 'string', (meter, value) => ascii(value, /[a-z]+/g, -32, meter)),
    member('trim', [STRING], 'string', (meter, value) => trim(value, meter)),
    member('indexOf', [STRING, STRING], 'int', (meter, value, part) => find(value, part, 0n, meter)),
    member('indexOf', [STRING, STRING, INT], 'int', (meter, value, part, from) => find(value, part, from, meter)),
    member('lastIndexOf', [STRING, STRING], 'int', (meter, value, part) => findLast(value, part, null, meter)),
    member('lastIndexOf', [STRING, STRING, INT], 'int', (meter, value, part, from) =>
      findLast(value, part, from, meter),
    ),
    member('substring', [STRING, INT], 'string', (meter, value, start) => slice(value, start, null, meter)),
    member('substring', [STRING, INT, INT], 'string', (meter, value, start, end) => slice(value, start, end, meter)),
    member('split', [STRING, STRING], 'list<string>', (meter, value, by) => split(value, by, -1n, meter)),
    member('split', [STRING, STRING, INT], 'list<string>', (meter, value, by, limit) => split(value, by, limit, meter)),
    member('join', [STRINGS_LIST], 'string', (meter, values) => join(values, '', meter)),
    member('join', [STRINGS_LIST, STRING], 'string', (meter, values, by) => join(values, by, meter)),
  ]),
  member('charAt', [STRING, INT], 'string', (meter, value, at) => {
    const points = codePoints(value, meter)
    if (at < 0n || at > BigInt(points.length)) throw new Failure('index out of range')
    return points[index(at)] ?? ''
  }),
  member('replace', [STRING, STRING, STRING], 'string', (meter, value, from, to) =>
    replace(value, from, to, -1n, meter),
  ),
  member('replace', [STRING, STRING, STRING, INT], 'string', (meter, value, from, to, count) =>
    replace(value, from, to, count, meter),
  ),
  member('reverse', [STRING], 'string', (meter, value) => {
    meter.spend(value.length >> 1)
    return Array.from(value).reverse().join('')
  }),
  member('format', [STRING, LIST], 'string', (meter, value, values) => formatText(value, values, meter)),
  global('strings.quote', [STRING], 'string', (meter, value) => quote(value, meter)),
]

/** A text by code point: itself where that is the same thing, which it mostly is. */
function codePoints(value: string, meter: Meter): string | readonly string[] {
  meter.text(value.length)
  if (!/[\ud800-\udfff]/.test(value)) return value
  meter.spend(value.length >> 1)
  return Array.from(value)
}

function sliced(points: string | readonly string[], start: number, end: number): string {
  return typeof points === 'string' ? points.slice(start, end) : points.slice(start, end).join('')
}

function ascii(value: string, letters: RegExp, shift: number, meter: Meter): string {
  meter.spend(value.length >> 2)
  return value.replace(letters, (run) => {
    let result = ''
    for (let i = 0; i < run.length; i++) result += String.fromCharCode(run.charCodeAt(i) + shift)
    return result
  })
}

const SPACE = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const SPACE_AT_START = new RegExp(`^[${SPACE}]+`)
const SPACE_ONE = new RegExp(`[${SPACE}]`)

/** Unicode's white space, as the specification says; JavaScript's trim also takes the byte order mark. */
function trim(value: string, meter: Meter): string {
  meter.spend(value.length >> 4)
  const rest = value.replace(SPACE_AT_START, '')
  // A pattern anchored at the end would be tried at every space: quadratic on a text made of them.
  let end = rest.length
  while (end > 0 && SPACE_ONE.test(rest.charAt(end - 1))) end--
  return rest.slice(0, end)
}

function find(value: string, part: string, from: bigint, meter: Meter): bigint {
  if (part === '') return from
  if (from < 0n) throw new Failure('index out of range')
  searching(value, part, meter)
  const points = codePoints(value, meter)
  if (from >= BigInt(points.length) && from > 0n) throw new Failure('index out of range')
  if (typeof points === 'string') return BigInt(points.indexOf(part, index(from)))
  const skipped = points.slice(0, index(from)).join('').length
  return place(value, value.indexOf(part, skipped), meter)
}

function findLast(value: string, part: string, from: bigint | null, meter: Meter): bigint {
  const points = codePoints(value, meter)
  if (part === '') return from ?? BigInt(points.length)
  if (from !== null && (from < 0n || from >= BigInt(points.length))) throw new Failure('index out of range')
  searching(value, part, meter)
  if (typeof points === 'string') return BigInt(points.lastIndexOf(part, from === null ? undefined : index(from)))
  const last = from === null ? undefined : points.slice(0, index(from)).join('').length
  return place(value, value.lastIndexOf(part, last), meter)
}

/** A place in UTF-16 as one in code points. */
function place(value: string, at: number, meter: Meter): bigint {
  return at < 0 ? -1n : BigInt(codePoints(value.slice(0, at), meter).length)
}

function slice(value: string, start: bigint, end: bigint | null, meter: Meter): string {
  const points = codePoints(value, meter)
  const size = BigInt(points.length)
  const stop = end ?? size
  if (start < 0n || start > size || stop < start || stop > size) throw new Failure('index out of range')
  return sliced(points, index(start), index(stop))
}

/** Go's strings.SplitN. */
function split(value: string, by: string, limit: bigint, meter: Meter): readonly string[] {
  if (limit === 0n) return []
  searching(value, by, meter)
  meter.spend(value.length >> 3)
  const parts = by === '' ? Array.from(value) : value.split(by)
  if (limit < 0n || BigInt(parts.length) <= limit) return parts
  const kept = parts.slice(0, index(limit) - 1)
  return [...kept, parts.slice(index(limit) - 1).join(by)]
}

function join(values: readonly unknown[], by: string, meter: Meter): string {
  meter.spend(values.length)
  let size = 0
  for (const each of texts(values)) size += each.length + by.length
  // Before it is made: a long separator in a long list would be a huge text in a single step.
  longer(size)
  return text(texts(values).join(by), meter)
}

/** Go's strings.Replace. */
function replace(value: string, from: string, to: string, count: bigint, meter: Meter): string {
  if (count === 0n || from === to) return value
  const parts = split(value, from, -1n, meter)
  const between = from === '' ? ['', ...parts, ''] : parts
  const times = count < 0n || count > BigInt(between.length - 1) ? between.length - 1 : index(count)
  longer(times * to.length)
  const replaced = between.slice(0, times + 1).join(to)
  const rest = between.slice(times + 1)
  return text(rest.length === 0 ? replaced : [replaced, ...rest].join(from), meter)
}

const QUOTED: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

function quote(value: string, meter: Meter): string {
  meter.spend(value.length >> 2)
  const whole = value.toWellFormed()
  return text(`"${whole.replace(/[\u0007-\r\\"]/g, (character) => QUOTED[character] ?? character)}"`, meter)
}
