// Opens a database in a file: writes go through the writer thread, reads through connections of their own.
// For Bun, Deno and Node; other databases are handed to remote.ts with the same runtime's client.

import { createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql/node'
import { assemble, type Database, type DatabaseOptions } from './database.ts'
import { assembleRemote } from './remote-writer.ts'
import { createThreadWriter } from './thread-writer.ts'

export type { Database, DatabaseOptions } from './database.ts'

const BUSY_TIMEOUT_MS = 5000
/** libSQL derives nothing from the key; a short one would be a weak one. */
const MIN_KEY_LENGTH = 32

/**
 * Opens the database of the configuration, making and migrating it as needed.
 * @throws DatabaseRefused when the guards of the log are missing
 * @throws Error when it cannot be opened (wrong encryption key, no access)
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, authToken, encryptionKey } = options
  if (encryptionKey !== undefined && encryptionKey.length < MIN_KEY_LENGTH) {
    throw new Error(`the encryption key must have at least ${MIN_KEY_LENGTH} characters`)
  }
  if (!url.startsWith('file:')) return assembleRemote(createClient, drizzle, options)
  const writer = createThreadWriter(pathOf(url), encryptionKey)
  // The writer makes the file first: a reader's connection would fix the page size.
  try {
    await writer.write([{ sql: 'SELECT 1', args: [] }])
  } catch (error) {
    await writer.close()
    throw error
  }
  const client = createClient({
    url,
    timeout: BUSY_TIMEOUT_MS,
    ...(authToken === undefined ? {} : { authToken }),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  })
  return assemble(writer, drizzle(client), () => client.close(), options, options.clock.after)
}

/** The file behind `file:PATH` or `file:///PATH`. */
function pathOf(url: string): string {
  const rest = url.slice('file:'.length)
  return decodeURIComponent(rest.startsWith('//') ? rest.replace(/^\/\/(localhost)?/, '') : rest)
}
