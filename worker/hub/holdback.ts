// Reading on while something is held back. In: a source of items, and whether what was made of the last one is held. Out: the
// next item, or the news that what is held has waited long enough. The read that is under way is never given up.

import type { Clock } from '../ports.ts'

/**
 * Input is sent at once, and only its record waits: long enough for what is typed key by key to be recognised. A crash loses no
 * more of it than of any recording (SEGMENT_MS).
 */
export const HOLD_BACK_INPUT_MS = 1_000

/** What became of waiting. */
export type Waited<T> = { readonly item: T } | 'long enough'

export interface HoldBack<T> {
  /** The next item; `long enough`, once, if something has been held for the time given. Rejects as the source does. */
  next(): Promise<Waited<T>>
  /**
   * To be told after each item.
   * @param holding something is held
   * @param moved what is held began with this item: it starts to wait now. False: it has waited since before
   */
  held(holding: boolean, moved: boolean): void
}

/** @param read called once at a time; what it promised is kept while something held is let go */
export function createHoldBack<T>(read: () => Promise<T>, clock: Clock, ms: number): HoldBack<T> {
  let pending: Promise<T> | null = null
  let until: number | null = null

  function ask(): Promise<T> {
    const asked = read()
    // It may fail while nobody waits for it: whoever comes next is told.
    asked.catch(() => undefined)
    return asked
  }

  async function taken(asked: Promise<T>): Promise<Waited<T>> {
    try {
      return { item: await asked }
    } finally {
      pending = null
    }
  }

  return {
    async next() {
      pending ??= ask()
      const asked = pending
      if (until === null) return taken(asked)
      // The clock may have been set back meanwhile.
      const wait = Math.min(ms, Math.max(0, until - clock.now()))
      let cancel = (): void => undefined
      const late = new Promise<'late'>((resolve) => {
        cancel = clock.after(wait, () => resolve('late'))
      })
      const arrived = asked.then(
        () => 'arrived' as const,
        () => 'arrived' as const,
      )
      const first = await Promise.race([arrived, late])
      cancel()
      if (first === 'arrived') return taken(asked)
      until = null
      return 'long enough'
    },
    held(holding, moved) {
      if (!holding) until = null
      else if (moved || until === null) until = clock.now() + ms
    },
  }
}
