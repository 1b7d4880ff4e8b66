// Kubernetes' list functions, cel-go's ext.Lists and ext.Sets. No I/O, no clock.

import { DYN, global, INT, index, LIST, list, member, type Overload } from './functions.ts'
import { add, contains } from './operators.ts'
import { compare, equals, Failure, type Meter } from './values.ts'

const LIST_OF_T = list('list<T>')
/** What `lists.range` makes at most. */
const MAX_RANGE = 10_000n

export const LISTS: readonly Overload[] = [
  member('isSorted', [LIST], 'bool', (meter, values) => isSorted(values, meter)),
  member('sum', [LIST_OF_T], 'T', (meter, values) => sum(values, meter)),
  member('min', [LIST_OF_T], 'T', (meter, values) => extreme(values, -1, meter)),
  member('max', [LIST_OF_T], 'T', (meter, values) => extreme(values, 1, meter)),
  member('indexOf', [LIST, DYN], 'int', (meter, values, wanted) => BigInt(indexOf(values, wanted, meter))),
  member('lastIndexOf', [LIST, DYN], 'int', (meter, values, wanted) => {
    for (let i = values.length - 1; i >= 0; i--) if (same(values[i], wanted, meter)) return BigInt(i)
    return -1n
  }),
  member('distinct', [LIST_OF_T], 'list<T>', (meter, values) => {
    const found: unknown[] = []
    for (const value of values) if (!contains(value, found, meter)) found.push(value)
    return found
  }),
  member('flatten', [LIST], 'list<dyn>', (meter, values) => flatten(values, 1n, meter)),
  member('flatten', [LIST, INT], 'list<dyn>', (meter, values, depth) => {
    if (depth < 0n) throw new Failure('flatten() to a negative depth')
    return flatten(values, depth, meter)
  }),
  member('slice', [LIST_OF_T, INT, INT], 'list<T>', (meter, values, start, end) => {
    if (start < 0n || end < start || end > BigInt(values.length)) throw new Failure('index out of range')
    meter.spend(index(end - start) >> 2)
    return values.slice(index(start), index(end))
  }),
  member('reverse', [LIST_OF_T], 'list<T>', (meter, values) => {
    meter.spend(values.length >> 2)
    return values.toReversed()
  }),
  member('sort', [LIST_OF_T], 'list<T>', (meter, values) => sort(values, meter)),
  global('lists.range', [INT], 'list<int>', (meter, size) => {
    if (size < 0n || size > MAX_RANGE) throw new Failure('lists.range() out of range')
    meter.spend(index(size))
    return Array.from({ length: index(size) }, (_, i) => BigInt(i))
  }),
  global('sets.contains', [LIST, LIST], 'bool', (meter, set, part) => isPart(part, set, meter)),
  global('sets.equivalent', [LIST, LIST], 'bool', (meter, a, b) => isPart(a, b, meter) && isPart(b, a, meter)),
  global('sets.intersects', [LIST, LIST], 'bool', (meter, a, b) => a.some((value) => contains(value, b, meter))),
]

function isPart(part: readonly unknown[], whole: readonly unknown[], meter: Meter): boolean {
  return part.every((value) => contains(value, whole, meter))
}

function same(a: unknown, b: unknown, meter: Meter): boolean {
  meter.spend(1)
  return equals(a, b, meter)
}

function indexOf(values: readonly unknown[], wanted: unknown, meter: Meter): number {
  return values.findIndex((value) => same(value, wanted, meter))
}

function isSorted(values: readonly unknown[], meter: Meter): boolean {
  for (let i = 1; i < values.length; i++) {
    meter.spend(1)
    if (compare(values[i - 1], values[i], meter) > 0) return false
  }
  return true
}

/** An empty list has the sum 0, as an int. */
function sum(values: readonly unknown[], meter: Meter): unknown {
  let total = values.length === 0 ? 0n : values[0]
  if (typeof total === 'string' || Array.isArray(total)) throw new Failure('sum() of a list that is not of numbers')
  for (const value of values.slice(1)) {
    meter.spend(1)
    total = add(total, value, meter)
  }
  return total
}

function extreme(values: readonly unknown[], direction: 1 | -1, meter: Meter): unknown {
  if (values.length === 0) throw new Failure('min() or max() of an empty list')
  let best = values[0]
  for (const value of values) {
    meter.spend(1)
    if (compare(value, best, meter) * direction > 0) best = value
  }
  return best
}

function flatten(values: readonly unknown[], depth: bigint, meter: Meter): readonly unknown[] {
  const flat: unknown[] = []
  for (const value of values) {
    meter.spend(1)
    if (depth === 0n || !Array.isArray(value)) {
      flat.push(value)
      continue
    }
    for (const each of flatten(value, depth - 1n, meter)) flat.push(each)
  }
  return flat
}

function sort(values: readonly unknown[], meter: Meter): readonly unknown[] {
  // Also finds out that the elements have an order, in a list of one too.
  for (const value of values) compare(values[0], value, meter)
  return values.toSorted((a, b) => {
    meter.spend(1)
    return compare(a, b, meter)
  })
}
