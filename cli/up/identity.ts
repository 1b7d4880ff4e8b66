// What a data folder keeps from one start to the next: its CA, its keys, its secrets. Made once, then read.
// Server certificates are made anew at every start.

import { generateKeyPairSync, randomBytes, randomInt, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { expiryOf, issueCertificate, makeAuthority } from '../../demo/certificates.ts'
import { Failure } from '../command.ts'
import { readIfThere, writeWhole } from '../state.ts'

const secret = v.pipe(v.string(), v.minLength(32))
/** No `i`, `l`, `o`, `u`: nobody takes one character for another (Crockford's base 32). */
const CODE_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** 50 bits, in a form that people can type; the provider takes few tries a minute. */
const CODE_GROUPS = 2
const CODE_GROUP_LENGTH = 5
const loginCode = v.pipe(v.string(), v.regex(/^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/))
const storedSecrets = v.object({
  /** Signs gateway tokens. */
  gatewayKey: v.object({
    kty: v.literal('OKP'),
    crv: v.literal('Ed25519'),
    x: v.string(),
    d: v.string(),
    kid: v.string(),
  }),
  /** Signs the demo provider's ID tokens. */
  oidcKey: v.object({
    kty: v.literal('EC'),
    crv: v.literal('P-256'),
    x: v.string(),
    y: v.string(),
    d: v.string(),
    kid: v.string(),
    alg: v.literal('ES256'),
    use: v.literal('sig'),
  }),
  /** What people give on the demo provider's page. Data folders made before there was one have none. */
  loginCode: v.optional(loginCode),
  cookieSecret: secret,
  appClientSecret: secret,
  agentSecret: secret,
  adminSecret: secret,
})
export type Secrets = v.InferOutput<typeof storedSecrets> & { readonly loginCode: string }

const newSecret = () => randomBytes(32).toString('base64url')

function newLoginCode(): string {
  const character = () => CODE_ALPHABET.charAt(randomInt(CODE_ALPHABET.length))
  const group = () => Array.from({ length: CODE_GROUP_LENGTH }, character).join('')
  return Array.from({ length: CODE_GROUPS }, group).join('-')
}

/** The file with the login code, for its user alone. */
export const loginCodeFile = (data: string): string => join(data, 'login-code')

function makeSecrets(): unknown {
  const ed = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  return {
    gatewayKey: { kty: ed.kty, crv: ed.crv, x: ed.x, d: ed.d, kid: randomUUID() },
    oidcKey: { kty: ec.kty, crv: ec.crv, x: ec.x, y: ec.y, d: ec.d, kid: randomUUID(), alg: 'ES256', use: 'sig' },
    cookieSecret: newSecret(),
    appClientSecret: newSecret(),
    agentSecret: newSecret(),
    adminSecret: newSecret(),
  }
}

/** The keys and secrets of the data folder. What an older one lacks is added; the rest is kept. */
export async function loadSecrets(data: string): Promise<Secrets> {
  const path = join(data, 'secrets.json')
  const text = await readIfThere(path)
  // Tokens signed with a key that is gone would be sent until they expire.
  if (text === null) await rm(join(data, 'tokens'), { recursive: true, force: true })
  const stored = text === null ? v.parse(storedSecrets, makeSecrets()) : parseSecrets(path, text)
  const { loginCode = newLoginCode(), ...kept } = stored
  const loaded = { ...kept, loginCode }
  if (text === null || stored.loginCode === undefined) await writeWhole(path, `${JSON.stringify(loaded, null, 2)}\n`)
  await writeWhole(loginCodeFile(data), `${loginCode}\n`)
  return loaded
}

function parseSecrets(path: string, text: string): v.InferOutput<typeof storedSecrets> {
  try {
    return v.parse(storedSecrets, JSON.parse(text))
  } catch {
    throw new Failure(`${path} is damaged; delete it for new keys: tokens given before then end`)
  }
}

export interface Tls {
  /** PEM of the CA's certificate. */
  readonly ca: string
  readonly certFile: string
  readonly keyFile: string
}

/** The CA of the data folder, and a new certificate for this machine from it. */
export async function loadTls(data: string): Promise<Tls> {
  const [caFile, caKeyFile] = [join(data, 'ca.crt'), join(data, 'ca.key')]
  const [cert, key] = [await readIfThere(caFile), await readIfThere(caKeyFile)]
  const kept = cert !== null && key !== null && expiryOf(cert) > Date.now() + 400 * 86_400_000 ? { cert, key } : null
  const authority = kept ?? (await makeAuthority('Sallyport local CA'))
  if (kept === null) {
    await writeWhole(caKeyFile, authority.key)
    await writeWhole(caFile, authority.cert, 0o644)
  }
  const leaf = await issueCertificate(authority, { commonName: 'sallyport', names: ['localhost', '127.0.0.1', '::1'] })
  const [certFile, keyFile] = [join(data, 'tls.crt'), join(data, 'tls.key')]
  await writeWhole(certFile, leaf.cert, 0o644)
  await writeWhole(keyFile, leaf.key)
  return { ca: authority.cert, certFile, keyFile }
}
