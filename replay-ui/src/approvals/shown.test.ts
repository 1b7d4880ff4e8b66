import { expect, test } from 'vitest'
import type { HoldDetail } from '../../../worker/api/types.ts'
import { reconcile } from './shown.ts'

const hold = (more: Partial<HoldDetail> = {}): HoldDetail => ({
  id: 'h',
  kind: 'plan',
  state: 'pending',
  connection: 'prod',
  session: 's',
  command: 'c',
  agent: { username: 'agent', groups: [], issuer: '' },
  policy: 'p',
  rule: 'r',
  reason: '',
  title: '1 request',
  requests: 1,
  used: 0,
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:10:00.000Z',
  votes: [],
  needs: { count: 1, users: [], groups: [] },
  mayAnswer: true,
  review: { v: 1, requests: [] },
  reviewSha256: 'a',
  before: [],
  notices: [],
  ...more,
})
const vote = { username: 'bob', approve: true, reason: '', at: '2026-01-01T00:00:00.000Z' }

test('the first answer is shown', () => expect(reconcile(undefined, hold())).toEqual({ hold: hold(), changed: false }))

test('votes and state of the same request are taken over', () => {
  const latest = hold({ votes: [vote] })
  expect(reconcile({ hold: hold(), changed: false }, latest)).toEqual({ hold: latest, changed: false })
})

test('another request does not take the place of what is being read', () => {
  const latest = hold({ reviewSha256: 'b', title: '2 requests', requests: 2, votes: [vote] })
  const shown = reconcile({ hold: hold(), changed: false }, latest)
  expect(shown.changed).toBe(true)
  expect(shown.hold).toMatchObject({ reviewSha256: 'a', title: '1 request', requests: 1, votes: [vote] })
  expect(reconcile(shown, latest).changed).toBe(true)
})

test.each<[string, HoldDetail, Partial<HoldDetail>]>([
  ['one that the reader may not answer', hold({ mayAnswer: false }), {}],
  ['one that is over', hold(), { state: 'superseded', mayAnswer: false }],
  ['another question', hold({ id: 'other' }), {}],
])('%s is simply replaced', (_, before, more) => {
  const latest = hold({ reviewSha256: 'b', ...more })
  expect(reconcile({ hold: before, changed: false }, latest)).toEqual({ hold: latest, changed: false })
})
