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
