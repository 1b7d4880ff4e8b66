// What the hub's parts share while one request passes, and the answer to one that may not.

import type { Authenticated, Refusal, Reply } from '../context.ts'
import type { Holds } from '../hold/holds.ts'
import type { MaskCache, PolicyCache } from '../inforce.ts'
import type { Masking } from '../mask/contract.ts'
import type { Clock, Log, Tunnel, UsageHistory } from '../ports.ts'
import type { Sessions, Visit } from '../record/sessions.ts'
import { statusOf } from '../reply/status.ts'
import type { Leftovers } from './leftovers.ts'
import type { MaskingLimits } from './masking.ts'
import type { OpenStream } from './streams.ts'
import type { Counting } from './usage.ts'

/** What a hub is made of. */
export interface HubOptions {
  readonly clock: Clock
  readonly log: Log
  readonly tunnel: Tunnel
  readonly policies: PolicyCache
  readonly masks: MaskCache
  readonly sessions: Sessions
  readonly holds: Holds
  /** What sessions have done before this life of the hub. */
  readonly history: UsageHistory
  readonly newId: () => string
  /** Secret of the gateway from which each session's masking key is derived. */
  readonly maskingSecret: Uint8Array
  /** Key of the hashes that bind an approval to an object. */
  readonly bindingKey: Uint8Array
  readonly maxStreamsPerIdentity?: number
  /** How much may be kept in mind of what sessions have read; absent: as masking.ts says. */
  readonly maskingLimits?: MaskingLimits
  /** Milliseconds for a request body to arrive whole; absent: BODY_DEADLINE_MS. */
  readonly bodyDeadlineMs?: number
  /** Tells the operator of a bug. Never given a header or a body. */
  readonly onBug: (error: unknown, id: string) => void
}

/** One request's way through the hub. */
export interface Passage {
  readonly hub: HubOptions
  readonly leftovers: Leftovers
  readonly stream: OpenStream
  readonly visit: Visit
  /** What the session and the identity have done. */
  readonly counting: Counting
  /** What masks the session. */
  readonly masking: Masking
  /** Values of the request that its answer's Status might quote. */
  readonly requestSecrets: readonly string[]
  /** Frees the stream and the command; idempotent. */
  readonly leave: () => void
}

/** A reply that is no upgrade. */
export type Response = Extract<Reply, { kind: 'response' }>

/** The Status for a refusal. */
export function refuse(request: Authenticated, refusal: Refusal): Response {
  return { kind: 'response', ...statusOf(refusal, { id: request.id, info: request.info }) }
}
