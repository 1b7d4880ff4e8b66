import { exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../authenticate/authenticator.ts'
import { apiAudience, connectionAudience, issueGatewayToken } from '../authenticate/gatewaytoken.ts'
import { apiRoutes, createApi, isApiPath } from './api.ts'
import { LOGIN_COOKIE } from './caller.ts'
import { fakes, testConfig, URL_OF_GATEWAY } from './fakes.ts'
import { CONTENT_SECURITY_POLICY } from './headers.ts'
import type { Route } from './route.ts'
import { storedAs } from './secret.ts'

const concrete = (route: Route) => `${URL_OF_GATEWAY}${route.path.replaceAll(/\{\w+\}/g, 'x1')}`
const bearer = (groups: string) => ({ authorization: `Bearer token.ann.${groups}` })
const LADDER = ['viewer', 'approver', 'admin'] as const
const GROUP_OF = { viewer: 'viewers', approver: 'sre', admin: 'admins' } as const

/** Who may call each route, said a second time: a row that is added, or opened wider, must be written down here too. */
const ACCESS: readonly (readonly [row: string, access: Route['access']])[] = [
  ['GET /.well-known/jwks.json', 'anyone'],
  ['GET /.well-known/openid-configuration', 'anyone'],
  ['POST /oauth/token', 'anyone'],
  ['GET /login/start', 'anyone'],
  ['GET /login/callback', 'anyone'],
  ['GET /login/link', 'anyone'],
  ['GET /api/v1/login-options', 'anyone'],
  ['GET /api/v1/health', 'anyone'],
  ['GET /api/v1/openapi.json', 'anyone'],
  ['POST /api/v1/enrol', 'anyone'],
  ['GET /api/v1/me', 'login'],
  ['POST /logout', 'login'],
  ['GET /api/v1/sessions', 'viewer'],
  ['GET /api/v1/sessions/{id}', 'viewer'],
  ['GET /api/v1/sessions/{id}/commands', 'viewer'],
  ['GET /api/v1/sessions/{id}/requests', 'viewer'],
  ['GET /api/v1/sessions/{id}/export', 'viewer'],
  ['GET /api/v1/requests/{id}', 'viewer'],
  ['GET /api/v1/requests/{id}/body', 'viewer'],
  ['GET /api/v1/requests/{id}/stream', 'viewer'],
  ['GET /api/v1/approvals', 'viewer'],
  ['GET /api/v1/approvals/{id}', 'viewer'],
  ['GET /api/v1/grants', 'viewer'],
  ['GET /api/v1/blocks', 'viewer'],
  ['GET /api/v1/connections', 'viewer'],
  ['GET /api/v1/connectors', 'viewer'],
  ['GET /api/v1/documents/{kind}', 'viewer'],
  ['GET /api/v1/documents/{kind}/{name}', 'viewer'],
  ['POST /api/v1/policies/explain', 'viewer'],
  ['POST /api/v1/approvals/{id}/approve', 'approver'],
  ['POST /api/v1/approvals/{id}/deny', 'approver'],
  ['DELETE /api/v1/grants/{id}', 'approver'],
  ['POST /api/v1/blocks', 'approver'],
  ['DELETE /api/v1/blocks/{name}', 'admin'],
  ['PUT /api/v1/connections/{name}', 'admin'],
  ['DELETE /api/v1/connections/{name}', 'admin'],
  ['POST /api/v1/connections/{name}/enrolments', 'admin'],
  ['DELETE /api/v1/connectors/{id}', 'admin'],
  ['PUT /api/v1/documents', 'admin'],
  ['DELETE /api/v1/documents/{kind}/{name}', 'admin'],
  ['POST /api/v1/login-links', 'admin'],
  ['POST /api/v1/policies/simulate', 'admin'],
]

describe('who may call which route', () => {
  it('is written down for every route, and for no other', () => {
    const rows = apiRoutes().map((route) => `${route.method} ${route.path} ${route.access}`)
    expect(rows.toSorted()).toEqual(ACCESS.map(([row, access]) => `${row} ${access}`).toSorted())
  })

  const rowOf = (row: string) => apiRoutes().find((route) => `${route.method} ${route.path}` === row)

  it.each(ACCESS)('%s: %s', async (row, access) => {
    const route = rowOf(row)
    if (route === undefined) throw new Error('there is no such route')
    const { deps } = fakes()
    const api = createApi(deps)
    const call = async (headers: Record<string, string>) =>
      (await api.request(concrete(route), { method: route.method, headers })).status
    if (access === 'anyone') {
      expect(await call({})).not.toBe(401)
      return
    }
    expect(await call({})).toBe(401)
    expect(await call({ authorization: 'Bearer nonsense' })).toBe(401)
    expect(await call({ authorization: 'Basic YTpi' })).toBe(401)
    expect(await call({ cookie: `${LOGIN_COOKIE}=unknown`, 'x-sallyport-csrf': '1' })).toBe(401)
    if (access === 'login') {
      expect([200, 204]).toContain(await call(bearer('')))
      return
    }
    expect(await call(bearer(''))).toBe(403)
    expect(await call(bearer('agents'))).toBe(403)
    const needed = LADDER.indexOf(access)
    for (const [level, role] of LADDER.entries()) {
      const status = await call(bearer(GROUP_OF[role]))
      if (level < needed) expect(status).toBe(403)
      else expect([401, 403]).not.toContain(status)
    }
  })

  const changing = ACCESS.filter(([row, access]) => access !== 'anyone' && !row.startsWith('GET '))
  it.each(changing)('%s is not done by a cookie without the header', async (row) => {
    const route = rowOf(row)
    if (route === undefined) throw new Error('there is no such route')
    const { deps, store, log, clock } = fakes()
    const login = { username: 'ann', groups: ['admins'], issuer: 'i', expiresAt: clock.now() + 1000 }
    await store.putLogin(storedAs('secret'), login)
    const api = createApi(deps)
    const call = async (headers: Record<string, string>) => {
      const init = { method: route.method, headers: { cookie: `${LOGIN_COOKIE}=secret`, ...headers } }
      return (await api.request(concrete(route), init)).status
    }
    expect(await call({})).toBe(403)
    expect(await call({ 'x-sallyport-csrf': 'true' })).toBe(403)
    expect(await call({ 'x-sallyport-csrf': '1', origin: 'https://evil.example' })).toBe(403)
    expect(await call({ 'x-sallyport-csrf': '1', 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(log.events).toEqual([])
    expect(await call({ 'x-sallyport-csrf': '1', origin: URL_OF_GATEWAY })).not.toBe(403)
  })

  it.each(ACCESS.filter(([, access]) => access !== 'anyone'))(
    '%s is closed to tokens that are for a connection',
    async (row) => {
      const route = rowOf(row)
      if (route === undefined) throw new Error('there is no such route')
      const { api, tokenFor } = await withRealTokens()
      const call = async (token: string) =>
        (await api.request(concrete(route), { method: route.method, headers: { authorization: `Bearer ${token}` } }))
          .status
      expect(await call(await tokenFor(connectionAudience(URL_OF_GATEWAY, 'demo')))).toBe(401)
      expect(await call(await tokenFor(URL_OF_GATEWAY))).toBe(401)
      expect([401, 403]).not.toContain(await call(await tokenFor(apiAudience(URL_OF_GATEWAY))))
    },
  )
})

describe('a body', () => {
  it.each([
    ['POST /oauth/token', {}, 400],
    ['POST /api/v1/blocks', bearer('admins'), 408],
  ])('of %s that drips in is not waited for', async (row, headers, status) => {
    const { deps } = fakes()
    const due: { ms: number; run: () => void }[] = []
    const clock = {
      now: () => 0,
      after: (ms: number, run: () => void) => {
        due.push({ ms, run })
        return () => undefined
      },
    }
    const [method = '', path = ''] = row.split(' ')
    const drips = {
      pull() {
        for (const { run } of due) run()
        return new Promise<void>(() => undefined)
      },
    }
    const body = new ReadableStream<Uint8Array>(drips, { highWaterMark: 0 })
    const type = row.includes('oauth') ? 'application/x-www-form-urlencoded' : 'application/json'
    const init = { method, headers: { ...headers, 'content-type': type }, body, duplex: 'half' }
    const answer = await createApi({ ...deps, clock }).request(`${URL_OF_GATEWAY}${path}`, init)
    expect(answer.status, await answer.text()).toBe(status)
    expect(due.map(({ ms }) => ms)).toEqual([30_000])
  })

  it('is refused when it goes on too long', async () => {
    const { deps } = fakes()
    const body = 'x'.repeat(1024 * 1024)
    const headers = { ...bearer('admins'), 'content-type': 'application/json' }
    const chunked = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(body))
      },
    })
    for (const sent of [body, chunked]) {
      const init = { method: 'POST', headers, body: sent, duplex: 'half' }
      const answer = await createApi(deps).request(`${URL_OF_GATEWAY}/api/v1/blocks`, init)
      expect(answer.status, await answer.text()).toBe(413)
    }
  })
})

/** The API with the gateway's own verifier, and tokens of an identity that holds every role. */
async function withRealTokens() {
  const { deps, clock } = fakes()
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const { x = '', d = '' } = await exportJWK(privateKey)
  const config = { ...testConfig(), signingKey: { kty: 'OKP', crv: 'Ed25519', x, d, kid: 'k1' } as const }
  const { verifyToken } = createAuthenticator({ config, clock, fetch: async () => new Response(null, { status: 500 }) })
  const verifyApiToken = (token: string) => verifyToken(token, { audience: apiAudience(URL_OF_GATEWAY) })
  const user = { username: 'agent', uid: '', groups: ['admins', 'sre', 'viewers'], extra: {} }
  const expiresAt = clock.now() / 1000 + 600
  const tokenFor = (audience: string) =>
    issueGatewayToken(config, { user, issuer: 'https://issuer.example', audience, expiresAt }, clock)
  return { api: createApi({ ...deps, config, verifyApiToken }), tokenFor }
}

describe('a login by cookie', () => {
  const json = { 'content-type': 'application/json' }
  async function withLogin() {
    const all = fakes()
    await all.store.putLogin(storedAs('secret'), {
      username: 'ann',
      groups: ['admins'],
      issuer: 'i',
      expiresAt: all.clock.now() + 1000,
    })
    return { ...all, api: createApi(all.deps) }
  }
  const cookie = `${LOGIN_COOKIE}=secret`
  it.each([
    ['reads without more', 'GET', { cookie }, 200],
    ['reads from the app', 'GET', { cookie, 'sec-fetch-site': 'same-origin' }, 200],
    ['reads from an address that was typed', 'GET', { cookie, 'sec-fetch-site': 'none' }, 200],
    [
      'reads nothing for another site, which would be put down to the person',
      'GET',
      { cookie, 'sec-fetch-site': 'cross-site' },
      403,
    ],
    ['reads nothing for a neighbour either', 'GET', { cookie, 'sec-fetch-site': 'same-site' }, 403],
    ['changes with the header', 'PUT', { cookie, ...json, 'x-sallyport-csrf': '1' }, 200],
    [
      'changes with the header and its own origin',
      'PUT',
      { cookie, ...json, 'x-sallyport-csrf': '1', origin: URL_OF_GATEWAY },
      200,
    ],
    ['changes nothing without the header', 'PUT', { cookie, ...json }, 403],
    ['changes nothing with another value', 'PUT', { cookie, ...json, 'x-sallyport-csrf': 'true' }, 403],
    [
      'changes nothing from another origin',
      'PUT',
      { cookie, ...json, 'x-sallyport-csrf': '1', origin: 'https://evil.example' },
      403,
    ],
    ['changes nothing from an opaque origin', 'PUT', { cookie, ...json, 'x-sallyport-csrf': '1', origin: 'null' }, 403],
    [
      'changes nothing from another site',
      'PUT',
      { cookie, ...json, 'x-sallyport-csrf': '1', 'sec-fetch-site': 'cross-site' },
      403,
    ],
    ['is not taken when sent twice', 'GET', { cookie: `${cookie}; ${LOGIN_COOKIE}=other` }, 401],
    ['does not stand in for a bad bearer token', 'GET', { cookie, authorization: 'Bearer nonsense' }, 401],
  ])('%s', async (_, method, headers, status) => {
    const { api } = await withLogin()
    const path = method === 'GET' ? '/api/v1/connections' : '/api/v1/connections/demo'
    const body = method === 'GET' ? undefined : '{}'
    const init = { method, headers, ...(body === undefined ? {} : { body }) }
    expect((await api.request(`${URL_OF_GATEWAY}${path}`, init)).status).toBe(status)
  })

  it('is over when its time is over', async () => {
    const { api, clock } = await withLogin()
    clock.time += 1000
    expect((await api.request(`${URL_OF_GATEWAY}/api/v1/me`, { headers: { cookie } })).status).toBe(401)
  })

  it('is over after logout, and the cookie is taken back', async () => {
    const { api } = await withLogin()
    const headers = { cookie, 'x-sallyport-csrf': '1' }
    const out = await api.request(`${URL_OF_GATEWAY}/logout`, { method: 'POST', headers })
    expect(out.status).toBe(204)
    expect(out.headers.get('set-cookie')).toMatch(
      /^__Host-sallyport=; Path=\/; Max-Age=0; Secure; HttpOnly; SameSite=Lax$/,
    )
    expect((await api.request(`${URL_OF_GATEWAY}/api/v1/me`, { headers: { cookie } })).status).toBe(401)
  })
})

describe('every answer', () => {
  it.each([
    ['of a row', 'GET', '/api/v1/login-options', 200],
    ['without a login', 'GET', '/api/v1/sessions', 401],
    ['at no path', 'GET', '/api/v1/nothing', 404],
    ['to another method', 'POST', '/api/v1/sessions', 405],
  ])('%s carries the security headers', async (_, method, path, status) => {
    const answer = await createApi(fakes().deps).request(`${URL_OF_GATEWAY}${path}`, { method })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    if (status >= 400) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await answer.json()).toMatchObject({ type: 'about:blank', status })
    }
  })

  it('is 503 when the database cannot be read', async () => {
    const { deps, store } = fakes()
    const bugs: unknown[] = []
    store.connections = () => {
      const inner = new Error('connection refused')
      inner.name = 'LibsqlError'
      const outer = new Error('Failed query: select …', { cause: inner })
      return Promise.reject(outer)
    }
    const answer = await createApi(deps, (error) => bugs.push(error)).request(`${URL_OF_GATEWAY}/api/v1/connections`, {
      headers: bearer('viewers'),
    })
    expect(answer.status).toBe(503)
    expect(await answer.text()).not.toMatch(/select|refused/)
    expect(bugs).toEqual([])
  })

  it('says nothing of the inside when there is a bug', async () => {
    const bugs: unknown[] = []
    const bug = new Error('secret inside')
    const { deps } = fakes({ tunnelStatus: () => Promise.reject(bug) })
    await deps.store.putConnection({ name: 'demo', description: '', createdAt: '' })
    const api = createApi(deps, (error) => bugs.push(error))
    const answer = await api.request(`${URL_OF_GATEWAY}/api/v1/connections`, { headers: bearer('viewers') })
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
    expect(answer.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY)
    expect(bugs).toEqual([bug])
  })
})

describe('the OpenAPI document', () => {
  it('describes every row, and every schema it names is there', async () => {
    const { deps } = fakes()
    const document = await (await createApi(deps).request(`${URL_OF_GATEWAY}/api/v1/openapi.json`)).json()
    for (const route of apiRoutes()) {
      expect(document.paths[route.path][route.method.toLowerCase()].operationId).toBe(route.operationId)
    }
    const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name)
    for (const name of names) expect(document.components.schemas).toHaveProperty(name ?? '')
    for (const { method, path, body, response } of apiRoutes()) {
      const row = `${method} ${path}`
      // Every JSON that goes in or out has a shape.
      if (body?.mediaType === 'application/json') expect([row, body.schema]).not.toContain(undefined)
      if (response.status !== 204 && response.mediaType === undefined && response.status < 300) {
        expect([row, response.schema]).not.toContain(undefined)
      }
    }
    const ids = apiRoutes().map((route) => route.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

it.each([
  ['/api/v1/me', true],
  ['/oauth/token', true],
  ['/.well-known/jwks.json', true],
  ['/login/start', true],
  ['/logout', true],
  ['/login', false],
  ['/', false],
  ['/sessions/x', false],
  ['/apiary', false],
  ['/login/starting', false],
])('isApiPath(%s) is %s', (path, expected) => {
  expect(isApiPath(path)).toBe(expected)
})
