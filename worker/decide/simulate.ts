// Recorded requests, judged by other policies. In: a PolicySet and what was recorded. Out: every decision that would change.
// No I/O but the reading of what is handed in.

import type { RecordedDecision, RecordedRequest } from '../../protocol/log/event.ts'
import type { Facts, SessionFacts } from '../context.ts'
import { exact, judgeAsked, readRecorded } from './asked.ts'
import type { PolicySet } from './compile.ts'
import type { Judged } from './decide.ts'
import { requestWords } from './explain.ts'
import { countedAs } from './limits.ts'

/** One recorded request. */
export interface RecordedAsk {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly identity: { readonly username: string; readonly groups: readonly string[]; readonly issuer: string }
  readonly connection: string
  readonly request: RecordedRequest
  readonly decision: RecordedDecision
  /** What the session had done before; {@link counting} adds one up. */
  readonly session: SessionFacts
  /** True where the recorded body was a server-side apply (`application/apply-patch+yaml`). */
  readonly apply?: boolean
  /** What would have been stored, and the object as it stood, as JSON values; absent where they were not recorded. */
  readonly object?: unknown
  readonly oldObject?: unknown
}

/** As the API answers (`SimulatedChange`). */
export interface Change {
  readonly request: string
  readonly session: string
  readonly at: string
  readonly username: string
  readonly title: string
  readonly before: { readonly effect: string; readonly policy: string; readonly rule: string }
  readonly after: { readonly effect: string; readonly policy: string; readonly rule: string; readonly reason: string }
}

/** As the API answers (`SimulateAnswer`). */
export interface Simulated {
  readonly judged: number
  readonly changes: readonly Change[]
  /** True when there were more than `limit`. */
  readonly cut: boolean
}

/**
 * Judges each, in the order given. A change is another effect, or a Hold by another rule; `unknown` where a condition looks at
 * an object that was not recorded. The gateway's own preparatory requests are passed over.
 * @param limit how many are judged at most
 */
export async function simulate(
  set: PolicySet,
  recorded: AsyncIterable<RecordedAsk> | Iterable<RecordedAsk>,
  limit: number,
): Promise<Simulated> {
  const changes: Change[] = []
  let judged = 0
  for await (const ask of recorded) {
    if (ask.request.preparatory !== undefined) continue
    if (judged >= limit) return { judged, changes, cut: true }
    judged += 1
    const change = changeOf(set, ask)
    if (change !== null) changes.push(change)
  }
  return { judged, changes, cut: false }
}

function changeOf(set: PolicySet, ask: RecordedAsk): Change | null {
  const { username, groups, issuer } = ask.identity
  const user = { username, uid: '', groups, extra: {} }
  const read = readRecorded(ask.request, ask.apply === true)
  const request: Judged = { ...read, identity: { user, issuer, expiresAt: 0 }, connection: ask.connection }
  const facts: Facts = {
    now: ask.at,
    session: ask.session,
    ...(ask.object === undefined ? {} : { object: exact(ask.object) }),
    ...(ask.oldObject === undefined ? {} : { oldObject: exact(ask.oldObject) }),
  }
  const verdict = judgeAsked(set, request, facts)
  const { effect, policy, rule } = ask.decision
  const after = verdict.decided
    ? verdict.decision
    : { effect: 'unknown', policy: '', rule: '', reason: `it depends on ${[...verdict.needs].join(' and ')}` }
  const otherHold = effect === 'Hold' && (after.policy !== policy || after.rule !== rule)
  if (after.effect === effect && !otherHold) return null
  if (effect === 'Hold' && after.effect === 'Allow' && hasLimit(set, policy, rule)) return null
  return {
    request: ask.id,
    session: ask.session.id,
    at: new Date(ask.at).toISOString(),
    username,
    title: requestWords(read.info),
    before: { effect, policy, rule },
    after: { effect: after.effect, policy: after.policy, rule: after.rule, reason: after.reason },
  }
}

/** What held it was a limit that the draft has as well; what was counted within a time is not recorded with the request. */
function hasLimit(set: PolicySet, policy: string, rule: string): boolean {
  return set.limits.some((limit) => limit.policy === policy && limit.name === rule)
}

/** The session's numbers after a request that was sent. @param execBytes bytes of its stream, both ways */
export function counting(session: SessionFacts, recorded: RecordedRequest, execBytes: number): SessionFacts {
  const { info } = readRecorded(recorded, false)
  const after = { ...session }
  for (const what of countedAs({ info })) after[what] += what === 'execBytes' ? execBytes : 1
  return after
}
