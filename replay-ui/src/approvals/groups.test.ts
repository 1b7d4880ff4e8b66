import { expect, test } from 'vitest'
import type { HoldSummary } from '../../../worker/api/types.ts'
import { groupsOf, matches, newsOf, waitingOf } from './groups.ts'

const hold = (id: string, more: Partial<HoldSummary> = {}): HoldSummary => ({
  id,
  kind: 'request',
  state: 'pending',
  connection: 'prod',
  session: 's',
  command: 'c',
  agent: { username: 'agent', groups: [], issuer: 'https://idp.example' },
  policy: 'coding-agents',
  rule: 'change-with-a-human',
  reason: '',
  title: 'patch deployments.apps "web"',
  requests: 1,
  used: 0,
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:10:00.000Z',
  votes: [],
  needs: { count: 1, users: [], groups: [] },
  mayAnswer: true,
  ...more,
})

test('what the reader may answer comes first, within a group what ends first', () => {
  const groups = groupsOf([
    hold('a', { mayAnswer: false }),
    hold('b', { expiresAt: '2026-01-01T00:20:00.000Z' }),
    hold('c'),
    hold('d', { state: 'approved', mayAnswer: false }),
    hold('e', { state: 'collecting', mayAnswer: false }),
    hold('f', { state: 'denied' }),
    hold('0'),
  ])
  expect(groups.map((group) => [group.id, group.holds.map(({ id }) => id).join('')])).toEqual([
    ['yours', '0cb'],
    ['others', 'a'],
    ['approved', 'd'],
    ['collecting', 'e'],
  ])
})

test('empty groups are not shown', () => expect(groupsOf([])).toEqual([]))

test('only pending questions count', () => {
  const open = [hold('a'), hold('b', { mayAnswer: false }), hold('c', { state: 'approved' })]
  expect(waitingOf(open)).toBe(2)
})

test.each([
  ['the first look is no news', null, [hold('a')], ''],
  ['nothing new', new Set(['a', 'b']), [hold('a')], ''],
  ['one new', new Set(['a']), [hold('a'), hold('b')], 'A new question waits for approval.'],
  ['two new', new Set([]), [hold('a'), hold('b')], '2 new questions wait for approval.'],
  ['an approved one is no news', new Set([]), [hold('a', { state: 'approved' })], ''],
])('%s', (_, before, holds, text) => expect(newsOf(before, holds)).toBe(text))

test.each([
  ['', true],
  ['web', true],
  ['WEB prod', true],
  ['web stage', false],
  ['change-with', true],
  ['pending', true],
  ['⟨U+202E⟩', false],
])('filter %s', (filter, found) => expect(matches(hold('a'), filter)).toBe(found))
