import { expect, test } from 'vitest'
import { safeReturnPath } from './return-path.ts'

test.each([
  ['/sessions', '/sessions'],
  ['/sessions/0193?command=a&t=3.5', '/sessions/0193?command=a&t=3.5'],
  ['/sessions?q=x', '/sessions?q=x'],
  ['/approvals/0193', '/approvals/0193'],
  ['/approvals?tab=grants', '/approvals?tab=grants'],
  ['/approvals.evil.example', '/sessions'],
  [undefined, '/sessions'],
  [null, '/sessions'],
  ['', '/sessions'],
  ['//evil.example', '/sessions'],
  ['/\\evil.example', '/sessions'],
  ['/sessions/\\evil.example', '/sessions'],
  ['https://evil.example/sessions', '/sessions'],
  ['javascript:alert(1)', '/sessions'],
  ['/sessionsx', '/sessions'],
  ['/logout', '/sessions'],
  ['/sessions/a\nb', '/sessions'],
  [`/sessions/${'a'.repeat(1100)}`, '/sessions'],
])('%s → %s', (wanted, path) => {
  expect(safeReturnPath(wanted)).toBe(path)
})
