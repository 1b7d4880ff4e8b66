// Who asks. In: a classified request with a bearer token, or a token alone. Out: an Identity, or a 401 in words.
// The issuer is chosen by its exact `iss` before anything is fetched; algorithms are asymmetric only.

import { bytesToHex } from '@noble/hashes/utils.js'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { portableSha256, type Sha256 } from '../../protocol/log/leaf.ts'
import type { GatewayConfig, IssuerConfig } from '../config.ts'
import type { Authenticated, Classified, Identity, Outcome } from '../context.ts'
import type { Clock } from '../ports.ts'
import { checkMapping, mapClaims } from './claims.ts'
import { connectionAudience, verifyGatewayToken } from './gatewaytoken.ts'
import { createIssuerKeys, type Fetch, type IssuerKeys, KeysUnavailable, type TokenHeader } from './keys.ts'
import { CLOCK_TOLERANCE_S, TOKEN_CHARS, VERIFIED_COUNT, VERIFIED_MS } from './limits.ts'

const encoder = new TextEncoder()

const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

export interface AuthenticatorOptions {
  readonly config: Pick<GatewayConfig, 'url' | 'issuers' | 'signingKey'>
  readonly clock: Clock
  readonly fetch: Fetch
  /** Where the runtime has a faster one than plain JavaScript: every request's token is hashed. */
  readonly sha256?: Sha256 | undefined
}

export interface Authenticator {
  /** Authenticates a request for its connection. The result's headers hold the token no more. */
  authenticate(classified: Classified): Promise<Outcome<Authenticated>>
  /**
   * Verifies a token on its own.
   * @param options.audience what a token of this gateway must be for; other issuers' audiences are configured
   */
  verifyToken(token: string, options: { readonly audience: string }): Promise<Outcome<Identity>>
}

/**
 * @throws Error when the issuers are configured in a way that cannot be kept (one twice, this gateway, a bad mapping)
 */
export function createAuthenticator({
  config,
  clock,
  fetch,
  sha256 = portableSha256,
}: AuthenticatorOptions): Authenticator {
  const issuers = new Map<string, { readonly config: IssuerConfig; readonly keys: IssuerKeys }>()
  for (const issuer of config.issuers) {
    if (issuer.url === config.url || issuers.has(issuer.url))
      throw new Error(`issuer ${issuer.url} is configured twice`)
    checkMapping(issuer)
    issuers.set(issuer.url, { config: issuer, keys: createIssuerKeys(issuer, fetch, clock) })
  }
  const verified = new Map<string, { readonly identity: Identity; readonly until: number }>()

  const verify = async (token: string, audience: string): Promise<Outcome<Identity>> => {
    const decoded = decode(token)
    if (decoded === null) return refuse('the bearer token is not a JWT')
    const { iss } = decoded.payload
    try {
      if (iss === config.url) return ok(await verifyGatewayToken(token, config, clock, { audience }))
      const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
      if (issuer === undefined) return refuse('the token is from an issuer this gateway does not know')
      if (!ALGORITHMS.includes(decoded.header.alg)) return refuse("the token's algorithm is not accepted")
      return await verifyForeign(token, decoded.header, issuer.config, issuer.keys, clock)
    } catch (error) {
      return refuse(wordsOf(error))
    }
  }

  const verifyToken: Authenticator['verifyToken'] = async (token, { audience }) => {
    if (token.length > TOKEN_CHARS) return refuse('the token is too long')
    const key = fingerprint(`${audience}\n${token}`, sha256)
    const known = verified.get(key)
    if (known !== undefined && clock.now() < known.until) return ok(known.identity)
    verified.delete(key)
    const outcome = await verify(token, audience)
    if (outcome.ok) {
      const until = Math.min(clock.now() + VERIFIED_MS, outcome.value.expiresAt * 1000)
      const oldest = verified.keys().next()
      if (verified.size >= VERIFIED_COUNT && oldest.done !== true) verified.delete(oldest.value)
      verified.set(key, { identity: outcome.value, until })
    }
    return outcome
  }

  return {
    verifyToken,
    async authenticate(classified) {
      const header = classified.headers.find(([name]) => name === 'authorization')?.[1]
      if (header === undefined) return refuse('no token was sent; get one with: sallyport token')
      const token = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1]
      if (token === undefined) return refuse('only bearer tokens are accepted; get one with: sallyport token')
      const identity = await verifyToken(token, { audience: connectionAudience(config.url, classified.connection) })
      if (!identity.ok) return identity
      const headers = classified.headers.filter(([name]) => name !== 'authorization')
      return ok({ ...classified, headers, identity: identity.value })
    },
  }
}

async function verifyForeign(
  token: string,
  header: TokenHeader & { readonly alg: string },
  issuer: IssuerConfig,
  keys: IssuerKeys,
  clock: Clock,
): Promise<Outcome<Identity>> {
  const candidates = await keys.candidates(header)
  if (candidates.length === 0) return refuse('the token is signed with a key its issuer does not have')
  let failed: unknown
  for (const key of candidates) {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ALGORITHMS,
        issuer: issuer.url,
        audience: issuer.audiences,
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(clock.now()),
      })
      const mapped = mapClaims(payload, issuer)
      if (!mapped.ok) return refuse(mapped.message)
      return ok({ user: mapped.user, issuer: issuer.url, expiresAt: payload.exp ?? 0 })
    } catch (error) {
      failed = error
    }
  }
  return refuse(wordsOf(failed))
}

function decode(token: string): { header: TokenHeader & { alg: string }; payload: JWTPayload } | null {
  try {
    const header = decodeProtectedHeader(token)
    const { alg } = header
    return alg === undefined ? null : { header: { ...header, alg }, payload: decodeJwt(token) }
  } catch {
    return null
  }
}

/** One sentence for the person at kubectl. Says what to do; never what the gateway computed. */
function wordsOf(error: unknown): string {
  if (error instanceof KeysUnavailable) return "the keys of the token's issuer cannot be fetched: try again in a minute"
  if (error instanceof errors.JWTExpired) return 'the token has expired; get a new one with: sallyport token'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'the token is for another audience: it was not issued for this address'
    if (error.claim === 'nbf') return 'the token is not valid yet'
    return `the token's claim ${error.claim} is missing or not accepted`
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "the token's algorithm is not accepted"
  return "the token's signature or form is not valid"
}

/** Synchronous: WebCrypto's hash costs a trip to another thread, which is most of a cached look-up. */
function fingerprint(text: string, sha256: Sha256): string {
  return bytesToHex(sha256(encoder.encode(text)))
}

function ok<T>(value: T): Outcome<T> {
  return { ok: true, value }
}

function refuse(message: string): {
  readonly ok: false
  readonly refusal: { kind: 'unauthenticated'; message: string }
} {
  return { ok: false, refusal: { kind: 'unauthenticated', message } }
}
