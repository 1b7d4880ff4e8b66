import { describe, expect, it } from 'vitest'
import { MaskError } from '../scanner.ts'
import { base64, seeded } from '../testing.ts'
import { createBudget } from './budget.ts'
import { saysSecret, searchable } from './values/searchable.ts'
import { createKnownValues, MAX_VALUES, MAX_VALUES_BYTES } from './values.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const budget = () => createBudget(100_000_000)
const hex = (text: string): string =>
  [...encoder.encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** What of a text is found, as it stands there. */
function found(text: string, noted: readonly (readonly [value: string, name: string])[]): readonly string[] {
  const values = createKnownValues()
  for (const [value, name] of noted) values.note(encoder.encode(value), name)
  const bytes = encoder.encode(text)
  const hits = values.search(bytes, true, budget()).hits
  if (hits.length > 0) expect(values.suspect(bytes, 0, bytes.length)).toBe(true)
  return hits.map(({ start, end }) => decoder.decode(bytes.subarray(start, end)))
}

describe('which values are searched for', () => {
  it.each([
    ['hunter2!', 'password', true],
    ['hunter2!', 'whatever', true],
    ['s3cr3t-pw', 'password', true],
    ['s3cr3t-pw', 'data', true],
    ['horsebattery', 'password', true],
    ['horses', 'password', true],
    ['Summer2024', 'db_password', true],
    ['93847561', 'pin', true],
    ['correct horse battery staple', 'passphrase', true],
    ['9f86d081884c7d659a2feaa0c55ad015', 'config', true],
    ['postgres://app:pw@db.internal/shop', 'url', true],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'tls.key', true],
    ['MZ1yGvKTjE0rY0cV8i47CjAa.uRHQPq.Xb1Mk2nEhe-4iUcrGOuegj57zMC', 'config', true],
    ['backup-pass', 'backup_pass', false],
    ['deploypin', 'deploy.pin', false],
    ['horse', 'password', false],
    ['postgres', 'username', false],
    ['postgres', 'password', false],
    ['password', 'password', false],
    ['admin', 'username', false],
    ['administrator', 'token', false],
    ['true', 'enabled', false],
    ['5432', 'port', false],
    ['1700000000', 'created', false],
    ['2026-11-21T10:00:00Z', 'token-expiry', false],
    ['10.0.14.3', 'host', false],
    ['db.internal', 'host', false],
    ['db.internal', 'password', false],
    ['db.shop.svc.cluster.local:5432', 'config', false],
    ['https://vault.example.com/v1', 'endpoint', false],
    ['shop-backend', 'app', false],
    ['web-1', 'config', false],
    ['v1.28.3', 'config', false],
    ['ap-northeast-1', 'region', false],
    ['/var/run/secrets/token', 'token-path', false],
    ['someone@example.com', 'email', false],
    ['aaaaaaaa', 'password', false],
    ['shop_app_rw', 'username', false],
    ['-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----', 'ca.crt', false],
    ['-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----', 'tls.crt', false],
    ['kubernetes.io/service-account-token', 'type', false],
    ['the quick brown fox', 'description', false],
  ])('%s under %s: %s', (value, name, yes) => {
    expect(searchable(encoder.encode(value), name)).toBe(yes)
  })

  it.each([
    ['password', true],
    ['DB_PASSWD', true],
    ['api-key', true],
    ['client_secret', true],
    ['.dockerconfigjson', false],
    ['username', false],
    ['keyspace', false],
    ['keyword', false],
    ['passive', false],
  ])('the name %s says secret: %s', (name, yes) => {
    expect(saysSecret(name)).toBe(yes)
  })
})

describe('where values are found', () => {
  const value = 's3cr3t-pw/?>~'
  it.each([
    ['plain', `a ${value} b`],
    ['inside a word', `xx${value}yy`],
    ['in base64', `a ${base64(value)} b`],
    ['in base64, one byte before it', `a ${base64(`x${value}`)} b`],
    ['in base64, two bytes before it', `a ${base64(`xy${value}zz`)} b`],
    ['in base64, three bytes before it', `a ${base64(`xyz${value}z`)} b`],
    ['in base64 without padding', `a ${base64(value).replace(/=+$/, '')} b`],
    ['in base64url', `a ${base64(`xy${value}zz`).replaceAll('+', '-').replaceAll('/', '_')} b`],
    ['in hex', `a ${hex(value)} b`],
    ['in hex of capitals', `a ${hex(value).toUpperCase()} b`],
  ])('%s', (_name, text) => {
    expect(found(text, [[value, 'password']])).toHaveLength(1)
  })

  it('all of several at once, also where they overlap', () => {
    const noted = [
      ['alpha-Beta-77', 'password'],
      ['Beta-77-gamma', 'password'],
      ['zeta99zeta98', 'password'],
    ] as const
    expect(found('alpha-Beta-77-gamma zeta99zeta98', noted)).toEqual(['alpha-Beta-77', 'Beta-77-gamma', 'zeta99zeta98'])
  })

  it('not where one character differs', () => {
    expect(found('s3cr3t-pw/?>', [[value, 'password']])).toEqual([])
    expect(found('s3cr3t-px/?>~', [[value, 'password']])).toEqual([])
    expect(found(base64('s3cr3t-px/?>~'), [[value, 'password']])).toEqual([])
  })

  it.each(['"', "'"])('a value noted with %s around it', (quote) => {
    expect(found('is hunter2! x', [[`${quote}hunter2!${quote}`, 'password']])).toEqual(['hunter2!'])
    expect(found('is hunter2! x', [[`${quote}hunter2!`, 'password']])).toEqual([])
  })

  it('a value noted with blanks around it', () => {
    expect(found('is hunter2!x', [['  hunter2!\n', 'password']])).toEqual(['hunter2!'])
  })

  it.each([
    [
      'a docker config',
      JSON.stringify({ auths: { 'r.io': { username: 'robot', password: 'Hv7-qq2', auth: base64('robot:Kx9-ww3') } } }),
      ['Hv7-qq2', 'Kx9-ww3', base64('robot:Kx9-ww3')],
    ],
    ['an .env file', 'A=1\nexport DB_PASSWORD="Tr0ub4dor"\nHOST=db.internal\nTOKEN=abc123xyz # x\n', ['Tr0ub4dor']],
    ['properties', 'spring.datasource.password = wint3rhorse\nserver.port=8080\n', ['wint3rhorse']],
    [
      'a kubeconfig',
      `users:\n- name: a\n  user:\n    token: kx83-abcd-9911\n    client-key-data: ${base64('-----BEGIN PRIVATE KEY-----\nQm9v\n')}\n`,
      ['kx83-abcd-9911', '-----BEGIN PRIVATE KEY-----\nQm9v'],
    ],
    ['a service account key', '{"private_key_id":"d5f9a1c0aa","client_email":"a@b.iam"}', ['d5f9a1c0aa']],
    ['a URL', 'postgres://app:pa%24sw0rd@db.internal/shop', ['pa%24sw0rd', 'pa$sw0rd']],
  ])('what is secret inside %s', (_name, document, inner) => {
    for (const value of inner) expect(found(`x ${value} y`, [[document, 'config']])).toContain(value)
    expect(found('db.internal robot server.port 8080 username HOST', [[document, 'config']])).toEqual([])
  })

  it('the lines of a key, and not its marks', () => {
    const body = ['MIIEpAIBAAKCAQEAx7Zq0wqJf8nD2sXvGk1L', 'u3BhT5cRy9eWm4oKpQzVbN6aSdFgHjKlQwEr']
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${body.join('\n')}\n-----END RSA PRIVATE KEY-----`
    expect(found(`x ${body[1]} y`, [[key, 'tls.key']])).toEqual([body[1]])
    expect(found('-----BEGIN RSA PRIVATE KEY-----', [[key, 'tls.key']])).toEqual([])
  })

  it('no piece of a value begins or ends within a word', () => {
    const secret = 'Tr0ub4dor3xyzKq'
    const count = (text: string, value: string): number => found(text, [[value, 'password']]).length
    for (let length = 1005; length < 1030; length++) {
      const [before, after] = ['ab cd '.repeat(200).slice(-length), ' zy xw'.repeat(400)]
      const value = `${before} ${secret}${after}`
      expect(count(`${before} T and`, value), `first letter, ${length}`).toBe(count(`${before} x and`, value))
      const last = (letter: string) => `a b${letter}${after.slice(0, 2000)}`
      expect(count(last('q'), value), `last letter, ${length}`).toBe(count(last('x'), value))
    }
  })

  it('a long value in pieces', () => {
    const random = seeded(5)
    const value = Array.from({ length: 9000 }, () => 'abcdefghkmnpqrstuvwxyz23456789'[Math.floor(random() * 30)]).join(
      '',
    )
    expect(found(value.slice(0, 5000), [[value, 'data']]).length).toBeGreaterThanOrEqual(4)
  })
})

describe('the end of a text that goes on', () => {
  const values = createKnownValues()
  values.note(encoder.encode('s3cr3t-password-of-mine'), 'password')
  it.each([
    ['no value has begun', 'nothing here!', 13],
    ['a value has begun', 'it is s3cr3t-pass', 6],
    ['only its first byte', 'it is s', 6],
    ['five bytes of it', 'it is s3cr3', 6],
    ['its base64 has begun', `it is ${base64('s3cr3t-password-of-mine').slice(0, 12)}`, 6],
    ['a whole value, which a longer one may go on from', 'it is s3cr3t-password-of-mine', 6],
  ])('%s', (_name, text, open) => {
    const bytes = encoder.encode(text)
    expect(values.search(bytes, false, budget()).open).toBe(open)
    expect(values.search(bytes, true, budget()).open).toBe(bytes.length)
  })
})

describe('many values', () => {
  const random = seeded(11)
  const word = (length: number): string =>
    Array.from(
      { length },
      () => 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'[Math.floor(random() * 57)],
    ).join('')

  it('are all found, also when they begin alike, noted one after the other', () => {
    const values = createKnownValues()
    const noted: string[] = []
    for (let i = 0; i < 3000; i++) {
      const value = i % 2 === 0 ? `sk_live_${word(24)}` : word(8 + (i % 30))
      values.note(encoder.encode(value), 'password')
      noted.push(value)
      const some = noted[Math.floor(random() * noted.length)]!
      const bytes = encoder.encode(`x ${i % 3 === 0 ? base64(some) : some} y`)
      expect(values.search(bytes, true, budget()).hits.map((hit) => decoder.decode(values.text(hit)))).toContain(some)
    }
    expect(values.size).toBe(3000)
  })

  it('the same value is kept once', () => {
    const values = createKnownValues()
    for (let i = 0; i < 5; i++) values.note(encoder.encode('hunter2!'), 'password')
    expect(values.size).toBe(1)
  })

  it('more than can be kept are refused, with what to do', () => {
    const values = createKnownValues()
    for (let i = 0; i < MAX_VALUES; i++) values.note(encoder.encode(`value-${i}-Xq7`), 'password')
    expect(values.size).toBe(MAX_VALUES)
    expect(() => values.note(encoder.encode('one-more-Xq7'), 'password')).toThrow(MaskError)
    expect(() => values.note(encoder.encode('one-more-Xq7'), 'password')).toThrow(/new session/)
    // What is known already is no more.
    values.note(encoder.encode('value-0-Xq7'), 'password')
  })

  it('more bytes than can be kept are refused', () => {
    const values = createKnownValues()
    const large = (first: number): Uint8Array => {
      const bytes = new Uint8Array(1024 * 1024)
      for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + first * 31 + (i >> 8)) & 255
      return bytes
    }
    for (let i = 0; i < MAX_VALUES_BYTES / (1024 * 1024); i++) values.note(large(i), 'keystore')
    expect(() => values.note(large(99), 'keystore')).toThrow(MaskError)
  })
})
