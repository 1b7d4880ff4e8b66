import { describe, expect, it } from 'vitest'
import type { Identity } from '../context.ts'
import { createUsage } from './usage.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 30)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

function scene() {
  let now = NOW
  const usage = createUsage({ now: () => now })
  const who = (username: string, issuer = 'i'): { identity: Identity } => ({
    identity: { user: { username, uid: '', groups: [], extra: {} }, issuer, expiresAt: 0 },
  })
  return {
    usage,
    of: (username: string, session: string, issuer?: string) => usage.of(who(username, issuer), session),
    advance(ms: number) {
      now += ms
    },
  }
}

describe('what is counted', () => {
  it('counts for the session and for the identity, and for no other', () => {
    const { of } = scene()
    of('a', 's1').add('writes', 1)
    of('a', 's2').add('writes', 2)
    expect(of('a', 's1').total('writes', 'session', null)).toBe(1)
    expect(of('a', 's1').total('writes', 'identity', MINUTE)).toBe(3)
    expect(of('b', 's3').total('writes', 'identity', MINUTE)).toBe(0)
    expect(of('a', 's4', 'another issuer').total('writes', 'identity', MINUTE)).toBe(0)
    expect(of('a', 's1').total('requests', 'session', null)).toBe(0)
  })

  it.each([
    ['a second window', 1_000, 2_000],
    ['two minutes, the longest kept by the second', 2 * MINUTE, 1_000],
    ['five minutes, kept by the minute', 5 * MINUTE, MINUTE],
    ['a day', DAY, MINUTE],
  ])('%s holds it as long as it says, and not for good', (_name, within, slack) => {
    const { of, advance } = scene()
    const counting = of('a', 's')
    counting.add('writes', 1)
    advance(within)
    counting.add('requests', 1)
    expect(counting.total('writes', 'session', within)).toBe(1)
    expect(counting.total('writes', 'identity', within)).toBe(1)
    advance(slack)
    expect(counting.total('writes', 'session', within)).toBe(0)
    expect(counting.total('writes', 'session', null)).toBe(1)
  })

  it('tells conditions what the session has done', () => {
    const { of, advance } = scene()
    of('a', 's')
    advance(5_000)
    const counting = of('a', 's')
    counting.add('deletions', 1)
    counting.add('execBytes', 700)
    expect(counting.facts()).toEqual({
      id: 's',
      startedAt: NOW,
      requests: 0,
      writes: 0,
      deletions: 1,
      secretReads: 0,
      execBytes: 700,
    })
  })
})

describe('a request that is judged', () => {
  it('counts from then on, once, so that another at the same time sees it', () => {
    const { of } = scene()
    const one = of('a', 's')
    one.reserve(['requests', 'writes'])
    one.reserve(['requests', 'writes'])
    expect(of('a', 's').total('writes', 'session', null)).toBe(1)
    one.keep()
    one.settle()
    expect(of('a', 's').total('writes', 'session', null)).toBe(1)
  })

  it('does not count in the end when it was not sent, whatever the time', () => {
    const { of, advance } = scene()
    const one = of('a', 's')
    one.reserve(['writes'])
    advance(MINUTE + 5_000)
    one.settle()
    one.settle()
    for (const within of [null, MINUTE, 10 * MINUTE]) expect(of('a', 's').total('writes', 'session', within)).toBe(0)
    expect(of('a', 's').total('writes', 'identity', 10 * MINUTE)).toBe(0)
  })
})

describe('what the log knows of an earlier life', () => {
  it('comes back with its times, for a session that was looked at meanwhile too', () => {
    const { usage, of, advance } = scene()
    const early = of('a', 's')
    expect(usage.knows('s')).toBe(false)
    early.add('writes', 1)
    usage.restoreSession('s', NOW - 3 * MINUTE, [
      { what: 'writes', amount: 2, at: NOW - 3 * MINUTE },
      { what: 'execBytes', amount: 50, at: NOW - 1_000 },
    ])
    expect(usage.knows('s')).toBe(true)
    expect(early.total('writes', 'session', null)).toBe(3)
    expect(early.total('writes', 'session', 10 * MINUTE)).toBe(3)
    expect(early.total('writes', 'session', MINUTE)).toBe(1)
    expect(early.facts()).toMatchObject({ startedAt: NOW - 3 * MINUTE, execBytes: 50 })
    usage.restoreSession('s', NOW, [{ what: 'writes', amount: 2, at: NOW }])
    expect(early.total('writes', 'session', null)).toBe(3)
    advance(10 * MINUTE)
    expect(early.total('writes', 'session', 10 * MINUTE)).toBe(1)
  })

  it('is added to what an identity has done since', () => {
    const { usage, of } = scene()
    usage.restoreIdentity('i', 'a', 'requests', 4, NOW - 60 * MINUTE)
    of('a', 's').add('requests', 1)
    expect(of('a', 's').total('requests', 'identity', DAY)).toBe(5)
    expect(of('a', 's').total('requests', 'identity', 5 * MINUTE)).toBe(1)
  })
})

it('forgets the session that was longest unused when there are too many', () => {
  const { usage, of } = scene()
  of('a', 'kept').add('writes', 1)
  of('a', 'lost').add('writes', 1)
  for (let at = 0; at < 9_999; at += 1) {
    of('a', `s${at}`)
    of('a', 'kept')
  }
  expect(of('a', 'kept').total('writes', 'session', null)).toBe(1)
  expect(of('a', 'lost').total('writes', 'session', null)).toBe(0)
  expect(usage.knows('lost')).toBe(false)
})
