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
  ['separators without end', `${`password=x${', '.repeat(7000)}y\n`.repeat(30)}`],
  ['blanks without end', `${`password=${' '.repeat(15_000)}y\n`.repeat(30)}`],
])('%s costs little', (_name, text) => {
  const before = performance.now()
  leavesOf(text)
  expect(performance.now() - before).toBeLessThan(2000)
})
