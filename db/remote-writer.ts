// Writes to a remote database through @libsql/client: each transaction is one batch, one round trip. Knows no runtime;
// embedded.ts and remote.ts hand in their flavour of the client.

import type { Client, Config, InStatement, ResultSet } from '@libsql/client'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { portableSha256 } from '../protocol/log/leaf.ts'
import { assemble, type Database, type DatabaseOptions } from './database.ts'
import { planAppend } from './plan.ts'
import { NEXT_STRETCH, planStretch, STRETCH_LEAVES } from './projection.ts'
import { type Projected, type SqlValue, type Statement, WriteFailed, type WriteResult, type Writer } from './writer.ts'

/** A primary that has not answered by then is taken for lost; what it did is asked for afterwards. */
const TIMEOUT_MS = 10_000

/** Makes the database over a remote one's client. */
export async function assembleRemote(
  createClient: (config: Config) => Client,
  drizzle: (client: Client) => LibSQLDatabase,
  options: DatabaseOptions,
): Promise<Database> {
  const { url, authToken } = options
  const bounded = (input: Request | string, init?: RequestInit) =>
    fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
  const client = createClient({ url, fetch: bounded, ...(authToken === undefined ? {} : { authToken }) })
  return assemble(createRemoteWriter(client), drizzle(client), () => client.close(), options)
}

/** A writer over a remote database. The primary acknowledges every commit, so both durabilities are the same. */
function createRemoteWriter(client: Client): Writer {
  let unprojected = 0

  /** Of processes that project the same stretch at once one gets through; the others have come as far as that one. */
  async function project(): Promise<Projected> {
    const { from, statements, next, more } = planStretch(await read(NEXT_STRETCH))
    if (statements.length === 0) return { next, more }
    try {
      await batch(statements)
      return { next, more }
    } catch (error) {
      const [row] = await read({ sql: 'SELECT next FROM projection', args: [] })
      if (row === undefined || row.next === from) throw error
      return { next: Number(row.next), more: true }
    }
  }

  async function read(statement: Statement): Promise<WriteResult['rows']> {
    try {
      return parseResult(await client.execute(toInStatement(statement))).rows
    } catch (error) {
      throw failed(error)
    }
  }

  async function batch(statements: readonly Statement[]): Promise<readonly WriteResult[]> {
    try {
      return (await client.batch(statements.map(toInStatement), 'write')).map(parseResult)
    } catch (error) {
      throw failed(error)
    }
  }
  return {
    async append(entries, end) {
      let plan: ReturnType<typeof planAppend>
      try {
        plan = planAppend(entries, end, portableSha256)
      } catch (error) {
        throw new WriteFailed('constraint', messageOf(error))
      }
      await batch(plan.statements)
      unprojected += entries.length
      if (unprojected >= STRETCH_LEAVES) {
        unprojected = 0
        // Only so that readers find little to do: nothing waits for it, and nothing is lost when it fails.
        project().catch(() => {})
      }
      return plan.hashes
    },
    write: batch,
    project,
    read,
    async close() {
      client.close()
    },
  }
}

/** An error the server named was rolled back; any other leaves it open whether the commit arrived. */
function failed(error: unknown): WriteFailed {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('SQLITE_CONSTRAINT')) return new WriteFailed('constraint', messageOf(error))
  return new WriteFailed(code.startsWith('SQLITE_') ? 'unavailable' : 'unknown', messageOf(error))
}

function toInStatement({ sql, args }: Statement): InStatement {
  return { sql, args: [...args] }
}

function parseResult(result: ResultSet): WriteResult {
  const rows = result.rows.map((row) => Object.fromEntries(result.columns.map((name) => [name, parseValue(row[name])])))
  return { rows, changes: result.rowsAffected }
}

function parseValue(value: unknown): SqlValue {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
