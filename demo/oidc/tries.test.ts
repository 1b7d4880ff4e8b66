import { expect, it } from 'vitest'
import { MAX_WRONG_TRIES, Tries, WRONG_TRIES_WITHIN_MS } from './tries.ts'

function triesAt(times: readonly number[], now: number): Tries {
  let clock = 0
  const tries = new Tries(() => clock)
  for (const time of times) {
    clock = time
    tries.wrong()
  }
  clock = now
  return tries
}

it.each([
  ['none wrong', [], 0, 0],
  ['one fewer than the limit', [1, 2, 3, 4], 5, 0],
  ['the limit: until the first is a minute old', [1, 2, 3, 4, 5], 5, 59_996],
  ['a millisecond before that', [1, 2, 3, 4, 5], 60_000, 1],
  ['at that', [1, 2, 3, 4, 5], 60_001, 0],
  ['then one more: until the second is a minute old', [1, 20_000, 3e4, 4e4, 5e4, 60_001], 60_001, 19_999],
  ['the limit, spread over more than a minute', [0, 20_000, 40_000, 60_000, 80_000], 80_000, 0],
  ['long after', [1, 2, 3, 4, 5], 1e9, 0],
])('%s', (_, wrong, now, expected) => {
  expect(triesAt(wrong, now).waitMs()).toBe(expected)
})

it('lets through no more than the limit in any minute, however hard one tries', () => {
  let clock = 0
  const tries = new Tries(() => clock)
  const given: number[] = []
  for (; clock < 10 * WRONG_TRIES_WITHIN_MS; clock += 777) {
    if (tries.waitMs() > 0) continue
    tries.wrong()
    given.push(clock)
  }
  for (const start of given) {
    const within = given.filter((at) => at >= start && at < start + WRONG_TRIES_WITHIN_MS)
    expect(within.length).toBeLessThanOrEqual(MAX_WRONG_TRIES)
  }
  expect(given.length).toBeGreaterThan(9 * MAX_WRONG_TRIES)
})
