import { expect, it } from 'vitest'
import { compilePolicies } from '../decide/compile.ts'
import { assess } from './assess.ts'
import { authenticatedFor, playedPassage } from './testing.ts'
import { createUsage } from './usage.ts'

const policies = (when: string) =>
  compilePolicies([
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
              name: 'one',
              effect: 'Allow',
              verbs: ['delete'],
              resources: ['configmaps', 'pods', 'pods/eviction'],
              when,
            },
          ],
        },
      },
    },
  ])

it.each([
  ['does not look at the object', 'session.deletions < 2'],
  ['looks at the object, which has to be read first', 'oldObject.kind == "ConfigMap" && session.deletions < 2'],
])('many requests at once are no way past a condition on the session that %s', async (_name, when) => {
  const { passage } = playedPassage(() => ({ status: 200, body: { kind: 'ConfigMap', metadata: { name: 'c' } } }))
  const usage = createUsage(passage.hub.clock)
  const set = policies(when)
  const assessed = await Promise.all(
    [1, 2, 3, 4, 5].map((each) => {
      const request = authenticatedFor('DELETE', `/api/v1/namespaces/d/configmaps/c${each}`)
      return assess({ ...passage, counting: usage.of(request, 's') }, request, null, set)
    }),
  )
  expect(assessed.map(({ ok }) => ok)).toEqual([true, true, false, false, false])
})

it('a request that is judged anew does not stand in its own way', async () => {
  const { passage } = playedPassage(() => ({ status: 200, body: {} }))
  const request = authenticatedFor('DELETE', '/api/v1/namespaces/d/configmaps/c')
  const own = { ...passage, counting: createUsage(passage.hub.clock).of(request, 's') }
  const set = policies('session.deletions < 1')
  expect((await assess(own, request, null, set)).ok).toBe(true)
  expect((await assess(own, request, null, set)).ok).toBe(true)
})

it.each<[method: string, target: string, body: unknown, passes: boolean]>([
  ['DELETE', '', undefined, true],
  ['DELETE', '?gracePeriodSeconds=30', undefined, true],
  ['DELETE', '?gracePeriodSeconds=0', undefined, false],
  ['DELETE', '?gracePeriodSeconds=0', {}, true],
  ['DELETE', '', { gracePeriodSeconds: 0 }, false],
  ['POST', '/eviction', { deleteOptions: { gracePeriodSeconds: 0 } }, false],
  ['POST', '/eviction', { deleteOptions: {} }, true],
])('conditions see the options that the API server takes: %s %s %j', async (method, target, body, passes) => {
  const { passage } = playedPassage(() => ({ status: 200, body: {} }))
  const request = authenticatedFor(method, `/api/v1/namespaces/d/pods/p${target}`)
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const taken = body === undefined ? null : { bytes, format: 'json' as const, value: body }
  const set = policies('request.options == null || request.options.?gracePeriodSeconds.orValue(30) > 0')
  expect((await assess(passage, request, taken, set)).ok).toBe(passes)
})
