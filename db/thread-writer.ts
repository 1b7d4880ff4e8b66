// The writer thread's client: Writer over messages. A thread that dies answers what it owed with `unknown`, and the
// next call starts another.

import { Worker } from 'node:worker_threads'
import { packEntries, type ThreadReply, type ThreadRequest } from './wire.ts'
import { WriteFailed, type WriteResult, type Writer } from './writer.ts'

type Operation = ThreadRequest extends infer R ? (R extends { n: number } ? Omit<R, 'n'> : never) : never

interface Pending {
  resolve(value: unknown): void
  reject(error: WriteFailed): void
}

export interface ThreadWriter extends Writer {
  /** Ends the thread at once, as a crash would. For tests. */
  kill(): Promise<void>
}

export function createThreadWriter(path: string, encryptionKey: string | undefined): ThreadWriter {
  const pending = new Map<number, Pending>()
  let thread: Worker | null = null
  let next = 1
  let closed = false

  function started(): Worker {
    if (thread !== null) return thread
    const workerData = encryptionKey === undefined ? { path } : { path, encryptionKey }
    const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), { workerData })
    worker.on('message', (reply: ThreadReply) => {
      const waiting = pending.get(reply.n)
      pending.delete(reply.n)
      if (reply.ok) waiting?.resolve(reply.value)
      else waiting?.reject(new WriteFailed(reply.kind, reply.message))
    })
    worker.on('error', (error) => lost(worker, messageOf(error)))
    worker.on('exit', () => lost(worker, 'the writer thread ended'))
    thread = worker
    return worker
  }

  function lost(worker: Worker, reason: string): void {
    if (thread !== worker) return
    thread = null
    const owed = [...pending.values()]
    pending.clear()
    for (const { reject } of owed) reject(new WriteFailed('unknown', reason))
  }

  function call(operation: Operation, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (closed) return Promise.reject(new WriteFailed('unavailable', 'the database is closed'))
    return new Promise((resolve, reject) => {
      const n = next++
      try {
        const worker = started()
        pending.set(n, { resolve, reject })
        worker.postMessage({ n, ...operation }, transfer)
      } catch (error) {
        pending.delete(n)
        reject(new WriteFailed('unavailable', messageOf(error)))
      }
    })
  }

  return {
    async append(entries, end, durability) {
      const packed = packEntries(entries)
      return parseHashes(await call({ op: 'append', entries: packed, end, durability }, [packed.bytes.buffer]))
    },
    async write(statements) {
      return parseResults(await call({ op: 'write', statements }))
    },
    async since(writer, wseq) {
      return parseHashes(await call({ op: 'since', writer, wseq }))
    },
    async close() {
      if (closed) return
      if (thread !== null) await call({ op: 'close' }).catch(() => {})
      closed = true
      await thread?.terminate()
    },
    async kill() {
      await thread?.terminate()
    },
  }
}

function parseHashes(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** The thread's structured clones, made by connection.ts. */
function parseResults(value: unknown): readonly WriteResult[] {
  return Array.isArray(value) ? (value as readonly WriteResult[]) : []
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
