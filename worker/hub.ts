// The connection's half of the chain: decide → hold → record intent → tunnel → mask → record result → reply.
// In: an Authenticated request. Out: a Reply. One hub per connection, where limits, order and open streams live.
// Nothing is forwarded before its intent is recorded; what cannot be decided, recorded or masked is refused.

import type { Authenticated, Refusal, Reply } from './context.ts'
import type { PolicySet } from './decide/compile.ts'
import { accessEnded, masksEnded } from './hub/access.ts'
import { type Assessed, assess, undecided } from './hub/assess.ts'
import { takeBody } from './hub/body.ts'
import { isDryRun } from './hub/dryrun.ts'
import { numbersOf, recall } from './hub/history.ts'
import { createLeftovers } from './hub/leftovers.ts'
import { createMaskings } from './hub/masking.ts'
import { type HubOptions, type Passage, refuse } from './hub/passage.ts'
import { type Admission, admitAllowed, admitHeld } from './hub/permit.ts'
import { maskForRecord, recordIntent, refuseRecorded } from './hub/record.ts'
import { pinToLook, restore } from './hub/restore.ts'
import { createSecondTries } from './hub/secondtries.ts'
import { pinned, send } from './hub/send.ts'
import { createStreams, type OpenStream } from './hub/streams.ts'
import { createUsage } from './hub/usage.ts'
import {
  BODY_DEADLINE_MS,
  MAX_BODIES_PER_IDENTITY_BYTES,
  MAX_STREAMS_PER_IDENTITY,
  REJUDGE_EVERY_MS,
} from './limits.ts'
import type { MaskSet } from './mask/maskset.ts'
import { LogUnavailable } from './ports.ts'

export type { HubOptions } from './hub/passage.ts'

export interface Hub {
  /** Never rejects. */
  handle(request: Authenticated): Promise<Reply>
  /** Ends open streams for which the predicate gives a refusal; returns how many. */
  end(why: (request: Authenticated, session: string) => Refusal | null): number
  /** Judges open streams again now, by the policies and blocks as they are. */
  rejudge(): Promise<void>
  /** Requests in flight. */
  readonly inFlight: number
}

/** Makes a connection's hub. */
export function createHub(options: HubOptions): Hub {
  const { clock, policies, masks, holds } = options
  let inForce: PolicySet | null = null
  let masksInForce: MaskSet | null = null
  const leftovers = createLeftovers(options)
  const secondTries = createSecondTries(clock)
  const usage = createUsage(clock)
  const maskings = createMaskings(options.maskingSecret, clock, options.maskingLimits)
  const streams = createStreams({
    clock,
    maxPerIdentity: options.maxStreamsPerIdentity ?? MAX_STREAMS_PER_IDENTITY,
    maxBytesPerIdentity: MAX_BODIES_PER_IDENTITY_BYTES,
    everyMs: REJUDGE_EVERY_MS,
    // The next round sees what this one asked for: access ends within two, and those within 10 s.
    round: () => {
      refresh().catch((error: unknown) => options.onBug(error, 'rejudge'))
    },
    rejudge: (request, stream) => {
      try {
        const ended = accessEnded(request, stream, { set: inForce, now: clock.now(), holds, usage })
        return ended ?? masksEnded(request, stream, masksInForce)
      } catch (error) {
        // Thrown in a timer it would end the process, and every stream with it.
        options.onBug(error, request.id)
        return { kind: 'internal', message: 'the gateway could not judge this stream again' }
      }
    },
  })
  const refresh = async (): Promise<void> => {
    inForce = await policies.current()
    masksInForce = await masks.current()
  }

  /** One request's whole way. Every stage takes what the one before made; every way out is recorded. */
  async function pass(arrived: Authenticated, stream: OpenStream, passage: Passage): Promise<Reply> {
    const set = await policies.current()
    inForce = set
    const taken = await takeBody(arrived, clock, options.bodyDeadlineMs ?? BODY_DEADLINE_MS, stream.takes)
    if (!taken.ok) return refuseRecorded(passage, { ...arrived, decision: undecided(set) }, taken.refusal, null)
    const came = taken.value
    const request = { ...arrived, info: { ...arrived.info, dryRun: isDryRun(arrived.info, came) } }
    const first = secondTries.recall(request)
    if (first !== null) {
      const given = { by: 'gateway', answer: first.reply } as const
      return refuseRecorded(passage, { ...request, decision: first.decision }, SECOND_TRY, came, given)
    }
    const restored = await restore(passage, request, came, set)
    if (!restored.ok) {
      const { refusal, decision } = restored
      return stop(passage, { ok: false, decided: { ...request, decision }, body: came, refusal })
    }
    const sent = restored.value

    const assessed = await assess(passage, request, sent, set)
    if (!assessed.ok) return stop(passage, assessed)
    const admission =
      assessed.decided.decision.effect === 'Hold'
        ? await admitHeld(passage, assessed, sent)
        : admitAllowed(passage, assessed, sent)
    if (!admission.ok) return stop(passage, admission)
    stream.admitted = { facts: assessed.facts, release: admission.decided.release ?? null }

    const { decided, body } = admission
    const masked = maskForRecord(decided, body, passage.masking)
    if (!masked.ok) return refuseRecorded(passage, decided, { kind: 'malformed', message: masked.reason }, null)
    const pin = pinToLook(restored, admission.pin, async () =>
      restore(passage, request, came, await policies.current()),
    )
    const outgoing = pinned(decided, sent, pin)
    if (!outgoing.ok) return refuseRecorded(passage, decided, outgoing.refusal, body)
    const recorded = await recordIntent(passage, decided, outgoing.value.bytes, masked, outgoing.value.version)
    stream.session = recorded.session
    passage.counting.reserve(numbersOf(request))
    passage.counting.keep()
    const reply = await send({ ...passage, requestSecrets: masked.secrets }, recorded, outgoing.value, sent).catch(
      (error: unknown) => {
        // A bug, on whichever side of the sending: what is in the log as asked must not stay without an end.
        if (!(error instanceof LogUnavailable)) leftovers.record(recorded, { outcome: 'unknown', code: 500 })
        throw error
      },
    )
    if (reply.kind === 'response') secondTries.keep(decided, decided.decision, reply)
    return reply
  }

  /** A refusal on the way: recorded, unless it only tells a waiting client to ask again. */
  async function stop(
    passage: Passage,
    refused: Extract<Assessed | Admission, { ok: false }>,
  ): Promise<Extract<Reply, { kind: 'response' }>> {
    const { decided, body, given } = refused
    // Whatever failed on the way of a request whose access has ended, failed because of that.
    const { ended } = passage.stream
    const refusal = ended ?? comeAgain(decided, refused.refusal)
    if (refusal.kind === 'held') {
      passage.leave()
      return refuse(decided, refusal)
    }
    const reply = await refuseRecorded(passage, decided, refusal, body, ended === null ? given : undefined)
    secondTries.keep(decided, decided.decision, reply)
    return reply
  }

  return {
    async handle(request) {
      const entered = streams.enter(request)
      if (!entered.ok) return refuse(request, entered.refusal)
      const stream = entered.value
      const visit = options.sessions.enter(request)
      let rest: (() => void) | null = null
      const leave = (): void => {
        visit.leave()
        stream.leave()
        rest?.()
      }
      stream.session = visit.session
      try {
        await available(holds.ready())
        await available(recall(options.history, usage, request, visit.session, await policies.current(), clock.now()))
        const set = await masks.current()
        masksInForce = set
        if (set.broken !== null) {
          visit.failed()
          leave()
          return refuse(request, { kind: 'forbidden', message: `nothing may pass: ${set.broken}` })
        }
        const rules = set.rulesFor(request.identity, request.connection)
        stream.masks = rules
        const kept = maskings.enter(request.identity, request.connection, visit.session, rules)
        if (!kept.ok) {
          visit.failed()
          leave()
          return refuse(request, kept.refusal)
        }
        const { masking } = kept.value
        rest = kept.value.leave
        const counting = usage.of(request, visit.session)
        const passage: Passage = {
          hub: options,
          leftovers,
          stream,
          visit,
          counting,
          masking,
          requestSecrets: [],
          leave,
        }
        try {
          return await pass(request, stream, passage)
        } finally {
          counting.settle()
        }
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
    async rejudge() {
      policies.invalidate()
      masks.invalidate()
      await refresh()
      streams.rejudge()
    },
    get inFlight() {
      return streams.size
    },
  }
}

/** What the database was asked and did not answer is refused as a log that cannot be written. */
async function available<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw error instanceof LogUnavailable ? error : new LogUnavailable(error)
  }
}

/**
 * The connector was away when the gateway had a question of its own; nothing was sent of the request. Its client is told to come
 * again, which it does by itself: one that waits for people comes by every minute, and must not end for that.
 */
function comeAgain({ upgrade }: Authenticated, refusal: Refusal): Refusal {
  if (refusal.kind !== 'connector-unavailable' || upgrade !== null) return refusal
  return { ...refusal, retryAfterS: CONNECTOR_AWAY_S }
}

/** Clients come again ten times: together as long as a hold waits for its client. */
const CONNECTOR_AWAY_S = 3

const LOG_UNAVAILABLE: Refusal = {
  kind: 'log-unavailable',
  message:
    'the request could not be recorded, and nothing passes unrecorded, so it was not sent; try again when the gateway’s database can be written',
}

const SECOND_TRY: Refusal = {
  kind: 'unsupported-client',
  message: 'the same request was refused over WebSocket a moment ago; its SPDY repetition got the same answer',
}
