import { describe, expect, it } from 'vitest'
import type { Recorded } from '../context.ts'
import { type Entry, type Log, LogUnavailable } from '../ports.ts'
import { createLeftovers } from './leftovers.ts'

const RECORDED = { id: 'r', receivedAt: 0, session: 's', command: 'c' } as unknown as Recorded

/** Lets promises settle that wait for nothing but each other. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

function set() {
  const written: Entry[] = []
  let broken = false
  const log: Log = {
    pendingBytes: 0,
    async append(entries) {
      if (broken) throw new LogUnavailable('disk full')
      written.push(...entries)
      return entries.map(({ event }) => ({ id: event.id, leaf: '' }))
    },
  }
  const timers: (() => void)[] = []
  let id = 0
  const leftovers = createLeftovers({
    clock: {
      now: () => 7,
      after(_ms, callback) {
        timers.push(callback)
        return () => undefined
      },
    },
    log,
    newId: () => String(id++),
  })
  return {
    leftovers,
    written,
    breakLog: (value: boolean) => {
      broken = value
    },
    async tick() {
      timers.shift()?.()
      await settle()
    },
  }
}

describe('leftovers', () => {
  it('records a result behind the reply', async () => {
    const { leftovers, written } = set()
    leftovers.record(RECORDED, { outcome: 'failed', code: 503 })
    await settle()
    expect(written.map(({ event }) => event)).toMatchObject([
      {
        type: 'request.result',
        ref: 'r',
        session: 's',
        command: 'c',
        res: { outcome: 'failed', code: 503, durationMs: 7 },
      },
    ])
  })

  it('keeps what the log could not take, in order, until it can', async () => {
    const { leftovers, written, breakLog, tick } = set()
    breakLog(true)
    leftovers.record(RECORDED, { outcome: 'failed', code: 1 })
    leftovers.record(RECORDED, { outcome: 'failed', code: 2 })
    await settle()
    await tick()
    expect(written).toEqual([])
    expect(leftovers.size).toBe(2)
    breakLog(false)
    await tick()
    expect(written.map(({ event }) => event.res?.code)).toEqual([1, 2])
    expect(leftovers.size).toBe(0)
  })
})
