// The values a condition works on, and what they cost. In: parsed JSON and what functions make. Out: kinds, equality, order.
// No I/O, no clock. Every loop over data of foreign size pays the meter; nothing here quotes a value.

/** An unsigned 64-bit integer. Plain bigint is CEL's int. */
export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    if (value < 0n || value > MAX_UINT) throw new Failure('unsigned integer out of range')
    this.value = value
  }
}

/** A duration, in nanoseconds. */
export class Span {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    if (nanos > MAX_SPAN || nanos < -MAX_SPAN) throw new Failure('duration out of range')
    this.nanos = nanos
  }
}

/** What `.?` and `[?]` give: a value or none. */
export class Optional {
  /** undefined means none. */
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}
export const NONE = new Optional(undefined)

/** The value of `type(x)` and of the names int, string, … */
export class TypeName {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A value of one of Kubernetes' own types: quantity, IP, CIDR, URL. */
export abstract class Opaque {
  abstract readonly type: string
  /** Two values with the same key are equal. */
  abstract key(): string
}

/**
 * Why a condition has no value. Not an Error: thousands may be thrown and caught in one evaluation (`||` absorbs them),
 * and a stack trace for each would be what a hostile object makes us pay for. The reason quotes nothing of the object.
 */
export class Failure {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export const MAX_INT = 2n ** 63n - 1n
export const MIN_INT = -(2n ** 63n)
const MAX_UINT = 2n ** 64n - 1n
/** What 64 bits of nanoseconds hold, some 292 years: the range of cel-go's durations. */
const MAX_SPAN = MAX_INT
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z. */
const MIN_TIME_MS = -62_135_596_800_000
const MAX_TIME_MS = 253_402_300_799_999

/**
 * Work one evaluation may do. One unit is about one node of the syntax tree, one element of a list or 64 characters:
 * under 0.1 µs (of a pattern's work under 0.25 µs), so that a hostile condition on a hostile object stops within 50 ms.
 */
export const BUDGET = 50_000
/** A string made by a condition: `x + x` doubles, and twenty of them would fill the memory. */
export const MAX_TEXT = 1024 * 1024
/** An absorbed failure costs this much: unwinding is slower than going on. */
export const FAILURE_COST = 20

/** Counts the work down. Once it is spent every further step fails, so that `||` cannot absorb the end. */
export class Meter {
  left = BUDGET
  spend(units: number): void {
    this.left -= units
    if (this.left < 0) throw new Failure(SPENT)
  }
  /** Pays for `length` characters. */
  text(length: number): void {
    this.left -= length >> 6
    if (this.left < 0) throw new Failure(SPENT)
  }
}
export const SPENT = 'the condition costs too much on this request'

export type Kind =
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'list'
  | 'map'
  | 'timestamp'
  | 'duration'
  | 'type'
  | 'optional'
  | 'opaque'

/** The kind of a value. @throws Failure for what is no CEL value (a function, a class of the host). */
export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return 'list'
      if (isMap(value)) return 'map'
      if (value instanceof Date) return 'timestamp'
      if (value instanceof Uint) return 'uint'
      if (value instanceof Span) return 'duration'
      if (value instanceof Optional) return 'optional'
      if (value instanceof TypeName) return 'type'
      if (value instanceof Opaque) return 'opaque'
      if (value instanceof Uint8Array) return 'bytes'
  }
  throw new Failure('a value of a type that conditions do not know')
}

export type CelMap = Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown>

/** Objects of JSON and maps made by a condition. By prototype: a JSON object may have a key `constructor`. */
export function isMap(value: unknown): value is CelMap {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || prototype === Map.prototype
}

function isRecord(map: CelMap): map is Readonly<Record<string, unknown>> {
  return !(map instanceof Map)
}

/** uint and whole double keys find int keys, as CEL's numbers compare across types. */
export function keyOf(key: unknown): unknown {
  if (key instanceof Uint) return key.value
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key)
  return key
}

/** The value under a key, undefined when there is none. */
export function lookUp(map: CelMap, key: unknown): unknown {
  if (isRecord(map)) return typeof key === 'string' && Object.hasOwn(map, key) ? map[key] : undefined
  return map.get(keyOf(key))
}

export function keysOf(map: CelMap): readonly unknown[] {
  return isRecord(map) ? Object.keys(map) : [...map.keys()]
}

export function sizeOf(map: CelMap): number {
  return isRecord(map) ? Object.keys(map).length : map.size
}

/** Whether two values are equal; numbers across their types. Values of different kinds are not. Pays for each part it visits. */
export function equals(a: unknown, b: unknown, meter: Meter): boolean {
  if (typeof a === 'string') {
    if (typeof b !== 'string' || a.length !== b.length) return false
    meter.text(a.length)
    return a === b
  }
  if (a === b) return true
  const left = numberOf(a)
  if (left !== undefined) {
    const right = numberOf(b)
    return right !== undefined && compareNumbers(left, right) === 0
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  meter.spend(1)
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) {
      meter.spend(1)
      if (!equals(a[i], b[i], meter)) return false
    }
    return true
  }
  if (isMap(a)) return isMap(b) && equalMaps(a, b, meter)
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime()
  if (a instanceof Span) return b instanceof Span && a.nanos === b.nanos
  if (a instanceof TypeName) return b instanceof TypeName && a.name === b.name
  if (a instanceof Opaque) return b instanceof Opaque && a.type === b.type && a.key() === b.key()
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false
    if (a.value === undefined || b.value === undefined) return a.value === b.value
    return equals(a.value, b.value, meter)
  }
  if (a instanceof Uint8Array) {
    if (!(b instanceof Uint8Array) || a.length !== b.length) return false
    meter.text(a.length)
    return a.every((byte, i) => byte === b[i])
  }
  return false
}

function equalMaps(a: CelMap, b: CelMap, meter: Meter): boolean {
  const keys = keysOf(a)
  meter.spend(keys.length)
  if (keys.length !== sizeOf(b)) return false
  for (const key of keys) {
    meter.spend(2)
    const other = lookUp(b, key)
    if (other === undefined || !equals(lookUp(a, key), other, meter)) return false
  }
  return true
}

/** int, uint and double as what JavaScript compares exactly; undefined for anything else. */
export function numberOf(value: unknown): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof Uint ? value.value : undefined
}

/**
 * The order of two values: negative, zero, positive, or NaN where a NaN takes part.
 * @throws Failure when the two have no order
 */
export function compare(a: unknown, b: unknown, meter: Meter): number {
  const left = numberOf(a)
  if (left !== undefined) {
    const right = numberOf(b)
    if (right !== undefined) return compareNumbers(left, right)
  } else if (typeof a === 'string') {
    if (typeof b === 'string') return compareText(a, b, meter)
  } else if (typeof a === 'boolean') {
    if (typeof b === 'boolean') return Number(a) - Number(b)
  } else if (a instanceof Date) {
    if (b instanceof Date) return a.getTime() - b.getTime()
  } else if (a instanceof Span) {
    if (b instanceof Span) return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
  } else if (a instanceof Uint8Array && b instanceof Uint8Array) {
    const length = Math.min(a.length, b.length)
    meter.text(length)
    for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
    return a.length - b.length
  }
  throw new Failure(`${nameOf(a)} and ${nameOf(b)} have no order`)
}

/** An integer and a double are compared as doubles where both are in range, as the specification has it. */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  const mixed = typeof a !== typeof b
  const left = mixed ? Number(a) : a
  const right = mixed ? Number(b) : b
  return left < right ? -1 : left > right ? 1 : left >= right ? 0 : Number.NaN
}

/** By code point, as CEL orders strings. UTF-16 would put U+10000 before U+FFFF. */
function compareText(a: string, b: string, meter: Meter): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++
  meter.spend(i >> 3)
  if (i === length) return a.length - b.length
  const left = a.charCodeAt(i)
  const right = b.charCodeAt(i)
  const surrogates = Number(left >= 0xd800 && left < 0xe000) - Number(right >= 0xd800 && right < 0xe000)
  return surrogates === 0 ? left - right : surrogates
}

/** An int that fits 64 bits. */
export function int(value: bigint): bigint {
  if (value > MAX_INT || value < MIN_INT) throw new Failure('integer out of range')
  return value
}

/** Refuses a text of this length before it is made. */
export function longer(length: number): void {
  if (length > MAX_TEXT) throw new Failure('the condition makes too long a string')
}

/** A text the condition made: bounded, paid for. */
export function text(value: string, meter: Meter): string {
  longer(value.length)
  meter.text(value.length)
  return value
}

/** A timestamp between the years 1 and 9999. */
export function timestamp(ms: number): Date {
  if (!(ms >= MIN_TIME_MS && ms <= MAX_TIME_MS)) throw new Failure('timestamp out of range')
  return new Date(ms)
}

/** What a value is, for messages: `an int`, `null`, `a net.IP`. */
export function nameOf(value: unknown): string {
  const name = value instanceof Opaque ? value.type : kindOf(value)
  if (name === 'null') return name
  return /^[aeio]/.test(name) ? `an ${name}` : `a ${name}`
}
