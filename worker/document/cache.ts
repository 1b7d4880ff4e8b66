// Documents in force, kept fresh. In: the Store and a Clock. Out: what they are compiled to, at most seconds old.
// Fails closed: when the store has not answered for a while, the set that refuses everything is given.

import type { Clock, Store, StoredDocument } from '../ports.ts'

/** How old a set may be before the store is asked again whether anything changed. */
const POLL_MS = 2_000
/** How long a request waits for the store before the set at hand is used. Stops: a slow store stalling every request. */
const WAIT_MS = 1_000
/** How long a set is used while the store does not answer. Stops: a revoked permission living on with a dead store. */
const STALE_MS = 30_000

/** What is in force. */
export interface DocumentCache<T> {
  /** Never rejects; when it cannot be known, the set for that. */
  current(): Promise<T>
  /** Makes the next {@link current} ask the store. */
  invalidate(): void
}

/** What is kept, and what it is made of. */
export interface CachedDocuments<T> {
  readonly store: Pick<Store, 'revision' | 'documents'>
  readonly clock: Clock
  readonly kinds: readonly string[]
  /** Called when any document of the gateway has changed. */
  readonly compile: (documents: readonly StoredDocument[]) => T
  /** What is given while it is not known what is in force: it refuses everything. */
  readonly unknown: T
}

/** Keeps what a store's documents are compiled to. The store is asked for its revision at most every {@link POLL_MS}. */
export function createDocumentCache<T>(of: CachedDocuments<T>): DocumentCache<T> {
  const { store, clock } = of
  let held: { readonly set: T; readonly revision: number } | null = null
  let confirmedAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null

  /** Counts the askings, so that a slow one cannot overwrite what a later one found. */
  let generation = 0

  const documents = async () => (await Promise.all(of.kinds.map((kind) => store.documents(kind)))).flat()
  const ask = async () => {
    const startedAt = clock.now()
    generation += 1
    const mine = generation
    try {
      const revision = await store.revision()
      const found = held !== null && held.revision === revision ? null : await documents()
      if (mine !== generation) return
      if (found !== null) held = { set: of.compile(found), revision }
      confirmedAt = startedAt
    } catch {
      // Not confirmed: STALE_MS runs on.
    }
    if (mine === generation) asking = null
  }
  // A clock that was set back by more than a step of its own would keep what is held for as long.
  const age = (at: number) => (clock.now() < at - WAIT_MS ? Number.POSITIVE_INFINITY : clock.now() - at)
  const usable = () => (held !== null && age(confirmedAt) <= STALE_MS ? held.set : null)

  return {
    async current() {
      const since = age(askedAt)
      if (asking === null ? since >= POLL_MS : since >= STALE_MS) {
        askedAt = clock.now()
        asking = ask()
      }
      if (asking !== null) await within(clock, WAIT_MS, asking)
      return usable() ?? of.unknown
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
