import { expect, test } from 'vitest'
import type { DiffLine } from '../../../protocol/review.ts'
import { diffText, rowsOf } from './diff.ts'

/** `[…]` is what changed. */
const drawn = (lines: readonly DiffLine[]) =>
  rowsOf(lines).map((row) => row.mark + row.spans.map(({ text, changed }) => (changed ? `[${text}]` : text)).join(''))

test.each<[string, DiffLine[], string[]]>([
  [
    'a changed value is set off',
    [
      [' ', 'spec:'],
      ['-', '  replicas: 3'],
      ['+', '  replicas: 12'],
    ],
    [' spec:', '-  replicas: [3]', '+  replicas: [12]'],
  ],
  [
    'two lines for two are paired in order',
    [
      ['-', 'a: 1'],
      ['-', 'b: 1'],
      ['+', 'a: 2'],
      ['+', 'b: 2'],
    ],
    ['-a: [1]', '-b: [1]', '+a: [2]', '+b: [2]'],
  ],
  [
    'two for one are not',
    [
      ['-', 'a: 1'],
      ['-', 'b: 1'],
      ['+', 'a: 2'],
    ],
    ['-a: 1', '-b: 1', '+a: 2'],
  ],
  [
    'a longer line with the shorter at both its ends',
    [
      ['-', 'a'],
      ['+', 'aba'],
    ],
    ['-a', '+a[ba]'],
  ],
  [
    'nothing in common but blanks',
    [
      ['-', '  x'],
      ['+', '  y'],
    ],
    ['-  x', '+  y'],
  ],
  [
    'a character of two code units stays whole',
    [
      ['-', 'a🚪'],
      ['+', 'a🚫'],
    ],
    ['-a[🚪]', '+a[🚫]'],
  ],
  [
    'a gap parts what is before from what is after',
    [
      ['-', 'a: 1'],
      ['@', '20 lines'],
      ['+', 'a: 2'],
    ],
    ['-a: 1', '@20 lines', '+a: 2'],
  ],
  [
    'a gap says where it leads; before the first line it says nothing',
    [
      ['@', '1 → 1'],
      ['+', 'a'],
      ['@', '48 → 51'],
      [' ', 'b'],
    ],
    ['+a', '@line 48', ' b'],
  ],
  ['none', [], []],
])('%s', (_, lines, rows) => expect(drawn(lines)).toEqual(rows))

test('very long lines are not compared', () => {
  const long = 'x'.repeat(2001)
  expect(
    rowsOf([
      ['-', long],
      ['+', `${long}y`],
    ]).every((row) => row.spans.length === 1),
  ).toBe(true)
})

test('a hundred thousand lines take no time to speak of', () => {
  const lines = Array.from({ length: 100_000 }, (_, i): DiffLine => [i < 50_000 ? '-' : '+', `line ${i}`])
  expect(rowsOf(lines)).toHaveLength(100_000)
})

test('diffText', () => {
  expect(diffText({ kind: 'lines', lines: [], added: 3, removed: 1, cut: false })).toBe('+3 −1')
  expect(diffText({ kind: 'none', why: 'An exec changes no object.' })).toBe('An exec changes no object.')
})
