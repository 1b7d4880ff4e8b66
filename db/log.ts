// The Log port: gathers what is appended while a commit is under way and hands it to the writer as one transaction.
// In: entries. Out: receipts, once durable. Owns the writer's chain; resolves commits whose answer was lost.

import { type Durability, type Entry, type Log, LogUnavailable, type RandomBytes } from '../worker/ports.ts'
import { type ChainEnd, type Sealed, WriteFailed, type Writer } from './writer.ts'

/** A salt as long as the strength wanted of it. */
const SALT_BYTES = 16
/** What an entry is reckoned at beside its body. */
const ENTRY_BYTES = 1024
/** A batch ends past either, so that one commit stays short and the message to the writer small. */
const MAX_BATCH_ENTRIES = 512
const MAX_BATCH_BYTES = 4 * 1024 * 1024

interface Waiting {
  readonly entries: readonly Entry[]
  readonly durability: Durability
  readonly bytes: number
  resolve(receipts: readonly { id: string; leaf: string }[]): void
  reject(error: LogUnavailable): void
}

export interface LogQueue extends Log {
  /** Runs `task` while no commit is under way and none starts. */
  exclusively<T>(task: () => Promise<T>): Promise<T>
  /** Every writer name this process has appended under. */
  readonly writers: readonly string[]
}

/** Makes the log over a writer. `newWriterId` names a chain; it must never repeat. */
export function createLogQueue(options: {
  readonly writer: Writer
  readonly random: RandomBytes
  readonly newWriterId: () => string
}): LogQueue {
  const { writer, random, newWriterId } = options
  const writers: string[] = []
  let end: ChainEnd = newChain()
  let queue: Waiting[] = []
  let pendingBytes = 0
  let busy = false
  const exclusive: (() => Promise<void>)[] = []

  function newChain(): ChainEnd {
    const id = newWriterId()
    writers.push(id)
    return { writer: id, wseq: 0, wprev: '' }
  }

  function append(entries: readonly Entry[], durability: Durability): ReturnType<Log['append']> {
    if (entries.length === 0) return Promise.resolve([])
    const bytes = entries.reduce((sum, entry) => sum + ENTRY_BYTES + (entry.body?.bytes.length ?? 0), 0)
    pendingBytes += bytes
    return new Promise((resolve, reject) => {
      queue.push({ entries, durability, bytes, resolve, reject })
      void run()
    })
  }

  async function run(): Promise<void> {
    if (busy) return
    busy = true
    try {
      // Let everything that is appended in this turn of the loop share the first commit.
      await Promise.resolve()
      while (queue.length > 0 || exclusive.length > 0) {
        const task = exclusive.shift()
        if (task !== undefined) await task()
        else await commit(takeBatch())
      }
    } finally {
      busy = false
    }
  }

  function takeBatch(): Waiting[] {
    let entries = 0
    let bytes = 0
    let at = 0
    for (const waiting of queue) {
      if (at > 0 && (entries + waiting.entries.length > MAX_BATCH_ENTRIES || bytes + waiting.bytes > MAX_BATCH_BYTES)) {
        break
      }
      entries += waiting.entries.length
      bytes += waiting.bytes
      at += 1
    }
    const batch = queue.slice(0, at)
    queue = queue.slice(at)
    return batch
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const sealed = batch.flatMap(({ entries }) => entries.map(seal))
    const durability = batch.some((waiting) => waiting.durability === 'fsynced') ? 'fsynced' : 'committed'
    try {
      settle(batch, sealed, await writer.append(sealed, end, durability))
    } catch (error) {
      if (error instanceof WriteFailed && error.kind === 'constraint' && batch.length > 1) {
        // One call's entries cannot be written (an id used twice): the others must not suffer for it.
        for (const waiting of batch) await commit([waiting])
        return
      }
      if (error instanceof WriteFailed && error.kind !== 'unknown') return fail(batch, error)
      await resolveUnknown(batch, sealed, error)
    }
  }

  /** Asks the database what became of the commit. Unless it is there, the chain ends: a late commit can then do no harm. */
  async function resolveUnknown(batch: readonly Waiting[], sealed: readonly Sealed[], cause: unknown): Promise<void> {
    const hashes = await writer.since(end.writer, end.wseq).catch(() => [])
    if (hashes.length === sealed.length) return settle(batch, sealed, hashes)
    end = newChain()
    fail(batch, cause)
  }

  function settle(batch: readonly Waiting[], sealed: readonly Sealed[], hashes: readonly string[]): void {
    const last = hashes.at(-1)
    if (last === undefined || hashes.length !== sealed.length) {
      fail(batch, new Error('the writer lost count'))
      return
    }
    end = { writer: end.writer, wseq: end.wseq + sealed.length, wprev: last }
    let at = 0
    for (const waiting of batch) {
      pendingBytes -= waiting.bytes
      waiting.resolve(waiting.entries.map(({ event }) => ({ id: event.id, leaf: hashes[at++] ?? '' })))
    }
  }

  function fail(batch: readonly Waiting[], cause: unknown): void {
    for (const waiting of batch) {
      pendingBytes -= waiting.bytes
      waiting.reject(new LogUnavailable(cause))
    }
  }

  function seal({ event, body }: Entry): Sealed {
    return body === undefined ? { event } : { event, body: { ...body, salt: random(SALT_BYTES) } }
  }

  function exclusively<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      exclusive.push(() => task().then(resolve, reject))
      void run()
    })
  }

  return {
    append,
    exclusively,
    get pendingBytes() {
      return pendingBytes
    },
    writers,
  }
}
