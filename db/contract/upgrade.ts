// A database made by an earlier version opens, keeps what it holds, and can do what is new.

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../migrations.ts'
import { planAppend } from '../plan.ts'
import { intent, NOW, type Opened, result } from './fixtures.ts'

/** Migrations that the first version had. */
const FIRST = 2

export function upgradeContract({ open, subject }: Opened): void {
  describe('upgrade', () => {
    it('opens what the first version left, with its sessions, and counts on', async () => {
      const { raw } = subject()
      await raw.execute('CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text, created_at numeric)')
      for (const { tag, when, statements } of MIGRATIONS.slice(0, FIRST)) {
        const record = { sql: 'INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)', args: [tag, when] }
        await raw.batch([...statements, record], 'write')
      }
      const sha256 = (...parts: Uint8Array[]) => {
        const hash = createHash('sha256')
        for (const part of parts) hash.update(part)
        return hash.digest()
      }
      const mask = { count: 3, rules: { secret: 2, jwt: 1 } }
      const entries = [
        intent('r1', { mask }),
        result('e1', 'r1', { mask }),
        intent('r2', { mask, session: 's2', command: 'c2' }),
      ]
      const plan = planAppend(
        entries.map(({ event }) => ({ event })),
        { writer: 'old', wseq: 0, wprev: '' },
        sha256,
      )
      // The read model as the first version derived it; the last leaf was not projected any more.
      await raw.batch(
        [
          ...plan.statements.map(({ sql, args }) => ({ sql, args: [...args] })),
          `INSERT INTO sessions (id, connection, username, groups, issuer, user_agent, started_at, last_at, commands,
requests, denials, masks) VALUES ('s1', 'demo', 'agent', '[]', 'i', 'kubectl', ${NOW}, ${NOW}, 0, 1, 0, 6)`,
          `INSERT INTO commands (id, session, started_at, ended_at, requests, denials, masks, worst)
VALUES ('c1', 's1', ${NOW}, ${NOW}, 1, 0, 0, 0)`,
          `INSERT INTO requests (id, session, command, at, writer, result) VALUES ('r1', 's1', 'c1', ${NOW}, 'old', 'e1')`,
          'UPDATE projection SET next = 2',
        ],
        'write',
      )

      const { log, recordings, usage, holds } = await open()
      expect(await recordings.session('s1')).toMatchObject({ requests: 1, commands: 1, holds: 0, masks: 6 })
      expect((await recordings.session('s1'))?.maskRules).toEqual({ jwt: 2, secret: 4 })
      // Of the leaf that was not projected as well, once.
      expect((await recordings.session('s2'))?.maskRules).toEqual({ jwt: 1, secret: 2 })
      expect(await recordings.session('s2')).toMatchObject({ requests: 1, commands: 1, holds: 0 })
      expect((await usage.intents({ connection: 'demo', since: NOW }, 10)).map(({ session }) => session)).toEqual([
        's1',
        's2',
      ])
      const decision = { effect: 'Hold', policy: 'p', rule: 'r', reason: 'ask', revision: 1 } as const
      await log.append([intent('r3', { decision })], 'committed')
      expect(await recordings.session('s1')).toMatchObject({ requests: 2, holds: 1 })
      expect((await recordings.commands('s1', { limit: 10 })).items).toMatchObject([{ id: 'c1', holds: 1 }])
      expect((await holds.holds({ limit: 10 })).items).toEqual([])
      const { rows } = await raw.execute('SELECT hash FROM __drizzle_migrations ORDER BY id')
      expect(rows.map(({ hash }) => hash)).toEqual(MIGRATIONS.map(({ tag }) => tag))
    })
  })
}
