// The JSON API's shapes, for the app and the CLI. Base path `/api/v1`. Times are RFC 3339 in UTC with milliseconds.
// Listings answer `{ items, next }`; `next` is an opaque cursor for `?cursor=`, absent on the last page. No code but types.

import type { RecordedDecision, RecordedMask, RecordedRequest, RecordedResult } from '../../protocol/log/event.ts'

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
  readonly masks: number
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
  readonly masks: number
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

/** Every refusal of the API: RFC 9457 problem details. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
}
