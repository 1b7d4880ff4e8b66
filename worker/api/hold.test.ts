import { describe, expect, it } from 'vitest'
import type { HoldRecord } from '../ports.ts'
import type { Caller } from './caller.ts'
import { HOLD } from './fakes.ts'
import { holdSummary, offerOf, whyNotAnswer } from './hold.ts'

const NOW = HOLD.openedAt + 1000
const sam: Caller = {
  username: 'sam',
  groups: ['sre'],
  issuer: 'https://issuer.example',
  roles: ['viewer', 'approver'],
  expiresAt: NOW + 60_000,
  by: 'cookie',
}
const [approval] = HOLD.approvals
const [item] = HOLD.items
if (approval === undefined || item === undefined) throw new Error('the fixture has both')
const by = (users: readonly string[], groups: readonly string[]) => ({ ...approval, by: { users, groups } })
const vote = { username: 'sam', issuer: 'i', approve: true, reason: '', at: NOW, grant: null }

describe('who may answer a hold', () => {
  it.each<[string, Partial<HoldRecord>, Partial<Caller>, string | null]>([
    ['an approver of a group that is named', {}, {}, null],
    ['an approver by name', { approvals: [by(['sam'], [])] }, { groups: [] }, null],
    ['any approver where nobody is named', { approvals: [by([], [])] }, { groups: [] }, null],
    ['an approver who is eligible under each rule', { approvals: [by([], ['sre']), by(['sam'], ['x'])] }, {}, null],
    ['not one who is eligible under one of two', { approvals: [by([], ['sre']), by(['ann'], [])] }, {}, 'other people'],
    ['not an approver of another group', {}, { groups: ['dev'] }, 'other people'],
    ['not an approver of another name', { approvals: [by(['ann'], [])] }, {}, 'other people'],
    ['not a viewer', {}, { roles: ['viewer'] }, 'role approver'],
    ['not a viewer who is named', { approvals: [by(['sam'], [])] }, { roles: ['viewer'] }, 'role approver'],
    ['not the requester', { requester: { ...HOLD.requester, username: 'sam' } }, {}, 'of their own'],
    [
      'not the requester, who is named and comes from another issuer',
      {
        requester: { ...HOLD.requester, username: 'sam', issuer: 'https://other.example' },
        approvals: [by(['sam'], [])],
      },
      {},
      'of their own',
    ],
    ['nobody twice', { votes: [vote], approvals: [{ ...approval, count: 2 }] }, {}, 'may still deny'],
    ['a second person', { votes: [{ ...vote, username: 'ann' }], approvals: [{ ...approval, count: 2 }] }, {}, null],
    ['until it runs out', { expiresAt: NOW + 1 }, {}, null],
    ['not when it has run out', { expiresAt: NOW }, {}, 'run out'],
    ['not while it is collected', { state: 'collecting' }, {}, 'being collected'],
    ['not when it is approved', { state: 'approved' }, {}, 'been approved'],
    ['not when it is denied', { state: 'denied' }, {}, 'been denied'],
    ['not when it has expired', { state: 'expired' }, {}, 'run out'],
    ['not when it is withdrawn', { state: 'withdrawn' }, {}, 'withdrawn'],
    ['not when it is used', { state: 'used' }, {}, 'has passed'],
    ['not when it is spoiled', { state: 'spoiled' }, {}, 'has changed'],
    ['not when it is superseded', { state: 'superseded' }, {}, 'newer plan'],
  ])('%s', (_name, hold, caller, expected) => {
    const record = { ...HOLD, ...hold }
    const who = { ...sam, ...caller }
    const why = whyNotAnswer(record, who, NOW)
    if (expected === null) expect(why).toBeNull()
    else expect(why).toContain(expected)
    const summary = holdSummary(record, who, NOW)
    expect(summary.mayAnswer).toBe(expected === null)
    expect(summary.whyNot ?? null).toBe(why)
  })
})

describe('a hold in a listing', () => {
  it('is titled by its one request, or by their number and the first', () => {
    expect(holdSummary(HOLD, sam, NOW).title).toBe(item.title)
    const plan = { ...HOLD, items: [item, { ...item, name: 'db', usedBy: 'r7' }] }
    expect(holdSummary(plan, sam, NOW)).toMatchObject({
      title: `2 requests: ${item.title} and 1 more`,
      requests: 2,
      used: 1,
    })
  })

  it('needs the most people and names everyone', () => {
    const approvals = [{ ...by(['ann'], ['sre']), count: 2 }, by([], ['sre', 'dba'])]
    expect(holdSummary({ ...HOLD, approvals }, sam, NOW).needs).toEqual({
      count: 2,
      users: ['ann'],
      groups: ['sre', 'dba'],
    })
  })

  it('leaves out what is not there', () => {
    const summary = holdSummary({ ...HOLD, purpose: '' }, sam, NOW)
    for (const key of ['purpose', 'validUntil', 'closedAt', 'grant', 'whyNot']) expect(summary).not.toHaveProperty(key)
  })

  it('has times, votes and the grant once they are there', () => {
    const grant = { scope: 'namespace', forMs: 90_500 } as const
    const record: HoldRecord = {
      ...HOLD,
      state: 'used',
      validUntil: NOW,
      closedAt: NOW,
      votes: [{ ...vote, grant }],
      grant: 'g9',
    }
    const at = '2026-01-01T00:00:01.000Z'
    expect(holdSummary(record, sam, NOW)).toMatchObject({
      validUntil: at,
      closedAt: at,
      grant: 'g9',
      votes: [{ username: 'sam', at, grant: { scope: 'namespace', forS: 90 } }],
    })
  })
})

describe('the grant that is offered', () => {
  const web = { group: 'apps', resource: 'deployments', name: 'web' }
  it.each<[string, Partial<HoldRecord>, ReturnType<typeof offerOf>]>([
    ['of one request', {}, { maxForS: 1800, namespace: 'shop', object: web }],
    ['of a request without a name', { items: [{ ...item, name: '' }] }, { maxForS: 1800, namespace: 'shop' }],
    [
      'the shortest of several',
      { approvals: [approval, { ...approval, grant: { maxForMs: 60_000 } }] },
      { maxForS: 60, namespace: 'shop', object: web },
    ],
    ['none where one rule offers none', { approvals: [approval, { ...approval, grant: null }] }, undefined],
    ['none of less than a second', { approvals: [{ ...approval, grant: { maxForMs: 999 } }] }, undefined],
    ['none for a plan', { kind: 'plan' }, undefined],
    ['none for nothing', { items: [] }, undefined],
    ['none without a rule', { approvals: [] }, undefined],
  ])('%s', (_name, hold, expected) => {
    expect(offerOf({ ...HOLD, ...hold })).toEqual(expected)
  })
})
