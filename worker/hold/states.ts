// What may become of a hold. In: a record, what happened, the time. Out: the next record, or why not. No I/O. No clock.

import type { Approval } from '../context.ts'
import type { GrantAsked, HoldRecord, HoldState } from '../ports.ts'
import type { Answered, Vote } from './contract.ts'
import { MAX_REASON_LENGTH, MIN_GRANT_MS } from './limits.ts'
import { plain } from './words.ts'

const OPEN: ReadonlySet<HoldState> = new Set(['collecting', 'pending', 'approved'])

/** Whether it may still lead to something. */
export function isOpen({ state }: Pick<HoldRecord, 'state'>): boolean {
  return OPEN.has(state)
}

/** When it runs out by itself; null: it does not (it is over, or still being collected). Milliseconds since the epoch. */
export function dueAt({ state, expiresAt, validUntil }: HoldRecord): number | null {
  if (state === 'pending') return expiresAt
  return state === 'approved' ? (validUntil ?? expiresAt) : null
}

/** How many different people must approve. */
export function needed({ approvals }: Pick<HoldRecord, 'approvals'>): number {
  return Math.max(1, ...approvals.map(({ count }) => count))
}

/** Whether a person may answer under every rule that held something in it. */
export function isEligible(
  { approvals }: Pick<HoldRecord, 'approvals'>,
  person: Pick<Vote, 'username' | 'groups' | 'approver'>,
): boolean {
  return approvals.every(({ by }) => {
    if (isAnyone(by)) return person.approver
    return by.users.includes(person.username) || by.groups.some((group) => person.groups.includes(group))
  })
}

/**
 * Whether those who answer a hold are enough for an approval asked for now, since a rule may have changed, or a limit come in
 * between: as many people, and none whom it does not name.
 */
export function isEnough(hold: Pick<HoldRecord, 'approvals'>, { count, by }: Approval): boolean {
  if (needed(hold) < count) return false
  if (isAnyone(by)) return true
  return hold.approvals.some(
    (one) =>
      !isAnyone(one.by) &&
      one.by.users.every((user) => by.users.includes(user)) &&
      one.by.groups.every((group) => by.groups.includes(group)),
  )
}

function isAnyone({ users, groups }: Approval['by']): boolean {
  return users.length === 0 && groups.length === 0
}

export type Voted =
  /** `grant`: what everybody who approved has allowed; null: the one request alone. */
  | { readonly ok: true; readonly hold: HoldRecord; readonly grant: GrantAsked | null }
  | Exclude<Answered, { readonly ok: true }>

/**
 * One person's answer. A denial ends it, also one by somebody who had approved; the last approval that was needed makes it
 * `approved`, with `validUntil` by the shortest of its rules.
 */
export function vote(hold: HoldRecord, answer: Vote, now: number): Voted {
  const due = dueAt(hold)
  if (hold.state === 'pending' && due !== null && now >= due) {
    return refuse(409, whatBecame({ ...hold, state: 'expired', closedAt: due }))
  }
  if (hold.state !== 'pending') return refuse(409, whatBecame(hold))
  if (answer.username === hold.requester.username) return refuse(403, 'Nobody answers a request of their own.')
  if (!isEligible(hold, answer)) return refuse(403, 'Its rule names other people to answer it.')
  const before = hold.votes.find(({ username }) => username === answer.username)
  if (before !== undefined && (answer.approve || !before.approve)) return refuse(409, 'You have answered it already.')
  if (answer.approve && answer.seen !== hold.reviewSha256) {
    return refuse(409, 'It has changed since you looked: look at it again.')
  }
  const asked = answer.approve ? (answer.grant ?? null) : null
  const objection = asked === null ? null : objectionTo(asked, hold)
  if (objection !== null) return refuse(409, objection)
  const { username, issuer, approve } = answer
  const votes = [
    ...hold.votes,
    { username, issuer, approve, reason: plain(answer.reason, MAX_REASON_LENGTH), at: now, grant: asked },
  ]
  if (!approve) return { ok: true, hold: { ...hold, votes, state: 'denied', closedAt: now }, grant: null }
  if (new Set(votes.map((one) => one.username)).size < needed(hold)) {
    return { ok: true, hold: { ...hold, votes }, grant: null }
  }
  const grant = narrowest(votes.map((one) => one.grant))
  const validForMs = grant?.forMs ?? Math.min(...hold.approvals.map((one) => one.validForMs))
  return { ok: true, hold: { ...hold, votes, state: 'approved', validUntil: now + validForMs }, grant }
}

/** Why a grant may not be asked with this answer; null: it may. */
function objectionTo(asked: GrantAsked, { kind, approvals, items }: HoldRecord): string | null {
  if (kind === 'plan') return 'A plan is approved request by request: it opens no grant. Approve it without one.'
  const limits = approvals.map(({ grant }) => grant?.maxForMs ?? 0)
  const maxForMs = limits.length === 0 ? 0 : Math.min(...limits)
  if (maxForMs <= 0) return 'Its rule offers no grant: approve this one request.'
  if (!Number.isSafeInteger(asked.forMs) || asked.forMs < MIN_GRANT_MS) return 'A grant lasts a second at least.'
  if (asked.forMs > maxForMs) return `Its rule offers a grant of ${Math.floor(maxForMs / 1000)} seconds at most.`
  const [item] = items
  if (asked.scope === 'object' && (item === undefined || item.name === '')) {
    return 'The request names no object: a grant of an object is not possible.'
  }
  return null
}

/** A grant opens only if everybody who approved asked one: then the narrowest scope and the shortest time of them. */
function narrowest(asked: readonly (GrantAsked | null)[]): GrantAsked | null {
  let result: GrantAsked | null = null
  for (const one of asked) {
    if (one === null) return null
    result =
      result === null
        ? one
        : {
            scope: one.scope === 'object' ? 'object' : result.scope,
            forMs: Math.min(one.forMs, result.forMs),
          }
  }
  return result
}

/** A collected plan becomes a question. Null: it is one already, or over. */
export function ask(hold: HoldRecord, now: number): HoldRecord | null {
  if (hold.state !== 'collecting' || hold.items.length === 0) return null
  return { ...hold, state: 'pending', openedAt: now, expiresAt: now + shortest(hold.approvals) }
}

/** How long the question stays open under the strictest of its rules. */
export function shortest(approvals: readonly Approval[]): number {
  return Math.min(...approvals.map(({ holdForMs }) => holdForMs))
}

/** It runs out. Null: not yet, or over already. */
export function expire(hold: HoldRecord, now: number): HoldRecord | null {
  const due = dueAt(hold)
  return due === null || now < due ? null : { ...hold, state: 'expired', closedAt: now }
}

/** One request of an approved hold passes. Null: it may not: not approved, run out, not in it, or used. */
export function use(hold: HoldRecord, key: string, request: string, now: number): HoldRecord | null {
  const due = dueAt(hold)
  if (hold.state !== 'approved' || hold.grant !== null || due === null || now >= due) return null
  return spend(hold, key, request, now)
}

/** A request that waited, or was approved together with a grant, passed by that grant. */
export function useByGrant(hold: HoldRecord, key: string, request: string, now: number): HoldRecord | null {
  return isOpen(hold) && hold.kind === 'request' ? spend(hold, key, request, now) : null
}

function spend(hold: HoldRecord, key: string, request: string, now: number): HoldRecord | null {
  const item = hold.items.find((one) => one.key === key && one.usedBy === null)
  if (item === undefined) return null
  const items = hold.items.map((one) => (one === item ? { ...one, usedBy: request } : one))
  const left = items.some(({ usedBy }) => usedBy === null)
  return left ? { ...hold, items } : { ...hold, items, state: 'used', closedAt: now }
}

/**
 * It ends without an answer. `withdrawn`: nobody waits for it (only while people are asked, or before). `spoiled`: the
 * object changed after it was approved. `superseded`: a newer plan took its place. `expired`: its grant was ended.
 * Null: it may not end so.
 */
export function end(
  hold: HoldRecord,
  state: 'withdrawn' | 'spoiled' | 'superseded' | 'expired',
  now: number,
): HoldRecord | null {
  const from: Readonly<Record<typeof state, readonly HoldState[]>> = {
    withdrawn: ['collecting', 'pending'],
    spoiled: ['approved'],
    superseded: ['pending'],
    expired: ['approved'],
  }
  return from[state].includes(hold.state) ? { ...hold, state, closedAt: now } : null
}

/** For a person whose answer comes too late or too early. */
export function whatBecame(hold: HoldRecord): string {
  switch (hold.state) {
    case 'collecting':
      return 'Its dry run is still going on: look again in a moment.'
    case 'pending':
      return 'It is still open.'
    case 'approved':
      return `It has been approved already by ${approversOf(hold).join(', ')}.`
    case 'denied':
      return `It has been denied already by ${denierOf(hold)}.`
    case 'expired':
      return hold.validUntil === null ? 'Its time is over.' : 'It was approved, and that has run out.'
    case 'withdrawn':
      return 'Its client has withdrawn it.'
    case 'used':
      return 'It has passed already.'
    case 'spoiled':
      return 'The object has changed since it was shown.'
    case 'superseded':
      return 'A newer plan of the same requests has taken its place.'
  }
}

export function approversOf({ votes }: Pick<HoldRecord, 'votes'>): readonly string[] {
  return votes.filter(({ approve }) => approve).map(({ username }) => username)
}

export function denierOf({ votes }: Pick<HoldRecord, 'votes'>): string {
  return votes.find(({ approve }) => !approve)?.username ?? 'a person'
}

function refuse(status: 403 | 409, detail: string): Exclude<Answered, { readonly ok: true }> {
  return { ok: false, status, detail }
}
