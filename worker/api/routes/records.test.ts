import { describe, expect, it } from 'vitest'
import { createApi } from '../api.ts'
import { fakes, URL_OF_GATEWAY } from '../fakes.ts'
import { RECORDED_CONTENT_POLICY } from '../headers.ts'

const viewer = { authorization: 'Bearer token.vic.viewers' }
const admin = { authorization: 'Bearer token.root.admins' }
const yaml = { ...admin, 'content-type': 'text/yaml' }
const json = { 'content-type': 'application/json' }

function setUp() {
  const all = fakes()
  const api = createApi(all.deps)
  return {
    ...all,
    get: (path: string, headers = viewer) => api.request(`${URL_OF_GATEWAY}${path}`, { headers }),
    send: (method: string, path: string, headers: Record<string, string>, body?: string) =>
      api.request(`${URL_OF_GATEWAY}${path}`, { method, headers, ...(body === undefined ? {} : { body }) }),
  }
}

describe('reading a recording', () => {
  it.each([
    ['/api/v1/sessions/s1', [{ type: 'view', data: { what: 'session', id: 's1' } }]],
    ['/api/v1/sessions/s1/commands', [{ type: 'view', data: { what: 'session', id: 's1' } }]],
    ['/api/v1/sessions/s1/requests', [{ type: 'view', data: { what: 'session', id: 's1' } }]],
    ['/api/v1/requests/r1', [{ type: 'view', data: { what: 'request', id: 'r1' } }]],
    ['/api/v1/requests/r1/body', [{ type: 'view', data: { what: 'response', id: 'r1' } }]],
    ['/api/v1/sessions/s1/export', [{ type: 'export', data: { what: 'session', id: 's1', format: 'ndjson' } }]],
    ['/api/v1/sessions', []],
  ])('%s is recorded as %j', async (path, events) => {
    const { get, log } = setUp()
    expect((await get(path)).status).toBe(200)
    expect(log.events).toMatchObject(events)
    expect(log.events).toHaveLength(events.length)
  })

  it.each([
    '/api/v1/sessions/s1',
    '/api/v1/sessions/s1/commands',
    '/api/v1/sessions/s1/requests',
    '/api/v1/sessions/s1/export',
    '/api/v1/requests/r1',
    '/api/v1/requests/r1/body',
  ])('%s shows nothing when that cannot be recorded', async (path) => {
    const { get, log } = setUp()
    log.broken = true
    const answer = await get(path)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ status: 503, title: 'Service Unavailable' })
  })

  it.each([
    '/api/v1/sessions/s2',
    '/api/v1/sessions/..%2fs1',
    '/api/v1/sessions/s2/commands',
    '/api/v1/sessions/s2/requests',
    '/api/v1/sessions/s2/export',
    '/api/v1/requests/r2',
    '/api/v1/requests/r2/body',
    '/api/v1/requests/r1/body?kind=request',
    '/api/v1/requests/r1/stream',
  ])('%s is not found', async (path) => {
    expect((await setUp().get(path)).status).toBe(404)
  })

  it.each([
    '/api/v1/sessions?limit=0',
    '/api/v1/sessions?limit=501',
    '/api/v1/sessions?limit=ten',
    '/api/v1/sessions?q=a&q=b',
    `/api/v1/sessions?q=${'a'.repeat(257)}`,
    '/api/v1/requests/r1/body?kind=stream',
    '/api/v1/sessions/s1/export?format=exe',
  ])('%s is a bad request', async (path) => {
    expect((await setUp().get(path)).status).toBe(400)
  })

  it('is one event for the same viewer and session within a minute', async () => {
    const { get, log, clock } = setUp()
    await get('/api/v1/sessions/s1')
    await get('/api/v1/sessions/s1/commands')
    expect(log.events).toHaveLength(1)
    await get('/api/v1/sessions/s1', admin)
    expect(log.events).toHaveLength(2)
    clock.time += 60_000
    await get('/api/v1/sessions/s1')
    expect(log.events).toHaveLength(3)
  })

  it('hands a recorded body over as a download without an origin', async () => {
    const answer = await setUp().get('/api/v1/requests/r1/body')
    expect(await answer.text()).toBe('<b>hi</b>')
    expect(answer.headers.get('content-type')).toBe('text/html')
    expect(answer.headers.get('content-disposition')).toBe('attachment')
    expect(answer.headers.get('content-security-policy')).toBe(RECORDED_CONTENT_POLICY)
  })

  it('exports every leaf on a line of its own', async () => {
    const answer = await setUp().get('/api/v1/sessions/s1/export?format=ndjson')
    expect(await answer.text()).toBe('{"a":1}\n{"a":2}\n')
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
  })
})

describe('documents', () => {
  it('are applied after the change is recorded, listed, read and deleted', async () => {
    const { send, get, log } = setUp()
    const applied = await send('PUT', '/api/v1/documents', yaml, 'agents')
    expect(await applied.json()).toMatchObject({ items: [{ kind: 'AccessPolicy', name: 'agents', appliedBy: 'root' }] })
    expect(log.events).toMatchObject([{ type: 'policy.change', data: { change: 'put', name: 'agents' } }])
    expect(await (await get('/api/v1/documents/AccessPolicy')).json()).toMatchObject({ items: [{ source: 'agents' }] })
    expect((await get('/api/v1/documents/AccessPolicy/agents')).status).toBe(200)
    expect((await send('DELETE', '/api/v1/documents/AccessPolicy/agents', admin)).status).toBe(204)
    expect(log.events[1]).toMatchObject({ type: 'policy.change', data: { change: 'delete', name: 'agents' } })
    expect((await get('/api/v1/documents/AccessPolicy/agents')).status).toBe(404)
  })

  it('are in force at once: whoever judges is told after every change, and only then', async () => {
    const heard: (readonly string[])[] = []
    const all = fakes({
      documentsChanged: async () => {
        heard.push((await all.store.documents('AccessPolicy')).map(({ name }) => name))
      },
    })
    const api = createApi(all.deps)
    const send = (method: string, path: string, body?: string) =>
      api.request(`${URL_OF_GATEWAY}${path}`, { method, headers: yaml, ...(body === undefined ? {} : { body }) })
    await send('PUT', '/api/v1/documents', 'agents')
    await send('PUT', '/api/v1/documents', 'bad')
    await send('DELETE', '/api/v1/documents/AccessPolicy/none')
    await send('DELETE', '/api/v1/documents/AccessPolicy/agents')
    expect(heard).toEqual([['agents'], []])
  })

  it('stay as they are when the change cannot be recorded', async () => {
    const { send, store, log } = setUp()
    await send('PUT', '/api/v1/documents', yaml, 'agents')
    log.broken = true
    expect((await send('PUT', '/api/v1/documents', yaml, 'others')).status).toBe(503)
    expect((await send('DELETE', '/api/v1/documents/AccessPolicy/agents', admin)).status).toBe(503)
    expect((await store.documents('AccessPolicy')).map((document) => document.name)).toEqual(['agents'])
  })

  it.each([
    ['a file that does not parse', yaml, 'bad', 422],
    ['JSON', { ...admin, ...json }, '{}', 415],
    ['a file of exactly 1 MiB', yaml, 'a'.repeat(1024 * 1024), 200],
    ['a file one byte larger', yaml, 'a'.repeat(1024 * 1024 + 1), 413],
  ])('%s', async (_, headers, body, status) => {
    const { send, log } = setUp()
    expect((await send('PUT', '/api/v1/documents', headers, body)).status).toBe(status)
    expect(log.events).toHaveLength(status === 200 ? 1 : 0)
  })
})

describe('connections and connectors', () => {
  it('takes a deleted connection from its connectors', async () => {
    const { send, store } = setUp()
    await send('PUT', '/api/v1/connections/demo', { ...admin, ...json }, '{}')
    const key = (x: string) => ({ kty: 'OKP', crv: 'Ed25519', x }) as const
    const at = '2026-01-01T00:00:00.000Z'
    await store.putConnector({ id: 'one', publicKey: key('1'), connections: ['demo'], createdAt: at })
    await store.putConnector({ id: 'both', publicKey: key('2'), connections: ['demo', 'other'], createdAt: at })
    expect((await send('DELETE', '/api/v1/connections/demo', admin)).status).toBe(204)
    expect((await store.connector('one'))?.revokedAt).toEqual(expect.any(String))
    expect(await store.connector('both')).toMatchObject({ connections: ['other'] })
    expect((await store.connector('both'))?.revokedAt).toBeUndefined()
  })

  const key = (fill: string) => ({ kty: 'OKP', crv: 'Ed25519', x: fill.repeat(43) })

  it('a connector enrols once by code, appears, and is revoked for good', async () => {
    const { send, get, log } = setUp()
    expect((await send('PUT', '/api/v1/connections/demo', { ...admin, ...json }, '{}')).status).toBe(200)
    const { code } = await (await send('POST', '/api/v1/connections/demo/enrolments', admin)).json()
    const body = JSON.stringify({ code, publicKey: key('a'), name: 'c' })
    const enrolled = await send('POST', '/api/v1/enrol', json, body)
    expect(enrolled.status).toBe(201)
    const { id, connections } = await enrolled.json()
    expect(connections).toEqual(['demo'])
    expect((await send('POST', '/api/v1/enrol', json, body)).status).toBe(403)
    const listed = await (await get('/api/v1/connections')).json()
    expect(listed.items).toMatchObject([{ name: 'demo', connectors: [{ id, live: false }] }])
    expect((await send('DELETE', `/api/v1/connectors/${id}`, admin)).status).toBe(204)
    expect(await (await get('/api/v1/connections')).json()).toMatchObject({ items: [{ connectors: [] }] })
    const second = await (await send('POST', '/api/v1/connections/demo/enrolments', admin)).json()
    const again = JSON.stringify({ code: second.code, publicKey: key('a'), name: 'c' })
    expect((await send('POST', '/api/v1/enrol', json, again)).status).toBe(403)
    const changes = log.events.map((event) => event.data?.change)
    expect(changes).toEqual(['create', 'enrolment-code', 'enrol', 'revoke', 'enrolment-code'])
  })

  it.each([
    ['an unknown code', { code: 'x'.repeat(43), publicKey: key('a'), name: 'c' }, 403],
    ['a short key', { code: 'x'.repeat(43), publicKey: { ...key('a'), x: 'a' } }, 422],
    ['another kind of key', { code: 'x'.repeat(43), publicKey: { kty: 'RSA' } }, 422],
    [
      'a key one byte too large for the body',
      { code: 'x'.repeat(43), publicKey: key('a'), name: 'n'.repeat(16_384) },
      413,
    ],
  ])('%s is refused', async (_, body, status) => {
    expect((await setUp().send('POST', '/api/v1/enrol', json, JSON.stringify(body))).status).toBe(status)
  })

  it('a code is over after 15 minutes', async () => {
    const { send, clock } = setUp()
    await send('PUT', '/api/v1/connections/demo', { ...admin, ...json }, '{}')
    const { code } = await (await send('POST', '/api/v1/connections/demo/enrolments', admin)).json()
    clock.time += 15 * 60 * 1000
    const body = JSON.stringify({ code, publicKey: key('a'), name: 'c' })
    expect((await send('POST', '/api/v1/enrol', json, body)).status).toBe(403)
  })

  it.each(['Demo', 'a_b', '-a', 'a-', 'a.b', 'a'.repeat(64)])('%s is no name of a connection', async (name) => {
    expect((await setUp().send('PUT', `/api/v1/connections/${name}`, { ...admin, ...json }, '{}')).status).toBe(422)
  })
})

describe('the token endpoint', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  it.each([
    ['hands a form over', form, 'subject_token=t', 200],
    ['refuses a repeated parameter', form, 'subject_token=t&subject_token=u', 400],
    ['refuses JSON', json, '{}', 400],
    ['refuses a form over 128 KiB', form, `a=${'b'.repeat(128 * 1024)}`, 400],
  ])('%s', async (_, headers, body, status) => {
    const answer = await setUp().send('POST', '/oauth/token', headers, body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject(status === 200 ? { echo: 't' } : { error: 'invalid_request' })
  })

  it('shows the public half of the key only', async () => {
    const answer = await setUp().send('GET', '/.well-known/jwks.json', {})
    expect(await answer.json()).toEqual({
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'public', kid: 'k1', alg: 'EdDSA', use: 'sig' }],
    })
  })
})
