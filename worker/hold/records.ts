// Records of holds as they are first made. In: held requests. Out: HoldRecord, HoldItem; what agents typed is made plain. No I/O.

import type { Approval } from '../context.ts'
import type { HoldItem, HoldRecord } from '../ports.ts'
import type { HeldRequest } from './contract.ts'
import { MAX_PURPOSE_LENGTH, MAX_REASON_LENGTH } from './limits.ts'
import { plain } from './words.ts'

/** The approval of a held request. Every Hold has one; without it nobody could say who may answer. */
export function approvalOf({ decision }: HeldRequest): Approval {
  if (decision.effect !== 'Hold' || decision.approval === undefined) throw new Error('not a held request')
  return decision.approval
}

export function itemOf(request: HeldRequest, key: string, title: string): HoldItem {
  const { namespace, group, resource, name } = request.request
  const { policy, rule } = request.decision
  return { key, title, namespace, group, resource, name, policy, rule, usedBy: null }
}

/** A hold without items: the caller says what is in it, and in what state it begins. */
export function newHold(
  first: HeldRequest,
  of: Pick<HoldRecord, 'id' | 'kind' | 'state' | 'openedAt' | 'expiresAt' | 'approvals' | 'items' | 'reviewSha256'>,
): HoldRecord {
  const { user, issuer, purpose } = first.identity
  const { policy, rule, reason } = first.decision
  return {
    connection: first.connection,
    session: first.session,
    command: first.command,
    requester: { username: user.username, uid: user.uid, groups: user.groups, issuer },
    purpose: plain(purpose ?? '', MAX_PURPOSE_LENGTH),
    policy,
    rule,
    reason: plain(reason, MAX_REASON_LENGTH),
    validUntil: null,
    closedAt: null,
    votes: [],
    grant: null,
    ...of,
  }
}

/** Each different approval once. */
export function distinct(approvals: readonly Approval[]): readonly Approval[] {
  const seen = new Map<string, Approval>()
  for (const approval of approvals) {
    const { by, count, holdForMs, validForMs, grant } = approval
    seen.set(JSON.stringify([by.users, by.groups, count, holdForMs, validForMs, grant?.maxForMs ?? null]), approval)
  }
  return [...seen.values()]
}
