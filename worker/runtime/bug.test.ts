import { expect, test } from 'vitest'
import { factsOf } from './bug.ts'

test.each([
  ['a message of one line', new TypeError('hunter2')],
  ['a message of several lines', new SyntaxError('bad YAML:\n\n  password: hunter2\n            ^')],
  ['a message that looks like a stack', new Error('x\n    at hunter2 (file:1:1)\n    at hunter2 (file:2:1)')],
  ['no message', new Error('')],
])('%s is not told, the places are', (_name, error) => {
  const { name, stack } = factsOf(error)
  expect(name).toBe(error.name)
  expect(stack).not.toContain('hunter2')
  expect(stack).toMatch(/^\s+at .*bug\.test/)
})

test('of what is no error only its type is told', () => {
  expect(factsOf('hunter2')).toEqual({ name: 'string', stack: '' })
})
