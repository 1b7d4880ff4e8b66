// What every UsageHistory over a database must do: the newest intents, oldest first, of a session or a connection.

import { describe, expect, it } from 'vitest'
import type { Entry } from '../../worker/ports.ts'
import { event, intent, NOW, type Opened, result, utf8 } from './fixtures.ts'

const at = (ms: number) => ({ ts: new Date(NOW + ms).toISOString() })
const EXEC = { verb: 'connect', subresource: 'exec' } as const

export function usageContract({ open, subject }: Opened): void {
  describe('usage', () => {
    it('tells who asked what, what was decided and whether it was refused', async () => {
      const { log, usage } = await open()
      const deny = { effect: 'Deny', policy: 'p', rule: 'never', reason: 'no', revision: 1 } as const
      const refused = { outcome: 'refused', code: 403, durationMs: 0, bytes: 12 } as const
      const first = intent('r1', at(1), { verb: 'delete' })
      await log.append([first, result('e1', 'r1', {}, 'hello')], 'committed')
      await log.append([intent('r2', { ...at(2), decision: deny }), result('e2', 'r2', { res: refused })], 'committed')
      await log.append([intent('r3', at(3))], 'committed')
      const found = await usage.intents({ session: 's1' }, 10)
      expect(found[0]).toEqual({
        session: 's1',
        username: 'agent',
        issuer: 'https://id.example',
        at: NOW + 1,
        request: first.event.request,
        effect: 'Allow',
        refused: false,
        bytes: 0,
      })
      expect(found.map((one) => [one.at - NOW, one.effect, one.refused, one.bytes])).toEqual([
        [1, 'Allow', false, 0],
        [2, 'Deny', true, 0],
        [3, 'Allow', false, 0],
      ])
      expect(await usage.intents({ session: 's2' }, 10)).toEqual([])
    })

    it.each([
      ['an exec', EXEC, 4096],
      ['an attach', { verb: 'connect', subresource: 'attach' }, 4096],
      ['a port-forward', { verb: 'connect', subresource: 'portforward' }, 4096],
      ['a get, whose response is no stream', { verb: 'get' }, 0],
      ['logs, which nobody sends anything to', { verb: 'get', subresource: 'log' }, 0],
    ])('counts the bytes of %s', async (_, request, bytes) => {
      const { log, usage } = await open()
      const res = { outcome: 'ok', code: 101, durationMs: 1, bytes: 4096 } as const
      await log.append([intent('r1', {}, request), result('e1', 'r1', { res })], 'committed')
      expect((await usage.intents({ session: 's1' }, 10)).map((one) => one.bytes)).toEqual([bytes])
    })

    it.each([
      ['without a result', []],
      [
        'whose result is unknown',
        [result('e1', 'r1', { res: { outcome: 'unknown', code: 0, durationMs: 1, bytes: 0 } })],
      ],
    ])('counts what was recorded of an exec %s', async (_, ends) => {
      const { log, usage } = await open()
      const segment = (seq: number): Entry => ({
        event: event('stream.segment', `seg${seq}`, { session: 's1', command: 'c1', ref: 'r1' }),
        body: { kind: 'stream', seq, mediaType: 'application/octet-stream', bytes: utf8.encode('x'.repeat(100)) },
      })
      await log.append([intent('r1', {}, EXEC), segment(0), segment(1), ...ends], 'committed')
      expect((await usage.intents({ session: 's1' }, 10)).map((one) => one.bytes)).toEqual([200])
    })

    it('leaves out the gateway’s own questions, and fills up to the limit behind them', async () => {
      const { log, usage } = await open()
      const kinds = ['dry-run', 'exists', 'read', 'reach'] as const
      const entries = Array.from({ length: 40 }, (_, n) => {
        const id = String(n).padStart(2, '0')
        const own = kinds.map((preparatory) => intent(`r${id}-${preparatory}`, at(n), { preparatory }))
        return [intent(`r${id}`, at(n)), ...own]
      })
      await log.append(entries.flat(), 'committed')
      const times = async (of: Parameters<typeof usage.intents>[0], limit: number) =>
        (await usage.intents(of, limit)).map((one) => one.at - NOW)
      const all = Array.from({ length: 40 }, (_, n) => n)
      for (const of of [{ session: 's1' }, { connection: 'demo', since: NOW }]) {
        expect(await times(of, 10)).toEqual(all.slice(30))
        expect(await times(of, 40)).toEqual(all)
        expect(await times(of, 1000)).toEqual(all)
        expect(await times(of, 1)).toEqual([39])
        expect(await times(of, 0)).toEqual([])
      }
    })

    it('finds those of a connection since a time, in all its sessions, and of no other', async () => {
      const { log, usage } = await open()
      await log.append(
        [
          intent('r5', { ...at(5), session: 's2', command: 'c2' }),
          intent('r1', at(1)),
          intent('r4', { ...at(4), session: 's3', command: 'c3', connection: 'prod' }),
          intent('r3', at(3)),
          intent('r2', at(2)),
        ],
        'committed',
      )
      const found = await usage.intents({ connection: 'demo', since: NOW + 2 }, 10)
      expect(found.map((one) => [one.at - NOW, one.session])).toEqual([
        [2, 's1'],
        [3, 's1'],
        [5, 's2'],
      ])
      expect((await usage.intents({ connection: 'prod', since: 0 }, 10)).length).toBe(1)
      expect(await usage.intents({ connection: 'none', since: 0 }, 10)).toEqual([])
    })

    it('reads page by page, also many at one time, and sees what another gateway has just recorded', async () => {
      const [writing, reading] = [await open(), await open()]
      const ids = Array.from({ length: 1203 }, (_, n) => `r${String(n).padStart(4, '0')}`)
      await writing.log.append(
        ids.map((id) => intent(id, {}, { name: id })),
        'committed',
      )
      for (const of of [{ session: 's1' }, { connection: 'demo', since: NOW }]) {
        const names = (found: Awaited<ReturnType<typeof reading.usage.intents>>) => found.map((one) => one.request.name)
        expect(names(await reading.usage.intents(of, 5000))).toEqual(ids)
        expect(names(await reading.usage.intents(of, 1100))).toEqual(ids.slice(103))
      }
    })

    it('goes by indexes', async () => {
      await open()
      const join = `FROM requests INNER JOIN leaves asked ON asked.id = requests.id
LEFT JOIN leaves ended ON ended.id = requests.result`
      for (const [sql, index] of [
        [`${join} WHERE requests.session = 's1' AND requests.id < 'r' ORDER BY requests.id DESC`, 'requests_session'],
        [
          `${join} WHERE requests.connection = 'demo' AND requests.at >= 5 AND (requests.at, requests.id) < (9, 'r')
ORDER BY requests.at DESC, requests.id DESC`,
          'requests_connection',
        ],
      ] as const) {
        const { rows } = await subject().raw.execute(
          `EXPLAIN QUERY PLAN SELECT asked.leaf, ended.leaf ${sql} LIMIT 500`,
        )
        const plan = rows.map(({ detail }) => String(detail))
        expect(plan[0]).toContain(`USING INDEX ${index} `)
        expect(plan.slice(1).every((step) => step.includes('leaves_id'))).toBe(true)
      }
    })
  })
}
