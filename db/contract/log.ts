// What every Log over a database must do: order, chains, durability of what was acknowledged, append only.

import { describe, expect, it } from 'vitest'
import { type Entry, LogUnavailable } from '../../worker/ports.ts'
import { DatabaseRefused } from '../migrate.ts'
import { checkLog, event, intent, type Opened, result, utf8 } from './fixtures.ts'

export function logContract({ open, subject }: Opened): void {
  describe('log', () => {
    it('answers with the id and leaf hash of each entry, in order', async () => {
      const { log } = await open()
      const receipts = await log.append([intent('r1'), result('r1-end', 'r1', {}, 'hello')], 'fsynced')
      const { rows } = await subject().raw.execute('SELECT id, hash AS leaf FROM leaves ORDER BY idx')
      expect(receipts).toEqual(rows.map(({ id, leaf }) => ({ id, leaf })))
      expect(await checkLog(subject().raw)).toEqual(['r1', 'r1-end'])
      expect(log.pendingBytes).toBe(0)
    })

    it('appends nothing for no entries', async () => {
      const { log } = await open()
      expect(await log.append([], 'fsynced')).toEqual([])
      expect(await checkLog(subject().raw)).toEqual([])
    })

    it('keeps the order of calls made at once, through every size of statement', async () => {
      const { log } = await open()
      const ids = Array.from({ length: 300 }, (_, at) => `r${String(at).padStart(4, '0')}`)
      const calls = ids.map((id, at) => log.append([intent(id)], at % 2 === 0 ? 'committed' : 'fsynced'))
      expect(log.pendingBytes).toBeGreaterThan(0)
      const receipts = await Promise.all(calls)
      expect(receipts.flat().map(({ id }) => id)).toEqual(ids)
      expect(await checkLog(subject().raw)).toEqual(ids)
      expect(log.pendingBytes).toBe(0)
    })

    it('stays dense and chained with two gateways on one database', async () => {
      const [a, b] = [await open(), await open()]
      const calls = Array.from({ length: 40 }, (_, at) =>
        (at % 2 === 0 ? a : b).log.append([intent(`r${at}`)], 'committed'),
      )
      await Promise.all(calls)
      expect((await checkLog(subject().raw)).length).toBe(40)
    })

    it('goes on with a new chain after it was opened again', async () => {
      const first = await open()
      await first.log.append([intent('r1')], 'committed')
      await first.close()
      const second = await open()
      await second.log.append([intent('r2')], 'committed')
      expect(await checkLog(subject().raw)).toEqual(['r1', 'r2'])
      const { rows } = await subject().raw.execute('SELECT DISTINCT writer FROM leaves')
      expect(rows.length).toBe(2)
    })

    it('refuses an id used twice, whole call, without harm to calls beside it', async () => {
      const { log } = await open()
      await log.append([intent('r1')], 'committed')
      const [before, twice, after] = await Promise.allSettled([
        log.append([intent('r2')], 'committed'),
        log.append([intent('r3'), intent('r1', {}, { verb: 'delete' })], 'committed'),
        log.append([intent('r4')], 'committed'),
      ])
      expect([before?.status, twice?.status, after?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(twice?.status === 'rejected' && twice.reason).toBeInstanceOf(LogUnavailable)
      expect(await checkLog(subject().raw)).toEqual(['r1', 'r2', 'r4'])
    })

    it('takes what it has recorded already, word for word, for appended; what another gateway recorded it refuses', async () => {
      const { log } = await open()
      const entries = [intent('r1'), result('e1', 'r1', {}, 'hello')]
      const first = await log.append(entries, 'committed')
      expect(await log.append(entries, 'committed')).toEqual(first)
      const longer = [intent('r1'), result('e1', 'r1', {}, 'hello!')]
      await expect(log.append(longer, 'committed')).rejects.toBeInstanceOf(LogUnavailable)
      const other = await open()
      await expect(other.log.append(entries, 'committed')).rejects.toBeInstanceOf(LogUnavailable)
      await log.append([intent('r2')], 'committed')
      expect(await checkLog(subject().raw)).toEqual(['r1', 'e1', 'r2'])
    })

    it('refuses a number that no leaf can hold', async () => {
      const { log } = await open()
      const bad = { event: event('view', 'v1', { data: { value: Number.NaN } }) }
      await expect(log.append([bad], 'committed')).rejects.toBeInstanceOf(LogUnavailable)
      await log.append([intent('r1')], 'committed')
      expect(await checkLog(subject().raw)).toEqual(['r1'])
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
      await expect(subject().raw.execute(sql)).rejects.toThrow(/append only|write once/)
      expect(await checkLog(subject().raw)).toEqual(['r1', 'r1-end'])
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
      await subject().raw.executeMultiple(sql)
      const failure = await subject()
        .open()
        .catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(DatabaseRefused)
      expect(String(failure)).toMatch(message)
    })
  })
}
