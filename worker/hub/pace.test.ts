import { expect, it } from 'vitest'
import { isPending, testClock } from '../record/fixtures.ts'
import { createPace } from './pace.ts'

it.each([
  ['a little work', 7, 1000, false],
  ['long work on few bytes', 8, 1000, true],
  ['work on many bytes, by a clock that stands still', 0, 1024 * 1024, true],
])('%s: rests or not', async (_name, ms, bytes, rests) => {
  const { clock, advance } = testClock()
  const pace = createPace(clock)
  expect(
    pace.work(bytes, () => {
      advance(ms)
      return 'done'
    }),
  ).toBe('done')
  const rest = pace.rest()
  expect(await isPending(rest)).toBe(rests)
  advance(0)
  await rest
  expect(await isPending(pace.rest())).toBe(false)
})

it('counts work that failed', async () => {
  const { clock, advance } = testClock()
  const pace = createPace(clock)
  expect(() =>
    pace.work(1, () => {
      advance(8)
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(await isPending(pace.rest())).toBe(true)
})
