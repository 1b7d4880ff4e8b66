// Puts a database together from a writer and a connection to read from: what embedded and remote have in common.

import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import type { Clock, HoldStore, Log, RandomBytes, Recordings, Store, UsageHistory } from '../worker/ports.ts'
import { createCatchUp } from './catchup.ts'
import { createHoldStore } from './holds.ts'
import { createLogQueue } from './log.ts'
import { checkTriggers, migrate } from './migrate.ts'
import { rebuildReadModel } from './rebuild.ts'
import { createRecordings } from './recordings.ts'
import { createStore } from './store.ts'
import { createUnfinished, type Unfinished } from './unfinished.ts'
import { createUsageHistory } from './usage.ts'
import type { Writer } from './writer.ts'

export interface DatabaseOptions {
  /** `file:PATH`, or `libsql://`, `https://`, `http://`. */
  readonly url: string
  readonly authToken?: string | undefined
  readonly encryptionKey?: string | undefined
  /** With `after`, results wait a moment for the next intent and share its commit (embedded only). */
  readonly clock: Pick<Clock, 'now'> & Partial<Pick<Clock, 'after'>>
  readonly random: RandomBytes
}

export interface Database {
  readonly log: Log
  readonly store: Store
  readonly holds: HoldStore
  readonly recordings: Recordings
  /** What limits count, for a hub that starts anew. */
  readonly usage: UsageHistory
  /** Requests of writers that are gone, for the reaper. */
  readonly unfinished: Unfinished
  /** Derives sessions, commands and requests anew from the leaves. Nothing is appended meanwhile by this process. */
  rebuildReadModel(): Promise<void>
  close(): Promise<void>
}

/**
 * Migrates, checks the triggers and makes the ports.
 * @throws DatabaseRefused when the guards of the log are missing
 * @throws WriteFailed when the database cannot be opened or written
 */
export async function assemble(
  writer: Writer,
  reader: LibSQLDatabase,
  closeReader: () => void,
  { clock, random }: DatabaseOptions,
  after?: Clock['after'],
): Promise<Database> {
  try {
    await migrate(writer)
    await checkTriggers(writer)
  } catch (error) {
    closeReader()
    await writer.close()
    throw error
  }
  const newWriterId = () => Array.from(random(12), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const log = createLogQueue({ writer, random, newWriterId, after })
  const catchUp = createCatchUp(reader, writer)
  return {
    log,
    store: createStore(reader, writer, () => clock.now()),
    holds: createHoldStore(reader, writer),
    recordings: createRecordings(reader, catchUp, () => clock.now()),
    usage: createUsageHistory(reader, catchUp),
    unfinished: createUnfinished(reader, catchUp, log),
    rebuildReadModel: () => log.exclusively(() => rebuildReadModel(writer)),
    async close() {
      await log.exclusively(() => writer.close())
      closeReader()
    },
  }
}
