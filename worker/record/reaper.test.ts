import { describe, expect, it } from 'vitest'
import { counter, NOW, place, testLog } from './fixtures.ts'
import { reapUnfinished } from './reaper.ts'

describe('reaper', () => {
  it('says of each unfinished request that its result is unknown, page by page', async () => {
    const { log, entries } = testLog()
    const requests = Array.from({ length: 250 }, (_, at) => ({
      id: `r${String(at).padStart(3, '0')}`,
      ...place,
      at: NOW - 10,
    }))
    const unfinished = {
      list: async ({ after, limit }: { after: string; limit: number }) =>
        requests.filter(({ id }) => id > after).slice(0, limit),
    }
    expect(await reapUnfinished({ unfinished, log, clock: { now: () => NOW }, ids: counter() })).toBe(250)
    expect(entries().map(({ event }) => event.ref)).toEqual(requests.map(({ id }) => id))
    expect(entries()[0]?.event).toMatchObject({
      type: 'request.result',
      ...place,
      res: { outcome: 'unknown', code: 0, durationMs: 10, bytes: 0 },
    })
  })

  it('does nothing when nothing is left', async () => {
    const { log, appended } = testLog()
    const unfinished = { list: async () => [] }
    expect(await reapUnfinished({ unfinished, log, clock: { now: () => NOW }, ids: counter() })).toBe(0)
    expect(appended).toEqual([])
  })
})
