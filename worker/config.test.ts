import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'

const GOOD = {
  url: 'https://gateway.example.com',
  signingKey: { kty: 'OKP', crv: 'Ed25519', x: 'public-part', d: 'private-part', kid: 'k' },
  database: { url: 'file:sallyport.db' },
}

describe('parseConfig', () => {
  it('fills in what is left out', () => {
    expect(parseConfig(GOOD)).toMatchObject({ issuers: [], denyPackExcept: [], limits: {}, roles: {} })
    expect(parseConfig(GOOD)).toMatchObject({ notices: [], holds: {} })
  })

  it.each<[string, unknown, string]>([
    ['a key nobody knows', { ...GOOD, isuers: [] }, 'isuers'],
    ['a URL with a trailing slash', { ...GOOD, url: 'https://gateway.example.com/' }, 'url'],
    [
      'a short encryption key',
      { ...GOOD, database: { url: 'file:x', encryptionKey: 'short' } },
      'database.encryptionKey',
    ],
    [
      'an issuer without an audience',
      { ...GOOD, issuers: [{ url: 'https://i.example', audiences: [] }] },
      'issuers.0.audiences',
    ],
    ['a key of another kind', { ...GOOD, signingKey: { ...GOOD.signingKey, crv: 'P-256' } }, 'signingKey.crv'],
    ['no object at all', 'gateway', '(document)'],
  ])('refuses %s and names it', (_name, document, path) => {
    expect(() => parseConfig(document)).toThrow(path)
  })

  it('never prints a key', () => {
    const bad = { ...GOOD, signingKey: { ...GOOD.signingKey, kty: 'RSA' }, surplus: true }
    let text = ''
    try {
      parseConfig(bad)
    } catch (error) {
      text = String(error)
    }
    expect(text).toContain('signingKey.kty')
    expect(text).not.toContain('private-part')
  })
})

const SLACK = { name: 'sre', kind: 'slack', url: 'https://hooks.example/T0/B0/secret-part' }
const secretOf = (bytes: number) => `whsec_${btoa('s'.repeat(bytes))}`
const HOOK = { name: 'pager', kind: 'webhook', url: 'https://pager.example/in', secret: secretOf(24) }

describe('channels for notices', () => {
  it.each<[string, unknown]>([
    ['a Slack and a Teams webhook', [SLACK, { ...SLACK, name: 'ops', kind: 'teams' }]],
    ['a secret of 24 bytes', [HOOK]],
    ['a secret of 64 bytes', [{ ...HOOK, secret: secretOf(64) }]],
    ['http to 127.0.0.1', [{ ...SLACK, url: 'http://127.0.0.1:9000/x' }]],
    ['http to localhost', [{ ...SLACK, url: 'http://localhost:9000/x' }]],
    ['http to ::1', [{ ...SLACK, url: 'http://[::1]:9000/x' }]],
  ])('may be %s', (_name, notices) => {
    expect(parseConfig({ ...GOOD, notices }).notices).toEqual(notices)
  })

  it.each<[string, unknown, string]>([
    ['http to another host', [{ ...SLACK, url: 'http://hooks.example/secret-part' }], 'notices.0.url'],
    [
      'http to a name that begins like loopback',
      [{ ...SLACK, url: 'http://127.0.0.1.evil.example/' }],
      'notices.0.url',
    ],
    ['a file', [{ ...SLACK, url: 'file:///secret-part' }], 'notices.0.url'],
    ['a password in the URL', [{ ...SLACK, url: 'https://u:secret-part@hooks.example/' }], 'notices.0.url'],
    ['no URL', [{ ...SLACK, url: 'secret-part' }], 'notices.0.url'],
    ['another kind', [{ ...SLACK, kind: 'mail' }], 'notices.0.kind'],
    ['a secret for Slack', [{ ...SLACK, secret: secretOf(24) }], 'notices.0.secret'],
    ['a webhook without a secret', [{ ...HOOK, secret: undefined }], 'notices.0.secret'],
    ['a secret of 23 bytes', [{ ...HOOK, secret: secretOf(23) }], 'notices.0.secret'],
    ['a secret of 65 bytes', [{ ...HOOK, secret: secretOf(65) }], 'notices.0.secret'],
    ['a secret without its prefix', [{ ...HOOK, secret: btoa('s'.repeat(24)) }], 'notices.0.secret'],
    ['a secret that is not base64', [{ ...HOOK, secret: 'whsec_secret-part' }], 'notices.0.secret'],
    ['a name that is no DNS label', [{ ...SLACK, name: 'SRE channel' }], 'notices.0.name'],
    ['one name twice', [SLACK, SLACK], 'notices: expected names that differ'],
    ['21 of them', Array.from({ length: 21 }, (_, at) => ({ ...SLACK, name: `c${at}` })), 'notices'],
  ])('may not be %s, and the refusal prints no value', (_name, notices, path) => {
    let text = ''
    try {
      parseConfig({ ...GOOD, notices })
    } catch (error) {
      text = String(error)
    }
    expect(text).toContain(path)
    expect(text).not.toMatch(/secret-part|whsec_[A-Za-z0-9]|c3Nzc3Nz/)
  })
})

it.each([
  [999, false],
  [1000, true],
  [300_000, true],
  [300_001, false],
  [1000.5, false],
])('holds.pollMs of %d is taken: %s', (pollMs, taken) => {
  const parse = () => parseConfig({ ...GOOD, holds: { pollMs } })
  if (taken) expect(parse().holds).toEqual({ pollMs })
  else expect(parse).toThrow('holds.pollMs')
})
