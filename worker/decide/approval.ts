// Who answers a hold, and for how long what holds: the `approval` of a rule or a limit. In: a parsed YAML value. Out: an
// Approval with every default filled in. Also what two approvals amount to when both apply. No I/O, no clock.

import * as v from 'valibot'
import type { Approval } from '../context.ts'
import { text } from '../document/problem.ts'
import { durationText, parseDuration } from './duration.ts'

const MIN_MS = 10_000
const MAX_MS = 24 * 3_600_000
const MAX_COUNT = 10

/** A duration between two bounds, both included, in milliseconds. */
export function duration(minMs: number, maxMs: number) {
  const words = `must be a duration between ${durationText(minMs)} and ${durationText(maxMs)}, such as 30s, 10m or 2h`
  return v.pipe(
    v.string(words),
    v.transform((value) => parseDuration(value) ?? Number.NaN),
    v.check((ms) => ms >= minMs && ms <= maxMs, words),
  )
}

/** `*` would read as "everybody", which nobody should be: without `by` it is every approver. */
const approver = v.pipe(
  text,
  v.check((name) => name !== '*', 'must be a name: leave `by` out for every approver'),
)
const approvers = v.pipe(v.array(approver), v.minLength(1))
const by = v.pipe(
  v.strictObject({ users: v.optional(approvers), groups: v.optional(approvers) }),
  v.check((value) => (value.users === undefined) !== (value.groups === undefined), 'must have either users or groups'),
)
const countWords = `must be a whole number between 1 and ${MAX_COUNT}`

/** What is asked where a policy says nothing: one approver, any; ten minutes to answer, five to use the answer; no grants. */
export const DEFAULT_APPROVAL: Approval = {
  by: { users: [], groups: [] },
  count: 1,
  holdForMs: 600_000,
  validForMs: 300_000,
  grant: null,
}

/** The schema of `approval`; its output is an {@link Approval}. */
export const approval = v.pipe(
  v.strictObject({
    by: v.optional(v.pipe(v.array(by), v.minLength(1))),
    count: v.optional(
      v.pipe(v.number(countWords), v.integer(countWords), v.minValue(1, countWords), v.maxValue(MAX_COUNT, countWords)),
    ),
    holdFor: v.optional(duration(MIN_MS, MAX_MS)),
    validFor: v.optional(duration(MIN_MS, MAX_MS)),
    grant: v.optional(v.strictObject({ maxFor: duration(MIN_MS, MAX_MS) })),
  }),
  v.transform(
    (value): Approval => ({
      by: {
        users: (value.by ?? []).flatMap((one) => one.users ?? []),
        groups: (value.by ?? []).flatMap((one) => one.groups ?? []),
      },
      count: value.count ?? DEFAULT_APPROVAL.count,
      holdForMs: value.holdFor ?? DEFAULT_APPROVAL.holdForMs,
      validForMs: value.validFor ?? DEFAULT_APPROVAL.validForMs,
      grant: value.grant === undefined ? null : { maxForMs: value.grant.maxFor },
    }),
  ),
)

/**
 * One approval that satisfies both: the higher count, the shorter times, and only people whom both name. No grant: one that was
 * given under either would let pass what the people of the other have not seen. Null when both name people and have nobody in
 * common: then no single question can be asked.
 */
export function strictest(one: Approval, other: Approval): Approval | null {
  const common = commonApprovers(one.by, other.by)
  if (common === null) return null
  return {
    by: common,
    count: Math.max(one.count, other.count),
    holdForMs: Math.min(one.holdForMs, other.holdForMs),
    validForMs: Math.min(one.validForMs, other.validForMs),
    grant: null,
  }
}

function commonApprovers(one: Approval['by'], other: Approval['by']): Approval['by'] | null {
  const anyone = ({ users, groups }: Approval['by']) => users.length === 0 && groups.length === 0
  if (anyone(one)) return other
  if (anyone(other)) return one
  const common = {
    users: one.users.filter((user) => other.users.includes(user)),
    groups: one.groups.filter((group) => other.groups.includes(group)),
  }
  return anyone(common) ? null : common
}
