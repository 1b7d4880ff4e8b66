// What the operators do. In: two values, the meter. Out: a value, or a Failure. No I/O, no clock.

import {
  equals,
  Failure,
  int,
  isMap,
  lookUp,
  type Meter,
  nameOf,
  Optional,
  Span,
  text,
  timestamp,
  Uint,
} from './values.ts'

export type Binary = (a: unknown, b: unknown, meter: Meter) => unknown

/** The elements two lists make together; memory is paid for by the element. */
function joined(a: readonly unknown[], b: readonly unknown[], meter: Meter): readonly unknown[] {
  meter.spend((a.length + b.length) >> 2)
  return a.concat(b)
}

/** `a + b` */
export function add(a: unknown, b: unknown, meter: Meter): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a + b)
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (typeof a === 'string' && typeof b === 'string') return text(a + b, meter)
  if (a instanceof Uint && b instanceof Uint) return new Uint(a.value + b.value)
  if (Array.isArray(a) && Array.isArray(b)) return joined(a, b, meter)
  if (a instanceof Span && b instanceof Span) return new Span(a.nanos + b.nanos)
  if (a instanceof Date && b instanceof Span) return timestamp(a.getTime() + millis(b))
  if (a instanceof Span && b instanceof Date) return timestamp(b.getTime() + millis(a))
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    meter.text(a.length + b.length)
    const both = new Uint8Array(a.length + b.length)
    both.set(a)
    both.set(b, a.length)
    return both
  }
  throw undefinedFor('+', a, b)
}

function subtract(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a - b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (a instanceof Uint && b instanceof Uint) return new Uint(a.value - b.value)
  if (a instanceof Span && b instanceof Span) return new Span(a.nanos - b.nanos)
  if (a instanceof Date && b instanceof Span) return timestamp(a.getTime() - millis(b))
  if (a instanceof Date && b instanceof Date) return new Span(BigInt(a.getTime() - b.getTime()) * 1_000_000n)
  throw undefinedFor('-', a, b)
}

function multiply(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a * b)
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a instanceof Uint && b instanceof Uint) return new Uint(a.value * b.value)
  throw undefinedFor('*', a, b)
}

function divide(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (b === 0n) throw new Failure('division by zero')
    return int(a / b)
  }
  if (typeof a === 'number' && typeof b === 'number') return a / b
  if (a instanceof Uint && b instanceof Uint) {
    if (b.value === 0n) throw new Failure('division by zero')
    return new Uint(a.value / b.value)
  }
  throw undefinedFor('/', a, b)
}

function remainder(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (b === 0n) throw new Failure('modulus by zero')
    return a % b
  }
  if (a instanceof Uint && b instanceof Uint) {
    if (b.value === 0n) throw new Failure('modulus by zero')
    return new Uint(a.value % b.value)
  }
  throw undefinedFor('%', a, b)
}

/** Whether an element is in a list, or a key in a map. */
export function contains(element: unknown, collection: unknown, meter: Meter): boolean {
  if (Array.isArray(collection)) {
    for (const candidate of collection) {
      meter.spend(1)
      if (equals(element, candidate, meter)) return true
    }
    return false
  }
  if (isMap(collection)) return lookUp(collection, element) !== undefined
  throw undefinedFor('in', element, collection)
}

export const ARITHMETIC: Readonly<Record<string, Binary>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
  in: contains,
}

export function negate(value: unknown): unknown {
  if (typeof value === 'bigint') return int(-value)
  if (typeof value === 'number') return -value
  throw new Failure(`"-" is not defined for ${nameOf(value)}`)
}

/** A field of a map; through an optional, an optional. `name` is quoted in the reason only where it stands in the condition's text. */
export function field(value: unknown, name: string): unknown {
  if (value instanceof Optional) return optionalField(value, name)
  if (!isMap(value)) throw new Failure(`no field "${name}" in ${nameOf(value)}`)
  const found = lookUp(value, name)
  if (found === undefined) throw new Failure(`no such key "${name}"`)
  return found
}

/** An element of a list or a map. */
export function element(value: unknown, key: unknown): unknown {
  if (value instanceof Optional) return optionalElement(value, key)
  const found = find(value, key)
  if (found === undefined) throw new Failure(Array.isArray(value) ? 'index out of range' : 'no such key')
  return found
}

/** As {@link field}, but none where there is nothing; null has no fields and gives none. */
export function optionalField(value: unknown, name: string): Optional {
  return optionalElement(value, name)
}

/** As {@link element}, but none where there is nothing. */
export function optionalElement(value: unknown, key: unknown): Optional {
  const holder = value instanceof Optional ? value.value : value
  if (holder === undefined || holder === null) return new Optional(undefined)
  return new Optional(find(holder, key))
}

function find(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const place = key instanceof Uint ? key.value : key
    if (typeof place === 'bigint') return place >= 0n && place < BigInt(value.length) ? value[Number(place)] : undefined
    if (typeof place === 'number' && Number.isInteger(place)) return place >= 0 ? value[place] : undefined
    throw new Failure(`${nameOf(key)} is no index of a list`)
  }
  if (isMap(value)) return lookUp(value, key)
  throw new Failure(`${nameOf(value)} has no elements`)
}

function millis(span: Span): number {
  return Number(span.nanos / 1_000_000n)
}

function undefinedFor(operator: string, a: unknown, b: unknown): Failure {
  return new Failure(`"${operator}" is not defined for ${nameOf(a)} and ${nameOf(b)}`)
}
