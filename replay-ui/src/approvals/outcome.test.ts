import { expect, test } from 'vitest'
import { outcomeOf } from './outcome.ts'

const vote = (username: string, approve = true) => ({ username, approve, reason: '', at: '2026-01-01T00:00:00.000Z' })
const hold = {
  state: 'pending',
  kind: 'request',
  requests: 1,
  used: 0,
  votes: [],
  needs: { count: 1, users: [], groups: [] },
} as const
const plan = { ...hold, kind: 'plan', requests: 12, used: 3 } as const

test.each([
  ['pending', hold, 'ask', /Waiting/],
  ['collecting', plan, 'wait', /dry run goes on/],
  ['approved', { ...hold, votes: [vote('bob')] }, 'good', /Approved by bob.*once/],
  ['approved', { ...hold, votes: [vote('bob'), vote('eve'), vote('al')] }, 'good', /by bob, eve and al\./],
  ['approved', { ...plan, votes: [vote('bob')] }, 'good', /3 of 12 requests/],
  ['denied', { ...hold, votes: [vote('bob'), vote('eve', false)] }, 'bad', /Denied by eve/],
  ['expired', hold, 'none', /Nobody answered/],
  ['expired', { ...hold, votes: [vote('bob')] }, 'none', /Approved by bob, but/],
  ['expired', { ...hold, votes: [vote('bob')], needs: { ...hold.needs, count: 2 } }, 'none', /Nobody answered/],
  ['withdrawn', hold, 'none', /stopped waiting/],
  ['used', { ...hold, votes: [vote('bob')] }, 'good', /the request has passed/],
  ['used', { ...plan, used: 12, votes: [vote('bob')] }, 'good', /all 12 requests have passed/],
  ['spoiled', hold, 'bad', /object changed/],
  ['superseded', plan, 'none', /newer plan/],
] as const)('%s', (state, told, tone, text) => {
  const outcome = outcomeOf({ ...told, state })
  expect(outcome.tone).toBe(tone)
  expect(outcome.text).toMatch(text)
})
