import { expect, it } from 'vitest'
import { isPending, testClock } from '../record/fixtures.ts'
import { createPace } from './pace.ts'

it.each([
  ['a little work', 3, 1000, false],
  ['long work on few bytes', 4, 1000, true],
  ['work on many bytes, by a clock that stands still', 0, 512 * 1024, true],
  ['an answer of ordinary size', 3, 30 * 1024, false],
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

it('lets one of several long streams go on at each turn of the loop, and a short one at any time', async () => {
  const { clock, advance } = testClock()
  const long = [1, 2, 3].map(() => createPace(clock))
  const done: number[] = []
  for (const pace of long) pace.work(200 * 1024, () => undefined)
  const rests = long.map(async (pace, at) => {
    await pace.rest()
    done.push(at)
    pace.work(600 * 1024, () => undefined)
  })
  const short = createPace(clock)
  short.work(1000, () => undefined)
  await short.rest()
  expect(done).toEqual([])
  for (const expected of [[0], [0, 1], [0, 1, 2]]) {
    advance(0)
    await isPending(new Promise(() => {}))
    expect(done).toEqual(expected)
  }
  await Promise.all(rests)
})

it('takes a stream that had nothing to do for a new one', async () => {
  const { clock, advance } = testClock()
  const [busy, prompt] = [createPace(clock), createPace(clock)]
  prompt.work(600 * 1024, () => undefined)
  advance(51)
  busy.work(600 * 1024, () => undefined)
  prompt.work(10, () => undefined)
  expect(await isPending(busy.rest())).toBe(true)
  expect(await isPending(prompt.rest())).toBe(false)
})

it('lets a large first piece wait, and a small one not', async () => {
  const { clock } = testClock()
  createPace(clock).work(600 * 1024, () => undefined)
  expect(await isPending(createPace(clock).rest(64 * 1024))).toBe(true)
  expect(await isPending(createPace(clock).rest(4096))).toBe(false)
})
