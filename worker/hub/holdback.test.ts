import { describe, expect, it } from 'vitest'
import { HOLD_BACK_MS } from '../mask/limits.ts'
import { isPending, settled, testClock } from '../record/fixtures.ts'
import { createHoldBack } from './holdback.ts'

function played() {
  const asked: { resolve: (item: string) => void; reject: (error: Error) => void }[] = []
  const time = testClock()
  const read = (): Promise<string> => new Promise((resolve, reject) => asked.push({ resolve, reject }))
  return { asked, ...time, holdBack: createHoldBack(read, time.clock, HOLD_BACK_MS) }
}

describe('hold-back', () => {
  it('waits for as long as it takes when nothing is held, without a timer', async () => {
    const { holdBack, asked, advance, timers } = played()
    const next = holdBack.next()
    expect(timers()).toBe(0)
    advance(HOLD_BACK_MS * 100)
    expect(await isPending(next)).toBe(true)
    asked[0]?.resolve('a')
    expect(await next).toEqual({ item: 'a' })
  })

  it('tells once that something has been held long enough, and does not ask for another item meanwhile', async () => {
    const { holdBack, asked, advance } = played()
    holdBack.held(true, true)
    const next = holdBack.next()
    advance(HOLD_BACK_MS - 1)
    expect(await isPending(next)).toBe(true)
    advance(1)
    expect(await next).toBe('long enough')
    const after = holdBack.next()
    advance(HOLD_BACK_MS)
    expect(await isPending(after)).toBe(true)
    expect(asked).toHaveLength(1)
    asked[0]?.resolve('a')
    expect(await after).toEqual({ item: 'a' })
    void holdBack.next()
    expect(asked).toHaveLength(2)
  })

  it('waits no longer when the clock is set back', async () => {
    const { holdBack, advance } = played()
    holdBack.held(true, true)
    advance(-3_600_000)
    const next = holdBack.next()
    advance(HOLD_BACK_MS)
    expect(await next).toBe('long enough')
  })

  it.each([
    ['what has waited since before goes on waiting', false, 20],
    ['what began with the item waits from then on', true, HOLD_BACK_MS],
  ])('%s', async (_name, moved, left) => {
    const { holdBack, asked, advance } = played()
    holdBack.held(true, true)
    const first = holdBack.next()
    advance(HOLD_BACK_MS - 20)
    asked[0]?.resolve('a')
    expect(await first).toEqual({ item: 'a' })
    holdBack.held(true, moved)
    const next = holdBack.next()
    advance(left - 1)
    expect(await isPending(next)).toBe(true)
    advance(1)
    expect(await next).toBe('long enough')
  })

  it('leaves no timer behind when an item comes first', async () => {
    const { holdBack, asked, timers } = played()
    holdBack.held(true, true)
    const next = holdBack.next()
    asked[0]?.resolve('a')
    await next
    expect(timers()).toBe(0)
    holdBack.held(false, false)
    void holdBack.next()
    expect(timers()).toBe(0)
  })

  it('tells whoever asks next of a source that failed while nobody waited', async () => {
    const { holdBack, asked, advance } = played()
    holdBack.held(true, true)
    const next = holdBack.next()
    advance(HOLD_BACK_MS)
    expect(await next).toBe('long enough')
    asked[0]?.reject(new Error('lost'))
    await settled()
    await expect(holdBack.next()).rejects.toThrow('lost')
  })
})
