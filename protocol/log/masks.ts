// What several masks of one thing come to: of a request and its answer, of the channels of a stream; and what has come to one since
// it was last told. No I/O.

import type { MaskedPlace, RecordedMask } from './event.ts'

/** A record names as many places as this; more would bloat it, and nobody reads them. */
export const MAX_PLACES = 32

/** Their sum; undefined when there is none. Of more places than a record names the first stand. */
export function joinMasks(...masks: readonly (RecordedMask | undefined)[]): RecordedMask | undefined {
  const given = masks.filter((mask) => mask !== undefined)
  if (given.length <= 1) return given[0]
  const rules = new Map<string, number>()
  const places = new Map<string, MaskedPlace>()
  for (const mask of given) {
    for (const [rule, count] of Object.entries(mask.rules)) rules.set(rule, (rules.get(rule) ?? 0) + count)
    for (const { rule, at, count } of mask.places ?? []) {
      const key = JSON.stringify([at, rule])
      const known = places.get(key)
      if (known === undefined && places.size >= MAX_PLACES) continue
      places.set(key, { rule, at, count: count + (known?.count ?? 0) })
    }
  }
  const withheld = given.find((mask) => mask.withheld !== undefined)?.withheld
  return {
    count: given.reduce((sum, { count }) => sum + count, 0),
    rules: Object.fromEntries(rules),
    ...(places.size === 0 ? {} : { places: [...places.values()] }),
    ...(withheld === undefined ? {} : { withheld }),
  }
}

/**
 * What a mask has more than it had: a stream's is told bit by bit while it lasts, and every value once.
 * @param told what it was, already recorded. Of a mask that only grows, no count is below it
 */
export function maskSince(mask: RecordedMask | undefined, told: RecordedMask | undefined): RecordedMask | undefined {
  if (mask === undefined || told === undefined) return mask
  const rules = Object.entries(mask.rules)
    .map(([rule, count]) => [rule, count - (told.rules[rule] ?? 0)] as const)
    .filter(([, count]) => count > 0)
  const known = new Map(told.places?.map(({ rule, at, count }) => [JSON.stringify([at, rule]), count]))
  const places = (mask.places ?? [])
    .map(({ rule, at, count }) => ({ rule, at, count: count - (known.get(JSON.stringify([at, rule])) ?? 0) }))
    .filter(({ count }) => count > 0)
  return {
    count: rules.reduce((sum, [, count]) => sum + count, 0),
    rules: Object.fromEntries(rules),
    ...(places.length === 0 ? {} : { places }),
    ...(mask.withheld === undefined ? {} : { withheld: mask.withheld }),
  }
}

/** What is worth recording of a mask: undefined when nothing was masked or withheld. */
export function worthTelling(mask: RecordedMask | undefined): RecordedMask | undefined {
  return mask === undefined || (mask.count === 0 && mask.withheld === undefined) ? undefined : mask
}
