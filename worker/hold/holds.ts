// The holds of one connection: a held request waits here for people, and passes once when they approve. In: held requests,
// dry runs, answers. Out: what lets a request pass, or why it does not. Single-threaded, and the only writer of its holds.
//
// Looked up in this order: a grant that covers the request; an approved hold or plan in which it is unspent; one that people
// are still asked about. Otherwise a new question is opened. Whatever fails on the way lets nothing pass.

import type { Outcome, Release } from '../context.ts'
import type { HoldRecord } from '../ports.ts'
import type { Answered, HeldRequest, Holds, HoldsOptions, Vote } from './contract.ts'
import { createDesk, type Live } from './desk.ts'
import { closeEntry, openEntry, useEntry, voteEntry } from './entries.ts'
import { createGrants } from './grants.ts'
import { keyOf } from './key.ts'
import { MAX_CLIENTS, MAX_POLL_MS, MAX_REPEATS, MIN_POLL_MS } from './limits.ts'
import { createPlans } from './plans.ts'
import { approvalOf, itemOf, newHold } from './records.ts'
import {
  changed,
  clientGone,
  overNow,
  runAgain,
  stillHeld,
  stopping,
  tooLongToShow,
  tooManyClients,
  tooManyOpen,
} from './refusals.ts'
import { boundedReview, reviewText } from './review.ts'
import { approversOf, dueAt, isOpen, use, useByGrant, vote, whatBecame } from './states.ts'

export type { Answered, HeldRequest, Holds, HoldsOptions, Vote } from './contract.ts'

export function createHolds(options: HoldsOptions): Holds {
  const desk = createDesk(options)
  const grants = createGrants(desk)
  const plans = createPlans(desk)
  const { clock, store, connection } = options
  /** Questions being opened, so that two identical requests at once open one. */
  const opening = new Map<string, { readonly signals: AbortSignal[]; readonly done: Promise<Outcome<Live>> }>()
  let loading: Promise<void> | null = null

  const load = async (): Promise<void> => {
    const found = await store.unfinished(connection)
    for (const grant of found.grants) grants.add(grant)
    for (const record of found.holds) {
      const one = desk.add(record)
      if (record.state === 'collecting') plans.resume(one)
    }
  }

  const ready = (): Promise<void> => {
    loading ??= load().catch((error: unknown) => {
      loading = null
      throw error
    })
    return loading
  }

  /** Asks people about one request. */
  const open = async (request: HeldRequest, key: string, signals: readonly AbortSignal[]): Promise<Outcome<Live>> => {
    if (!desk.mayOpen(request)) return tooManyOpen(request)
    const reviewed = await request.review()
    if (!reviewed.ok) return reviewed
    if (desk.stopped) return stopping(request, null)
    if (signals.every(({ aborted }) => aborted)) return clientGone(request)
    const bounded = boundedReview(reviewed.value)
    if (bounded === null) return tooLongToShow(request)
    const review = reviewText([bounded.reviewed])
    const approval = approvalOf(request)
    const stamp = desk.stamp()
    const record = newHold(request, {
      id: desk.stamp().id,
      kind: 'request',
      state: 'pending',
      openedAt: stamp.at,
      expiresAt: stamp.at + approval.holdForMs,
      approvals: [approval],
      items: [itemOf(request, key, bounded.reviewed.title)],
      reviewSha256: review.sha256,
    })
    await desk.log.append([openEntry(stamp, record, review.bytes, request)], 'fsynced')
    desk.mayWrite()
    await store.putHold(record, review.text)
    const one = desk.add(record)
    options.opened?.(record)
    return { ok: true, value: one }
  }

  const openOnce = (request: HeldRequest, key: string, signal: AbortSignal): Promise<Outcome<Live>> => {
    const going = opening.get(key)
    if (going !== undefined) {
      going.signals.push(signal)
      // What failed because the first client went away is tried again for the others.
      const failedWithFirst = (outcome: Outcome<Live>) => !outcome.ok && going.signals[0]?.aborted && !signal.aborted
      return going.done.then((outcome) => (failedWithFirst(outcome) ? openOnce(request, key, signal) : outcome))
    }
    const signals = [signal]
    const done = open(request, key, signals).finally(() => opening.delete(key))
    opening.set(key, { signals, done })
    return done
  }

  /** Null: the grant is over meanwhile. */
  const passByGrant = async (id: string, request: HeldRequest, key: string): Promise<Outcome<Release> | null> => {
    const used = await grants.use(id, request, key)
    if (used === null) return null
    // The question it waited in has its answer.
    for (const one of [...desk.all()]) {
      if (one.record.kind !== 'request' || !one.record.items.some((item) => item.key === key)) continue
      await one.turn(async () => {
        const stamp = desk.stamp()
        if (one.record.grant !== null && one.record.grant !== id) return
        const next = useByGrant(one.record, key, request.id, stamp.at)
        if (next !== null) await desk.change(one, next, [closeEntry(stamp, next, used.grant)])
      })
    }
    return { ok: true, value: used.release }
  }

  /** Null: the approval is over meanwhile. */
  const passByApproval = async (
    one: Live,
    request: HeldRequest,
    key: string,
    signal: AbortSignal,
  ): Promise<Outcome<Release> | null> => {
    const confirmed = await request.confirm()
    if (!confirmed.ok) return confirmed
    if (signal.aborted) return clientGone(request)
    if (one.spent.has(key)) return overNow(request, one.record)
    const due = dueAt(one.record)
    if (one.record.state !== 'approved' || due === null || clock.now() >= due) return null
    // From here on nobody else gets it, whatever happens to what is written below.
    one.spent.add(key)
    if (confirmed.value !== request.binding) {
      if (one.record.kind === 'request') await desk.close(one, 'spoiled')
      return changed(request, one.record)
    }
    return one.turn(async () => {
      const stamp = desk.stamp()
      const next = use(one.record, key, request.id, stamp.at)
      if (next === null) return overNow(request, one.record)
      const entries = [useEntry(stamp, request, key, next.id)]
      if (!isOpen(next)) entries.push(closeEntry(desk.stamp(), next))
      await desk.change(one, next, entries)
      return { ok: true, value: { kind: 'approval', hold: next.id, approvers: approversOf(next) } }
    })
  }

  const pollMsOf = ({ openedAt, expiresAt }: HoldRecord): number =>
    options.pollMs ?? Math.min(MAX_POLL_MS, Math.max(MIN_POLL_MS, Math.ceil((expiresAt - openedAt) / 10)))

  const pass = async (request: HeldRequest, signal: AbortSignal): Promise<Outcome<Release>> => {
    const needs = approvalOf(request)
    await ready()
    const key = keyOf(request)
    const client = JSON.stringify([request.client, key])
    const ended = desk.recall(client)
    let attached: Live | null = null
    let until: number | null = null
    const leave = (): void => {
      if (attached?.waiting.leave(client) === true) desk.withdrawIfDeserted(attached)
      attached = null
    }
    try {
      for (;;) {
        const here: Live | null = attached
        if (desk.stopped) return stopping(request, here?.record ?? null)
        if (signal.aborted) return clientGone(request)
        const grant = grants.covering(request)
        if (grant !== null) {
          const passed = await passByGrant(grant, request, key)
          if (passed !== null) return passed
          continue
        }
        if (here === null && ended !== null) return overNow(request, ended)
        const approved = desk.find(key, ['approved'], needs)
        if (approved !== null) {
          const passed = await passByApproval(approved, request, key, signal)
          if (passed !== null) return passed
          continue
        }
        if (here === null) {
          const asked = desk.find(key, ['pending', 'collecting'], needs)
          const opened: Outcome<Live> =
            asked === null ? await openOnce(request, key, signal) : { ok: true, value: asked }
          if (!opened.ok) return opened
          if (opened.value.waiting.size >= MAX_CLIENTS) return tooManyClients(request, opened.value.record)
          attached = opened.value
          attached.waiting.join(client)
          until = request.handshake ? null : clock.now() + pollMsOf(attached.record)
          continue
        }
        const { state } = here.record
        if (state === 'withdrawn' || state === 'superseded') {
          leave()
          continue
        }
        const due = dueAt(here.record)
        if ((state !== 'pending' && state !== 'collecting') || (due !== null && clock.now() >= due)) {
          return overNow(request, here.record)
        }
        const woken = await here.waiting.wait(until === null ? null : until - clock.now(), signal)
        if (woken !== 'time' || !isOpen(here.record)) continue
        attached = null
        return here.waiting.timedOut(client, MAX_REPEATS) === 'repeat'
          ? stillHeld(request, here.record)
          : runAgain(request, here.record)
      }
    } finally {
      leave()
    }
  }

  const answer = async (id: string, given: Vote): Promise<Answered> => {
    await ready()
    const one = desk.byId(id)
    if (one === undefined) {
      const stored = await store.hold(id)
      if (stored === null || stored.record.connection !== connection) {
        return { ok: false, status: 404, detail: 'There is no such hold.' }
      }
      return { ok: false, status: 409, detail: whatBecame(stored.record) }
    }
    return one.turn(async () => {
      await desk.expireNow(one)
      const stamp = desk.stamp()
      const voted = vote(one.record, given, stamp.at)
      if (!voted.ok) return voted
      const last = voted.hold.votes.at(-1)
      if (last === undefined) throw new Error('a vote without a vote')
      const opened = voted.grant === null ? null : grants.opening(voted.hold, voted.grant, given)
      if (opened !== null && !grants.hasRoom(voted.hold)) {
        return { ok: false, status: 409, detail: 'Too many grants of this identity are in force: end one first.' }
      }
      const next = opened === null ? voted.hold : { ...voted.hold, grant: opened.record.id }
      const entries = [voteEntry(stamp, next, given, last)]
      if (!isOpen(next)) entries.push(closeEntry(desk.stamp(), next))
      if (opened !== null) entries.push(opened.entry)
      if (opened === null) {
        await desk.change(one, next, entries)
        return { ok: true, hold: next }
      }
      // The grant is stored last: one that is stored without its hold would be in force after a restart. It is in force
      // before the hold's own client wakes, which passes by it.
      const alsoGrant = async () => {
        await store.putGrant(opened.record)
        grants.add(opened.record)
      }
      await desk.change(one, next, entries, { store: alsoGrant })
      for (const other of desk.all()) other.waiting.wake()
      return { ok: true, hold: next }
    })
  }

  return {
    ready,
    pass,
    answer,

    async collect(request) {
      approvalOf(request)
      await ready()
      await plans.collect(request)
    },

    async endGrant(id, by) {
      await ready()
      const ended = await grants.end(id, by)
      for (const one of [...desk.all()]) if (ended && one.record.grant === id) await desk.close(one, 'expired')
      return ended
    },

    inForce(release) {
      return release.kind !== 'grant' || grants.inForce(release.grant)
    },

    close() {
      desk.stop()
    },
  }
}
