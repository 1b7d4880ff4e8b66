import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createDemoProvider } from './provider.ts'
import { type DemoOidcSettings, parseDemoOidcSettings } from './settings.ts'

const SECRET = 'a-secret-of-more-than-32-characters-x'
let server: Server
let issuer = ''
let settings: DemoOidcSettings

beforeAll(async () => {
  // The provider warns that its state is in memory; that is meant.
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  issuer = `http://127.0.0.1:${port}`
  settings = parseDemoOidcSettings({
    issuer,
    certFile: '',
    keyFile: '',
    signingKey: { ...(await exportJWK(privateKey)), kid: 'k', alg: 'ES256', use: 'sig' },
    cookieSecret: SECRET,
    app: { clientId: 'app', clientSecret: SECRET, redirectUri: 'https://gateway.example/login/callback' },
    cli: { clientId: 'cli' },
    audience: 'sallyport',
    machines: [{ secret: SECRET, username: 'agent', groups: ['ai-agents'] }],
  })
  server.on('request', createDemoProvider(settings))
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const keys = async () => createLocalJWKSet(await (await fetch(`${issuer}/jwks`)).json())

describe('the token for machines', () => {
  const post = (authorization: string, method = 'POST') =>
    fetch(`${issuer}/machine/token`, { method, headers: { authorization } })

  it('is an ID token of the identity whose secret was shown', async () => {
    const { id_token } = await (await post(`Bearer ${SECRET}`)).json()
    const { payload } = await jwtVerify(id_token, await keys(), { issuer, audience: 'sallyport' })
    expect(payload).toMatchObject({ sub: 'agent', groups: ['ai-agents'] })
  })
  it.each([
    ['another secret', `Bearer ${SECRET}x`, 'POST'],
    ['no secret', '', 'POST'],
    ['GET', `Bearer ${SECRET}`, 'GET'],
  ])('is not given for %s', async (_, authorization, method) => {
    expect((await post(authorization, method)).status).toBe(401)
  })
})

describe('a person’s login', () => {
  /** Goes through the login as a browser does; returns where it ends. */
  async function walk(parameters: Record<string, string>, account: string): Promise<{ url: URL; page: string }> {
    const jar = new Map<string, string>()
    let url = new URL(`${issuer}/auth?${new URLSearchParams(parameters)}`)
    let form: string | null = null
    let page = ''
    for (let step = 0; step < 8 && url.origin === issuer; step += 1) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = { cookie, ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) }
      const init: RequestInit = {
        headers,
        redirect: 'manual',
        ...(form === null ? {} : { method: 'POST', body: form }),
      }
      const answer = await fetch(url, init)
      for (const set of answer.headers.getSetCookie()) {
        const [pair = ''] = set.split(';')
        const at = pair.indexOf('=')
        jar.set(pair.slice(0, at), pair.slice(at + 1))
      }
      form = null
      const location = answer.headers.get('location')
      if (location !== null) url = new URL(location, url)
      else {
        page = await answer.text()
        const action = /action="([^"]+)"/.exec(page)?.[1]
        if (answer.status !== 200 || action === undefined) break
        url = new URL(action, url)
        form = new URLSearchParams({ account }).toString()
      }
    }
    return { url, page }
  }

  const verifier = randomBytes(32).toString('base64url')
  const request = (client: string, redirect: string) => ({
    client_id: client,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid profile groups',
    state: 'state',
    nonce: 'nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })

  it.each([
    ['alice', 'app', 'https://gateway.example/login/callback', ['sre']],
    ['bob', 'app', 'https://gateway.example/login/callback', ['viewers']],
    ['alice', 'cli', 'http://127.0.0.1:49999/callback', ['sre']],
  ])('gives %s at %s an ID token with groups', async (account, client, redirect, groups) => {
    const { url, page } = await walk(request(client, redirect), account)
    expect(page).toContain('asks for no password')
    expect(`${url.origin}${url.pathname}`).toBe(redirect)
    expect(url.searchParams.get('state')).toBe('state')
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code: url.searchParams.get('code') ?? '',
      redirect_uri: redirect,
      code_verifier: verifier,
      ...(client === 'cli' ? { client_id: client } : {}),
    })
    const headers: Record<string, string> = client === 'cli' ? {} : { authorization: `Basic ${btoa(`app:${SECRET}`)}` }
    const answer = await (await fetch(`${issuer}/token`, { method: 'POST', headers, body })).json()
    const { payload, protectedHeader } = await jwtVerify(answer.id_token, await keys(), { issuer, audience: client })
    expect(protectedHeader.alg).toBe('ES256')
    expect(payload).toMatchObject({ sub: account, groups, nonce: 'nonce' })
  })

  it('knows nobody else', async () => {
    const { url, page } = await walk(request('app', 'https://gateway.example/login/callback'), 'mallory')
    expect(url.origin).toBe(issuer)
    expect(page).toBe('There is no such person.\n')
  })

  it('demands PKCE', async () => {
    const { code_challenge, ...rest } = request('app', 'https://gateway.example/login/callback')
    expect(code_challenge).not.toBe('')
    const { url } = await walk(rest, 'alice')
    expect(url.searchParams.get('error')).toBe('invalid_request')
  })

  it('sends nobody to another address', async () => {
    const { url } = await walk(request('app', 'https://evil.example/login/callback'), 'alice')
    expect(url.origin).toBe(issuer)
  })
})
