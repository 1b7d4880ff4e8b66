import { expect, test } from 'vitest'
import type { HoldSummary, RequestRecord } from '../../../worker/api/types.ts'
import { holdsByCommand, isWaiting, untold } from './holds.ts'

const hold = (id: string, command: string, state: HoldSummary['state'] = 'pending'): HoldSummary => ({
  id,
  kind: 'request',
  state,
  connection: 'prod',
  session: 's',
  command,
  agent: { username: 'agent', groups: [], issuer: '' },
  policy: 'p',
  rule: 'r',
  reason: '',
  title: id,
  requests: 1,
  used: 0,
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:10:00.000Z',
  votes: [],
  needs: { count: 1, users: [], groups: [] },
  mayAnswer: true,
})
const record = (id: string, of?: string): RequestRecord => ({
  id,
  session: 's',
  command: 'c1',
  at: '2026-01-01T00:00:00.000Z',
  request: {
    method: 'GET',
    target: '/',
    verb: 'get',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    namespace: '',
    name: '',
    userAgent: '',
  },
  ...(of !== undefined && { hold: of }),
  bodies: [],
  leaf: '',
})

test('each command has its questions, oldest first', () => {
  const found = holdsByCommand([hold('h3', 'c1'), hold('h2', 'c2'), hold('h1', 'c1')])
  expect([...found].map(([command, holds]) => [command, holds.map(({ id }) => id).join()])).toEqual([
    ['c1', 'h1,h3'],
    ['c2', 'h2'],
  ])
})

test('a command waits while one of its questions does', () => {
  expect(isWaiting([])).toBe(false)
  expect(isWaiting([hold('h1', 'c1', 'used'), hold('h2', 'c1', 'approved')])).toBe(false)
  expect(isWaiting([hold('h1', 'c1', 'used'), hold('h2', 'c1')])).toBe(true)
})

test('what a request tells of is not told twice', () => {
  const holds = [hold('h1', 'c1'), hold('h2', 'c1')]
  expect(untold(holds, []).map(({ id }) => id)).toEqual(['h1', 'h2'])
  expect(untold(holds, [record('r1'), record('r2', 'h1')]).map(({ id }) => id)).toEqual(['h2'])
})
