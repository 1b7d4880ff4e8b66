// Token exchange (RFC 8693): an identity provider's token becomes a short-lived one for one connection and one session.
// In: the form. Out: a status and a JSON body, errors as RFC 6749 writes them. No I/O of its own.

import type { Identity } from '../context.ts'
import type { Clock } from '../ports.ts'
import type { Authenticator } from './authenticator.ts'
import { apiAudience, connectionAudience, issueGatewayToken, type Signer, verifyGatewayToken } from './gatewaytoken.ts'
import { ISSUED_S, PURPOSE_CHARS, SESSION_PROOF_S } from './limits.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const TYPE = 'urn:ietf:params:oauth:token-type:'
const SUBJECT_TYPES: readonly string[] = [`${TYPE}id_token`, `${TYPE}jwt`, `${TYPE}access_token`]
const REQUESTED_TYPES: readonly string[] = [`${TYPE}access_token`, `${TYPE}jwt`]

export interface ExchangeOptions {
  readonly config: Signer
  readonly clock: Clock
  readonly authenticator: Pick<Authenticator, 'verifyToken'>
  /** A new UUID, for a new session. */
  readonly uuid: () => string
}

/** The answer's status and JSON. Send it with `Cache-Control: no-store`. */
export interface ExchangeReply {
  readonly status: 200 | 400
  readonly body: Readonly<Record<string, string | number>>
}

/**
 * Exchanges a token. Beside RFC 8693's parameters: `purpose`, what the agent says it is doing; and `session_token`, an
 * earlier token of this gateway whose session is continued (it may have ended up to a day ago, and must be for the same
 * user and audience). `session`, when given, must be that token's session. The answer has `session` beside RFC 8693's.
 */
export async function exchangeToken(form: URLSearchParams, options: ExchangeOptions): Promise<ExchangeReply> {
  const { config, clock, authenticator } = options
  for (const name of new Set(form.keys())) {
    if (form.getAll(name).length > 1) return error('invalid_request', `${name} is given more than once`)
  }
  if (form.get('grant_type') !== GRANT) return error('unsupported_grant_type', `grant_type must be ${GRANT}`)
  if (form.has('actor_token')) return error('invalid_request', 'actor_token is not supported')
  const requested = form.get('requested_token_type') ?? `${TYPE}access_token`
  if (!REQUESTED_TYPES.includes(requested)) return error('invalid_request', 'requested_token_type is not supported')
  if (!SUBJECT_TYPES.includes(form.get('subject_token_type') ?? '')) {
    return error('invalid_request', `subject_token_type must be one of ${SUBJECT_TYPES.join(', ')}`)
  }
  const audience = audienceOf(form, config.url)
  if (audience === null) {
    return error('invalid_target', `audience (or resource) must be a connection, e.g. ${config.url}/clusters/NAME`)
  }
  const purpose = form.get('purpose') ?? ''
  if (purpose.length > PURPOSE_CHARS || /[\x00-\x1f\x7f]/.test(purpose)) {
    return error('invalid_request', `purpose must be one line of at most ${PURPOSE_CHARS} characters`)
  }
  const subject = await authenticator.verifyToken(form.get('subject_token') ?? '', { audience })
  if (!subject.ok) return error('invalid_request', `subject_token: ${subject.refusal.message}`)
  const session = await sessionOf(form, subject.value, audience, options)
  if (session === null) {
    return error(
      'invalid_request',
      'session_token proves no session of this user on this audience: leave it out for a new one',
    )
  }
  const now = Math.floor(clock.now() / 1000)
  const expiresAt = Math.min(now + ISSUED_S, subject.value.expiresAt)
  if (expiresAt <= now) return error('invalid_request', 'subject_token: the token has expired')
  const token = await issueGatewayToken(
    config,
    {
      user: subject.value.user,
      issuer: subject.value.issuer,
      audience,
      expiresAt,
      session,
      ...(purpose === '' ? {} : { purpose }),
    },
    clock,
  )
  return {
    status: 200,
    body: {
      access_token: token,
      issued_token_type: requested,
      token_type: 'Bearer',
      expires_in: expiresAt - now,
      session,
    },
  }
}

/** `audience` or `resource`, not both: a connection's name or URL, or the API's URL. Null when it is none. */
function audienceOf(form: URLSearchParams, url: string): string | null {
  const given = [form.get('audience'), form.get('resource')].filter((value) => value !== null)
  const value = given[0]
  if (given.length !== 1 || value === undefined) return null
  if (value === apiAudience(url)) return value
  const prefix = connectionAudience(url, '')
  const name = value.startsWith(prefix) ? value.slice(prefix.length) : value
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) ? connectionAudience(url, name) : null
}

/** The session to continue, or a new one; null when the proof does not prove. A bare session id proves nothing. */
async function sessionOf(
  form: URLSearchParams,
  subject: Identity,
  audience: string,
  { config, clock, uuid }: ExchangeOptions,
): Promise<string | null> {
  const wanted = form.get('session')
  const proof = form.get('session_token')
  if (proof === null) {
    if (subject.session !== undefined) return wanted === null || wanted === subject.session ? subject.session : null
    return wanted === null ? uuid() : null
  }
  try {
    const earlier = await verifyGatewayToken(proof, config, clock, { audience, toleranceS: SESSION_PROOF_S })
    const same = earlier.user.username === subject.user.username && earlier.issuer === subject.issuer
    if (!same || earlier.session === undefined) return null
    return wanted === null || wanted === earlier.session ? earlier.session : null
  } catch {
    return null
  }
}

function error(
  code: 'invalid_request' | 'invalid_target' | 'unsupported_grant_type',
  description: string,
): ExchangeReply {
  return { status: 400, body: { error: code, error_description: description } }
}
