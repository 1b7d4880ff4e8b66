import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Approval } from '../context.ts'
import type { HoldRecord, HoldState } from '../ports.ts'
import type { Vote } from './contract.ts'
import { itemOf, newHold } from './records.ts'
import { ask, end, expire, isOpen, use, useByGrant, vote } from './states.ts'
import { APPROVAL, heldRequest, NOW, no, yes } from './testing.ts'

function hold(given: Partial<HoldRecord> = {}, approval: Partial<Approval> = {}): HoldRecord {
  const request = heldRequest()
  return newHold(request, {
    id: 'h1',
    kind: 'request',
    state: 'pending',
    openedAt: NOW,
    expiresAt: NOW + 600_000,
    approvals: [{ ...APPROVAL, ...approval }],
    items: [itemOf(request, 'key1', 'patch web')],
    reviewSha256: 'seen',
    ...given,
  })
}

const SRE = { by: { users: ['carol'], groups: ['sre'] } }
const GRANT = { grant: { maxForMs: 1_800_000 } }
const asks = (scope: 'namespace' | 'object', forMs: number) => ({ grant: { scope, forMs } })
const bob = { username: 'bob' }

describe('an answer', () => {
  const approved = vote(hold({}, { count: 2 }), yes(hold()), NOW)
  const half = approved.ok ? approved.hold : hold()

  it.each<[string, HoldRecord, Partial<Vote>, string]>([
    ['approves', hold(), {}, 'approved'],
    ['denies', hold(), { approve: false }, 'denied'],
    ['denies without having looked', hold(), no(), 'denied'],
    ['of the requester is refused', hold(), { username: 'agent' }, '403 Nobody answers a request of their own.'],
    [
      'of the requester, logged in elsewhere, is refused',
      hold(),
      { username: 'agent', issuer: 'https://other.example' },
      '403 Nobody answers a request of their own.',
    ],
    [
      'of the requester is refused also where the rule names them',
      hold({}, { by: { users: ['agent'], groups: [] } }),
      { username: 'agent' },
      '403 Nobody answers a request of their own.',
    ],
    [
      'of one who may not approve is refused',
      hold(),
      { approver: false },
      '403 Its rule names other people to answer it.',
    ],
    ['counts by a group of the rule', hold({}, SRE), { approver: false }, 'approved'],
    ['counts by a name of the rule', hold({}, SRE), { username: 'carol', groups: [] }, 'approved'],
    [
      'of another approver than the rule names is refused',
      hold({}, SRE),
      { groups: ['dev'] },
      '403 Its rule names other people to answer it.',
    ],
    [
      'needs a place under every rule of a plan',
      hold({
        approvals: [
          { ...APPROVAL, ...SRE },
          { ...APPROVAL, by: { users: [], groups: ['dba'] } },
        ],
      }),
      {},
      '403 Its rule names other people to answer it.',
    ],
    [
      'that saw something else is refused',
      hold(),
      { seen: 'older' },
      '409 It has changed since you looked: look at it again.',
    ],
    ['that has one of two', hold({}, { count: 2 }), {}, 'pending'],
    ['of a second person', half, bob, 'approved'],
    ['given twice is refused', half, {}, '409 You have answered it already.'],
    [
      'given twice from two issuers is refused',
      half,
      { issuer: 'https://other.example' },
      '409 You have answered it already.',
    ],
    ['may be taken back while it is open', half, { approve: false }, 'denied'],
    ['denies though another has approved', half, { ...bob, approve: false }, 'denied'],
    ['comes too late', hold({ expiresAt: NOW }), {}, '409 Its time is over.'],
    ['comes in the last millisecond', hold({ expiresAt: NOW + 1 }), {}, 'approved'],
    [
      'finds it approved',
      hold({ state: 'approved', votes: half.votes }),
      bob,
      '409 It has been approved already by alice.',
    ],
    [
      'cannot deny what is approved',
      hold({ state: 'approved', votes: half.votes }),
      { ...bob, approve: false },
      '409 It has been approved already by alice.',
    ],
    ['finds it used', hold({ state: 'used' }), {}, '409 It has passed already.'],
    ['finds it withdrawn', hold({ state: 'withdrawn' }), {}, '409 Its client has withdrawn it.'],
    ['finds it spoiled', hold({ state: 'spoiled' }), {}, '409 The object has changed since it was shown.'],
    [
      'finds it superseded',
      hold({ state: 'superseded' }),
      {},
      '409 A newer plan of the same requests has taken its place.',
    ],
    [
      'finds it collecting',
      hold({ state: 'collecting' }),
      { approve: false },
      '409 Its dry run is still going on: look again in a moment.',
    ],
    [
      'with a grant the rule does not offer is refused',
      hold(),
      asks('object', 60_000),
      '409 Its rule offers no grant: approve this one request.',
    ],
    [
      'with a grant at the limit',
      hold({}, GRANT),
      asks('namespace', 1_800_000),
      'approved, grant of namespace for 1800000',
    ],
    [
      'with a grant past the limit is refused',
      hold({}, GRANT),
      asks('namespace', 1_800_001),
      '409 Its rule offers a grant of 1800 seconds at most.',
    ],
    ['with the shortest grant', hold({}, GRANT), asks('object', 1_000), 'approved, grant of object for 1000'],
    [
      'with a grant shorter than that is refused',
      hold({}, GRANT),
      asks('object', 999),
      '409 A grant lasts a second at least.',
    ],
    [
      'with a grant of no time is refused',
      hold({}, GRANT),
      asks('object', Number.NaN),
      '409 A grant lasts a second at least.',
    ],
    [
      'with a grant of a plan is refused',
      hold({ kind: 'plan' }, GRANT),
      asks('namespace', 60_000),
      '409 A plan is approved request by request: it opens no grant. Approve it without one.',
    ],
    [
      'with a grant of an object the request does not name is refused',
      hold({ items: hold().items.map((item) => ({ ...item, name: '' })) }, GRANT),
      asks('object', 60_000),
      '409 The request names no object: a grant of an object is not possible.',
    ],
    ['asks no grant by denying', hold(), { approve: false, ...asks('object', 60_000) }, 'denied'],
  ])('%s', (_, before, given, expected) => {
    const voted = vote(before, yes(before, given), NOW)
    if (!voted.ok) expect(`${voted.status} ${voted.detail}`).toBe(expected)
    else {
      const { grant } = voted
      expect(`${voted.hold.state}${grant === null ? '' : `, grant of ${grant.scope} for ${grant.forMs}`}`).toBe(
        expected,
      )
    }
  })

  it.each<[string, Partial<Vote>, Partial<Vote>, unknown]>([
    [
      'both asked: the narrowest scope and the shortest time',
      asks('namespace', 60_000),
      asks('object', 90_000),
      { scope: 'object', forMs: 60_000 },
    ],
    ['the other way round', asks('object', 90_000), asks('namespace', 60_000), { scope: 'object', forMs: 60_000 }],
    ['only the first asked: none', asks('object', 60_000), {}, null],
    ['only the last asked: none', {}, asks('object', 60_000), null],
  ])('of two people who may open a grant; %s', (_, first, second, expected) => {
    const before = hold({}, { count: 2, ...GRANT })
    const one = vote(before, yes(before, first), NOW)
    const two = vote(one.ok ? one.hold : before, yes(before, { ...bob, ...second }), NOW)
    expect(two).toMatchObject({ ok: true, hold: { state: 'approved' }, grant: expected })
  })

  it('lets it pass as long as the shortest of its rules says', () => {
    const before = hold({ approvals: [APPROVAL, { ...APPROVAL, validForMs: 10_000 }] })
    expect(vote(before, yes(before), NOW)).toMatchObject({ hold: { validUntil: NOW + 10_000 } })
  })

  it('is kept as plain text of bounded length', () => {
    const voted = vote(hold(), no({ reason: `a\u202eb\n<b>${'x'.repeat(2_000)}` }), NOW)
    const reason = voted.ok ? (voted.hold.votes[0]?.reason ?? '') : ''
    expect(reason.startsWith('ab <b>xxx')).toBe(true)
    expect(reason).toHaveLength(1_000)
  })
})

describe('a hold', () => {
  const approved = hold({ state: 'approved', validUntil: NOW + 1_000 })
  const two = hold().items.flatMap((item) => [item, { ...item, key: 'key2' }])

  it.each<[string, HoldRecord | null, HoldState | null]>([
    ['runs out at its time', expire(hold({ expiresAt: NOW }), NOW), 'expired'],
    ['does not run out before', expire(hold({ expiresAt: NOW + 1 }), NOW), null],
    ['runs out after its approval', expire(approved, NOW + 1_000), 'expired'],
    ['is not expired while it is valid', expire(approved, NOW + 999), null],
    ['runs out only once', expire(hold({ state: 'denied', expiresAt: NOW }), NOW), null],
    ['does not run out while it is collected', expire(hold({ state: 'collecting', expiresAt: NOW }), NOW), null],
    ['is used', use(approved, 'key1', 'r1', NOW + 999), 'used'],
    ['is not used at its end', use(approved, 'key1', 'r1', NOW + 1_000), null],
    ['is not used by another key', use(approved, 'key2', 'r1', NOW), null],
    ['is not used before it is approved', use(hold(), 'key1', 'r1', NOW), null],
    ['is not used once it opened a grant', use({ ...approved, grant: 'g1' }, 'key1', 'r1', NOW), null],
    ['of two requests stays approved after one', use({ ...approved, items: two }, 'key1', 'r1', NOW), 'approved'],
    ['that waits is used by a grant', useByGrant(hold(), 'key1', 'r1', NOW), 'used'],
    ['that opened the grant is used by it', useByGrant({ ...approved, grant: 'g1' }, 'key1', 'r1', NOW), 'used'],
    ['that is a plan is not', useByGrant(hold({ kind: 'plan' }), 'key1', 'r1', NOW), null],
    ['that is over is not', useByGrant(hold({ state: 'denied' }), 'key1', 'r1', NOW), null],
    ['is withdrawn', end(hold(), 'withdrawn', NOW), 'withdrawn'],
    ['is not withdrawn once approved', end(approved, 'withdrawn', NOW), null],
    ['is spoiled', end(approved, 'spoiled', NOW), 'spoiled'],
    ['is not spoiled before it is approved', end(hold(), 'spoiled', NOW), null],
    ['is superseded', end(hold(), 'superseded', NOW), 'superseded'],
    ['is not superseded once approved', end(approved, 'superseded', NOW), null],
    ['is asked', ask(hold({ state: 'collecting' }), NOW), 'pending'],
    ['of nothing is not asked', ask(hold({ state: 'collecting', items: [] }), NOW), null],
    ['is not asked twice', ask(hold(), NOW), null],
  ])('%s', (_, after, expected) => {
    expect(after?.state ?? null).toBe(expected)
  })

  it('is asked for as long as the shortest of its rules says, from then on', () => {
    const before = hold({ state: 'collecting', approvals: [APPROVAL, { ...APPROVAL, holdForMs: 10_000 }] })
    expect(ask(before, NOW + 5_000)).toMatchObject({ openedAt: NOW + 5_000, expiresAt: NOW + 15_000 })
  })
})

/** Any step at any time, in any order. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      username: fc.constantFrom('alice', 'bob', 'carol', 'agent', 'dave'),
      groups: fc.constantFrom<string[]>(['sre'], ['dev'], []),
      issuer: fc.constantFrom('https://id.example', 'https://other.example'),
      approver: fc.boolean(),
      approve: fc.oneof({ arbitrary: fc.constant(true), weight: 9 }, { arbitrary: fc.constant(false), weight: 1 }),
      seen: fc.oneof({ arbitrary: fc.constant('seen'), weight: 5 }, { arbitrary: fc.constant('older'), weight: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 150_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('use' as const), key: fc.constantFrom('key1', 'key2', 'key3') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      state: fc.constantFrom<'withdrawn' | 'spoiled' | 'superseded'>('withdrawn', 'spoiled', 'superseded'),
    }),
  },
)

describe('any sequence of steps', () => {
  it('uses each item at most once, only after enough eligible people approved, never after an end', () => {
    const approvals = fc.array(
      fc.record({
        by: fc.constantFrom<Approval['by']>({ users: [], groups: [] }, { users: ['carol'], groups: ['sre'] }),
        count: fc.integer({ min: 1, max: 3 }),
        holdForMs: fc.constant(600_000),
        validForMs: fc.constant(300_000),
        grant: fc.constant(null),
      }),
      { minLength: 1, maxLength: 2 },
    )
    const counts = { used: 0 }
    const property = fc.property(approvals, fc.array(step, { maxLength: 25 }), (rules, steps) => {
      const request = heldRequest()
      const items = ['key1', 'key2'].map((key) => itemOf(request, key, key))
      let current = hold({ kind: 'plan', approvals: rules, items })
      let now = NOW
      const yesses: Set<string> = new Set()
      for (const one of steps) {
        const before = current
        let after: HoldRecord | null = null
        if (one.kind === 'wait') now += one.ms
        else if (one.kind === 'expire') after = expire(before, now)
        else if (one.kind === 'end') after = end(before, one.state, now)
        else if (one.kind === 'use') after = use(before, one.key, 'r', now)
        else {
          const voted = vote(before, { ...one, reason: '' }, now)
          after = voted.ok ? voted.hold : null
          if (voted.ok) {
            expect(one.username).not.toBe('agent')
            expect(before.state).toBe('pending')
            expect(now).toBeLessThan(before.expiresAt)
            if (one.approve) {
              expect(one.seen).toBe('seen')
              for (const { by } of rules) {
                const named = by.users.includes(one.username) || by.groups.some((group) => one.groups.includes(group))
                expect(by.groups.length === 0 ? one.approver : named).toBe(true)
              }
              expect(yesses.has(one.username)).toBe(false)
              yesses.add(one.username)
            } else {
              expect(voted.hold.state).toBe('denied')
            }
          }
        }
        if (after === null) continue
        expect(isOpen(before)).toBe(true)
        if (one.kind === 'use') {
          counts.used += 1
          expect(before.state).toBe('approved')
          expect(yesses.size).toBeGreaterThanOrEqual(Math.max(...rules.map(({ count }) => count)))
          expect(now).toBeLessThan(before.validUntil ?? 0)
          expect(before.items.find(({ key }) => key === one.key)?.usedBy).toBe(null)
        }
        expect(isOpen(after)).toBe(after.closedAt === null)
        current = after
      }
    })
    fc.assert(property, { seed: 7, numRuns: 2_000 })
    expect(counts.used).toBeGreaterThan(50)
  })
})
