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
          if (old >= slot - keepMs / lengthMs - 1) break
          slots.delete(old)
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
  readonly startedAt: number
}

/** Both tallies a request counts in. */
export interface Counting extends Usage {
  /** Counts once the request's intent is recorded, and bytes of an exec as they pass. */
  add(what: Counted, amount: number): void
  facts(): SessionFacts
}

export interface UsageBook {
  of(request: Pick<Authenticated, 'identity'>, session: string): Counting
  /** Set once the identities' numbers were read back from the log. */
  recalled: boolean
  /** False when nothing is known of the session yet in this life of the hub. */
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
  const sessionOf = (id: string, startedAt: number): SessionTally =>
    remembered(sessions, id, () => ({ ...createTally(), startedAt }))
  const identityOf = (issuer: string, username: string): Tally =>
    remembered(identities, JSON.stringify([issuer, username]), createTally)

  return {
    recalled: false,
    of({ identity }, session) {
      const own = sessionOf(session, clock.now())
      const whose = identityOf(identity.issuer, identity.user.username)
      return {
        total: (what, per, withinMs) => (per === 'session' ? own : whose).total(what, withinMs, clock.now()),
        add(what, amount) {
          own.add(what, amount, clock.now())
          whose.add(what, amount, clock.now())
        },
        facts() {
          const count = (what: Counted): number => own.total(what, null, clock.now())
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
    knows: (session) => sessions.has(session),
    restoreSession(session, startedAt, counts) {
      if (sessions.has(session)) return
      const tally = sessionOf(session, startedAt)
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
