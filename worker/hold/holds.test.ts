import { describe, expect, it } from 'vitest'
import type { Approval } from '../context.ts'
import { digest } from './key.ts'
import { fate, heldRequest, messageOf, NOW, no, passing, scene, settled, yes } from './testing.ts'

describe('a held request', () => {
  it('waits, passes once approved, and says so in the log before it does', async () => {
    const s = scene()
    const request = heldRequest({ purpose: 'scale up' })
    const one = passing(s.holds, request)
    await settled()
    expect(fate(one)).toBe('waits')
    const hold = s.only()
    expect(hold).toMatchObject({
      kind: 'request',
      state: 'pending',
      connection: 'prod',
      session: 's1',
      command: 'c1',
      requester: { username: 'agent', uid: 'u1', groups: ['ai-agents'], issuer: 'https://id.example' },
      purpose: 'scale up',
      policy: 'agents',
      rule: 'change',
      openedAt: NOW,
      expiresAt: NOW + 600_000,
      validUntil: null,
    })
    expect(s.opened).toEqual([hold])
    expect(await s.holds.answer(hold.id, yes(hold))).toMatchObject({ ok: true, hold: { state: 'approved' } })
    await settled()
    expect(one.outcome()).toEqual({
      ok: true,
      value: { kind: 'approval', hold: hold.id, approvers: ['alice'] },
    })
    expect(s.stored.get(hold.id)?.record).toMatchObject({ state: 'used', items: [{ usedBy: request.id }] })
    expect(s.types()).toEqual(['hold.open', 'hold.vote', 'hold.use', 'hold.close'])
    expect(s.durabilities.every((one) => one === 'fsynced')).toBe(true)
    const [open, vote, use, close] = s.entries
    expect(open?.event).toMatchObject({ session: 's1', command: 'c1', connection: 'prod', ref: request.id })
    expect(open?.event.actor?.username).toBe('agent')
    expect(open?.body).toMatchObject({ kind: 'review', mediaType: 'application/json' })
    expect(digest(open?.body?.bytes ?? new Uint8Array())).toBe(hold.reviewSha256)
    expect(new TextDecoder().decode(open?.body?.bytes)).toBe(s.stored.get(hold.id)?.review)
    expect(vote?.event.actor?.username).toBe('alice')
    expect(vote?.event.data).toMatchObject({ hold: hold.id, approve: true, state: 'approved', seen: hold.reviewSha256 })
    expect(use?.event).toMatchObject({ ref: request.id, data: { hold: hold.id } })
    expect(close?.event.data).toMatchObject({ hold: hold.id, state: 'used' })
    expect(s.closed.map(({ state }) => state)).toEqual(['approved'])
  })

  it('is refused once denied, with who and why', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest())
    await settled()
    const hold = s.only()
    await s.holds.answer(hold.id, no({ reason: 'not\non  a Friday' }))
    await settled()
    expect(fate(one)).toBe('not-approved')
    expect(messageOf(one)).toBe(`hold ${hold.id} was denied by alice: not on a Friday`)
    expect(one.outcome()).toMatchObject({ refusal: { hold: hold.id } })
    expect(s.types()).toEqual(['hold.open', 'hold.vote', 'hold.close'])
  })

  it('is refused once nobody has answered in time', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest({ handshake: true }))
    await s.advance(599_999)
    expect(fate(one)).toBe('waits')
    await s.advance(1)
    expect(fate(one)).toBe('not-approved')
    expect(messageOf(one)).toMatch(/nobody approved hold .* in time/)
    expect(s.only().state).toBe('expired')
    expect(await s.holds.answer(s.only().id, yes(s.only()))).toMatchObject({ ok: false, status: 409 })
  })

  it('passes on what makes a review impossible', async () => {
    const s = scene()
    const refusal = { kind: 'connector-unavailable', message: 'no connector' } as const
    const one = passing(s.holds, heldRequest({ review: async () => ({ ok: false, refusal }) }))
    await settled()
    expect(fate(one)).toBe('connector-unavailable')
    expect(s.entries).toEqual([])
  })

  it('is not asked when it is too long to be shown whole', async () => {
    const s = scene()
    const argv = ['sh', '-c', 'x'.repeat(300_000)]
    const request = { exec: { argv, container: '', stdin: false, tty: false } }
    const one = passing(s.holds, heldRequest({ request }))
    await settled()
    expect(fate(one)).toBe('too-large')
    expect(s.stored.size).toBe(0)
  })
})

describe('a waiting client', () => {
  it.each([
    ['of a short hold: 45 s', { holdForMs: 60_000 }, undefined, 45_000],
    ['of ten minutes: a tenth', { holdForMs: 600_000 }, undefined, 60_000],
    ['of a long hold: 90 s', { holdForMs: 86_400_000 }, undefined, 90_000],
    ['where it is set: as set', {}, 5_000, 5_000],
  ])('%s, then it is told to repeat', async (_, approval, pollMs, expected) => {
    const s = scene(pollMs === undefined ? {} : { pollMs })
    const one = passing(s.holds, heldRequest({ approval }))
    await s.advance(expected - 1)
    expect(fate(one)).toBe('waits')
    await s.advance(1)
    expect(one.outcome()).toMatchObject({ ok: false, refusal: { kind: 'held', retryAfterS: 1 } })
    expect(messageOf(one)).toContain(s.only().id)
  })

  it('is told ten times to repeat, then to run the command again; the hold stays for it', async () => {
    const s = scene({ pollMs: 1_000 })
    const fates: string[] = []
    let last = passing(s.holds, heldRequest())
    for (let round = 0; round < 11; round += 1) {
      if (round > 0) last = passing(s.holds, heldRequest())
      await s.advance(1_000)
      fates.push(fate(last))
    }
    expect(fates).toEqual([...Array<string>(10).fill('held'), 'not-approved'])
    expect(messageOf(last)).toMatch(/waits for approval by an approver until .*Run the same command again/)
    await s.advance(120_000)
    const hold = s.only()
    expect(hold.state).toBe('pending')
    expect(s.opened).toHaveLength(1)
    const again = passing(s.holds, heldRequest({ client: 'k2' }))
    await settled()
    await s.holds.answer(hold.id, yes(hold))
    await settled()
    expect(fate(again)).toBe('pass by approval')
  })

  it('of a handshake is never told to repeat', async () => {
    const s = scene({ pollMs: 1_000 })
    const one = passing(s.holds, heldRequest({ handshake: true }))
    await s.advance(500_000)
    expect(fate(one)).toBe('waits')
    await s.holds.answer(s.only().id, yes(s.only()))
    await settled()
    expect(fate(one)).toBe('pass by approval')
  })

  it('finds its approval when it comes back', async () => {
    const s = scene({ pollMs: 1_000 })
    passing(s.holds, heldRequest())
    await s.advance(1_000)
    await s.holds.answer(s.only().id, yes(s.only()))
    const back = passing(s.holds, heldRequest())
    await settled()
    expect(fate(back)).toBe('pass by approval')
    expect(s.opened).toHaveLength(1)
  })

  it('finds the denial when it comes back, and asks anew only after that', async () => {
    const s = scene({ pollMs: 1_000 })
    passing(s.holds, heldRequest())
    await s.advance(1_000)
    await s.holds.answer(s.only().id, no())
    const back = passing(s.holds, heldRequest())
    await settled()
    expect(messageOf(back)).toContain('denied by alice')
    const anew = passing(s.holds, heldRequest())
    await settled()
    expect(fate(anew)).toBe('waits')
    expect(s.opened).toHaveLength(2)
  })

  it('that leaves withdraws the hold', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest())
    await settled()
    const hold = s.only()
    one.abort()
    await settled()
    expect(s.stored.get(hold.id)?.record.state).toBe('withdrawn')
    expect(s.types()).toEqual(['hold.open', 'hold.close'])
    expect(await s.holds.answer(hold.id, yes(hold))).toMatchObject({ ok: false, status: 409 })
  })

  it('that leaves while another waits leaves the hold open', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest())
    const two = passing(s.holds, heldRequest({ client: 'k2' }))
    await settled()
    one.abort()
    await settled()
    expect(s.only().state).toBe('pending')
    two.abort()
    await settled()
    expect(s.only().state).toBe('withdrawn')
  })

  it('that does not come back within 30 s after a 429 has left', async () => {
    const s = scene({ pollMs: 1_000 })
    passing(s.holds, heldRequest())
    await s.advance(1_000 + 29_999)
    expect(s.only().state).toBe('pending')
    await s.advance(1)
    expect(s.only().state).toBe('withdrawn')
  })

  it('that leaves after the approval leaves it valid until its time', async () => {
    const s = scene({ pollMs: 1_000 })
    passing(s.holds, heldRequest())
    await s.advance(1_000)
    await s.holds.answer(s.only().id, yes(s.only()))
    await s.advance(299_999)
    expect(s.only().state).toBe('approved')
    await s.advance(1)
    expect(s.only().state).toBe('expired')
    expect(s.entries.at(-1)?.event).toMatchObject({ type: 'hold.close', data: { state: 'expired' } })
  })

  it('that is gone before people are asked asks nobody', async () => {
    const s = scene()
    const request = heldRequest()
    let reviewed = () => {}
    const review = async () => {
      await new Promise<void>((resolve) => {
        reviewed = resolve
      })
      return request.review()
    }
    const one = passing(s.holds, { ...request, review })
    await settled()
    one.abort()
    reviewed()
    await settled()
    expect(s.stored.size).toBe(0)
  })
})

describe('two identical requests at once', () => {
  it('ask once, also when the first goes away while it is looked at', async () => {
    const s = scene()
    const request = heldRequest()
    let fail = () => {}
    const review = async () => {
      await new Promise<void>((resolve) => {
        fail = resolve
      })
      return { ok: false, refusal: { kind: 'upstream', message: 'cancelled' } } as const
    }
    const one = passing(s.holds, { ...request, review })
    const two = passing(s.holds, heldRequest({ client: 'k2' }))
    const three = passing(s.holds, heldRequest({ client: 'k3' }))
    await settled()
    one.abort()
    fail()
    await settled()
    expect([fate(two), fate(three)]).toEqual(['waits', 'waits'])
    expect(s.opened).toHaveLength(1)
  })
})

describe('an approval', () => {
  it('lets one of two identical requests pass', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest())
    const two = passing(s.holds, heldRequest({ client: 'k2', session: 's2' }))
    await settled()
    expect(s.stored.size).toBe(1)
    await s.holds.answer(s.only().id, yes(s.only()))
    await settled()
    expect([fate(one), fate(two)]).toEqual(['pass by approval', 'not-approved'])
    expect(messageOf(two)).toContain('was used by another identical request')
    expect(s.types().filter((type) => type === 'hold.use')).toHaveLength(1)
  })

  it.each([
    ['another body', { body: new TextEncoder().encode('{"spec":{"replicas":4}}') }],
    ['no body', { body: null }],
    ['another identity', { username: 'mallory' }],
    ['another issuer', { issuer: 'https://other.example' }],
    ['another object state', { binding: 'bb22' }],
    ['another method', { method: 'PUT' }],
    ['another path', { path: '/apis/apps/v1/namespaces/shop/deployments/api' }],
    ['another query', { query: 'fieldManager=kubectl&force=true' }],
    ['another connection', { connection: 'test' }],
  ])('does not let %s pass', async (_, other) => {
    const s = scene({ pollMs: 1_000 })
    passing(s.holds, heldRequest())
    await s.advance(1_000)
    const hold = s.only()
    await s.holds.answer(hold.id, yes(hold))
    const stranger = passing(s.holds, heldRequest({ client: 'k2', ...other }))
    await settled()
    expect(fate(stranger)).toBe('waits')
    expect(s.stored.get(hold.id)?.record.state).toBe('approved')
    const same = passing(s.holds, heldRequest({ client: 'k2', session: 's2', command: 'c2' }))
    await settled()
    expect(fate(same)).toBe('pass by approval')
  })

  it('is spoiled when the object has changed since', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest({ confirm: async () => ({ ok: true, value: 'bb22' }) }))
    await settled()
    const hold = s.only()
    await s.holds.answer(hold.id, yes(hold))
    await settled()
    expect(fate(one)).toBe('not-approved')
    expect(messageOf(one)).toMatch(/the object has changed since it was shown .*Run the command again/)
    expect(s.stored.get(hold.id)?.record).toMatchObject({ state: 'spoiled', items: [{ usedBy: null }] })
  })

  it('stays when it cannot be confirmed that the object is the same', async () => {
    const s = scene()
    const refusal = { kind: 'connector-unavailable', message: 'no connector' } as const
    const one = passing(s.holds, heldRequest({ confirm: async () => ({ ok: false, refusal }) }))
    await settled()
    await s.holds.answer(s.only().id, yes(s.only()))
    await settled()
    expect(fate(one)).toBe('connector-unavailable')
    expect(s.only().state).toBe('approved')
    const again = passing(s.holds, heldRequest())
    await settled()
    expect(fate(again)).toBe('pass by approval')
  })

  it('that runs out while it is confirmed lets nothing pass', async () => {
    const s = scene()
    let confirmed = () => {}
    const confirm = async () => {
      await new Promise<void>((resolve) => {
        confirmed = resolve
      })
      return { ok: true, value: 'aa11' } as const
    }
    const one = passing(s.holds, heldRequest({ confirm, handshake: true }))
    await settled()
    await s.holds.answer(s.only().id, yes(s.only()))
    await s.advance(300_000)
    confirmed()
    await settled()
    expect(fate(one)).toBe('not-approved')
    expect(messageOf(one)).toContain('has run out')
  })
})

describe('failures', () => {
  it('opens nothing that cannot be recorded', async () => {
    const s = scene()
    s.failing.log = true
    const one = passing(s.holds, heldRequest())
    await settled()
    expect(fate(one)).toBe('log-unavailable')
    expect(s.stored.size).toBe(0)
  })

  it.each(['log', 'store'] as const)('changes nothing when the %s fails at an answer', async (what) => {
    const s = scene()
    const one = passing(s.holds, heldRequest())
    await settled()
    const hold = s.only()
    s.failing[what] = true
    await expect(s.holds.answer(hold.id, yes(hold))).rejects.toThrow()
    await settled()
    expect(fate(one)).toBe('waits')
    expect(s.only().state).toBe('pending')
    s.failing[what] = false
    expect(await s.holds.answer(hold.id, yes(hold))).toMatchObject({ ok: true })
    await settled()
    expect(fate(one)).toBe('pass by approval')
  })

  it.each(['log', 'store'] as const)(
    'lets nothing pass when the %s fails at its use, and never later',
    async (what) => {
      const s = scene()
      const request = heldRequest()
      const confirm = async () => {
        s.failing[what] = true
        return request.confirm()
      }
      const one = passing(s.holds, { ...request, confirm })
      await settled()
      const hold = s.only()
      await s.holds.answer(hold.id, yes(hold))
      await settled()
      expect(fate(one)).toBe(what === 'log' ? 'log-unavailable' : 'error')
      s.failing[what] = false
      const again = passing(s.holds, heldRequest())
      await settled()
      expect(fate(again)).toBe('waits')
      expect(s.stored.size).toBe(2)
    },
  )

  it('ends a hold whose end could not be recorded as soon as it can, and refuses meanwhile', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest({ handshake: true }))
    await s.advance(599_000)
    s.failing.log = true
    await s.advance(1_000)
    expect(fate(one)).toBe('not-approved')
    expect(s.only().state).toBe('pending')
    expect(s.bugs).toHaveLength(1)
    s.failing.log = false
    await s.advance(5_000)
    expect(s.only().state).toBe('expired')
  })

  it('passes nothing while what is open cannot be loaded', async () => {
    const s = scene()
    s.failing.store = true
    await expect(s.holds.ready()).rejects.toThrow('database is gone')
    const one = passing(s.holds, heldRequest())
    await settled()
    expect(fate(one)).toBe('error')
    s.failing.store = false
    await s.holds.ready()
  })
})

describe('a restart', () => {
  it('settles who waits and leaves the hold open; the repeat attaches to it', async () => {
    const s = scene()
    const one = passing(s.holds, heldRequest())
    const shell = passing(s.holds, heldRequest({ handshake: true, path: '/api/v1/namespaces/shop/pods/p/exec' }))
    await settled()
    const next = s.restart()
    one.abort()
    await s.advance(60_000)
    expect([fate(one), fate(shell)]).toEqual(['held', 'held'])
    expect([...s.stored.values()].map(({ record }) => record.state)).toEqual(['pending', 'pending'])
    const back = passing(next.holds, heldRequest())
    await settled()
    const hold = s.only()
    expect(await next.holds.answer(hold.id, yes(hold))).toMatchObject({ ok: true })
    await settled()
    expect(fate(back)).toBe('pass by approval')
    expect(next.opened).toEqual([])
  })

  it('keeps an approval, and does not give a used one again', async () => {
    const s = scene({ pollMs: 1_000 })
    passing(s.holds, heldRequest())
    await s.advance(1_000)
    await s.holds.answer(s.only().id, yes(s.only()))
    const next = s.restart()
    const one = passing(next.holds, heldRequest())
    await settled()
    expect(fate(one)).toBe('pass by approval')
    const last = next.restart()
    const two = passing(last.holds, heldRequest())
    await settled()
    expect(fate(two)).toBe('waits')
  })

  it('closes what has run out meanwhile, and says so', async () => {
    const s = scene()
    passing(s.holds, heldRequest())
    await settled()
    s.holds.close()
    await s.advance(700_000)
    expect(s.only().state).toBe('pending')
    const next = s.restart()
    await next.holds.ready()
    await s.advance(1)
    expect(s.only().state).toBe('expired')
    expect(s.types()).toEqual(['hold.open', 'hold.close'])
  })

  it('leaves the old run unable to write', async () => {
    const s = scene()
    passing(s.holds, heldRequest())
    await settled()
    s.restart()
    await expect(s.holds.answer(s.only().id, yes(s.only()))).rejects.toThrow('the log cannot be written')
    expect(s.only().votes).toEqual([])
  })
})

describe('limits', () => {
  it('lets one identity have 50 questions open', async () => {
    const s = scene()
    const ask = (at: number, username = 'agent') =>
      passing(s.holds, heldRequest({ username, path: `/api/v1/namespaces/shop/pods/p${at}` }))
    const all = Array.from({ length: 50 }, (_, at) => ask(at))
    await settled()
    expect(new Set(all.map(fate))).toEqual(new Set(['waits']))
    const one = ask(50)
    const other = ask(50, 'other')
    await settled()
    expect(fate(one)).toBe('too-many')
    expect(fate(other)).toBe('waits')
  })

  it('lets one identity ask 60 times a minute, whatever became of it', async () => {
    const s = scene()
    const fates: string[] = []
    for (let at = 0; at < 61; at += 1) {
      const one = passing(s.holds, heldRequest())
      await settled()
      fates.push(fate(one))
      one.abort()
      await settled()
    }
    expect(fates.slice(0, 60).every((one) => one === 'waits')).toBe(true)
    expect(fates[60]).toBe('too-many')
    await s.advance(60_000)
    const later = passing(s.holds, heldRequest())
    await settled()
    expect(fate(later)).toBe('waits')
  })

  it('lets 50 clients wait for one hold', async () => {
    const s = scene()
    for (let at = 0; at < 50; at += 1) passing(s.holds, heldRequest({ client: `k${at}` }))
    await settled()
    const one = passing(s.holds, heldRequest({ client: 'one more' }))
    await settled()
    expect(fate(one)).toBe('too-many')
  })
})

describe('an approval lets pass what the people who gave it may answer', () => {
  const two = { count: 2 }
  const sre = { by: { users: [], groups: ['sre'] } }
  const wide = { by: { users: [], groups: ['sre', 'dba'] } }
  it.each<[string, Partial<Approval>, Partial<Approval>, boolean]>([
    ['the same rule', {}, {}, true],
    ['another that asks as many', {}, { holdForMs: 20_000, grant: { maxForMs: 10_000 } }, true],
    ['one that now asks two', {}, two, false],
    ['one that now asks fewer', two, {}, true],
    ['one that now names people', {}, sre, false],
    ['one that names more of them', sre, wide, true],
    ['one that names fewer', wide, sre, false],
    ['one that names nobody any more', sre, {}, true],
  ])('%s', async (_, before, after, passes) => {
    const s = scene()
    const first = passing(s.holds, heldRequest({ approval: before }))
    await s.advance(60_000)
    expect(fate(first)).toBe('held')
    // Asked the same while the question is open.
    const meanwhile = passing(s.holds, heldRequest({ approval: after, rule: 'other', client: 'k2' }))
    await settled()
    expect(s.opened.length).toBe(passes ? 1 : 2)
    meanwhile.abort()
    await settled()
    const [asked] = s.opened
    if (asked === undefined) throw new Error('nobody was asked')
    const people = ['alice', 'bob'].slice(0, before.count ?? 1)
    for (const username of people) {
      const answered = await s.holds.answer(asked.id, yes(asked, { username, groups: ['sre'] }))
      expect(answered.ok).toBe(true)
    }
    const again = passing(s.holds, heldRequest({ approval: after, rule: 'other' }))
    await settled()
    expect(fate(again)).toBe(passes ? 'pass by approval' : 'waits')
  })
})
