// The writer's one raw connection to an embedded database: transactions with the durability asked for, statements
// prepared once. Synchronous: lives in the writer thread (and in tests). After a failure that is the database's it
// closes, and opens anew at the next transaction, so that it recovers by itself.

import Database from 'libsql'
import type { Durability } from '../worker/ports.ts'
import { type SqlValue, type Statement, WriteFailed, type WriteResult } from './writer.ts'

/** Bodies cost 40 % less than with pages of 4 KiB. Takes effect on a new file only. */
const PAGE_BYTES = 16_384
/** How long to wait for another process's transaction. */
const BUSY_TIMEOUT_MS = 5000
/** Store statements come in few shapes; this bounds what strange callers can pin. */
const MAX_PREPARED = 200

export interface Connection {
  /** @throws WriteFailed */
  transaction<T>(durability: Durability, task: (run: (statement: Statement) => WriteResult) => T): T
  /** @throws WriteFailed */
  read(statement: Statement): WriteResult['rows']
  close(): void
}

export function createConnection(path: string, encryptionKey: string | undefined): Connection {
  let open: { readonly db: Database.Database; readonly prepared: Map<string, Database.Statement> } | null = null

  function connected(): NonNullable<typeof open> {
    if (open !== null) return open
    const db = new Database(path, {
      timeout: BUSY_TIMEOUT_MS,
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    })
    try {
      db.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
      db.exec('PRAGMA journal_mode = WAL')
    } catch (error) {
      db.close()
      throw error
    }
    open = { db, prepared: new Map() }
    return open
  }

  function run({ sql, args }: Statement): WriteResult {
    const { db, prepared } = connected()
    let statement = prepared.get(sql)
    if (statement === undefined) {
      statement = db.prepare(sql)
      if (prepared.size >= MAX_PREPARED) prepared.clear()
      prepared.set(sql, statement)
    }
    const values = args.map((arg) =>
      arg instanceof Uint8Array ? Buffer.from(arg.buffer, arg.byteOffset, arg.length) : arg,
    )
    if (!statement.reader) return { rows: [], changes: statement.run(...values).changes }
    const rows = statement.all(...values).map(parseRow)
    return { rows, changes: rows.length }
  }

  function transaction<T>(durability: Durability, task: (run: (statement: Statement) => WriteResult) => T): T {
    let value: T
    try {
      const { db } = connected()
      db.exec(`PRAGMA synchronous = ${durability === 'fsynced' ? 'FULL' : 'NORMAL'}`)
      db.exec('BEGIN IMMEDIATE')
      value = task(run)
    } catch (error) {
      throw failed(error, 'unavailable')
    }
    try {
      open?.db.exec('COMMIT')
    } catch (error) {
      throw failed(error, 'unknown')
    }
    return value
  }

  function failed(error: unknown, kind: 'unavailable' | 'unknown'): WriteFailed {
    const constraint = kind === 'unavailable' && codeOf(error).startsWith('SQLITE_CONSTRAINT')
    try {
      if (open?.db.inTransaction) open.db.exec('ROLLBACK')
      if (!constraint) close()
    } catch {
      close()
    }
    return new WriteFailed(constraint ? 'constraint' : kind, messageOf(error))
  }

  function close(): void {
    const last = open
    open = null
    try {
      last?.db.close()
    } catch {
      // Nothing more can be done with it.
    }
  }

  function read(statement: Statement): WriteResult['rows'] {
    try {
      return run(statement).rows
    } catch (error) {
      throw failed(error, 'unavailable')
    }
  }

  return { transaction, read, close }
}

function parseRow(row: unknown): Record<string, SqlValue> {
  return typeof row === 'object' && row !== null ? (row as Record<string, SqlValue>) : {}
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function messageOf(error: unknown): string {
  const code = codeOf(error)
  return error instanceof Error ? `${code === '' ? '' : `${code}: `}${error.message}` : String(error)
}
