// What the hub asks of the holds and what it gets: the types of the stage's door. Types only.

import type { RecordedRequest } from '../../protocol/log/event.ts'
import type { ReviewedRequest } from '../../protocol/review.ts'
import type { Decision, Identity, Outcome, Release } from '../context.ts'
import type { Answered, Clock, HoldRecord, HoldStore, Log, Vote } from '../ports.ts'

export type { Answered, Vote }

/** A request whose decision is Hold, as it will be sent. */
export interface HeldRequest {
  /** The event id of this try; a client's repeat has another. */
  readonly id: string
  readonly session: string
  readonly command: string
  readonly identity: Identity
  readonly connection: string
  /** Effect Hold, with its approval. */
  readonly decision: Decision
  readonly request: RecordedRequest
  readonly dryRun: boolean
  /** Under which a repeating client is known: `Kubectl-Session`, else `User-Agent`. */
  readonly client: string
  /** exec, attach, port-forward: waits in the handshake until the hold ends, and is never answered 429. */
  readonly handshake: boolean
  /** As it will be sent; null when there is none. */
  readonly body: Uint8Array | null
  readonly path: string
  /** As it came, without `?`. `dryRun=All` is left out of the key, so that a dry run stands for the request itself. */
  readonly query: string
  /** Upgrades count as GET whatever the client's second try says. */
  readonly method: string
  /** The object as it stood when the request came: `absent`, `none` (there is nothing to bind to) or hex. */
  readonly binding: string
  /** What people will see. Called only when a question is opened or a plan grows. */
  readonly review: () => Promise<Outcome<ReviewedRequest>>
  /** The binding afresh, just before the request passes. */
  readonly confirm: () => Promise<Outcome<string>>
}

/** The questions of one connection and their answers. There is one per connection, and nobody else writes its holds. */
export interface Holds {
  /**
   * Loads what a former run left open and sets its timers. Everything else waits for it.
   * Rejects when the store fails; it may be called again.
   */
  ready(): Promise<void>
  /**
   * Waits for people as long as the rules say. Resolves with what lets the request pass, or with the refusal.
   * `signal` aborts when the client has gone: a hold nobody waits for any more is withdrawn.
   * Rejects with LogUnavailable, or as the store does: then nothing may pass.
   */
  pass(request: HeldRequest, signal: AbortSignal): Promise<Outcome<Release>>
  /**
   * Makes a server-side dry run of what would be held part of its command's plan. A plan past its limits does not grow,
   * which is no error: the request then asks for itself when it comes. Rejects as the store does.
   */
  collect(request: HeldRequest): Promise<void>
  /** Takes one person's answer. Rejects with LogUnavailable, or as the store does: then nothing has changed. */
  answer(id: string, vote: Vote): Promise<Answered>
  /** Ends a grant. False: it is unknown or over already. */
  endGrant(id: string, by: string): Promise<boolean>
  /** Whether what let a stream pass still does: a grant that was ended or has expired does not. */
  inForce(release: Release): boolean
  /** Settles waiting clients when the gateway stops. Holds stay open for the next run. */
  close(): void
}

export interface HoldsOptions {
  readonly clock: Clock
  /** UUIDv7. */
  readonly ids: () => string
  readonly log: Log
  readonly store: HoldStore
  readonly connection: string
  /** How long an ordinary request waits before its client is told to repeat it; absent: by the hold's length. */
  readonly pollMs?: number
  /** People are asked from now on. Must not throw. */
  readonly opened?: (hold: HoldRecord) => void
  /** Nobody needs to be asked any more: it was answered or has ended. Must not throw. */
  readonly closed?: (hold: HoldRecord) => void
  /** What went wrong where nobody waits for an answer: a timer's write that failed. It is tried again. */
  readonly onBug: (error: unknown, where: string) => void
}
