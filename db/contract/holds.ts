// What every HoldStore over a database must do: replace what changed, page what there is, find what is unfinished.

import { describe, expect, it } from 'vitest'
import type { GrantRecord, HoldRecord, HoldState, NoticeRecord } from '../../worker/ports.ts'
import { NOW, type Opened } from './fixtures.ts'

const REVIEW = '{"v":1,"requests":[]}'

const hold = (id: string, more: Partial<HoldRecord> = {}): HoldRecord => ({
  id,
  kind: 'request',
  connection: 'demo',
  session: 's1',
  command: 'c1',
  requester: { username: 'agent', uid: 'u', groups: ['ai-agents'], issuer: 'https://id.example' },
  purpose: 'tidy “up”',
  policy: 'p',
  rule: 'r',
  reason: 'a person looks first',
  approvals: [
    {
      by: { users: ['alice'], groups: ['sre'] },
      count: 2,
      holdForMs: 600_000,
      validForMs: 300_000,
      grant: { maxForMs: 60_000 },
    },
  ],
  state: 'pending',
  openedAt: NOW,
  expiresAt: NOW + 600_000,
  validUntil: null,
  closedAt: null,
  items: [
    {
      key: 'ab'.repeat(32),
      title: 'delete pods "web" in namespace "shop"',
      namespace: 'shop',
      group: '',
      resource: 'pods',
      name: 'web',
      policy: 'p',
      rule: 'r',
      usedBy: null,
    },
  ],
  votes: [],
  reviewSha256: 'cd'.repeat(32),
  grant: null,
  ...more,
})

const grant = (id: string, more: Partial<GrantRecord> = {}): GrantRecord => ({
  id,
  hold: 'h1',
  connection: 'demo',
  requester: { username: 'agent', issuer: 'https://id.example' },
  policy: 'p',
  rule: 'r',
  namespace: 'shop',
  object: { group: 'apps', resource: 'deployments', name: 'web' },
  approvers: ['alice'],
  openedAt: NOW,
  expiresAt: NOW + 1000,
  endedAt: null,
  endedBy: null,
  uses: 0,
  ...more,
})

const notice = (id: string, more: Partial<NoticeRecord> = {}): NoticeRecord => ({
  id,
  hold: 'h1',
  connection: 'demo',
  channel: 'ops',
  state: 'waiting',
  attempts: 0,
  nextAt: NOW,
  error: null,
  ...more,
})

const STATES: readonly (readonly [state: HoldState, open: boolean])[] = [
  ['collecting', true],
  ['pending', true],
  ['approved', true],
  ['denied', false],
  ['expired', false],
  ['withdrawn', false],
  ['used', false],
  ['spoiled', false],
  ['superseded', false],
]

export function holdsContract({ open, subject }: Opened): void {
  describe('holds', () => {
    it('gives a hold back as it was stored, with its review, also to another gateway', async () => {
      const { holds } = await open()
      expect(await holds.hold('h1')).toBeNull()
      await holds.putHold(hold('h1'), REVIEW)
      const other = await open()
      expect(await other.holds.hold('h1')).toEqual({ record: hold('h1'), review: REVIEW })
    })

    it('replaces a hold, and its review only when there is a new one', async () => {
      const { holds } = await open()
      const vote = { username: 'alice', issuer: 'i', approve: true, reason: 'ok', at: NOW + 1, grant: null }
      const approved = hold('h1', { state: 'approved', votes: [vote], validUntil: NOW + 300_001 })
      await holds.putHold(hold('h1'), REVIEW)
      await holds.putHold(approved)
      expect(await holds.hold('h1')).toEqual({ record: approved, review: REVIEW })
      const grown = hold('h1', { kind: 'plan', reviewSha256: 'ef'.repeat(32) })
      await holds.putHold(grown, '{"v":1,"requests":[{}]}')
      expect(await holds.hold('h1')).toEqual({ record: grown, review: '{"v":1,"requests":[{}]}' })
      expect((await holds.holds({ limit: 10 })).items).toEqual([grown])
    })

    it('stores a hold that comes without a review with an empty one', async () => {
      const { holds } = await open()
      await holds.putHold(hold('h1', { state: 'collecting' }))
      expect(JSON.parse((await holds.hold('h1'))?.review ?? '')).toEqual({ v: 1, requests: [] })
    })

    it.each(STATES)('a hold that is %s is open: %s', async (state, isOpen) => {
      const { holds } = await open()
      await holds.putHold(hold('h1'), REVIEW)
      await holds.putHold(hold('h1', { state }))
      const ids = async (filter: { open: boolean }) =>
        (await holds.holds({ ...filter, limit: 10 })).items.map(({ id }) => id)
      expect(await ids({ open: true })).toEqual(isOpen ? ['h1'] : [])
      expect(await ids({ open: false })).toEqual(isOpen ? [] : ['h1'])
      expect((await holds.unfinished('demo')).holds.map(({ id }) => id)).toEqual(isOpen ? ['h1'] : [])
    })

    it.each([
      ['nothing', {}, ['h3', 'h2', 'h1']],
      ['a connection', { connection: 'demo' }, ['h2', 'h1']],
      ['a session', { session: 's2' }, ['h3', 'h2']],
      ['a connection and a session', { connection: 'demo', session: 's2' }, ['h2']],
      ['what is open on a connection', { connection: 'demo', open: true }, ['h1']],
      ['what is over in a session', { session: 's2', open: false }, ['h2']],
      ['what is not there', { session: 's3' }, []],
    ])('finds holds by %s, newest first', async (_, filter, ids) => {
      const { holds } = await open()
      await holds.putHold(hold('h1'), REVIEW)
      await holds.putHold(hold('h2', { session: 's2', state: 'denied', openedAt: NOW + 1 }), REVIEW)
      await holds.putHold(hold('h3', { session: 's2', connection: 'prod', openedAt: NOW + 2 }), REVIEW)
      const { items, next } = await holds.holds({ ...filter, limit: 10 })
      expect([items.map(({ id }) => id), next]).toEqual([ids, undefined])
    })

    it('pages holds and grants without gap or overlap, also at equal times', async () => {
      const { holds } = await open()
      const ids = Array.from({ length: 25 }, (_, at) => String(at).padStart(2, '0'))
      for (const [at, id] of ids.entries()) {
        const openedAt = NOW + (at > 12 ? 1 : 0)
        await holds.putHold(hold(id, { openedAt }), REVIEW)
        await holds.putGrant(grant(id, { openedAt }))
      }
      type Listing = (cursor?: string) => Promise<{ items: readonly { id: string }[]; next?: string }>
      const all = async (page: Listing) => {
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
      const newest = ids.toReversed()
      const pages = [newest.slice(0, 10), newest.slice(10, 20), newest.slice(20)]
      expect(await all((cursor) => holds.holds(at(cursor)))).toEqual(pages)
      expect(await all((cursor) => holds.holds({ open: true, ...at(cursor) }))).toEqual(pages)
      expect(await all((cursor) => holds.grants({ now: NOW, ...at(cursor) }))).toEqual(pages)
      expect((await holds.holds({ limit: 25 })).next).toBeUndefined()
    })

    it('keeps grants, and counts their uses by replacing them', async () => {
      const { holds } = await open()
      expect(await holds.grant('g1')).toBeNull()
      await holds.putGrant(grant('g1'))
      expect(await holds.grant('g1')).toEqual(grant('g1'))
      await holds.putGrant(grant('g1', { uses: 3, object: null, namespace: '' }))
      expect(await holds.grant('g1')).toEqual(grant('g1', { uses: 3, object: null, namespace: '' }))
    })

    it.each([
      ['a moment before its end', {}, NOW + 999, true],
      ['at its end', {}, NOW + 1000, false],
      ['ended by a person', { endedAt: NOW + 1, endedBy: 'bob' }, NOW + 2, false],
    ])('a grant %s is open or not', async (_, more, now, isOpen) => {
      const { holds } = await open()
      await holds.putGrant(grant('g1'))
      await holds.putGrant(grant('g1', more))
      const ids = async (filter: { open?: boolean }) =>
        (await holds.grants({ ...filter, now, limit: 10 })).items.map(({ id }) => id)
      expect(await ids({ open: true })).toEqual(isOpen ? ['g1'] : [])
      expect(await ids({ open: false })).toEqual(isOpen ? [] : ['g1'])
      expect(await ids({})).toEqual(['g1'])
    })

    it('finds what is unfinished on a connection, oldest first, and nothing of others', async () => {
      const { holds } = await open()
      await holds.putHold(hold('h2', { openedAt: NOW + 1, state: 'approved' }), REVIEW)
      await holds.putHold(hold('h1', { state: 'collecting' }), REVIEW)
      await holds.putHold(hold('h3', { state: 'used' }), REVIEW)
      await holds.putHold(hold('h4', { connection: 'prod' }), REVIEW)
      await holds.putGrant(grant('g1'))
      // Expired but not yet said to be over: its hub has to.
      await holds.putGrant(grant('g2', { openedAt: NOW - 2000, expiresAt: NOW - 1000 }))
      await holds.putGrant(grant('g3', { endedAt: NOW, endedBy: 'bob' }))
      await holds.putGrant(grant('g4', { connection: 'prod' }))
      const { holds: found, grants } = await (await open()).holds.unfinished('demo')
      expect(found).toEqual([hold('h1', { state: 'collecting' }), hold('h2', { openedAt: NOW + 1, state: 'approved' })])
      expect(grants.map(({ id }) => id)).toEqual(['g2', 'g1'])
      expect(await holds.unfinished('none')).toEqual({ holds: [], grants: [] })
    })

    it('keeps notices of a hold, and tells which wait on a connection, soonest first', async () => {
      const { holds } = await open()
      await holds.putNotice(notice('n1', { nextAt: NOW + 2 }))
      await holds.putNotice(notice('n2', { channel: 'chat', nextAt: NOW + 1 }))
      await holds.putNotice(notice('n3', { hold: 'h2' }))
      await holds.putNotice(notice('n4', { connection: 'prod', hold: 'h3' }))
      const gone = notice('n3', { hold: 'h2', state: 'given-up', attempts: 8, error: 'HTTP 500' })
      await holds.putNotice(gone)
      expect((await holds.waitingNotices('demo')).map(({ id }) => id)).toEqual(['n2', 'n1'])
      await holds.putNotice(notice('n2', { channel: 'chat', nextAt: NOW + 1, state: 'sent', attempts: 1 }))
      expect((await holds.waitingNotices('demo')).map(({ id }) => id)).toEqual(['n1'])
      expect((await holds.notices('h1')).map(({ id, state }) => [id, state])).toEqual([
        ['n1', 'waiting'],
        ['n2', 'sent'],
      ])
      expect(await holds.notices('h2')).toEqual([gone])
      expect(await holds.notices('h9')).toEqual([])
    })

    it('says that a record is none rather than guess', async () => {
      const { holds } = await open()
      await holds.putHold(hold('h1'), REVIEW)
      await subject().raw.execute("UPDATE holds SET record = '[]'")
      await expect(holds.hold('h1')).rejects.toThrow('not a hold')
    })
  })
}
