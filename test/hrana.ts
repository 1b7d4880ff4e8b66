// A libSQL server for tests: Hrana over HTTP (v2 and v3, JSON) on the embedded library, since npm has no libSQL server
// and workerd reaches a database over HTTP only. In: pipelines. Out: what the file answers. Test code, not product.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import Database from 'libsql'

/** What befalls a pipeline: `refuse` drops it unseen, `lose` carries it out and drops the answer, `hang` never answers. */
type Fault = 'refuse' | 'lose' | 'hang' | null

export interface HranaServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Decides over each pipeline by its JSON text; null: none. */
  fault: ((pipeline: string) => Fault) | null
  close(): Promise<void>
}

type Value =
  | { type: 'null' }
  | { type: 'integer'; value: string }
  | { type: 'float'; value: number }
  | { type: 'text'; value: string }
  | { type: 'blob'; base64: string }
interface Stmt {
  sql?: string
  sql_id?: number
  args?: Value[]
  named_args?: { name: string; value: Value }[]
}
type Condition =
  | { type: 'ok' | 'error'; step: number }
  | { type: 'not'; cond: Condition }
  | { type: 'and' | 'or'; conds: Condition[] }
  | { type: 'is_autocommit' }
type StreamRequest =
  | { type: 'close' | 'get_autocommit' }
  | { type: 'execute'; stmt: Stmt }
  | { type: 'batch'; batch: { steps: { condition?: Condition | null; stmt: Stmt }[] } }
  | { type: 'sequence' | 'describe'; sql?: string; sql_id?: number }
  | { type: 'store_sql'; sql_id: number; sql: string }
  | { type: 'close_sql'; sql_id: number }

interface Stream {
  readonly db: Database.Database
  readonly texts: Map<number, string>
}

/** How long a statement waits for another stream's transaction, as a server would. */
const BUSY_MS = 5000
const BUSY_STEP_MS = 2

/** Serves the file until closed. With `authToken`, every pipeline must bear it. */
export async function startHrana(options: {
  readonly file: string
  readonly authToken?: string
}): Promise<HranaServer> {
  const { file, authToken } = options
  const streams = new Map<string, Stream>()
  const idle: Database.Database[] = []
  const all = new Set<Database.Database>()

  function connect(): Database.Database {
    const spare = idle.pop()
    if (spare !== undefined) return spare
    // A native busy timeout would block the event loop, and with it the stream that holds the lock.
    const db = new Database(file, { timeout: 0 })
    db.exec('PRAGMA page_size = 16384')
    db.exec('PRAGMA journal_mode = WAL')
    all.add(db)
    return db
  }

  function release({ db }: Stream): void {
    if (db.inTransaction) db.exec('ROLLBACK')
    idle.push(db)
  }

  async function pipeline(text: string): Promise<unknown> {
    const body: { baton?: string | null; requests: StreamRequest[] } = JSON.parse(text)
    const known = typeof body.baton === 'string' ? streams.get(body.baton) : undefined
    if (typeof body.baton === 'string') {
      if (known === undefined) throw new Error('unknown baton')
      streams.delete(body.baton)
    }
    const stream = known ?? { db: connect(), texts: new Map<number, string>() }
    const results: unknown[] = []
    let open = true
    for (const request of body.requests) {
      try {
        results.push({ type: 'ok', response: await handle(stream, request) })
      } catch (error) {
        results.push({ type: 'error', error: describeError(error) })
      }
      if (request.type === 'close') open = false
    }
    if (!open) {
      release(stream)
      return { baton: null, base_url: null, results }
    }
    const baton = randomUUID()
    streams.set(baton, stream)
    return { baton, base_url: null, results }
  }

  const server = createServer((request, response) => {
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (authToken !== undefined && request.headers.authorization !== `Bearer ${authToken}`) {
      answer(401, { message: 'unauthorised' })
    } else if (request.method === 'GET' && /^\/v[23]$/.test(request.url ?? '')) {
      answer(200, {})
    } else if (request.method !== 'POST' || !/^\/v[23]\/pipeline$/.test(request.url ?? '')) {
      answer(404, { message: 'not found' })
    } else {
      void read(request).then(async (text) => {
        const fault = self.fault?.(text) ?? null
        if (fault === 'refuse') return request.socket.destroy()
        if (fault === 'hang') return undefined
        try {
          const value = await pipeline(text)
          return fault === 'lose' ? request.socket.destroy() : answer(200, value)
        } catch (error) {
          return answer(400, describeError(error))
        }
      })
    }
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const self: HranaServer = {
    url: `http://127.0.0.1:${port}`,
    fault: null,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      for (const db of all) db.close()
    },
  }
  return self
}

async function handle(stream: Stream, request: StreamRequest): Promise<unknown> {
  const { type } = request
  switch (type) {
    case 'close':
      return { type }
    case 'get_autocommit':
      return { type, is_autocommit: !stream.db.inTransaction }
    case 'execute':
      return { type, result: await execute(stream, request.stmt) }
    case 'batch':
      return { type, result: await batch(stream, request.batch.steps) }
    case 'sequence':
      stream.db.exec(sqlOf(stream, request))
      return { type }
    case 'describe': {
      const statement = stream.db.prepare(sqlOf(stream, request))
      const cols = statement.reader ? statement.columns().map(({ name, type: decltype }) => ({ name, decltype })) : []
      return { type, result: { params: [], cols, is_explain: false, is_readonly: statement.reader } }
    }
    case 'store_sql':
      stream.texts.set(request.sql_id, request.sql)
      return { type }
    case 'close_sql':
      stream.texts.delete(request.sql_id)
      return { type }
  }
}

async function batch(stream: Stream, steps: readonly { condition?: Condition | null; stmt: Stmt }[]): Promise<unknown> {
  const results: unknown[] = []
  const errors: unknown[] = []
  for (const { condition, stmt } of steps) {
    let result: unknown = null
    let error: unknown = null
    if (condition === undefined || condition === null || holds(condition, stream, results, errors)) {
      try {
        result = await execute(stream, stmt)
      } catch (thrown) {
        error = describeError(thrown)
      }
    }
    results.push(result)
    errors.push(error)
  }
  return { step_results: results, step_errors: errors }
}

function holds(condition: Condition, stream: Stream, results: readonly unknown[], errors: readonly unknown[]): boolean {
  switch (condition.type) {
    case 'ok':
      return (results[condition.step] ?? null) !== null
    case 'error':
      return (errors[condition.step] ?? null) !== null
    case 'not':
      return !holds(condition.cond, stream, results, errors)
    case 'and':
      return condition.conds.every((one) => holds(one, stream, results, errors))
    case 'or':
      return condition.conds.some((one) => holds(one, stream, results, errors))
    case 'is_autocommit':
      return !stream.db.inTransaction
  }
}

async function execute(stream: Stream, stmt: Stmt): Promise<unknown> {
  const sql = sqlOf(stream, stmt)
  for (let waited = 0; ; waited += BUSY_STEP_MS) {
    try {
      return run(stream.db, sql, stmt)
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_BUSY' || waited >= BUSY_MS) throw error
      await new Promise((resolve) => setTimeout(resolve, BUSY_STEP_MS))
    }
  }
}

function run(db: Database.Database, sql: string, stmt: Stmt): unknown {
  const statement = db.prepare(sql)
  const named = stmt.named_args ?? []
  // As one array: a lone blob or null, spread, is taken for named parameters and ends the process.
  const args =
    named.length > 0
      ? Object.fromEntries(named.map(({ name, value }) => [name.replace(/^[:@$]/, ''), decode(value)]))
      : (stmt.args ?? []).map(decode)
  if (!statement.reader) {
    const { changes, lastInsertRowid } = statement.run(args)
    return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: String(lastInsertRowid) }
  }
  const cols = statement.columns().map(({ name, type }) => ({ name, decltype: type }))
  const rows = statement.raw().all(args)
  // RETURNING makes a write look like a reader, which reports no count of its own.
  const writes = /^\s*(insert|update|delete|replace)\b/i.test(sql)
  const counted = writes ? db.prepare('SELECT changes() AS n').get() : null
  const changes = typeof counted === 'object' && counted !== null && 'n' in counted ? Number(counted.n) : 0
  return {
    cols,
    rows: rows.map((row) => (Array.isArray(row) ? row.map(encode) : [])),
    affected_row_count: changes,
    last_insert_rowid: null,
  }
}

function sqlOf(stream: Stream, { sql, sql_id }: { sql?: string; sql_id?: number }): string {
  const text = sql ?? (sql_id === undefined ? undefined : stream.texts.get(sql_id))
  if (text === undefined) throw new Error('no such stored statement')
  return text
}

function decode(value: Value): unknown {
  switch (value.type) {
    case 'null':
      return null
    case 'integer':
      return BigInt(value.value)
    case 'float':
    case 'text':
      return value.value
    case 'blob':
      return Buffer.from(value.base64, 'base64')
  }
}

function encode(value: unknown): Value {
  if (typeof value === 'string') return { type: 'text', value }
  if (typeof value === 'bigint' || Number.isInteger(value)) return { type: 'integer', value: String(value) }
  if (typeof value === 'number') return { type: 'float', value }
  if (value instanceof Uint8Array) return { type: 'blob', base64: Buffer.from(value).toString('base64') }
  return { type: 'null' }
}

function describeError(error: unknown): { message: string; code: string } {
  return { message: error instanceof Error ? error.message : String(error), code: codeOf(error) || 'SQL_ERROR' }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
