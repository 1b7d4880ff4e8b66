import { describe, expect, test } from 'vitest'
import { ApiError, createApi } from './client.ts'

interface Sent {
  path: string
  init: RequestInit
}

function setUp(answer: (path: string) => Response | Promise<Response>) {
  const sent: Sent[] = []
  const api = createApi(async (input, init) => {
    sent.push({ path: String(input), init: init ?? {} })
    return answer(String(input))
  })
  return { api, sent }
}

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status })
const SESSION = {
  id: 's1',
  connection: 'prod',
  agent: { username: 'agent', groups: ['ai-agents'], issuer: 'https://idp.example' },
  userAgent: 'kubectl/v1.35.2',
  startedAt: '2026-01-02T03:04:05.678Z',
  lastAt: '2026-01-02T03:04:06.000Z',
  commands: 1,
  requests: 2,
  denials: 0,
  holds: 0,
  masks: 0,
  live: false,
}
const HOLD = {
  id: 'h1',
  kind: 'request',
  state: 'pending',
  connection: 'prod',
  session: 's1',
  command: 'c1',
  agent: { username: 'agent', groups: [], issuer: 'https://idp.example' },
  policy: 'p',
  rule: 'r',
  reason: 'because',
  title: 'patch deployments.apps "web"',
  requests: 1,
  used: 0,
  openedAt: '2026-01-02T03:04:05.678Z',
  expiresAt: '2026-01-02T03:14:05.678Z',
  votes: [],
  needs: { count: 1, users: [], groups: [] },
  mayAnswer: true,
}
const REQUEST = {
  method: 'PATCH',
  target: '/x',
  verb: 'patch',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'shop',
  name: 'web',
  userAgent: 'kubectl/v1.35.2',
}
const failureOf = async (promise: Promise<unknown>): Promise<ApiError> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('it did not fail')
}

describe('createApi', () => {
  test('reads a page, drops what it does not know, keeps the cursor', async () => {
    const { api, sent } = setUp(() => json({ items: [{ ...SESSION, more: 1 }], next: 'c2', extra: true }))
    expect(await api.sessions({ q: 'a b&c', cursor: 'c1' })).toEqual({ items: [SESSION], next: 'c2' })
    expect(sent[0]?.path).toBe('/api/v1/sessions?q=a+b%26c&cursor=c1&limit=50')
    expect(sent[0]?.init).toMatchObject({ method: 'GET', credentials: 'same-origin', redirect: 'error' })
    expect(sent[0]?.init.headers).not.toHaveProperty('x-sallyport-csrf')
  })

  test('ids cannot leave their place in the path', async () => {
    const { api, sent } = setUp(() => json(SESSION))
    await api.session('../me?x')
    expect(sent[0]?.path).toBe('/api/v1/sessions/..%2Fme%3Fx')
  })

  test('logging out is a POST with the header a foreign site cannot send', async () => {
    const { api, sent } = setUp(() => new Response(null, { status: 204 }))
    await api.logout()
    expect(sent[0]).toMatchObject({ path: '/logout', init: { method: 'POST', headers: { 'x-sallyport-csrf': '1' } } })
  })

  test.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'missing'],
    [409, 'conflict'],
    [500, 'server'],
    [503, 'server'],
  ] as const)('%i is %s, with the detail of the problem', async (status, kind) => {
    const { api } = setUp(() => json({ type: 'about:blank', title: 'T', status, detail: 'Because.' }, status))
    expect(await failureOf(api.me())).toMatchObject({ kind, status, message: 'Because.' })
  })

  test('a refusal that is not a problem document shows none of it', async () => {
    const { api } = setUp(() => new Response('<script>', { status: 502 }))
    expect((await failureOf(api.me())).message).toBe('The gateway answered 502.')
  })

  test('no answer is a network failure', async () => {
    const { api } = setUp(() => Promise.reject(new TypeError('failed')))
    expect(await failureOf(api.me())).toMatchObject({ kind: 'network', status: 0 })
  })

  test('an answer is JSON, names what was seen, and cannot leave its place', async () => {
    const { api, sent } = setUp(() => json(HOLD))
    expect(await api.approve('../h?1', { seen: 'ab', grant: { scope: 'object', forS: 60 } })).toEqual(HOLD)
    expect(sent[0]?.path).toBe('/api/v1/approvals/..%2Fh%3F1/approve')
    expect(sent[0]?.init).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sallyport-csrf': '1' },
      body: '{"seen":"ab","grant":{"scope":"object","forS":60}}',
    })
    await api.deny('h1', { reason: 'no' })
    expect(sent[1]).toMatchObject({ path: '/api/v1/approvals/h1/deny', init: { body: '{"reason":"no"}' } })
  })

  test('ending a grant and lifting a block delete, without a body', async () => {
    const { api, sent } = setUp(() => new Response(null, { status: 204 }))
    await api.endGrant('g/1')
    await api.liftBlock('b 1')
    expect(sent.map(({ path, init }) => [init.method, path, init.body])).toEqual([
      ['DELETE', '/api/v1/grants/g%2F1', undefined],
      ['DELETE', '/api/v1/blocks/b%201', undefined],
    ])
    expect(sent[0]?.init.headers).toMatchObject({ 'x-sallyport-csrf': '1' })
  })

  test('a question comes with its whole review, or not at all', async () => {
    const detail = {
      ...HOLD,
      reviewSha256: 'ab',
      before: [],
      notices: [],
      review: {
        v: 1,
        requests: [
          {
            title: 't',
            request: REQUEST,
            diff: { kind: 'lines', lines: [['+', 'a']], added: 1, removed: 0, cut: false },
            reach: { objects: null, pods: 2, examples: ['Pod/web'], note: 'n' },
          },
        ],
      },
    }
    const { api } = setUp((path) => json(path.endsWith('h1') ? detail : { ...detail, review: { v: 2, requests: [] } }))
    expect(await api.approval('h1')).toEqual(detail)
    expect((await failureOf(api.approval('h2'))).kind).toBe('malformed')
  })

  test.each([
    ['not JSON', () => new Response('{')],
    ['another shape', () => json({ items: [{ ...SESSION, commands: '1' }] })],
    ['a count below zero', () => json({ items: [{ ...SESSION, denials: -1 }] })],
    ['no time', () => json({ items: [{ ...SESSION, startedAt: 'yesterday' }] })],
  ])('%s is malformed, not shown', async (_, answer) => {
    const { api } = setUp(answer)
    expect((await failureOf(api.sessions({ q: '' }))).kind).toBe('malformed')
  })

  test.each([
    [3, 'abc', true],
    [4, 'abcd', false],
    [5, 'abcd', false],
  ])('of a body of 4 bytes at most %i are read', async (max, text, cut) => {
    const { api } = setUp(() => new Response('abcd', { headers: { 'content-type': 'text/plain' } }))
    const body = await api.body('r1', 'response', max)
    expect([new TextDecoder().decode(body.bytes), body.cut, body.mediaType]).toEqual([text, cut, 'text/plain'])
  })

  test('a body that breaks off is a network failure', async () => {
    const { api } = setUp(() => new Response(new ReadableStream({ start: (c) => c.error(new Error('reset')) })))
    expect((await failureOf(api.stream('r1', 10))).kind).toBe('network')
  })
})
