// Policies and blocks in force, kept fresh. In: the Store and a Clock. Out: a PolicySet at most seconds old.
// Fails closed: when the store has not answered for a while, everything is refused.

import type { Clock, Store } from '../ports.ts'
import { type CompileOptions, compilePolicies, type PolicySet } from './compile.ts'

/** How old a set may be before the store is asked again whether anything changed. */
const POLL_MS = 2_000
/** How long a request waits for the store before the set at hand is used. Stops: a slow store stalling every request. */
const WAIT_MS = 1_000
/** How long a set is used while the store does not answer. Stops: a revoked permission living on with a dead store. */
const STALE_MS = 30_000

export interface PolicyCache {
  /** The policies in force. Never rejects; when they cannot be known, a set that refuses everything. */
  current(): Promise<PolicySet>
  /** Makes the next {@link current} ask the store. */
  invalidate(): void
}

/** Keeps the compiled policies of a store. The store is asked for its revision at most every {@link POLL_MS}. */
export function createPolicyCache(
  store: Pick<Store, 'revision' | 'documents'>,
  clock: Clock,
  options: CompileOptions = {},
): PolicyCache {
  const nothing = compilePolicies([], options)
  const unreadable: PolicySet = { ...nothing, broken: 'the policies cannot be read just now: try again shortly' }
  let held: { readonly set: PolicySet; readonly revision: number } | null = null
  let confirmedAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null

  /** Counts the askings, so that a slow one cannot overwrite what a later one found. */
  let generation = 0

  const documents = async () => {
    const [policies, blocks] = await Promise.all([store.documents('AccessPolicy'), store.documents('Block')])
    return [...policies, ...blocks]
  }
  const ask = async () => {
    const startedAt = clock.now()
    generation += 1
    const mine = generation
    try {
      const revision = await store.revision()
      const known = held !== null && held.revision === revision
      const set = known ? null : compilePolicies(await documents(), options)
      if (mine !== generation) return
      if (set !== null) held = { set, revision }
      confirmedAt = startedAt
    } catch {
      // Not confirmed: STALE_MS runs on.
    }
    if (mine === generation) asking = null
  }
  const usable = () => (held !== null && clock.now() - confirmedAt <= STALE_MS ? held.set : null)

  return {
    async current() {
      const since = clock.now() - askedAt
      if (asking === null ? since >= POLL_MS : since >= STALE_MS) {
        askedAt = clock.now()
        asking = ask()
      }
      if (asking !== null) await within(clock, WAIT_MS, asking)
      return usable() ?? unreadable
    },
    invalidate() {
      askedAt = Number.NEGATIVE_INFINITY
      asking = null
    },
  }
}

/** Resolves when `work` does or the time is over. */
function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    work.then(() => {
      cancel()
      resolve()
    })
  })
}
