// Has readers wait until the read model holds what was in the log when they asked: who was told that something is
// recorded finds it. In: nothing. Out: nothing. Asks the database itself, since other processes append to it as well.

import { sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { leaves, projection } from './schema.ts'
import type { Projected, Writer } from './writer.ts'

/** A reader does not wait for more stretches than this: what a writer leaves behind is far less. */
const MAX_STRETCHES = 100

export interface CatchUp {
  /** For views. Never rejects: when the database cannot be written, there is still what was projected before. */
  seen(): Promise<void>
  /**
   * For what must not miss a leaf, however many there are.
   * @throws WriteFailed when it cannot be had
   */
  whole(): Promise<void>
}

export function createCatchUp(reader: LibSQLDatabase, writer: Writer): CatchUp {
  let running: Promise<Projected> | null = null

  /** Readers that wait at once share one stretch. */
  function stretch(): Promise<Projected> {
    running ??= writer.project().finally(() => {
      running = null
    })
    return running
  }

  async function until(stretches: number): Promise<void> {
    const last = reader.select({ last: sql<number>`coalesce(max(${leaves.idx}), -1)` }).from(leaves)
    const [found] = await reader.select({ next: projection.next, last: sql<number>`(${last})` }).from(projection)
    if (found === undefined) return
    let { next } = found
    for (let turn = 0; next <= found.last && turn < stretches; turn += 1) next = (await stretch()).next
  }

  return {
    seen: () => until(MAX_STRETCHES).catch(() => {}),
    whole: () => until(Number.POSITIVE_INFINITY),
  }
}
