// Opens a remote libSQL database where there is neither a file system nor native code (workerd).

import { createClient } from '@libsql/client/web'
import { drizzle } from 'drizzle-orm/libsql/web'
import type { Database, DatabaseOptions } from './database.ts'
import { assembleRemote } from './remote-writer.ts'

export type { Database, DatabaseOptions } from './database.ts'

/**
 * Opens the database of the configuration, migrating it as needed.
 * @throws DatabaseRefused when the guards of the log are missing
 */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return assembleRemote(createClient, drizzle, options)
}
