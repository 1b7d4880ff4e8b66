// Sends what was recorded, and answers with what came back. In: a Recorded and the bytes that go out. Out: a Reply.
// A write that is pinned to a version is judged anew when the object has moved on, a few times at most.

import { upstreamHeaders } from '../classify/headers.ts'
import { upstreamProtocols } from '../classify/upgrade.ts'
import type { Decided, HeaderList, Outcome, Recorded, Refusal, Reply } from '../context.ts'
import { reasonOf } from '../reply/status.ts'
import type { TakenBody } from './body.ts'
import { refusalOfFailure } from './failure.ts'
import { answerUpgrade, respondTo } from './forward.ts'
import { type Passage, refuse } from './passage.ts'
import { pin as pinTo } from './pin.ts'
import { durabilityOf } from './record.ts'

/** A busy controller changes an object a few times a second; past this the client is told of the conflict. */
const MAX_TRIES = 5

/** The version of the object that a write was judged by. */
export interface Pin {
  readonly version: string
  /** A dry run is pinned as well: its answer shows what was looked at. */
  readonly always?: boolean
  /** Judges anew. @returns the version it may be pinned to now, or why it may not pass any more */
  again(): Promise<Outcome<string>>
}

/** What goes out. */
export interface Outgoing {
  readonly bytes: Uint8Array | null
  /** Set where the gateway wrote the body anew, as JSON. */
  readonly json: boolean
  /** The version it is pinned to; '' when it is not. */
  readonly version: string
  readonly pin: Pin | null
}

const PINNABLE: ReadonlySet<string> = new Set(['update', 'patch', 'delete'])

/** Adds the precondition where there is something to pin to. */
export function pinned({ info }: Decided, sent: TakenBody | null, pin: Pin | null): Outcome<Outgoing> {
  const asItCame: Outgoing = { bytes: sent?.bytes ?? null, json: false, version: '', pin: null }
  if (pin === null || pin.version === '' || (info.dryRun && pin.always !== true) || !PINNABLE.has(info.verb))
    return { ok: true, value: asItCame }
  // An Eviction's preconditions are its own.
  if (info.subresource === 'eviction') return { ok: true, value: asItCame }
  const made = pinTo(info, sent, pin.version)
  switch (made.kind) {
    case 'pinned':
      return { ok: true, value: { bytes: made.bytes, json: made.json, version: pin.version, pin } }
    case 'already':
      return { ok: true, value: asItCame }
    case 'impossible':
      return {
        ok: false,
        refusal: {
          kind: 'malformed',
          message: `the request cannot be bound to the object as it was judged: ${made.why}`,
        },
      }
    default:
      return made satisfies never
  }
}

/** @param sent the body as it came, from which a new try is made */
export async function send(
  passage: Passage,
  recorded: Recorded,
  outgoing: Outgoing,
  sent: TakenBody | null,
): Promise<Reply> {
  const { hub, stream } = passage
  const { info, upgrade } = recorded
  const reads = durabilityOf(recorded) === 'committed'
  const stop = (refusal: Refusal, outcome: 'cancelled' | 'unknown' | 'failed' | 'refused'): Reply => {
    const reply = refuse(recorded, refusal)
    const { reason } = reasonOf(refusal.kind)
    passage.leftovers.record(recorded, { outcome, code: reply.status, reason, message: refusal.message })
    passage.leave()
    return reply
  }
  let now = outgoing
  for (let tries = 1; ; tries += 1) {
    const opened = await hub.tunnel.open(
      {
        id: recorded.id,
        receipt: recorded.receipt,
        method: upgrade === null ? recorded.method : 'GET',
        target: info.query === '' ? info.path : `${info.path}?${info.query}`,
        headers: outgoingHeaders(upstreamHeaders(recorded), now, recorded),
        user: recorded.identity.user,
        body: now.bytes,
        repeatable: reads && now.bytes === null,
        ...(upgrade === null ? {} : { upgrade: { protocols: upstreamProtocols(upgrade) } }),
      },
      stream.signal,
    )
    if (!opened.ok) {
      const { kind, sent: perhaps } = opened.failure
      const outcome = kind === 'cancelled' ? 'cancelled' : perhaps && !reads ? 'unknown' : 'failed'
      // What a person ended was given up because of that, and is told so.
      return stop(stream.ended ?? refusalOfFailure(opened.failure, reads), outcome)
    }
    const { reply } = opened
    if (reply.kind === 'upgrade') return answerUpgrade(passage, recorded, reply.socket)
    if (now.pin !== null && tries < MAX_TRIES && (reply.status === 409 || reply.status === 422)) {
      const again = await now.pin.again()
      if (!again.ok) {
        reply.body.cancel('judged anew')
        return stop(again.refusal, 'refused')
      }
      if (again.value !== '' && again.value !== now.version) {
        reply.body.cancel('judged anew')
        const next = pinned(recorded, sent, { ...now.pin, version: again.value })
        if (!next.ok) return stop(next.refusal, 'refused')
        now = next.value
        continue
      }
    }
    return respondTo(passage, recorded, reply, (refusal) => refuse(recorded, refusal))
  }
}

/** A deletion that had no body has one now; a body that was protobuf is JSON. */
function outgoingHeaders(headers: HeaderList, { json }: Outgoing, { bodyFormat }: Decided): HeaderList {
  if (!json || (bodyFormat !== 'none' && bodyFormat !== 'protobuf')) return headers
  return [...headers.filter(([name]) => name !== 'content-type'), ['content-type', 'application/json']]
}
