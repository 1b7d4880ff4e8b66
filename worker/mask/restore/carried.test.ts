import { expect, test } from 'vitest'
import { carriedBy, mayCarry, mayRename, renamedBy } from './carried.ts'
import { sourceOf } from './source.ts'

const object = (pw: string) => ({
  metadata: { name: 'x', labels: { a: 'b' } },
  data: { pw, 0: 'open' },
  env: [
    { name: 'HOST', value: 'h' },
    { name: 'PW', value: pw },
  ],
  ports: [{ name: 'http', port: 1 }],
  header: { Name: 'token', value: pw },
  named: { name: 'x', other: pw },
  inner: { kind: 'Secret', data: { a: pw } },
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
  ['a copy out of a list, its places signed', [op('copy', '/x', { from: '/env/+1/value' })], '[0].from'],
  ['a copy out of a list, counted from its end', [op('copy', '/x', { from: '/env/-1/value' })], '[0].from'],
  ['a copy over the name of a variable', [op('copy', '/env/1/name', { from: '/metadata/name' })], '[0].path'],
  ['a move over the name of a variable', [op('move', '/env/1/name', { from: '/metadata/name' })], '[0].path'],
  ['a move of the name of a variable', [op('move', '/x', { from: '/env/1/name' })], '[0].from'],
  ['another key for a variable', [op('add', '/env/+1/key', { value: 'X' })], '[0].path'],
  ['another name outside of lists', [op('replace', '/header/Name', { value: 'X' })], '[0].path'],
  ['no name any more', [op('remove', '/header/Name')], '[0].path'],
  ['another kind of an object in it', [op('replace', '/inner/kind', { value: 'X' })], '[0].path'],
  ['a name that says nothing of what is masked', [op('replace', '/named/name', { value: 'X' })], null],
  ['a key of data that is called like one', [op('replace', '/data/name', { value: 'X' })], null],
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

const PLACEHOLDER = '⟦masked:argument:0123456789ab⟧'
const commandOf = (value: string, text: string) => ({
  spec: {
    containers: [
      { args: ['--name', 'x', '--token', value, '--v=2'], command: ['run'] },
      { args: ['-a', value], command: ['redis-cli'] },
    ],
    free: [{ args: [`--token=${text}`, '--name', 'x'] }],
  },
})
const COMMAND = sourceOf(
  JSON.stringify(commandOf('hunter2', 'hunter2')),
  JSON.stringify(commandOf(PLACEHOLDER, PLACEHOLDER)),
)
const ARGS = '/spec/containers/0/args'
test.each<[name: string, patch: unknown[], expected: string | null]>([
  ['another option in front of an argument', [op('replace', `${ARGS}/2`, { value: '--name' })], '[0].path'],
  ['no option in front of it', [op('remove', `${ARGS}/2`)], '[0].path'],
  ['another argument between them', [op('add', `${ARGS}/3`, { value: '-' })], '[0].path'],
  ['the option to the end', [op('move', `${ARGS}/4`, { from: `${ARGS}/2` })], '[0].path'],
  ['the argument to the beginning', [op('move', `${ARGS}/0`, { from: `${ARGS}/3` })], '[0].path'],
  ['an argument copied in front', [op('copy', `${ARGS}/0`, { from: `${ARGS}/1` })], '[0].path'],
  ['a place that is signed', [op('replace', `${ARGS}/+2`, { value: 'x' })], '[0].path'],
  ['another program', [op('replace', '/spec/containers/1/command/0', { value: 'echo' })], '[0].path'],
  ['another command', [op('replace', '/spec/containers/1/command', { value: ['echo'] })], '[0].path'],
  ['no command', [op('remove', '/spec/containers/1/command')], '[0].path'],
  ['its place after another operation', [op('remove', `${ARGS}/0`), op('remove', `${ARGS}/3`)], '[0].path'],
  ['the argument itself, anew', [op('replace', `${ARGS}/3`, { value: 'new' })], null],
  ['that alone, behind a test', [op('test', '/spec', { value: {} }), op('replace', `${ARGS}/3`, { value: 'n' })], null],
  ['another argument at the end', [op('add', `${ARGS}/-`, { value: '--v=3' })], null],
  ['all of them', [op('replace', ARGS, { value: ['x'] })], null],
  ['what is masked by itself', [op('replace', '/spec/free/0/args/2', { value: 'y' })], null],
])('of a command line: %s', (_name, patch, expected) => {
  const text = JSON.stringify(patch)
  const found = carriedBy(text, COMMAND === null ? [] : [COMMAND])
  expect(found === null ? null : found.replace('from', 'path')).toBe(expected)
  if (expected !== null) expect(mayCarry(text)).toBe(true)
})

const containers = (...list: unknown[]) => ({ spec: { containers: list } })
const NAMED = (value: string) =>
  containers({ name: 'a', args: ['-a', value], command: ['redis-cli'] }, { name: 'b', args: ['--token', value] })
const NAMED_SOURCE = sourceOf(JSON.stringify(NAMED('hunter2')), JSON.stringify(NAMED(PLACEHOLDER)))
test.each<[name: string, patch: unknown, expected: string | null]>([
  ['another program', containers({ name: 'a', command: ['echo'] }), 'spec.containers[0].command'],
  ['none', containers({ name: 'a', command: null }), 'spec.containers[0].command'],
  ['the same', containers({ name: 'a', command: ['redis-cli'] }), null],
  ['with arguments of its own', containers({ name: 'a', command: ['echo'], args: ['x'] }), null],
  ['in front of options that say what they are', containers({ name: 'b', command: ['echo'] }), null],
  ['of a container that is new', containers({ name: 'c', command: ['echo'] }), null],
])('a patch of an object’s shape with a program: %s', (_name, patch, expected) => {
  const text = JSON.stringify(patch)
  expect(mayRename('', text)).toBe(true)
  expect(renamedBy(text, NAMED_SOURCE === null ? [] : [NAMED_SOURCE])).toBe(expected)
})

test('most patches are not even looked at', () => {
  expect(mayCarry(JSON.stringify([op('replace', '/spec/replicas', { value: 1 }), op('remove', '/data/x')]))).toBe(false)
})

test.each<[name: string, patch: object, expected: string | null]>([
  ['another name beside a value', { header: { Name: 'x' } }, 'header.Name'],
  ['no name any more', { header: { Name: null } }, 'header.Name'],
  ['another kind', { inner: { kind: 'ConfigMap' } }, 'inner.kind'],
  ['the name it has', { header: { Name: 'token' } }, null],
  ['a name that says nothing of what is masked', { named: { name: 'y' } }, null],
  ['names in lists', { env: [{ name: 'X' }] }, null],
  ['the name of the object', { metadata: { name: 'y', labels: { name: 'z' } }, kind: 'X' }, null],
])('a patch of the object’s shape: %s', (_name, patch, expected) => {
  const text = JSON.stringify(patch)
  expect(renamedBy(text, SOURCE === null ? [] : [SOURCE])).toBe(expected)
  if (expected !== null) expect(mayRename('acme.io', text)).toBe(true)
})

test('most patches of an object’s shape are not even looked at', () => {
  expect(mayRename('acme.io', '{"metadata":{"name":"x"},"kind":"Vault","spec":{"a":1}}')).toBe(false)
  expect(mayRename('acme.io', '{"spec":{"containers":[{"name":"x"}]}}')).toBe(false)
  expect(mayRename('rbac.authorization.k8s.io', '{"roleRef":{"name":"x"}}')).toBe(false)
  expect(mayRename('autoscaling', '{"spec":{"scaleTargetRef":{"name":"x"}}}')).toBe(false)
  expect(mayRename('acme.io', String.raw`{"spec":{"header":{"n\u0061me":"x"}}}`)).toBe(true)
})
