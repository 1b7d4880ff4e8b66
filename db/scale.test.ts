// A session of 10,000 commands is listed page by page through indexes: nothing is scanned or sorted that a page does not need.

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
  const { log, recordings, close } = await openDatabase({ url, clock: { now: () => NOW }, random: counterBytes() })
  const appends = Array.from({ length: COMMANDS }, (_, at) => {
    const n = String(at).padStart(5, '0')
    const place = { command: `c${n}`, ts: new Date(NOW + at).toISOString() }
    return log.append([intent(`r${n}`, place), result(`e${n}`, `r${n}`, place, 'x'.repeat(500))], 'committed')
  })
  await Promise.all(appends)
  const started = performance.now()
  const first = await recordings.commands('s1', { limit: 200 })
  const sessions = await recordings.sessions({ limit: 50, text: 'shop' })
  const requests = await recordings.requests('s1', { limit: 200 })
  const elapsed = performance.now() - started
  expect([first.items.length, requests.items.length]).toEqual([200, 200])
  expect(sessions.items.map(({ commands }) => commands)).toEqual([COMMANDS])
  // 20 ms here; ten times that on a slow machine is still far from a full scan per row.
  expect(elapsed).toBeLessThan(1000)

  const raw = createClient({ url })
  const plans = [
    "SELECT * FROM commands WHERE session = 's1' ORDER BY started_at, id LIMIT 200",
    "SELECT * FROM requests WHERE session = 's1' AND id > 'r' ORDER BY id LIMIT 200",
    "SELECT * FROM requests WHERE session = 's1' AND command = 'c1' AND result IS NULL",
    'SELECT * FROM sessions ORDER BY started_at DESC, id DESC LIMIT 50',
    "SELECT * FROM leaves WHERE session = 's1' AND idx > 5 ORDER BY idx LIMIT 500",
    "SELECT * FROM bodies WHERE request = 'r' AND kind = 'response' AND seq > 1 ORDER BY seq LIMIT 1",
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
