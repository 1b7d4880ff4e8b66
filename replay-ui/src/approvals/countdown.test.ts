import { expect, test } from 'vitest'
import { ageText, deadlineOf, leftText, spanText } from './countdown.ts'

test.each([
  [-3000, 'just now'],
  [4999, 'just now'],
  [5000, '5 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [172_799_999, '47 h'],
  [172_800_000, '2 days'],
])('ageText(%i) is %s', (ms, text) => expect(ageText(ms)).toBe(text))

test.each([
  [-1, 'over'],
  [0, 'over'],
  [1, '0:01'],
  [59_001, '1:00'],
  [581_000, '9:41'],
  [3_599_000, '59:59'],
  [3_600_000, '1 h 00 min'],
  [7_500_000, '2 h 05 min'],
  [86_400_000, '24 h 00 min'],
])('leftText(%i) is %s', (ms, text) => expect(leftText(ms)).toBe(text))

test.each([
  [30, '30 s'],
  [60, '1 minute'],
  [90, '90 s'],
  [1800, '30 minutes'],
  [3600, '1 hour'],
  [5400, '90 minutes'],
  [86_400, '24 hours'],
])('spanText(%i) is %s', (seconds, text) => expect(spanText(seconds)).toBe(text))

const hold = {
  state: 'pending',
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:10:00.000Z',
  votes: [],
} as const
const at = (seconds: number) => Date.parse(hold.openedAt) + seconds * 1000

test.each([
  [0, 1, 'calm'],
  [300, 0.5, 'calm'],
  [539, 61 / 600, 'calm'],
  [540, 0.1, 'soon'],
  [600, 0, 'over'],
  [900, 0, 'over'],
  [-60, 1, 'calm'],
])('after %i s a question of ten minutes has %d of its time left: %s', (seconds, fraction, tone) => {
  expect(deadlineOf(hold, at(seconds))).toMatchObject({ fraction, tone })
})

test('an approved one counts from its last vote to the end of its validity', () => {
  const vote = { username: 'bob', approve: true, reason: '', at: '2026-01-01T00:02:00.000Z' }
  const approved = { ...hold, state: 'approved', validUntil: '2026-01-01T00:07:00.000Z', votes: [vote] } as const
  expect(deadlineOf(approved, at(240))).toEqual({ leftMs: 180_000, fraction: 0.6, tone: 'calm' })
})

test.each(['denied', 'expired', 'withdrawn', 'used', 'spoiled', 'superseded'] as const)(
  'what is %s counts down to nothing',
  (state) => expect(deadlineOf({ ...hold, state }, at(0))).toBeNull(),
)
