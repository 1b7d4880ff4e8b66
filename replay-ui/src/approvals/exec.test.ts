import { expect, test } from 'vitest'
import { inputText, placeText } from './exec.ts'

const exec = { argv: ['sh'], container: '', stdin: false, tty: false }
const request = {
  method: 'GET',
  target: '/',
  verb: 'connect',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: 'exec',
  namespace: 'shop',
  name: 'web-1',
  userAgent: '',
}

test.each([
  [true, true, true, /^Interactive.*types/],
  [true, false, true, /^Takes input/],
  [false, true, false, /terminal for its output/],
  [false, false, false, /nothing else/],
])('stdin %s, tty %s', (stdin, tty, open, text) => {
  expect(inputText({ ...exec, stdin, tty })).toMatchObject({ open, text: expect.stringMatching(text) })
})

test('placeText', () => {
  expect(placeText(request, exec)).toBe('in the default container of pod "web-1", namespace "shop"')
  expect(placeText(request, { ...exec, container: 'app' })).toBe('in container "app" of pod "web-1", namespace "shop"')
})
