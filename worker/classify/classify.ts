// The first stage: from a request as it came to what is asked, of which connection, in which formats.
// In: Received. Out: Classified, or a refusal. Judges the raw target only; never a normalised URL. No I/O.

import type { Classified, HeaderList, Outcome, Received } from '../context.ts'
import { checkHeaders, clientClaims, values } from './headers.ts'
import { bodyFormat, planAccept } from './media.ts'
import { parseTarget, type Target } from './path.ts'
import { accept, malformed, refuse } from './refusal.ts'
import { requestInfo } from './requestinfo.ts'
import { checkUpgrade } from './upgrade.ts'

export interface ClassifyOptions {
  /** The gateway's own origin, e.g. `https://gateway.example.com`: the only `Origin` an upgrade may carry. */
  readonly origin: string
  /** Host name suffix under which connections are host names; absent: by `/clusters/NAME` only. */
  readonly connectionHostSuffix?: string | undefined
}

/** Fields that hold the token or were used up here; authentication finds the token in `authorization` alone. */
const USED_UP: ReadonlySet<string> = new Set(['authorization', 'sec-websocket-protocol', 'cookie'])

/**
 * Classifies a request. `headers` of the result hold the token in at most one place, `authorization`, and the upgrade
 * offer holds only protocols the gateway speaks.
 */
export function classify(received: Received, options: ClassifyOptions): Outcome<Classified> {
  const headers = checkHeaders(received.headers)
  if (!headers.ok) return headers
  const target = parseTarget(received.target)
  if (!target.ok) return target
  const addressed = address(received.host, target.value, options.connectionHostSuffix)
  if (!addressed.ok) return addressed
  const info = requestInfo(received.method, addressed.value.target)
  if (!info.ok) return info
  const upgrade = checkUpgrade(received, info.value, options.origin)
  if (!upgrade.ok) return upgrade
  const format = bodyFormat(received.headers, received.method, received.body !== null)
  if (!format.ok) return format
  const plan = planAccept(received.headers, info.value)
  if (!plan.ok) return plan
  const bearer = bearerOf(received.headers, upgrade.value.bearer)
  if (!bearer.ok) return bearer
  return accept({
    ...received,
    headers: bearer.value,
    upgrade: upgrade.value.upgrade,
    connection: addressed.value.connection,
    info: info.value,
    bodyFormat: format.value,
    accept: plan.value,
    client: clientClaims(received.headers),
  })
}

/** The connection and its own target: by host name where the suffix matches, else by the `/clusters/NAME` prefix. */
function address(
  host: string,
  target: Target,
  suffix: string | undefined,
): Outcome<{ readonly connection: string; readonly target: Target }> {
  const name = host.replace(/:[0-9]+$/, '')
  if (suffix !== undefined && name.endsWith(`.${suffix.toLowerCase()}`)) {
    const connection = name.slice(0, -suffix.length - 1)
    return isName(connection) ? accept({ connection, target }) : unknown()
  }
  const match = /^\/clusters\/([^/]*)(\/.*)?$/.exec(target.path)
  const connection = match?.[1]
  if (connection === undefined || !isName(connection)) return unknown()
  return accept({ connection, target: { path: match?.[2] ?? '/', query: target.query } })
}

/** A DNS label. */
function isName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)
}

function unknown() {
  return refuse(
    'unknown-connection',
    'this address names no connection: the server in your kubeconfig should be https://GATEWAY/clusters/NAME',
  )
}

/** The headers with the token in `authorization`, wherever it came from; refused when it came twice. */
function bearerOf(headers: HeaderList, fromOffer: string | null): Outcome<HeaderList> {
  const authorization = values(headers, 'authorization')[0]
  if (fromOffer !== null && authorization !== undefined) return malformed('the request carries two tokens')
  const rest = headers.filter(([name]) => !USED_UP.has(name))
  const value = fromOffer === null ? authorization : `Bearer ${fromOffer}`
  return accept(value === undefined ? rest : [...rest, ['authorization', value]])
}
