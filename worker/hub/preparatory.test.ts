import { describe, expect, it } from 'vitest'
import { type Entry, type Log, LogUnavailable } from '../ports.ts'
import { settled, testClock } from '../record/fixtures.ts'
import { createLeftovers } from './leftovers.ts'
import type { Passage } from './passage.ts'
import { ask, type Question } from './preparatory.ts'
import { decidedFor, type PlayedApiServer, playedPassage } from './testing.ts'

const PATH = '/api/v1/namespaces/shop/configmaps/c'
const QUESTION: Question = { kind: 'read', method: 'GET', target: PATH, headers: [], body: null }
const decided = decidedFor('GET', PATH, {
  decision: { effect: 'Allow', policy: '', rule: '', reason: '', revision: 1 },
})

/** A passage whose log can be broken, and tried again by the clock. */
function set(api: PlayedApiServer) {
  const { passage } = playedPassage(api)
  const { clock, advance } = testClock()
  const written: Entry[] = []
  const state = { broken: false }
  const log: Log = {
    pendingBytes: 0,
    async append(entries) {
      if (state.broken) throw new LogUnavailable('full')
      written.push(...entries)
      return entries.map(({ event }) => ({ id: event.id, leaf: 'leaf' }))
    },
  }
  const hub = { ...passage.hub, log, clock }
  const played: Passage = { ...passage, hub, leftovers: createLeftovers(hub) }
  const results = () => written.filter(({ event }) => event.type === 'request.result')
  return { played, state, results, advance, written }
}

describe('the result of a preparatory request', () => {
  it('that the log could not take is recorded when it can be', async () => {
    const { played, state, results, advance, written } = set(() => {
      state.broken = true
      return { status: 200, body: { kind: 'ConfigMap' } }
    })
    await expect(ask(played, decided, QUESTION)).rejects.toThrow(LogUnavailable)
    await settled()
    expect(results()).toEqual([])
    state.broken = false
    advance(1_000)
    await settled()
    expect(results()).toHaveLength(1)
    expect(results()[0]?.event).toMatchObject({ ref: written[0]?.event.id, res: { outcome: 'ok', code: 200 } })
  })

  it('is unknown where the gateway itself failed, and told once', async () => {
    const { played, results, written } = set(() => {
      throw new Error('a bug')
    })
    await expect(ask(played, decided, QUESTION)).rejects.toThrow('a bug')
    await settled()
    expect(results()).toHaveLength(1)
    expect(results()[0]?.event).toMatchObject({ ref: written[0]?.event.id, res: { outcome: 'unknown' } })
  })

  it('that was recorded is not recorded again', async () => {
    const { played, results } = set(() => ({ status: 200, body: { kind: 'ConfigMap' } }))
    expect(await ask(played, decided, QUESTION)).toMatchObject({ ok: true })
    await settled()
    expect(results()).toHaveLength(1)
  })
})
