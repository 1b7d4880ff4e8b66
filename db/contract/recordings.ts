// What every Recordings over a database must do: summaries, search, paging, bodies, and the same again when rebuilt.

import { describe, expect, it } from 'vitest'
import type { LogEvent } from '../../protocol/log/event.ts'
import { parseLeaf } from '../../protocol/log/leaf.ts'
import type { Entry } from '../../worker/ports.ts'
import { event, intent, NOW, type Opened, result, utf8 } from './fixtures.ts'

export function recordingsContract({ open, subject }: Opened): void {
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
      const places = [{ rule: 'secret', at: 'data.password', count: 2 }]
      const mask = { count: 2, rules: { secret: 2 }, places }
      const argv = { count: 1, rules: { named: 1 }, places: [{ rule: 'named', at: 'argv', count: 1 }] }
      await log.append([{ event: open_ }, intent('r1', { mask: argv })], 'fsynced')
      expect(await recordings.session('s1')).toMatchObject({ masks: 1, maskRules: { named: 1 } })
      await log.append([result('r1-end', 'r1', { mask }, 'hello')], 'committed')
      await log.append(
        [
          intent('r2', { decision: deny, command: 'c2' }, { verb: 'delete', kubectlCommand: 'kubectl delete' }),
          result('r2-end', 'r2', {
            command: 'c2',
            mask: { count: 4, rules: { secret: 3, jwt: 1 } },
            res: { outcome: 'refused', code: 403, durationMs: 0, bytes: 0 },
          }),
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
        holds: 0,
        masks: 7,
        maskRules: { jwt: 1, named: 1, secret: 5 },
        live: true,
      })
      expect((await recordings.sessions({ limit: 1 })).items[0]?.maskRules).toBeUndefined()
      expect(await recordings.session('s2')).toBeNull()
      const { items } = await recordings.commands('s1', { limit: 10 })
      expect(items.map(({ id, outcome, requests, denials, masks }) => [id, outcome, requests, denials, masks])).toEqual(
        [
          ['c1', 'ok', 1, 0, 3],
          ['c2', 'refused', 1, 1, 4],
        ],
      )
      expect(items.map(({ mask }) => mask)).toEqual([
        { count: 3, rules: { named: 1, secret: 2 }, places: [...argv.places, ...places] },
        { count: 4, rules: { secret: 3, jwt: 1 } },
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
        mask: { count: 3, rules: { named: 1, secret: 2 }, places: [...argv.places, ...places] },
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

    it('counts what waited for people or passed by a grant or a plan, once, and says by which', async () => {
      const { log, recordings } = await open()
      const decision = {
        effect: 'Hold',
        policy: 'p',
        rule: 'ask',
        reason: 'a person looks first',
        revision: 1,
      } as const
      const hold = (type: 'hold.open' | 'hold.vote' | 'hold.use', id: string): Entry => ({
        event: event(type, id, { session: 's1', command: 'c1', connection: 'demo', decision, data: { hold: 'h1' } }),
      })
      const refused = { outcome: 'refused', code: 403, durationMs: 0, bytes: 0 } as const
      await log.append([intent('r1')], 'committed')
      await log.append([hold('hold.open', 'o1'), hold('hold.vote', 'v1')], 'committed')
      await log.append(
        [
          // What the gateway asks for the approver is part of the held request.
          intent('r2-read', { decision, ref: 'r2' }, { preparatory: 'read' }),
          intent('r2', { decision, data: { hold: 'h1' } }),
          hold('hold.use', 'u1'),
          intent('r3', { decision, command: 'c2', data: { hold: 'h1', grant: 'g1' } }),
          intent('r4', { decision, command: 'c2' }),
          result('e4', 'r4', { command: 'c2', res: refused }),
        ],
        'committed',
      )
      expect(await recordings.session('s1')).toMatchObject({ requests: 5, denials: 0, holds: 3 })
      const { items } = await recordings.commands('s1', { limit: 10 })
      expect(items.map(({ id, holds, requests }) => [id, holds, requests])).toEqual([
        ['c1', 1, 3],
        ['c2', 2, 2],
      ])
      const found = await recordings.requests('s1', { limit: 10 })
      expect(found.items.map(({ id, hold, grant, of }) => [id, hold, grant, of])).toEqual([
        ['r1', undefined, undefined, undefined],
        ['r2', 'h1', undefined, undefined],
        ['r2-read', undefined, undefined, 'r2'],
        ['r3', 'h1', 'g1', undefined],
        ['r4', undefined, undefined, undefined],
      ])
    })

    it('takes no part of a session from whoever answers, but knows when they did', async () => {
      const { log, recordings, rebuildReadModel } = await open()
      await log.append([intent('r1'), result('e1', 'r1')], 'committed')
      const before = await recordings.session('s1')
      const person = { username: 'alice', groups: ['sre'], issuer: 'i' }
      const types = ['hold.open', 'hold.vote', 'hold.close', 'hold.use', 'grant.open', 'grant.close'] as const
      for (const [at, type] of types.entries()) {
        const ts = new Date(NOW + (at + 1) * 1000).toISOString()
        const mask = { count: 1, rules: { secret: 1 } }
        const place = { session: 's1', command: 'c1', connection: 'demo', ts, mask }
        await log.append([{ event: event(type, `p${at}`, { ...place, actor: person, ref: 'r1' }) }], 'committed')
        expect(await recordings.session('s1')).toEqual({ ...before, lastAt: ts })
      }
      // Of a session that nobody opened there is nothing to show.
      await log.append([{ event: event('hold.open', 'p9', { session: 's9', actor: person }) }], 'committed')
      await log.append([{ event: event('grant.close', 'p10', { actor: person }) }], 'committed')
      expect(await recordings.session('s9')).toBeNull()
      const shown = [await recordings.sessions({ limit: 10 }), await recordings.commands('s1', { limit: 10 })]
      expect(shown[1]?.items).toMatchObject([{ id: 'c1', masks: 0, endedAt: new Date(NOW).toISOString() }])
      await rebuildReadModel()
      expect([await recordings.sessions({ limit: 10 }), await recordings.commands('s1', { limit: 10 })]).toEqual(shown)
    })

    it('keeps what people were shown under the event that asked them, also when it follows a request', async () => {
      const { log, recordings } = await open()
      const asks = (id: string, ref?: string): Entry => ({
        event: event('hold.open', id, { session: 's1', command: 'c1', ...(ref === undefined ? {} : { ref }) }),
        body: { kind: 'review', seq: 0, mediaType: 'application/json', bytes: utf8.encode(`"${id}"`) },
      })
      await log.append([intent('r1'), asks('o1'), asks('o2', 'r1'), asks('o3', 'r1')], 'committed')
      for (const id of ['o1', 'o2', 'o3']) {
        const body = await recordings.body(id, 'review')
        expect([body?.mediaType, new TextDecoder().decode((await body?.bytes.read()) ?? undefined)]).toEqual([
          'application/json',
          `"${id}"`,
        ])
      }
      expect(await recordings.body('r1', 'review')).toBeNull()
      expect((await recordings.request('r1'))?.bodies).toEqual([])
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
      expect((await recordings.requests('s1', { limit: 5, command: 'c03' })).items.map(({ id }) => id)).toEqual(['r03'])
    })

    it('gives the last commands that began by a moment, oldest first, however many there are', async () => {
      const { log, recordings } = await open()
      for (let i = 0; i < 5; i++) {
        const ts = new Date(NOW + i * 1000).toISOString()
        await log.append([intent(`r${i}`, { command: `c${i}`, ts })], 'committed')
      }
      const last = async (until: number, limit: number) => {
        const { items, next } = await recordings.commands('s1', { until, limit })
        return [...items.map(({ id }) => id), next]
      }
      expect(await last(NOW + 3000, 2)).toEqual(['c2', 'c3', undefined])
      expect(await last(NOW + 999, 2)).toEqual(['c0', undefined])
      expect(await last(NOW - 1, 2)).toEqual([undefined])
      expect(await last(NOW + 9000, 9)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', undefined])
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

    it('counts what a stream masks while it lasts, and nothing twice at its end', async () => {
      const { log, recordings, rebuildReadModel } = await open()
      const places = (count: number) => [{ rule: 'jwt', at: 'stdout', count }]
      const segment = (id: string, ref: string, mask?: LogEvent['mask']): Entry => ({
        event: event('stream.segment', id, {
          session: 's1',
          command: ref === 'r1' ? 'c1' : 'c2',
          ref,
          ...(mask === undefined ? {} : { mask }),
        }),
      })
      const seen = async () => {
        const { items } = await recordings.commands('s1', { limit: 10 })
        const session = await recordings.session('s1')
        const requests = await recordings.requests('s1', { limit: 10 })
        return {
          session: [session?.masks, session?.maskRules],
          commands: items.map(({ masks, mask }) => [masks, mask?.count, mask?.rules, mask?.places]),
          requests: requests.items.map(({ mask }) => mask),
        }
      }
      await log.append([intent('r1'), intent('r2', { command: 'c2' })], 'committed')
      await log.append([segment('g1', 'r1', { count: 3, rules: { jwt: 2, pem: 1 }, places: places(2) })], 'committed')
      await log.append([segment('g2', 'r1')], 'committed')
      expect(await seen()).toEqual({
        session: [3, { jwt: 2, pem: 1 }],
        commands: [
          [3, 3, { jwt: 2, pem: 1 }, places(2)],
          [0, undefined, undefined, undefined],
        ],
        requests: [{ count: 3, rules: { jwt: 2, pem: 1 }, places: places(2) }, undefined],
      })
      await log.append([segment('g3', 'r1', { count: 1, rules: { jwt: 1 }, places: places(1) })], 'committed')
      await log.append([segment('g4', 'r2', { count: 7, rules: { pem: 7 } })], 'committed')
      const ended = { count: 4, rules: { jwt: 4 }, places: places(4) }
      await log.append([result('e1', 'r1', { mask: ended })], 'committed')
      // A gateway that has crashed tells no more of its stream: what it told stays.
      const lost = { outcome: 'unknown', code: 0, durationMs: 1, bytes: 0 } as const
      await log.append([result('e2', 'r2', { command: 'c2', res: lost })], 'committed')
      const whole = {
        session: [15, { jwt: 7, pem: 8 }],
        commands: [
          [8, 8, { jwt: 7, pem: 1 }, places(7)],
          [7, 7, { pem: 7 }, undefined],
        ],
        requests: [
          { count: 8, rules: { jwt: 7, pem: 1 }, places: places(7) },
          { count: 7, rules: { pem: 7 } },
        ],
      }
      expect(await seen()).toEqual(whole)
      const told: number[] = []
      for await (const text of recordings.leaves('s1')) told.push(parseLeaf(text).mask?.count ?? 0)
      expect(told.reduce((sum, count) => sum + count, 0)).toBe(15)
      await rebuildReadModel()
      expect(await seen()).toEqual(whole)
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
        const whole = await Promise.all(items.map(({ id }) => recordings.session(id)))
        return [whole, ...(await Promise.all(items.map(({ id }) => recordings.commands(id, { limit: 100 }))))]
      }
      const before = await read()
      await subject().raw.execute("UPDATE sessions SET requests = 99, username = 'someone'")
      await subject().raw.execute('DELETE FROM commands')
      await rebuildReadModel()
      expect(await read()).toEqual(before)
    })

    it('has in view what any gateway was told is recorded, however much it is and whoever looks first', async () => {
      const [a, b] = [await open(), await open()]
      const ids = Array.from({ length: 300 }, (_, at) => `r${String(at).padStart(4, '0')}`)
      const entries = ids.flatMap((id) => [intent(id), result(`e-${id}`, id)])
      await a.log.append(entries.slice(0, 400), 'committed')
      await b.log.append(entries.slice(400), 'committed')
      const looks = [a, b, a, b].map(({ recordings }) => recordings.session('s1'))
      expect((await Promise.all(looks)).map((found) => found?.requests)).toEqual([300, 300, 300, 300])
      expect((await b.recordings.commands('s1', { limit: 10 })).items.map(({ outcome }) => outcome)).toEqual(['ok'])
      const { rows } = await subject().raw.execute('SELECT next FROM projection')
      expect(rows.map(({ next }) => next)).toEqual([600])
      expect(await a.unfinished.list({ after: '', limit: 10 })).toEqual([])
    })

    it('goes on where it was left when it is opened again', async () => {
      const first = await open()
      await first.log.append([intent('r1')], 'committed')
      await first.close()
      const second = await open()
      expect((await second.recordings.request('r1'))?.id).toBe('r1')
      await second.log.append([result('e1', 'r1')], 'committed')
      expect((await second.recordings.request('r1'))?.result?.outcome).toBe('ok')
      expect((await second.recordings.session('s1'))?.requests).toBe(1)
    })

    it('passes over a leaf that cannot be read, so that it hides none after it', async () => {
      const { log, recordings } = await open()
      await log.append([intent('r1')], 'committed')
      const columns = '(idx, id, type, session, writer, wseq, hash, leaf)'
      await subject().raw.execute(`INSERT INTO leaves ${columns} VALUES (1, 'x', 'view', NULL, 'w', 1, '', '{')`)
      await log.append([intent('r2')], 'committed')
      expect((await recordings.session('s1'))?.requests).toBe(2)
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
}
