// The open holds of a connection, in memory: found by id and by what they may let pass, changed one step at a time, each
// step recorded before it takes effect. Knows the log, the store and the clock; the rules are in states.ts.

import type { Approval } from '../context.ts'
import type { Clock, Entry, HoldRecord, HoldState, HoldStore, Log } from '../ports.ts'
import { LogUnavailable } from '../ports.ts'
import type { HeldRequest, HoldsOptions } from './contract.ts'
import { closeEntry, type Stamp } from './entries.ts'
import {
  AGAIN_MS,
  MAX_OPEN_PER_CONNECTION,
  MAX_OPEN_PER_IDENTITY,
  MAX_OPENED_PER_MINUTE,
  MAX_REMEMBERED,
  REMEMBERED_MS,
} from './limits.ts'
import { dueAt, end, expire, isEnough, isOpen } from './states.ts'
import { createTurns, type Turns } from './turns.ts'
import { createWaiting, type Waiting } from './waiting.ts'

/** One open hold. */
export interface Live {
  /** As it was last recorded. */
  record: HoldRecord
  readonly waiting: Waiting
  /** Keys that were let pass or are about to be: set at once, before anything is written, and never taken back. */
  readonly spent: Set<string>
  /** Steps of this hold, one after the other. */
  readonly turn: Turns
  cancelTimer: (() => void) | null
}

export interface Desk {
  readonly clock: Clock
  readonly log: Log
  readonly store: HoldStore
  stamp(): Stamp
  readonly stopped: boolean
  /** Throws LogUnavailable once stopped: from then on another run may be the writer of these holds. */
  mayWrite(): void
  all(): Iterable<Live>
  byId(id: string): Live | undefined
  /** The oldest hold in that state in which the key is unspent, whose time is not over and whose people are enough. */
  find(key: string, states: readonly HoldState[], asked: Approval): Live | null
  /** Takes a stored hold in. */
  add(record: HoldRecord): Live
  /** Whether this identity may open another question now; counts it if so. */
  mayOpen(request: HeldRequest): boolean
  /** Within a turn: records the step, then stores it, then lets it take effect. Rejects, and nothing has changed, if that fails. */
  change(
    live: Live,
    next: HoldRecord,
    entries: readonly Entry[],
    also?: { readonly review?: string; readonly store?: () => Promise<void> },
  ): Promise<void>
  /** Ends a hold if it may still end so; in a turn of its own. */
  close(live: Live, state: 'withdrawn' | 'spoiled' | 'superseded' | 'expired'): Promise<void>
  /** Within a turn: ends it if its time is over. */
  expireNow(live: Live): Promise<void>
  /** Withdraws a request's hold that nobody waits for. */
  withdrawIfDeserted(live: Live): void
  /** The end of a hold whose client was on its way back; once. */
  recall(client: string): HoldRecord | null
  /** Runs what nobody waits for; a failure is told, and it is tried again until it works or the desk stops. */
  background(where: string, job: () => Promise<unknown>): void
  /** A timer that ends with the desk. */
  later(ms: number, callback: () => void): () => void
  stop(): void
}

export function createDesk(options: HoldsOptions): Desk {
  const { clock, log, store, ids, onBug } = options
  const live = new Map<string, Live>()
  const byKey = new Map<string, Set<Live>>()
  const remembered = new Map<string, { readonly record: HoldRecord; readonly until: number }>()
  const opened = new Map<string, number[]>()
  const timers = new Set<() => void>()
  let stopped = false

  const stamp = (): Stamp => ({ id: ids(), at: clock.now() })

  const later = (ms: number, callback: () => void): (() => void) => {
    if (stopped) return () => {}
    const cancel = clock.after(ms, () => {
      timers.delete(cancel)
      callback()
    })
    timers.add(cancel)
    return () => {
      timers.delete(cancel)
      cancel()
    }
  }

  const background = (where: string, job: () => Promise<unknown>): void => {
    if (stopped) return
    job().catch((error: unknown) => {
      if (stopped) return
      onBug(error, where)
      later(AGAIN_MS, () => background(where, job))
    })
  }

  const index = (one: Live): void => {
    for (const { key } of one.record.items) {
      const holds = byKey.get(key)
      if (holds === undefined) byKey.set(key, new Set([one]))
      else holds.add(one)
    }
  }

  const remove = (one: Live): void => {
    live.delete(one.record.id)
    for (const { key } of one.record.items) {
      const holds = byKey.get(key)
      holds?.delete(one)
      if (holds?.size === 0) byKey.delete(key)
    }
    one.cancelTimer?.()
    for (const client of one.waiting.away()) remember(client, one.record)
    one.waiting.dispose()
  }

  const remember = (client: string, record: HoldRecord): void => {
    if (record.state === 'withdrawn' || record.state === 'superseded') return
    remembered.delete(client)
    remembered.set(client, { record, until: clock.now() + REMEMBERED_MS })
    for (const [oldest, { until }] of remembered) {
      if (remembered.size <= MAX_REMEMBERED && clock.now() < until) break
      remembered.delete(oldest)
    }
  }

  const arm = (one: Live): void => {
    one.cancelTimer?.()
    const due = dueAt(one.record)
    one.cancelTimer =
      due === null
        ? null
        : later(Math.max(1, due - clock.now()), () => {
            // Whoever waits looks at the time itself, also while the end cannot be recorded.
            one.waiting.wake()
            if (clock.now() < due) arm(one)
            else background('expiring a hold', () => one.turn(() => desk.expireNow(one)))
          })
  }

  const desk: Desk = {
    clock,
    log,
    store,
    stamp,
    later,
    background,
    get stopped() {
      return stopped
    },
    all: () => live.values(),
    mayWrite() {
      if (stopped) throw new LogUnavailable('the gateway is stopping')
    },
    byId: (id) => live.get(id),

    find(key, states, asked) {
      const now = clock.now()
      for (const one of byKey.get(key) ?? []) {
        const due = dueAt(one.record)
        if (!states.includes(one.record.state) || (due !== null && now >= due) || one.spent.has(key)) continue
        // A hold that opened a grant lets nothing pass by itself: ending the grant must end it.
        if (one.record.grant !== null || !isEnough(one.record, asked)) continue
        return one
      }
      return null
    },

    add(record) {
      const one: Live = {
        record,
        waiting: createWaiting({ now: () => clock.now(), after: later }, () => desk.withdrawIfDeserted(one)),
        spent: new Set(record.items.filter(({ usedBy }) => usedBy !== null).map(({ key }) => key)),
        turn: createTurns(),
        cancelTimer: null,
      }
      live.set(record.id, one)
      index(one)
      arm(one)
      return one
    },

    mayOpen({ identity }) {
      const { username } = identity.user
      const now = clock.now()
      let ofIdentity = 0
      for (const { record } of live.values()) {
        if (record.requester.username === username && record.requester.issuer === identity.issuer) ofIdentity += 1
      }
      const who = JSON.stringify([identity.issuer, username])
      const lately = (opened.get(who) ?? []).filter((at) => now - at < 60_000)
      if (
        ofIdentity >= MAX_OPEN_PER_IDENTITY ||
        live.size >= MAX_OPEN_PER_CONNECTION ||
        lately.length >= MAX_OPENED_PER_MINUTE
      ) {
        return false
      }
      opened.delete(who)
      opened.set(who, [...lately, now])
      for (const [oldest, times] of opened) {
        if (now - (times.at(-1) ?? 0) < 60_000) break
        opened.delete(oldest)
      }
      return true
    },

    async change(one, next, entries, also = {}) {
      desk.mayWrite()
      if (entries.length > 0) await log.append(entries, 'fsynced')
      await store.putHold(next, also.review)
      await also.store?.()
      const before = one.record
      one.record = next
      if (isOpen(next)) {
        if (next.items.length !== before.items.length) index(one)
        arm(one)
      } else {
        remove(one)
      }
      if (before.state === 'pending' && next.state !== 'pending') options.closed?.(next)
      if (before.state === 'collecting' && next.state === 'pending') options.opened?.(next)
      one.waiting.wake()
    },

    close: (one, state) =>
      one.turn(async () => {
        const at = stamp()
        const next = end(one.record, state, at.at)
        if (next === null) return
        // A plan that nobody was asked about leaves no trace in the log.
        const entries = one.record.state === 'collecting' ? [] : [closeEntry(at, next)]
        await desk.change(one, next, entries)
      }),

    async expireNow(one) {
      const at = stamp()
      const next = expire(one.record, at.at)
      if (next !== null) await desk.change(one, next, [closeEntry(at, next)])
    },

    withdrawIfDeserted(one) {
      if (stopped || one.record.kind !== 'request' || one.record.state !== 'pending' || one.waiting.size > 0) return
      // It is running out: that is what the log will say.
      if (clock.now() >= one.record.expiresAt) return
      background('withdrawing a hold', () =>
        one.turn(async () => {
          const at = stamp()
          const next = one.waiting.size > 0 ? null : end(one.record, 'withdrawn', at.at)
          if (next !== null && next.kind === 'request') await desk.change(one, next, [closeEntry(at, next)])
        }),
      )
    },

    recall(client) {
      const found = remembered.get(client)
      remembered.delete(client)
      return found !== undefined && clock.now() < found.until ? found.record : null
    },

    stop() {
      stopped = true
      for (const cancel of [...timers]) cancel()
      timers.clear()
      for (const one of live.values()) one.waiting.wake()
    },
  }
  return desk
}
