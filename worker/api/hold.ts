// A hold as the API shows it, and whether the caller may answer it. In: records, the caller, the time. Out: JSON shapes.
// The hub's own rules decide when an answer is given; this only says beforehand what they will say. No I/O.

import type { GrantRecord, HoldRecord, HoldState } from '../ports.ts'
import type { Caller } from './caller.ts'
import type { GrantSummary, HoldDetail, HoldSummary } from './types.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

const NOT_OPEN: Readonly<Record<Exclude<HoldState, 'pending'>, string>> = {
  collecting: 'The plan is still being collected.',
  approved: 'It has been approved.',
  denied: 'It has been denied.',
  expired: 'It has run out.',
  withdrawn: 'The agent has withdrawn it.',
  used: 'It has been approved, and has passed.',
  spoiled: 'The object has changed since it was shown.',
  superseded: 'A newer plan of the same requests has taken its place.',
}

/**
 * Why the caller may not answer a hold; null: they may.
 * @param now milliseconds since the epoch
 */
export function whyNotAnswer(hold: HoldRecord, caller: Caller, now: number): string | null {
  if (!caller.roles.includes('approver')) return 'This needs the role approver.'
  if (caller.username === hold.requester.username) return 'Nobody answers a request of their own.'
  if (hold.state !== 'pending') return NOT_OPEN[hold.state]
  if (hold.expiresAt <= now) return NOT_OPEN.expired
  // A second thought counts while the question is open, but only as a denial.
  if (hold.votes.some((vote) => vote.username === caller.username))
    return 'You have approved it. You may still deny it.'
  const eligible = hold.approvals.every(
    ({ by }) =>
      (by.users.length === 0 && by.groups.length === 0) ||
      by.users.includes(caller.username) ||
      by.groups.some((group) => caller.groups.includes(group)),
  )
  return eligible ? null : 'Its rule names other people to answer it.'
}

/** Over all its approvals: the most people, and everyone who is named. */
function needsOf({ approvals }: HoldRecord): HoldSummary['needs'] {
  return {
    count: Math.max(1, ...approvals.map(({ count }) => count)),
    users: [...new Set(approvals.flatMap(({ by }) => by.users))],
    groups: [...new Set(approvals.flatMap(({ by }) => by.groups))],
  }
}

function titleOf({ items }: HoldRecord): string {
  const [first] = items
  if (first === undefined) return '0 requests'
  return items.length === 1 ? first.title : `${items.length} requests: ${first.title} and ${items.length - 1} more`
}

/** A hold in a listing, as this caller sees it at `now`. */
export function holdSummary(hold: HoldRecord, caller: Caller, now: number): HoldSummary {
  const { username, groups, issuer } = hold.requester
  const whyNot = whyNotAnswer(hold, caller, now)
  return {
    id: hold.id,
    kind: hold.kind,
    state: hold.state,
    connection: hold.connection,
    session: hold.session,
    command: hold.command,
    agent: { username, groups, issuer },
    ...(hold.purpose === '' ? {} : { purpose: hold.purpose }),
    policy: hold.policy,
    rule: hold.rule,
    reason: hold.reason,
    title: titleOf(hold),
    requests: hold.items.length,
    used: hold.items.filter(({ usedBy }) => usedBy !== null).length,
    openedAt: iso(hold.openedAt),
    expiresAt: iso(hold.expiresAt),
    ...(hold.validUntil === null ? {} : { validUntil: iso(hold.validUntil) }),
    ...(hold.closedAt === null ? {} : { closedAt: iso(hold.closedAt) }),
    votes: hold.votes.map((vote) => ({
      username: vote.username,
      approve: vote.approve,
      reason: vote.reason,
      at: iso(vote.at),
      ...(vote.grant === null ? {} : { grant: { scope: vote.grant.scope, forS: Math.floor(vote.grant.forMs / 1000) } }),
    })),
    needs: needsOf(hold),
    mayAnswer: whyNot === null,
    ...(whyNot === null ? {} : { whyNot }),
    ...(hold.grant === null ? {} : { grant: hold.grant }),
  }
}

/** What grant an answer may open. A plan is approved request by request and opens none. */
export function offerOf({ kind, approvals, items }: HoldRecord): HoldDetail['offer'] {
  const [item] = items
  const limits = approvals.map(({ grant }) => (grant === null ? 0 : Math.floor(grant.maxForMs / 1000)))
  const maxForS = limits.length === 0 ? 0 : Math.min(...limits)
  if (kind === 'plan' || item === undefined || maxForS <= 0) return undefined
  const { namespace, group, resource, name } = item
  return { maxForS, namespace, ...(name === '' ? {} : { object: { group, resource, name } }) }
}

export function grantSummary(grant: GrantRecord): GrantSummary {
  return {
    id: grant.id,
    hold: grant.hold,
    connection: grant.connection,
    agent: { username: grant.requester.username, issuer: grant.requester.issuer },
    policy: grant.policy,
    rule: grant.rule,
    namespace: grant.namespace,
    ...(grant.object === null ? {} : { object: grant.object }),
    approvers: grant.approvers,
    openedAt: iso(grant.openedAt),
    expiresAt: iso(grant.expiresAt),
    ...(grant.endedAt === null ? {} : { endedAt: iso(grant.endedAt) }),
    ...(grant.endedBy === null ? {} : { endedBy: grant.endedBy }),
    uses: grant.uses,
  }
}
