import { describe, expect, it } from 'vitest'
import { createApi } from '../api.ts'
import type { ApiDeps } from '../deps.ts'
import { fakes, URL_OF_GATEWAY } from '../fakes.ts'

const viewer = { authorization: 'Bearer token.vic.viewers' }
const admin = { authorization: 'Bearer token.root.admins' }

function setUp(extra: Partial<ApiDeps> = {}) {
  const asked: unknown[] = []
  const all = fakes({
    explainPolicies: async (question) => {
      asked.push(question)
      return { ok: true, answer: { rules: [] } }
    },
    simulatePolicies: async (question) => {
      asked.push(question)
      return { ok: true, answer: { judged: 3, changes: [], cut: true } }
    },
    ...extra,
  })
  const api = createApi(all.deps)
  const ask = (what: 'explain' | 'simulate', body: unknown, headers: Record<string, string> = admin) =>
    api.request(`${URL_OF_GATEWAY}/api/v1/policies/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { ...all, asked, ask }
}

const WHO = { username: 'agent', groups: ['ai-agents'], connection: 'demo' }
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const withObject = (object: string) => `${JSON.stringify(WHO).slice(0, -1)},"object":${object}}`

describe('explaining', () => {
  it('hands the question over as it came, and the answer back', async () => {
    const { ask, asked, log } = setUp()
    const question = {
      ...WHO,
      verb: 'patch',
      resource: 'deployments.apps/scale',
      namespace: 'shop',
      name: 'web',
      object: { spec: { replicas: 3 } },
      oldObject: null,
      argv: ['sh', '-c', 'id'],
      draft: 'kind: AccessPolicy',
    }
    const answer = await ask('explain', question, viewer)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ rules: [] })
    expect(asked).toEqual([question])
    expect(log.events).toEqual([])
  })

  it('says which lines of a draft are wrong, twenty at most', async () => {
    const errors = Array.from({ length: 30 }, (_, at) => `spec.rules.${at}.when: line 1, column 4: unknown name`)
    const { ask } = setUp({ explainPolicies: async () => ({ ok: false, errors }) })
    const answer = await ask('explain', { ...WHO, draft: 'x' }, viewer)
    expect(answer.status).toBe(422)
    expect((await answer.json()).detail).toBe(errors.slice(0, 20).join('\n'))
  })

  it.each<[string, unknown, number]>([
    ['without an identity', { ...WHO, username: '' }, 422],
    ['without groups', { username: 'agent', connection: 'demo' }, 422],
    ['with no groups', { ...WHO, groups: [] }, 200],
    ['with 1000 groups', { ...WHO, groups: Array.from({ length: 1000 }, () => 'g') }, 200],
    ['with 1001 groups', { ...WHO, groups: Array.from({ length: 1001 }, () => 'g') }, 422],
    ['with an unknown key', { ...WHO, verbs: ['get'] }, 422],
    ['with a name of 254 characters', { ...WHO, name: 'n'.repeat(254) }, 422],
    ['with argv of 1001 words', { ...WHO, argv: Array.from({ length: 1001 }, () => 'x') }, 422],
    ['with a draft of 128 KiB', { ...WHO, draft: 'd'.repeat(128 * 1024) }, 200],
    ['with a draft of one character more', { ...WHO, draft: 'd'.repeat(128 * 1024 + 1) }, 422],
    ['with an object 128 deep', withObject(nested(128)), 200],
    ['with an object 129 deep', withObject(nested(129)), 422],
    ['with an object 100,000 deep', withObject(nested(100_000)), 422],
    ['of more than 2 MiB', { ...WHO, draft: 'd'.repeat(2 * 1024 * 1024) }, 413],
    ['that is not JSON', '{', 400],
  ])('a question %s', async (_name, body, status) => {
    const { ask, asked } = setUp()
    expect((await ask('explain', body, viewer)).status).toBe(status)
    expect(asked).toHaveLength(status === 200 ? 1 : 0)
  })
})

describe('simulating', () => {
  it('is recorded as a view of what it looks at', async () => {
    const { ask, asked, log } = setUp()
    const question = { draft: 'x', alone: true, session: 's1', since: '2026-01-01T00:00:00.000Z', limit: 10_000 }
    expect(await (await ask('simulate', question)).json()).toEqual({ judged: 3, changes: [], cut: true })
    await ask('simulate', { draft: 'x', connection: 'demo' })
    await ask('simulate', { draft: 'x' })
    expect(asked[0]).toEqual(question)
    expect(log.events).toMatchObject([
      { type: 'view', data: { what: 'simulation', id: 's1' } },
      { type: 'view', data: { what: 'simulation', id: 'demo' } },
      { type: 'view', data: { what: 'simulation', id: '*' } },
    ])
  })

  it('tells nothing when that cannot be recorded', async () => {
    const { ask, asked, log } = setUp()
    log.broken = true
    expect((await ask('simulate', { draft: 'x' })).status).toBe(503)
    expect(asked).toEqual([])
  })

  it('says what is wrong with a draft', async () => {
    const { ask } = setUp({ simulatePolicies: async () => ({ ok: false, errors: ['a', 'b'] }) })
    const answer = await ask('simulate', { draft: 'x' })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ detail: 'a\nb' })
  })

  it.each<[string, unknown, number]>([
    ['without a draft', {}, 422],
    ['for a session that is no id', { draft: 'x', session: '../s1' }, 422],
    ['since no time', { draft: 'x', since: 'yesterday' }, 422],
    ['since a day', { draft: 'x', since: '2026-01-01' }, 422],
    ['since a month that is not', { draft: 'x', since: '2026-13-01T00:00:00Z' }, 422],
    ['since a time elsewhere', { draft: 'x', since: '2026-01-01T02:00:00+02:00' }, 200],
    ['of one request', { draft: 'x', limit: 1 }, 200],
    ['of none', { draft: 'x', limit: 0 }, 422],
    ['of 10,001', { draft: 'x', limit: 10_001 }, 422],
    ['with an unknown key', { draft: 'x', only: true }, 422],
  ])('a question %s', async (_name, body, status) => {
    const { ask, asked } = setUp()
    expect((await ask('simulate', body)).status).toBe(status)
    expect(asked).toHaveLength(status === 200 ? 1 : 0)
  })
})
