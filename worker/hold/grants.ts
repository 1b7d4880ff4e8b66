// Grants in force: which one covers a request, opening, using and ending them. Recorded before they take effect.

import type { Release } from '../context.ts'
import type { Entry, GrantAsked, GrantRecord, HoldRecord } from '../ports.ts'
import type { HeldRequest, Vote } from './contract.ts'
import type { Desk } from './desk.ts'
import { grantCloseEntry, grantOpenEntry, useEntry } from './entries.ts'
import { MAX_GRANTS_PER_IDENTITY } from './limits.ts'
import { approversOf } from './states.ts'
import { createTurns, type Turns } from './turns.ts'

/**
 * Whether a grant lets a request pass now: the same person, connection, policy and rule, within its namespace or on its
 * object, as long as the rule still offers grants that long. `''` as namespace means things outside namespaces, so it does
 * not cover a list over all namespaces, which bears no namespace either.
 */
export function covers(grant: GrantRecord, request: HeldRequest, now: number): boolean {
  const { identity, connection, decision, request: asked } = request
  const offered = decision.approval?.grant ?? null
  if (grant.endedAt !== null || now >= grant.expiresAt) return false
  if (offered === null || now >= grant.openedAt + offered.maxForMs) return false
  if (grant.requester.username !== identity.user.username || grant.requester.issuer !== identity.issuer) return false
  if (grant.connection !== connection || grant.policy !== decision.policy || grant.rule !== decision.rule) return false
  if (grant.namespace !== asked.namespace) return false
  if (grant.object !== null) {
    const { group, resource, name } = grant.object
    return group === asked.group && resource === asked.resource && name === asked.name && name !== ''
  }
  return asked.namespace !== '' || asked.name !== '' || asked.verb === 'create'
}

/** The grant that an approved hold opens. */
export function grantOf(hold: HoldRecord, asked: GrantAsked, id: string, now: number): GrantRecord | null {
  const [item] = hold.items
  if (item === undefined) return null
  const { group, resource, name, namespace, policy, rule } = item
  return {
    id,
    hold: hold.id,
    connection: hold.connection,
    requester: { username: hold.requester.username, issuer: hold.requester.issuer },
    policy,
    rule,
    namespace,
    object: asked.scope === 'object' ? { group, resource, name } : null,
    approvers: approversOf(hold),
    openedAt: now,
    expiresAt: now + asked.forMs,
    endedAt: null,
    endedBy: null,
    uses: 0,
  }
}

export interface Grants {
  add(record: GrantRecord): void
  /** Whether this person may be given another. */
  hasRoom(hold: HoldRecord): boolean
  opening(
    hold: HoldRecord,
    asked: GrantAsked,
    answer: Vote,
  ): { readonly record: GrantRecord; readonly entry: Entry } | null
  /** The id of one that covers the request now. */
  covering(request: HeldRequest): string | null
  /** Records that it lets a request pass. Null: it is over meanwhile. */
  use(
    id: string,
    request: HeldRequest,
    key: string,
  ): Promise<{ readonly release: Release; readonly grant: GrantRecord } | null>
  /** `by` null: its time is over. False: it is over already, or unknown. */
  end(id: string, by: string | null): Promise<boolean>
  inForce(id: string): boolean
}

export function createGrants(desk: Desk): Grants {
  interface LiveGrant {
    record: GrantRecord
    readonly turn: Turns
    cancelTimer: () => void
  }
  const live = new Map<string, LiveGrant>()

  const arm = (one: LiveGrant): void => {
    one.cancelTimer()
    const { id, expiresAt } = one.record
    one.cancelTimer = desk.later(Math.max(1, expiresAt - desk.clock.now()), () => {
      if (desk.clock.now() < expiresAt) arm(one)
      else desk.background('expiring a grant', () => grants.end(id, null))
    })
  }

  const grants: Grants = {
    add(record) {
      const one: LiveGrant = { record, turn: createTurns(), cancelTimer: () => {} }
      live.set(record.id, one)
      arm(one)
    },

    hasRoom({ requester }) {
      let count = 0
      for (const { record } of live.values()) {
        if (record.requester.username === requester.username && record.requester.issuer === requester.issuer) count += 1
      }
      return count < MAX_GRANTS_PER_IDENTITY
    },

    opening(hold, asked, answer) {
      const at = desk.stamp()
      const record = grantOf(hold, asked, desk.stamp().id, at.at)
      return record === null ? null : { record, entry: grantOpenEntry(at, hold, record, answer) }
    },

    covering(request) {
      const now = desk.clock.now()
      for (const [id, { record }] of live) if (covers(record, request, now)) return id
      return null
    },

    async use(id, request, key) {
      const one = live.get(id)
      if (one === undefined) return null
      return one.turn(async () => {
        const stamp = desk.stamp()
        if (!live.has(id) || !covers(one.record, request, stamp.at)) return null
        desk.mayWrite()
        await desk.log.append([useEntry(stamp, request, key, one.record.hold, id)], 'fsynced')
        const next = { ...one.record, uses: one.record.uses + 1 }
        await desk.store.putGrant(next)
        one.record = next
        const { hold, approvers } = next
        return { release: { kind: 'grant', grant: id, hold, approvers }, grant: next }
      })
    },

    async end(id, by) {
      const one = live.get(id)
      if (one === undefined) return false
      return one.turn(async () => {
        if (!live.has(id)) return false
        const stamp = desk.stamp()
        const { expiresAt } = one.record
        const ender = stamp.at < expiresAt ? by : null
        const next = { ...one.record, endedAt: Math.min(stamp.at, expiresAt), endedBy: ender }
        desk.mayWrite()
        await desk.log.append([grantCloseEntry(stamp, next, ender)], 'fsynced')
        await desk.store.putGrant(next)
        one.record = next
        one.cancelTimer()
        live.delete(id)
        return ender === by
      })
    },

    inForce(id) {
      const one = live.get(id)
      return one !== undefined && desk.clock.now() < one.record.expiresAt
    },
  }
  return grants
}
