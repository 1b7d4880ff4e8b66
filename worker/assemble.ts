// Puts the gateway together from its ports: the edge's part and a connection's part, for one process or for two.
// In: configuration, ports and what a runtime must supply. Out: the chain's two halves. No I/O of its own.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Sha256 } from '../protocol/log/leaf.ts'
import { createApi } from './api/api.ts'
import { type Authenticator, createAuthenticator } from './authenticate/authenticator.ts'
import { exchangeToken } from './authenticate/exchange.ts'
import { apiAudience } from './authenticate/gatewaytoken.ts'
import type { GatewayConfig } from './config.ts'
import { parseDocuments } from './documents.ts'
import { type Answered, createHolds, type Holds, type Vote } from './hold/holds.ts'
import { createHub, type Hub } from './hub.ts'
import { createMaskCache, createPolicyCache } from './inforce.ts'
import { createNotifier } from './notify/notify.ts'
import { explainPolicies, simulatePolicies } from './policytools.ts'
import type { Clock, ConnectorRecord, HoldStore, Log, RandomBytes, Recordings, Store, UsageHistory } from './ports.ts'
import { createSessions } from './record/sessions.ts'
import { createIds } from './record/uuid.ts'
import { createEnrolmentCode, enrol } from './tunnel/enrol.ts'
import { type ConnectorTunnel, createTunnel } from './tunnel/tunnel.ts'

/** How long the list of connections may be used before it is read again. */
const CONNECTIONS_FRESH_MS = 2_000

/** What both halves need. */
export interface Foundation {
  readonly config: GatewayConfig
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly store: Store
  readonly holds: HoldStore
  /** What limits count, read back when a hub starts anew. */
  readonly usage: UsageHistory
  /** Outgoing HTTP; `ca` is the PEM of a private CA to trust for it. */
  readonly fetch: (url: string, init: RequestInit, ca?: string) => Promise<Response>
  /** Tells the operator of a bug. Never given a header or a body. */
  readonly onBug: (error: unknown, where: string) => void
  /** The runtime's own; absent: plain JavaScript. */
  readonly sha256?: Sha256
}

/** The edge: who asks, the app's API, which connections there are. */
export interface Edge {
  readonly authenticator: Authenticator
  readonly api: (request: Request) => Promise<Response>
  /** Whether a connection is registered; a list at most seconds old. Rejects when the database cannot be read. */
  readonly knows: (connection: string) => Promise<boolean>
}

export function assembleEdge(
  foundation: Foundation & {
    readonly recordings: Recordings
    /** Hands a person's answer to the hub of its connection. */
    readonly answerHold: (connection: string, id: string, vote: Vote) => Promise<Answered>
    readonly endGrant: (connection: string, id: string, by: string) => Promise<boolean>
    /** Policies or blocks have changed: every hub judges anew. */
    readonly documentsChanged: () => Promise<void>
    readonly tunnelStatus: (connection: string) => Promise<readonly { readonly id: string; readonly since: string }[]>
    readonly connectorRevoked: (connector: ConnectorRecord) => Promise<void>
  },
): Edge {
  const { config, clock, random, log, store, holds, recordings, onBug } = foundation
  const authorities = new Map(config.issuers.map((issuer) => [new URL(issuer.url).origin, issuer.ca]))
  const authenticator = createAuthenticator({
    config,
    clock,
    fetch: (url, init) => foundation.fetch(url, init, authorities.get(new URL(url).origin)),
    sha256: foundation.sha256,
  })
  const uuid = createIds(clock, random)
  const app = createApi(
    {
      config,
      clock,
      random,
      newId: uuid,
      store,
      recordings,
      log,
      verifyApiToken: (token) => authenticator.verifyToken(token, { audience: apiAudience(config.url) }),
      verifyIdToken: (token) => authenticator.verifyToken(token, { audience: apiAudience(config.url) }),
      exchange: (form) => exchangeToken(form, { config, clock, authenticator, uuid }),
      tunnelStatus: foundation.tunnelStatus,
      connectorRevoked: foundation.connectorRevoked,
      createEnrolmentCode,
      enrol,
      parseDocuments,
      holds,
      answerHold: foundation.answerHold,
      endGrant: foundation.endGrant,
      documentsChanged: foundation.documentsChanged,
      explainPolicies: (question) => explainPolicies({ config, clock, store }, question),
      simulatePolicies: (question) => simulatePolicies({ config, clock, store, recordings }, question),
      fetch: foundation.fetch,
    },
    (error) => onBug(error, 'api'),
  )
  return {
    authenticator,
    api: async (request) => app.fetch(request),
    knows: knownConnections(store, clock),
  }
}

/** Tells whether a connection is registered, from a list that is seconds old at most. Rejects when the store cannot be read. */
export function knownConnections(
  store: Pick<Store, 'connections'>,
  clock: Pick<Clock, 'now'>,
): (connection: string) => Promise<boolean> {
  let names: ReadonlySet<string> = new Set()
  let readAt = Number.NEGATIVE_INFINITY
  return async (connection) => {
    // A name that is not there may have been registered this moment.
    const age = clock.now() - readAt
    // Below zero: the clock was set back.
    if (age < 0 || age > CONNECTIONS_FRESH_MS || !names.has(connection)) {
      names = new Set((await store.connections()).map(({ name }) => name))
      readAt = clock.now()
    }
    return names.has(connection)
  }
}

/** One connection's hub, its tunnel and its questions to people. */
export interface ConnectionHub {
  readonly hub: Hub
  readonly tunnel: ConnectorTunnel
  readonly holds: Holds
  /** Takes up what a former life left: questions that are open, notices not yet sent. Never rejects. */
  resume(): Promise<void>
  /** Settles who waits, and stops telling people; what is open stays so for the next life. */
  close(): void
}

/** Makes hubs. */
export interface HubMaker {
  newHub(connection: string): ConnectionHub
}

/** A maker of hubs that share policies and masks, which are the same for all connections. */
export function assembleHubs(
  foundation: Foundation & {
    /** Runs after the current macrotask. */
    readonly schedule: (callback: () => void) => void
  },
): HubMaker {
  const { config, clock, random, log, store, onBug } = foundation
  const policies = createPolicyCache(store, clock, { denyPackExcept: config.denyPackExcept })
  const masks = createMaskCache(store, clock)
  const secret = (purpose: string): Uint8Array =>
    hmac(sha256, new TextEncoder().encode(config.signingKey.d), new TextEncoder().encode(purpose))
  const newHub = (connection: string): ConnectionHub => {
    const ids = createIds(clock, random)
    const tunnel = createTunnel({ clock, schedule: foundation.schedule })
    const notifier = createNotifier({
      channels: config.notices,
      appUrl: config.url,
      store: foundation.holds,
      clock,
      random,
      fetch: (url, init) => foundation.fetch(url, init),
      ids,
      connection,
      onBug,
    })
    const holds = createHolds({
      clock,
      ids,
      log,
      store: foundation.holds,
      connection,
      ...(config.holds.pollMs === undefined ? {} : { pollMs: config.holds.pollMs }),
      opened: (hold) => notifier.opened(hold),
      closed: (hold) => notifier.closed(hold.id),
      onBug,
    })
    const hub = createHub({
      clock,
      log,
      tunnel,
      policies,
      masks,
      sessions: createSessions({ clock, ids }),
      holds,
      history: foundation.usage,
      newId: ids,
      maskingSecret: secret('masking'),
      bindingKey: secret('binding'),
      ...(config.limits.streamsPerIdentity === undefined
        ? {}
        : { maxStreamsPerIdentity: config.limits.streamsPerIdentity }),
      ...(config.limits.bodyDeadlineMs === undefined ? {} : { bodyDeadlineMs: config.limits.bodyDeadlineMs }),
      onBug,
    })
    const resume = async (): Promise<void> => {
      try {
        await holds.ready()
        await notifier.ready()
      } catch (error) {
        onBug(error, 'resume')
      }
    }
    const close = (): void => {
      holds.close()
      notifier.close()
    }
    return { hub, tunnel, holds, resume, close }
  }
  return { newHub }
}
