import { describe, expect, it } from 'vitest'
import { apiRoutes, createApi, isApiPath } from './api.ts'
import { LOGIN_COOKIE } from './caller.ts'
import { fakes, URL_OF_GATEWAY } from './fakes.ts'
import { CONTENT_SECURITY_POLICY } from './headers.ts'
import type { Route } from './route.ts'
import { storedAs } from './secret.ts'

const concrete = (route: Route) => `${URL_OF_GATEWAY}${route.path.replaceAll(/\{\w+\}/g, 'x1')}`
const bearer = (groups: string) => ({ authorization: `Bearer token.ann.${groups}` })
const LADDER = ['viewer', 'approver', 'admin'] as const
const GROUP_OF = { viewer: 'viewers', approver: 'sre', admin: 'admins' } as const

describe('who may call which route', () => {
  it.each(apiRoutes().map((route) => [`${route.method} ${route.path}`, route] as const))('%s', async (_, route) => {
    const { deps } = fakes()
    const api = createApi(deps)
    const call = async (headers: Record<string, string>) =>
      (await api.request(concrete(route), { method: route.method, headers })).status
    if (route.access === 'anyone') {
      expect(await call({})).not.toBe(401)
      return
    }
    expect(await call({})).toBe(401)
    expect(await call({ authorization: 'Bearer nonsense' })).toBe(401)
    expect(await call({ authorization: 'Basic YTpi' })).toBe(401)
    expect(await call({ cookie: `${LOGIN_COOKIE}=unknown`, 'x-sallyport-csrf': '1' })).toBe(401)
    if (route.access === 'login') {
      expect([200, 204]).toContain(await call(bearer('')))
      return
    }
    expect(await call(bearer(''))).toBe(403)
    const needed = LADDER.indexOf(route.access)
    for (const [level, role] of LADDER.entries()) {
      const status = await call(bearer(GROUP_OF[role]))
      if (level < needed) expect(status).toBe(403)
      else expect([401, 403]).not.toContain(status)
    }
  })
})

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
