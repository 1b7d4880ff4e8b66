import { expect, test } from 'vitest'
import { secretLeaves } from './leaves.ts'

const leavesOf = (text: string) =>
  secretLeaves(new TextEncoder().encode(text)).map(({ name, value }) => [name, new TextDecoder().decode(value)])

test.each([
  ['a property', 'user=bob\ndb.password = hunter2-x ;,\n', [['db.password', 'hunter2-x']]],
  ['quotes', 'API_TOKEN: "hunter2-x",\n', [['API_TOKEN', 'hunter2-x']]],
  ['JSON', '{"a":{"password":"hunter2-x"}}', [['password', 'hunter2-x']]],
  ['a URL', 'postgres://app:hunter2-x@db:5432/shop', [['password', 'hunter2-x']]],
  ['a URL without a user', 'redis://:hunter2-x@db:6379', [['password', 'hunter2-x']]],
  ['no secret', 'level=info\nhttp://host:80/a@b', []],
])('%s', (_name, text, expected) => {
  expect(leavesOf(text)).toEqual(expected)
})

test.each([
  ['one long word', 'x'.repeat(512 * 1024)],
  ['schemes without end', 'http://a:'.repeat(50_000)],
  ['separators without end', `password=x${', '.repeat(400_000)}y\n`],
  ['blanks without end', `password=${' '.repeat(800_000)}y\n`],
])('%s costs little: squared work would outlast the limit of a test', (_name, text) => {
  expect(leavesOf(text)).toEqual([])
})
