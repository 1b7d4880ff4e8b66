// The demo's OIDC provider: people say who they are and give the login code, machines show a secret. In: settings, a clock.
// Out: a node request handler. Made of oidc-provider; only the page, the accounts and the machines' endpoint are ours. State is
// in memory.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { importJWK, SignJWT } from 'jose'
import Provider, { interactionPolicy } from 'oidc-provider'
import { loginPage, PAGE_HEADERS } from './page.ts'
import { PEOPLE } from './people.ts'
import type { DemoOidcSettings } from './settings.ts'
import { Tries } from './tries.ts'

/** Tokens for machines. Exchanged at the gateway for shorter ones. */
const MACHINE_TOKEN_S = 15 * 60
/** A form with a name and a code in it. */
const MAX_FORM_BYTES = 4096

const digest = (text: string) => createHash('sha256').update(text).digest()

/** In a time that tells nothing of the secret, its length included. */
const secretMatches = (given: string, secret: string): boolean => timingSafeEqual(digest(given), digest(secret))

/** A code as it is compared: people copy it with spaces around it, and type it in capitals. */
const plainCode = (code: string): string => code.replaceAll(/[\s-]/g, '').toLowerCase()

function waitFor(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `Too many wrong login codes. Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}, then try again.`
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) return null
    length += chunk.length
    if (length > MAX_FORM_BYTES) return null
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

function makeProvider(settings: DemoOidcSettings): Provider {
  // Instead of asking for consent, which the library does for native clients every time, the login page comes every time and
  // says what it is for. Else a link would be enough to bring a person's login to whoever listens on a port of this machine.
  const { Check } = interactionPolicy
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(
    new Check('native_client', 'the command line asks for a login every time', ({ oidc }) => {
      const asked = oidc.client?.applicationType !== 'native' || oidc.result?.login !== undefined
      return asked ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT
    }),
  )
  policy.get('consent')?.checks.remove('native_client_prompt')
  const provider = new Provider(settings.issuer, {
    jwks: { keys: [settings.signingKey] },
    clients: [
      {
        client_id: settings.app.clientId,
        client_secret: settings.app.clientSecret,
        redirect_uris: [settings.app.redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
      },
      {
        client_id: settings.cli.clientId,
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    cookies: { keys: [settings.cookieSecret] },
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'groups'],
    claims: { openid: ['sub'], profile: ['name'], groups: ['groups'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
    ttl: { IdToken: 3600, AccessToken: 3600, AuthorizationCode: 60, Session: 3600, Interaction: 600, Grant: 3600 },
    findAccount(_, id) {
      const person = PEOPLE.find((one) => one.id === id)
      if (person === undefined) return undefined
      return { accountId: id, claims: () => ({ sub: id, name: person.name, groups: [...person.groups] }) }
    },
    // Both clients are the operator's own: nobody is asked for consent.
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc
      if (client === undefined || session?.accountId === undefined) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile groups')
      await grant.save()
      return grant
    },
  })
  return provider
}

/**
 * Serves the provider, its login page and `POST /machine/token` (`Authorization: Bearer SECRET`).
 * @param now milliseconds that never go back
 */
export function createDemoProvider(
  settings: DemoOidcSettings,
  now: () => number,
): (request: IncomingMessage, response: ServerResponse) => void {
  const provider = makeProvider(settings)
  const oidc = provider.callback()
  const tries = new Tries(now)

  async function machineToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const machine = settings.machines.find(({ secret }) => secretMatches(given, secret))
    if (request.method !== 'POST' || machine === undefined) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}')
      return
    }
    const { signingKey, issuer, audience } = settings
    const token = await new SignJWT({ groups: machine.groups })
      .setProtectedHeader({ alg: 'ES256', kid: signingKey.kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setSubject(machine.username)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${MACHINE_TOKEN_S}s`)
      .sign(await importJWK(signingKey, 'ES256'))
    response
      .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify({ id_token: token, expires_in: MACHINE_TOKEN_S }))
  }

  /** Why the code does not log in; null when it does. Not async: between looking and counting no other try comes in. */
  function refusal(code: string): { readonly status: 403 | 429; readonly error: string } | null {
    const wait = tries.waitMs()
    if (wait > 0) return { status: 429, error: waitFor(wait) }
    if (secretMatches(plainCode(code), plainCode(settings.loginCode))) return null
    tries.wrong()
    const next = tries.waitMs()
    return { status: 403, error: next > 0 ? waitFor(next) : 'This is not the login code.' }
  }

  async function interaction(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { uid, params } = await provider.interactionDetails(request, response)
    const page = { action: `/interaction/${uid}`, commandLine: params.client_id === settings.cli.clientId }
    if (request.method !== 'POST') {
      response.writeHead(200, PAGE_HEADERS).end(loginPage(page))
      return
    }
    const form = await readForm(request)
    const account = form?.get('account')
    if (!PEOPLE.some((person) => person.id === account) || account === null || account === undefined) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end('There is no such person.\n')
      return
    }
    const refused = refusal(form?.get('code') ?? '')
    if (refused !== null) {
      response.writeHead(refused.status, PAGE_HEADERS).end(loginPage({ ...page, account, error: refused.error }))
      return
    }
    await provider.interactionFinished(request, response, { login: { accountId: account } })
  }

  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const own = path === '/machine/token' ? machineToken : path.startsWith('/interaction/') ? interaction : null
    if (own === null) {
      oidc(request, response)
      return
    }
    own(request, response).catch(() => {
      // An interaction that is over, or not this browser's.
      if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' })
      response.end('This login is over. Begin again at the app.\n')
    })
  }
}
