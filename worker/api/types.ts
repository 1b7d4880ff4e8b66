// The JSON API's shapes, for the app and the CLI. Base path `/api/v1`. Times are RFC 3339 in UTC with milliseconds.
// Listings answer `{ items, next }`; `next` is an opaque cursor for `?cursor=`, absent on the last page. No code but types.

import type { RecordedDecision, RecordedMask, RecordedRequest, RecordedResult } from '../../protocol/log/event.ts'
import type { Review } from '../../protocol/review.ts'

export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}

export type Role = 'viewer' | 'approver' | 'admin'

/** GET /api/v1/me */
export interface Me {
  readonly username: string
  readonly groups: readonly string[]
  readonly roles: readonly Role[]
  readonly issuer: string
}

/** GET /api/v1/login-options: how one can log in here. Without `oidc` only one-time links do. */
export interface LoginOptions {
  /** `start`: the path a browser is sent to. */
  readonly oidc?: { readonly issuer: string; readonly start: string }
  /** For `sallyport login`: a public client at that issuer (RFC 8252). */
  readonly cli?: { readonly issuer: string; readonly clientId: string; readonly scopes: readonly string[] }
}

/** POST /api/v1/login-links → a link that logs its first visitor in as the caller. Shown once. */
export interface LoginLink {
  readonly url: string
  readonly expiresAt: string
}

/** GET /api/v1/sessions?q=&connection=&agent=&cursor=&limit= (newest first) and GET /api/v1/sessions/{id} */
export interface SessionSummary {
  readonly id: string
  readonly connection: string
  readonly agent: { readonly username: string; readonly groups: readonly string[]; readonly issuer: string }
  readonly purpose?: string
  /** e.g. `kubectl/v1.35.2 (linux/amd64) kubernetes/fdc9d74` of the first request. */
  readonly userAgent: string
  readonly startedAt: string
  readonly lastAt: string
  readonly commands: number
  readonly requests: number
  readonly denials: number
  /** Requests that waited for people, or passed by a grant or a plan. */
  readonly holds: number
  readonly masks: number
  /** How many by each rule; only where one session is asked for. */
  readonly maskRules?: Readonly<Record<string, number>>
  /** True while a stream is open or the last request is younger than the idle limit. */
  readonly live: boolean
}

/** GET /api/v1/sessions/{id}/commands (oldest first): one client invocation. */
export interface CommandSummary {
  readonly id: string
  readonly session: string
  /** As a person would have typed it, reconstructed from the requests, e.g. `kubectl get pods -n shop`. */
  readonly title: string
  readonly startedAt: string
  readonly endedAt: string
  readonly requests: number
  readonly denials: number
  readonly holds: number
  readonly masks: number
  /** By which rules and at which places, as far as its first requests tell; `masks` counts all. Absent: not told, or nothing. */
  readonly mask?: RecordedMask
  /** The worst outcome among its requests. */
  readonly outcome: 'ok' | 'refused' | 'failed' | 'cancelled' | 'unknown' | 'running'
  /** Set when the command holds an exec or attach recording: the request whose stream it is. */
  readonly stream?: string
}

/** GET /api/v1/sessions/{id}/requests?command= (oldest first) and GET /api/v1/requests/{id} */
export interface RequestRecord {
  readonly id: string
  readonly session: string
  readonly command: string
  readonly at: string
  readonly request: RecordedRequest
  readonly decision?: RecordedDecision
  /** The hold it waited in or passed by, and the grant. */
  readonly hold?: string
  readonly grant?: string
  /** Of a preparatory request of the gateway's own: the request it was asked for. */
  readonly of?: string
  readonly mask?: RecordedMask
  /** Absent while it runs. */
  readonly result?: RecordedResult
  /** Recorded bodies: media type and size of each; bytes at /api/v1/requests/{id}/body?kind=request|response */
  readonly bodies: readonly {
    readonly kind: 'request' | 'response' | 'stream'
    readonly mediaType: string
    readonly bytes: number
  }[]
  /** Hex leaf hash of the intent. */
  readonly leaf: string
}

// GET /api/v1/requests/{id}/body?kind=request|response   the masked bytes as recorded, media type as recorded
// GET /api/v1/requests/{id}/stream                        application/octet-stream: protocol/recording.ts records, in order
// GET /api/v1/sessions/{id}/export?format=ndjson|asciicast

/** GET /api/v1/connections */
export interface ConnectionSummary {
  readonly name: string
  readonly description: string
  readonly createdAt: string
  /** Live connectors by id. */
  readonly connectors: readonly { readonly id: string; readonly live: boolean; readonly since?: string }[]
}

/** GET /api/v1/connectors */
export interface ConnectorSummary {
  readonly id: string
  readonly connections: readonly string[]
  readonly createdAt: string
  readonly revokedAt?: string
  readonly live: boolean
}

/** POST /api/v1/connections/{name}/enrolments → a code, shown once. */
export interface Enrolment {
  readonly code: string
  readonly connection: string
  readonly expiresAt: string
}

/** POST /api/v1/enrol, without a login: {code, publicKey (JWK), name} → what the connector must know. */
export interface Enrolled {
  readonly id: string
  readonly connections: readonly string[]
}

/** GET /api/v1/documents/{kind} and PUT /api/v1/documents (text/yaml, several documents) and DELETE /api/v1/documents/{kind}/{name} */
export interface DocumentSummary {
  readonly kind: string
  readonly name: string
  readonly revision: number
  readonly appliedBy: string
  readonly appliedAt: string
  readonly source: string
}

/** GET /api/v1/approvals?open=true|false&connection=&session=&cursor=&limit= (newest first): a question to people. */
export interface HoldSummary {
  readonly id: string
  readonly kind: 'request' | 'plan'
  readonly state:
    | 'collecting'
    | 'pending'
    | 'approved'
    | 'denied'
    | 'expired'
    | 'withdrawn'
    | 'used'
    | 'spoiled'
    | 'superseded'
  readonly connection: string
  readonly session: string
  readonly command: string
  readonly agent: { readonly username: string; readonly groups: readonly string[]; readonly issuer: string }
  /** What the agent said it is doing: its own claim. */
  readonly purpose?: string
  readonly policy: string
  readonly rule: string
  readonly reason: string
  /** Of the one request; of a plan `N requests: `, the first, and how many more. */
  readonly title: string
  /** Requests in it, and how many have passed. */
  readonly requests: number
  readonly used: number
  readonly openedAt: string
  readonly expiresAt: string
  readonly validUntil?: string
  readonly closedAt?: string
  readonly votes: readonly {
    readonly username: string
    readonly approve: boolean
    readonly reason: string
    readonly at: string
    readonly grant?: { readonly scope: 'namespace' | 'object'; readonly forS: number }
  }[]
  /** How many approvals it needs in all, and from whom; no users and groups: any approver. */
  readonly needs: { readonly count: number; readonly users: readonly string[]; readonly groups: readonly string[] }
  /** Whether the caller may answer, and if not why not. */
  readonly mayAnswer: boolean
  readonly whyNot?: string
  readonly grant?: string
}

/** GET /api/v1/approvals/{id} */
export interface HoldDetail extends HoldSummary {
  readonly review: Review
  /** Names what was shown; an approval must carry it. */
  readonly reviewSha256: string
  /** Up to ten commands of the session before it, oldest first. */
  readonly before: readonly CommandSummary[]
  /** What grant the rule allows; absent: none. */
  readonly offer?: {
    readonly maxForS: number
    /** `''`: things outside namespaces. */
    readonly namespace: string
    readonly object?: { readonly group: string; readonly resource: string; readonly name: string }
  }
  readonly notices: readonly {
    readonly channel: string
    readonly state: 'waiting' | 'sent' | 'given-up'
    readonly attempts: number
  }[]
}

/** POST /api/v1/approvals/{id}/approve → HoldSummary. 403 not eligible, 404 unknown, 409 shown something else or already answered. */
export interface Approve {
  /** `reviewSha256` of what the person saw. */
  readonly seen: string
  readonly reason?: string
  readonly grant?: { readonly scope: 'namespace' | 'object'; readonly forS: number }
}

/** POST /api/v1/approvals/{id}/deny → HoldSummary */
export interface DenyHold {
  readonly reason?: string
}

/** GET /api/v1/grants?open=true|false (newest first), DELETE /api/v1/grants/{id} */
export interface GrantSummary {
  readonly id: string
  readonly hold: string
  readonly connection: string
  readonly agent: { readonly username: string; readonly issuer: string }
  readonly policy: string
  readonly rule: string
  readonly namespace: string
  readonly object?: { readonly group: string; readonly resource: string; readonly name: string }
  readonly approvers: readonly string[]
  readonly openedAt: string
  readonly expiresAt: string
  readonly endedAt?: string
  readonly endedBy?: string
  readonly uses: number
}

/** GET /api/v1/blocks, POST /api/v1/blocks → BlockSummary, DELETE /api/v1/blocks/{name}. A kill switch that is thrown. */
export interface BlockSummary {
  readonly name: string
  readonly kind: 'session' | 'identity' | 'connection'
  /** Session id, username or connection name. */
  readonly value: string
  readonly reason: string
  readonly by: string
  readonly at: string
}

/** POST /api/v1/blocks */
export interface NewBlock {
  readonly kind: 'session' | 'identity' | 'connection'
  readonly value: string
  readonly reason?: string
}

/** POST /api/v1/policies/explain: may this identity do this, and which rules say so? */
export interface ExplainQuestion {
  readonly username: string
  readonly groups: readonly string[]
  readonly connection: string
  /** A Kubernetes verb or `connect`; absent: everything the identity may do. */
  readonly verb?: string
  /** `pods`, `deployments.apps/scale` or a path that starts with `/`. */
  readonly resource?: string
  readonly namespace?: string
  readonly name?: string
  /** What the cluster would store, and the object as it stands: for conditions. */
  readonly object?: unknown
  readonly oldObject?: unknown
  readonly argv?: readonly string[]
  /** YAML of policies to ask instead of those in force. */
  readonly draft?: string
}

/** One rule, and what it says to the question. */
export interface ExplainedRule {
  readonly effect: 'Allow' | 'Deny' | 'Hold'
  readonly policy: string
  readonly rule: string
  /** `matches`; `condition false`; `condition unknown` (needs an object that was not given); `condition error`. */
  readonly verdict: 'matches' | 'condition-false' | 'condition-unknown' | 'condition-error'
  readonly when?: string
  readonly message?: string
  /** Of a listing: what it covers. */
  readonly verbs: readonly string[]
  readonly resources: readonly string[]
  readonly namespaces: readonly string[]
  readonly names: readonly string[]
}

export interface ExplainAnswer {
  /** Absent when no verb was asked. `unknown`: it depends on an object that was not given. */
  readonly decision?: {
    readonly effect: 'Allow' | 'Deny' | 'Hold' | 'unknown'
    readonly policy: string
    readonly rule: string
    readonly reason: string
  }
  /** In the order in which they are judged: Deny, Hold, Allow. */
  readonly rules: readonly ExplainedRule[]
}

/** POST /api/v1/policies/simulate: recorded requests, judged by a draft. */
export interface SimulateQuestion {
  /** YAML of AccessPolicy documents. They replace those of the same name; `alone` leaves all others out. */
  readonly draft: string
  readonly alone?: boolean
  readonly session?: string
  readonly connection?: string
  /** RFC 3339; absent: everything recorded, newest sessions first, up to `limit` requests. */
  readonly since?: string
  readonly limit?: number
}

/** One recorded request whose decision would change. */
export interface SimulatedChange {
  readonly request: string
  readonly session: string
  readonly at: string
  readonly username: string
  readonly title: string
  readonly before: { readonly effect: string; readonly policy: string; readonly rule: string }
  /** `unknown`: the draft looks at an object that was not recorded. */
  readonly after: { readonly effect: string; readonly policy: string; readonly rule: string; readonly reason: string }
}

export interface SimulateAnswer {
  readonly judged: number
  readonly changes: readonly SimulatedChange[]
  /** True when there were more requests than `limit`. */
  readonly cut: boolean
}

/** Every refusal of the API: RFC 9457 problem details. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
}
