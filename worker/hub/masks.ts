// What several masks of one request have masked, as one. No I/O.

import type { MaskedPlace, RecordedMask } from '../../protocol/log/event.ts'

/** As many places as a record names. */
export const MAX_PLACES = 32

/** The sum of all. Where more places were masked than a record names, the first stand. */
export function joinMasks(...masks: readonly (RecordedMask | undefined)[]): RecordedMask {
  const rules = new Map<string, number>()
  const places = new Map<string, MaskedPlace>()
  let count = 0
  let withheld: string | undefined
  for (const mask of masks) {
    if (mask === undefined) continue
    count += mask.count
    withheld ??= mask.withheld
    for (const [rule, times] of Object.entries(mask.rules)) rules.set(rule, (rules.get(rule) ?? 0) + times)
    for (const { rule, at, count: times } of mask.places ?? []) {
      const key = JSON.stringify([rule, at])
      const known = places.get(key)
      if (known === undefined && places.size >= MAX_PLACES) continue
      places.set(key, { rule, at, count: times + (known?.count ?? 0) })
    }
  }
  return {
    count,
    rules: Object.fromEntries(rules),
    ...(places.size === 0 ? {} : { places: [...places.values()] }),
    ...(withheld === undefined ? {} : { withheld }),
  }
}

/** A mask worth recording; absent when nothing was masked. */
export function worthTelling(mask: RecordedMask | undefined): RecordedMask | undefined {
  return mask === undefined || (mask.count === 0 && mask.withheld === undefined) ? undefined : mask
}
