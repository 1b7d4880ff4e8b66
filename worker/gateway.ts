// The edge's half of the chain: receive → classify → authenticate, then to the connection's hub.
// In: a Received from the runtime's adapter. Out: the runtime's kind of answer (R). Looks at raw targets only.

import { classify } from './classify/classify.ts'
import type { Authenticated, Classified, Outcome, Received, Refusal } from './context.ts'

/** What the edge needs. `R` is a Reply on Bun and Deno, a Response on workerd. */
export interface GatewayOptions<R> {
  /** Host name suffix under which connections are host names; absent: only `/clusters/NAME`. */
  readonly connectionHostSuffix?: string
  /** The gateway's public origin, e.g. `https://gateway.example.com`: the only `Origin` an upgrade may carry. */
  readonly origin: string
  readonly authenticate: (request: Classified) => Promise<Outcome<Authenticated>>
  /** Whether a connection of this name is registered. Rejects when the database cannot be read. */
  readonly knows: (connection: string) => Promise<boolean>
  /** Hands the request to the connection's one hub. */
  readonly hub: (request: Authenticated) => Promise<R>
  /** A connector that dials in. */
  readonly connect: (request: Received) => Promise<R>
  /** The app, its API and the OAuth routes. */
  readonly api: (request: Received) => Promise<R>
  /** The Status for a refusal. */
  readonly refuse: (request: Received, refusal: Refusal) => R
  /** Tells the operator of a bug. Never given a header or a body. */
  readonly onBug: (error: unknown, request: Received) => void
}

/** True when the request is for a Kubernetes API server behind this gateway. */
function isForCluster(request: Received, suffix: string | undefined): boolean {
  if (request.target === '/clusters' || request.target.startsWith('/clusters/')) return true
  if (suffix === undefined) return false
  const host = request.host.replace(/:[0-9]+$/, '')
  return host.endsWith(`.${suffix}`)
}

/** The way in. The returned function never rejects. */
export function createGateway<R>(options: GatewayOptions<R>): (request: Received) => Promise<R> {
  return async (received) => {
    try {
      if (!isForCluster(received, options.connectionHostSuffix)) {
        if (received.target === '/connect' || received.target.startsWith('/connect?'))
          return await options.connect(received)
        if (received.upgrade !== null) {
          return options.refuse(received, { kind: 'malformed', message: 'nothing at this path can be upgraded' })
        }
        return await options.api(received)
      }
      const classified = classify(received, options)
      if (!classified.ok) return options.refuse(received, classified.refusal)

      const authenticated = await options.authenticate(classified.value)
      if (!authenticated.ok) return options.refuse(received, authenticated.refusal)

      const known = await options.knows(classified.value.connection).catch(() => null)
      if (known === null) return options.refuse(received, DATABASE_AWAY)
      if (!known) return options.refuse(received, unknownConnection(classified.value.connection))
      return await options.hub(authenticated.value)
    } catch (error) {
      options.onBug(error, received)
      return options.refuse(received, { kind: 'internal', message: 'the gateway could not handle this request' })
    }
  }
}

const DATABASE_AWAY: Refusal = {
  kind: 'log-unavailable',
  message: 'the gateway’s database cannot be reached, so nothing was sent; try again when it is back',
}

/** 404 for a name that is not registered. */
export function unknownConnection(connection: string): Refusal {
  return {
    kind: 'unknown-connection',
    message: `there is no connection called ${JSON.stringify(connection)}; ask the administrator of this gateway which ones there are`,
  }
}
