import { expect, it } from 'vitest'
import { parseDuration, showDuration } from './duration.ts'

it.each([
  ['30s', 30],
  ['15m', 900],
  ['2h', 7200],
  ['1h30m', 5400],
  ['1d', 86_400],
  ['0s', null],
  ['15', null],
  ['m', null],
  ['', null],
  ['1.5h', null],
  ['-1m', null],
  ['15 m', null],
  ['9999999999s', null],
])('parseDuration(%j) is %j', (text, expected) => {
  expect(parseDuration(text)).toBe(expected)
})

it.each([
  [-5, '0s'],
  [0, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [552_000, '9m12s'],
  [3_600_000, '1h'],
  [3_605_000, '1h'],
  [7_500_000, '2h5m'],
  [273_600_000, '3d4h'],
])('showDuration(%j) is %j', (ms, expected) => {
  expect(showDuration(ms)).toBe(expected)
})
