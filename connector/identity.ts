// Who the connector is: an Ed25519 key pair it made itself, kept in its state folder, and the id it was enrolled with.
// The private key leaves neither the file nor this process.

import { chmod, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import * as v from 'valibot'
import { type GatewayAddress, gatewayClient, HANDSHAKE_TIMEOUT_MS } from './dial.ts'

const stateFile = v.strictObject({
  key: v.strictObject({
    kty: v.literal('OKP'),
    crv: v.literal('Ed25519'),
    x: v.string(),
    d: v.string(),
  }),
  /** Absent until enrolled. */
  id: v.optional(v.string()),
  connections: v.optional(v.array(v.string())),
  /** The gateway it was enrolled with. */
  gateway: v.optional(v.string()),
})
type State = v.InferOutput<typeof stateFile>

const enrolled = v.object({ id: v.pipe(v.string(), v.minLength(1)), connections: v.array(v.string()) })

/** Seconds a token lives: long enough for one dial and some clock skew. */
const TOKEN_LIFE_S = 60
const FILE = 'connector.json'

export interface ConnectorIdentity {
  readonly id: string
  readonly connections: readonly string[]
  /** A new token for one dial. */
  token(gatewayUrl: string): Promise<string>
}

async function load(dir: string): Promise<State | null> {
  let text: string
  try {
    text = await readFile(join(dir, FILE), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new Error(`${join(dir, FILE)} is not JSON`)
  }
  const parsed = v.safeParse(stateFile, document)
  if (!parsed.success) throw new Error(`${join(dir, FILE)} is not a connector's state`)
  return parsed.output
}

/** Written beside, synced, then renamed: a crash leaves the old key or the new one, never half of one. */
async function save(dir: string, state: State): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, FILE)
  const beside = `${path}.new`
  await writeFile(beside, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await chmod(beside, 0o600)
  const file = await open(beside, 'r+')
  await file.sync()
  await file.close()
  await rename(beside, path)
}

async function makeKey(): Promise<State['key']> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const jwk = await exportJWK(privateKey)
  return v.parse(stateFile.entries.key, { kty: jwk.kty, crv: jwk.crv, x: jwk.x, d: jwk.d })
}

/**
 * The identity kept in `dir`, made and enrolled when there is none.
 * @param code one-time enrolment code; needed only when the connector is not enrolled with this gateway yet
 * @throws Error for a person: no code, or the gateway refused it
 */
export async function openIdentity(
  dir: string,
  gateway: GatewayAddress,
  options: { readonly code: string | undefined; readonly name: string },
): Promise<ConnectorIdentity> {
  let state = await load(dir)
  if (state === null) {
    state = { key: await makeKey() }
    await save(dir, state)
  }
  if (state.id === undefined || state.gateway !== gateway.url) {
    if (options.code === undefined) {
      throw new Error('this connector is not enrolled with the gateway yet; get a code there and pass it with --code')
    }
    const answer = await enrol(gateway, { code: options.code, key: state.key, name: options.name })
    state = { key: state.key, id: answer.id, connections: answer.connections, gateway: gateway.url }
    await save(dir, state)
  }
  const { id = '', connections = [], key } = state
  const signer = await importJWK({ ...key, alg: 'EdDSA' }, 'EdDSA')
  return {
    id,
    connections,
    token: (gatewayUrl) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'EdDSA', typ: 'sallyport-connector+jwt' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(gatewayUrl)
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_LIFE_S}s`)
        .setJti(crypto.randomUUID())
        .sign(signer),
  }
}

async function enrol(
  gateway: GatewayAddress,
  request: { code: string; key: State['key']; name: string },
): Promise<v.InferOutput<typeof enrolled>> {
  const { client, host } = gatewayClient(gateway)
  const { kty, crv, x } = request.key
  const body = new TextEncoder().encode(
    JSON.stringify({ code: request.code, publicKey: { kty, crv, x }, name: request.name }),
  )
  try {
    const answer = await client.request(
      {
        method: 'POST',
        target: '/api/v1/enrol',
        headers: [
          ['Host', host],
          ['Content-Type', 'application/json'],
          ['Accept', 'application/json'],
          ['Content-Length', String(body.length)],
        ],
        body,
        headTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      },
      new AbortController().signal,
    )
    const text = await readText(answer)
    if (answer.status !== 200 && answer.status !== 201) {
      throw new Error(`the gateway refused the enrolment (${answer.status}): ${text.slice(0, 300)}`)
    }
    const parsed = v.safeParse(enrolled, jsonOf(text))
    if (!parsed.success) throw new Error('the gateway answered the enrolment with something else')
    return parsed.output
  } finally {
    client.close()
  }
}

const MAX_ANSWER_BYTES = 64 * 1024

async function readText(answer: { read(): Promise<Uint8Array | null>; cancel(): void }): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (let chunk = await answer.read(); chunk !== null; chunk = await answer.read()) {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) {
      answer.cancel()
      throw new Error('the gateway answered with too much')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
