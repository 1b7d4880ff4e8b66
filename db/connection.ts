// The writer's one raw connection to an embedded database: transactions with the durability asked for, statements
// prepared once. Synchronous: lives in the writer thread. After a failure that is the database's it closes for good:
// who uses it makes another.

import Database from 'libsql'
import type { Durability } from '../worker/ports.ts'
import { type SqlValue, type Statement, WriteFailed, type WriteResult } from './writer.ts'

/**
 * A commit writes whole pages: larger ones cost every intent, smaller ones waste room beside bodies of 2 KB and time on
 * those of 256 KiB. Takes effect on a new file only.
 */
const PAGE_BYTES = 8192
/**
 * A commit that finds the WAL this long moves into the database what the checkpoint thread left of it, and its callers
 * wait: seldom, and not for much.
 */
const MAX_WAL_BYTES = 64 * 1024 * 1024
/** How long to wait for another process's transaction. */
const BUSY_TIMEOUT_MS = 5000
/** Store statements come in few shapes; this bounds what strange callers can pin. */
const MAX_PREPARED = 200

const BEGIN: Statement = { sql: 'BEGIN IMMEDIATE', args: [] }
const COMMIT: Statement = { sql: 'COMMIT', args: [] }

export interface Connection {
  /** @throws WriteFailed */
  transaction<T>(durability: Durability, task: (run: (statement: Statement) => WriteResult) => T): T
  /** @throws WriteFailed */
  read(statement: Statement): WriteResult['rows']
  /** Moves the WAL into the database as far as readers let it. @throws WriteFailed */
  checkpoint(): void
  close(): void
}

/** @throws WriteFailed when the file cannot be opened */
export function createConnection(path: string, encryptionKey: string | undefined): Connection {
  const prepared = new Map<string, Database.Statement>()
  let db: Database.Database | null = null
  let broken: WriteFailed | null = null
  let synchronous = ''
  try {
    const key = encryptionKey === undefined ? {} : { encryptionKey }
    db = new Database(path, { timeout: BUSY_TIMEOUT_MS, ...key })
    db.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
    db.exec('PRAGMA journal_mode = WAL')
    db.exec(`PRAGMA wal_autocheckpoint = ${MAX_WAL_BYTES / PAGE_BYTES}`)
  } catch (error) {
    throw failed(error, 'unavailable')
  }

  function opened(): Database.Database {
    if (broken !== null) throw broken
    if (db === null) throw new WriteFailed('unavailable', 'the connection is closed')
    return db
  }

  function run({ sql, args }: Statement): WriteResult {
    let statement = prepared.get(sql)
    if (statement === undefined) {
      statement = opened().prepare(sql)
      if (prepared.size >= MAX_PREPARED) prepared.clear()
      prepared.set(sql, statement)
    }
    const values = args.map((arg) =>
      arg instanceof Uint8Array ? Buffer.from(arg.buffer, arg.byteOffset, arg.length) : arg,
    )
    // As one array: a lone blob or null, spread, is taken for named parameters and ends the process.
    if (!statement.reader) return { rows: [], changes: statement.run(values).changes }
    const rows = statement.all(values).map(parseRow)
    return { rows, changes: rows.length }
  }

  function transaction<T>(durability: Durability, task: (run: (statement: Statement) => WriteResult) => T): T {
    const connection = opened()
    let value: T
    try {
      const wanted = durability === 'fsynced' ? 'FULL' : 'NORMAL'
      if (synchronous !== wanted) connection.exec(`PRAGMA synchronous = ${wanted}`)
      synchronous = wanted
      run(BEGIN)
      value = task(run)
    } catch (error) {
      throw failed(error, 'unavailable')
    }
    try {
      run(COMMIT)
    } catch (error) {
      throw failed(error, 'unknown')
    }
    return value
  }

  function failed(error: unknown, kind: 'unavailable' | 'unknown'): WriteFailed {
    if (error instanceof WriteFailed) return error
    const constraint = kind === 'unavailable' && codeOf(error).startsWith('SQLITE_CONSTRAINT')
    const failure = new WriteFailed(constraint ? 'constraint' : kind, messageOf(error))
    try {
      if (db?.inTransaction) db.exec('ROLLBACK')
    } catch {
      broken = new WriteFailed('unavailable', failure.message)
    }
    if (!constraint) {
      broken = new WriteFailed('unavailable', failure.message)
      close()
    }
    return failure
  }

  function close(): void {
    const last = db
    db = null
    prepared.clear()
    try {
      last?.close()
    } catch {
      // Nothing more can be done with it.
    }
  }

  function read(statement: Statement): WriteResult['rows'] {
    opened()
    try {
      return run(statement).rows
    } catch (error) {
      throw failed(error, 'unavailable')
    }
  }

  return { transaction, read, checkpoint: () => void read({ sql: 'PRAGMA wal_checkpoint(PASSIVE)', args: [] }), close }
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
