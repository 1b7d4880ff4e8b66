import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { type GatewayConfig, parseConfig } from '../config.ts'
import type { Classified } from '../context.ts'
import type { Clock } from '../ports.ts'
import { createAuthenticator } from './authenticator.ts'
import { exchangeToken } from './exchange.ts'
import { apiAudience, connectionAudience, issueGatewayToken } from './gatewaytoken.ts'

const URL_ = 'https://gateway.example.com'
const IDP = 'https://idp.example.com'
const NOW_S = 1_800_000_000
const AUDIENCE = connectionAudience(URL_, 'prod')

let rsa: CryptoKeyPair
let other: CryptoKeyPair
let signingKey: GatewayConfig['signingKey']
let jwks: { keys: JWK[] }
let pem: string

beforeAll(async () => {
  rsa = await generateKeyPair('RS256')
  other = await generateKeyPair('RS256')
  const own = await generateKeyPair('EdDSA', { extractable: true })
  const { x = '', d = '' } = await exportJWK(own.privateKey)
  signingKey = { kty: 'OKP', crv: 'Ed25519', x, d, kid: 'own' }
  jwks = { keys: [{ ...(await exportJWK(rsa.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] }
  pem = await exportSPKI(rsa.publicKey)
})

type IssuerInput = Record<string, unknown>

function setUp(issuers: IssuerInput[] = [{}]) {
  let now = NOW_S * 1000
  const clock: Clock = { now: () => now, after: () => () => {} }
  const fetched: string[] = []
  const state = { fails: false, jwks }
  const documents = (url: string): unknown => {
    if (url.endsWith('/.well-known/openid-configuration')) {
      return { issuer: url.slice(0, -'/.well-known/openid-configuration'.length), jwks_uri: `${IDP}/keys` }
    }
    return state.jwks
  }
  const fetch = async (url: string) => {
    fetched.push(url)
    if (state.fails) throw new Error('down')
    return Response.json(documents(url))
  }
  const config = parseConfig({
    url: URL_,
    signingKey,
    database: { url: 'file:x' },
    issuers: issuers.map((issuer) => ({
      url: IDP,
      audiences: ['sallyport'],
      claimMappings: { username: { claim: 'sub' }, groups: { claim: 'groups' } },
      ...issuer,
    })),
  })
  const authenticator = createAuthenticator({ config, clock, fetch })
  const advance = (ms: number) => {
    now += ms
  }
  return { config, clock, fetched, state, authenticator, advance }
}

const CLAIMS = { iss: IDP, aud: 'sallyport', sub: 'alice', groups: ['ai-agents'], exp: NOW_S + 600 }
function sign(claims: JWTPayload = {}, header: Record<string, unknown> = {}, key: CryptoKey = rsa.privateKey) {
  return new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(key)
}
function classified(authorization?: string): Classified {
  return {
    id: 'x',
    receivedAt: 0,
    method: 'GET',
    target: '/clusters/prod/version',
    host: 'gateway.example.com',
    headers:
      authorization === undefined
        ? [['accept', '*/*']]
        : [
            ['accept', '*/*'],
            ['authorization', authorization],
          ],
    body: null,
    upgrade: null,
    remote: '',
    signal: new AbortController().signal,
    connection: 'prod',
    info: {
      isResourceRequest: false,
      path: '/version',
      query: '',
      verb: 'get',
      apiPrefix: '',
      apiGroup: '',
      apiVersion: '',
      namespace: '',
      resource: '',
      subresource: '',
      name: '',
      parts: ['version'],
      streaming: false,
      dryRun: false,
    },
    bodyFormat: 'none',
    accept: { upstream: '*/*' },
    client: { userAgent: '', command: '', session: '' },
  }
}

describe('a request', () => {
  test('with a token has an identity, and the token is gone', async () => {
    const outcome = await setUp().authenticator.authenticate(classified(`Bearer ${await sign()}`))
    if (!outcome.ok) throw new Error(outcome.refusal.message)
    expect(outcome.value.identity).toEqual({
      user: { username: 'alice', uid: '', groups: ['ai-agents'], extra: {} },
      issuer: IDP,
      expiresAt: NOW_S + 600,
    })
    expect(outcome.value.headers).toEqual([['accept', '*/*']])
  })
  test.each([
    ['without a token', undefined, 'no token was sent'],
    ['with a password', 'Basic YTpi', 'only bearer tokens'],
    ['with an empty token', 'Bearer ', 'only bearer tokens'],
    ['with two words', 'Bearer a b', 'only bearer tokens'],
    ['with a token that is no JWT', 'Bearer abc', 'is not a JWT'],
    ['with a token that is too long', `Bearer ${'a'.repeat(40_000)}`, 'too long'],
  ])('%s is refused', async (_name, authorization, message) => {
    const outcome = await setUp().authenticator.authenticate(classified(authorization))
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { kind: 'unauthenticated', message: expect.stringContaining(message) },
    })
  })
})

describe('a token is refused', () => {
  test.each<[string, () => Promise<string> | string]>([
    ['alg none', () => new UnsecuredJWT(CLAIMS).encode()],
    [
      'HS256 with the public key',
      () => new SignJWT(CLAIMS).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(new TextEncoder().encode(pem)),
    ],
    ['another audience', () => sign({ aud: 'other' })],
    ['no audience', () => sign({ aud: undefined as unknown as string })],
    ['another issuer', () => sign({ iss: 'https://evil.example.com' })],
    ['an issuer with a slash more', () => sign({ iss: `${IDP}/` })],
    ['an issuer that is no string', () => sign({ iss: [IDP] as unknown as string })],
    ['expired', () => sign({ exp: NOW_S - 6 })],
    ['no exp', () => sign({ exp: undefined as unknown as number })],
    ['not valid yet', () => sign({ nbf: NOW_S + 6 })],
    ['another key with the same id', () => sign({}, {}, other.privateKey)],
    ['an unknown kid', () => sign({}, { kid: 'k2' }, other.privateKey)],
    ['a kid that is a URL', () => sign({}, { kid: 'http://169.254.169.254/keys' }, other.privateKey)],
    ['jku', () => sign({}, { kid: 'k2', jku: 'https://evil.example.com/keys' }, other.privateKey)],
    ['an embedded key', async () => sign({}, { kid: 'k2', jwk: await exportJWK(other.publicKey) }, other.privateKey)],
    [
      'a changed payload',
      async () => {
        const [head, , signature] = (await sign()).split('.')
        return `${head}.${btoa(JSON.stringify({ ...CLAIMS, sub: 'root' })).replaceAll('=', '')}.${signature}`
      },
    ],
    ['no user name', () => sign({ sub: undefined as unknown as string })],
    ['an empty user name', () => sign({ sub: '' })],
    ['a user name that is no string', () => sign({ sub: 7 as unknown as string })],
    ['a user name with a line break', () => sign({ sub: 'a\r\nImpersonate-Group: system:masters' })],
    ['a reserved user name', () => sign({ sub: 'system:admin' })],
    ['a reserved group', () => sign({ groups: ['ai-agents', 'system:masters'] })],
    ['a group that is reserved once a header has lost its spaces', () => sign({ groups: [' system:masters'] })],
    ['a user name that is another once a header has lost its spaces', () => sign({ sub: 'somebody ' })],
    ['a user name that is another in UTF-8', () => sign({ sub: 'some\ud800body' })],
    ['groups that are no strings', () => sign({ groups: [1] })],
    ['groups that are an object', () => sign({ groups: { a: 1 } })],
    ['too many groups', () => sign({ groups: Array.from({ length: 1001 }, (_, index) => `g${index}`) })],
  ])('%s', async (_name, make) => {
    const { authenticator, fetched } = setUp()
    const outcome = await authenticator.verifyToken(await make(), { audience: AUDIENCE })
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'unauthenticated' } })
    expect(fetched.every((url) => url.startsWith(`${IDP}/`))).toBe(true)
  })
  test('the clock may differ by 5 s', async () => {
    const { authenticator } = setUp()
    const late = await authenticator.verifyToken(await sign({ exp: NOW_S - 4 }), { audience: AUDIENCE })
    const early = await authenticator.verifyToken(await sign({ nbf: NOW_S + 5 }), { audience: AUDIENCE })
    expect([late.ok, early.ok]).toEqual([true, true])
  })
})

describe('claims are mapped', () => {
  test.each<[string, IssuerInput, JWTPayload, object]>([
    [
      'with prefixes',
      { username: { claim: 'sub', prefix: 'idp:' }, groups: { claim: 'groups', prefix: 'idp:' } },
      {},
      { username: 'idp:alice', groups: ['idp:ai-agents'] },
    ],
    ['one group as a string', { groups: { claim: 'role' } }, { role: 'dev' }, { groups: ['dev'] }],
    ['no groups', { groups: { claim: 'none' } }, {}, { groups: [] }],
    ['groups twice', { groups: { claim: 'groups' } }, { groups: ['a', 'a'] }, { groups: ['a'] }],
    ['uid', { uid: { claim: 'oid' } }, { oid: 'u-1' }, { uid: 'u-1' }],
    [
      'extra',
      {
        extra: [
          { key: 'example.com/team', claim: 'team' },
          { key: 'example.com/none', claim: 'x' },
        ],
      },
      { team: ['a', 'b'] },
      { extra: { 'example.com/team': ['a', 'b'] } },
    ],
    [
      'a verified e-mail address',
      { username: { claim: 'email' } },
      { email: 'a@example.com', email_verified: true },
      { username: 'a@example.com' },
    ],
    [
      'a reserved name that a prefix maps away',
      { username: { claim: 'sub', prefix: 'other:' } },
      { sub: 'system:serviceaccount:d:s' },
      { username: 'other:system:serviceaccount:d:s' },
    ],
  ])('%s', async (_name, claimMappings, claims, user) => {
    const { authenticator } = setUp([{ claimMappings }])
    const outcome = await authenticator.verifyToken(await sign(claims), { audience: AUDIENCE })
    expect(outcome).toMatchObject({ ok: true, value: { user } })
  })
  test.each<[string, IssuerInput, JWTPayload]>([
    [
      'an e-mail address that is not verified',
      { claimMappings: { username: { claim: 'email' } } },
      { email: 'a@example.com', email_verified: false },
    ],
    ['a claim of every object', { claimMappings: { username: { claim: 'constructor' } } }, {}],
    [
      'a rule that does not hold',
      { claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }] },
      { hd: 'evil.com' },
    ],
    ['a rule on a missing claim', { claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }] }, {}],
  ])('refused: %s', async (_name, issuer, claims) => {
    const { authenticator } = setUp([issuer])
    expect((await authenticator.verifyToken(await sign(claims), { audience: AUDIENCE })).ok).toBe(false)
  })
  test.each<[string, IssuerInput[], string]>([
    ['the gateway itself', [{ url: URL_ }], 'configured twice'],
    ['one issuer twice', [{}, {}], 'configured twice'],
    ['an extra key without a domain', [{ claimMappings: { extra: [{ key: 'team', claim: 'x' }] } }], 'extra key'],
    [
      'an extra key of Kubernetes',
      [{ claimMappings: { extra: [{ key: 'authentication.kubernetes.io/pod-name', claim: 'x' }] } }],
      'belong to Kubernetes',
    ],
  ])('not configurable: %s', (_name, issuers, message) => {
    expect(() => setUp(issuers)).toThrow(message)
  })
})

describe('an issuer’s keys', () => {
  const verify = async (made: ReturnType<typeof setUp>, header: Record<string, unknown> = {}, key?: CryptoKey) =>
    made.authenticator.verifyToken(await sign({ jti: crypto.randomUUID() }, header, key), { audience: AUDIENCE })

  test('are fetched once for requests that come together', async () => {
    const made = setUp()
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => verify(made)))
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    expect(made.fetched).toEqual([`${IDP}/.well-known/openid-configuration`, `${IDP}/keys`])
  })
  test('need no discovery when jwksUri is configured', async () => {
    const made = setUp([{ jwksUri: `${IDP}/jwks` }])
    expect((await verify(made)).ok).toBe(true)
    expect(made.fetched).toEqual([`${IDP}/jwks`])
  })
  test('are not fetched for an unknown issuer', async () => {
    const made = setUp()
    await made.authenticator.verifyToken(await sign({ iss: 'https://evil.example.com' }), { audience: AUDIENCE })
    expect(made.fetched).toEqual([])
  })
  test('are fetched at most once more for 100 unknown kids in a minute', async () => {
    const made = setUp()
    await verify(made)
    made.advance(60_000)
    made.fetched.length = 0
    for (let index = 0; index < 100; index += 1) {
      expect((await verify(made, { kid: `no-${index}` }, other.privateKey)).ok).toBe(false)
    }
    expect(made.fetched).toEqual([`${IDP}/keys`])
  })
  test('are not fetched again at all within a minute of the last fetch', async () => {
    const made = setUp()
    await verify(made)
    made.fetched.length = 0
    await Promise.all(Array.from({ length: 100 }, (_, index) => verify(made, { kid: `no-${index}` }, other.privateKey)))
    expect(made.fetched).toEqual([])
  })
  test('that are new are found after a minute', async () => {
    const made = setUp()
    await verify(made)
    made.state.jwks = { keys: [...jwks.keys, { ...(await exportJWK(other.publicKey)), kid: 'k2', alg: 'RS256' }] }
    expect((await verify(made, { kid: 'k2' }, other.privateKey)).ok).toBe(false)
    made.advance(60_000)
    expect((await verify(made, { kid: 'k2' }, other.privateKey)).ok).toBe(true)
  })
  test('that are withdrawn end after ten minutes', async () => {
    const made = setUp()
    await verify(made)
    made.state.jwks = { keys: [] }
    made.advance(10 * 60_000)
    const outcome = await made.authenticator.verifyToken(await sign({ exp: NOW_S + 3600 }), { audience: AUDIENCE })
    expect(outcome.ok).toBe(false)
  })
  test('are kept for an hour while the issuer is down, and no longer', async () => {
    const made = setUp()
    await verify(made)
    made.state.fails = true
    const token = await sign({ exp: NOW_S + 7200 })
    made.advance(60 * 60_000)
    expect((await made.authenticator.verifyToken(token, { audience: AUDIENCE })).ok).toBe(true)
    made.advance(10_001)
    expect(await made.authenticator.verifyToken(token, { audience: AUDIENCE })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('cannot be fetched') },
    })
  })
  test('are asked for again soon when the first fetch failed', async () => {
    const made = setUp()
    made.state.fails = true
    expect((await verify(made)).ok).toBe(false)
    expect((await verify(made)).ok).toBe(false)
    expect(made.fetched).toHaveLength(1)
    made.state.fails = false
    made.advance(5_000)
    expect((await verify(made)).ok).toBe(true)
  })
  test('without ids are tried one after the other', async () => {
    const made = setUp()
    const strip = ({ kid: _kid, alg: _alg, use: _use, ...key }: JWK): JWK => key
    made.state.jwks = { keys: [strip(await exportJWK(other.publicKey)), ...jwks.keys.map(strip)] }
    expect((await verify(made, { kid: undefined })).ok).toBe(true)
  })
  test('that are symmetric are no keys', async () => {
    const made = setUp()
    made.state.jwks = { keys: [{ kty: 'oct', k: 'AAAA', kid: 'k1' }] }
    expect((await verify(made)).ok).toBe(false)
  })
  test('are not taken from a discovery document of another issuer', async () => {
    const config = setUp().config
    const fetch = async (url: string) =>
      Response.json(
        url.endsWith('configuration') ? { issuer: 'https://evil.example.com', jwks_uri: `${IDP}/keys` } : jwks,
      )
    const clock: Clock = { now: () => NOW_S * 1000, after: () => () => {} }
    const authenticator = createAuthenticator({ config, clock, fetch })
    expect((await authenticator.verifyToken(await sign(), { audience: AUDIENCE })).ok).toBe(false)
  })
  test('are not read past a megabyte', async () => {
    const made = setUp()
    made.state.jwks = { keys: [...jwks.keys, { kty: 'RSA', n: 'a'.repeat(1024 * 1024) }] }
    expect((await verify(made)).ok).toBe(false)
  })
})

describe('a verified token', () => {
  test('is believed for 10 s without another look', async () => {
    const made = setUp()
    const token = await sign()
    await made.authenticator.verifyToken(token, { audience: AUDIENCE })
    made.state.jwks = { keys: [] }
    made.advance(9_999)
    expect((await made.authenticator.verifyToken(token, { audience: AUDIENCE })).ok).toBe(true)
  })
  test('is not believed past its end', async () => {
    const made = setUp()
    const token = await sign({ exp: NOW_S + 1 })
    expect((await made.authenticator.verifyToken(token, { audience: AUDIENCE })).ok).toBe(true)
    made.advance(7_000)
    expect((await made.authenticator.verifyToken(token, { audience: AUDIENCE })).ok).toBe(false)
  })
})

describe('a token of this gateway', () => {
  const user = { username: 'alice', uid: 'u', groups: ['ai-agents'], extra: { 'example.com/team': ['a'] } }
  const grant = { user, issuer: IDP, audience: AUDIENCE, expiresAt: NOW_S + 900, session: 's', purpose: 'look' }

  test('gives its identity back, and nothing is fetched', async () => {
    const made = setUp()
    const token = await issueGatewayToken(made.config, grant, made.clock)
    expect(await made.authenticator.verifyToken(token, { audience: AUDIENCE })).toEqual({
      ok: true,
      value: { user, issuer: IDP, expiresAt: NOW_S + 900, session: 's', purpose: 'look' },
    })
    expect(made.fetched).toEqual([])
  })
  test.each([
    ['for another connection', connectionAudience(URL_, 'dev')],
    ['for the API', apiAudience(URL_)],
    ['for a connection whose name is longer', connectionAudience(URL_, 'produce')],
  ])('is refused %s, even just after it was accepted', async (_name, audience) => {
    const made = setUp()
    const token = await issueGatewayToken(made.config, grant, made.clock)
    await made.authenticator.verifyToken(token, { audience: AUDIENCE })
    expect(await made.authenticator.verifyToken(token, { audience })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('another audience') },
    })
  })
  test('is refused when an issuer signs in the gateway’s name', async () => {
    const made = setUp()
    const token = await sign({ iss: URL_, aud: AUDIENCE, idp: IDP }, { typ: 'at+jwt' })
    expect((await made.authenticator.verifyToken(token, { audience: AUDIENCE })).ok).toBe(false)
  })
})

describe('token exchange', () => {
  const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const TYPE = 'urn:ietf:params:oauth:token-type:'
  const SESSION = '7f9c24e8-3b12-4fef-91e0-8b3f1a5d2c11'

  async function exchange(made: ReturnType<typeof setUp>, fields: Record<string, string | undefined>) {
    const form = new URLSearchParams()
    const defaults = {
      grant_type: GRANT,
      subject_token: await sign({ exp: NOW_S + 3600 }),
      subject_token_type: `${TYPE}id_token`,
      audience: 'prod',
    }
    for (const [name, value] of Object.entries({ ...defaults, ...fields }))
      if (value !== undefined) form.append(name, value)
    return exchangeToken(form, { ...made, uuid: () => SESSION })
  }

  test.each([
    ['a connection’s name', { audience: 'prod' }],
    ['a connection’s URL', { audience: `${URL_}/clusters/prod` }],
    ['a connection’s URL as resource', { audience: undefined, resource: `${URL_}/clusters/prod` }],
  ])('gives a token for %s', async (_name, fields) => {
    const made = setUp()
    const reply = await exchange(made, { ...fields, purpose: 'find the bug' })
    expect(reply).toMatchObject({
      status: 200,
      body: { issued_token_type: `${TYPE}access_token`, token_type: 'Bearer', expires_in: 900, session: SESSION },
    })
    const outcome = await made.authenticator.verifyToken(String(reply.body.access_token), { audience: AUDIENCE })
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        user: { username: 'alice', groups: ['ai-agents'] },
        issuer: IDP,
        expiresAt: NOW_S + 900,
        session: SESSION,
        purpose: 'find the bug',
      },
    })
  })
  test('gives a token that ends no later than the subject’s', async () => {
    const reply = await exchange(setUp(), { subject_token: await sign({ exp: NOW_S + 60 }) })
    expect(reply.body.expires_in).toBe(60)
  })

  test.each<[string, Record<string, string | undefined>, string]>([
    ['no grant type', { grant_type: undefined }, 'unsupported_grant_type'],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no subject token', { subject_token: undefined }, 'invalid_request'],
    ['a subject token that is none', { subject_token: 'x' }, 'invalid_request'],
    ['no subject token type', { subject_token_type: undefined }, 'invalid_request'],
    ['SAML', { subject_token_type: `${TYPE}saml2` }, 'invalid_request'],
    ['a refresh token asked for', { requested_token_type: `${TYPE}refresh_token` }, 'invalid_request'],
    ['an actor', { actor_token: 'x' }, 'invalid_request'],
    ['no audience', { audience: undefined }, 'invalid_target'],
    ['audience and resource', { resource: 'prod' }, 'invalid_target'],
    ['another gateway', { audience: 'https://evil.example.com/clusters/prod' }, 'invalid_target'],
    ['a path behind the connection', { audience: `${URL_}/clusters/prod/api` }, 'invalid_target'],
    ['a purpose of two lines', { purpose: 'a\nb' }, 'invalid_request'],
    ['a purpose that is too long', { purpose: 'a'.repeat(501) }, 'invalid_request'],
    ['a session id without proof', { session: SESSION }, 'invalid_request'],
    ['a session proof that is none', { session_token: 'x' }, 'invalid_request'],
  ])('refuses %s', async (_name, fields, code) => {
    expect(await exchange(setUp(), fields)).toMatchObject({ status: 400, body: { error: code } })
  })
  test('refuses an expired subject token even within the tolerance', async () => {
    const reply = await exchange(setUp(), { subject_token: await sign({ exp: NOW_S - 1 }) })
    expect(reply.body.error).toBe('invalid_request')
  })
  test('refuses a parameter given twice', async () => {
    const made = setUp()
    const form = new URLSearchParams([
      ['grant_type', GRANT],
      ['audience', 'a'],
      ['audience', 'b'],
    ])
    expect((await exchangeToken(form, { ...made, uuid: () => SESSION })).body.error).toBe('invalid_request')
  })
  test('does not turn a token for one connection into one for another', async () => {
    const made = setUp()
    const first = await exchange(made, {})
    const token = String(first.body.access_token)
    expect((await exchange(made, { subject_token: token, audience: 'dev' })).status).toBe(400)
    expect((await exchange(made, { subject_token: token, audience: `${URL_}/api` })).status).toBe(400)
  })

  describe('continues a session', () => {
    const NEW = '00000000-0000-4000-8000-000000000000'
    async function again(over: { sub?: string; audience?: string; session?: string; after?: number }) {
      const made = setUp()
      const first = await exchange(made, {})
      made.advance((over.after ?? 0) * 1000)
      const form = new URLSearchParams({
        grant_type: GRANT,
        subject_token: await sign({ sub: over.sub ?? 'alice', exp: NOW_S + 200_000 }),
        subject_token_type: `${TYPE}id_token`,
        audience: over.audience ?? 'prod',
        session_token: String(first.body.access_token),
        ...(over.session === undefined ? {} : { session: over.session }),
      })
      return exchangeToken(form, { ...made, uuid: () => NEW })
    }
    test.each([
      ['by the earlier token', {}],
      ['by the earlier token and its session id', { session: SESSION }],
      ['by an earlier token that has ended', { after: 3600 }],
    ])('%s', async (_name, over) => {
      expect((await again(over)).body.session).toBe(SESSION)
    })
    test.each([
      ['of another user', { sub: 'eve' }],
      ['on another connection', { audience: 'dev' }],
      ['under another id', { session: NEW }],
      ['that ended more than a day ago', { after: 900 + 24 * 3600 + 1 }],
    ])('not %s', async (_name, over) => {
      expect(await again(over)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    })
  })
})
