// Brings a database's tables up to date from the bundled migrations, and checks that the triggers that keep the log
// append-only are in place. Works without a file system, keeps drizzle's own bookkeeping table.

import { MIGRATIONS } from './migrations.ts'
import { TRIGGERS } from './triggers.ts'
import type { Statement, Writer } from './writer.ts'

/** The database is not one this version may write to: its guards were removed or changed. */
export class DatabaseRefused extends Error {
  readonly code = 'DATABASE_REFUSED'
  constructor(message: string) {
    super(message)
    this.name = 'DatabaseRefused'
  }
}

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "__drizzle_migrations" (
id INTEGER PRIMARY KEY AUTOINCREMENT, hash text NOT NULL, created_at numeric)`

/**
 * Applies what is missing, each migration in one transaction. Several processes may do so at once.
 * @throws WriteFailed when the database cannot be written
 */
export async function migrate(writer: Writer): Promise<void> {
  await writer.write([statement(BOOKKEEPING)])
  for (const { tag, when, statements } of MIGRATIONS) {
    if (await applied(writer, when)) continue
    const record = statement('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)', tag, when)
    try {
      await writer.write([...statements.map((sql) => statement(sql)), record])
    } catch (error) {
      // Another process may have been first.
      if (!(await applied(writer, when))) throw error
    }
  }
}

async function applied(writer: Writer, when: number): Promise<boolean> {
  const [result] = await writer.write([
    statement('SELECT 1 AS one FROM __drizzle_migrations WHERE created_at = ?', when),
  ])
  return result !== undefined && result.rows.length > 0
}

/**
 * Compares the triggers with what they must be, to the letter.
 * @throws DatabaseRefused naming the first that is missing or different
 */
export async function checkTriggers(writer: Writer): Promise<void> {
  const [result] = await writer.write([statement("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")])
  const found = new Map(result?.rows.map((row) => [String(row.name), String(row.sql)]))
  for (const [name, sql] of Object.entries(TRIGGERS)) {
    const present = found.get(name)
    if (present === undefined) throw changed(`the trigger ${name} is missing`)
    if (present !== sql) throw changed(`the trigger ${name} is not as it was made`)
    found.delete(name)
  }
  for (const name of found.keys()) throw changed(`the trigger ${name} is not known`)
}

function changed(what: string): DatabaseRefused {
  return new DatabaseRefused(`${what}: the log may have been tampered with, or a newer version made this database`)
}

function statement(sql: string, ...args: (string | number)[]): Statement {
  return { sql, args }
}
