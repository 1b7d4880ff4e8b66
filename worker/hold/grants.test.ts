import { describe, expect, it } from 'vitest'
import type { GrantRecord } from '../ports.ts'
import { covers } from './grants.ts'
import { fate, heldRequest, ISSUER, NOW, passing, type Scene, scene, settled, yes } from './testing.ts'

const offered = { approval: { grant: { maxForMs: 1_800_000 } } }
const other = { request: { name: 'api' }, path: '/apis/apps/v1/namespaces/shop/deployments/api' }

const grant: GrantRecord = {
  id: 'g1',
  hold: 'h1',
  connection: 'prod',
  requester: { username: 'agent', issuer: ISSUER },
  policy: 'agents',
  rule: 'change',
  namespace: 'shop',
  object: null,
  approvers: ['alice'],
  openedAt: NOW,
  expiresAt: NOW + 60_000,
  endedAt: null,
  endedBy: null,
  uses: 0,
}
const ofWeb = { object: { group: 'apps', resource: 'deployments', name: 'web' } }
const ofNone = { namespace: '' }
const cluster = { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', namespace: '' }

describe('a grant', () => {
  it.each<[string, Partial<GrantRecord>, Parameters<typeof heldRequest>[0], number, boolean]>([
    ['covers its rule in its namespace', {}, {}, 0, true],
    ['covers another object there', {}, other, 0, true],
    ['covers a creation there', {}, { request: { verb: 'create', name: '' } }, 0, true],
    ['does not cover another namespace', {}, { request: { namespace: 'bank' } }, 0, false],
    ['does not cover a list over all namespaces', {}, { request: { verb: 'list', namespace: '', name: '' } }, 0, false],
    ['does not cover another person', {}, { username: 'mallory' }, 0, false],
    ['does not cover the same name of another issuer', {}, { issuer: 'https://other.example' }, 0, false],
    ['does not cover another rule', {}, { rule: 'other' }, 0, false],
    ['does not cover another connection', {}, { connection: 'test' }, 0, false],
    ['covers until its last millisecond', {}, {}, 59_999, true],
    ['does not cover at its end', {}, {}, 60_000, false],
    ['does not cover once ended', { endedAt: NOW }, {}, 0, false],
    ['does not cover once its rule offers none', {}, { approval: { grant: null } }, 0, false],
    ['does not outlast what its rule offers now', {}, { approval: { grant: { maxForMs: 30_000 } } }, 30_000, false],
    ['of an object covers that', ofWeb, {}, 0, true],
    ['of an object covers its subresource', ofWeb, { request: { subresource: 'scale' } }, 0, true],
    ['of an object does not cover another', ofWeb, other, 0, false],
    ['of an object does not cover its namesake', ofWeb, { request: { resource: 'statefulsets' } }, 0, false],
    ['of an object does not cover its namesake elsewhere', ofWeb, { request: { namespace: 'bank' } }, 0, false],
    ['outside namespaces covers a named thing', ofNone, { request: { ...cluster, name: 'view' } }, 0, true],
    ['outside namespaces covers a creation', ofNone, { request: { ...cluster, verb: 'create', name: '' } }, 0, true],
    [
      'outside namespaces does not cover a list, which may be of all namespaces',
      ofNone,
      { request: { verb: 'list', resource: 'secrets', namespace: '', name: '' } },
      0,
      false,
    ],
  ])('%s', (_, given, request, later, expected) => {
    const { approval, ...rest } = request ?? {}
    expect(
      covers(
        { ...grant, ...given },
        heldRequest({ ...offered, ...(approval ? { approval } : {}), ...rest }),
        NOW + later,
      ),
    ).toBe(expected)
  })
})

async function granted(s: Scene, scope: 'namespace' | 'object' = 'namespace', forMs = 600_000) {
  const one = passing(s.holds, heldRequest(offered))
  await settled()
  const hold = s.only()
  expect(await s.holds.answer(hold.id, yes(hold, { grant: { scope, forMs } }))).toMatchObject({ ok: true })
  await settled()
  return { one, hold }
}

describe('approving as a grant', () => {
  it('lets the request pass, and what follows, each recorded', async () => {
    const s = scene()
    const { one, hold } = await granted(s)
    expect(fate(one)).toBe('pass by grant')
    const again = passing(s.holds, heldRequest(offered))
    const next = passing(s.holds, heldRequest({ ...offered, ...other }))
    await settled()
    expect(next.outcome()).toMatchObject({ value: { kind: 'grant', hold: hold.id, approvers: ['alice'] } })
    expect(fate(again)).toBe('pass by grant')
    expect([...s.grants.values()]).toMatchObject([{ hold: hold.id, uses: 3, namespace: 'shop', object: null }])
    expect(s.stored.get(hold.id)?.record).toMatchObject({ state: 'used', grant: [...s.grants.keys()][0] })
    expect(s.stored.size).toBe(1)
    expect(s.types()).toEqual([
      'hold.open',
      'hold.vote',
      'grant.open',
      'hold.use',
      'hold.close',
      'hold.use',
      'hold.use',
    ])
  })

  it('of an object leaves other objects to ask', async () => {
    const s = scene()
    await granted(s, 'object')
    const next = passing(s.holds, heldRequest({ ...offered, ...other }))
    await settled()
    expect(fate(next)).toBe('waits')
  })

  it('releases what waits in other holds, and closes them', async () => {
    const s = scene()
    const waiting = passing(s.holds, heldRequest({ ...offered, ...other }))
    const elsewhere = passing(s.holds, heldRequest({ ...offered, request: { namespace: 'bank' }, path: '/x' }))
    await settled()
    const first = s.only()
    const asked = await s.holds.answer(first.id, yes(first, { grant: { scope: 'namespace', forMs: 60_000 } }))
    expect(asked.ok).toBe(true)
    const { one } = { one: passing(s.holds, heldRequest(offered)) }
    await settled()
    expect([fate(waiting), fate(elsewhere), fate(one)]).toEqual(['pass by grant', 'waits', 'pass by grant'])
  })

  it('releases a hold that was opened before, which is closed as used', async () => {
    const s = scene()
    const waiting = passing(s.holds, heldRequest({ ...offered, ...other }))
    await settled()
    const before = s.only()
    const one = passing(s.holds, heldRequest(offered))
    await settled()
    const hold = [...s.stored.values()].map(({ record }) => record).find(({ id }) => id !== before.id)
    if (hold === undefined) throw new Error('no second hold')
    await s.holds.answer(hold.id, yes(hold, { grant: { scope: 'namespace', forMs: 60_000 } }))
    await settled()
    expect([fate(waiting), fate(one)]).toEqual(['pass by grant', 'pass by grant'])
    expect([...s.stored.values()].map(({ record }) => record.state)).toEqual(['used', 'used'])
    expect(s.entries.filter(({ event }) => event.type === 'hold.close').map(({ event }) => event.data?.grant)).toEqual([
      [...s.grants.keys()][0],
      [...s.grants.keys()][0],
    ])
  })

  it('is in force until it ends by itself, and that is recorded', async () => {
    const s = scene()
    const { one } = await granted(s, 'namespace', 60_000)
    const outcome = one.outcome()
    const release = outcome?.ok === true ? outcome.value : null
    if (release?.kind !== 'grant') throw new Error('no grant')
    await s.advance(59_999)
    expect(s.holds.inForce(release)).toBe(true)
    await s.advance(1)
    expect(s.holds.inForce(release)).toBe(false)
    expect(s.grants.get(release.grant)).toMatchObject({ endedAt: NOW + 60_000, endedBy: null })
    expect(s.entries.at(-1)?.event).toMatchObject({ type: 'grant.close', data: { state: 'expired' } })
    const next = passing(s.holds, heldRequest(offered))
    await settled()
    expect(fate(next)).toBe('waits')
    expect(await s.holds.endGrant(release.grant, 'bob')).toBe(false)
  })

  it('is ended by a person once, and nothing passes by it or by its hold any more', async () => {
    const s = scene({ pollMs: 1_000 })
    passing(s.holds, heldRequest(offered))
    await s.advance(1_000)
    const hold = s.only()
    await s.holds.answer(hold.id, yes(hold, { grant: { scope: 'namespace', forMs: 600_000 } }))
    const [id = ''] = s.grants.keys()
    expect(await s.holds.endGrant(id, 'bob')).toBe(true)
    expect(await s.holds.endGrant(id, 'bob')).toBe(false)
    expect(s.grants.get(id)).toMatchObject({ endedBy: 'bob', endedAt: NOW + 1_000 })
    expect(s.stored.get(hold.id)?.record.state).toBe('expired')
    expect(s.holds.inForce({ kind: 'grant', grant: id, hold: hold.id, approvers: [] })).toBe(false)
    const next = passing(s.holds, heldRequest({ ...offered, client: 'k2' }))
    await settled()
    expect(fate(next)).toBe('waits')
  })

  it('survives a restart, with its end', async () => {
    const s = scene()
    await granted(s, 'namespace', 60_000)
    const next = s.restart()
    const one = passing(next.holds, heldRequest({ ...offered, ...other }))
    await settled()
    expect(fate(one)).toBe('pass by grant')
    await s.advance(60_000)
    const two = passing(next.holds, heldRequest({ ...offered, ...other }))
    await settled()
    expect(fate(two)).toBe('waits')
  })

  it.each(['log', 'store'] as const)('lets nothing pass by it while the %s fails', async (what) => {
    const s = scene()
    await granted(s)
    s.failing[what] = true
    const one = passing(s.holds, heldRequest(offered))
    await settled()
    expect(fate(one)).toBe(what === 'log' ? 'log-unavailable' : 'error')
  })

  it('opens none when it cannot be recorded', async () => {
    const s = scene()
    passing(s.holds, heldRequest(offered))
    await settled()
    const hold = s.only()
    s.failing.log = true
    const given = yes(hold, { grant: { scope: 'namespace', forMs: 60_000 } })
    await expect(s.holds.answer(hold.id, given)).rejects.toThrow('the log cannot be written')
    s.failing.log = false
    const other = passing(s.holds, heldRequest({ ...offered, client: 'k2' }))
    await settled()
    expect(fate(other)).toBe('waits')
    expect(s.grants.size).toBe(0)
  })

  it('is always in force for what an approval or a plan let pass', () => {
    const s = scene()
    expect(s.holds.inForce({ kind: 'approval', hold: 'h', approvers: [] })).toBe(true)
    expect(s.holds.inForce({ kind: 'plan' })).toBe(true)
    expect(s.holds.inForce({ kind: 'grant', grant: 'unknown', hold: 'h', approvers: [] })).toBe(false)
  })
})
