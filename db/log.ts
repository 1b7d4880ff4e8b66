// The Log port: gathers what is appended while a commit is under way and hands it to the writer as one transaction.
// In: entries. Out: receipts, once durable. Owns the writer's chain; resolves commits whose answer was lost. What a
// request waits for (its intent) goes before what nobody waits for (results, segments).

import { leafText, parseLeaf } from '../protocol/log/leaf.ts'
import { type Clock, type Durability, type Entry, type Log, LogUnavailable, type RandomBytes } from '../worker/ports.ts'
import { type ChainEnd, type Sealed, WriteFailed, type Writer } from './writer.ts'

/** A salt as long as the strength wanted of it. */
const SALT_BYTES = 16
/** What an entry is reckoned at beside its body. */
const ENTRY_BYTES = 1024
/** A batch ends past either, so that one commit stays short and the message to the writer small. */
const MAX_BATCH_ENTRIES = 512
const MAX_BATCH_BYTES = 4 * 1024 * 1024
/** Beside intents, no more of results and segments than this: an intent must not wait for another request's body. */
const MAX_BESIDE_BYTES = 128 * 1024
/** Results wait so long for an intent to share its commit with, while they are no more than MAX_BESIDE_BYTES. */
const HOLD_MS = 5
/** What no request waits for. */
const PATIENT: ReadonlySet<string> = new Set(['request.result', 'stream.segment', 'stream.close'])

interface Waiting {
  readonly entries: readonly Entry[]
  readonly durability: Durability
  readonly bytes: number
  resolve(receipts: readonly { id: string; leaf: string }[]): void
  reject(error: LogUnavailable): void
}

export interface LogQueue extends Log {
  /** Runs `task` once all that was appended is committed, while no commit is under way and none starts. */
  exclusively<T>(task: () => Promise<T>): Promise<T>
  /** Every writer name this process has appended under. */
  readonly writers: readonly string[]
}

/**
 * Makes the log over a writer. `newWriterId` names a chain; it must never repeat. Without `after` results wait for
 * nothing.
 */
export function createLogQueue(options: {
  readonly writer: Writer
  readonly random: RandomBytes
  readonly newWriterId: () => string
  readonly after?: Clock['after'] | undefined
}): LogQueue {
  const { writer, random, newWriterId, after } = options
  const writers: string[] = []
  let end: ChainEnd = newChain()
  let urgent: Waiting[] = []
  let patient: Waiting[] = []
  let patientBytes = 0
  /** The last batch left the patient ones out: the next one takes the first of them. */
  let owed = false
  let wake: (() => void) | null = null
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
      const waiting = { entries, durability, bytes, resolve, reject }
      if (durability === 'committed' && entries.every(({ event }) => PATIENT.has(event.type))) {
        patient.push(waiting)
        patientBytes += bytes
        if (patientBytes > MAX_BESIDE_BYTES) wake?.()
      } else {
        urgent.push(waiting)
        wake?.()
      }
      void run()
    })
  }

  async function run(): Promise<void> {
    if (busy) return
    busy = true
    try {
      // Let everything that is appended in this turn of the loop share the first commit.
      await Promise.resolve()
      while (urgent.length + patient.length + exclusive.length > 0) {
        if (urgent.length + exclusive.length === 0) await company()
        if (urgent.length + patient.length > 0) await commit(takeBatch())
        else await exclusive.shift()?.()
      }
    } finally {
      busy = false
    }
  }

  /** Resolves when there is an intent, enough without one, or no more time. */
  async function company(): Promise<void> {
    if (after === undefined || patientBytes > MAX_BESIDE_BYTES) return
    let cancel = () => {}
    await new Promise<void>((resolve) => {
      wake = resolve
      cancel = after(HOLD_MS, resolve)
    })
    wake = null
    cancel()
    // Let what is appended in this turn of the loop come along.
    await Promise.resolve()
  }

  /** Those a request waits for first, and few bytes beside them; the first of the others at least every second time. */
  function takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    let entries = 0
    let bytes = 0
    const take = (queue: Waiting[], atMost: number, maxBytes: number): Waiting[] => {
      let at = 0
      for (const waiting of queue) {
        const fits = entries + waiting.entries.length <= MAX_BATCH_ENTRIES && bytes + waiting.bytes <= maxBytes
        if (at === atMost || !(fits || batch.length === 0)) break
        batch.push(waiting)
        entries += waiting.entries.length
        bytes += waiting.bytes
        at += 1
      }
      return queue.slice(at)
    }
    const others = patient.length
    if (owed) patient = take(patient, 1, MAX_BATCH_BYTES)
    const waited = urgent.length > 0
    urgent = take(urgent, Number.POSITIVE_INFINITY, MAX_BATCH_BYTES)
    const room = waited ? Math.min(bytes + MAX_BESIDE_BYTES, MAX_BATCH_BYTES) : MAX_BATCH_BYTES
    patient = take(patient, Number.POSITIVE_INFINITY, room)
    owed = patient.length > 0 && patient.length === others
    patientBytes = patient.reduce((sum, waiting) => sum + waiting.bytes, 0)
    return batch
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const durability = batch.some((waiting) => waiting.durability === 'fsynced') ? 'fsynced' : 'committed'
    try {
      const sealed = batch.flatMap(({ entries }) => entries.map(seal))
      acknowledge(batch, await write(sealed, durability))
    } catch (error) {
      const [first, second] = batch
      if (!(error instanceof WriteFailed) || error.kind !== 'constraint' || first === undefined) fail(batch, error)
      else if (second === undefined) await commitRest(first, error)
      // One call's entries cannot be written (an id used twice): the others must not suffer for it.
      else for (const waiting of batch) await commit([waiting])
    }
  }

  /** One commit at the chain's end. */
  async function write(sealed: readonly Sealed[], durability: Durability): Promise<readonly string[]> {
    let hashes: readonly string[]
    try {
      hashes = await writer.append(sealed, end, durability)
    } catch (error) {
      if (error instanceof WriteFailed && error.kind !== 'unknown') throw error
      // The database may say what became of it. Unless it is there, the chain ends: a late commit can then do no harm.
      hashes = await recordedSince(writer, end).catch(() => [])
      if (hashes.length !== sealed.length) {
        end = newChain()
        throw error
      }
    }
    end = { writer: end.writer, wseq: end.wseq + sealed.length, wprev: hashes.at(-1) ?? '' }
    return hashes
  }

  /**
   * Who was told that it is unknown whether entries were recorded may hand them over again: those that are there, word
   * for word and by this process, count as appended.
   */
  async function commitRest(waiting: Waiting, cause: unknown): Promise<void> {
    try {
      const hashes = await recordedBefore(writer, waiting.entries, writers)
      const rest = waiting.entries.filter(({ event }) => !hashes.has(event.id))
      if (rest.length === waiting.entries.length) throw cause
      const written = rest.length === 0 ? [] : await write(rest.map(seal), waiting.durability)
      for (const [at, { event }] of rest.entries()) hashes.set(event.id, written[at] ?? '')
      const all = waiting.entries.map(({ event }) => hashes.get(event.id) ?? '')
      acknowledge([waiting], all)
    } catch (error) {
      fail([waiting], error)
    }
  }

  function acknowledge(batch: readonly Waiting[], hashes: readonly string[]): void {
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
      wake?.()
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

/** The hashes of what a chain holds after its last known end. */
async function recordedSince(writer: Writer, end: ChainEnd): Promise<readonly string[]> {
  const sql = 'SELECT hash FROM leaves WHERE writer = ? AND wseq > ? ORDER BY wseq'
  return (await writer.read({ sql, args: [end.writer, end.wseq] })).map((row) => String(row.hash))
}

/** By id, the hashes of those entries that one of the writers has recorded as they are. */
async function recordedBefore(
  writer: Writer,
  entries: readonly Entry[],
  writers: readonly string[],
): Promise<Map<string, string>> {
  const ids = JSON.stringify(entries.map(({ event }) => event.id))
  const sql = 'SELECT id, hash, leaf FROM leaves WHERE id IN (SELECT value FROM json_each(?))'
  const rows = await writer.read({ sql, args: [ids] })
  const texts = new Map(rows.map((row) => [String(row.id), { text: String(row.leaf), hash: String(row.hash) }]))
  const found = new Map<string, string>()
  for (const entry of entries) {
    const row = texts.get(entry.event.id)
    if (row === undefined) continue
    const leaf = parseLeaf(row.text)
    const { wseq, wprev, body } = leaf
    const place = { writer: leaf.writer, wseq, wprev }
    const same = leafText({ ...entry.event, ...place, ...(body === undefined ? {} : { body }) }) === row.text
    const sameBody = body?.bytes === entry.body?.bytes.length && body?.kind === entry.body?.kind
    if (same && sameBody && writers.includes(leaf.writer)) found.set(entry.event.id, row.hash)
  }
  return found
}
