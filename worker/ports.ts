// What the chain needs from outside, as interfaces. `db/` and `tunnel/` implement them; tests hand in their own.
// Every failure that can be expected is a value or a named error below; nothing here knows a runtime.

import type { BodyDigest, LogEvent, RecordedRequest } from '../protocol/log/event.ts'
import type { CommandSummary, Page, RequestRecord, SessionSummary } from './api/types.ts'
import type { Approval, ByteSource, HeaderList, MessageSocket, Receipt, UserInfo } from './context.ts'

/** Time and randomness, handed in so that tests are deterministic. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once after `ms`; the returned function cancels. Must not keep a process alive. */
  after(ms: number, callback: () => void): () => void
}
export type RandomBytes = (length: number) => Uint8Array

/** A fact to record, with at most one body. The bytes must already be masked. */
export interface Entry {
  readonly event: LogEvent
  readonly body?: {
    readonly kind: BodyDigest['kind']
    readonly seq: number
    readonly mediaType: string
    readonly bytes: Uint8Array
  }
}

/**
 * `committed`: survives a crash of the process. `fsynced`: survives a loss of power (embedded) or is acknowledged by the
 * primary (remote). Reads need the first, whatever changes or connects to something the second.
 */
export type Durability = 'committed' | 'fsynced'

/** The log cannot be written. The chain answers 503 and forwards nothing. */
export class LogUnavailable extends Error {
  readonly code = 'LOG_UNAVAILABLE'
  constructor(cause: unknown) {
    super('the log cannot be written', { cause })
    this.name = 'LogUnavailable'
  }
}

/** The append-only log of events. */
export interface Log {
  /**
   * Appends in order, all or nothing. Concurrent calls may share one commit.
   * @throws {LogUnavailable} nothing of the call was recorded, or it is unknown whether it was
   */
  append(entries: readonly Entry[], durability: Durability): Promise<readonly Receipt[]>
  /** Bytes handed over and not yet durable; writers of streams wait while it is above their limit. */
  readonly pendingBytes: number
}

/** A request as the connector will send it: built from what was judged, never from what came in. */
export interface UpstreamRequest {
  /** Our event id; sent as `Audit-ID`. */
  readonly id: string
  readonly receipt: Receipt
  readonly method: string
  /** Path and query, byte for byte what was judged. */
  readonly target: string
  /** From the allowlist only. The connector adds credentials and `Impersonate-*` last. */
  readonly headers: HeaderList
  readonly user: UserInfo
  readonly body: Uint8Array | null
  /** Subprotocols to offer upstream for an exec, attach or portforward, in order of preference. */
  readonly upgrade?: { readonly protocols: readonly string[] }
  /** True for a read that may be repeated on another connector if the first is lost before it answered. */
  readonly repeatable: boolean
}

export type UpstreamReply =
  | { readonly kind: 'response'; readonly status: number; readonly headers: HeaderList; readonly body: ByteSource }
  | { readonly kind: 'upgrade'; readonly socket: MessageSocket }

/** Why a tunnel could not bring an answer. `sent` says whether the API server may have seen the request. */
export interface TunnelFailure {
  readonly kind:
    | 'no-connector'
    | 'lost'
    | 'refused'
    | 'unreachable'
    | 'protocol'
    | 'timeout'
    | 'unsupported'
    | 'cancelled'
  /** For a person; never a credential. */
  readonly message: string
  readonly sent: boolean
}

/** The way to one connection's API server. */
export interface Tunnel {
  /** Never rejects for an expected failure. After `signal` aborts the stream is reset and upstream is told to stop. */
  open(
    request: UpstreamRequest,
    signal: AbortSignal,
  ): Promise<
    { readonly ok: true; readonly reply: UpstreamReply } | { readonly ok: false; readonly failure: TunnelFailure }
  >
  /** How many connectors are live. */
  readonly live: number
}

/** A body of an UpstreamReply, or a MessageSocket's read, rejects with this when the connector was lost in mid-stream. */
export class TunnelBroken extends Error {
  readonly code = 'TUNNEL_BROKEN'
  readonly failure: TunnelFailure
  constructor(failure: TunnelFailure) {
    super(failure.message)
    this.name = 'TunnelBroken'
    this.failure = failure
  }
}

// ---- configuration -------------------------------------------------------------------------------------------

/** A registered target. `name` is a DNS label. */
export interface Connection {
  readonly name: string
  readonly description: string
  readonly createdAt: string
}

/** A connector's public identity; its key is bound to its connections. */
export interface ConnectorRecord {
  readonly id: string
  /** JWK of an Ed25519 public key. */
  readonly publicKey: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  readonly connections: readonly string[]
  readonly createdAt: string
  readonly revokedAt?: string
}

/** A stored configuration document (AccessPolicy, MaskPolicy, Block). Revisions are immutable; `document` is the parsed YAML. */
export interface StoredDocument {
  readonly kind: string
  readonly name: string
  /** Counts up over all documents of the gateway. */
  readonly revision: number
  readonly document: unknown
  /** The text as it was applied. */
  readonly source: string
  readonly appliedBy: string
  readonly appliedAt: string
}

/** A one-time secret (enrolment code, login link, OAuth state). Only its SHA-256 is stored. */
export interface OneTimeCode {
  readonly purpose: 'enrol' | 'login-link' | 'login-state'
  readonly payload: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** A person's login to the app. Stored under the SHA-256 of the cookie. */
export interface Login {
  readonly username: string
  readonly groups: readonly string[]
  readonly issuer: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Configuration and logins. Methods reject only when the database fails. */
export interface Store {
  connections(): Promise<readonly Connection[]>
  putConnection(connection: Connection): Promise<void>
  deleteConnection(name: string): Promise<boolean>

  connectors(): Promise<readonly ConnectorRecord[]>
  connector(id: string): Promise<ConnectorRecord | null>
  putConnector(record: ConnectorRecord): Promise<void>
  revokeConnector(id: string, at: string): Promise<boolean>

  /** The newest revision of every live document of a kind. */
  documents(kind: string): Promise<readonly StoredDocument[]>
  document(kind: string, name: string): Promise<StoredDocument | null>
  /** Stores a new revision of each, all or nothing; returns them. */
  putDocuments(
    documents: readonly { kind: string; name: string; document: unknown; source: string }[],
    by: string,
    at: string,
  ): Promise<readonly StoredDocument[]>
  deleteDocument(kind: string, name: string, by: string, at: string): Promise<boolean>
  /** Changes whenever any document changes: cheap to poll. */
  revision(): Promise<number>

  putCode(sha256: string, code: OneTimeCode): Promise<void>
  /** Returns the code once and never again; null when unknown, used or expired. */
  takeCode(sha256: string, purpose: OneTimeCode['purpose'], now: number): Promise<OneTimeCode | null>

  putLogin(sha256: string, login: Login): Promise<void>
  login(sha256: string, now: number): Promise<Login | null>
  deleteLogin(sha256: string): Promise<void>
}

// ---- recordings ----------------------------------------------------------------------------------------------

/** Reading what was recorded. The read model is derived from the log's entries alone. */
export interface Recordings {
  /** Newest first. `text` matches anywhere in agent, connection, purpose, kubectl command, resource or namespace. */
  sessions(filter: {
    readonly connection?: string
    readonly agent?: string
    readonly text?: string
    readonly cursor?: string
    readonly limit: number
  }): Promise<Page<SessionSummary>>
  session(id: string): Promise<SessionSummary | null>
  /** Oldest first. `until`: instead of the first the last ones that began by then, in milliseconds since the epoch. */
  commands(
    session: string,
    page: { readonly cursor?: string; readonly until?: number; readonly limit: number },
  ): Promise<Page<CommandSummary>>
  /** Oldest first. */
  requests(
    session: string,
    page: { readonly command?: string; readonly cursor?: string; readonly limit: number },
  ): Promise<Page<RequestRecord>>
  request(id: string): Promise<RequestRecord | null>
  /** The masked bytes of one kind of body of a request, its segments joined lazily in order; null when there is none. */
  body(
    request: string,
    kind: BodyDigest['kind'],
  ): Promise<{ readonly mediaType: string; readonly bytes: ByteSource } | null>
  /** The session's leaves in log order, as the canonical JSON text of each, for export. */
  leaves(session: string): AsyncIterable<string>
}

// ---- holds ---------------------------------------------------------------------------------------------------

/**
 * `collecting`: a plan whose dry run goes on. `pending`: people are asked. `approved`: it may pass, once. The rest are ends:
 * `used`: everything in it has passed. `spoiled`: the object changed after it was shown. `superseded`: a newer plan of the
 * same requests took its place.
 */
export type HoldState =
  | 'collecting'
  | 'pending'
  | 'approved'
  | 'denied'
  | 'expired'
  | 'withdrawn'
  | 'used'
  | 'spoiled'
  | 'superseded'

/** One request that an approval lets through, once. */
export interface HoldItem {
  /** Hex SHA-256 of identity, connection, method, path, query, body and the object as it stood. */
  readonly key: string
  readonly title: string
  readonly namespace: string
  readonly group: string
  readonly resource: string
  readonly name: string
  readonly policy: string
  readonly rule: string
  /** The request that used it; null: not yet. */
  readonly usedBy: string | null
}

/** What an approver allowed beside the one request. */
export interface GrantAsked {
  readonly scope: 'namespace' | 'object'
  readonly forMs: number
}

export interface HoldVote {
  readonly username: string
  readonly issuer: string
  readonly approve: boolean
  readonly reason: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly grant: GrantAsked | null
}

/** A question to people, and what became of it. Written by its connection's hub alone. Times are milliseconds since the epoch. */
export interface HoldRecord {
  readonly id: string
  readonly kind: 'request' | 'plan'
  readonly connection: string
  readonly session: string
  readonly command: string
  readonly requester: {
    readonly username: string
    readonly uid: string
    readonly groups: readonly string[]
    readonly issuer: string
  }
  readonly purpose: string
  readonly policy: string
  readonly rule: string
  readonly reason: string
  /** Whoever answers must be eligible under each: a plan may hold requests of several rules. */
  readonly approvals: readonly Approval[]
  readonly state: HoldState
  readonly openedAt: number
  /** The question ends. */
  readonly expiresAt: number
  /** Set once approved: until when it may pass. */
  readonly validUntil: number | null
  readonly closedAt: number | null
  readonly items: readonly HoldItem[]
  readonly votes: readonly HoldVote[]
  /** Hex SHA-256 of the review's bytes. */
  readonly reviewSha256: string
  /** The grant it opened. */
  readonly grant: string | null
}

/** An approval that covers a scope for a time: the same identity, rule and connection. */
export interface GrantRecord {
  readonly id: string
  readonly hold: string
  readonly connection: string
  readonly requester: { readonly username: string; readonly issuer: string }
  readonly policy: string
  readonly rule: string
  /** `''`: things outside namespaces. `object` set: only that one. */
  readonly namespace: string
  readonly object: { readonly group: string; readonly resource: string; readonly name: string } | null
  readonly approvers: readonly string[]
  readonly openedAt: number
  readonly expiresAt: number
  readonly endedAt: number | null
  readonly endedBy: string | null
  readonly uses: number
}

/** A message about a hold, on its way to one channel. */
export interface NoticeRecord {
  readonly id: string
  readonly hold: string
  readonly connection: string
  /** Name of the channel in the configuration. */
  readonly channel: string
  readonly state: 'waiting' | 'sent' | 'given-up'
  readonly attempts: number
  /** Milliseconds since the epoch. */
  readonly nextAt: number
  readonly error: string | null
}

/** One person's answer. Who they are has been proven; what they may is checked here. */
export interface Vote {
  readonly username: string
  readonly issuer: string
  readonly groups: readonly string[]
  /** Whether they have the gateway's role `approver`. */
  readonly approver: boolean
  readonly approve: boolean
  readonly reason: string
  /** `reviewSha256` of what the person saw; an approval must name it. */
  readonly seen?: string
  readonly grant?: GrantAsked
}

/** What became of an answer. `detail` is for the person who gave it. */
export type Answered =
  | { readonly ok: true; readonly hold: HoldRecord }
  | { readonly ok: false; readonly status: 403 | 404 | 409; readonly detail: string }

/** Where holds, grants and notices are kept. Methods reject only when the database fails. */
export interface HoldStore {
  /** What a hub must know when it starts: holds that are collecting, pending or approved, and grants not ended. */
  unfinished(
    connection: string,
  ): Promise<{ readonly holds: readonly HoldRecord[]; readonly grants: readonly GrantRecord[] }>
  /** Stores or replaces it. `review`: JSON text of a Review (protocol/review.ts); absent: as it was. */
  putHold(record: HoldRecord, review?: string): Promise<void>
  putGrant(record: GrantRecord): Promise<void>
  /** Newest first. `open`: collecting, pending or approved. */
  holds(filter: {
    readonly open?: boolean
    readonly connection?: string
    readonly session?: string
    readonly cursor?: string
    readonly limit: number
  }): Promise<Page<HoldRecord>>
  hold(id: string): Promise<{ readonly record: HoldRecord; readonly review: string } | null>
  /** Newest first. `open`: neither ended nor expired at `now`. */
  grants(filter: {
    readonly open?: boolean
    readonly now: number
    readonly cursor?: string
    readonly limit: number
  }): Promise<Page<GrantRecord>>
  grant(id: string): Promise<GrantRecord | null>
  putNotice(record: NoticeRecord): Promise<void>
  /** Notices of a connection that are still to be sent. */
  waitingNotices(connection: string): Promise<readonly NoticeRecord[]>
  notices(hold: string): Promise<readonly NoticeRecord[]>
}

/** What counts against limits, read back from the log when a hub starts anew. */
export interface UsageHistory {
  /** Intents of a session, or of a connection since a time, oldest first; at most `limit`, the newest. Never preparatory ones. */
  intents(
    of: { readonly session: string } | { readonly connection: string; readonly since: number },
    limit: number,
  ): Promise<
    readonly {
      readonly session: string
      readonly username: string
      readonly issuer: string
      /** Milliseconds since the epoch. */
      readonly at: number
      readonly request: RecordedRequest
      readonly effect: 'Allow' | 'Deny' | 'Hold'
      readonly refused: boolean
      /** Bytes of its stream, both ways; 0 where there is none. */
      readonly bytes: number
    }[]
  >
}
