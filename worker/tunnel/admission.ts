// Who may connect as a connector: a short-lived token it signed with its enrolled key (design.md, section 4).
// In: the request for `/connect` and the store. Out: the connector's id, connection and instance, or a refusal.

import { decodeJwt, decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose'
import type { Outcome, Received } from '../context.ts'
import type { Clock, ConnectorRecord, Store } from '../ports.ts'
import { TUNNEL_PROTOCOL } from './tunnel.ts'

/** Longest life of a connector's token, in seconds: it is made for one dial. Bounds the use of a stolen one. */
const MAX_TOKEN_LIFE_S = 60

/** Clocks may differ by this, in seconds. */
const CLOCK_SKEW_S = 30

/** Tokens seen, kept until they expire. Above this nobody is let in for the moment: that many dials a minute are an attack. */
const MAX_SEEN_TOKENS = 20_000

export interface Admitted {
  readonly connectorId: string
  readonly connection: string
  /** Random, chosen by the connector's process at its start. */
  readonly instance: string
}

export interface AdmissionOptions {
  readonly store: Pick<Store, 'connector'>
  readonly clock: Clock
  /** The gateway's public URL: the audience of the token. */
  readonly url: string
}

const INSTANCE = /^[0-9a-f]{32}$/
const CONNECTION = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
/** One sentence for every failure: which part was wrong helps only an attacker. */
const NOT_KNOWN = 'the connector is not known, its token is not valid, or its key was revoked'

function refuse<T>(kind: 'malformed' | 'unauthenticated' | 'forbidden' | 'too-many', message: string): Outcome<T> {
  return { ok: false, refusal: { kind, message, ...(kind === 'too-many' ? { retryAfterS: 30 } : {}) } }
}

/** Makes the check. Stateful: a token is taken once. The returned function rejects only when the store does. */
export function createAdmission(options: AdmissionOptions): (request: Received) => Promise<Outcome<Admitted>> {
  const seen = new Map<string, number>()

  /** False when the token was used before. */
  const takeOnce = (token: string, expiresAt: number): 'new' | 'used' | 'full' => {
    const now = options.clock.now()
    if (seen.size >= MAX_SEEN_TOKENS) for (const [key, until] of seen) if (until < now) seen.delete(key)
    if (seen.has(token)) return 'used'
    if (seen.size >= MAX_SEEN_TOKENS) return 'full'
    seen.set(token, expiresAt)
    return 'new'
  }

  return async (request) => {
    const asked = parseTarget(request)
    if (asked === null)
      return refuse('malformed', 'not a connector: WebSocket, subprotocol, connection or instance is wrong')
    const authorization = request.headers.filter(([name]) => name === 'authorization')
    const token =
      authorization.length === 1 ? /^Bearer ([\w.-]{1,4096})$/.exec(authorization[0]?.[1] ?? '')?.[1] : undefined
    if (token === undefined) return refuse('unauthenticated', NOT_KNOWN)
    const claims = unverified(token)
    const record = claims === null ? null : await options.store.connector(claims.sub)
    if (claims === null || record === null) return refuse('unauthenticated', NOT_KNOWN)
    const verified = await verify(token, record, options)
    if (verified === null || record.revokedAt !== undefined) return refuse('unauthenticated', NOT_KNOWN)
    const taken = takeOnce(`${record.id} ${verified.jti}`, verified.expiresAt)
    if (taken === 'used') return refuse('unauthenticated', NOT_KNOWN)
    if (taken === 'full') return refuse('too-many', 'too many connectors dial at once')
    if (!record.connections.includes(asked.connection)) {
      return refuse('forbidden', `this connector's key is not bound to the connection ${asked.connection}`)
    }
    return { ok: true, value: { connectorId: record.id, connection: asked.connection, instance: asked.instance } }
  }
}

/** The connection a `/connect` request names, before anything about it is believed; null when it is malformed. */
export function connectionAsked(request: Received): string | null {
  return parseTarget(request)?.connection ?? null
}

function parseTarget(request: Received): { connection: string; instance: string } | null {
  const [path, query = ''] = request.target.split('?')
  if (path !== '/connect' || request.method !== 'GET') return null
  if (request.upgrade?.kind !== 'websocket' || !request.upgrade.protocols.includes(TUNNEL_PROTOCOL)) return null
  const params = new URLSearchParams(query)
  if (params.size !== 2) return null
  const connection = params.get('connection') ?? ''
  const instance = params.get('instance') ?? ''
  return CONNECTION.test(connection) && INSTANCE.test(instance) ? { connection, instance } : null
}

function unverified(token: string): { sub: string } | null {
  try {
    const header = decodeProtectedHeader(token)
    const { sub, iss } = decodeJwt(token)
    if (header.alg !== 'EdDSA' || typeof sub !== 'string' || sub === '' || sub.length > 100 || sub !== iss) return null
    return { sub }
  } catch {
    return null
  }
}

async function verify(
  token: string,
  record: ConnectorRecord,
  options: AdmissionOptions,
): Promise<{ jti: string; expiresAt: number } | null> {
  const key = await importJWK({ ...record.publicKey }, 'EdDSA')
  const now = options.clock.now()
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      typ: 'sallyport-connector+jwt',
      issuer: record.id,
      subject: record.id,
      audience: options.url,
      requiredClaims: ['exp', 'iat', 'jti'],
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    })
    const { exp = 0, iat = 0, jti = '' } = payload
    if (exp - iat > MAX_TOKEN_LIFE_S || exp * 1000 > now + (MAX_TOKEN_LIFE_S + CLOCK_SKEW_S) * 1000) return null
    if (iat * 1000 > now + CLOCK_SKEW_S * 1000 || jti.length < 16 || jti.length > 100) return null
    return { jti, expiresAt: (exp + CLOCK_SKEW_S) * 1000 }
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}
