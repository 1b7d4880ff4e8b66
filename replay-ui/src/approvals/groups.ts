// The inbox in order: what waits for the reader first. In: open holds. Out: groups, and what is new since the last look. No clock.

import type { HoldSummary } from '../../../worker/api/types.ts'
import { visible } from '../shell/visible.ts'

export interface Group {
  readonly id: 'yours' | 'others' | 'approved' | 'collecting'
  readonly title: string
  readonly holds: readonly HoldSummary[]
}

const TITLES: readonly (readonly [Group['id'], string])[] = [
  ['yours', 'Waiting for you'],
  ['others', 'Waiting for others'],
  ['approved', 'Approved, not used yet'],
  ['collecting', 'Plans being collected'],
]

function groupOf(hold: HoldSummary): Group['id'] | null {
  if (hold.state === 'pending') return hold.mayAnswer ? 'yours' : 'others'
  return hold.state === 'approved' || hold.state === 'collecting' ? hold.state : null
}

/** True once nothing can come of it any more. */
export function isOver(hold: Pick<HoldSummary, 'state'>): boolean {
  return hold.state !== 'pending' && hold.state !== 'approved' && hold.state !== 'collecting'
}

/** Groups that are not empty. Within one, what ends first comes first. */
export function groupsOf(holds: readonly HoldSummary[]): readonly Group[] {
  return TITLES.flatMap(([id, title]) => {
    const found = holds.filter((hold) => groupOf(hold) === id)
    found.sort((a, b) => endOf(a) - endOf(b) || a.id.localeCompare(b.id))
    return found.length === 0 ? [] : [{ id, title, holds: found }]
  })
}

const endOf = (hold: HoldSummary): number => Date.parse(hold.validUntil ?? hold.expiresAt)

/** How many questions wait for an answer: the number beside the word Approvals. */
export function waitingOf(holds: readonly HoldSummary[]): number {
  return holds.filter((hold) => hold.state === 'pending').length
}

/** What a screen reader is told when questions have come since the last look; '' when none has. Never an agent's text. */
export function newsOf(before: ReadonlySet<string> | null, holds: readonly HoldSummary[]): string {
  if (before === null) return ''
  const fresh = holds.filter((hold) => hold.state === 'pending' && !before.has(hold.id)).length
  if (fresh === 0) return ''
  return fresh === 1 ? 'A new question waits for approval.' : `${fresh} new questions wait for approval.`
}

/** True when every word of the filter is somewhere in what the row says. */
export function matches(hold: HoldSummary, filter: string): boolean {
  const text = [
    hold.title,
    hold.agent.username,
    hold.purpose ?? '',
    hold.connection,
    hold.policy,
    hold.rule,
    hold.state,
  ]
    .map((part) => visible(part))
    .join('\n')
    .toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
