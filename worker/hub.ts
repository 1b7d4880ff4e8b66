// The connection's half of the chain: decide → hold → record intent → tunnel → mask → record result → reply.
// In: an Authenticated request. Out: a Reply. One hub per connection, where limits, order and open streams live.
// Nothing is forwarded before its intent is recorded; what cannot be decided, recorded or masked is refused.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { upstreamHeaders } from './classify/headers.ts'
import { upstreamProtocols } from './classify/upgrade.ts'
import type { Authenticated, Decided, Recorded, Refusal, Reply } from './context.ts'
import type { PolicySet } from './decide/compile.ts'
import { decide } from './decide/decide.ts'
import { forbidden } from './decide/explain.ts'
import { takeBody } from './hub/body.ts'
import { refusalOfFailure } from './hub/failure.ts'
import { answerUpgrade, respondTo } from './hub/forward.ts'
import { createLeftovers } from './hub/leftovers.ts'
import { type HubOptions, type Passage, refuse } from './hub/passage.ts'
import { prepare } from './hub/prepare.ts'
import { durabilityOf, maskForRecord, recordIntent, refuseRecorded } from './hub/record.ts'
import { createSecondTries } from './hub/secondtries.ts'
import { createStreams, type OpenStream } from './hub/streams.ts'
import { BODY_DEADLINE_MS, MAX_STREAMS_PER_IDENTITY, REJUDGE_EVERY_MS } from './limits.ts'
import { LogUnavailable } from './ports.ts'
import { reasonOf } from './reply/status.ts'

export type { HubOptions } from './hub/passage.ts'

export interface Hub {
  /** Never rejects. */
  handle(request: Authenticated): Promise<Reply>
  /** Ends open streams for which the predicate gives a refusal; returns how many. */
  end(why: (request: Authenticated, session: string) => Refusal | null): number
  /** Requests in flight. */
  readonly inFlight: number
}

/** Makes a connection's hub. */
export function createHub(options: HubOptions): Hub {
  const { clock, policies } = options
  let inForce: PolicySet | null = null
  const leftovers = createLeftovers(options)
  const secondTries = createSecondTries(clock)
  const streams = createStreams({
    clock,
    maxPerIdentity: options.maxStreamsPerIdentity ?? MAX_STREAMS_PER_IDENTITY,
    everyMs: REJUDGE_EVERY_MS,
    rejudge: (request) => {
      // The next look sees what this one asked for: access ends within two looks, and those within 10 s.
      policies.current().then(
        (set) => {
          inForce = set
        },
        (error: unknown) => options.onBug(error, request.id),
      )
      return accessEnded(request, inForce, clock.now())
    },
  })

  /** One request's whole way. Every stage takes what the one before made; every way out is recorded. */
  async function pass(request: Authenticated, stream: OpenStream, passage: Passage): Promise<Reply> {
    const set = await policies.current()
    inForce = set
    const decided: Decided = { ...request, decision: decide(set, request) }
    const taken = await takeBody(request, clock, options.bodyDeadlineMs ?? BODY_DEADLINE_MS)
    if (!taken.ok) return refuseRecorded(passage, decided, taken.refusal, null)
    const first = secondTries.recall(request)
    if (first !== null)
      return refuseRecorded(passage, decided, SECOND_TRY, taken.value, { by: 'gateway', answer: first })
    if (decided.decision.effect !== 'Allow') {
      return refuseRecorded(passage, decided, forbidden(decided.decision, decided), taken.value)
    }

    const prepared = await prepare(passage, decided, taken.value, set)
    if (!prepared.ok) {
      return refuseRecorded(passage, prepared.decided, prepared.refusal, prepared.body, prepared.given)
    }

    const masked = maskForRecord(prepared.decided, prepared.body, passage.key)
    if (!masked.ok) return refuseRecorded(passage, decided, { kind: 'malformed', message: masked.reason }, null)
    const recorded = await recordIntent(passage, prepared.decided, prepared.send, masked)
    stream.session = recorded.session
    return forward({ ...passage, requestSecrets: masked.secrets }, recorded)
  }

  return {
    async handle(request) {
      const entered = streams.enter(request)
      if (!entered.ok) return refuse(request, entered.refusal)
      const stream = entered.value
      const visit = options.sessions.enter(request)
      const leave = (): void => {
        visit.leave()
        stream.leave()
      }
      const key = hmac(sha256, options.maskingSecret, new TextEncoder().encode(`mask\n${visit.session}`))
      const passage: Passage = { hub: options, leftovers, stream, visit, key, requestSecrets: [], leave }
      try {
        const reply = await pass(request, stream, passage)
        if (reply.kind === 'response') secondTries.keep(request, reply)
        return reply
      } catch (error) {
        leave()
        if (error instanceof LogUnavailable) {
          visit.failed()
          return refuse(request, LOG_UNAVAILABLE)
        }
        options.onBug(error, request.id)
        return refuse(request, { kind: 'internal', message: 'the gateway could not handle this request' })
      }
    },
    end: (why) => streams.end(why),
    get inFlight() {
      return streams.size
    },
  }
}

const LOG_UNAVAILABLE: Refusal = {
  kind: 'log-unavailable',
  message:
    'the request could not be recorded, and nothing passes unrecorded, so it was not sent; try again when the gateway’s database can be written',
}

const SECOND_TRY: Refusal = {
  kind: 'unsupported-client',
  message: 'the same request was refused over WebSocket a moment ago; its SPDY repetition got the same answer',
}

/** Why an open stream must end now: its token has expired, or policy no longer allows it. */
function accessEnded(request: Authenticated, set: PolicySet | null, now: number): Refusal | null {
  if (request.identity.expiresAt * 1000 <= now) {
    return { kind: 'unauthenticated', message: 'the token of this stream has expired; run the command again' }
  }
  if (set === null) return null
  const decision = decide(set, request)
  if (decision.effect === 'Allow') return null
  return { kind: 'forbidden', message: `access ended: ${decision.reason}`, decision }
}

/** Sends what was recorded, and answers with what came back. */
async function forward(passage: Passage, recorded: Recorded): Promise<Reply> {
  const { hub, stream } = passage
  const { info, upgrade } = recorded
  const reads = durabilityOf(recorded) === 'committed'
  const opened = await hub.tunnel.open(
    {
      id: recorded.id,
      receipt: recorded.receipt,
      method: upgrade === null ? recorded.method : 'GET',
      target: info.query === '' ? info.path : `${info.path}?${info.query}`,
      headers: upstreamHeaders(recorded),
      user: recorded.identity.user,
      body: recorded.bodyBytes,
      repeatable: reads && recorded.bodyBytes === null,
      ...(upgrade === null ? {} : { upgrade: { protocols: upstreamProtocols(upgrade) } }),
    },
    stream.signal,
  )
  if (!opened.ok) {
    const refusal = refusalOfFailure(opened.failure, reads)
    const reply = refuse(recorded, refusal)
    const outcome =
      opened.failure.kind === 'cancelled' ? 'cancelled' : opened.failure.sent && !reads ? 'unknown' : 'failed'
    const { reason } = reasonOf(refusal.kind)
    passage.leftovers.record(recorded, { outcome, code: reply.status, reason, message: refusal.message })
    passage.leave()
    return reply
  }
  return opened.reply.kind === 'upgrade'
    ? answerUpgrade(passage, recorded, opened.reply.socket)
    : respondTo(passage, recorded, opened.reply, (refusal) => refuse(recorded, refusal))
}
