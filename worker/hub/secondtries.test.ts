import { describe, expect, it } from 'vitest'
import type { Authenticated, Decision } from '../context.ts'
import type { Response } from './passage.ts'
import { createSecondTries } from './secondtries.ts'

const REFUSAL: Response = { kind: 'response', status: 403, headers: [], body: new Uint8Array([1]) }

const DECISION: Decision = { effect: 'Deny', policy: 'p', rule: 'r', reason: '', revision: 1 }

type Asked = { user?: string; path?: string; query?: string; session?: string; kind?: 'websocket' | 'spdy' | null }

function request({
  user = 'a',
  path = '/exec',
  query = 'command=sh',
  session = 's',
  kind = null,
}: Asked): Authenticated {
  const known = {
    identity: { issuer: 'i', user: { username: user } },
    info: { path, query },
    client: { session },
    upgrade: kind === null ? null : { kind, protocols: [] },
  }
  return known as unknown as Authenticated
}

describe('second tries', () => {
  it('gives the same request over SPDY the answer it got over WebSocket, once', () => {
    const tries = createSecondTries({ now: () => 0 })
    tries.keep(request({ kind: 'websocket' }), DECISION, REFUSAL)
    expect(tries.recall(request({ kind: 'spdy' }))).toMatchObject({ decision: DECISION, reply: REFUSAL })
    expect(tries.recall(request({ kind: 'spdy' }))).toBeNull()
  })

  it.each<[string, Asked]>([
    ['another identity', { user: 'b' }],
    ['another path', { path: '/attach' }],
    ['another command', { query: 'command=id' }],
    ['another run of kubectl', { session: 't' }],
  ])('knows nothing of %s', (_name, other) => {
    const tries = createSecondTries({ now: () => 0 })
    tries.keep(request({ kind: 'websocket' }), DECISION, REFUSAL)
    expect(tries.recall(request({ ...other, kind: 'spdy' }))).toBeNull()
  })

  it('keeps only refused upgrades, and gives them only to SPDY', () => {
    const tries = createSecondTries({ now: () => 0 })
    tries.keep(request({ kind: null }), DECISION, REFUSAL)
    expect(tries.recall(request({ kind: 'spdy' }))).toBeNull()
    tries.keep(request({ kind: 'websocket' }), DECISION, REFUSAL)
    expect(tries.recall(request({ kind: 'websocket' }))).toBeNull()
    expect(tries.recall(request({ kind: null }))).toBeNull()
  })

  it('forgets after ten seconds, and the oldest beyond a thousand', () => {
    let now = 0
    const tries = createSecondTries({ now: () => now })
    tries.keep(request({ kind: 'websocket' }), DECISION, REFUSAL)
    now = 10_001
    expect(tries.recall(request({ kind: 'spdy' }))).toBeNull()
    for (let i = 0; i <= 1000; i++) tries.keep(request({ kind: 'websocket', session: `s${i}` }), DECISION, REFUSAL)
    expect(tries.recall(request({ kind: 'spdy', session: 's0' }))).toBeNull()
    expect(tries.recall(request({ kind: 'spdy', session: 's1' }))).toMatchObject({ decision: DECISION, reply: REFUSAL })
  })
})

it('keeps no more than fits, the newest first', () => {
  const tries = createSecondTries({ now: () => 0 })
  const long = (n: number): Asked => ({ query: `command=${n}${'x'.repeat(500 * 1024)}` })
  for (let n = 0; n < 20; n++) tries.keep(request({ ...long(n), kind: 'websocket' }), DECISION, REFUSAL)
  const recalled = Array.from({ length: 20 }, (_, n) => tries.recall(request({ ...long(n), kind: 'spdy' })) !== null)
  expect(recalled.filter(Boolean)).toHaveLength(16)
  expect(recalled.slice(4).every(Boolean)).toBe(true)
})
