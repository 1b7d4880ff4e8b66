// The writer thread: the only connection that writes to an embedded database, off the event loop, since the native
// calls are synchronous. In: messages of wire.ts. Out: one reply to each, in order. The same file on Bun, Deno and Node.

import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { Sha256 } from '../protocol/log/leaf.ts'
import { type Connection, createConnection } from './connection.ts'
import { planAppend } from './plan.ts'
import { type ThreadReply, type ThreadRequest, unpackEntries } from './wire.ts'
import { WriteFailed } from './writer.ts'

const nativeSha256: Sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const { path, encryptionKey }: { path: string; encryptionKey?: string } = workerData
let opened: Connection | null = null

function handle(request: ThreadRequest): unknown {
  if (request.op === 'close') return opened?.close()
  opened ??= createConnection(path, encryptionKey)
  const connection = opened
  switch (request.op) {
    case 'append': {
      const plan = planAppend(unpackEntries(request.entries), request.end, nativeSha256)
      connection.transaction(request.durability, (run) => {
        for (const statement of plan.statements) run(statement)
      })
      return plan.hashes
    }
    case 'write':
      return connection.transaction('fsynced', (run) => request.statements.map(run))
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
