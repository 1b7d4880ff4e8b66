// grants, blocks, ending sessions, and what sessions say of holds.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeGateway, holdDetail } from './testing.ts'

let gateway: Awaited<ReturnType<typeof fakeGateway>>
beforeEach(async () => {
  gateway = await fakeGateway()
})
afterEach(() => gateway.close())

const GRANT = {
  id: '0190a1b2-0000-7000-8000-00000000000a',
  hold: 'h1',
  connection: 'prod',
  agent: { username: 'agent', issuer: 'i' },
  policy: 'coding-agents',
  rule: 'change',
  namespace: 'shop',
  approvers: ['alice'],
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2099-01-01T00:00:00.000Z',
  uses: 3,
}
const WEB = { group: 'apps', resource: 'deployments', name: 'web' }

describe('grants', () => {
  it.each([
    ['a namespace', {}, /prod +namespace shop +3 +\d+d(\d+h)? +alice +coding-agents\/change\n$/],
    ['an object', { object: WEB }, /deployments\.apps shop\/web/],
    ['things outside namespaces', { namespace: '' }, /outside namespaces/],
    [
      'an object outside namespaces',
      { namespace: '', object: { group: '', resource: 'nodes', name: 'n1' } },
      / nodes n1 /,
    ],
    ['one that has expired', { expiresAt: '2026-01-01T00:00:01.000Z' }, / expired /],
    ['one that was ended', { endedAt: '2026-01-01T00:00:01.000Z', endedBy: 'bob' }, / ended by bob /],
  ])('are listed: %s', async (_, extra, expected) => {
    gateway.answers.set('GET /api/v1/grants', { items: [{ ...GRANT, ...extra }] })
    expect(await gateway.run('grants', 'list')).toBe(0)
    expect(gateway.out()).toMatch(expected)
    expect(gateway.asked[0]?.target).toBe('/api/v1/grants?limit=50&open=true')
  })

  it('are ended by the beginning of their id', async () => {
    gateway.answers.set('GET /api/v1/grants', { items: [GRANT] })
    gateway.answers.set(`DELETE /api/v1/grants/${GRANT.id}`, null)
    expect(await gateway.run('grants', 'end', '0190a1b2')).toBe(0)
    expect(gateway.out()).toBe(`grant ${GRANT.id} ended\n`)
  })

  it('are printed as JSON', async () => {
    gateway.answers.set('GET /api/v1/grants', { items: [GRANT] })
    expect(await gateway.run('grants', 'list', '--all', '-o', 'json')).toBe(0)
    expect(JSON.parse(gateway.out())).toEqual({ items: [GRANT] })
    expect(gateway.asked[0]?.target).toBe('/api/v1/grants?limit=50')
  })
})

const BLOCK = {
  name: 'session-12',
  kind: 'session',
  value: 's1',
  reason: 'enough',
  by: 'root',
  at: '2026-01-01T00:00:00.000Z',
}

describe('the kill switch', () => {
  it.each([
    [
      'block session',
      ['block', 'session', 's1', '--reason', 'enough'],
      { kind: 'session', value: 's1', reason: 'enough' },
    ],
    ['block identity', ['block', 'identity', 'agent'], { kind: 'identity', value: 'agent' }],
    ['block connection', ['block', 'connection', 'prod'], { kind: 'connection', value: 'prod' }],
    [
      'sessions end',
      ['sessions', 'end', 's1', '--reason', 'enough'],
      { kind: 'session', value: 's1', reason: 'enough' },
    ],
  ])('%s', async (_, argv, body) => {
    gateway.answers.set('GET /api/v1/sessions/s1', { id: 's1' })
    gateway.answers.set('POST /api/v1/blocks', BLOCK)
    expect(await gateway.run(...argv)).toBe(0)
    expect(gateway.asked.at(-1)).toEqual({ method: 'POST', target: '/api/v1/blocks', body })
    expect(gateway.out()).toContain(`to undo: sallyport unblock session-12 --data ${gateway.data}\n`)
  })

  it.each([
    ['a session that is not there', ['sessions', 'end', 's2'], 1],
    ['something else', ['block', 'pod', 'web'], 2],
    ['nothing', ['block', 'session'], 2],
  ])('does not block %s', async (_, argv, code) => {
    expect(await gateway.run(...argv)).toBe(code)
    expect(gateway.asked.filter(({ method }) => method === 'POST')).toEqual([])
  })

  it.each([[['blocks', 'list']], [['get', 'blocks']], [['get', 'block', 'session-12']]])(
    '%j shows it',
    async (argv) => {
      gateway.answers.set('GET /api/v1/blocks', { items: [BLOCK] })
      expect(await gateway.run(...argv)).toBe(0)
      expect(gateway.out()).toMatch(/\nsession-12 +session +s1 +root +2026-01-01 00:00:00 +enough\n$/)
      expect(await gateway.run(...argv, '-o', 'json')).toBe(0)
      expect(gateway.out()).toMatch(/"id": "session-12"/)
    },
  )

  it.each([[['unblock', 'session-12']], [['delete', 'block', 'session-12']]])('%j lifts it', async (argv) => {
    gateway.answers.set('DELETE /api/v1/blocks/session-12', null)
    expect(await gateway.run(...argv)).toBe(0)
    expect(await gateway.run(...argv.slice(0, -1), 'other')).toBe(1)
  })
})

it('sessions show says what was held, and who let it pass', async () => {
  const command = { id: 'c1', session: 's1', title: 'kubectl scale', outcome: 'ok' }
  const request = (id: string, extra: object) => ({
    id,
    session: 's1',
    command: 'c1',
    request: { method: 'PATCH', target: '/x' },
    ...extra,
  })
  gateway.answers.set('GET /api/v1/sessions/s1', {
    id: 's1',
    agent: { username: 'agent' },
    connection: 'prod',
    startedAt: '',
    holds: 3,
  })
  gateway.answers.set('GET /api/v1/sessions/s1/commands', { items: [command] })
  gateway.answers.set('GET /api/v1/sessions/s1/requests', {
    items: [
      request('r1', { hold: 'h1' }),
      request('r2', { hold: 'h2', grant: 'g1' }),
      request('r3', { hold: 'h3' }),
      request('r4', {}),
      request('r5', {
        decision: { effect: 'Hold', policy: 'p', rule: 'r', reason: '' },
        result: { outcome: 'refused', code: 403, message: 'hold h9 was denied by bob' },
      }),
    ],
  })
  gateway.answers.set('GET /api/v1/approvals', {
    items: [
      holdDetail({ id: 'h1', votes: [{ username: 'alice', approve: true, reason: 'ok', at: '' }] }),
      holdDetail({ id: 'h3', state: 'expired' }),
    ],
  })
  gateway.answers.set(
    'GET /api/v1/approvals/h2',
    holdDetail({ id: 'h2', session: 's0', votes: [{ username: 'bob', approve: true, reason: '', at: '' }] }),
  )
  expect(await gateway.run('sessions', 'show', 's1')).toBe(0)
  const out = gateway.out()
  expect(out).toContain('PATCH /x 403  Hold p/r: hold h9 was denied by bob\n')
  const lines = out.split('\n').filter((line) => line.startsWith('    '))
  expect(lines).toEqual([
    '    held (h1), approved by alice (ok)',
    '    by grant g1 of approval h2, approved by bob',
    '    held (h3), expired',
  ])
})
