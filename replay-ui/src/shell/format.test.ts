import { describe, expect, test } from 'vitest'
import { bytesText, clientText, clockText, countText, durationText, whenText } from './format.ts'

test.each([
  [0, '< 1 ms'],
  [12.4, '12 ms'],
  [1400, '1.4 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
])('durationText(%d)', (ms, text) => expect(durationText(ms)).toBe(text))

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [4200, '4.2 kB'],
  [999_600, '1.0 MB'],
  [31_000_000, '31 MB'],
])('bytesText(%d)', (bytes, text) => expect(bytesText(bytes)).toBe(text))

test.each([
  ['kubectl/v1.35.2 (linux/amd64) kubernetes/fdc9d74', 'kubectl 1.35.2'],
  ['Helm/4.1.4', 'Helm 4.1.4'],
  ['', 'unknown client'],
  ['odd', 'odd'],
])('clientText(%s)', (agent, text) => expect(clientText(agent)).toBe(text))

test('clockText and countText', () => {
  expect([clockText(-5), clockText(67_000), clockText(760_000)]).toEqual(['0:00', '1:07', '12:40'])
  expect([countText(1, 'mask'), countText(12_000, 'mask')]).toEqual(['1 mask', '12,000 masks'])
})

describe('whenText', () => {
  const now = new Date(2026, 10, 21, 12, 0)
  const at = (...parts: [number, number, number, number]) => whenText(new Date(...parts).toISOString(), now, 'en-GB')
  test('says as much of the date as is needed', () => {
    expect(at(2026, 10, 21, 9)).toBe('09:00')
    expect(at(2026, 10, 20, 23)).toBe('yesterday 23:00')
    expect(at(2026, 2, 3, 9)).toBe('3 Mar, 09:00')
    expect(at(2024, 2, 3, 9)).toBe('3 Mar 2024')
  })
})
