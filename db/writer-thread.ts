// The writer thread: the only connection that writes to an embedded database, off the event loop, since the native
// calls are synchronous. In: messages of wire.ts. Out: one reply to each, in order. The same file on Bun, Deno and Node.

import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { Sha256 } from '../protocol/log/leaf.ts'
import { type Connection, createConnection } from './connection.ts'
import { planAppend } from './plan.ts'
import { NEXT_STRETCH, planStretch } from './projection.ts'
import { type ThreadReply, type ThreadRequest, unpackEntries } from './wire.ts'
import { type Projected, WriteFailed } from './writer.ts'

/** How long leaves wait to be projected together; readers do not wait so long, they ask for it. */
const PROJECT_MS = 50

const nativeSha256: Sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const { path, encryptionKey }: { path: string; encryptionKey?: string } = workerData
let opened: Connection | null = null

let projecting: ReturnType<typeof setTimeout> | null = null

/** One stretch of the read model. Several processes may do so: each starts where the last one ended. */
function project(connection: Connection): Projected {
  return connection.transaction('committed', (run) => {
    const { statements, next, more } = planStretch(run(NEXT_STRETCH).rows)
    for (const statement of statements) run(statement)
    return { next, more }
  })
}

function projectSoon(): void {
  projecting = null
  try {
    // What arrived meanwhile goes first.
    if (opened !== null && project(opened).more) projecting = setTimeout(projectSoon, 0)
  } catch {
    // The next append meets the same trouble and tells.
  }
}

function handle(request: ThreadRequest): unknown {
  if (request.op === 'close') {
    if (projecting !== null) clearTimeout(projecting)
    return opened?.close()
  }
  opened ??= createConnection(path, encryptionKey)
  const connection = opened
  switch (request.op) {
    case 'append': {
      const { writer, wseq, wprev } = request
      const plan = planAppend(unpackEntries(request), { writer, wseq, wprev }, nativeSha256)
      connection.transaction(request.durability, (run) => {
        for (const statement of plan.statements) run(statement)
      })
      if (projecting === null) projecting = setTimeout(projectSoon, PROJECT_MS)
      return plan.hashes.join(' ')
    }
    case 'write':
      return connection.transaction('fsynced', (run) => request.statements.map(run))
    case 'project':
      return project(connection)
    case 'read':
      return connection.read(request.statement)
  }
}

parentPort?.on('message', (request: ThreadRequest) => {
  let reply: ThreadReply
  try {
    reply = { n: request.n, ok: true, value: handle(request) }
  } catch (error) {
    // Anything but the database's own failures is an entry that cannot be written.
    const kind = error instanceof WriteFailed ? error.kind : 'constraint'
    reply = { n: request.n, ok: false, kind, message: error instanceof Error ? error.message : String(error) }
  }
  parentPort?.postMessage(reply)
})
