// The gateway as an OAuth authorisation server: token exchange, its metadata and its public key.

import { json, problem } from '../problem.ts'
import { type Call, type Route, readText } from '../route.ts'

/** A form with a token in it. JWTs with many groups reach tens of KiB. */
const MAX_FORM_BYTES = 128 * 1024

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** RFC 6749, section 5.2. */
function invalidRequest(description: string): Response {
  return json({ error: 'invalid_request', error_description: description }, 400)
}

async function token(call: Call): Promise<Response> {
  const media = (call.request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (media !== 'application/x-www-form-urlencoded') return invalidRequest('the body must be a form')
  const text = await readText(call, MAX_FORM_BYTES)
  if (!text.ok) return invalidRequest('the form cannot be read')
  const form = new URLSearchParams(text.text)
  const repeated = [...form.keys()].find((name, index, names) => names.indexOf(name) !== index)
  if (repeated !== undefined) return invalidRequest('a parameter is given twice')
  const answer = await call.deps.exchange(form)
  return json(answer.body, answer.status)
}

async function metadata(call: Call): Promise<Response> {
  const { url } = call.deps.config
  return json({
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks.json`,
    token_endpoint: `${url}/oauth/token`,
    grant_types_supported: [TOKEN_EXCHANGE],
    token_endpoint_auth_methods_supported: ['none'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['EdDSA'],
  })
}

async function keys(call: Call): Promise<Response> {
  const { kty, crv, x, kid } = call.deps.config.signingKey
  return json({ keys: [{ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' }] })
}

async function health(): Promise<Response> {
  return json({ status: 'ok' })
}

/** What the router answers at an API path it has no row for. */
export const notFound = (): Response => problem(404, 'There is nothing at this path.')

/** The rows. */
export const OAUTH_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/oauth/token',
    access: 'anyone',
    operationId: 'exchangeToken',
    summary: 'Token exchange (RFC 8693). The subject token is the proof.',
    body: { mediaType: 'application/x-www-form-urlencoded', maxBytes: MAX_FORM_BYTES },
    response: { status: 200, schema: 'any' },
    handle: token,
  },
  {
    method: 'GET',
    path: '/.well-known/openid-configuration',
    access: 'anyone',
    operationId: 'metadata',
    summary: 'The gateway’s metadata as an issuer.',
    response: { status: 200, schema: 'any' },
    handle: metadata,
  },
  {
    method: 'GET',
    path: '/.well-known/jwks.json',
    access: 'anyone',
    operationId: 'keys',
    summary: 'The public key of gateway tokens.',
    response: { status: 200, schema: 'any' },
    handle: keys,
  },
  {
    method: 'GET',
    path: '/api/v1/health',
    access: 'anyone',
    operationId: 'health',
    summary: 'Whether the gateway answers.',
    response: { status: 200, schema: 'any' },
    handle: health,
  },
]
