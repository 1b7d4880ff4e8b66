// What the log is told of holds and grants. In: records. Out: entries, to be appended before anything takes effect. No I/O.

import type { LogEvent } from '../../protocol/log/event.ts'
import type { Decision } from '../context.ts'
import type { Entry, GrantRecord, HoldRecord, HoldVote } from '../ports.ts'
import type { HeldRequest, Vote } from './contract.ts'
import { plain } from './words.ts'

/** An event's own id and time. */
export interface Stamp {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** People are asked. The body is what they are shown. `first`: the request that waits; absent for a plan. */
export function openEntry(stamp: Stamp, hold: HoldRecord, review: Uint8Array, first?: HeldRequest): Entry {
  const event: LogEvent = {
    ...base('hold.open', stamp, hold),
    actor: requesterOf(hold),
    ...(first === undefined
      ? {}
      : { request: first.request, decision: recordedDecision(first.decision), ref: first.id }),
    data: {
      hold: hold.id,
      kind: hold.kind,
      requests: hold.items.length,
      policy: hold.policy,
      rule: hold.rule,
      reviewSha256: hold.reviewSha256,
      expiresAt: iso(hold.expiresAt),
    },
  }
  return { event, body: { kind: 'review', seq: 0, mediaType: 'application/json', bytes: review } }
}

/** One person's answer, and the state it led to. */
export function voteEntry(stamp: Stamp, hold: HoldRecord, answer: Vote, given: HoldVote): Entry {
  return {
    event: {
      ...base('hold.vote', stamp, hold),
      actor: { username: answer.username, groups: answer.groups, issuer: answer.issuer },
      data: {
        hold: hold.id,
        approve: given.approve,
        state: hold.state,
        ...(given.reason === '' ? {} : { reason: given.reason }),
        ...(given.approve ? { seen: hold.reviewSha256 } : {}),
        ...(given.grant === null ? {} : { grantScope: given.grant.scope, grantForMs: given.grant.forMs }),
      },
    },
  }
}

/** It is over; `data.state` says how. `by`: the grant its request passed by. */
export function closeEntry(stamp: Stamp, hold: HoldRecord, by?: GrantRecord): Entry {
  return {
    event: {
      ...base('hold.close', stamp, hold),
      actor: requesterOf(hold),
      data: { hold: hold.id, state: hold.state, ...(by === undefined ? {} : { grant: by.id }) },
    },
  }
}

/** A request passes. `hold` in the data is the one that was approved, `grant` what it opened, if that is why. */
export function useEntry(stamp: Stamp, request: HeldRequest, key: string, hold: string, grant?: string): Entry {
  const { groups, uid, username } = request.identity.user
  return {
    event: {
      v: 1,
      type: 'hold.use',
      id: stamp.id,
      ts: iso(stamp.at),
      session: request.session,
      command: request.command,
      connection: request.connection,
      actor: { username, groups, issuer: request.identity.issuer, ...(uid === '' ? {} : { uid }) },
      ref: request.id,
      data: { hold, key, ...(grant === undefined ? {} : { grant }) },
    },
  }
}

/** The last answer that was needed opened a grant. */
export function grantOpenEntry(stamp: Stamp, hold: HoldRecord, grant: GrantRecord, answer: Vote): Entry {
  return {
    event: {
      ...base('grant.open', stamp, hold),
      actor: { username: answer.username, groups: answer.groups, issuer: answer.issuer },
      data: {
        grant: grant.id,
        hold: grant.hold,
        requester: grant.requester.username,
        requesterIssuer: grant.requester.issuer,
        policy: grant.policy,
        rule: grant.rule,
        namespace: grant.namespace,
        ...(grant.object === null
          ? {}
          : { group: grant.object.group, resource: grant.object.resource, name: grant.object.name }),
        approvers: grant.approvers.join(', '),
        expiresAt: iso(grant.expiresAt),
      },
    },
  }
}

/** A grant is over. `by` null: its time was. */
export function grantCloseEntry(stamp: Stamp, grant: GrantRecord, by: string | null): Entry {
  return {
    event: {
      v: 1,
      type: 'grant.close',
      id: stamp.id,
      ts: iso(stamp.at),
      connection: grant.connection,
      ...(by === null ? {} : { actor: { username: plain(by, 300), groups: [], issuer: '' } }),
      data: { grant: grant.id, hold: grant.hold, state: by === null ? 'expired' : 'ended', uses: grant.uses },
    },
  }
}

function base(type: LogEvent['type'], { id, at }: Stamp, hold: HoldRecord): LogEvent {
  const { session, command, connection } = hold
  return { v: 1, type, id, ts: iso(at), session, command, connection }
}

function requesterOf({ requester }: HoldRecord): NonNullable<LogEvent['actor']> {
  const { username, groups, issuer, uid } = requester
  return { username, groups, issuer, ...(uid === '' ? {} : { uid }) }
}

function recordedDecision({ effect, policy, rule, reason, revision }: Decision): NonNullable<LogEvent['decision']> {
  return { effect, policy, rule, reason, revision }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
