// What a data folder keeps from one start to the next: its CA, its keys, its secrets. Made once, then read.
// Server certificates are made anew at every start.

import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { expiryOf, issueCertificate, makeAuthority } from '../../demo/certificates.ts'
import { Failure } from '../command.ts'
import { readIfThere, writeWhole } from '../state.ts'

const secret = v.pipe(v.string(), v.minLength(32))
const secrets = v.object({
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
  cookieSecret: secret,
  appClientSecret: secret,
  agentSecret: secret,
  adminSecret: secret,
})
export type Secrets = v.InferOutput<typeof secrets>

const newSecret = () => randomBytes(32).toString('base64url')

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

/** The keys and secrets of the data folder. */
export async function loadSecrets(data: string): Promise<Secrets> {
  const path = join(data, 'secrets.json')
  const text = await readIfThere(path)
  if (text === null) {
    const made = v.parse(secrets, makeSecrets())
    // Tokens signed with a key that is gone would be sent until they expire.
    await rm(join(data, 'tokens'), { recursive: true, force: true })
    await writeWhole(path, `${JSON.stringify(made, null, 2)}\n`)
    return made
  }
  try {
    return v.parse(secrets, JSON.parse(text))
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
