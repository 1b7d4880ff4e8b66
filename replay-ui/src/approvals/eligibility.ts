// Who may answer, in words. In: a hold as the API tells it. Out: text. The gateway decides; this only says what it said.

import type { HoldSummary } from '../../../worker/api/types.ts'
import { approversOf } from './outcome.ts'

/** `1 of 2`. */
export function votesText(hold: Pick<HoldSummary, 'votes' | 'needs'>): string {
  return `${approversOf(hold).length} of ${hold.needs.count}`
}

/** `Two different people of group sre must approve.` */
export function needsText(needs: HoldSummary['needs']): string {
  const from = [...needs.groups.map((group) => `group ${group}`), ...needs.users]
  const whom = from.length === 0 ? 'any approver' : from.join(' or ')
  if (needs.count === 1) return from.length === 0 ? 'Any approver may answer.' : `One approval is needed, from ${whom}.`
  return `${needs.count} different people must approve, from ${whom}. One denial ends it.`
}

/** Why the caller cannot answer; null: they can. Never empty: a button that is off says why. */
export function whyNotText(hold: Pick<HoldSummary, 'mayAnswer' | 'whyNot'>): string | null {
  if (hold.mayAnswer) return null
  return hold.whyNot !== undefined && hold.whyNot !== '' ? hold.whyNot : 'You may not answer this.'
}

/** A second thought counts: who approved may still deny while the question is open. */
export function mayDeny(
  hold: Pick<HoldSummary, 'mayAnswer' | 'state' | 'votes'>,
  username: string | undefined,
): boolean {
  if (hold.mayAnswer) return true
  return hold.state === 'pending' && hold.votes.some((vote) => vote.approve && vote.username === username)
}

/** What an approval by the caller would do: nothing yet, while more people are needed. */
export function effectText(hold: Pick<HoldSummary, 'votes' | 'needs' | 'kind'>): string {
  const left = hold.needs.count - approversOf(hold).length - 1
  if (left > 0) return `After yours, ${left} more ${left === 1 ? 'approval is' : 'approvals are'} needed.`
  return hold.kind === 'plan'
    ? 'Exactly these requests may then pass, once each.'
    : 'Exactly this request may then pass, once.'
}
