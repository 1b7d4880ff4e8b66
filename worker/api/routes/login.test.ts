import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createApi } from '../api.ts'
import { LOGIN_MS } from '../caller.ts'
import type { ApiDeps } from '../deps.ts'
import { fakes, ISSUER, testConfig, URL_OF_GATEWAY } from '../fakes.ts'
import { codeChallenge } from '../secret.ts'
import { returnPath } from './login.ts'

it.each([
  ['/sessions', '/sessions'],
  ['/sessions/abc?command=1#t=3', '/sessions/abc?command=1#t=3'],
  ['/policies', '/policies'],
  [undefined, '/sessions'],
  ['', '/sessions'],
  ['//evil.example', '/sessions'],
  ['https://evil.example/sessions', '/sessions'],
  ['/\\evil.example', '/sessions'],
  ['/sessions\\..', '/sessions'],
  ['/sessions.evil.example', '/sessions'],
  ['/sessions/\r\nset-cookie: a=b', '/sessions'],
  ['/login/link?code=x', '/sessions'],
  [`/sessions/${'a'.repeat(1100)}`, '/sessions'],
])('a login that wants to end on %j ends on %s', (wanted, expected) => {
  expect(returnPath(wanted)).toBe(expected)
})

const KEY = new TextEncoder().encode('a key the fake issuer signs with')

interface Issuer {
  readonly fetch: ApiDeps['fetch']
  readonly posts: { url: string; body: URLSearchParams; authorization: string | null }[]
  claims: Record<string, unknown>
  metadata: Record<string, unknown>
}

function fakeIssuer(): Issuer {
  const issuer: Issuer = {
    posts: [],
    claims: {},
    metadata: {
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
    },
    async fetch(url, init) {
      if (url === `${ISSUER}/.well-known/openid-configuration`) return Response.json(issuer.metadata)
      if (url !== `${ISSUER}/token` || init.method !== 'POST') return new Response(null, { status: 404 })
      const authorization = new Headers(init.headers).get('authorization')
      issuer.posts.push({ url, body: new URLSearchParams(String(init.body)), authorization })
      const jwt = await new SignJWT(issuer.claims).setProtectedHeader({ alg: 'HS256' }).sign(KEY)
      return Response.json({ id_token: jwt })
    },
  }
  return issuer
}

async function begin(groups: readonly string[] = ['viewers'], config = testConfig()) {
  const issuer = fakeIssuer()
  const all = fakes({
    config,
    fetch: issuer.fetch,
    verifyIdToken: async () => ({
      ok: true,
      value: { user: { username: 'ann', uid: '', groups, extra: {} }, issuer: ISSUER, expiresAt: 2e9 },
    }),
  })
  const api = createApi(all.deps)
  const started = await api.request(`${URL_OF_GATEWAY}/login/start?return=/sessions/s1`)
  const location = new URL(started.headers.get('location') ?? '')
  const browser = /^(__Host-sallyport-login=[^;]+)/.exec(started.headers.get('set-cookie') ?? '')?.[1] ?? ''
  issuer.claims = { aud: 'app', nonce: location.searchParams.get('nonce') }
  const state = location.searchParams.get('state') ?? ''
  const callback = (query: string, cookie = browser) =>
    api.request(`${URL_OF_GATEWAY}/login/callback?${query}`, { headers: { cookie } })
  return { ...all, api, issuer, location, state, callback, started }
}

const loginCookie = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .find((value) => value.startsWith('__Host-sallyport=') && !value.startsWith('__Host-sallyport=;'))

describe('the OIDC login', () => {
  it('asks for a code with PKCE, state and nonce, and ends with a cookie for at most 12 hours', async () => {
    const { location, state, callback, issuer, log, api } = await begin()
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'app',
      redirect_uri: `${URL_OF_GATEWAY}/login/callback`,
      code_challenge_method: 'S256',
    })
    const answer = await callback(`code=c1&state=${state}&iss=${encodeURIComponent(ISSUER)}`)
    expect(answer.headers.get('location')).toBe('/sessions/s1')
    const cookie = loginCookie(answer) ?? ''
    expect(cookie).toMatch(/; Path=\/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax$/)
    expect(LOGIN_MS).toBe(43_200_000)
    const verifier = issuer.posts[0]?.body.get('code_verifier') ?? ''
    expect(codeChallenge(verifier)).toBe(location.searchParams.get('code_challenge'))
    expect(log.events).toMatchObject([{ type: 'login', actor: { username: 'ann' }, data: { method: 'oidc' } }])
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    const me = await (await api.request(`${URL_OF_GATEWAY}/api/v1/me`, { headers })).json()
    expect(me).toEqual({ username: 'ann', groups: ['viewers'], roles: ['viewer'], issuer: ISSUER })
  })

  it('sends a secret client’s credentials form-encoded in the header and not in the body', async () => {
    const login = { issuer: ISSUER, clientId: 'app', clientSecret: 'a:b c' }
    const { state, callback, issuer } = await begin(['viewers'], testConfig({ login }))
    await callback(`code=c1&state=${state}`)
    expect(issuer.posts[0]?.authorization).toBe(`Basic ${btoa('app:a%3Ab+c')}`)
    expect(issuer.posts[0]?.body.has('client_id')).toBe(false)
  })

  it('lets strangers begin only so many logins in a minute', async () => {
    const { api, clock } = await begin()
    const again = async () => (await api.request(`${URL_OF_GATEWAY}/login/start`)).headers.get('location')
    for (let started = 1; started < 300; started++) expect(await again()).toMatch(/^https:/)
    expect(await again()).toBe('/login?error=unavailable')
    clock.time += 60_000
    expect(await again()).toMatch(/^https:/)
  })

  it('takes a state once', async () => {
    const { state, callback } = await begin()
    await callback(`code=c1&state=${state}`)
    expect((await callback(`code=c1&state=${state}`)).headers.get('location')).toBe('/login?error=expired')
  })

  it.each([
    ['another state', 'code=c1&state=other', 'expired'],
    ['no state', 'code=c1', 'expired'],
    ['no code', 'state=STATE', 'refused'],
    ['an error of the issuer', 'error=access_denied&state=STATE', 'refused'],
    ['an answer in another issuer’s name', 'code=c1&state=STATE&iss=https%3A%2F%2Fevil.example', 'refused'],
  ])('is refused with %s', async (_, query, error) => {
    const { state, callback, log } = await begin()
    const answer = await callback(query.replace('STATE', state))
    expect(answer.headers.get('location')).toBe(`/login?error=${error}`)
    expect(loginCookie(answer)).toBeUndefined()
    expect(log.events).toEqual([])
  })

  it.each([
    ['another nonce', { nonce: 'other' }],
    ['another audience', { aud: 'other' }],
    ['two audiences and another authorised party', { aud: ['app', 'other'], azp: 'other' }],
  ])('is refused with a token of %s', async (_, claims) => {
    const { state, callback, issuer } = await begin()
    issuer.claims = { ...issuer.claims, ...claims }
    expect((await callback(`code=c1&state=${state}`)).headers.get('location')).toBe('/login?error=refused')
  })

  it('is refused in a browser that did not begin it', async () => {
    const { state, callback } = await begin()
    const answer = await callback(`code=c1&state=${state}`, '__Host-sallyport-login=other')
    expect(answer.headers.get('location')).toBe('/login?error=expired')
  })

  it('is refused to a person without a role', async () => {
    const { state, callback } = await begin(['others'])
    const answer = await callback(`code=c1&state=${state}`)
    expect(answer.headers.get('location')).toBe('/login?error=no-role')
    expect(loginCookie(answer)).toBeUndefined()
  })

  it('does not follow metadata that names another issuer', async () => {
    const { api, issuer, clock } = await begin()
    clock.time += 5 * 60 * 1000
    issuer.metadata.issuer = 'https://evil.example'
    const answer = await api.request(`${URL_OF_GATEWAY}/login/start`)
    expect(answer.headers.get('location')).toBe('/login?error=unavailable')
  })

  it('asks the issuer for its metadata once in five minutes', async () => {
    const { api, issuer } = await begin()
    issuer.metadata = {}
    const again = await api.request(`${URL_OF_GATEWAY}/login/start`)
    expect(again.headers.get('location')).toContain(`${ISSUER}/authorize`)
  })

  it('gives no cookie when the login cannot be recorded', async () => {
    const { state, callback, log } = await begin()
    log.broken = true
    const answer = await callback(`code=c1&state=${state}`)
    expect(answer.status).toBe(503)
    expect(loginCookie(answer)).toBeUndefined()
  })
})

describe('a login link', () => {
  async function make() {
    const all = fakes()
    const api = createApi(all.deps)
    const headers = { authorization: 'Bearer token.root.admins' }
    const made = await api.request(`${URL_OF_GATEWAY}/api/v1/login-links`, { method: 'POST', headers })
    const { url } = await made.json()
    return { ...all, api, url: String(url) }
  }
  it('logs in once, as the one who made it', async () => {
    const { api, url } = await make()
    const first = await api.request(url)
    expect(first.headers.get('location')).toBe('/sessions')
    const headers = { cookie: loginCookie(first)?.split(';')[0] ?? '' }
    const me = await (await api.request(`${URL_OF_GATEWAY}/api/v1/me`, { headers })).json()
    expect(me).toMatchObject({ username: 'root', roles: ['viewer', 'approver', 'admin'] })
    expect((await api.request(url)).headers.get('location')).toBe('/login?error=link')
  })
  it('is not spent by one who only asks whether it is there', async () => {
    const { api, url } = await make()
    const asked = await api.request(url, { method: 'HEAD' })
    expect([asked.status, asked.headers.get('allow')]).toEqual([405, 'GET'])
    expect((await api.request(url)).headers.get('location')).toBe('/sessions')
  })
  it('is over after ten minutes', async () => {
    const { api, url, clock } = await make()
    clock.time += 10 * 60 * 1000
    expect((await api.request(url)).headers.get('location')).toBe('/login?error=link')
  })
})
