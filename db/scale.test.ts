// A session of 10,000 commands is listed page by page, and its usage read back, through indexes: nothing is scanned or
// sorted that a page does not need.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { expect, it } from 'vitest'
import { counterBytes, intent, NOW, result } from './contract/fixtures.ts'
import { openDatabase } from './embedded.ts'

const COMMANDS = 10_000

it('lists a session of 10,000 commands quickly', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-db-'))
  const url = `file:${join(folder, 'log.db')}`
  const { log, recordings, usage, close } = await openDatabase({
    url,
    clock: { now: () => NOW },
    random: counterBytes(),
  })
  const appends = Array.from({ length: COMMANDS }, (_, at) => {
    const n = String(at).padStart(5, '0')
    const place = { command: `c${n}`, ts: new Date(NOW + at).toISOString() }
    return log.append([intent(`r${n}`, place), result(`e${n}`, `r${n}`, place, 'x'.repeat(500))], 'committed')
  })
  await Promise.all(appends)
  const first = await recordings.commands('s1', { limit: 200 })
  const sessions = await recordings.sessions({ limit: 50, text: 'shop' })
  const requests = await recordings.requests('s1', { limit: 200 })
  expect([first.items.length, requests.items.length]).toEqual([200, 200])
  expect(sessions.items.map(({ commands }) => commands)).toEqual([COMMANDS])

  const newest = await usage.intents({ session: 's1' }, 1000)
  const recent = await usage.intents({ connection: 'demo', since: NOW + COMMANDS - 1000 }, COMMANDS)
  const last = Array.from({ length: 1000 }, (_, at) => NOW + COMMANDS - 1000 + at)
  expect([newest.map(({ at }) => at), recent.map(({ at }) => at)]).toEqual([last, last])

  const raw = createClient({ url })
  const plans = [
    "SELECT * FROM commands WHERE session = 's1' ORDER BY started_at, id LIMIT 200",
    "SELECT * FROM requests WHERE session = 's1' AND id > 'r' ORDER BY id LIMIT 200",
    "SELECT * FROM requests WHERE session = 's1' AND command = 'c1' AND result IS NULL",
    'SELECT * FROM sessions ORDER BY started_at DESC, id DESC LIMIT 50',
    "SELECT * FROM leaves WHERE session = 's1' AND idx > 5 ORDER BY idx LIMIT 500",
    "SELECT * FROM bodies WHERE request = 'r' AND kind = 'response' AND seq > 1 ORDER BY seq LIMIT 1",
    "SELECT record FROM holds WHERE connection = 'demo' AND open = 1 ORDER BY opened_at, id",
    'SELECT record FROM holds WHERE open = 1 AND (opened_at, id) < (1, 2) ORDER BY opened_at DESC, id DESC LIMIT 50',
    "SELECT record FROM holds WHERE connection = 'demo' ORDER BY opened_at DESC, id DESC LIMIT 50",
    "SELECT record FROM holds WHERE session = 's1' AND open = 0 ORDER BY opened_at DESC, id DESC LIMIT 50",
    'SELECT record FROM grants WHERE ended_at IS NULL AND expires_at > 5 ORDER BY opened_at DESC, id DESC LIMIT 50',
    'SELECT record FROM grants ORDER BY opened_at DESC, id DESC LIMIT 50',
    "SELECT record FROM grants WHERE connection = 'demo' AND ended_at IS NULL ORDER BY opened_at, id",
    "SELECT record FROM notices WHERE connection = 'demo' AND state = 'waiting' ORDER BY next_at, id",
    "SELECT record FROM notices WHERE hold = 'h1' ORDER BY id",
    "SELECT max(revision) FROM documents d WHERE d.kind = 'K' GROUP BY d.name",
  ]
  for (const sql of plans) {
    const { rows } = await raw.execute(`EXPLAIN QUERY PLAN ${sql}`)
    for (const { detail } of rows) expect(String(detail)).toMatch(/USING (COVERING )?INDEX|USING INTEGER PRIMARY KEY/)
  }
  raw.close()
  await close()
  rmSync(folder, { recursive: true })
})
