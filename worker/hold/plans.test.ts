import { describe, expect, it } from 'vitest'
import { fate, heldRequest, messageOf, NOW, no, passing, type Scene, scene, settled, yes } from './testing.ts'

const path = (name: string) => `/apis/apps/v1/namespaces/shop/deployments/${name}`
type Given = Parameters<typeof heldRequest>[0]
const real = (name: string, given: Given = {}) =>
  heldRequest({ path: path(name), ...given, request: { name, ...given?.request } })
const dry = (name: string, given: Given = {}) =>
  real(name, { dryRun: true, query: 'dryRun=All&fieldManager=kubectl', ...given })

async function collected(s: Scene, names: readonly string[], given: Given = {}) {
  for (const name of names) await s.holds.collect(dry(name, given))
  await s.advance(2_000)
}
const records = (s: Scene) => [...s.stored.values()].map(({ record }) => record)

describe('a plan', () => {
  it('is collected while a dry run goes on, and asked once it is quiet for 2 s', async () => {
    const s = scene()
    await s.holds.collect(dry('a'))
    await s.advance(1_999)
    await s.holds.collect(dry('b'))
    await s.advance(1_999)
    expect(s.only()).toMatchObject({ kind: 'plan', state: 'collecting', items: [{ name: 'a' }, { name: 'b' }] })
    expect(s.types()).toEqual([])
    expect(s.opened).toEqual([])
    await s.advance(1)
    expect(s.only()).toMatchObject({ state: 'pending', openedAt: NOW + 3_999, expiresAt: NOW + 603_999 })
    expect(s.opened).toHaveLength(1)
    expect(s.types()).toEqual(['hold.open'])
    expect(new TextDecoder().decode(s.entries[0]?.body?.bytes)).toBe([...s.stored.values()][0]?.review)
  })

  it('once approved lets exactly its requests pass, once each', async () => {
    const s = scene()
    await collected(s, ['a', 'b'])
    const hold = s.only()
    expect(await s.holds.answer(hold.id, yes(hold))).toMatchObject({ ok: true })
    const session = { session: 's2', command: 'c2', client: 'k2' }
    const all = [real('b', session), real('a', session), real('c', session), real('a', { ...session, client: 'k3' })]
    const fates: string[] = []
    for (const request of all) {
      const one = passing(s.holds, request)
      await settled()
      fates.push(fate(one))
    }
    expect(fates).toEqual(['pass by approval', 'pass by approval', 'waits', 'waits'])
    expect(s.stored.get(hold.id)?.record.state).toBe('used')
    expect(s.types().filter((type) => type === 'hold.use')).toHaveLength(2)
  })

  it('is waited for by its requests when they come first', async () => {
    const s = scene()
    await s.holds.collect(dry('a'))
    const one = passing(s.holds, real('a'))
    await s.advance(2_000)
    expect(s.stored.size).toBe(1)
    await s.holds.answer(s.only().id, yes(s.only()))
    await settled()
    expect(fate(one)).toBe('pass by approval')
  })

  it('stays when a client that waits for it leaves', async () => {
    const s = scene()
    await collected(s, ['a'])
    const one = passing(s.holds, real('a'))
    await settled()
    one.abort()
    await s.advance(60_000)
    expect(s.only().state).toBe('pending')
  })

  it('refuses who waits once it is denied', async () => {
    const s = scene()
    await collected(s, ['a'])
    const one = passing(s.holds, real('a'))
    await settled()
    await s.holds.answer(s.only().id, no())
    await settled()
    expect(messageOf(one)).toContain('was denied by alice')
  })

  it('does not let pass what has changed since, and lets the rest', async () => {
    const s = scene()
    await collected(s, ['a', 'b'])
    const hold = s.only()
    await s.holds.answer(hold.id, yes(hold))
    const one = passing(s.holds, real('a', { confirm: async () => ({ ok: true, value: 'bb22' }) }))
    await settled()
    expect(messageOf(one)).toContain('has changed since it was shown')
    const again = passing(s.holds, real('a'))
    const two = passing(s.holds, real('b'))
    await settled()
    expect([fate(again), fate(two)]).toEqual(['waits', 'pass by approval'])
    expect(s.stored.get(hold.id)?.record.state).toBe('approved')
  })

  it('of several rules needs the strictest of each', async () => {
    const s = scene()
    await s.holds.collect(dry('a', { approval: { by: { users: [], groups: ['sre'] }, count: 2, holdForMs: 300_000 } }))
    await s.holds.collect(dry('b', { rule: 'other', approval: { by: { users: ['bob'], groups: ['dba'] } } }))
    await s.advance(2_000)
    const hold = s.only()
    expect(hold.approvals).toHaveLength(2)
    expect(hold.expiresAt - hold.openedAt).toBe(300_000)
    expect(await s.holds.answer(hold.id, yes(hold))).toMatchObject({ status: 403 })
    expect(await s.holds.answer(hold.id, yes(hold, { groups: ['sre', 'dba'] }))).toMatchObject({
      hold: { state: 'pending' },
    })
    expect(await s.holds.answer(hold.id, yes(hold, { username: 'bob' }))).toMatchObject({ hold: { state: 'approved' } })
  })

  it('cannot be answered while it is collected', async () => {
    const s = scene()
    await s.holds.collect(dry('a'))
    expect(await s.holds.answer(s.only().id, yes(s.only()))).toMatchObject({ status: 409 })
    expect(await s.holds.answer(s.only().id, no())).toMatchObject({ status: 409 })
  })

  it('of another command or identity is another', async () => {
    const s = scene()
    await s.holds.collect(dry('a'))
    await s.holds.collect(dry('b', { command: 'c2' }))
    await s.holds.collect(dry('c', { username: 'other' }))
    await s.advance(2_000)
    expect(records(s).map(({ items }) => items.map(({ name }) => name))).toEqual([['a'], ['b'], ['c']])
  })

  it('takes the place of an older one about the same things', async () => {
    const s = scene()
    await collected(s, ['a', 'b'])
    const body = new TextEncoder().encode('{"spec":{"replicas":5}}')
    await collected(s, ['a', 'b', 'c'], { command: 'c2', body })
    expect(records(s).map(({ state }) => state)).toEqual(['superseded', 'pending'])
    expect(s.closed.map(({ state }) => state)).toEqual(['superseded'])
  })

  it('does not take the place of one that asks about more, of another person, or that is approved', async () => {
    const s = scene()
    await collected(s, ['a', 'b'])
    await collected(s, ['b'], { username: 'other', command: 'c2' })
    await collected(s, ['b', 'c'], { command: 'c3', binding: 'bb22' })
    expect(records(s).map(({ state }) => state)).toEqual(['pending', 'pending', 'pending'])
    const [first] = records(s)
    if (first !== undefined) await s.holds.answer(first.id, yes(first))
    await collected(s, ['a', 'b'], { command: 'c4', binding: 'cc33' })
    expect(records(s).map(({ state }) => state)).toEqual(['approved', 'pending', 'pending', 'pending'])
  })

  it('does not take the place of one whose request waits, unless it has that request', async () => {
    const s = scene()
    await collected(s, ['a'])
    const one = passing(s.holds, real('a'))
    await collected(s, ['a'], { command: 'c2', binding: 'bb22' })
    expect(records(s).map(({ state }) => state)).toEqual(['pending', 'pending'])
    await collected(s, ['a', 'b'], { command: 'c3' })
    expect(records(s).map(({ state }) => state)).toEqual(['superseded', 'superseded', 'pending'])
    expect(fate(one)).toBe('waits')
    await s.holds.answer(s.only().id, yes(s.only()))
    await settled()
    expect(fate(one)).toBe('pass by approval')
  })

  it('asks the same question once, however often its dry run is repeated', async () => {
    const s = scene()
    await collected(s, ['a', 'b'])
    for (const command of ['c1', 'c2', 'c3']) await collected(s, ['a', 'b'], { command })
    await collected(s, ['b'], { command: 'c4' })
    expect(records(s).filter(({ state }) => state === 'pending')).toHaveLength(1)
    expect(s.opened).toHaveLength(1)
    expect(s.types()).toEqual(['hold.open'])
  })

  it('does not ask about what is approved already', async () => {
    const s = scene()
    await collected(s, ['a'])
    await s.holds.answer(s.only().id, yes(s.only()))
    await collected(s, ['a'], { command: 'c2' })
    expect(s.stored.size).toBe(1)
  })

  it('leaves out what cannot be shown', async () => {
    const s = scene()
    const refusal = { kind: 'connector-unavailable', message: 'no connector' } as const
    await s.holds.collect(dry('a', { review: async () => ({ ok: false, refusal }) }))
    await s.holds.collect(dry('b', { request: { target: 'x'.repeat(300_000) } }))
    await s.holds.collect(dry('c'))
    await s.advance(2_000)
    expect(s.only().items.map(({ name }) => name)).toEqual(['c'])
  })

  it('keeps the order in which requests came, and waits for slow reviews', async () => {
    const s = scene()
    const slow = dry('a')
    let go = () => {}
    const review = async () => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      return slow.review()
    }
    const first = s.holds.collect({ ...slow, review })
    await s.holds.collect(dry('b'))
    await s.advance(10_000)
    expect(s.only().state).toBe('collecting')
    go()
    await first
    await s.advance(2_000)
    expect(s.only()).toMatchObject({ state: 'pending', items: [{ name: 'a' }, { name: 'b' }] })
  })

  it('takes in what comes at once', async () => {
    const s = scene()
    await Promise.all(['a', 'b', 'c', 'd', 'a'].map((name) => s.holds.collect(dry(name))))
    await s.advance(2_000)
    expect(records(s)).toMatchObject([
      { state: 'pending', items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }] },
    ])
  })

  it('has 200 requests at most, and 1 MiB to look at', async () => {
    const s = scene()
    const names = Array.from({ length: 201 }, (_, at) => `n${at}`)
    await collected(s, names)
    expect(s.only().items).toHaveLength(200)
    const body = { mediaType: 'application/json', text: 'x'.repeat(200_000), cut: false }
    await collected(s, ['a', 'b', 'c', 'd', 'e', 'f'], { command: 'c2', reviewed: { body } })
    expect(records(s)[1]?.items).toHaveLength(5)
    for (const { review } of s.stored.values()) expect(review.length).toBeLessThanOrEqual(1024 * 1024)
  })

  it.each(['log', 'store'] as const)('is asked later when the %s fails', async (what) => {
    const s = scene()
    await s.holds.collect(dry('a'))
    s.failing[what] = true
    await s.advance(2_000)
    expect(s.only().state).toBe('collecting')
    expect(s.bugs).toHaveLength(1)
    s.failing[what] = false
    await s.advance(5_000)
    expect(s.only().state).toBe('pending')
  })

  it('says when it cannot be stored, and is collected again', async () => {
    const s = scene()
    await s.holds.collect(dry('a'))
    s.failing.store = true
    await expect(s.holds.collect(dry('b'))).rejects.toThrow('database is gone')
    s.failing.store = false
    await s.holds.collect(dry('c'))
    await s.holds.collect(dry('b'))
    await s.advance(2_000)
    const [{ record, review } = { record: null, review: '' }] = s.stored.values()
    expect(record?.items.map(({ name }) => name)).toEqual(['a', 'c', 'b'])
    expect(JSON.parse(review).requests).toHaveLength(3)
  })

  it('that a restart interrupted is asked as far as it came', async () => {
    const s = scene()
    await s.holds.collect(dry('a'))
    await s.holds.collect(dry('b'))
    const next = s.restart()
    await next.holds.ready()
    await s.advance(1)
    expect(s.only()).toMatchObject({ state: 'pending', items: [{ name: 'a' }, { name: 'b' }] })
    await next.holds.answer(s.only().id, yes(s.only()))
    const one = passing(next.holds, real('b'))
    await settled()
    expect(fate(one)).toBe('pass by approval')
  })

  it('whose stored review is not what was collected is asked of nobody', async () => {
    const s = scene()
    await s.holds.collect(dry('a'))
    const [[id, { record, review }] = ['', { record: s.only(), review: '' }]] = s.stored
    s.stored.set(id, { record, review: review.replace('web', 'wob').replace('"a\\"', '"b\\"') })
    const next = s.restart()
    await next.holds.ready()
    await s.advance(1)
    expect(s.only().state).toBe('withdrawn')
    expect(s.types()).toEqual([])
  })
})
