import { expect, test } from 'vitest'
import { offsetOf } from './clock.ts'

const NOW = Date.UTC(2026, 10, 21, 14, 0, 0)
const header = (ms: number) => new Date(NOW + ms).toUTCString()

test.each([
  ['no header', null, 0],
  ['no date', 'soon', 0],
  ['the same second', header(0), 0],
  ['a second behind', header(-1000), 0],
  ['a minute ahead', header(60_000), 60_500],
  ['an hour behind', header(-3_600_000), -3_599_500],
])('%s', (_, date, offset) => expect(offsetOf(date, NOW)).toBe(offset))
