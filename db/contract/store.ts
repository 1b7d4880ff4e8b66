// What every Store over a database must do: revisions, tombstones, codes that are given once.

import { describe, expect, it } from 'vitest'
import { NOW, type Opened } from './fixtures.ts'

export function storeContract({ open, subject }: Opened): void {
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
      expect([await store.revokeConnector('k1', 't2'), await store.revokeConnector('k1', 't3')]).toEqual([true, false])
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
      const { rows } = await subject().raw.execute('SELECT source FROM documents ORDER BY revision')
      expect(rows.map((row) => row.source)).toEqual(['a1', 'q1', 'a2'])
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
      const { rows } = await subject().raw.execute('SELECT sha256 FROM codes')
      expect(rows.map((row) => row.sha256)).toEqual(['new'])
    })
  })
}
