// The writer thread's client: Writer over messages. A thread that dies leaves what it owed `unknown`, one whose database
// fails is ended; the next call starts another.

import { Worker } from 'node:worker_threads'
import { createCheckpointer } from './checkpointer.ts'
import { packEntries, type ThreadReply, type ThreadRequest } from './wire.ts'
import { type Projected, WriteFailed, type WriteResult, type Writer } from './writer.ts'

type Operation = ThreadRequest extends infer R ? (R extends { n: number } ? Omit<R, 'n'> : never) : never

/** While a database fails, threads start no faster: calls wait so long for the next try. */
const RESTART_MS = 200

interface Pending {
  resolve(value: unknown): void
  reject(error: WriteFailed): void
}

interface Thread {
  readonly worker: Worker
  readonly startedAt: number
  readonly pending: Map<number, Pending>
}

export interface ThreadWriter extends Writer {
  /** Ends the thread at once, as a crash would. For tests. */
  kill(): Promise<void>
}

export function createThreadWriter(path: string, encryptionKey: string | undefined): ThreadWriter {
  const workerData = encryptionKey === undefined ? { path } : { path, encryptionKey }
  const checkpointer = createCheckpointer(workerData)
  let thread: Thread | null = null
  let retiring: Promise<void> | null = null
  let next = 1
  let closed = false

  function started(): Thread {
    if (thread !== null) return thread
    const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), { workerData })
    const made: Thread = { worker, startedAt: performance.now(), pending: new Map() }
    worker.on('message', (reply: ThreadReply) => answered(made, reply))
    worker.on('error', (error) => lost(made, messageOf(error)))
    worker.on('exit', () => lost(made, 'the writer thread ended'))
    thread = made
    return made
  }

  function answered(from: Thread, reply: ThreadReply): void {
    const waiting = from.pending.get(reply.n)
    from.pending.delete(reply.n)
    if (!reply.ok && reply.kind !== 'constraint') retire(from)
    if (reply.ok) waiting?.resolve(reply.value)
    else waiting?.reject(new WriteFailed(reply.kind, reply.message))
  }

  function lost(from: Thread, reason: string): void {
    if (thread === from) thread = null
    const owed = [...from.pending.values()]
    from.pending.clear()
    for (const { reject } of owed) reject(new WriteFailed('unknown', reason))
  }

  /**
   * Ends a thread whose database failed. Its connection could not be opened anew in place: the native library keeps a
   * closed one, and what SQLite shares in the process with it (read-only, say), until its statements are collected.
   */
  function retire(from: Thread): void {
    if (thread !== from) return
    thread = null
    const again = from.startedAt + RESTART_MS - performance.now()
    // The checkpoint thread's connection shares that state.
    retiring = checkpointer
      .end()
      .then(() => post(from, { op: 'close' }))
      .catch(() => {})
      .then(() => from.worker.terminate())
      .then(() => new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, again))))
      .then(() => {
        retiring = null
      })
  }

  function post(to: Thread, operation: Operation, transfer: ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const n = next++
      to.pending.set(n, { resolve, reject })
      try {
        to.worker.postMessage({ ...operation, n }, transfer)
      } catch (error) {
        to.pending.delete(n)
        reject(new WriteFailed('unavailable', messageOf(error)))
      }
    })
  }

  async function call(operation: Operation, transfer?: ArrayBuffer[]): Promise<unknown> {
    while (retiring !== null) await retiring
    if (closed) throw new WriteFailed('unavailable', 'the database is closed')
    return post(started(), operation, transfer)
  }

  return {
    async append(entries, end, durability) {
      const { text, bytes } = packEntries(entries)
      const { writer, wseq, wprev } = end
      const transfer = typeof bytes === 'string' ? [] : [bytes.buffer]
      const size = text.length + bytes.length
      const hashes = parseHashes(await call({ op: 'append', text, bytes, writer, wseq, wprev, durability }, transfer))
      checkpointer.wrote(size)
      return hashes
    },
    async write(statements) {
      return parseResults(await call({ op: 'write', statements }))
    },
    async project() {
      return parseProjected(await call({ op: 'project' }))
    },
    async read(statement) {
      return parseRows(await call({ op: 'read', statement }))
    },
    async close() {
      if (closed) return
      closed = true
      await checkpointer.end()
      while (retiring !== null) await retiring
      if (thread === null) return
      const last = thread
      await post(last, { op: 'close' }).catch(() => {})
      await last.worker.terminate()
    },
    async kill() {
      await thread?.worker.terminate()
    },
  }
}

function parseHashes(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' ') : []
}

/** The thread's structured clones, made by connection.ts. */
function parseRows(value: unknown): WriteResult['rows'] {
  return Array.isArray(value) ? (value as WriteResult['rows']) : []
}

function parseProjected(value: unknown): Projected {
  return value as Projected
}

function parseResults(value: unknown): readonly WriteResult[] {
  return Array.isArray(value) ? (value as readonly WriteResult[]) : []
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
