// One suite for the ports Log, Store and Recordings, run against every kind of database (database.test.ts).

import { createHash } from 'node:crypto'
import type { Client } from '@libsql/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogEvent } from '../protocol/log/event.ts'
import { leafText, parseLeaf } from '../protocol/log/leaf.ts'
import { type Entry, LogUnavailable } from '../worker/ports.ts'
import type { Database } from './database.ts'
import { DatabaseRefused } from './migrate.ts'

/** An empty database of one kind. */
export interface Subject {
  /** Opens it (again): each a gateway of its own. */
  open(): Promise<Database>
  /** A client beside the product, to look and to tamper. */
  readonly raw: Client
  close(): Promise<void>
}

export const NOW = Date.parse('2026-01-02T03:04:05.006Z')
const utf8 = new TextEncoder()

/** Bytes that never repeat within a test run, the same in every run. */
export function counterBytes(): (length: number) => Uint8Array {
  let count = 0
  return (length) => {
    count += 1
    return createHash('sha512').update(`bytes ${count}`).digest().subarray(0, length)
  }
}

export function event(type: LogEvent['type'], id: string, more: Partial<LogEvent> = {}): LogEvent {
  return { v: 1, type, id, ts: new Date(NOW).toISOString(), ...more }
}

/** An intent of `kubectl get pods -n shop`, unless told otherwise. */
export function intent(id: string, more: Partial<LogEvent> = {}, request: Partial<LogEvent['request']> = {}): Entry {
  return {
    event: event('request.intent', id, {
      session: 's1',
      command: 'c1',
      actor: { username: 'agent', groups: ['ai-agents'], issuer: 'https://id.example' },
      connection: 'demo',
      request: {
        method: 'GET',
        target: '/api/v1/namespaces/shop/pods',
        verb: 'list',
        group: '',
        version: 'v1',
        resource: 'pods',
        subresource: '',
        namespace: 'shop',
        name: '',
        userAgent: 'kubectl/v1.35.2',
        kubectlCommand: 'kubectl get',
        ...request,
      },
      decision: { effect: 'Allow', policy: 'p', rule: 'r', reason: 'because', revision: 1 },
      ...more,
    }),
  }
}

export function result(id: string, ref: string, more: Partial<LogEvent> = {}, body?: string): Entry {
  const bytes = body === undefined ? undefined : utf8.encode(body)
  return {
    event: event('request.result', id, {
      session: 's1',
      command: 'c1',
      ref,
      res: { outcome: 'ok', code: 200, durationMs: 1, bytes: bytes?.length ?? 0 },
      ...more,
    }),
    ...(bytes === undefined ? {} : { body: { kind: 'response', seq: 0, mediaType: 'text/plain', bytes } }),
  }
}

/** Reads the whole log and checks order, chains, hashes and bodies; returns the ids in order. */
export async function checkLog(raw: Client): Promise<string[]> {
  const { rows } = await raw.execute('SELECT idx, id, writer, wseq, hash, leaf FROM leaves ORDER BY idx')
  const ends = new Map<string, { wseq: number; hash: string }>()
  for (const [index, row] of rows.entries()) {
    const text = String(row['leaf'])
    const leaf = parseLeaf(text)
    const end = ends.get(leaf.writer) ?? { wseq: 0, hash: '' }
    const hash = createHash('sha256').update(`\0${text}`).digest('hex')
    expect([row['idx'], row['id'], row['writer'], row['wseq'], row['hash']]).toEqual([
      index,
      leaf.id,
      leaf.writer,
      leaf.wseq,
      hash,
    ])
    expect([leaf.wseq, leaf.wprev]).toEqual([end.wseq + 1, end.hash])
    expect(leafText(leaf)).toBe(text)
    ends.set(leaf.writer, { wseq: leaf.wseq, hash })
    if (leaf.body !== undefined) {
      const body = await raw.execute({ sql: 'SELECT salt, bytes FROM bodies WHERE event = ?', args: [leaf.id] })
      const found = body.rows[0]
      const digest = createHash('sha256')
        .update(bytesOf(found?.['salt']))
        .update(bytesOf(found?.['bytes']))
        .digest('hex')
      expect([leaf.body.sha256, leaf.body.bytes]).toEqual([digest, bytesOf(found?.['bytes']).length])
    }
  }
  return rows.map((row) => String(row['id']))
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return value instanceof Uint8Array ? value : new Uint8Array()
}

export function databaseContract(name: string, create: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let opened: Database[]
    const open = async (): Promise<Database> => {
      const database = await subject.open()
      opened.push(database)
      return database
    }
    beforeEach(async () => {
      subject = await create()
      opened = []
    })
    afterEach(async () => {
      for (const database of opened) await database.close()
      await subject.close()
    })

    describe('log', () => {
      it('answers with the id and leaf hash of each entry, in order', async () => {
        const { log } = await open()
        const receipts = await log.append([intent('r1'), result('r1-end', 'r1', {}, 'hello')], 'fsynced')
        const { rows } = await subject.raw.execute('SELECT id, hash AS leaf FROM leaves ORDER BY idx')
        expect(receipts).toEqual(rows.map(({ id, leaf }) => ({ id, leaf })))
        expect(await checkLog(subject.raw)).toEqual(['r1', 'r1-end'])
        expect(log.pendingBytes).toBe(0)
      })

      it('appends nothing for no entries', async () => {
        const { log } = await open()
        expect(await log.append([], 'fsynced')).toEqual([])
        expect(await checkLog(subject.raw)).toEqual([])
      })

      it('keeps the order of calls made at once, through every size of statement', async () => {
        const { log } = await open()
        const ids = Array.from({ length: 300 }, (_, at) => `r${String(at).padStart(4, '0')}`)
        const calls = ids.map((id, at) => log.append([intent(id)], at % 2 === 0 ? 'committed' : 'fsynced'))
        expect(log.pendingBytes).toBeGreaterThan(0)
        const receipts = await Promise.all(calls)
        expect(receipts.flat().map(({ id }) => id)).toEqual(ids)
        expect(await checkLog(subject.raw)).toEqual(ids)
        expect(log.pendingBytes).toBe(0)
      })

      it('stays dense and chained with two gateways on one database', async () => {
        const [a, b] = [await open(), await open()]
        const calls = Array.from({ length: 40 }, (_, at) =>
          (at % 2 === 0 ? a : b).log.append([intent(`r${at}`)], 'committed'),
        )
        await Promise.all(calls)
        expect((await checkLog(subject.raw)).length).toBe(40)
      })

      it('goes on with a new chain after it was opened again', async () => {
        const first = await open()
        await first.log.append([intent('r1')], 'committed')
        await first.close()
        const second = await open()
        await second.log.append([intent('r2')], 'committed')
        expect(await checkLog(subject.raw)).toEqual(['r1', 'r2'])
        const { rows } = await subject.raw.execute('SELECT DISTINCT writer FROM leaves')
        expect(rows.length).toBe(2)
      })

      it('refuses an id used twice, whole call, without harm to calls beside it', async () => {
        const { log } = await open()
        await log.append([intent('r1')], 'committed')
        const [before, twice, after] = await Promise.allSettled([
          log.append([intent('r2')], 'committed'),
          log.append([intent('r3'), intent('r1')], 'committed'),
          log.append([intent('r4')], 'committed'),
        ])
        expect([before?.status, twice?.status, after?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect(twice?.status === 'rejected' && twice.reason).toBeInstanceOf(LogUnavailable)
        expect(await checkLog(subject.raw)).toEqual(['r1', 'r2', 'r4'])
      })

      it('refuses a number that no leaf can hold', async () => {
        const { log } = await open()
        const bad = { event: event('view', 'v1', { data: { value: Number.NaN } }) }
        await expect(log.append([bad], 'committed')).rejects.toBeInstanceOf(LogUnavailable)
        await log.append([intent('r1')], 'committed')
        expect(await checkLog(subject.raw)).toEqual(['r1'])
      })

      it('records bytes as they were when handed over', async () => {
        const { log, recordings } = await open()
        const bytes = utf8.encode('before')
        const entry: Entry = { ...intent('r1'), body: { kind: 'request', seq: 0, mediaType: 'text/plain', bytes } }
        await log.append([entry], 'committed')
        const body = await recordings.body('r1', 'request')
        expect(body?.mediaType).toBe('text/plain')
        expect(await body?.bytes.read()).toEqual(utf8.encode('before'))
      })

      const columns = '(idx, id, type, session, writer, wseq, hash, leaf)'
      const bodyColumns = '(event, request, kind, seq, media_type, size, salt, bytes)'
      it.each([
        ['UPDATE', "UPDATE leaves SET leaf = '{}' WHERE idx = 0"],
        ['UPDATE of an unused column', "UPDATE leaves SET session = 'x'"],
        ['DELETE', 'DELETE FROM leaves WHERE idx = 1'],
        ['INSERT over a place', `INSERT INTO leaves ${columns} VALUES (0, 'x', 'view', NULL, 'w', 1, '', '{}')`],
        ['INSERT that leaves a gap', `INSERT INTO leaves ${columns} VALUES (7, 'x', 'view', NULL, 'w', 1, '', '{}')`],
        ['REPLACE of a place', `REPLACE INTO leaves ${columns} VALUES (1, 'x', 'view', NULL, 'w', 1, '', '{}')`],
        ['REPLACE of an id', `REPLACE INTO leaves ${columns} VALUES (2, 'r1', 'view', NULL, 'w', 1, '', '{}')`],
        [
          "REPLACE of a writer's place",
          `REPLACE INTO leaves ${columns} SELECT 2, 'x', 'view', NULL, writer, 1, '', '{}' FROM leaves WHERE idx = 0`,
        ],
        [
          'upsert',
          `INSERT INTO leaves ${columns} VALUES (0, 'x', 'view', NULL, 'w', 1, '', '{}') ON CONFLICT (idx) DO UPDATE SET leaf = '{}'`,
        ],
        ['UPDATE of a body', "UPDATE bodies SET bytes = x'00'"],
        ['REPLACE of a body', `REPLACE INTO bodies ${bodyColumns} VALUES ('x', 'r1', 'response', 0, '', 0, x'', x'')`],
        ['UPDATE of a document', "UPDATE documents SET source = ''"],
        ['DELETE of a document', 'DELETE FROM documents'],
      ])('stops %s', async (_, sql) => {
        const { log, store } = await open()
        await log.append([intent('r1'), result('r1-end', 'r1', {}, 'hello')], 'committed')
        await store.putDocuments([{ kind: 'K', name: 'n', document: {}, source: 's' }], 'me', 'now')
        await expect(subject.raw.execute(sql)).rejects.toThrow(/append only|write once/)
        expect(await checkLog(subject.raw)).toEqual(['r1', 'r1-end'])
      })

      it.each([
        ['is gone', 'DROP TRIGGER leaves_update', /leaves_update is missing/],
        [
          'was replaced',
          'DROP TRIGGER leaves_delete; CREATE TRIGGER leaves_delete BEFORE DELETE ON leaves BEGIN SELECT 1; END',
          /leaves_delete is not as it was made/,
        ],
        [
          'was added',
          'CREATE TRIGGER extra AFTER INSERT ON leaves BEGIN DELETE FROM bodies; END',
          /trigger extra is not known/,
        ],
      ])('does not start when a trigger %s', async (_, sql, message) => {
        await (await open()).close()
        await subject.raw.executeMultiple(sql)
        const failure = await subject.open().catch((error: unknown) => error)
        expect(failure).toBeInstanceOf(DatabaseRefused)
        expect(String(failure)).toMatch(message)
      })
    })

    describe('store', () => {
      it('keeps connections', async () => {
        const { store } = await open()
        await store.putConnection({ name: 'b', description: 'B', createdAt: 't1' })
        await store.putConnection({ name: 'a', description: 'A', createdAt: 't2' })
        await store.putConnection({ name: 'a', description: 'A2', createdAt: 't3' })
        expect(await store.connections()).toEqual([
          { name: 'a', description: 'A2', createdAt: 't2' },
          { name: 'b', description: 'B', createdAt: 't1' },
        ])
        expect([await store.deleteConnection('a'), await store.deleteConnection('a')]).toEqual([true, false])
        expect((await store.connections()).length).toBe(1)
      })

      it('keeps connectors and revokes them once', async () => {
        const { store } = await open()
        const record = {
          id: 'k1',
          publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'abc' },
          connections: ['prod', 'demo'],
          createdAt: 't1',
        } as const
        await store.putConnector(record)
        expect(await store.connector('k1')).toEqual(record)
        expect([await store.revokeConnector('k1', 't2'), await store.revokeConnector('k1', 't3')]).toEqual([
          true,
          false,
        ])
        expect(await store.connectors()).toEqual([{ ...record, revokedAt: 't2' }])
        expect(await store.connector('k2')).toBeNull()
      })

      it('numbers revisions over all documents, keeps old ones, answers the newest', async () => {
        const { store } = await open()
        expect(await store.revision()).toBe(0)
        const first = await store.putDocuments(
          [
            { kind: 'P', name: 'a', document: { n: 1 }, source: 'a1' },
            { kind: 'Q', name: 'a', document: { n: 2 }, source: 'q1' },
          ],
          'me',
          't1',
        )
        expect(first.map(({ revision }) => revision)).toEqual([1, 2])
        const [second] = await store.putDocuments(
          [{ kind: 'P', name: 'a', document: { n: 3 }, source: 'a2' }],
          'you',
          't2',
        )
        expect(second).toEqual({
          kind: 'P',
          name: 'a',
          revision: 3,
          document: { n: 3 },
          source: 'a2',
          appliedBy: 'you',
          appliedAt: 't2',
        })
        expect(await store.documents('P')).toEqual([second])
        expect(await store.document('Q', 'a')).toEqual(first[1])
        const { rows } = await subject.raw.execute('SELECT source FROM documents ORDER BY revision')
        expect(rows.map((row) => row['source'])).toEqual(['a1', 'q1', 'a2'])
      })

      it('deletes a document by a tombstone, once, and can have it again', async () => {
        const { store } = await open()
        await store.putDocuments([{ kind: 'P', name: 'a', document: {}, source: 'a1' }], 'me', 't1')
        expect(await store.deleteDocument('P', 'a', 'me', 't2')).toBe(true)
        expect(await store.deleteDocument('P', 'a', 'me', 't3')).toBe(false)
        expect(await store.deleteDocument('P', 'b', 'me', 't3')).toBe(false)
        expect([await store.documents('P'), await store.document('P', 'a'), await store.revision()]).toEqual([
          [],
          null,
          2,
        ])
        await store.putDocuments([{ kind: 'P', name: 'a', document: {}, source: 'a2' }], 'me', 't4')
        expect((await store.documents('P')).map(({ source }) => source)).toEqual(['a2'])
      })

      it('gives a code once, however many ask at once', async () => {
        const { store } = await open()
        const other = (await open()).store
        const code = { purpose: 'enrol', payload: 'prod', expiresAt: NOW + 1000 } as const
        await store.putCode('h', code)
        expect(await store.takeCode('h', 'login-link', NOW)).toBeNull()
        const taken = await Promise.all([store, other, store, other].map((one) => one.takeCode('h', 'enrol', NOW)))
        expect(taken.filter((one) => one !== null)).toEqual([code])
      })

      it.each([
        ['just before', 999, true],
        ['at', 1000, false],
      ])('%s its end a code is taken: %s ms %s', async (_, after, valid) => {
        const { store } = await open()
        await store.putCode('h', { purpose: 'enrol', payload: '', expiresAt: NOW + 1000 })
        expect((await store.takeCode('h', 'enrol', NOW + after)) !== null).toBe(valid)
      })

      it('keeps logins until they end or are deleted', async () => {
        const { store } = await open()
        const login = { username: 'ann', groups: ['sre'], issuer: 'https://id.example', expiresAt: NOW + 1000 }
        await store.putLogin('h', login)
        expect([await store.login('h', NOW + 999), await store.login('h', NOW + 1000)]).toEqual([login, null])
        await store.deleteLogin('h')
        expect(await store.login('h', NOW)).toBeNull()
      })

      it('sweeps codes and logins that ended long ago', async () => {
        const { store } = await open()
        await store.putCode('old', { purpose: 'enrol', payload: '', expiresAt: NOW - 2 * 3_600_000 })
        await store.putCode('new', { purpose: 'enrol', payload: '', expiresAt: NOW })
        const { rows } = await subject.raw.execute('SELECT sha256 FROM codes')
        expect(rows.map((row) => row['sha256'])).toEqual(['new'])
      })
    })

    describe('recordings', () => {
      it('tells what a session did', async () => {
        const { log, recordings } = await open()
        const open_ = event('session.open', 'o1', {
          session: 's1',
          actor: { username: 'agent', groups: ['ai-agents'], issuer: 'https://id.example' },
          connection: 'demo',
          data: { client: 'kubectl/v1.35.2', purpose: 'tidy up' },
        })
        const deny = { effect: 'Deny', policy: 'p', rule: 'never', reason: 'no', revision: 1 } as const
        const mask = { count: 2, rules: { secret: 2 } }
        await log.append([{ event: open_ }, intent('r1')], 'fsynced')
        await log.append([result('r1-end', 'r1', { mask }, 'hello')], 'committed')
        await log.append(
          [
            intent('r2', { decision: deny, command: 'c2' }, { verb: 'delete', kubectlCommand: 'kubectl delete' }),
            result('r2-end', 'r2', { command: 'c2', res: { outcome: 'refused', code: 403, durationMs: 0, bytes: 0 } }),
          ],
          'fsynced',
        )
        const at = new Date(NOW).toISOString()
        expect(await recordings.session('s1')).toEqual({
          id: 's1',
          connection: 'demo',
          agent: { username: 'agent', groups: ['ai-agents'], issuer: 'https://id.example' },
          purpose: 'tidy up',
          userAgent: 'kubectl/v1.35.2',
          startedAt: at,
          lastAt: at,
          commands: 2,
          requests: 2,
          denials: 1,
          masks: 2,
          live: true,
        })
        expect(await recordings.session('s2')).toBeNull()
        const { items } = await recordings.commands('s1', { limit: 10 })
        expect(
          items.map(({ id, outcome, requests, denials, masks }) => [id, outcome, requests, denials, masks]),
        ).toEqual([
          ['c1', 'ok', 1, 0, 2],
          ['c2', 'refused', 1, 1, 0],
        ])
        expect(items.every(({ title }) => title.startsWith('kubectl'))).toBe(true)
        const request = await recordings.request('r1')
        expect(request).toMatchObject({
          id: 'r1',
          session: 's1',
          command: 'c1',
          at,
          request: { verb: 'list', namespace: 'shop' },
          decision: { effect: 'Allow' },
          mask,
          result: { outcome: 'ok', bytes: 5 },
          bodies: [{ kind: 'response', mediaType: 'text/plain', bytes: 5 }],
        })
        expect(await recordings.request('r1-end')).toBeNull()
        const ids: string[] = []
        for await (const text of recordings.leaves('s1')) ids.push(parseLeaf(text).id)
        expect(ids).toEqual(['o1', 'r1', 'r1-end', 'r2', 'r2-end'])
      })

      it('is not moved by who looks at it later', async () => {
        const { log, recordings } = await open()
        await log.append([intent('r1'), result('e1', 'r1')], 'committed')
        const before = await recordings.session('s1')
        const later = { session: 's1', ts: new Date(NOW + 90_000).toISOString() }
        const viewer = { username: 'ann', groups: [], issuer: 'i' }
        await log.append([{ event: event('view', 'v1', { ...later, actor: viewer, connection: 'demo' }) }], 'committed')
        expect(await recordings.session('s1')).toEqual(before)
      })

      it('shows what runs as running, then by its worst outcome', async () => {
        const { log, recordings } = await open()
        await log.append([intent('r1'), intent('r2')], 'committed')
        const outcome = async () => (await recordings.commands('s1', { limit: 1 })).items[0]?.outcome
        expect(await outcome()).toBe('running')
        expect((await recordings.request('r1'))?.result).toBeUndefined()
        await log.append(
          [result('e1', 'r1', { res: { outcome: 'failed', code: 500, durationMs: 1, bytes: 0 } })],
          'committed',
        )
        expect(await outcome()).toBe('running')
        await log.append([result('e2', 'r2')], 'committed')
        expect(await outcome()).toBe('failed')
      })

      it.each([
        ['running long ago', NOW - 3_600_000, false, true],
        ['quiet for less than a minute', NOW - 59_999, true, true],
        ['quiet for a minute', NOW - 60_000, true, false],
      ])('%s: live or not', async (_, at, ended, live) => {
        const { log, recordings } = await open()
        const ts = new Date(at).toISOString()
        await log.append([intent('r1', { ts }), ...(ended ? [result('e1', 'r1', { ts })] : [])], 'committed')
        expect((await recordings.session('s1'))?.live).toBe(live)
      })

      it.each([
        ['nothing', {}, ['b', 'a']],
        ['a connection', { connection: 'demo' }, ['a']],
        ['an agent', { agent: 'robot' }, ['b']],
        ['part of an agent', { text: 'OBO' }, ['b']],
        ['part of a namespace', { text: 'sho' }, ['a']],
        ['part of a kubectl command', { text: 'kubectl ap' }, ['b']],
        ['part of a resource', { text: 'ploy' }, ['b']],
        ['part of a connection', { text: 'pro' }, ['b']],
        ['part of a purpose', { text: 'tidy' }, ['b']],
        ['a wildcard, taken literally', { text: '%' }, []],
        ['what is not there', { text: 'zzz' }, []],
      ])('finds sessions by %s', async (_, filter, ids) => {
        const { log, recordings } = await open()
        await log.append(
          [
            intent('r1', { session: 'a', command: 'ca' }),
            {
              event: event('session.open', 'o2', {
                session: 'b',
                ts: new Date(NOW + 1).toISOString(),
                actor: { username: 'robot', groups: [], issuer: 'i' },
                connection: 'prod',
                data: { purpose: 'tidy up' },
              }),
            },
            intent(
              'r2',
              { session: 'b', command: 'cb', ts: new Date(NOW + 2).toISOString() },
              { kubectlCommand: 'kubectl apply', resource: 'deployments', namespace: '' },
            ),
          ],
          'committed',
        )
        const { items } = await recordings.sessions({ ...filter, limit: 10 })
        expect(items.map(({ id }) => id)).toEqual(ids)
      })

      it('pages sessions, commands and requests without gap or overlap, also at equal times', async () => {
        const { log, recordings } = await open()
        const entries = Array.from({ length: 25 }, (_, at) => {
          const n = String(at).padStart(2, '0')
          return [intent(`r${n}`, { command: `c${n}` }), intent(`x${n}`, { session: `s-${n}`, command: `d${n}` })]
        }).flat()
        await log.append(entries, 'committed')
        const all = async (page: (cursor?: string) => Promise<{ items: readonly { id: string }[]; next?: string }>) => {
          const pages: string[][] = []
          let cursor: string | undefined
          do {
            const { items, next } = await page(cursor)
            pages.push(items.map(({ id }) => id))
            cursor = next
          } while (cursor !== undefined)
          return pages
        }
        const at = (cursor?: string) => ({ limit: 10, ...(cursor === undefined ? {} : { cursor }) })
        const numbers = Array.from({ length: 25 }, (_, n) => String(n).padStart(2, '0'))
        const commands = await all((cursor) => recordings.commands('s1', at(cursor)))
        expect(commands.map((page) => page.length)).toEqual([10, 10, 5])
        expect(commands.flat()).toEqual(numbers.map((n) => `c${n}`))
        const requests = await all((cursor) => recordings.requests('s1', at(cursor)))
        expect(requests.flat()).toEqual(numbers.map((n) => `r${n}`))
        const sessions = await all((cursor) => recordings.sessions(at(cursor)))
        expect(sessions.flat()).toEqual(['s1', ...numbers.map((n) => `s-${n}`).reverse()])
        const exact = await recordings.requests('s1', { limit: 25 })
        expect([exact.items.length, exact.next]).toEqual([25, undefined])
        expect((await recordings.requests('s1', { limit: 5, command: 'c03' })).items.map(({ id }) => id)).toEqual([
          'r03',
        ])
      })

      it('joins the segments of a body in order', async () => {
        const { log, recordings } = await open()
        const segment = (seq: number, text: string): Entry => ({
          event: event('stream.segment', `seg${seq}`, { session: 's1', command: 'c1', ref: 'r1' }),
          body: { kind: 'response', seq, mediaType: 'text/plain', bytes: utf8.encode(text) },
        })
        await log.append([intent('r1'), segment(0, 'one '), segment(1, 'two '), segment(2, 'three')], 'committed')
        const body = await recordings.body('r1', 'response')
        let text = ''
        for (let chunk = await body?.bytes.read(); chunk; chunk = await body?.bytes.read()) {
          text += new TextDecoder().decode(chunk)
        }
        expect(text).toBe('one two three')
        expect((await recordings.request('r1'))?.bodies).toEqual([
          { kind: 'response', mediaType: 'text/plain', bytes: 13 },
        ])
        expect(await recordings.body('r1', 'request')).toBeNull()
        const cancelled = await recordings.body('r1', 'response')
        cancelled?.bytes.cancel('enough')
        expect(await cancelled?.bytes.read()).toBeNull()
      })

      it('points a command at its recorded stream, not at a forwarded port', async () => {
        const { log, recordings } = await open()
        const opens = (id: string, command: string, kind: string): Entry => ({
          event: event('stream.open', `${id}-open`, { session: 's1', command, ref: id, data: { kind } }),
        })
        await log.append([intent('r1'), opens('r1', 'c1', 'exec')], 'committed')
        await log.append([intent('r2', { command: 'c2' }), opens('r2', 'c2', 'portforward')], 'committed')
        const { items } = await recordings.commands('s1', { limit: 10 })
        expect(items.map(({ stream }) => stream)).toEqual(['r1', undefined])
      })

      it('derives the same again from the leaves', async () => {
        const { log, recordings, rebuildReadModel } = await open()
        for (let at = 0; at < 30; at += 1) {
          const place = { session: `s${at % 3}`, command: `c${at % 7}-${at % 3}` }
          const mask = { count: at, rules: { secret: at } }
          await log.append([intent(`r${at}`, place)], 'committed')
          if (at % 4 !== 0) await log.append([result(`e${at}`, `r${at}`, { ...place, mask })], 'committed')
        }
        const read = async () => {
          const { items } = await recordings.sessions({ limit: 10 })
          return [items, ...(await Promise.all(items.map(({ id }) => recordings.commands(id, { limit: 100 }))))]
        }
        const before = await read()
        await subject.raw.execute("UPDATE sessions SET requests = 99, username = 'someone'")
        await subject.raw.execute('DELETE FROM commands')
        await rebuildReadModel()
        expect(await read()).toEqual(before)
      })

      it('lists intents that another writer left without a result, and only those', async () => {
        const crashed = await open()
        await crashed.log.append([intent('r1'), intent('r2'), result('e2', 'r2'), intent('r3')], 'committed')
        const { log, unfinished } = await open()
        await log.append([intent('r4')], 'committed')
        const page = await unfinished.list({ after: '', limit: 1 })
        expect(page).toEqual([{ id: 'r1', session: 's1', command: 'c1', at: NOW }])
        expect((await unfinished.list({ after: 'r1', limit: 10 })).map(({ id }) => id)).toEqual(['r3'])
        expect(await unfinished.list({ after: '', limit: 10, connection: 'other' })).toEqual([])
        expect((await unfinished.list({ after: '', limit: 10, connection: 'demo' })).length).toBe(2)
      })
    })
  })
}
