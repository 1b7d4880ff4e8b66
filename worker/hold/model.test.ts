// Any interleaving of clients, people, time, failures and restarts, against what must hold whatever happens.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GrantAsked, HoldRecord } from '../ports.ts'
import { keyOf } from './key.ts'
import { heldRequest, type Passing, passing, type Scene, scene, settled } from './testing.ts'

const OBJECTS = ['a', 'b']
const COUNT = { a: 1, b: 2 }

type Step =
  | { readonly kind: 'ask'; readonly object: 'a' | 'b'; readonly client: string; readonly agent: string }
  | { readonly kind: 'plan'; readonly object: 'a' | 'b'; readonly command: string; readonly agent: string }
  | { readonly kind: 'touch'; readonly object: 'a' | 'b' }
  | { readonly kind: 'abort'; readonly which: number }
  | {
      readonly kind: 'vote'
      readonly which: number
      readonly username: string
      readonly groups: readonly string[]
      readonly approve: boolean
      readonly stale: boolean
      readonly grant: GrantAsked | null
    }
  | { readonly kind: 'endGrant' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail'; readonly what: 'log' | 'store' }
  | { readonly kind: 'mend' }
  | { readonly kind: 'restart' }

const object = fc.constantFrom<'a' | 'b'>('a', 'b')
const agent = fc.constantFrom('agent', 'agent', 'alice')
const which = fc.nat({ max: 20 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), object, client: fc.constantFrom('k1', 'k2'), agent }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('plan' as const), object, command: fc.constantFrom('c1', 'c2'), agent }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      which,
      username: fc.constantFrom('alice', 'bob', 'carol', 'agent'),
      groups: fc.constantFrom<readonly string[]>(['sre'], ['sre'], ['sre'], ['dev']),
      approve: fc.constantFrom(true, true, true, true, false),
      stale: fc.constantFrom(false, false, false, true),
      grant: fc.constantFrom<GrantAsked | null>(null, null, { scope: 'object', forMs: 20_000 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 12_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('touch' as const), object }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'endGrant' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), what: fc.constantFrom('log', 'store') }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'mend' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
)

interface Sent {
  readonly request: ReturnType<typeof request>
  readonly one: Passing
  checked: boolean
}

function request(
  name: 'a' | 'b',
  username: string,
  binding: string,
  now: () => string,
  given: { readonly client?: string; readonly command?: string; readonly dryRun?: boolean } = {},
) {
  return heldRequest({
    username,
    path: `/api/v1/namespaces/shop/pods/${name}`,
    binding,
    request: { name },
    rule: `rule-${name}`,
    approval: {
      by: { users: [], groups: ['sre'] },
      count: COUNT[name],
      holdForMs: 60_000,
      validForMs: 30_000,
      grant: { maxForMs: 20_000 },
    },
    ...given,
    // The object as it stands may have changed by the time it is looked at again.
    confirm: async () => {
      await settled()
      return { ok: true, value: now() }
    },
  })
}

/** What the log says of a hold, read on its own. */
function logged(s: Scene, hold: string) {
  const events = s.entries.map(({ event }) => event).filter(({ data }) => data?.hold === hold)
  const votes = events.filter(({ type }) => type === 'hold.vote')
  return {
    approvers: new Set(votes.filter(({ data }) => data?.approve === true).map(({ actor }) => actor?.username)),
    grants: new Set(events.filter(({ type }) => type === 'grant.open').map(({ data }) => data?.grant)),
  }
}

/** Checks a request that passed against the log and the store alone. Returns what was spent by it. */
function check(s: Scene, sent: Sent): string | null {
  const outcome = sent.one.outcome()
  if (outcome === undefined || !outcome.ok) return null
  const release = outcome.value
  if (release.kind === 'plan') throw new Error('only dry runs pass as a plan')
  const { username } = sent.request.identity.user
  const record = s.stored.get(release.hold)?.record
  if (record === undefined) throw new Error('released by a hold that was never stored')
  const said = logged(s, release.hold)
  const need = Math.max(...record.approvals.map(({ count }) => count))
  expect(said.approvers.size).toBeGreaterThanOrEqual(need)
  expect(said.approvers.has(username)).toBe(false)
  expect(record.votes.every(({ approve }) => approve)).toBe(true)
  expect(record.requester.username).toBe(username)
  // The log may know of more: an answer that was recorded, and then could not be stored, was told to have failed.
  expect(new Set(release.approvers).size).toBeGreaterThanOrEqual(need)
  for (const approver of release.approvers) expect(said.approvers).toContain(approver)
  expect(s.entries.some(({ event }) => event.type === 'hold.use' && event.ref === sent.request.id)).toBe(true)
  if (release.kind === 'grant') {
    const grant = s.grants.get(release.grant)
    expect(said.grants).toContain(release.grant)
    expect(grant?.rule).toBe(sent.request.decision.rule)
    return null
  }
  const key = keyOf(sent.request)
  expect(record.items.find((item) => item.key === key)?.usedBy).toBe(sent.request.id)
  const used = s.entries.find(({ event }) => event.type === 'hold.use' && event.ref === sent.request.id)
  expect(Date.parse(used?.event.ts ?? '')).toBeLessThan(record.validUntil ?? 0)
  return `${release.hold} ${key}`
}

describe('whatever happens', () => {
  it('each approval lets through what it was given for, once, and nothing else does', async () => {
    const counts = { approval: 0, grant: 0, refused: 0, restarts: 0 }
    const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
      let s = scene({ pollMs: 10_000 })
      const objects: Record<string, string> = Object.fromEntries(OBJECTS.map((name) => [name, '1']))
      const sent: Sent[] = []
      const spent = new Set<string>()
      const all = (): HoldRecord[] => [...s.stored.values()].map(({ record }) => record)
      const before = new Map<string, string>()
      for (const one of steps) {
        if (one.kind === 'ask') {
          const asked = request(one.object, one.agent, objects[one.object] ?? '', () => objects[one.object] ?? '', one)
          sent.push({ request: asked, one: passing(s.holds, asked), checked: false })
        } else if (one.kind === 'plan') {
          const given = { command: one.command, dryRun: true }
          const asked = request(
            one.object,
            one.agent,
            objects[one.object] ?? '',
            () => objects[one.object] ?? '',
            given,
          )
          s.holds.collect(asked).catch(() => {})
        } else if (one.kind === 'touch') {
          objects[one.object] = `${Number(objects[one.object]) + 1}`
        } else if (one.kind === 'abort') {
          sent.at(-1 - (one.which % Math.max(1, sent.length)))?.one.abort()
        } else if (one.kind === 'vote') {
          const open = all().filter(({ state }) => state === 'pending')
          const hold = open[one.which % Math.max(1, open.length)] ?? all()[one.which % Math.max(1, all().length)]
          if (hold !== undefined) {
            const { username, groups, approve, grant } = one
            const given = { username, groups, approve, reason: '', issuer: 'https://id.example', approver: true }
            const seen = one.stale ? 'older' : hold.reviewSha256
            const answered = s.holds.answer(hold.id, { ...given, seen, ...(grant === null ? {} : { grant }) })
            answered.then(
              (answer) => {
                if (!answer.ok) return
                expect(username).not.toBe(hold.requester.username)
                expect(groups).toContain('sre')
                expect(approve && one.stale).toBe(false)
              },
              () => {},
            )
            // Sometimes two people answer at once.
            if (one.which % 3 !== 0) await settled()
          }
        } else if (one.kind === 'endGrant') {
          const [id] = s.grants.keys()
          if (id !== undefined) s.holds.endGrant(id, 'bob').catch(() => {})
        } else if (one.kind === 'wait') {
          await s.advance(one.ms)
        } else if (one.kind === 'fail') {
          s.failing[one.what] = true
        } else if (one.kind === 'mend') {
          s.failing.log = false
          s.failing.store = false
        } else {
          await settled()
          s = s.restart()
          counts.restarts += 1
        }
        if (one.kind === 'wait' || one.kind === 'restart') await settled()
        for (const each of sent) {
          if (each.checked || each.one.outcome() === undefined) continue
          each.checked = true
          const use = check(s, each)
          if (use !== null) {
            expect(spent.has(use)).toBe(false)
            spent.add(use)
            counts.approval += 1
          } else if (each.one.outcome()?.ok === true) counts.grant += 1
          else counts.refused += 1
        }
        // What has ended stays so.
        for (const { id, state } of all()) {
          const was = before.get(id)
          if (was !== undefined && !['collecting', 'pending', 'approved'].includes(was)) expect(state).toBe(was)
          before.set(id, state)
        }
      }
      s.failing.log = false
      s.failing.store = false
      await s.holds.ready()
      await s.advance(120_000)
      // Nobody is left waiting, and nothing is left open.
      for (const each of sent) expect(each.one.outcome() !== undefined || each.one.error() !== undefined).toBe(true)
      expect(all().filter(({ state }) => ['collecting', 'pending', 'approved'].includes(state))).toEqual([])
      expect([...s.grants.values()].filter(({ endedAt }) => endedAt === null)).toEqual([])
    })
    await fc.assert(property, { seed: 20, numRuns: 400 })
    expect(counts.approval).toBeGreaterThan(100)
    expect(counts.grant).toBeGreaterThan(80)
    expect(counts.refused).toBeGreaterThan(1_000)
    expect(counts.restarts).toBeGreaterThan(300)
  })
})
