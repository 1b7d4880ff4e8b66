// Intents without a result whose writer is gone: what a crash left behind.

import { and, asc, gt, notInArray, sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import type { LogQueue } from './log.ts'
import { requests } from './schema.ts'

export interface UnfinishedRequest {
  readonly id: string
  readonly session: string
  readonly command: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface Unfinished {
  /** Requests of other writers without a result, by id, after `after`. */
  list(page: { readonly after: string; readonly limit: number }): Promise<readonly UnfinishedRequest[]>
}

export function createUnfinished(db: LibSQLDatabase, log: LogQueue): Unfinished {
  return {
    list: ({ after, limit }) =>
      db
        .select({ id: requests.id, session: requests.session, command: requests.command, at: requests.at })
        .from(requests)
        .where(
          and(sql`${requests.result} IS NULL`, notInArray(requests.writer, [...log.writers]), gt(requests.id, after)),
        )
        .orderBy(asc(requests.id))
        .limit(limit),
  }
}
