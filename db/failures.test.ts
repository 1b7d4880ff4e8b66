// What happens when the database cannot be written, or nobody knows whether it was: nothing half recorded, nothing
// twice, and the log goes on by itself.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@libsql/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HranaServer, startHrana } from '../test/hrana.ts'
import { type Clock, type Entry, type Log, LogUnavailable } from '../worker/ports.ts'
import { createCheckpointer } from './checkpointer.ts'
import { createConnection } from './connection.ts'
import { checkLog, counterBytes, event, intent, NOW, result } from './contract/fixtures.ts'
import type { Database } from './database.ts'
import { openDatabase } from './embedded.ts'
import { createLogQueue, type LogQueue } from './log.ts'
import { migrate } from './migrate.ts'
import { openDatabase as openRemote } from './remote.ts'
import { createThreadWriter } from './thread-writer.ts'
import { type ChainEnd, type Sealed, WriteFailed, type Writer } from './writer.ts'

let folder: string
let cleanup: (() => unknown)[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-db-'))
  cleanup = [() => rmSync(folder, { recursive: true, force: true })]
})
afterEach(async () => {
  for (const step of cleanup.reverse()) await step()
})

const clock = { now: () => NOW }
const large = (id: string, ref: string, bytes: number): Entry => ({
  event: event('request.result', id, { session: 's1', command: 'c1', ref }),
  body: { kind: 'response', seq: 0, mediaType: 'application/octet-stream', bytes: new Uint8Array(bytes) },
})

function rawClient(url: string): Client {
  const raw = createClient({ url, timeout: 5000 })
  cleanup.push(() => raw.close())
  return raw
}

function asRoot(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: 'ignore' })
}

/** A disk of two megabytes, where the machine lets us mount one. */
function smallDisk(at: string): boolean {
  try {
    mkdirSync(at, { recursive: true })
    asRoot('mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', at)
    return true
  } catch {
    return false
  }
}
const probe = mkdtempSync(join(tmpdir(), 'sallyport-probe-'))
const canMount = smallDisk(probe)
if (canMount) asRoot('umount', probe)
rmSync(probe, { recursive: true })

describe('embedded', () => {
  it.skipIf(!canMount)('a full disk: refused whole, and goes on once there is room', async () => {
    const disk = join(folder, 'disk')
    smallDisk(disk)
    cleanup.push(() => asRoot('umount', '-l', disk))
    const url = `file:${join(disk, 'log.db')}`
    const { log, close } = await openDatabase({ url, clock, random: counterBytes() })
    cleanup.push(close)
    await log.append([intent('r1')], 'fsynced')
    writeFileSync(join(disk, 'ballast'), new Uint8Array(1_000_000))
    const failed = await Promise.allSettled([
      log.append([intent('r2'), large('e2', 'r2', 1_500_000)], 'fsynced'),
      log.append([intent('r3')], 'committed'),
    ])
    expect(failed[0].status === 'rejected' && failed[0].reason).toBeInstanceOf(LogUnavailable)
    expect(log.pendingBytes).toBe(0)
    rmSync(join(disk, 'ballast'))
    await log.append([intent('r4')], 'fsynced')
    const ids = await checkLog(rawClient(url))
    expect(ids[0]).toBe('r1')
    expect(ids.at(-1)).toBe('r4')
    expect(ids).not.toContain('r2')
    expect(ids).not.toContain('e2')
  })

  it.skipIf(!canMount)('a read-only disk: refused while it is, and goes on when it can be written again', async () => {
    const disk = join(folder, 'disk')
    smallDisk(disk)
    cleanup.push(() => asRoot('umount', '-l', disk))
    const path = join(disk, 'log.db')
    const writer = createThreadWriter(path, undefined)
    cleanup.push(() => writer.close())
    await migrate(writer)
    let chains = 0
    const log = createLogQueue({ writer, random: counterBytes(), newWriterId: () => `w${chains++}` })
    await log.append([intent('r1')], 'fsynced')
    asRoot('mount', '--bind', disk, disk)
    cleanup.push(() => asRoot('umount', '-l', disk))
    asRoot('mount', '-o', 'remount,bind,ro', disk)
    // Files opened before stay writable through a mount of this kind: the thread must open them anew.
    await writer.kill()
    await expect(log.append([intent('r2')], 'fsynced')).rejects.toBeInstanceOf(LogUnavailable)
    await expect(log.append([intent('r3')], 'committed')).rejects.toBeInstanceOf(LogUnavailable)
    asRoot('mount', '-o', 'remount,bind,rw', disk)
    await log.append([intent('r4')], 'fsynced')
    expect(await checkLog(rawClient(`file:${path}`))).toEqual(['r1', 'r4'])
  })

  it.each([
    ['a database at its largest allowed size', 'PRAGMA max_page_count = 1', /FULL/i],
    ['a database that turned read-only', 'PRAGMA query_only = 1', /READONLY/i],
  ])('%s: rolled back, and the connection writes no more', (_, pragma, message) => {
    const path = join(folder, 'a.db')
    const connection = createConnection(path, undefined)
    connection.transaction('fsynced', (run) => run({ sql: 'CREATE TABLE t (b blob)', args: [] }))
    connection.read({ sql: pragma, args: [] })
    const insert = { sql: 'INSERT INTO t VALUES (?)', args: [new Uint8Array(100_000)] }
    expect(() => connection.transaction('fsynced', (run) => [run(insert), run(insert)])).toThrow(message)
    expect(() => connection.transaction('fsynced', (run) => run(insert))).toThrow(WriteFailed)
    const next = createConnection(path, undefined)
    cleanup.push(() => next.close())
    next.transaction('committed', (run) => run(insert))
    expect(next.read({ sql: 'SELECT count(*) AS n FROM t', args: [] })).toEqual([{ n: 1 }])
  })

  it.each([
    ['fsynced', 2],
    ['committed', 1],
  ] as const)('%s: each transaction sets how it is synced', (durability, synchronous) => {
    const connection = createConnection(join(folder, 'a.db'), undefined)
    cleanup.push(() => connection.close())
    const pragma = (name: string) => connection.read({ sql: `PRAGMA ${name}`, args: [] })
    for (const other of ['fsynced', 'committed', durability] as const) connection.transaction(other, () => {})
    expect(pragma('synchronous')).toEqual([{ synchronous }])
    expect([pragma('journal_mode'), pragma('page_size')]).toEqual([[{ journal_mode: 'wal' }], [{ page_size: 8192 }]])
  })

  it('a checkpoint runs beside the writer, and only after so much was written', async () => {
    const path = join(folder, 'a.db')
    const connection = createConnection(path, undefined)
    cleanup.push(() => connection.close())
    connection.transaction('fsynced', (run) => run({ sql: 'CREATE TABLE t (b blob)', args: [] }))
    const insert = { sql: 'INSERT INTO t VALUES (?)', args: [new Uint8Array(1_000_000)] }
    connection.transaction('committed', (run) => run(insert))
    const checkpointer = createCheckpointer({ path })
    checkpointer.wrote(1_000_000)
    await checkpointer.end()
    expect(statSync(path).size).toBeLessThan(1_000_000)
    checkpointer.wrote(16 * 1024 * 1024)
    await checkpointer.end()
    expect(statSync(path).size).toBeGreaterThan(1_000_000)
    connection.transaction('fsynced', (run) => run(insert))
  })

  it('a database that was opened with another key, or none', async () => {
    const url = `file:${join(folder, 'log.db')}`
    const key = 'k'.repeat(32)
    const options = { url, clock, random: counterBytes() }
    const database = await openDatabase({ ...options, encryptionKey: key })
    await database.log.append([intent('r1')], 'fsynced')
    await database.close()
    await expect(openDatabase({ ...options, encryptionKey: 'x'.repeat(32) })).rejects.toThrow(/NOTADB/)
    await expect(openDatabase(options)).rejects.toThrow(/NOTADB/)
    await expect(openDatabase({ ...options, encryptionKey: 'short' })).rejects.toThrow(/32 characters/)
    const again = await openDatabase({ ...options, encryptionKey: key })
    cleanup.push(again.close)
    expect((await again.recordings.request('r1'))?.id).toBe('r1')
  })

  it('a folder that is not there: refused to open', async () => {
    const url = `file:${join(folder, 'missing', 'log.db')}`
    await expect(openDatabase({ url, clock, random: counterBytes() })).rejects.toBeInstanceOf(WriteFailed)
  })

  it('a writer thread that dies: what it owed is resolved or refused, and the next call starts another', async () => {
    const path = join(folder, 'log.db')
    const writer = createThreadWriter(path, undefined)
    cleanup.push(() => writer.close())
    await migrate(writer)
    const raw = rawClient(`file:${path}`)
    let chains = 0
    const log = createLogQueue({ writer, random: counterBytes(), newWriterId: () => `w${chains++}` })
    const outcomes = new Map<string, boolean>()
    for (let round = 0; round < 8; round += 1) {
      const ids = Array.from({ length: 20 }, (_, at) => `r${round}-${at}`)
      const calls = ids.map((id) =>
        log.append([intent(id)], 'committed').then(
          () => outcomes.set(id, true),
          () => outcomes.set(id, false),
        ),
      )
      // Struck at another moment of the commit each time.
      for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate)
      await writer.kill()
      await Promise.all(calls)
    }
    await log.append([intent('last')], 'fsynced')
    const recorded = new Set(await checkLog(raw))
    for (const [id, acknowledged] of outcomes) if (acknowledged) expect(recorded).toContain(id)
    for (const [id, acknowledged] of outcomes) if (!acknowledged) expect(recorded).not.toContain(id)
    expect(recorded).toContain('last')
    expect(log.pendingBytes).toBe(0)
  })
})

describe('remote', () => {
  let server: HranaServer
  let database: Database
  beforeEach(async () => {
    server = await startHrana({ file: join(folder, 'log.db') })
    cleanup.push(() => server.close())
    database = await openRemote({ url: server.url, clock, random: counterBytes() })
    cleanup.push(database.close)
  })
  const once = (fault: 'refuse' | 'lose') => {
    server.fault = (pipeline) => {
      if (!pipeline.includes('INSERT INTO leaves')) return null
      server.fault = null
      return fault
    }
  }

  it('an answer lost after the commit: read back, acknowledged once', async () => {
    once('lose')
    const receipts = await database.log.append([intent('r1'), result('e1', 'r1')], 'fsynced')
    await database.log.append([intent('r2')], 'fsynced')
    const raw = rawClient(server.url)
    expect(await checkLog(raw)).toEqual(['r1', 'e1', 'r2'])
    const { rows } = await raw.execute('SELECT hash, writer FROM leaves ORDER BY idx')
    expect(receipts.map(({ leaf }) => leaf)).toEqual(rows.slice(0, 2).map((row) => row.hash))
    expect(new Set(rows.map((row) => row.writer)).size).toBe(1)
  })

  it('an answer lost, and no way to ask: refused, recorded once, and the next chain is another', async () => {
    server.fault = (pipeline) => (pipeline.includes('INSERT INTO leaves') ? 'lose' : 'refuse')
    const entries = [intent('r1'), result('e1', 'r1', {}, 'hello')]
    await expect(database.log.append(entries, 'fsynced')).rejects.toBeInstanceOf(LogUnavailable)
    server.fault = null
    await database.log.append([intent('r2')], 'fsynced')
    const raw = rawClient(server.url)
    expect(await checkLog(raw)).toEqual(['r1', 'e1', 'r2'])
    // Handed over again, also beside new ones, they count as appended.
    const receipts = await database.log.append([...entries, intent('r3')], 'fsynced')
    expect(await checkLog(raw)).toEqual(['r1', 'e1', 'r2', 'r3'])
    const stored = await raw.execute("SELECT id, hash AS leaf FROM leaves WHERE id <> 'r2' ORDER BY idx")
    expect(receipts).toEqual(stored.rows.map(({ id, leaf }) => ({ id, leaf })))
    const { rows } = await raw.execute('SELECT DISTINCT writer FROM leaves')
    expect(rows.length).toBe(2)
  })

  it('a server that cannot be reached: refused, nothing recorded, and goes on when it can', async () => {
    server.fault = () => 'refuse'
    await expect(database.log.append([intent('r1')], 'fsynced')).rejects.toBeInstanceOf(LogUnavailable)
    await expect(database.store.connections()).rejects.toThrow()
    server.fault = null
    await database.log.append([intent('r2')], 'fsynced')
    expect(await checkLog(rawClient(server.url))).toEqual(['r2'])
  })

  it('a wrong token: refused to open', async () => {
    const guarded = await startHrana({ file: join(folder, 'other.db'), authToken: 'right' })
    cleanup.push(() => guarded.close())
    await expect(openRemote({ url: guarded.url, authToken: 'wrong', clock, random: counterBytes() })).rejects.toThrow()
  })
})

describe('the queue', () => {
  const sealedIds = (entries: readonly Sealed[]) => entries.map((entry) => entry.event.id)
  function scripted(
    answers: ((entries: readonly Sealed[], end: ChainEnd) => Promise<readonly string[]>)[],
    after?: Clock['after'],
  ) {
    const batches: { ids: string[]; end: ChainEnd; durability: string }[] = []
    const writer: Writer = {
      append(entries, end, durability) {
        batches.push({ ids: sealedIds(entries), end, durability })
        const answer = answers.shift() ?? ((all) => Promise.resolve(all.map((_, at) => `h${batches.length}-${at}`)))
        return answer(entries, end)
      },
      write: () => Promise.resolve([]),
      project: () => Promise.resolve({ next: 0, more: false }),
      read: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    }
    let chains = 0
    const log = createLogQueue({ writer, random: counterBytes(), newWriterId: () => `w${chains++}`, after })
    return { log, batches }
  }

  it('has one batch in flight and flushes everything else on its answer, at the highest durability asked', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { log, batches } = scripted([
      async (entries) => {
        await held
        return entries.map((_, at) => `h${at}`)
      },
    ])
    const first = log.append([intent('a')], 'committed')
    await Promise.resolve()
    await Promise.resolve()
    const rest = [log.append([intent('b')], 'committed'), log.append([intent('c')], 'fsynced')]
    expect(batches.length).toBe(1)
    release()
    await Promise.all([first, ...rest])
    expect(batches.map(({ ids, durability }) => [ids, durability])).toEqual([
      [['a'], 'committed'],
      [['b', 'c'], 'fsynced'],
    ])
    expect(batches[1]?.end).toEqual({ writer: 'w0', wseq: 1, wprev: 'h0' })
  })

  it('does not move the chain on when nothing was recorded', async () => {
    const { log, batches } = scripted([() => Promise.reject(new WriteFailed('unavailable', 'full'))])
    await expect(log.append([intent('a')], 'committed')).rejects.toBeInstanceOf(LogUnavailable)
    await log.append([intent('b')], 'committed')
    expect(batches.map(({ end }) => end)).toEqual([
      { writer: 'w0', wseq: 0, wprev: '' },
      { writer: 'w0', wseq: 0, wprev: '' },
    ])
  })

  it('puts intents first and few bytes of results beside them; those left out begin the batch after', async () => {
    const { log, batches } = scripted([])
    const calls = [
      log.append([large('big1', 'r', 300_000)], 'committed'),
      log.append([large('big2', 'r', 300_000)], 'committed'),
      log.append([large('small', 'r', 1000)], 'committed'),
      ...['a', 'b'].map((id) => log.append([intent(id)], 'committed')),
    ]
    const late = calls[4]?.then(() => log.append([intent('c')], 'committed'))
    await Promise.all([...calls, late])
    expect(batches.map(({ ids }) => ids)).toEqual([
      ['a', 'b'],
      ['big1', 'c'],
      ['big2', 'small'],
    ])
  })

  it.each([
    ['for an intent, and shares its commit', (log: Log) => log.append([intent('b')], 'committed'), [['e', 'b']]],
    ['until time is up', (_: Log, up: () => void) => up(), [['e']]],
    ['until there is much', (log: Log) => log.append([large('f', 'r', 200_000)], 'committed'), [['e', 'f']]],
    ['not past the end of the database', (log: LogQueue) => log.exclusively(() => Promise.resolve()), [['e']]],
  ])('holds a result %s', async (_, then, expected) => {
    let up = () => {}
    const held = new Promise<void>((holding) => {
      up = holding
    })
    let fire = () => {}
    const { log, batches } = scripted([], (_, callback) => {
      fire = callback
      up()
      return () => {}
    })
    const call = log.append([large('e', 'r', 1000)], 'committed')
    await held
    expect(batches).toEqual([])
    await Promise.all([then(log, fire), call])
    expect(batches.map(({ ids }) => [...ids].sort())).toEqual(expected.map((ids) => [...ids].sort()))
  })

  it('splits what is queued into batches of bounded size', async () => {
    const { log, batches } = scripted([])
    const calls = Array.from({ length: 1200 }, (_, at) => log.append([intent(`r${at}`)], 'committed'))
    calls.push(...['x', 'y', 'z'].map((id) => log.append([large(id, 'r1', 3_000_000)], 'committed')))
    await Promise.all(calls)
    expect(batches.map(({ ids }) => ids.length)).toEqual([512, 512, 177, 1, 1])
  })
})
