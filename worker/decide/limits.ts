// Limits: past one, what counts against it waits for a person. In: a PolicySet, a request and what was counted so far.
// Out: a Hold, or null. No I/O, no clock: the usage knows the time.

import type { Decision } from '../context.ts'
import { strictest } from './approval.ts'
import type { CompiledLimit, PolicySet } from './compile.ts'
import { durationText } from './duration.ts'
import type { Judged } from './scope.ts'
import { isSubject } from './subject.ts'

/** What is counted. `execBytes`: bytes of exec, attach and port-forward streams, both ways. */
export type Counted = CompiledLimit['count']

/** What was counted before this request. */
export interface Usage {
  /** @param withinMs null: in all */
  total(what: Counted, per: 'session' | 'identity', withinMs: number | null): number
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
/** Questions that are asked by creating something that is stored nowhere: `kubectl auth can-i`, `auth whoami`. */
const QUESTIONS: ReadonlySet<string> = new Set(['authorization.k8s.io', 'authentication.k8s.io'])

/**
 * What a request counts as, by what it is alone. A dry run counts as nothing. `execBytes` says that its stream's bytes count,
 * not that it is one.
 */
export function countedAs({ info }: Pick<Judged, 'info'>): readonly Counted[] {
  if (info.dryRun) return []
  const counted: Counted[] = ['requests']
  if (!info.isResourceRequest) return counted
  if (WRITES.has(info.verb) && !QUESTIONS.has(info.apiGroup)) counted.push('writes')
  if (info.verb === 'delete' || info.verb === 'deletecollection') counted.push('deletions')
  if (READS.has(info.verb) && info.apiGroup === '' && info.resource === 'secrets') counted.push('secretReads')
  if (info.exec !== undefined) counted.push('execBytes')
  return counted
}

/** The first limit that is used up and that the request counts against, as a Hold whose rule is the limit's name. */
export function judgeLimits(set: PolicySet, request: Judged, usage: Usage): Decision | null {
  if (set.limits.length === 0) return null
  const counted = countedAs(request)
  for (const limit of set.limits) {
    if (!counted.includes(limit.count) || !isSubject(limit, request)) continue
    if (usage.total(limit.count, limit.per, limit.withinMs) < limit.max) continue
    const { policy, name: rule, approval } = limit
    return { effect: 'Hold', policy, rule, reason: reasonOf(limit), revision: set.revision, approval }
  }
  return null
}

/**
 * What becomes of a decision when a limit is used up. The limit is a question of its own: a grant of the rule that holds the
 * request anyway does not answer it, and whoever answers must be allowed to by both.
 */
export function pastLimit(decision: Decision, limited: Decision): Decision {
  if (decision.approval === undefined || limited.approval === undefined) return limited
  const approval = strictest(decision.approval, limited.approval)
  if (approval !== null) return { ...limited, approval }
  const { policy, rule, reason, revision } = limited
  const other = `policy ${decision.policy}, rule ${decision.rule}`
  const why = `it is also held by ${other}, and nobody may answer both: give both an approver in common`
  return { effect: 'Deny', policy, rule, reason: `${reason}, and ${why}`, revision }
}

const WORDS: Readonly<Record<Counted, readonly [one: string, many: string]>> = {
  requests: ['request', 'requests'],
  writes: ['write', 'writes'],
  deletions: ['deletion', 'deletions'],
  secretReads: ['read of Secrets', 'reads of Secrets'],
  execBytes: ['byte of exec streams', 'bytes of exec streams'],
}

function reasonOf({ count, max, per, withinMs }: CompiledLimit): string {
  const within = withinMs === null ? '' : ` within ${durationText(withinMs)}`
  return `the limit of ${max} ${WORDS[count][max === 1 ? 0 : 1]} per ${per}${within} is reached`
}
