import { expect, test } from 'vitest'
import type { BlockSummary, SessionSummary } from '../../../worker/api/types.ts'
import { blockOf, targetsOf } from './kill.ts'

const session: SessionSummary = {
  id: 's1',
  connection: 'prod',
  agent: { username: 'agent', groups: [], issuer: 'https://idp.example' },
  userAgent: '',
  startedAt: '2026-01-01T00:00:00.000Z',
  lastAt: '2026-01-01T00:00:00.000Z',
  commands: 0,
  requests: 0,
  denials: 0,
  holds: 0,
  masks: 0,
  live: true,
}
const block = (kind: BlockSummary['kind'], value: string): BlockSummary => ({
  name: `${kind}-${value}`,
  kind,
  value,
  reason: '',
  by: 'bob',
  at: '2026-01-01T00:00:00.000Z',
})

test('the session itself is offered first, then its agent, then its connection', () => {
  expect(targetsOf(session).map(({ kind, value }) => `${kind} ${value}`)).toEqual([
    'session s1',
    'identity agent',
    'connection prod',
  ])
})

test.each<[string, BlockSummary[], string | undefined]>([
  ['none', [], undefined],
  ['of others', [block('session', 's2'), block('identity', 'prod'), block('connection', 'agent')], undefined],
  ['of the connection', [block('connection', 'prod')], 'connection-prod'],
  ['the narrowest', [block('connection', 'prod'), block('identity', 'agent')], 'identity-agent'],
])('%s', (_, blocks, name) => expect(blockOf(session, blocks)?.name).toBe(name))
