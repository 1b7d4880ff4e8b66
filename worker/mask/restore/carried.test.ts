import { expect, test } from 'vitest'
import { carriedBy, mayCarry } from './carried.ts'
import { sourceOf } from './source.ts'

const object = (pw: string) => ({
  metadata: { name: 'x', labels: { a: 'b' } },
  data: { pw, 0: 'open' },
  env: [
    { name: 'HOST', value: 'h' },
    { name: 'PW', value: pw },
  ],
  ports: [{ name: 'http', port: 1 }],
})
const SOURCE = sourceOf(JSON.stringify(object('hunter2')), JSON.stringify(object('⟦masked:secret:0123456789ab⟧')))
const op = (name: string, path: string, more: object = {}) => ({ op: name, path, ...more })

test.each<[name: string, patch: unknown[], expected: string | null]>([
  ['a copy to a label', [op('copy', '/metadata/labels/x', { from: '/data/pw' })], '[0].from'],
  ['a move to another key', [op('move', '/data/x', { from: '/data/pw' })], '[0].from'],
  ['a copy of all that holds it', [op('copy', '/x', { from: '/data' })], '[0].from'],
  ['a copy of everything', [op('copy', '/x', { from: '' })], '[0].from'],
  ['a copy out of a list', [op('copy', '/x', { from: '/env/1/value' })], '[0].from'],
  [
    'a copy out of a list that has moved',
    [op('remove', '/env/0'), op('copy', '/x', { from: '/env/0/value' })],
    '[1].from',
  ],
  ['another name for a variable', [op('replace', '/env/1/name', { value: 'X' })], '[0].path'],
  [
    'another name after the list has moved',
    [op('remove', '/env/0'), op('add', '/env/0/name', { value: 'X' })],
    '[1].path',
  ],
  ['a copy of what is open', [op('copy', '/x', { from: '/metadata/labels' })], null],
  ['a name in another list', [op('replace', '/ports/0/name', { value: 'x' })], null],
  ['the name of the object', [op('replace', '/metadata/name', { value: 'x' })], null],
  ['a new order of a list', [op('move', '/env/0', { from: '/env/1' })], null],
  ['a test of a name', [op('test', '/env/1/name', { value: 'PW' })], null],
  ['a copy of what is not there', [op('copy', '/x', { from: '/nothing/here' })], null],
])('%s', (_name, patch, expected) => {
  const text = JSON.stringify(patch)
  expect(carriedBy(text, SOURCE === null ? [] : [SOURCE])).toBe(expected)
  if (expected !== null) expect(mayCarry(text)).toBe(true)
})

test('most patches are not even looked at', () => {
  expect(mayCarry(JSON.stringify([op('replace', '/spec/replicas', { value: 1 }), op('remove', '/data/x')]))).toBe(false)
})
