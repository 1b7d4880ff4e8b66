// Credentials made up for a test: the right shape, the right checksum, no value that anyone has. In: a seed. Out: texts with secrets in
// them, and texts that only look so. No I/O.

import { seeded } from '../../worker/mask/testing.ts'
import type { Entry } from '../corpus/entries.ts'

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const HEX = `${DIGITS}abcdef`
const ALNUM = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`
const BASE64 = `${ALNUM}+/`

/** A dozen kinds and more, one entry each. */
export function madeUpCredentials(seed: number): Entry[] {
  const random = seeded(seed)
  const some = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const pem = Array.from({ length: 5 }, () => some(BASE64, 64)).join('\n')
  const aws = `AKIA${some('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`
  const shapes: readonly (readonly [rule: string, secret: string, text: (secret: string) => string])[] = [
    ['aws-access-key-id', aws, (s) => `[default]\naws_access_key_id = ${s}`],
    ['aws-secret', some(BASE64, 40), (s) => `aws_secret_access_key = ${s}`],
    ['gitlab', `glpat-${some(ALNUM, 20)}`, (s) => `cloning with ${s} from git.example.com`],
    ['slack', `xoxb-${some(DIGITS, 12)}-${some(DIGITS, 12)}-${some(ALNUM, 24)}`, (s) => `slack: {bot: "${s}"}`],
    ['stripe', `sk_live_${some(ALNUM, 24)}`, (s) => `charged with ${s}`],
    ['google', `AIza${some(`${ALNUM}_-`, 35)}`, (s) => `https://maps.example.com/?v=3&key=${s}`],
    ['sendgrid', `SG.${some(ALNUM, 22)}.${some(ALNUM, 43)}`, (s) => `mail goes out by ${s}`],
    [
      'jwt',
      `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: some(LOWER, 8), exp: 1900000000 })}.${some(`${ALNUM}_-`, 86)}`,
      (s) => `GET /orders HTTP/1.1\nCookie: session=${s}`,
    ],
    ['private-key', pem, (s) => `-----BEGIN RSA PRIVATE KEY-----\n${s}\n-----END RSA PRIVATE KEY-----`],
    ['database-url', some(ALNUM, 18), (s) => `DSN postgres://shop:${s}@db.shop.svc:5432/shop?sslmode=require`],
    ['basic', Buffer.from(`ops:${some(ALNUM, 14)}`).toString('base64'), (s) => `Authorization: Basic ${s}`],
    ['bearer', some(HEX, 40), (s) => `curl -H "Authorization: Bearer ${s}" https://api.example.com/`],
    ['assignment', some(ALNUM, 28), (s) => `{"level":"info","client_secret":"${s}"}`],
    ['password', `${some(ALNUM, 9)}!${some(ALNUM, 4)}`, (s) => `spring.datasource.password=${s}`],
    ['card', card(some(DIGITS, 9)), (s) => `paid with ${s} on Monday`],
  ]
  return shapes.map(([rule, secret, text]) => ({
    source: 'made up',
    rule,
    kind: 'secret',
    text: text(secret),
    secret,
    name: null,
  }))
}

/** Sixteen digits with a right check digit, in a range that banks give out. */
function card(digits: string): string {
  const body = `453201${digits}`
  const sum = [...body].reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return `${body}${(10 - (sum % 10)) % 10}`
}

/** What must come out as it went in. */
export const ORDINARY: readonly string[] = [
  '2026-03-01T10:00:01.123Z INFO listening on 0.0.0.0:8080 (pid 7)',
  'image registry.example.com/shop/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'commit 3f786850e387550fdab836ed7e6dc881de23001b of 2026-03-01',
  'request 3d0f9b0e-6a3c-4c3e-8a57-0f6d2f6f1b11 took 9007199254740993 ns',
  'passwordPolicy: minLength=12, tokenTTL: 15m, secretName: db-credentials',
  'DATABASE_URL=postgres://$(DB_USER):$(DB_PASSWORD)@db:5432/shop',
]
