import { expect, test } from 'vitest'
import { effectText, mayDeny, needsText, votesText, whyNotText } from './eligibility.ts'

const vote = (username: string, approve = true) => ({ username, approve, reason: '', at: '2026-01-01T00:00:00.000Z' })
const needs = (count: number, groups: string[] = [], users: string[] = []) => ({ count, groups, users })

test('only approvals count', () => {
  expect(votesText({ votes: [], needs: needs(1) })).toBe('0 of 1')
  expect(votesText({ votes: [vote('a'), vote('b', false)], needs: needs(2) })).toBe('1 of 2')
})

test.each([
  [needs(1), 'Any approver may answer.'],
  [needs(1, ['sre']), 'One approval is needed, from group sre.'],
  [needs(1, ['sre'], ['alice']), 'One approval is needed, from group sre or alice.'],
  [needs(2), '2 different people must approve, from any approver. One denial ends it.'],
  [needs(2, ['sre', 'dba']), '2 different people must approve, from group sre or group dba. One denial ends it.'],
])('needsText %#', (of, text) => expect(needsText(of)).toBe(text))

test.each([
  [{ mayAnswer: true }, null],
  [{ mayAnswer: false, whyNot: 'It is your own request.' }, 'It is your own request.'],
  [{ mayAnswer: false, whyNot: '' }, 'You may not answer this.'],
  [{ mayAnswer: false }, 'You may not answer this.'],
])('whyNotText %#', (hold, text) => expect(whyNotText(hold)).toBe(text))

test.each([
  [1, [], 'request', /Exactly this request/],
  [1, [], 'plan', /Exactly these requests/],
  [2, [], 'request', /1 more approval is needed/],
  [3, [], 'plan', /2 more approvals are needed/],
  [2, [vote('a')], 'request', /Exactly this request/],
] as const)('effectText %#', (count, votes, kind, text) =>
  expect(effectText({ votes, kind, needs: needs(count) })).toMatch(text),
)

test.each([
  ['who may answer', { mayAnswer: true, state: 'pending', votes: [] }, 'bob', true],
  ['who approved', { mayAnswer: false, state: 'pending', votes: [vote('bob')] }, 'bob', true],
  ['who approved, once it is over', { mayAnswer: false, state: 'approved', votes: [vote('bob')] }, 'bob', false],
  ['somebody else', { mayAnswer: false, state: 'pending', votes: [vote('bob')] }, 'eve', false],
  ['nobody known yet', { mayAnswer: false, state: 'pending', votes: [vote('bob')] }, undefined, false],
] as const)('denying: %s', (_, hold, username, may) => expect(mayDeny(hold, username)).toBe(may))
