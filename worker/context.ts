// The types that grow along the chain: Received → Classified → Authenticated → Decided → Recorded.
// Each stage takes one and returns the next, so that leaving a stage out does not compile. No code, no I/O.

import type { MessageSocket } from '../protocol/websocket.ts'

/** Header fields as they came, names in lower case, repeats kept in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/**
 * A body that is pulled, so that a slow reader slows the writer.
 * `read` resolves with the next non-empty chunk, or `null` at the end; it rejects when the body broke off.
 * A chunk belongs to the reader once returned. `cancel` may be called at any time, any number of times.
 */
export interface ByteSource {
  read(): Promise<Uint8Array | null>
  cancel(reason: string): void
}

/** What the client offered when it asked for an upgrade; `protocols` are `Sec-WebSocket-Protocol` tokens in order. */
export interface UpgradeOffer {
  readonly kind: 'websocket' | 'spdy'
  readonly protocols: readonly string[]
}

/** A request as the runtime's adapter hands it over. Nothing in it is trusted, decoded or normalised. */
export interface Received {
  /** Our event id, a UUIDv7; becomes `Audit-ID` upstream. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly method: string
  /** The raw request target, path and query, exactly as it stood on the request line. */
  readonly target: string
  /** The `Host` header, checked by the adapter against `host[:port]` grammar, in lower case. */
  readonly host: string
  readonly headers: HeaderList
  /** Absent when the request has no body. */
  readonly body: ByteSource | null
  readonly upgrade: UpgradeOffer | null
  /** The peer's address, for the record only. */
  readonly remote: string
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal
}

/** Kubernetes `RequestInfo` verbs, plus `connect` for exec, attach, portforward and proxy whatever the HTTP method is. */
export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | 'connect'
  /** non-resource requests: the HTTP method in lower case */
  | 'post'
  | 'put'
  | 'head'
  | 'options'

/**
 * What is asked: Kubernetes `RequestInfo` (k8s.io/apiserver/pkg/endpoints/request), computed from the raw target.
 * Absent strings are `''`, as in Kubernetes.
 */
export interface RequestInfo {
  readonly isResourceRequest: boolean
  /** Path without the connection prefix, without the query; canonical by construction. */
  readonly path: string
  /** Query without `?`, exactly as it came. */
  readonly query: string
  readonly verb: Verb
  readonly apiPrefix: '' | 'api' | 'apis'
  readonly apiGroup: string
  readonly apiVersion: string
  readonly namespace: string
  /** Plural, e.g. `pods`. */
  readonly resource: string
  /** e.g. `exec`, `scale`, `status`; for services/x/proxy/... `proxy`. */
  readonly subresource: string
  readonly name: string
  /** Path segments, decoded: what follows the API version (resource requests) or the whole path. */
  readonly parts: readonly string[]
  /** Set for exec, attach, portforward (from the query). */
  readonly exec?: {
    readonly argv: readonly string[]
    readonly container: string
    readonly stdin: boolean
    readonly stdout: boolean
    readonly stderr: boolean
    readonly tty: boolean
    readonly ports: readonly number[]
  }
  /** True for watches, `logs -f` and the like: a response without an end in sight. */
  readonly streaming: boolean
  /** True when `dryRun=All` was asked. */
  readonly dryRun: boolean
}

/** How a request body is encoded, by its media type; `none` when there is no body. */
export type BodyFormat =
  | 'none'
  | 'json'
  | 'yaml'
  | 'json-patch'
  | 'merge-patch'
  | 'strategic-merge-patch'
  | 'apply-patch'
  | 'protobuf'

/** In what form the client accepts the response; already narrowed to what can be masked. */
export interface AcceptPlan {
  /** The `Accept` value sent upstream: JSON forms only (Table, PartialObjectMetadata kept), or as it came for text. */
  readonly upstream: string
}

export interface Classified extends Received {
  /** The connection's name, from `/clusters/NAME` or the host name. */
  readonly connection: string
  readonly info: RequestInfo
  readonly bodyFormat: BodyFormat
  readonly accept: AcceptPlan
  /** From `Kubectl-Command`, `Kubectl-Session` and `User-Agent`: the client's claim, to group by and never to judge by. */
  readonly client: { readonly userAgent: string; readonly command: string; readonly session: string }
}

/** Kubernetes `UserInfo`. */
export interface UserInfo {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** Who asks, proven by a token. Never contains the token. */
export interface Identity {
  readonly user: UserInfo
  readonly issuer: string
  /** Seconds since the epoch; streams end at it. */
  readonly expiresAt: number
  /** Set when the token was bound to a session by token exchange. */
  readonly session?: string
  /** What the agent said it is doing, from the token exchange. Shown, never judged. */
  readonly purpose?: string
}

export interface Authenticated extends Classified {
  readonly identity: Identity
}

export type Effect = 'Allow' | 'Deny' | 'Hold'

/** Who may answer a hold, and for how long what holds. */
export interface Approval {
  /** Any of these may answer; both empty: every approver of the gateway. Nobody answers a request of their own. */
  readonly by: { readonly users: readonly string[]; readonly groups: readonly string[] }
  /** How many different people must approve. One denial ends it. */
  readonly count: number
  /** How long the question stays open. */
  readonly holdForMs: number
  /** How long an approved request that nobody waits for may still be sent, once. */
  readonly validForMs: number
  /** Whether the answer may open a grant, and for how long at most. Null: it may not. */
  readonly grant: { readonly maxForMs: number } | null
}

/** The decision and what made it. `policy` and `rule` are '' when nothing matched. */
export interface Decision {
  readonly effect: Effect
  readonly policy: string
  readonly rule: string
  readonly reason: string
  /** Policy revision numbers in force, so that a decision can be explained later. */
  readonly revision: number
  /**
   * A condition under which Allow holds, checked against the cluster before forwarding:
   * `exists`: the object must exist already (an apply or PUT by one who may not `create`).
   */
  readonly requires?: 'exists'
  /** Set on every Hold. */
  readonly approval?: Approval
}

/** What let a held request pass. */
export type Release =
  | { readonly kind: 'approval'; readonly hold: string; readonly approvers: readonly string[] }
  | { readonly kind: 'grant'; readonly grant: string; readonly hold: string; readonly approvers: readonly string[] }
  /** A server-side dry run of what would be held: it changes nothing, and is collected as a plan. */
  | { readonly kind: 'plan' }

/** What a session has done so far on its connection; dry runs and refused requests do not count. */
export interface SessionFacts {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly requests: number
  readonly writes: number
  readonly deletions: number
  readonly secretReads: number
  readonly execBytes: number
}

/**
 * What conditions may look at beside the request itself. `object` and `oldObject`: absent while not asked for, null when there
 * is none; integers in them are BigInt, as CEL wants them.
 */
export interface Facts {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly session: SessionFacts
  /** What the cluster would store, by the API server's own dry run. */
  readonly object?: unknown
  /** The object as it stands; of a request on a pod's subresource, the pod. */
  readonly oldObject?: unknown
  /** DeleteOptions, where a body brings them. */
  readonly options?: unknown
}

export interface Decided extends Authenticated {
  readonly decision: Decision
  /** Set where the decision is Hold and the request may pass all the same. */
  readonly release?: Release
}

/** The log's receipt for a recorded intent: without one the connector refuses to forward. */
export interface Receipt {
  /** The event's id. */
  readonly id: string
  /** Lower-case hex SHA-256 of the leaf, as RFC 6962 hashes leaves. */
  readonly leaf: string
}

export interface Recorded extends Decided {
  readonly receipt: Receipt
  /** The session and command (ids) the request was recorded under. */
  readonly session: string
  readonly command: string
  /** The body that was judged and recorded, and that is sent; null when there is none. */
  readonly bodyBytes: Uint8Array | null
}

/** A stage's answer: go on with a value, or stop with a refusal. Refusals are values; `throw` is for bugs. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal }

/**
 * Why a request is refused. `reply/` turns it into the `Status` (or, on OAuth routes, RFC 6749 JSON) in one exhaustive switch.
 * `message` is for a person and never holds a secret or the inside of the gateway.
 */
export interface Refusal {
  readonly kind:
    | 'malformed' // 400: not canonical, repeated parameter, bad upgrade
    | 'unauthenticated' // 401
    | 'forbidden' // 403: policy; carries `decision`
    | 'held' // 429: it waits for a person; carries `retryAfterS`
    | 'not-approved' // 403: denied by a person, expired, used, changed since
    | 'ended' // 403: a person ended the session, identity or connection
    | 'unknown-connection' // 404
    | 'method-not-allowed' // 405
    | 'not-acceptable' // 406
    | 'too-large' // 413
    | 'unsupported-media-type' // 415
    | 'too-many' // 429; carries `retryAfterS` (integer seconds)
    | 'withheld' // 502-like: upstream answered, but the content cannot be masked
    | 'log-unavailable' // 503: the intent could not be recorded
    | 'connector-unavailable' // 503: no live connector; nothing was sent
    | 'connector-lost' // 502/504: it may have been carried out
    | 'upstream' // 502: the API server could not be reached or broke the protocol
    | 'timeout' // 504
    | 'unsupported-client' // 4xx: SPDY-only client; says which kubectl to use
    | 'internal' // 500: says nothing of the inside
  readonly message: string
  readonly decision?: Decision
  readonly retryAfterS?: number
  /** The hold it is about. */
  readonly hold?: string
}

export type { MessageSocket }

/** What goes back to the client. `body` null: none. An upgrade is accepted by the adapter, which then calls `run`. */
export type Reply =
  | {
      readonly kind: 'response'
      readonly status: number
      readonly headers: HeaderList
      readonly body: Uint8Array | ByteSource | null
    }
  | {
      readonly kind: 'upgrade'
      readonly protocol: string
      /** A longer message from the peer closes the socket with 1009. */
      readonly maxMessageBytes: number
      readonly run: (socket: MessageSocket) => Promise<void>
    }
