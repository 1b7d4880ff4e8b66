// What sessions and identities have done on a connection: totals, and how much within a time. In: requests that were sent.
// Out: numbers for limits and conditions. After a restart they are read back from the log. Bounded memory.

import type { Authenticated, SessionFacts } from '../context.ts'
import type { Counted, Usage } from '../decide/limits.ts'
import type { Clock } from '../ports.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
/** Seconds are kept apart so long, then only minutes are. */
const FINE_MS = 120_000
/** The longest window a limit may name. */
const COARSE_MS = 24 * 60 * MINUTE_MS
/** Sessions and identities remembered at once; past it the longest unused is forgotten. Stops identities without number. */
const MAX_TALLIES = 10_000

type Numbers = Record<Counted, number>
const nothing = (): Numbers => ({ requests: 0, writes: 0, deletions: 0, secretReads: 0, execBytes: 0 })

/** Counts in slots of a fixed length, the oldest dropped. */
function createSlots(lengthMs: number, keepMs: number) {
  const slots = new Map<number, Numbers>()
  return {
    add(what: Counted, amount: number, at: number): void {
      const slot = Math.floor(at / lengthMs)
      let numbers = slots.get(slot)
      if (numbers === undefined) {
        numbers = nothing()
        slots.set(slot, numbers)
        for (const old of slots.keys()) {
          // What is read back from the log stands behind what is newer.
          if (old < slot - keepMs / lengthMs - 1) slots.delete(old)
        }
      }
      numbers[what] += amount
    },
    /** Counts a slot that is only partly within as a whole: a limit is never looser than it says. */
    within(what: Counted, ms: number, now: number): number {
      const from = Math.floor((now - ms) / lengthMs)
      let sum = 0
      for (const [slot, numbers] of slots) if (slot >= from) sum += numbers[what]
      return sum
    },
  }
}

/** One session's or identity's numbers. */
export interface Tally {
  add(what: Counted, amount: number, at: number): void
  /** `withinMs` null: in all. */
  total(what: Counted, withinMs: number | null, now: number): number
}

function createTally(): Tally {
  const all = nothing()
  const fine = createSlots(SECOND_MS, FINE_MS)
  const coarse = createSlots(MINUTE_MS, COARSE_MS)
  return {
    add(what, amount, at) {
      all[what] += amount
      fine.add(what, amount, at)
      coarse.add(what, amount, at)
    },
    total(what, withinMs, now) {
      if (withinMs === null) return all[what]
      return (withinMs <= FINE_MS ? fine : coarse).within(what, withinMs, now)
    },
  }
}

interface SessionTally extends Tally {
  startedAt: number
  /** What the log knows of it has been added. */
  restored: boolean
}

/** Both tallies a request counts in, and what it counts as itself. */
export interface Counting extends Usage {
  /** Bytes of an exec, as they pass. */
  add(what: Counted, amount: number): void
  /**
   * Counts one of each from now on: in the same step as the limits were judged, so that many requests at once are no way past
   * one. Again: nothing happens.
   */
  reserve(what: readonly Counted[]): void
  readonly reserved: boolean
  /** Its intent is recorded: it counts for good. */
  keep(): void
  /** It is over: what was reserved and not kept does not count. */
  settle(): void
  /** What the session did beside this request. */
  facts(): SessionFacts
}

export interface UsageBook {
  of(request: Pick<Authenticated, 'identity'>, session: string): Counting
  /** When this life of the hub began: what is older, only the log knows. */
  readonly bornAt: number
  /** Settles once the identities' numbers were read back from the log; null: nobody has asked for them. */
  recalling: Promise<void> | null
  /** False when the log must be asked about the session. */
  knows(session: string): boolean
  /** Takes over what the log knows of a session. */
  restoreSession(
    session: string,
    startedAt: number,
    counts: Iterable<{ what: Counted; amount: number; at: number }>,
  ): void
  restoreIdentity(issuer: string, username: string, what: Counted, amount: number, at: number): void
}

export function createUsage(clock: Pick<Clock, 'now'>): UsageBook {
  const sessions = new Map<string, SessionTally>()
  const identities = new Map<string, Tally>()
  const sessionOf = (id: string): SessionTally =>
    remembered(sessions, id, () => ({ ...createTally(), startedAt: clock.now(), restored: false }))
  const identityOf = (issuer: string, username: string): Tally =>
    remembered(identities, JSON.stringify([issuer, username]), createTally)

  return {
    bornAt: clock.now(),
    recalling: null,
    of({ identity }, session) {
      const own = sessionOf(session)
      const whose = identityOf(identity.issuer, identity.user.username)
      let reservation: { readonly what: readonly Counted[]; readonly at: number } | null = null
      let kept = false
      const add = (what: Counted, amount: number, at: number): void => {
        own.add(what, amount, at)
        whose.add(what, amount, at)
      }
      return {
        total: (what, per, withinMs) => (per === 'session' ? own : whose).total(what, withinMs, clock.now()),
        add: (what, amount) => add(what, amount, clock.now()),
        get reserved() {
          return reservation !== null
        },
        reserve(what) {
          if (reservation !== null) return
          reservation = { what, at: clock.now() }
          for (const each of what) add(each, 1, reservation.at)
        },
        keep() {
          kept = true
        },
        settle() {
          if (reservation === null || kept) return
          for (const each of reservation.what) add(each, -1, reservation.at)
          reservation = null
        },
        facts() {
          const count = (what: Counted): number =>
            own.total(what, null, clock.now()) - (reservation?.what.filter((each) => each === what).length ?? 0)
          return {
            id: session,
            startedAt: own.startedAt,
            requests: count('requests'),
            writes: count('writes'),
            deletions: count('deletions'),
            secretReads: count('secretReads'),
            execBytes: count('execBytes'),
          }
        },
      }
    },
    knows: (session) => sessions.get(session)?.restored === true,
    restoreSession(session, startedAt, counts) {
      const tally = sessionOf(session)
      if (tally.restored) return
      tally.restored = true
      tally.startedAt = Math.min(tally.startedAt, startedAt)
      for (const { what, amount, at } of counts) tally.add(what, amount, at)
    },
    restoreIdentity(issuer, username, what, amount, at) {
      identityOf(issuer, username).add(what, amount, at)
    },
  }
}

/** Puts it last in the order of use, and forgets the first when there are too many. */
function remembered<T>(all: Map<string, T>, key: string, make: () => T): T {
  const found = all.get(key) ?? make()
  all.delete(key)
  if (all.size >= MAX_TALLIES) {
    for (const oldest of all.keys()) {
      all.delete(oldest)
      break
    }
  }
  all.set(key, found)
  return found
}
