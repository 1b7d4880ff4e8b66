import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { PAGE_HEADERS } from './page.ts'
import { createDemoProvider } from './provider.ts'
import { type DemoOidcSettings, parseDemoOidcSettings } from './settings.ts'
import { MAX_WRONG_TRIES, WRONG_TRIES_WITHIN_MS } from './tries.ts'

const SECRET = 'a-secret-of-more-than-32-characters-x'
const CODE = '0a1b2-c3d4e'
let clock = 0
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
    loginCode: CODE,
    cookieSecret: SECRET,
    app: { clientId: 'app', clientSecret: SECRET, redirectUri: 'https://gateway.example/login/callback' },
    cli: { clientId: 'cli' },
    audience: 'sallyport',
    machines: [{ secret: SECRET, username: 'agent', groups: ['ai-agents'] }],
  })
  server.on(
    'request',
    createDemoProvider(settings, () => clock),
  )
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
  // Nobody's wrong tries count against the next test.
  beforeEach(() => {
    clock += WRONG_TRIES_WITHIN_MS
  })

  interface Walked {
    readonly url: URL
    readonly page: string
    /** Of the last answer. */
    readonly status: number
    readonly headers: Headers
  }

  /** Goes through the login as a browser does, a try for each code; returns where it ends, and the last page on the way. */
  async function walk(
    parameters: Record<string, string>,
    account: string,
    codes = [CODE],
    jar = new Map<string, string>(),
  ): Promise<Walked> {
    const left = [...codes]
    let status = 0
    let answered = new Headers()
    let url = new URL(`${issuer}/auth?${new URLSearchParams(parameters)}`)
    let form: string | null = null
    let page = ''
    for (let step = 0; step < 8 + codes.length && url.origin === issuer; step += 1) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = { cookie, ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) }
      const init: RequestInit = {
        headers,
        redirect: 'manual',
        ...(form === null ? {} : { method: 'POST', body: form }),
      }
      const answer = await fetch(url, init)
      status = answer.status
      answered = answer.headers
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
        const code = left.shift()
        if (action === undefined || code === undefined) break
        url = new URL(action, url)
        form = new URLSearchParams({ account, code }).toString()
      }
    }
    return { url, page, status, headers: answered }
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
    expect(page).toContain('Login code')
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

  const app = request('app', 'https://gateway.example/login/callback')
  const wrong = (count: number) => Array<string>(count).fill('00000-00000')

  it.each([
    ['another code', '0a1b2-c3d4f'],
    ['none', ''],
    ['only the beginning', '0a1b2'],
    ['the code and more', `${CODE}0`],
    ['the code of another script', '０a1b2-c3d4e'],
  ])('is not let in with %s, and told so', async (_, code) => {
    const { url, page, status, headers } = await walk(app, 'bob', [code])
    expect(url.origin).toBe(issuer)
    expect(status).toBe(403)
    expect(page).toContain('<p id="error" role="alert">This is not the login code.</p>')
    expect(page).toMatch(/value="bob" required checked/)
    expect(page).not.toContain(CODE)
    expect(headers.get('content-security-policy')).toBe(PAGE_HEADERS['content-security-policy'])
    expect(headers.get('location')).toBeNull()
  })

  it.each([
    ['in capitals', '0A1B2-C3D4E'],
    ['without its hyphen', '0a1b2c3d4e'],
    ['with spaces around', ` ${CODE}\n`],
  ])('takes the code %s', async (_, code) => {
    expect((await walk(app, 'alice', [code])).url.origin).toBe('https://gateway.example')
  })

  it('lets a person try again on the same page', async () => {
    const { url } = await walk(app, 'alice', [...wrong(MAX_WRONG_TRIES - 1), CODE])
    expect(url.origin).toBe('https://gateway.example')
  })

  it('makes everybody wait after some wrong tries, those with the right code too', async () => {
    const last = await walk(app, 'alice', wrong(MAX_WRONG_TRIES))
    expect(last.page).toContain('Wait 60 seconds, then try again.')
    clock += WRONG_TRIES_WITHIN_MS - 1
    const early = await walk(app, 'alice')
    expect(early.url.origin).toBe(issuer)
    expect(early.status).toBe(429)
    expect(early.page).toContain('Too many wrong login codes. Wait 1 second, then try again.')
    clock += 1
    expect((await walk(app, 'alice')).url.origin).toBe('https://gateway.example')
  })

  it('counts tries of different logins together', async () => {
    for (const code of wrong(MAX_WRONG_TRIES)) await walk(app, 'bob', [code])
    expect((await walk(app, 'alice')).status).toBe(429)
  })

  const commandLine = request('cli', 'http://127.0.0.1:49999/callback')

  // Else a link that an agent shows a person would bring it their login at the port it listens on.
  it('asks for the code before each login of the command line, in a browser that is logged in too', async () => {
    const jar = new Map<string, string>()
    expect((await walk(app, 'alice', [CODE], jar)).url.origin).toBe('https://gateway.example')
    expect((await walk(app, 'alice', [], jar)).url.origin).toBe('https://gateway.example')
    for (const parameters of [commandLine, { ...commandLine, scope: 'openid' }]) {
      const asked = await walk(parameters, 'alice', [], jar)
      expect(asked.url.origin).toBe(issuer)
      expect(asked.page).toContain('Login code')
      const silent = await walk({ ...parameters, prompt: 'none' }, 'alice', [], jar)
      expect(silent.url.searchParams.get('code')).toBeNull()
      const { url } = await walk(parameters, 'alice', [CODE], jar)
      expect(url.searchParams.get('code')).not.toBeNull()
    }
  })

  it('tells a login of the command line from one of the app', async () => {
    const warning = 'Go on only if you have just started it yourself'
    expect((await walk(app, 'alice', [])).page).not.toContain(warning)
    expect((await walk(commandLine, 'alice', [])).page).toContain(warning)
    expect((await walk(commandLine, 'alice', wrong(1))).page).toContain(warning)
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
