// The test server behaves like a server: streams by baton, transactions that exclude each other, counts with RETURNING.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient as nodeClient } from '@libsql/client'
import { createClient as webClient } from '@libsql/client/web'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HranaServer, startHrana } from './hrana.ts'

let folder: string
let server: HranaServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-hrana-'))
  server = await startHrana({ file: join(folder, 'a.db'), authToken: 'token' })
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

describe.each([
  ['the web client', webClient],
  ['the client of Node', nodeClient],
])('%s', (_, createClient) => {
  const client = () => createClient({ url: server.url, authToken: 'token' })

  it('gets every kind of value back', async () => {
    const row = { a: 1, b: 1.5, c: 'é', d: null, e: new Uint8Array([0, 255]).buffer }
    const { rows, columns } = await client().execute({
      sql: 'SELECT ? a, ? b, ? c, ? d, ? e',
      args: Object.values(row),
    })
    expect(columns).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(rows[0]).toMatchObject(row)
    const named = await client().execute({ sql: 'SELECT :x AS x', args: { x: 'named' } })
    expect(named.rows[0]?.x).toBe('named')
  })

  it('counts rows, also with RETURNING, and takes a lone blob', async () => {
    const db = client()
    await db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)')
    const inserted = await db.execute({ sql: 'INSERT INTO t (b) VALUES (?)', args: [new Uint8Array(3)] })
    expect([inserted.rowsAffected, inserted.lastInsertRowid]).toEqual([1, 1n])
    const returned = await db.execute('INSERT INTO t (b) VALUES (1), (2) RETURNING id')
    expect([returned.rowsAffected, returned.rows.map((row) => row.id)]).toEqual([2, [2, 3]])
  })

  it('rolls a failed batch back and names the error', async () => {
    const db = client()
    await db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY)')
    const twice = ['INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES (1)']
    await expect(db.batch(twice, 'write')).rejects.toMatchObject({ code: expect.stringContaining('SQLITE_CONSTRAINT') })
    expect((await db.execute('SELECT count(*) AS n FROM t')).rows[0]?.n).toBe(0)
  })

  it('lets a second writer wait for an interactive transaction', async () => {
    const db = client()
    await db.execute('CREATE TABLE t (n INTEGER)')
    const transaction = await db.transaction('write')
    await transaction.execute('INSERT INTO t VALUES (1)')
    const other = client().batch(['INSERT INTO t VALUES (2)'], 'write')
    expect((await transaction.execute('SELECT n FROM t')).rows.map((row) => row.n)).toEqual([1])
    await transaction.commit()
    await other
    expect((await db.execute('SELECT n FROM t')).rows.map((row) => row.n)).toEqual([1, 2])
  })

  it('forgets a transaction that was rolled back', async () => {
    const db = client()
    await db.execute('CREATE TABLE t (n INTEGER)')
    const transaction = await db.transaction('write')
    await transaction.execute('INSERT INTO t VALUES (1)')
    await transaction.rollback()
    expect((await db.execute('SELECT count(*) AS n FROM t')).rows[0]?.n).toBe(0)
  })

  it('refuses another token', async () => {
    await expect(createClient({ url: server.url, authToken: 'other' }).execute('SELECT 1')).rejects.toThrow(
      /unauthorised/,
    )
  })
})
