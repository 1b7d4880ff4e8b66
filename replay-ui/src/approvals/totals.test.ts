import { expect, test } from 'vitest'
import type { ReviewedRequest } from '../../../protocol/review.ts'
import { cautionsOf, linesOf, openedAtFirst, reachText, verbsText } from './totals.ts'

const reviewed = (verb: string, lines = 0, more: Partial<ReviewedRequest> = {}): ReviewedRequest => ({
  title: verb,
  request: {
    method: 'POST',
    target: '/',
    verb,
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    namespace: 'shop',
    name: 'web',
    userAgent: '',
  },
  diff:
    lines === 0
      ? { kind: 'none', why: 'none' }
      : { kind: 'lines', lines: Array.from({ length: lines }, () => ['+', 'a']), added: lines, removed: 1, cut: false },
  reach: { objects: 1, pods: null, examples: [] },
  ...more,
})
const review = (...requests: ReviewedRequest[]) => ({ v: 1, requests }) as const

test('a plan in one line', () => {
  const plan = review(reviewed('delete'), reviewed('create', 3), reviewed('create', 4))
  expect(verbsText(plan)).toBe('3 requests: 2 create, 1 delete')
  expect(linesOf(plan)).toEqual({ added: 7, removed: 2 })
})

test.each([
  [[], ''],
  [[{ objects: null, pods: null }], ''],
  [[{ objects: 0, pods: 0 }], 'nothing else'],
  [[{ objects: 1, pods: 0 }], '1 object'],
  [[{ objects: 1, pods: 12 }], '1 object, 12 pods'],
  [
    [
      { objects: 1, pods: 2 },
      { objects: 2, pods: null },
    ],
    '3 objects, at least 2 pods',
  ],
])('reach %#', (reaches, text) => expect(reachText(reaches)).toBe(text))

test.each([
  ['one that is long is open all the same', [500], [0]],
  ['three short ones are open', [20, 20, 20], [0, 1, 2]],
  ['after two screens they are closed', [100, 100, 1], [0]],
])('%s', (_, lengths, open) => {
  expect([...openedAtFirst(review(...lengths.map((length) => reviewed('create', length))))]).toEqual(open)
})

test('what cannot be seen is said', () => {
  const cut = { kind: 'lines', lines: [], added: 0, removed: 0, cut: true } as const
  const body = { mediaType: 'application/json', text: '', cut: true }
  const exec = { argv: ['sh'], container: '', stdin: true, tty: true }
  expect(cautionsOf(review(reviewed('create', 1)))).toEqual([])
  expect(cautionsOf(review(reviewed('create', 0, { diff: cut, body })))).toEqual([
    'The diff is longer than what is shown.',
    'The body is longer than what is shown.',
  ])
  const shell = reviewed('connect')
  expect(cautionsOf(review(reviewed('create'), { ...shell, request: { ...shell.request, exec } }))).toEqual([
    'What will be typed or piped in is not known yet (1 of 2 requests).',
  ])
})
