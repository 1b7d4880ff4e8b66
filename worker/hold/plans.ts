// Plans: the dry runs of one command, collected until it is quiet, then asked as one question. In: dry runs of what would be
// held. Out: a pending hold of kind `plan`.

import type { ReviewedRequest } from '../../protocol/review.ts'
import type { Approval } from '../context.ts'
import type { HoldItem, HoldRecord } from '../ports.ts'
import type { HeldRequest } from './contract.ts'
import type { Desk, Live } from './desk.ts'
import { openEntry } from './entries.ts'
import { digest, keyOf } from './key.ts'
import { MAX_PLAN_ITEMS, MAX_REVIEW_BYTES, QUIET_MS } from './limits.ts'
import { approvalOf, distinct, itemOf, newHold } from './records.ts'
import { boundedReview, type ReviewText, reviewText } from './review.ts'
import { ask, isEnough, shortest } from './states.ts'
import { createTurns, type Turns } from './turns.ts'

/** `{"v":1,"requests":[]}`. */
const EMPTY_REVIEW_BYTES = 22

export interface Plans {
  collect(request: HeldRequest): Promise<void>
  /** A plan that a former run was still collecting: what it had becomes the question. */
  resume(live: Live): void
}

interface Slot {
  readonly item: HoldItem
  readonly reviewed: ReviewedRequest
  readonly approval: Approval
}

interface Collecting {
  readonly id: string
  readonly first: HeldRequest
  /** In the order in which they came; null: its review is being made. */
  readonly slots: Map<string, Slot | null>
  bytes: number
  /** Requests on their way into it. */
  busy: number
  readonly turn: Turns
  live: Live | null
  /** The review of what `live` has. */
  review: ReviewText | null
  /** The write that will take in what has come since the last one began. */
  saving: Promise<void> | null
  cancelQuiet: () => void
}

export function createPlans(desk: Desk): Plans {
  const collecting = new Map<string, Collecting>()

  const quiet = (name: string, plan: Collecting): void => {
    plan.cancelQuiet()
    plan.cancelQuiet = desk.later(QUIET_MS, () => {
      if (plan.busy > 0) quiet(name, plan)
      else finish(name, plan)
    })
  }

  const finish = (name: string, plan: Collecting): void => {
    if (collecting.get(name) === plan) collecting.delete(name)
    plan.cancelQuiet()
    const { live, review } = plan
    if (live === null || review === null) return
    desk.background('asking about a plan', () => open(live, review.text, review.bytes))
  }

  /** Asks people about a collected plan. */
  const open = async (live: Live, text: string, bytes: Uint8Array): Promise<void> => {
    if (live.record.state !== 'collecting') return
    if (askedAlready(live)) {
      await desk.close(live, 'withdrawn')
      return
    }
    await live.turn(async () => {
      const stamp = desk.stamp()
      const next = ask(live.record, stamp.at)
      if (next !== null) await desk.change(live, next, [openEntry(stamp, next, bytes)], { review: text })
    })
    for (const older of [...desk.all()]) {
      if (isReplacedBy(older, live)) desk.background('superseding a plan', () => desk.close(older, 'superseded'))
    }
  }

  /** An agent that repeats its dry run must not ask the same question again and again. */
  const askedAlready = ({ record }: Live): boolean => {
    const [first] = record.items
    const [approval] = record.approvals
    const asked = first === undefined || approval === undefined ? null : desk.find(first.key, ['pending'], approval)
    if (asked === null || asked.record.kind !== 'plan') return false
    if (!record.approvals.every((each) => isEnough(asked.record, each))) return false
    const keys = new Set(asked.record.items.map(({ key }) => key))
    return record.items.every(({ key }) => keys.has(key))
  }

  const save = (plan: Collecting): Promise<void> => {
    if (plan.saving !== null) return plan.saving
    const saving = plan.turn(async () => {
      plan.saving = null
      const slots = filled(plan)
      const review = reviewText(slots.map(({ reviewed }) => reviewed))
      const approvals = distinct(slots.map(({ approval }) => approval))
      const now = desk.clock.now()
      const items = slots.map(({ item }) => item)
      const openedAt = plan.live?.record.openedAt ?? now
      const expiresAt = now + shortest(approvals)
      const record = newHold(plan.first, {
        id: plan.id,
        kind: 'plan',
        state: 'collecting',
        openedAt,
        expiresAt,
        approvals,
        items,
        reviewSha256: review.sha256,
      })
      if (plan.live === null) {
        desk.mayWrite()
        await desk.store.putHold(record, review.text)
        plan.live = desk.add(record)
      } else {
        await desk.change(plan.live, record, [], { review: review.text })
      }
      plan.review = review
    })
    plan.saving = saving
    return saving
  }

  const grow = async (name: string, plan: Collecting, request: HeldRequest, key: string): Promise<void> => {
    plan.slots.set(key, null)
    plan.busy += 1
    let added = 0
    try {
      const reviewed = await request.review()
      const bounded = reviewed.ok ? boundedReview(reviewed.value) : null
      if (bounded === null || plan.bytes + bounded.bytes > MAX_REVIEW_BYTES) return
      added = bounded.bytes + 1
      plan.bytes += added
      const item = itemOf(request, key, bounded.reviewed.title)
      plan.slots.set(key, { item, reviewed: bounded.reviewed, approval: approvalOf(request) })
      await save(plan)
    } catch (error) {
      // What was not stored is not part of it; it may be collected again.
      plan.slots.set(key, null)
      plan.bytes -= added
      throw error
    } finally {
      plan.busy -= 1
      if (plan.slots.get(key) === null) plan.slots.delete(key)
      if (plan.slots.size === 0) collecting.delete(name)
      else quiet(name, plan)
    }
  }

  return {
    async collect(request) {
      if (desk.stopped) return
      const key = keyOf(request)
      if (desk.find(key, ['approved'], approvalOf(request)) !== null) return
      const { identity, session, command } = request
      const name = JSON.stringify([identity.issuer, identity.user.username, session, command])
      let plan = collecting.get(name)
      if (plan?.slots.has(key) === true) return
      if (plan === undefined) {
        const asked = desk.find(key, ['pending'], approvalOf(request))
        if (asked !== null && asked.record.kind === 'plan' && asked.record.command === command) return
        if (!desk.mayOpen(request)) return
        plan = {
          id: desk.stamp().id,
          first: request,
          slots: new Map(),
          bytes: EMPTY_REVIEW_BYTES,
          busy: 0,
          turn: createTurns(),
          live: null,
          review: null,
          saving: null,
          cancelQuiet: () => {},
        }
        collecting.set(name, plan)
      }
      if (plan.slots.size >= MAX_PLAN_ITEMS) return
      await grow(name, plan, request, key)
    },

    resume(live) {
      desk.background('asking about a plan', async () => {
        const stored = await desk.store.hold(live.record.id)
        const bytes = new TextEncoder().encode(stored?.review ?? '')
        // What people would be shown must be what was found out then.
        if (stored === null || digest(bytes) !== live.record.reviewSha256) await desk.close(live, 'withdrawn')
        else await open(live, stored.review, bytes)
      })
    },
  }
}

function filled({ slots }: Collecting): readonly Slot[] {
  return [...slots.values()].filter((slot) => slot !== null)
}

/** An older question of the same person about no other things than the newer one, which nobody waits for in vain. */
function isReplacedBy(older: Live, newer: Live): boolean {
  const [a, b] = [older.record, newer.record]
  if (older === newer || a.kind !== 'plan' || a.state !== 'pending' || b.state !== 'pending') return false
  if (a.requester.username !== b.requester.username || a.requester.issuer !== b.requester.issuer) return false
  const things = new Set(b.items.map(thingOf))
  if (!a.items.every((item) => things.has(thingOf(item)))) return false
  const keys = new Set(b.items.map(({ key }) => key))
  return older.waiting.size === 0 || a.items.every(({ key }) => keys.has(key))
}

/** What an item does to what, whatever its body. */
function thingOf({ title, namespace, group, resource, name }: HoldRecord['items'][number]): string {
  return JSON.stringify([title, namespace, group, resource, name])
}
