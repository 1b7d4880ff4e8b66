import { describe, expect, it } from 'vitest'
import type { Answered, HoldRecord, Vote } from '../../ports.ts'
import { createApi } from '../api.ts'
import type { ApiDeps } from '../deps.ts'
import { fakes, GRANT, HOLD, ISSUER, RECORDINGS, REVIEW, REVIEW_TEXT, URL_OF_GATEWAY } from '../fakes.ts'
import type { CommandSummary } from '../types.ts'

const viewer = { authorization: 'Bearer token.vic.viewers' }
const sam = { authorization: 'Bearer token.sam.sre' }
const json = { 'content-type': 'application/json' }
const SEEN = HOLD.reviewSha256
const APPROVE = '/api/v1/approvals/h1/approve'
const DENY = '/api/v1/approvals/h1/deny'

function setUp(extra: Partial<ApiDeps> = {}) {
  const all = fakes(extra)
  const api = createApi(all.deps)
  return {
    ...all,
    get: (path: string, headers: Record<string, string> = viewer) =>
      api.request(`${URL_OF_GATEWAY}${path}`, { headers }),
    post: (path: string, body: unknown, headers: Record<string, string> = sam) =>
      api.request(`${URL_OF_GATEWAY}${path}`, {
        method: 'POST',
        headers: { ...json, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    remove: (path: string, headers: Record<string, string> = sam) =>
      api.request(`${URL_OF_GATEWAY}${path}`, { method: 'DELETE', headers }),
  }
}

/** A hub that remembers what it was given and answers as told. */
function hub(answered: Answered) {
  const votes: { connection: string; id: string; vote: Vote }[] = []
  return {
    votes,
    answerHold: async (connection: string, id: string, vote: Vote) => {
      votes.push({ connection, id, vote })
      return answered
    },
  }
}

describe('listing approvals', () => {
  it('hands the filter to the store and shows what the caller may do', async () => {
    const { get, holds } = setUp()
    const other: HoldRecord = { ...HOLD, id: 'h2', connection: 'prod', session: 's2', state: 'denied' }
    await holds.putHold(other, REVIEW_TEXT)
    const ids = async (query: string) => {
      const page = await (await get(`/api/v1/approvals${query}`)).json()
      return page.items.map(({ id }: { id: string }) => id)
    }
    expect(await ids('')).toEqual(['h2', 'h1'])
    expect(await ids('?open=true')).toEqual(['h1'])
    expect(await ids('?open=false')).toEqual(['h2', 'h1'])
    expect(await ids('?connection=prod')).toEqual(['h2'])
    expect(await ids('?session=s1')).toEqual(['h1'])
    expect(await ids('?limit=1')).toEqual(['h2'])
    const mine = async (headers: Record<string, string>) =>
      (await (await get('/api/v1/approvals?open=true', headers)).json()).items[0]
    expect(await mine(sam)).toMatchObject({ mayAnswer: true })
    expect(await mine(viewer)).toMatchObject({ mayAnswer: false, whyNot: 'This needs the role approver.' })
    expect(await mine({ authorization: 'Bearer token.agent.admins' })).toMatchObject({
      mayAnswer: false,
      whyNot: 'Nobody answers a request of their own.',
    })
  })

  it('keeps the cursor of the next page', async () => {
    const { deps, holds } = fakes()
    const paged = Object.assign(Object.create(holds), { holds: async () => ({ items: [HOLD], next: 'after-h1' }) })
    const answer = await createApi({ ...deps, holds: paged }).request(`${URL_OF_GATEWAY}/api/v1/approvals`, {
      headers: viewer,
    })
    expect(await answer.json()).toMatchObject({ next: 'after-h1', items: [{ id: 'h1' }] })
  })

  it.each(['?open=maybe', '?limit=0', '?limit=501', '?open=true&open=true'])('%s is a bad request', async (query) => {
    expect((await setUp().get(`/api/v1/approvals${query}`)).status).toBe(400)
  })
})

describe('one approval', () => {
  it('is shown whole, after the view is recorded', async () => {
    const { get, holds, log } = setUp()
    const notice = {
      hold: 'h1',
      connection: 'demo',
      channel: 'sre',
      attempts: 2,
      nextAt: 0,
      error: 'status 500',
    } as const
    await holds.putNotice({ ...notice, id: 'n1', state: 'waiting' })
    const answer = await (await get('/api/v1/approvals/h1')).json()
    expect(answer).toMatchObject({
      id: 'h1',
      review: REVIEW,
      reviewSha256: SEEN,
      offer: { maxForS: 1800, namespace: 'shop', object: { group: 'apps', resource: 'deployments', name: 'web' } },
      needs: { count: 1, users: [], groups: ['sre'] },
      before: [],
    })
    expect(answer.notices).toEqual([{ channel: 'sre', state: 'waiting', attempts: 2 }])
    expect(log.events).toMatchObject([{ type: 'view', data: { what: 'hold', id: 'h1' } }])
  })

  it('is not shown when that cannot be recorded', async () => {
    const { get, log } = setUp()
    log.broken = true
    expect((await get('/api/v1/approvals/h1')).status).toBe(503)
  })

  it('is not shown when what is stored is not what an approval would name', async () => {
    const { get, holds } = setUp()
    await holds.putHold(HOLD, REVIEW_TEXT.replace('replicas: 20', 'replicas: 4'))
    const answer = await get('/api/v1/approvals/h1')
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('replicas')
  })

  const command = (id: string, at: number): CommandSummary => ({
    id,
    session: 's1',
    title: `kubectl get pods ${id}`,
    startedAt: new Date(at).toISOString(),
    endedAt: new Date(at).toISOString(),
    requests: 1,
    denials: 0,
    holds: 0,
    masks: 0,
    outcome: 'ok',
  })

  it('comes with the last ten commands before it, without the held one and later ones, however long the session is', async () => {
    const all = Array.from({ length: 30_000 }, (_, at) => command(`c-${at}`, HOLD.openedAt - 30_000_000 + at * 1000))
    const held = command(HOLD.command, HOLD.openedAt - 500)
    const stored = [...all, held, command('later', HOLD.openedAt + 1)]
    const asked: unknown[] = []
    const recordings = {
      ...RECORDINGS,
      commands: async (session: string, page: { until?: number; limit: number }) => {
        asked.push([session, page])
        const { until = Number.POSITIVE_INFINITY, limit } = page
        return { items: stored.filter(({ startedAt }) => Date.parse(startedAt) <= until).slice(-limit) }
      },
    }
    const { get } = setUp({ recordings })
    const { before } = await (await get('/api/v1/approvals/h1')).json()
    expect(before.map(({ id }: { id: string }) => id)).toEqual(
      Array.from({ length: 10 }, (_, at) => `c-${29_990 + at}`),
    )
    expect(asked).toEqual([[HOLD.session, { until: HOLD.openedAt, limit: 11 }]])
  })

  it('comes with ten also where the held one is not recorded yet', async () => {
    const items = Array.from({ length: 11 }, (_, at) => command(`c-${at}`, HOLD.openedAt - 20 + at))
    const { get } = setUp({ recordings: { ...RECORDINGS, commands: async () => ({ items }) } })
    const { before } = await (await get('/api/v1/approvals/h1')).json()
    expect(before.map(({ id }: { id: string }) => id)).toEqual(Array.from({ length: 10 }, (_, at) => `c-${at + 1}`))
  })

  it.each([
    ['GET', '/api/v1/approvals/h2'],
    ['GET', '/api/v1/approvals/..%2fh1'],
    ['POST', '/api/v1/approvals/h2/approve'],
    ['POST', '/api/v1/approvals/h2/deny'],
    ['DELETE', '/api/v1/grants/g2'],
    ['DELETE', '/api/v1/grants/..%2fg1'],
  ])('%s %s is not found', async (method, path) => {
    const { get, post, remove, log } = setUp()
    const body = path.endsWith('approve') ? { seen: SEEN } : {}
    const answer = method === 'GET' ? await get(path) : method === 'POST' ? await post(path, body) : await remove(path)
    expect(answer.status).toBe(404)
    expect(log.events).toEqual([])
  })
})

describe('an answer', () => {
  it('goes to the hub of the connection with who gave it', async () => {
    const { votes, answerHold } = hub({ ok: true, hold: { ...HOLD, state: 'approved' } })
    const { post } = setUp({ answerHold })
    const grant = { scope: 'namespace', forS: 600 }
    const answer = await post(APPROVE, { seen: SEEN, reason: 'for the sale', grant })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ id: 'h1', state: 'approved', mayAnswer: false })
    const who = { username: 'sam', issuer: ISSUER, groups: ['sre'], approver: true }
    const asked = { scope: 'namespace', forMs: 600_000 }
    expect(votes).toEqual([
      {
        connection: 'demo',
        id: 'h1',
        vote: { ...who, approve: true, reason: 'for the sale', seen: SEEN, grant: asked },
      },
    ])
  })

  it('may be a denial without a reason', async () => {
    const { votes, answerHold } = hub({ ok: true, hold: { ...HOLD, state: 'denied' } })
    expect((await setUp({ answerHold }).post(DENY, {})).status).toBe(200)
    expect(votes.map(({ vote }) => vote)).toEqual([
      { username: 'sam', issuer: ISSUER, groups: ['sre'], approver: true, approve: false, reason: '' },
    ])
  })

  it.each([
    [403, 'Nobody answers a request of their own.', 'Forbidden'],
    [403, 'Its rule names other people to answer it.', 'Forbidden'],
    [404, 'There is no approval of this id.', 'Not Found'],
    [409, 'It has changed since it was shown.', 'Conflict'],
    [409, 'It has been answered.', 'Conflict'],
    [409, 'It has run out.', 'Conflict'],
  ] as const)('that the hub refuses with %i says why: %s', async (status, detail, title) => {
    const { answerHold } = hub({ ok: false, status, detail })
    for (const [path, body] of [
      [APPROVE, { seen: SEEN }],
      [DENY, {}],
    ] as const) {
      const answer = await setUp({ answerHold }).post(path, body)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await answer.json()).toEqual({ type: 'about:blank', title, status, detail })
    }
  })

  it('is one when two people answer at once', async () => {
    const { post } = setUp()
    const ann = { authorization: 'Bearer token.ann.sre' }
    const answers = await Promise.all([post(APPROVE, { seen: SEEN }), post(DENY, {}, ann)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
  })

  it('is not given twice', async () => {
    const { post } = setUp()
    expect((await post(APPROVE, { seen: SEEN })).status).toBe(200)
    expect((await post(APPROVE, { seen: SEEN })).status).toBe(409)
  })

  const reasonOf = (length: number) => ({ seen: SEEN, reason: 'r'.repeat(length) })
  it.each<[string, string, unknown, number]>([
    ['without what was seen', APPROVE, {}, 422],
    ['that saw no hash', APPROVE, { seen: 'yes' }, 422],
    ['that saw a hash in capitals', APPROVE, { seen: SEEN.toUpperCase() }, 422],
    ['with an unknown key', APPROVE, { seen: SEEN, approver: true }, 422],
    ['with another person’s name', APPROVE, { seen: SEEN, username: 'ann' }, 422],
    ['with a reason of 1000 characters', APPROVE, reasonOf(1000), 200],
    ['with a reason of 1001 characters', APPROVE, reasonOf(1001), 422],
    ['with a terminal escape in its reason', APPROVE, { seen: SEEN, reason: '\u001b[2J' }, 422],
    ['with a line end in its reason', DENY, { reason: 'no\nyes' }, 422],
    ['with reordered text in its reason', DENY, { reason: 'no \u202eyes' }, 422],
    ['with a reason that is no text', DENY, { reason: null }, 422],
    ['with an emoji in its reason', DENY, { reason: 'no 🙂 – später' }, 200],
    ['for a grant of another scope', APPROVE, { seen: SEEN, grant: { scope: 'cluster', forS: 60 } }, 422],
    ['for a grant of no time', APPROVE, { seen: SEEN, grant: { scope: 'object', forS: 0 } }, 422],
    ['for a grant of half a second', APPROVE, { seen: SEEN, grant: { scope: 'object', forS: 0.5 } }, 422],
    ['for a grant of a day', APPROVE, { seen: SEEN, grant: { scope: 'object', forS: 86_400 } }, 200],
    ['for a grant of a day and a second', APPROVE, { seen: SEEN, grant: { scope: 'object', forS: 86_401 } }, 422],
    ['for a grant with an unknown key', APPROVE, { seen: SEEN, grant: { scope: 'object', forS: 1, all: true } }, 422],
    ['that is a list', DENY, [], 422],
    ['that is null', DENY, 'null', 422],
    ['that is not JSON', DENY, '{', 400],
    ['of more than 16 KiB', DENY, { reason: '', pad: 'x'.repeat(16 * 1024) }, 413],
  ])('%s', async (_name, path, body, status) => {
    const { votes, answerHold } = hub({ ok: true, hold: HOLD })
    expect((await setUp({ answerHold }).post(path, body)).status).toBe(status)
    expect(votes).toHaveLength(status === 200 ? 1 : 0)
  })

  it('must be JSON', async () => {
    const { votes, answerHold } = hub({ ok: true, hold: HOLD })
    const form = { ...sam, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await setUp({ answerHold }).post(DENY, 'reason=no', form)).status).toBe(415)
    expect(votes).toEqual([])
  })

  it('does not repeat what was sent when it refuses it', async () => {
    const answer = await setUp().post(APPROVE, { seen: 'hunter2', reason: '\u001b]0;hunter2', grant: 'hunter2' })
    expect(await answer.text()).not.toContain('hunter2')
  })
})

describe('grants', () => {
  it('are listed, newest first, open ones alone when asked', async () => {
    const { get, holds, clock } = setUp()
    const ended = {
      ...GRANT,
      id: 'g2',
      endedAt: clock.now(),
      endedBy: 'ann',
      object: { group: '', resource: 'pods', name: 'p' },
    }
    await holds.putGrant(ended)
    await holds.putGrant({ ...GRANT, id: 'g3', expiresAt: clock.now() })
    const items = async (query: string) => (await (await get(`/api/v1/grants${query}`)).json()).items
    expect((await items('')).map(({ id }: { id: string }) => id)).toEqual(['g3', 'g2', 'g1'])
    expect(await items('?open=true')).toEqual([
      {
        id: 'g1',
        hold: 'h0',
        connection: 'demo',
        agent: { username: 'agent', issuer: ISSUER },
        policy: 'coding-agents',
        rule: 'change-with-a-human',
        namespace: 'shop',
        approvers: ['sam'],
        openedAt: '2026-01-01T00:00:00.000Z',
        expiresAt: '2026-01-01T00:30:00.000Z',
        uses: 2,
      },
    ])
    expect((await items(''))[1]).toMatchObject({
      object: { group: '', resource: 'pods', name: 'p' },
      endedAt: '2026-01-01T00:00:00.000Z',
      endedBy: 'ann',
    })
  })

  it('are ended by the hub of their connection, in the name of the caller', async () => {
    const asked: string[][] = []
    const endGrant = async (...all: [string, string, string]) => asked.push(all) > 0
    expect((await setUp({ endGrant }).remove('/api/v1/grants/g1')).status).toBe(204)
    expect(asked).toEqual([['demo', 'g1', 'sam']])
  })

  it('may be ended again', async () => {
    const { remove, holds } = setUp()
    expect((await remove('/api/v1/grants/g1')).status).toBe(204)
    expect((await remove('/api/v1/grants/g1')).status).toBe(204)
    expect(await holds.grant('g1')).toMatchObject({ endedBy: 'sam' })
  })

  it('are not said to be ended when the hub did not end them', async () => {
    const { remove, clock } = setUp({ endGrant: async () => false })
    expect((await remove('/api/v1/grants/g1')).status).toBe(409)
    clock.time = GRANT.expiresAt
    expect((await remove('/api/v1/grants/g1')).status).toBe(204)
  })
})
