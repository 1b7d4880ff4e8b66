// The facts that are recorded. A leaf of the log is one of these, in RFC 8785 canonical JSON.
// Bodies are not in it: only their salted hash, so that a body can be deleted and every proof still holds. No I/O.

/** What happened. */
export type EventType =
  | 'session.open'
  | 'session.manifest'
  | 'request.intent'
  | 'request.result'
  | 'stream.open'
  | 'stream.segment'
  | 'stream.close'
  /** A request or plan waits for people. Its body is the review they are shown; `data.hold` is its id everywhere. */
  | 'hold.open'
  /** One person's answer. */
  | 'hold.vote'
  /** It was answered, withdrawn or ran out; `data.state` says which. */
  | 'hold.close'
  /** A request passed by it; `ref` is that request. */
  | 'hold.use'
  | 'grant.open'
  | 'grant.close'
  | 'policy.change'
  | 'connection.change'
  | 'connector.change'
  | 'login'
  | 'view'
  | 'export'

/** What was asked, as recorded. Everything here was judged; nothing here is a secret body. */
export interface RecordedRequest {
  readonly method: string
  /** Path and query as forwarded (without the connection prefix). */
  readonly target: string
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly userAgent: string
  /** `Kubectl-Command`, a claim of the client. */
  readonly kubectlCommand?: string
  /** Set on exec and attach. */
  readonly exec?: {
    readonly argv: readonly string[]
    readonly container: string
    readonly stdin: boolean
    readonly tty: boolean
  }
  /**
   * Set when this is the gateway's own preparatory request: `dry-run` (what the cluster would store), `exists`, `read` (the
   * object as it stands), `reach` (what else it touches, for whoever approves).
   */
  readonly preparatory?: 'dry-run' | 'exists' | 'read' | 'reach'
}

export interface RecordedDecision {
  readonly effect: 'Allow' | 'Deny' | 'Hold'
  readonly policy: string
  readonly rule: string
  readonly reason: string
  readonly revision: number
}

/** How it ended. `unknown`: it may or may not have been carried out. `refused`: it was not sent. */
export interface RecordedResult {
  readonly outcome: 'ok' | 'refused' | 'failed' | 'cancelled' | 'unknown'
  /** HTTP status the client got; 101 for an accepted upgrade; 0 when none was sent. */
  readonly code: number
  /** `metav1.Status` reason or the exec's; absent on success. */
  readonly reason?: string
  readonly message?: string
  readonly durationMs: number
  /** Bytes of the masked response (or, for streams, of all segments). */
  readonly bytes: number
  /** exec and attach: the exit code, where known. */
  readonly exitCode?: number
}

/** A place at which values were masked. */
export interface MaskedPlace {
  readonly rule: string
  readonly at: string
  readonly count: number
}

/** What was masked: how many values, by which rule and where. Never the values. */
export interface RecordedMask {
  readonly count: number
  readonly rules: Readonly<Record<string, number>>
  /** Where, the first of them: a JSON path (`items[].data.password`), `stdout`, a line of a log. `count` values at each. */
  readonly places?: readonly MaskedPlace[]
  /** Set when a body was withheld because it could not be masked: why. */
  readonly withheld?: string
}

/** A body that belongs to an event. `sha256` is hex SHA-256(salt ‖ masked bytes). */
export interface BodyDigest {
  readonly kind: 'request' | 'response' | 'stream' | 'review'
  /** 0-based position among the segments of the same request and kind. */
  readonly seq: number
  readonly mediaType: string
  readonly bytes: number
  readonly sha256: string
}

/** One recorded fact, before the log gives it its place (`writer`, `wseq`, `wprev`). Absent fields are left out of the leaf. */
export interface LogEvent {
  readonly v: 1
  readonly type: EventType
  /** UUIDv7. For `request.intent` it equals the upstream `Audit-ID`. */
  readonly id: string
  /** RFC 3339, UTC, milliseconds. */
  readonly ts: string
  readonly session?: string
  readonly command?: string
  readonly actor?: {
    readonly username: string
    readonly groups: readonly string[]
    readonly issuer: string
    readonly uid?: string
  }
  readonly connection?: string
  readonly request?: RecordedRequest
  readonly decision?: RecordedDecision
  /** Of a segment: what was masked since the one before; of a result: all that no segment of its request has told. They add up. */
  readonly mask?: RecordedMask
  readonly res?: RecordedResult
  /** The id of the event this one follows: the intent of a result, segment or close. */
  readonly ref?: string
  /** Type-specific small facts (session.open: purpose, client; policy.change: kind, name, revision, …). Never secret. */
  readonly data?: Readonly<Record<string, string | number | boolean>>
}

/** The leaf's content: the event and its place. `wprev` is the hex leaf hash of the writer's previous leaf ('' for its first). */
export interface Leaf extends LogEvent {
  readonly writer: string
  readonly wseq: number
  readonly wprev: string
  readonly body?: BodyDigest
}
