// What the policies say to a question: may this identity do this, and which rules have a say? In: a PolicySet and the
// question. Out: the decision and the rules in the order in which they are judged. No I/O, no clock.

import type { Effect, Facts } from '../context.ts'
import { exact, judgeAsked, readAsked } from './asked.ts'
import { Asking } from './asking.ts'
import { blockOf } from './blocks.ts'
import type { CompiledRule, PolicySet } from './compile.ts'
import { type Judged, rulesAbout } from './decide.ts'
import { isSubject } from './subject.ts'

/** As the API asks (`ExplainQuestion`), the draft apart. */
export interface Question {
  readonly username: string
  readonly groups: readonly string[]
  readonly connection: string
  /** Absent: everything the identity may do. */
  readonly verb?: string
  readonly resource?: string
  readonly namespace?: string
  readonly name?: string
  /** JSON values; absent while unknown, null where there is none. */
  readonly object?: unknown
  readonly oldObject?: unknown
  readonly argv?: readonly string[]
}

/** As the API answers (`ExplainedRule`). */
export interface ExplainedRule {
  readonly effect: Effect
  readonly policy: string
  readonly rule: string
  readonly verdict: 'matches' | 'condition-false' | 'condition-unknown' | 'condition-error'
  readonly when?: string
  readonly message?: string
  readonly verbs: readonly string[]
  /** Or paths. */
  readonly resources: readonly string[]
  readonly namespaces: readonly string[]
  readonly names: readonly string[]
}

/** As the API answers (`ExplainAnswer`). */
export interface Answer {
  readonly decision?: {
    readonly effect: Effect | 'unknown'
    readonly policy: string
    readonly rule: string
    readonly reason: string
  }
  readonly rules: readonly ExplainedRule[]
}

export type Explained =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly errors: readonly string[] }

const EFFECTS: readonly Effect[] = ['Deny', 'Hold', 'Allow']

/**
 * Answers a question. Of a draft hand in the set it makes.
 * @param now milliseconds since the epoch, for conditions on the time; the session has done nothing yet
 */
export function explainPolicies(set: PolicySet, question: Question, now: number): Explained {
  const { username, groups, connection, verb, resource } = question
  const identity = { user: { username, uid: '', groups, extra: {} }, issuer: '', expiresAt: 0 }
  if (set.broken !== null) {
    const decision = { effect: 'Deny', policy: '', rule: '', reason: set.broken } as const
    return { ok: true, answer: { ...(verb === undefined ? {} : { decision }), rules: [] } }
  }
  if (verb === undefined) {
    const rules = EFFECTS.flatMap((effect) => set.rules.filter((rule) => rule.effect === effect))
    const own = rules.filter((rule) => isSubject(rule, { identity, connection }))
    return {
      ok: true,
      answer: { rules: own.map((rule) => explained(rule, rule.when === null ? 'matches' : 'condition-unknown')) },
    }
  }
  if (resource === undefined) return { ok: false, errors: ['resource: is missing'] }
  const asked = readAsked({ ...question, verb, resource })
  if (!asked.ok) return { ok: false, errors: [asked.error] }
  const request: Judged = { ...asked.request, identity, connection }
  const facts: Facts = {
    now,
    session: { id: '', startedAt: now, requests: 0, writes: 0, deletions: 0, secretReads: 0, execBytes: 0 },
    ...('object' in question ? { object: exact(question.object) } : {}),
    ...('oldObject' in question ? { oldObject: exact(question.oldObject) } : {}),
  }
  const asking = new Asking(request, facts)
  const rules = rulesAbout(set, request).map((rule) => explained(rule, verdictOf(rule, asking)))
  return { ok: true, answer: { decision: decisionOf(set, request, facts), rules } }
}

function decisionOf(set: PolicySet, request: Judged, facts: Facts): NonNullable<Answer['decision']> {
  const block = blockOf(set, { ...request, session: '' })
  if (block !== null) {
    const reason = `this ${block.kind} was ended by a person${block.reason === '' ? '' : `: ${block.reason}`}`
    return { effect: 'Deny', policy: block.name, rule: 'block', reason }
  }
  const verdict = judgeAsked(set, request, facts)
  if (!verdict.decided) {
    const reason = `it depends on ${[...verdict.needs].join(' and ')}, which was not given`
    return { effect: 'unknown', policy: '', rule: '', reason }
  }
  const { effect, policy, rule, reason, requires } = verdict.decision
  const only =
    requires === 'exists' && facts.oldObject === undefined ? '; only if it exists: create is not allowed' : ''
  return { effect, policy, rule, reason: `${reason}${only}` }
}

function verdictOf(rule: CompiledRule, asking: Asking): ExplainedRule['verdict'] {
  const answer = asking.ask(rule)
  if (answer === 'yes') return 'matches'
  if (answer === 'no') return 'condition-false'
  return answer === 'failed' ? 'condition-error' : 'condition-unknown'
}

function explained(
  { effect, policy, rule, source, when }: CompiledRule,
  verdict: ExplainedRule['verdict'],
): ExplainedRule {
  return {
    effect,
    policy,
    rule,
    verdict,
    ...(when === null ? {} : { when: when.text }),
    ...(source.message === undefined ? {} : { message: source.message }),
    verbs: source.verbs,
    resources: source.resources ?? source.paths ?? [],
    namespaces: source.namespaces ?? [],
    names: source.names ?? [],
  }
}
