// From a decision to the permission to send: an Allow passes, a Hold waits for people. In: what was assessed. Out: the
// decision with what let it pass and what it is pinned to, or the refusal.

import type { Decided, Decision, Facts, Refusal, Release } from '../context.ts'
import { blockOf } from '../decide/blocks.ts'
import { decide } from '../decide/decide.ts'
import { forbidden } from '../decide/explain.ts'
import { judgeLimits, pastLimit } from '../decide/limits.ts'
import { isEnough } from '../hold/states.ts'
import { LogUnavailable } from '../ports.ts'
import { type Assessed, assess, endedMessage } from './assess.ts'
import { versionOf } from './binding.ts'
import type { TakenBody } from './body.ts'
import { expired, type Held, holdable } from './held.ts'
import { numbersOf } from './history.ts'
import type { Passage } from './passage.ts'
import { type GivenAnswer, openSession } from './record.ts'
import type { Pin } from './send.ts'

/** What may be sent, or why not. */
export type Admission =
  | { readonly ok: true; readonly decided: Decided; readonly body: TakenBody | null; readonly pin: Pin | null }
  | {
      readonly ok: false
      readonly decided: Decided
      readonly body: TakenBody | null
      readonly refusal: Refusal
      readonly given?: GivenAnswer
    }

type Judged = Extract<Assessed, { ok: true }>

/** An Allow. Where conditions looked at the object, the request is pinned to the version they saw. */
export function admitAllowed(passage: Passage, assessed: Judged, sent: TakenBody | null): Admission {
  const { decided, body } = assessed
  return { ok: true, decided, body, pin: pinToJudged(passage, assessed, sent, (fresh) => fresh.effect === 'Allow') }
}

/** A pin to the version that conditions looked at, if any did. Judged anew, the decision must still let the request pass. */
function pinToJudged(
  passage: Passage,
  { decided, facts }: Judged,
  sent: TakenBody | null,
  passes: (decision: Decision) => boolean,
): Pin | null {
  // Of two looks the earlier one counts: if the object changed between them, the API server says so.
  const versionIn = ({ oldObject, object }: Facts): string => versionOf(oldObject) || versionOf(object)
  const version = versionIn(facts)
  if (version === '') return null
  return {
    version,
    async again() {
      const fresh = await assess(passage, decided, sent, await passage.hub.policies.current())
      if (!fresh.ok) return { ok: false, refusal: fresh.refusal }
      if (!passes(fresh.decided.decision)) return { ok: false, refusal: CHANGED }
      return { ok: true, value: versionIn(fresh.facts) }
    },
  }
}

/** A pin to the version that was looked at just before it passed: it was as people were shown it. */
function pinToShown(held: Held): Pin | null {
  if (held.version === '') return null
  return {
    version: held.version,
    async again() {
      const binding = await held.request.confirm()
      if (!binding.ok) return binding
      if (binding.value !== held.request.binding) return { ok: false, refusal: CHANGED }
      return { ok: true, value: held.version }
    },
  }
}

/** Whether a grant still lets a decision that was made anew pass. */
function covers({ hub }: Passage, { decision }: Decided, release: Release, fresh: Decision): boolean {
  if (fresh.effect === 'Allow') return true
  return fresh.effect === 'Hold' && isSame(fresh, decision) && hub.holds.inForce(release)
}

/** Whether what let a request pass answers what is asked for now: a rule may have come to ask other people, or more of them. */
function isAnswered(asked: Decision, release: Release, now: Decision): boolean {
  if (now.effect !== 'Hold' || asked.approval === undefined || now.approval === undefined) return true
  if (release.kind === 'grant') return isSame(asked, now)
  return isEnough({ approvals: [asked.approval] }, now.approval)
}

function isSame(one: Decision, other: Decision): boolean {
  return one.policy === other.policy && one.rule === other.rule
}

/** A Hold. A dry run of it passes, and becomes part of a plan; all else waits. */
export async function admitHeld(passage: Passage, assessed: Judged, sent: TakenBody | null): Promise<Admission> {
  const { hub, stream } = passage
  const { decided, body, facts } = assessed
  const no = (refusal: Refusal, given?: GivenAnswer | null): Admission => ({
    ok: false,
    decided,
    body,
    refusal,
    ...(given === undefined || given === null ? {} : { given }),
  })
  const holding = await holdable(passage, decided, body, sent, assessed.gathering)
  if (!holding.ok) {
    return 'given' in holding ? no(REFUSED_BY_CLUSTER, holding.given) : no(holding.refusal)
  }
  const { held } = holding
  await openSession(passage)
  if (decided.info.dryRun) {
    await recorded(hub.holds.collect(held.request))
    return { ok: true, decided: { ...decided, release: { kind: 'plan' } }, body, pin: null }
  }
  const released = await recorded(hub.holds.pass(held.request, stream.signal))
  if (!released.ok) return no(stream.ended ?? released.refusal, held.given)
  // It may have waited for minutes: what is in force now decides.
  if (stream.ended !== null) return no(stream.ended)
  const over = expired(decided, hub.clock.now())
  if (over !== null) return no(over)
  const set = await hub.policies.current()
  const block = blockOf(set, {
    identity: decided.identity,
    connection: decided.connection,
    session: passage.visit.session,
  })
  if (block !== null) return no({ kind: 'ended', message: endedMessage(block) })
  const verdict = decide(set, decided, { ...facts, session: passage.counting.facts(), now: hub.clock.now() })
  if (!verdict.decided) return no(POLICIES_CHANGED)
  if (verdict.decision.effect === 'Deny') return no(forbidden(verdict.decision, decided))

  const release = released.value
  if (!isAnswered(decided.decision, release, verdict.decision)) return no(POLICIES_CHANGED)
  if (release.kind === 'grant' && !passage.counting.reserved) {
    // Others passed by the grant meanwhile: past a limit it answers nothing, and people are asked.
    const limited = judgeLimits(set, decided, passage.counting)
    if (limited !== null && !isSame(limited, decided.decision)) {
      const decision = pastLimit(decided.decision, limited)
      if (decision.effect === 'Deny') return no(forbidden(decision, decided))
      return admitHeld(passage, { ...assessed, decided: { ...decided, decision } }, sent)
    }
  }
  passage.counting.reserve(numbersOf(decided))
  const pin =
    release.kind === 'approval'
      ? pinToShown(held)
      : pinToJudged(passage, assessed, sent, (fresh) => covers(passage, decided, release, fresh))
  return { ok: true, decided: { ...decided, release }, body, pin }
}

/** What the holds could not write is refused as a log that cannot be written. */
async function recorded<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw error instanceof LogUnavailable ? error : new LogUnavailable(error)
  }
}

const REFUSED_BY_CLUSTER: Refusal = { kind: 'upstream', message: 'the API server refused it' }
const CHANGED: Refusal = {
  kind: 'not-approved',
  message: 'the object has changed since it was judged; look at it, and run the command again',
}
const POLICIES_CHANGED: Refusal = {
  kind: 'forbidden',
  message: 'the policies have changed while the request waited; run the command again',
}
