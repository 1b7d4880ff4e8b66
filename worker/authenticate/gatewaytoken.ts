// Tokens the gateway issues itself: short-lived, for one connection or the API, in one session.
// In: the signing key. Out: signed JWTs, and what verified ones say. No fetch.

import { importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import * as v from 'valibot'
import type { GatewayConfig } from '../config.ts'
import type { Identity, UserInfo } from '../context.ts'
import type { Clock } from '../ports.ts'
import { CLOCK_TOLERANCE_S } from './limits.ts'

/** RFC 9068 media type; keeps other things signed with the key from passing as a token. */
const TYPE = 'at+jwt'

const claims = v.object({
  sub: v.pipe(v.string(), v.minLength(1)),
  aud: v.string(),
  exp: v.number(),
  uid: v.optional(v.string(), ''),
  groups: v.optional(v.array(v.string()), []),
  extra: v.optional(v.record(v.string(), v.array(v.string())), {}),
  /** The issuer that vouched for the user. */
  idp: v.string(),
  session: v.optional(v.string()),
  purpose: v.optional(v.string()),
})

/** What the gateway needs to issue and to recognise its tokens. */
export type Signer = Pick<GatewayConfig, 'url' | 'signingKey'>

export interface TokenGrant {
  readonly user: UserInfo
  /** The issuer that vouched for the user; shown as the identity's issuer. */
  readonly issuer: string
  /** One of {@link connectionAudience} and {@link apiAudience}. */
  readonly audience: string
  /** Seconds since the epoch. */
  readonly expiresAt: number
  readonly session?: string
  readonly purpose?: string
}

/** The audience of tokens for one connection. */
export function connectionAudience(gatewayUrl: string, connection: string): string {
  return `${gatewayUrl}/clusters/${connection}`
}

/** The audience of tokens for the app's and the CLI's API. */
export function apiAudience(gatewayUrl: string): string {
  return `${gatewayUrl}/api`
}

/** Signs a gateway token. The caller has verified everything in `grant`. */
export async function issueGatewayToken(signer: Signer, grant: TokenGrant, clock: Clock): Promise<string> {
  const { alg: _alg, kid, ...jwk } = signer.signingKey
  const key = await importJWK(jwk, 'EdDSA')
  const now = Math.floor(clock.now() / 1000)
  const payload: JWTPayload = {
    iss: signer.url,
    sub: grant.user.username,
    aud: grant.audience,
    iat: now,
    nbf: now,
    exp: grant.expiresAt,
    groups: [...grant.user.groups],
    idp: grant.issuer,
    ...(grant.user.uid === '' ? {} : { uid: grant.user.uid }),
    ...(Object.keys(grant.user.extra).length === 0 ? {} : { extra: grant.user.extra }),
    ...(grant.session === undefined ? {} : { session: grant.session }),
    ...(grant.purpose === undefined ? {} : { purpose: grant.purpose }),
  }
  return new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', kid, typ: TYPE }).sign(key)
}

/**
 * Verifies a gateway token.
 * @param options.toleranceS seconds after `exp` within which it still counts; for proving a session only
 * @throws a jose error when it is not one of ours, not for `audience`, or over
 */
export async function verifyGatewayToken(
  token: string,
  signer: Signer,
  clock: Clock,
  options: { readonly audience: string; readonly toleranceS?: number },
): Promise<Identity> {
  const { kty, crv, x } = signer.signingKey
  const key = await importJWK({ kty, crv, x }, 'EdDSA')
  const { payload } = await jwtVerify(token, key, {
    algorithms: ['EdDSA'],
    issuer: signer.url,
    audience: options.audience,
    typ: TYPE,
    requiredClaims: ['exp', 'sub', 'idp'],
    clockTolerance: options.toleranceS ?? CLOCK_TOLERANCE_S,
    currentDate: new Date(clock.now()),
  })
  const parsed = v.parse(claims, payload)
  return {
    user: { username: parsed.sub, uid: parsed.uid, groups: parsed.groups, extra: parsed.extra },
    issuer: parsed.idp,
    expiresAt: parsed.exp,
    ...(parsed.session === undefined ? {} : { session: parsed.session }),
    ...(parsed.purpose === undefined ? {} : { purpose: parsed.purpose }),
  }
}
