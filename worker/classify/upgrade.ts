// Upgrades: on exec, attach and portforward only, in protocols the gateway speaks, with a bearer token taken out of the offer.
// No I/O.

import type { Classified, Outcome, Received, RequestInfo, UpgradeOffer } from '../context.ts'
import { values } from './headers.ts'
import { accept, malformed, refuse } from './refusal.ts'

/** Kubernetes' way for browsers, which cannot set headers on a WebSocket. */
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'
const EXEC_PROTOCOLS: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const PORT_FORWARD_PROTOCOLS: readonly string[] = ['SPDY/3.1+portforward.k8s.io']

export interface CheckedUpgrade {
  readonly upgrade: UpgradeOffer | null
  /** The token that stood in the offer, decoded; null when there was none. */
  readonly bearer: string | null
}

/** What `info` may be upgraded to, best first; null when it may not be upgraded at all. */
function speakable(info: RequestInfo): readonly string[] | null {
  if (info.exec === undefined) return null
  return info.subresource === 'portforward' ? PORT_FORWARD_PROTOCOLS : EXEC_PROTOCOLS
}

/**
 * Checks the upgrade, or its absence. A SPDY offer passes here: kubectl repeats every refused WebSocket as SPDY and
 * shows only the second answer, so it must be judged alike first; {@link streamProtocols} refuses it after that.
 */
export function checkUpgrade(received: Received, info: RequestInfo, ownOrigin: string): Outcome<CheckedUpgrade> {
  const protocols = speakable(info)
  const { upgrade } = received
  if (upgrade === null) {
    if (values(received.headers, 'upgrade').length > 0) return malformed('this request cannot be upgraded')
    if (protocols !== null) return malformed(`${info.subresource} needs an upgrade to WebSocket`)
    return accept({ upgrade: null, bearer: null })
  }
  if (protocols === null) return malformed('only exec, attach and portforward can be upgraded')
  if (received.body !== null) return malformed('a request for an upgrade must not have a body')
  const origin = values(received.headers, 'origin')[0]
  if (origin !== undefined && origin !== ownOrigin) return malformed('the Origin is not this gateway')
  if (upgrade.kind === 'spdy') {
    if (received.method !== 'POST' && received.method !== 'GET') return malformed('an upgrade is a GET or a POST')
    return accept({ upgrade: { kind: 'spdy', protocols: [] }, bearer: null })
  }
  if (received.method !== 'GET') return malformed('a WebSocket is opened by a GET')
  if (!isHandshake(received)) return malformed('the WebSocket handshake is none of RFC 6455')
  const tokens = upgrade.protocols.filter((protocol) => protocol.startsWith(BEARER_PROTOCOL))
  if (tokens.length > 1) return malformed('the WebSocket offer holds more than one token')
  const bearer = tokens[0] === undefined ? null : decodeBearer(tokens[0].slice(BEARER_PROTOCOL.length))
  if (tokens.length === 1 && bearer === null) return malformed('the token in the WebSocket offer is not base64url')
  const offer = upgrade.protocols.filter((protocol) => protocols.includes(protocol))
  if (offer.length === 0) return malformed(`the WebSocket offers none of ${protocols.join(', ')}`)
  return accept({ upgrade: { kind: 'websocket', protocols: offer }, bearer })
}

/** RFC 6455, section 4.2.1. Found out at the 101, a command would run for a client that gets a 400. */
function isHandshake({ headers }: Received): boolean {
  const key = values(headers, 'sec-websocket-key')
  const version = values(headers, 'sec-websocket-version')
  return key.length === 1 && KEY.test(key[0] ?? '') && version.length === 1 && version[0] === '13'
}

const KEY = /^[A-Za-z0-9+/]{22}==$/

/**
 * The subprotocols to take, in the client's order. Call it once the decision allows the request.
 * @returns `unsupported-client` for a client that speaks SPDY only
 */
export function streamProtocols(classified: Pick<Classified, 'upgrade' | 'info'>): Outcome<readonly string[]> {
  if (classified.upgrade === null) return malformed(`${classified.info.subresource} needs an upgrade to WebSocket`)
  if (classified.upgrade.kind === 'websocket') return accept(classified.upgrade.protocols)
  return refuse(
    'unsupported-client',
    'this client speaks SPDY, the gateway WebSocket: use kubectl 1.31 or newer, or 1.30 with ' +
      'KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true (and KUBECTL_PORT_FORWARD_WEBSOCKETS=true), and leave neither set to false. ' +
      'If your kubectl is new enough, its WebSocket was refused just before this: see that request',
  )
}

/**
 * What is offered to the API server for what the client offered, best first: one before Kubernetes 1.30 knows v4 only, a
 * new kubectl v5 only, and what v4 cannot do the connector says.
 */
export function upstreamProtocols({ protocols }: Pick<UpgradeOffer, 'protocols'>): readonly string[] {
  return protocols.includes('v5.channel.k8s.io') ? EXEC_PROTOCOLS : protocols
}

function decodeBearer(encoded: string): string | null {
  if (!/^[A-Za-z0-9_-]{1,65536}$/.test(encoded)) return null
  try {
    const token = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
    return /^[\x21-\x7e]+$/.test(token) ? token : null
  } catch {
    return null
  }
}
