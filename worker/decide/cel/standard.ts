// The functions of the CEL specification itself: sizes, conversions, plain text, optionals. No I/O, no clock.

import {
  BOOL,
  BYTES,
  both,
  DOUBLE,
  DURATION,
  DYN,
  global,
  INT,
  known,
  LIST,
  MAP,
  member,
  OPTIONAL,
  type Overload,
  STRING,
  TIMESTAMP,
  UINT,
} from './functions.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './time.ts'
import {
  Failure,
  isMap,
  kindOf,
  MAX_INT,
  type Meter,
  NONE,
  Opaque,
  Optional,
  Span,
  sizeOf,
  TypeName,
  text,
  timestamp,
  Uint,
} from './values.ts'

/** Reading a number or a time from a text takes longer than a step does. */
const PARSE_COST = 10
const MAX_UINT_DOUBLE = 2 ** 64

export const STANDARD: readonly Overload[] = [
  ...known([
    global('dyn', [DYN], 'dyn', (_meter, value) => value),
    global('type', [DYN], 'type', (_meter, value) => typeOf(value)),
    ...both('size', STRING, 'int', (meter, value) => BigInt(length(value, meter))),
    ...both('size', BYTES, 'int', (_meter, value) => BigInt(value.length)),
    ...both('size', LIST, 'int', (_meter, value) => BigInt(value.length)),
    ...both('size', MAP, 'int', (meter, value) => {
      const size = sizeOf(value)
      meter.spend(size)
      return BigInt(size)
    }),
    global('bool', [BOOL], 'bool', (_meter, value) => value),
    global('bool', [STRING], 'bool', (_meter, value) => toBool(value)),
    global('int', [INT], 'int', (_meter, value) => value),
    global('int', [DOUBLE], 'int', (_meter, value) => toInt(value)),
    global('int', [STRING], 'int', (_meter, value) => whole(value, /^[+-]?[0-9]{1,19}$/)),
    global('uint', [UINT], 'uint', (_meter, value) => value),
    global('uint', [INT], 'uint', (_meter, value) => new Uint(value)),
    global('uint', [DOUBLE], 'uint', (_meter, value) => {
      if (!(value > -1 && value < MAX_UINT_DOUBLE)) throw new Failure('unsigned integer out of range')
      return new Uint(BigInt(Math.trunc(value)))
    }),
    global('uint', [STRING], 'uint', (_meter, value) => {
      if (!/^[0-9]{1,20}$/.test(value)) throw new Failure('uint() of a text that is no number')
      return new Uint(BigInt(value))
    }),
    global('double', [DOUBLE], 'double', (_meter, value) => value),
    global('double', [INT], 'double', (_meter, value) => Number(value)),
    global('double', [UINT], 'double', (_meter, value) => Number(value.value)),
    global('double', [STRING], 'double', (meter, value) => toDouble(value, meter)),
    global('string', [STRING], 'string', (_meter, value) => value),
    global('string', [BOOL], 'string', (_meter, value) => String(value)),
    global('string', [INT], 'string', (_meter, value) => String(value)),
    global('string', [UINT], 'string', (_meter, value) => String(value.value)),
    global('string', [DOUBLE], 'string', (_meter, value) => formatDouble(value)),
    global('string', [BYTES], 'string', (meter, value) => decode(value, meter)),
    global('bytes', [BYTES], 'bytes', (_meter, value) => value),
    global('bytes', [STRING], 'bytes', (meter, value) => new TextEncoder().encode(text(value, meter))),
    global('timestamp', [STRING], 'google.protobuf.Timestamp', (meter, value) => {
      meter.spend(PARSE_COST)
      return parseTimestamp(value)
    }),
    global('timestamp', [INT], 'google.protobuf.Timestamp', (_meter, value) => timestamp(Number(value) * 1000)),
    global('duration', [STRING], 'google.protobuf.Duration', (meter, value) => {
      meter.spend(2 * PARSE_COST)
      return parseDuration(value)
    }),
    member('startsWith', [STRING, STRING], 'bool', (meter, value, part) => {
      meter.text(part.length)
      return value.startsWith(part)
    }),
    member('endsWith', [STRING, STRING], 'bool', (meter, value, part) => {
      meter.text(part.length)
      return value.endsWith(part)
    }),
    member('contains', [STRING, STRING], 'bool', (meter, value, part) => {
      searching(value, part, meter)
      return value.includes(part)
    }),
    member('hasValue', [OPTIONAL], 'bool', (_meter, optional) => optional.value !== undefined),
    member('value', [OPTIONAL], 'dyn', (_meter, optional) => {
      if (optional.value === undefined) throw new Failure('there is no value')
      return optional.value
    }),
    global('optional.of', [DYN], 'dyn', (_meter, value) => new Optional(value)),
    global('optional.none', [], 'dyn', () => NONE),
  ]),
  global('int', [UINT], 'int', (_meter, value) => {
    if (value.value > MAX_INT) throw new Failure('integer out of range')
    return value.value
  }),
  global('int', [TIMESTAMP], 'int', (_meter, value) => BigInt(Math.floor(value.getTime() / 1000))),
  global('int', [DURATION], 'int', (_meter, value) => value.nanos / 1_000_000_000n),
  global('string', [TIMESTAMP], 'string', (_meter, value) => formatTimestamp(value)),
  global('string', [DURATION], 'string', (_meter, value) => formatDuration(value)),
  global('timestamp', [TIMESTAMP], 'google.protobuf.Timestamp', (_meter, value) => value),
  global('duration', [DURATION], 'google.protobuf.Duration', (_meter, value) => value),
  global('optional.ofNonZeroValue', [DYN], 'optional<dyn>', (_meter, value) =>
    isZero(value) ? NONE : new Optional(value),
  ),
]

/** Characters, as CEL counts them: code points. */
export function length(value: string, meter: Meter): number {
  meter.spend(value.length >> 5)
  let surrogates = 0
  for (let i = 0; i < value.length - 1; i++) {
    if ((value.charCodeAt(i) & 0xfc00) === 0xd800 && (value.charCodeAt(i + 1) & 0xfc00) === 0xdc00) surrogates++
  }
  return value.length - surrogates
}

/** Pays for looking for a part in a text: a search that is quadratic at worst, with parts made for it. */
export function searching(value: string, part: string, meter: Meter): void {
  meter.spend(Math.ceil((value.length * Math.min(part.length + 1, value.length + 1)) / 256))
}

/** `type(x)`. */
function typeOf(value: unknown): TypeName {
  if (value instanceof Opaque) return new TypeName(value.type)
  const kind = kindOf(value)
  switch (kind) {
    case 'null':
      return new TypeName('null_type')
    case 'timestamp':
      return new TypeName('google.protobuf.Timestamp')
    case 'duration':
      return new TypeName('google.protobuf.Duration')
    case 'optional':
      return new TypeName('optional_type')
    default:
      return new TypeName(kind)
  }
}

function toBool(value: string): boolean {
  if (/^(1|t|true|TRUE|True)$/.test(value)) return true
  if (/^(0|f|false|FALSE|False)$/.test(value)) return false
  throw new Failure('bool() of a text that is neither true nor false')
}

function toInt(value: number): bigint {
  // Strictly within: the nearest doubles to the ends of the range stand for numbers outside it.
  if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new Failure('integer out of range')
  return BigInt(Math.trunc(value))
}

function whole(value: string, form: RegExp): bigint {
  if (!form.test(value)) throw new Failure('int() of a text that is no number')
  const number = BigInt(value.replace(/^\+/, ''))
  if (BigInt.asIntN(64, number) !== number) throw new Failure('integer out of range')
  return number
}

function toDouble(value: string, meter: Meter): number {
  meter.spend(PARSE_COST)
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(value)
  if (named !== null) {
    if (named[2]?.toLowerCase() === 'nan') return Number.NaN
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  if (value.length > 400 || !/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(value)) {
    throw new Failure('double() of a text that is no number')
  }
  return Number(value)
}

/** A double as CEL writes it. */
export function formatDouble(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return Object.is(value, -0) ? '-0' : String(value)
}

function decode(value: Uint8Array, meter: Meter): string {
  meter.text(value.length)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw new Failure('bytes that are not UTF-8')
  }
}

function isZero(value: unknown): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof Span) return value.nanos === 0n
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  if (value instanceof Optional) return value.value === undefined
  return isMap(value) && sizeOf(value) === 0
}
