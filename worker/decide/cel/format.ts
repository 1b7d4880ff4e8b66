// `"%s of %d".format([…])` as cel-go's ext.Strings has it. In: a text with verbs, values. Out: a text. No I/O, no clock.

import { formatDouble } from './standard.ts'
import { formatDuration, formatTimestamp } from './time.ts'
import {
  Failure,
  isMap,
  keysOf,
  longer,
  lookUp,
  type Meter,
  nameOf,
  numberOf,
  Opaque,
  Span,
  sizeOf,
  TypeName,
  text,
  Uint,
} from './values.ts'

/** Digits after the point. More are refused, as by JavaScript's own formatting. */
const MAX_PRECISION = 100

/** @throws Failure when verbs and values do not fit */
export function formatText(pattern: string, values: readonly unknown[], meter: Meter): string {
  meter.spend(pattern.length >> 2)
  let result = ''
  let used = 0
  let at = 0
  while (at < pattern.length) {
    const percent = pattern.indexOf('%', at)
    if (percent < 0) break
    result += pattern.slice(at, percent)
    const verb = /^%(?:%|(?:\.(\d{1,3}))?([a-zA-Z]))/.exec(pattern.slice(percent, percent + 8))
    if (verb === null) throw new Failure('format() with a "%" that starts no verb')
    at = percent + verb[0].length
    if (verb[2] === undefined) {
      result += '%'
      continue
    }
    if (used >= values.length) throw new Failure('format() with too few values')
    result += formatOne(verb[2], verb[1] === undefined ? null : Number(verb[1]), values[used++], meter)
    longer(result.length)
    meter.spend(2)
  }
  return text(result + pattern.slice(at), meter)
}

function formatOne(verb: string, precision: number | null, value: unknown, meter: Meter): string {
  if (precision !== null && precision > MAX_PRECISION) throw new Failure('format() with too high a precision')
  meter.spend(5 + (precision ?? 0))
  const number = numberOf(value)
  switch (verb) {
    case 's':
      return formatValue(value, meter)
    case 'd':
      if (typeof number === 'bigint') return String(number)
      if (typeof number === 'number' && !Number.isFinite(number)) return special(number)
      break
    case 'f':
    case 'e':
      if (number !== undefined) return formatDecimal(verb, Number(number), precision ?? 6)
      break
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      if (typeof number === 'bigint') return number.toString(2)
      break
    case 'o':
      if (typeof number === 'bigint') return number.toString(8)
      break
    case 'x':
      return hex(value, meter)
    case 'X':
      return hex(value, meter).toUpperCase()
    default:
      throw new Failure('format() with an unknown verb')
  }
  throw new Failure(`"%${verb}" does not take ${nameOf(value)}`)
}

function special(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? 'Infinity' : '-Infinity'
}

function formatDecimal(verb: 'f' | 'e', value: number, precision: number): string {
  if (!Number.isFinite(value)) return special(value)
  if (verb === 'f') return fixed(value, precision)
  // JavaScript writes 1e+3, C and Go 1e+03.
  return value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Halves go to the even digit, as in Go; JavaScript's go up. */
function fixed(value: number, precision: number): string {
  if (Math.abs(value) >= 1e21)
    return precision === 0 ? String(BigInt(value)) : `${BigInt(value)}.${'0'.repeat(precision)}`
  const exact = value.toFixed(MAX_PRECISION)
  const cut = exact.indexOf('.') + 1 + precision
  const kept = exact.slice(0, precision === 0 ? cut - 1 : cut)
  return /^50*$/.test(exact.slice(cut)) && /[02468]$/.test(kept) ? kept : value.toFixed(precision)
}

function hex(value: unknown, meter: Meter): string {
  const number = numberOf(value)
  if (typeof number === 'bigint') return number.toString(16)
  if (typeof value === 'string') {
    longer(value.length * 2)
    meter.spend(value.length)
  }
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  if (!(bytes instanceof Uint8Array)) throw new Failure(`"%x" does not take ${nameOf(value)}`)
  longer(bytes.length * 2)
  meter.spend(bytes.length >> 1)
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** `%s`: any value; what is in lists and maps likewise, keys in order. */
function formatValue(value: unknown, meter: Meter): string {
  meter.spend(3)
  switch (typeof value) {
    case 'string':
      return text(value, meter)
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? formatDouble(value) : special(value)
  }
  if (value === null) return 'null'
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Date) return formatTimestamp(value)
  if (value instanceof Span) return formatDuration(value)
  if (value instanceof TypeName) return value.name
  if (value instanceof Opaque) return value.key()
  if (value instanceof Uint8Array) return text(new TextDecoder().decode(value), meter)
  if (Array.isArray(value)) return text(`[${value.map((each) => formatValue(each, meter)).join(', ')}]`, meter)
  if (!isMap(value)) throw new Failure(`"%s" does not take ${nameOf(value)}`)
  meter.spend(2 * sizeOf(value))
  const entries = keysOf(value).map((key): [string, string] => [
    formatValue(key, meter),
    formatValue(lookUp(value, key), meter),
  ])
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return text(`{${entries.map(([key, each]) => `${key}: ${each}`).join(', ')}}`, meter)
}
