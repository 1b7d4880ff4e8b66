// Intents without a result whose writer is gone: what a crash left behind.

import { and, asc, eq, gt, notInArray, sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import type { CatchUp } from './catchup.ts'
import type { LogQueue } from './log.ts'
import { requests, sessions } from './schema.ts'

interface UnfinishedRequest {
  readonly id: string
  readonly session: string
  readonly command: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface Unfinished {
  /**
   * Requests of other writers without a result, by id, after `after`. With `connection` those on it only: for a hub that
   * shares its database with the hubs of other connections, whose requests may well be running.
   */
  list(page: {
    readonly after: string
    readonly limit: number
    readonly connection?: string | undefined
  }): Promise<readonly UnfinishedRequest[]>
}

export function createUnfinished(db: LibSQLDatabase, catchUp: CatchUp, log: LogQueue): Unfinished {
  return {
    async list({ after, limit, connection }) {
      // A result that is not yet in the read model would be taken for missing.
      await catchUp.whole()
      return db
        .select({ id: requests.id, session: requests.session, command: requests.command, at: requests.at })
        .from(requests)
        .innerJoin(sessions, eq(sessions.id, requests.session))
        .where(
          and(
            sql`${requests.result} IS NULL`,
            notInArray(requests.writer, [...log.writers]),
            gt(requests.id, after),
            connection === undefined ? undefined : eq(sessions.connection, connection),
          ),
        )
        .orderBy(asc(requests.id))
        .limit(limit)
    },
  }
}
