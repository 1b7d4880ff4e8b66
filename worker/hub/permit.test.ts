import { expect, it } from 'vitest'
import { compilePolicies } from '../decide/compile.ts'
import { assess } from './assess.ts'
import { admitHeld } from './permit.ts'
import { authenticatedFor, playedPassage } from './testing.ts'
import { createUsage } from './usage.ts'

const SET = compilePolicies([
  {
    name: 'p',
    revision: 1,
    document: {
      apiVersion: 'sallyport/v1',
      kind: 'AccessPolicy',
      metadata: { name: 'p' },
      spec: {
        subjects: [{ users: ['*'] }],
        connections: ['*'],
        rules: [
          {
            name: 'asked',
            effect: 'Hold',
            verbs: ['delete'],
            resources: ['configmaps'],
            approval: { grant: { maxFor: '10m' } },
          },
        ],
        limits: [{ name: 'few', count: 'deletions', per: 'session', max: 2 }],
      },
    },
  },
])

it('many requests at once are no way past a limit by a grant of another rule', async () => {
  const { passage } = playedPassage(() => ({ status: 200, body: { kind: 'ConfigMap', metadata: { name: 'c' } } }))
  const usage = createUsage(passage.hub.clock)
  const asked: string[] = []
  const hub: typeof passage.hub = {
    ...passage.hub,
    policies: { ...passage.hub.policies, current: async () => SET },
    holds: {
      ...passage.hub.holds,
      async pass({ decision }) {
        asked.push(decision.rule)
        return decision.rule === 'asked'
          ? { ok: true, value: { kind: 'grant', grant: 'g', hold: 'h', approvers: ['alice'] } }
          : { ok: false, refusal: { kind: 'held', message: 'people are asked' } }
      },
    },
  }
  const admitted = await Promise.all(
    [1, 2, 3, 4, 5].map(async (each) => {
      const request = authenticatedFor('DELETE', `/api/v1/namespaces/d/configmaps/c${each}`, {
        identity: { user: { username: 'agent', uid: '', groups: [], extra: {} }, issuer: 'i', expiresAt: 9e9 },
      })
      const own = { ...passage, hub, counting: usage.of(request, 's') }
      const assessed = await assess(own, request, null, SET)
      if (!assessed.ok) throw new Error(assessed.refusal.message)
      return admitHeld(own, assessed, null)
    }),
  )
  expect(admitted.map(({ ok }) => ok)).toEqual([true, true, false, false, false])
  expect(asked).toEqual(['asked', 'asked', 'asked', 'asked', 'asked', 'few', 'few', 'few'])
})
