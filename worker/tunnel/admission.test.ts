import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Received } from '../context.ts'
import type { ConnectorRecord, OneTimeCode } from '../ports.ts'
import { connectionAsked, createAdmission } from './admission.ts'
import { createEnrolmentCode, type EnrolOptions, enrol } from './enrol.ts'
import { ManualClock } from './testing.ts'
import { TUNNEL_PROTOCOL } from './tunnel.ts'

const URL = 'https://gateway.example'
const INSTANCE = 'ab'.repeat(16)
let key: CryptoKey
let otherKey: CryptoKey
let record: ConnectorRecord
let clock: ManualClock
let jti = 0

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  key = pair.privateKey
  otherKey = (await generateKeyPair('EdDSA', { crv: 'Ed25519' })).privateKey
  const { x = '' } = await exportJWK(pair.publicKey)
  record = {
    id: 'node-1',
    publicKey: { kty: 'OKP', crv: 'Ed25519', x },
    connections: ['prod', 'staging'],
    createdAt: '2026-01-01T00:00:00.000Z',
  }
})
beforeEach(() => {
  clock = new ManualClock()
})

interface TokenOver {
  key?: CryptoKey | Uint8Array
  alg?: string
  typ?: string
  iss?: string
  sub?: string
  aud?: string
  iat?: number
  life?: number
  jti?: string | null
}

async function token(over: TokenOver = {}): Promise<string> {
  const iat = Math.floor(clock.now() / 1000) + (over.iat ?? 0)
  const jwt = new SignJWT({})
    .setProtectedHeader({ alg: over.alg ?? 'EdDSA', typ: over.typ ?? 'sallyport-connector+jwt' })
    .setIssuer(over.iss ?? 'node-1')
    .setSubject(over.sub ?? 'node-1')
    .setAudience(over.aud ?? URL)
    .setIssuedAt(iat)
    .setExpirationTime(iat + (over.life ?? 60))
  if (over.jti !== null) jwt.setJti(over.jti ?? `token-number-${String(++jti).padStart(8, '0')}`)
  return jwt.sign(over.key ?? key)
}

function dial(bearer: string | null, over: Partial<Received> = {}): Received {
  return {
    id: 'r',
    receivedAt: 0,
    method: 'GET',
    target: `/connect?connection=prod&instance=${INSTANCE}`,
    host: 'gateway.example',
    headers: bearer === null ? [] : [['authorization', `Bearer ${bearer}`]],
    body: null,
    upgrade: { kind: 'websocket', protocols: [TUNNEL_PROTOCOL] },
    remote: '',
    signal: new AbortController().signal,
    ...over,
  }
}

const admission = (known: ConnectorRecord = record) =>
  createAdmission({ store: { connector: (id) => Promise.resolve(id === known.id ? known : null) }, clock, url: URL })

test('an enrolled connector is let in to its connections', async () => {
  const admit = admission()
  for (const connection of ['prod', 'staging']) {
    const target = `/connect?connection=${connection}&instance=${INSTANCE}`
    expect(await admit(dial(await token(), { target }))).toEqual({
      ok: true,
      value: { connectorId: 'node-1', connection, instance: INSTANCE },
    })
  }
})

// threats.md, row 31
test('a connector of one connection cannot claim another', async () => {
  const target = `/connect?connection=other&instance=${INSTANCE}`
  expect(await admission()(dial(await token(), { target }))).toMatchObject({
    ok: false,
    refusal: { kind: 'forbidden' },
  })
})

test.each<[string, TokenOver]>([
  ['another key', { key: undefined as never }],
  ['another issuer', { iss: 'node-2' }],
  ['another subject', { sub: 'node-2' }],
  ['another audience', { aud: 'https://other.example' }],
  ['another kind of token', { typ: 'JWT' }],
  ['a life over 60 s', { life: 61 }],
  ['an end in the past', { iat: -100, life: 60 }],
  ['a beginning in the future', { iat: 60, life: 20 }],
  ['no jti', { jti: null }],
  ['a jti that is too short to be random', { jti: 'x' }],
  ['HS256 with the public key', { alg: 'HS256', key: new TextEncoder().encode('x'.repeat(43)) }],
])('a token with %s is refused', async (name, over) => {
  const used = name === 'another key' ? { key: otherKey } : over
  expect(await admission()(dial(await token(used)))).toMatchObject({ ok: false, refusal: { kind: 'unauthenticated' } })
})

test('a token without a signature is refused', async () => {
  const unsigned = (await token()).split('.').slice(0, 2).join('.')
  const none = `${btoa(JSON.stringify({ alg: 'none', typ: 'sallyport-connector+jwt' })).replaceAll('=', '')}.${unsigned.split('.')[1]}.`
  for (const bearer of [`${unsigned}.`, none, 'x', '']) {
    expect(await admission()(dial(bearer))).toMatchObject({ ok: false, refusal: { kind: 'unauthenticated' } })
  }
})

test('a token is taken once', async () => {
  const admit = admission()
  const bearer = await token()
  expect(await admit(dial(bearer))).toMatchObject({ ok: true })
  expect(await admit(dial(bearer))).toMatchObject({ ok: false, refusal: { kind: 'unauthenticated' } })
})

test('a revoked key is refused', async () => {
  const admit = admission({ ...record, revokedAt: '2026-02-01T00:00:00.000Z' })
  expect(await admit(dial(await token()))).toMatchObject({ ok: false, refusal: { kind: 'unauthenticated' } })
})

test('no token, or two, is refused', async () => {
  const admit = admission()
  const bearer = await token()
  expect(await admit(dial(null))).toMatchObject({ refusal: { kind: 'unauthenticated' } })
  const headers: [string, string][] = [
    ['authorization', `Bearer ${bearer}`],
    ['authorization', `Bearer ${bearer}`],
  ]
  expect(await admit(dial(bearer, { headers }))).toMatchObject({ refusal: { kind: 'unauthenticated' } })
})

test.each<[string, Partial<Received>]>([
  ['no upgrade', { upgrade: null }],
  ['another subprotocol', { upgrade: { kind: 'websocket', protocols: ['chat'] } }],
  ['SPDY', { upgrade: { kind: 'spdy', protocols: ['SPDY/3.1'] } }],
  ['POST', { method: 'POST' }],
  ['no connection', { target: `/connect?instance=${INSTANCE}` }],
  ['a connection twice', { target: `/connect?connection=prod&connection=other&instance=${INSTANCE}` }],
  ['a connection that is no DNS label', { target: `/connect?connection=..%2fx&instance=${INSTANCE}` }],
  ['no instance', { target: '/connect?connection=prod' }],
  ['another path', { target: `/connect/x?connection=prod&instance=${INSTANCE}` }],
])('a dial with %s is malformed', async (_name, over) => {
  const request = dial(await token(), over)
  expect(await admission()(request)).toMatchObject({ ok: false, refusal: { kind: 'malformed' } })
  expect(connectionAsked(request)).toBeNull()
})

describe('enrolment', () => {
  const codes = new Map<string, OneTimeCode>()
  let stored: ConnectorRecord[]
  let options: EnrolOptions
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }

  beforeEach(() => {
    codes.clear()
    stored = []
    let seed = 0
    options = {
      clock,
      random: (length) => new Uint8Array(length).fill(++seed),
      store: {
        putCode: async (hash, code) => void codes.set(hash, code),
        takeCode: async (hash, purpose, now) => {
          const code = codes.get(hash) ?? null
          codes.delete(hash)
          return code !== null && code.purpose === purpose && code.expiresAt > now ? code : null
        },
        connectors: async () => stored,
        putConnector: async (entry) => void stored.push(entry),
      },
    }
  })

  test('a code binds one key to its connections, once', async () => {
    const code = await createEnrolmentCode(options, ['prod'])
    const outcome = await enrol(options, { code, publicKey, name: 'node' })
    expect(outcome).toMatchObject({ ok: true, value: { connections: ['prod'] } })
    expect(stored).toMatchObject([{ publicKey, connections: ['prod'] }])
    const again = await enrol(options, { code, publicKey: { ...publicKey, x: 'B'.repeat(43) }, name: 'node' })
    expect(again).toMatchObject({ ok: false, refusal: { kind: 'unauthenticated' } })
    expect([...codes.keys()].join()).not.toContain(code)
  })

  test('an expired code is refused', async () => {
    const code = await createEnrolmentCode(options, ['prod'], 1_000)
    clock.pass(1_001)
    expect(await enrol(options, { code, publicKey, name: 'n' })).toMatchObject({ ok: false })
  })

  test('a key that is enrolled, revoked or not, is refused', async () => {
    stored.push({ ...record, publicKey: { kty: 'OKP', crv: 'Ed25519', x: publicKey.x }, revokedAt: 'x' })
    const code = await createEnrolmentCode(options, ['prod'])
    expect(await enrol(options, { code, publicKey, name: 'n' })).toMatchObject({ refusal: { kind: 'forbidden' } })
  })

  test.each([
    ['nothing', null],
    ['a private key', { publicKey: { ...publicKey, d: 'A'.repeat(43) } }],
    ['another curve', { publicKey: { ...publicKey, crv: 'X25519' } }],
    ['a key that is too short', { publicKey: { ...publicKey, x: 'A' } }],
    ['a name with a newline', { name: 'a\nb' }],
    ['a field more', { admin: true }],
  ])('%s is malformed, and costs no code', async (_name, over) => {
    const code = await createEnrolmentCode(options, ['prod'])
    const posted = over === null ? null : { code, publicKey, name: 'n', ...over }
    expect(await enrol(options, posted)).toMatchObject({ ok: false, refusal: { kind: 'malformed' } })
    expect(codes.size).toBe(1)
  })
})
