// People log in: OIDC code flow with PKCE, state and nonce, or a one-time link. Out: a cookie whose hash alone is stored.
// Where a login ends is never taken from outside: a page of the app, on this origin.

import { decodeJwt } from 'jose'
import * as v from 'valibot'
import type { GatewayConfig, IssuerConfig } from '../../config.ts'
import { cookie, LOGIN_COOKIE, LOGIN_MS, LOGIN_STATE_COOKIE, rolesOf, setCookie } from '../caller.ts'
import type { ApiDeps } from '../deps.ts'
import { type Actor, apiEntry } from '../event.ts'
import { json } from '../problem.ts'
import { type Call, callerOf, type Route } from '../route.ts'
import { codeChallenge, newSecret, storedAs } from '../secret.ts'
import type { LoginLink, LoginOptions, Me } from '../types.ts'

/** Time to type a password and a second factor. */
const LOGIN_STATE_MS = 10 * 60 * 1000
/** Logins that strangers may begin in a minute, each of which is a row. Stops them from filling the database. */
const MAX_STARTS_PER_MINUTE = 300
/** Time to open a link that was just printed. */
const LOGIN_LINK_MS = 10 * 60 * 1000
/** An issuer that does not answer must not hold a login open. */
const ISSUER_TIMEOUT_MS = 10_000
/** A discovery document or a token response; both are a few KiB. Stops an issuer, or one who plays it, from filling memory. */
const MAX_ISSUER_BYTES = 256 * 1024

/** Pages of the app a login may end on: one leading slash, no host, no backslash, no control characters. */
const RETURN_PATH = /^\/(?:sessions|policies|connections|approvals)(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/

/** The page a login ends on; the list of sessions for everything that is not a page of the app. */
export function returnPath(wanted: string | undefined): string {
  return wanted !== undefined && wanted.length <= 1024 && RETURN_PATH.test(wanted) ? wanted : '/sessions'
}

/** Why a login failed, as the login page knows it: a word from this list and nothing else goes into the URL. */
type LoginError = 'expired' | 'refused' | 'no-role' | 'unavailable' | 'link'

const statePayload = v.object({
  verifier: v.string(),
  nonce: v.string(),
  /** SHA-256 of the cookie of the browser that began. */
  browser: v.string(),
  returnTo: v.string(),
})
const linkPayload = v.object({ username: v.string(), groups: v.array(v.string()), issuer: v.string() })
const metadata = v.object({
  issuer: v.string(),
  authorization_endpoint: v.pipe(v.string(), v.url()),
  token_endpoint: v.pipe(v.string(), v.url()),
})
const tokens = v.object({ id_token: v.string() })

function redirect(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location })
  for (const value of cookies) headers.append('set-cookie', value)
  return new Response(null, { status: 302, headers })
}
const failed = (error: LoginError): Response =>
  redirect(`/login?error=${error}`, [setCookie(LOGIN_STATE_COOKIE, '', 0)])

function loginIssuer(
  config: GatewayConfig,
): { login: NonNullable<GatewayConfig['login']>; issuer: IssuerConfig } | null {
  const { login } = config
  const issuer = config.issuers.find(({ url }) => url === login?.issuer)
  return login === undefined || issuer === undefined ? null : { login, issuer }
}

/** Fetches JSON from the issuer, bounded in time and size; null for anything but a well-formed 200. */
async function fetchJson(deps: ApiDeps, url: string, init: RequestInit, ca: string | undefined): Promise<unknown> {
  try {
    const response = await deps.fetch(
      url,
      { ...init, signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS), redirect: 'manual' },
      ca,
    )
    if (response.status !== 200) return null
    const bytes = await response.arrayBuffer()
    return bytes.byteLength > MAX_ISSUER_BYTES ? null : JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

type Metadata = v.InferOutput<typeof metadata>

/** An issuer's metadata changes about never; asking for it at every login would let anyone make the gateway call out. */
const METADATA_MS = 5 * 60 * 1000
const discovered = new WeakMap<IssuerConfig, { readonly found: Metadata; readonly until: number }>()

/** The issuer's own metadata (OpenID Connect Discovery); refused unless it names exactly this issuer. */
async function discover(deps: ApiDeps, issuer: IssuerConfig): Promise<Metadata | null> {
  const known = discovered.get(issuer)
  const now = deps.clock.now()
  if (known !== undefined && now < known.until) return known.found
  const url = `${issuer.url.replace(/\/$/, '')}/.well-known/openid-configuration`
  const parsed = v.safeParse(metadata, await fetchJson(deps, url, {}, issuer.ca))
  if (!parsed.success || parsed.output.issuer !== issuer.url) return null
  discovered.set(issuer, { found: parsed.output, until: now + METADATA_MS })
  return parsed.output
}

/** Makes a login and answers with its cookie. A new secret every time, so that none can be fixed beforehand. */
async function logIn(call: Call, person: Actor, method: 'oidc' | 'link', returnTo: string): Promise<Response> {
  const { deps } = call
  if (rolesOf(person.groups, deps.config.roles).length === 0) return failed('no-role')
  await deps.log.append([apiEntry(deps, 'login', person, { method })], 'fsynced')
  const secret = newSecret(deps.random)
  const { username, groups, issuer } = person
  await deps.store.putLogin(storedAs(secret), { username, groups, issuer, expiresAt: deps.clock.now() + LOGIN_MS })
  return redirect(returnTo, [setCookie(LOGIN_COOKIE, secret, LOGIN_MS / 1000), setCookie(LOGIN_STATE_COOKIE, '', 0)])
}

async function options(call: Call): Promise<Response> {
  const found = loginIssuer(call.deps.config)
  if (found === null) return json({} satisfies LoginOptions)
  const { login, issuer } = found
  const oidc = { issuer: issuer.url, start: '/login/start' }
  if (login.cliClientId === undefined) return json({ oidc } satisfies LoginOptions)
  const cli = { issuer: issuer.url, clientId: login.cliClientId, scopes: login.scopes }
  return json({ oidc, cli } satisfies LoginOptions)
}

/** Counts the logins begun; false when there were too many in this minute. */
function startCounter(): (now: number) => boolean {
  let minute = Number.NaN
  let count = 0
  return (now) => {
    const current = Math.floor(now / 60_000)
    if (current !== minute) {
      minute = current
      count = 0
    }
    count += 1
    return count <= MAX_STARTS_PER_MINUTE
  }
}

async function start(call: Call, mayStart: (now: number) => boolean): Promise<Response> {
  const { deps } = call
  const found = loginIssuer(deps.config)
  if (found === null) return failed('unavailable')
  if (!mayStart(deps.clock.now())) return failed('unavailable')
  const provider = await discover(deps, found.issuer)
  if (provider === null) return failed('unavailable')
  const [state, nonce, verifier, browser] = [
    newSecret(deps.random),
    newSecret(deps.random),
    newSecret(deps.random),
    newSecret(deps.random),
  ]
  await deps.store.putCode(storedAs(state), {
    purpose: 'login-state',
    payload: JSON.stringify({
      verifier,
      nonce,
      browser: storedAs(browser),
      returnTo: returnPath(call.query.get('return')),
    }),
    expiresAt: deps.clock.now() + LOGIN_STATE_MS,
  })
  const target = new URL(provider.authorization_endpoint)
  const parameters = {
    response_type: 'code',
    client_id: found.login.clientId,
    redirect_uri: `${deps.config.url}/login/callback`,
    scope: found.login.scopes.join(' '),
    state,
    nonce,
    code_challenge: codeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
  return redirect(target.href, [setCookie(LOGIN_STATE_COOKIE, browser, LOGIN_STATE_MS / 1000)])
}

/** RFC 6749, section 2.3.1: id and secret are form-encoded before they are joined. */
function basic(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams({ t: text }).toString().slice(2)
  return `Basic ${btoa(`${encode(clientId)}:${encode(clientSecret)}`)}`
}

async function callback(call: Call): Promise<Response> {
  const { deps, query } = call
  const found = loginIssuer(deps.config)
  const state = query.get('state')
  const browser = cookie(call.request, LOGIN_STATE_COOKIE)
  if (found === null) return failed('unavailable')
  if (state === undefined || browser === undefined) return failed('expired')
  const taken = await deps.store.takeCode(storedAs(state), 'login-state', deps.clock.now())
  if (taken === null) return failed('expired')
  const begun = v.parse(statePayload, JSON.parse(taken.payload))
  if (begun.browser !== storedAs(browser)) return failed('expired')
  const { login, issuer } = found
  const answeredBy = query.get('iss')
  if (answeredBy !== undefined && answeredBy !== issuer.url) return failed('refused')
  const code = query.get('code')
  if (query.has('error') || code === undefined) return failed('refused')

  const provider = await discover(deps, issuer)
  if (provider === null) return failed('unavailable')
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: `${deps.config.url}/login/callback`,
    code_verifier: begun.verifier,
  })
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' }
  if (login.clientSecret === undefined) form.set('client_id', login.clientId)
  else headers.authorization = basic(login.clientId, login.clientSecret)
  const answer = await fetchJson(
    deps,
    provider.token_endpoint,
    { method: 'POST', headers, body: form.toString() },
    issuer.ca,
  )
  const parsed = v.safeParse(tokens, answer)
  if (!parsed.success) return failed('refused')

  const verified = await deps.verifyIdToken(parsed.output.id_token)
  if (!verified.ok || verified.value.issuer !== issuer.url) return failed('refused')
  // Verified above; what is left to check is that it was made for this login: our client, our nonce.
  const claims = decodeJwt(parsed.output.id_token)
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  if (claims.nonce !== begun.nonce || !audiences.includes(login.clientId)) return failed('refused')
  if (audiences.length > 1 && claims.azp !== login.clientId) return failed('refused')
  const { username, groups } = verified.value.user
  return logIn(call, { username, groups, issuer: issuer.url }, 'oidc', begun.returnTo)
}

async function link(call: Call): Promise<Response> {
  const { deps } = call
  const code = call.query.get('code')
  const taken = code === undefined ? null : await deps.store.takeCode(storedAs(code), 'login-link', deps.clock.now())
  if (taken === null) return failed('link')
  return logIn(call, v.parse(linkPayload, JSON.parse(taken.payload)), 'link', '/sessions')
}

async function createLink(call: Call): Promise<Response> {
  const { deps } = call
  const { username, groups, issuer } = callerOf(call)
  const code = newSecret(deps.random)
  const expiresAt = deps.clock.now() + LOGIN_LINK_MS
  await deps.store.putCode(storedAs(code), {
    purpose: 'login-link',
    payload: JSON.stringify({ username, groups, issuer }),
    expiresAt,
  })
  const url = `${deps.config.url}/login/link?code=${code}`
  return json({ url, expiresAt: new Date(expiresAt).toISOString() } satisfies LoginLink, 201)
}

async function logout(call: Call): Promise<Response> {
  const secret = cookie(call.request, LOGIN_COOKIE)
  if (secret !== undefined) await call.deps.store.deleteLogin(storedAs(secret))
  return new Response(null, { status: 204, headers: { 'set-cookie': setCookie(LOGIN_COOKIE, '', 0) } })
}

async function me(call: Call): Promise<Response> {
  const { username, groups, roles, issuer } = callerOf(call)
  return json({ username, groups, roles, issuer } satisfies Me)
}

const string = (name: string, maxLength: number, description: string) =>
  ({ name, type: 'string', maxLength, description }) as const

/** The rows. */
export function loginRoutes(): readonly Route[] {
  const mayStart = startCounter()
  return [
    {
      method: 'GET',
      path: '/api/v1/login-options',
      access: 'anyone',
      operationId: 'loginOptions',
      summary: 'How one can log in here.',
      response: { status: 200, schema: 'LoginOptions' },
      handle: options,
    },
    {
      method: 'GET',
      path: '/api/v1/me',
      access: 'login',
      operationId: 'me',
      summary: 'Who the caller is.',
      response: { status: 200, schema: 'Me' },
      handle: me,
    },
    {
      method: 'POST',
      path: '/api/v1/login-links',
      access: 'admin',
      operationId: 'createLoginLink',
      summary: 'A link that logs its first visitor in as the caller.',
      response: { status: 201, schema: 'LoginLink' },
      handle: createLink,
    },
    {
      method: 'GET',
      path: '/login/start',
      access: 'anyone',
      operationId: 'startLogin',
      summary: 'Sends the browser to the OIDC issuer.',
      query: [string('return', 1024, 'The page of the app to end on.')],
      response: { status: 302 },
      handle: (call) => start(call, mayStart),
    },
    {
      method: 'GET',
      path: '/login/callback',
      access: 'anyone',
      operationId: 'loginCallback',
      summary: 'Where the OIDC issuer sends the browser back to.',
      query: [
        string('state', 256, 'OAuth state.'),
        string('code', 4096, 'The authorisation code.'),
        string('iss', 1024, 'The issuer that answers (RFC 9207).'),
        string('error', 256, 'Why the issuer refused.'),
      ],
      response: { status: 302 },
      handle: callback,
    },
    {
      method: 'GET',
      path: '/login/link',
      access: 'anyone',
      operationId: 'loginByLink',
      summary: 'Logs in by a one-time link.',
      query: [string('code', 256, 'The one-time code.')],
      response: { status: 302 },
      handle: link,
    },
    {
      method: 'POST',
      path: '/logout',
      access: 'login',
      operationId: 'logout',
      summary: 'Ends the login.',
      response: { status: 204 },
      handle: logout,
    },
  ]
}
