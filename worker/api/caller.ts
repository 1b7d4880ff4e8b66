// Who calls the API, by cookie or by bearer token, and which roles that gives. In: a Request. Out: a caller or a refusal.
// A cookie alone changes nothing: a page of another origin can send one along, but not the header that goes with it.

import type { GatewayConfig } from '../config.ts'
import type { Identity, Outcome } from '../context.ts'
import type { Clock, Store } from '../ports.ts'
import { problem } from './problem.ts'
import { storedAs } from './secret.ts'
import type { Role } from './types.ts'

/** `__Host-`: only over TLS, only this host, path `/` (RFC 6265bis, section 4.1.3.2). */
export const LOGIN_COOKIE = '__Host-sallyport'
/** Ties an OIDC login to the browser that began it, against login CSRF. */
export const LOGIN_STATE_COOKIE = '__Host-sallyport-login'
/** Non-GET requests by cookie carry it with the value `1`: a foreign page cannot without a CORS preflight, which is refused. */
const CSRF_HEADER = 'x-sallyport-csrf'
/** A login to the app lasts at most this long: a working day. */
export const LOGIN_MS = 12 * 60 * 60 * 1000

export interface Caller {
  readonly username: string
  readonly groups: readonly string[]
  readonly issuer: string
  readonly roles: readonly Role[]
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly by: 'cookie' | 'bearer'
}

/** The roles of a set of groups. A higher role includes the lower ones. */
export function rolesOf(groups: readonly string[], roles: GatewayConfig['roles']): readonly Role[] {
  const holds = (wanted: readonly string[]) => wanted.some((group) => groups.includes(group))
  if (holds(roles.admin)) return ['viewer', 'approver', 'admin']
  if (holds(roles.approver)) return ['viewer', 'approver']
  if (holds(roles.viewer)) return ['viewer']
  return []
}

/** One cookie's value; absent when it is missing or there twice (one of them is not ours). */
export function cookie(request: Request, name: string): string | undefined {
  const found = (request.headers.get('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
  const [only] = found
  return found.length === 1 && only !== undefined ? only.slice(name.length + 1) : undefined
}

/** A `Set-Cookie` value. `maxAgeS` 0 removes it. */
export function setCookie(name: string, value: string, maxAgeS: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeS}; Secure; HttpOnly; SameSite=Lax`
}

export type CallerResult =
  | { readonly ok: true; readonly caller: Caller | null }
  | { readonly ok: false; readonly response: Response }

const SAFE_METHODS = new Set(['GET', 'HEAD'])

/** True when a browser says the request comes from another origin than the gateway's own. */
function foreignOrigin(request: Request, url: string): boolean {
  const origin = request.headers.get('origin')
  if (origin !== null && origin !== new URL(url).origin) return true
  const site = request.headers.get('sec-fetch-site')
  return site !== null && site !== 'same-origin' && site !== 'none'
}

/**
 * Finds out who calls. A bearer token counts before a cookie, and a bad one is never made good by a cookie.
 * `caller: null`: neither was sent, or the login is over.
 */
export async function identifyCaller(
  request: Request,
  deps: {
    readonly config: GatewayConfig
    readonly clock: Clock
    readonly store: Store
    readonly verifyApiToken: (token: string) => Promise<Outcome<Identity>>
  },
): Promise<CallerResult> {
  const authorization = request.headers.get('authorization')
  if (authorization !== null) {
    const token = /^bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1]
    const verified = token === undefined ? undefined : await deps.verifyApiToken(token)
    if (verified === undefined || !verified.ok) {
      const response = problem(401, 'The bearer token is not valid here. Log in again: sallyport login.', {
        'www-authenticate': 'Bearer error="invalid_token"',
      })
      return { ok: false, response }
    }
    const { user, issuer, expiresAt } = verified.value
    const roles = rolesOf(user.groups, deps.config.roles)
    const caller: Caller = {
      username: user.username,
      groups: user.groups,
      issuer,
      roles,
      expiresAt: expiresAt * 1000,
      by: 'bearer',
    }
    return { ok: true, caller }
  }
  const secret = cookie(request, LOGIN_COOKIE)
  if (secret === undefined || secret === '') return { ok: true, caller: null }
  // A link on another site opens with the cookie: it would read in the person's name, and that is recorded.
  const forged = !SAFE_METHODS.has(request.method) && request.headers.get(CSRF_HEADER) !== '1'
  if (forged || foreignOrigin(request, deps.config.url)) {
    return { ok: false, response: problem(403, 'The request did not come from the app.') }
  }
  const login = await deps.store.login(storedAs(secret), deps.clock.now())
  if (login === null || login.expiresAt <= deps.clock.now()) return { ok: true, caller: null }
  const roles = rolesOf(login.groups, deps.config.roles)
  return { ok: true, caller: { ...login, roles, by: 'cookie' } }
}
