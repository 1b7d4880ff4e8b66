import { describe, expect, it } from 'vitest'
import type { Authenticated, Refusal } from '../context.ts'
import type { Clock } from '../ports.ts'
import { createStreams } from './streams.ts'

function manualClock(): Clock & { tick(): void } {
  let waiting: (() => void)[] = []
  return {
    now: () => 0,
    after(_ms, callback) {
      waiting.push(callback)
      return () => {
        waiting = waiting.filter((each) => each !== callback)
      }
    },
    tick() {
      const due = waiting
      waiting = []
      for (const callback of due) callback()
    },
  }
}

function request(username: string, signal = new AbortController().signal): Authenticated {
  return {
    id: 'r',
    receivedAt: 0,
    method: 'GET',
    target: '/api/v1/pods?watch=true',
    host: 'h',
    headers: [],
    body: null,
    upgrade: null,
    remote: '',
    signal,
    connection: 'demo',
    info: {
      isResourceRequest: true,
      path: '/api/v1/pods',
      query: 'watch=true',
      verb: 'watch',
      apiPrefix: 'api',
      apiGroup: '',
      apiVersion: 'v1',
      namespace: '',
      resource: 'pods',
      subresource: '',
      name: '',
      parts: ['pods'],
      streaming: true,
      dryRun: false,
    },
    bodyFormat: 'none',
    accept: { upstream: 'application/json' },
    client: { userAgent: '', command: '', session: '' },
    identity: { user: { username, uid: '', groups: [], extra: {} }, issuer: 'i', expiresAt: 100 },
  }
}

const GONE: Refusal = { kind: 'forbidden', message: 'gone' }

describe('streams', () => {
  it('lets an identity have its limit and not one more, and counts others apart', () => {
    const streams = createStreams({
      clock: manualClock(),
      maxPerIdentity: 2,
      maxBytesPerIdentity: 10,
      everyMs: 1,
      rejudge: () => null,
    })
    const first = streams.enter(request('a'))
    expect(streams.enter(request('a')).ok).toBe(true)
    expect(streams.enter(request('a'))).toMatchObject({ ok: false, refusal: { kind: 'too-many', retryAfterS: 2 } })
    expect(streams.enter(request('b')).ok).toBe(true)
    if (first.ok) {
      first.value.leave()
      first.value.leave()
    }
    expect(streams.enter(request('a')).ok).toBe(true)
    expect(streams.enter(request('a')).ok).toBe(false)
  })

  it('counts the bytes of an identity’s bodies while their requests last', () => {
    const streams = createStreams({
      clock: manualClock(),
      maxPerIdentity: 9,
      maxBytesPerIdentity: 10,
      everyMs: 1,
      rejudge: () => null,
    })
    const [one, two, other] = [streams.enter(request('a')), streams.enter(request('a')), streams.enter(request('b'))]
    if (!one.ok || !two.ok || !other.ok) throw new Error('all must enter')
    expect([one.value.takes(6), two.value.takes(5), two.value.takes(4), two.value.takes(1)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(other.value.takes(10)).toBe(true)
    one.value.leave()
    expect([two.value.takes(6), two.value.takes(1)]).toEqual([true, false])
  })

  it('ends a stream whose access is gone at the next look, and leaves the others open', () => {
    const clock = manualClock()
    const streams = createStreams({
      clock,
      maxPerIdentity: 9,
      maxBytesPerIdentity: 10,
      everyMs: 1,
      rejudge: (each) => (each.identity.user.username === 'a' ? GONE : null),
    })
    const a = streams.enter(request('a'))
    const b = streams.enter(request('b'))
    if (!a.ok || !b.ok) throw new Error('both must enter')
    expect(a.value.signal.aborted).toBe(false)
    clock.tick()
    expect(a.value.ended).toEqual(GONE)
    expect(a.value.signal.aborted).toBe(true)
    expect(b.value.signal.aborted).toBe(false)
  })

  it('looks at many streams a few at a time, at each once a round', () => {
    const clock = manualClock()
    const seen: string[] = []
    let rounds = 0
    const streams = createStreams({
      clock,
      maxPerIdentity: 1000,
      maxBytesPerIdentity: 10,
      everyMs: 1,
      round: () => {
        rounds += 1
      },
      rejudge: (each) => {
        seen.push(each.identity.user.username)
        return null
      },
    })
    const names = Array.from({ length: 120 }, (_, at) => `u${at}`)
    const entered = names.map((name) => streams.enter(request(name)))
    clock.tick()
    expect(seen).toEqual(names.slice(0, 50))
    const last = entered.at(-1)
    if (last?.ok === true) last.value.leave()
    streams.enter(request('late'))
    clock.tick()
    clock.tick()
    expect(seen).toEqual(names.slice(0, 119))
    expect(rounds).toBe(1)
    clock.tick()
    expect([rounds, seen.length]).toEqual([2, 119 + 50])
  })

  it('aborts when the client goes, without a refusal', () => {
    const client = new AbortController()
    const streams = createStreams({
      clock: manualClock(),
      maxPerIdentity: 9,
      maxBytesPerIdentity: 10,
      everyMs: 1,
      rejudge: () => null,
    })
    const entered = streams.enter(request('a', client.signal))
    if (!entered.ok) throw new Error('must enter')
    client.abort()
    expect(entered.value.signal.aborted).toBe(true)
    expect(entered.value.ended).toBeNull()
  })
})
