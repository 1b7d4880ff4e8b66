import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { toYAML } from './yaml.ts'

const TRICKY: readonly (readonly [string, unknown])[] = [
  ['words that YAML 1.1 reads as booleans', ['yes', 'No', 'on', 'off', 'y', 'true', 'null', '~']],
  ['numbers in strings', ['1', '0x1f', '1e3', '1_000', '.5', '-3', '12:30:00', '2026-01-01', '+1', '.inf']],
  [
    'signs that mean something',
    ['- a', '# c', 'a # b', 'a: b', 'a:', '*a', '&a', '!a', '@a', '`a', '%a', '|', '>', '"', "'"],
  ],
  ['blanks', ['', ' ', ' a', 'a ', '\t', 'a\t']],
  ['text blocks', ['a\nb', 'a\nb\n', 'a\n\n', '\na', ' a\nb', 'a \nb', 'a\n\nb\n', '\n']],
  ['control characters', ['\u0000', '\u001b[31m', '\u0085', '\u202e', '\r\n', 'a\rb']],
  ['empty containers', { a: {}, b: [], c: null }],
  ['nested lists', [[1, [2, []]], [{ a: [{ b: [] }] }]]],
  ['keys that need quotes', { 'a: b': 1, '': 2, 'app.kubernetes.io/name': 3, true: 4, 'a\nb': 5 }],
  ['a masked value', { password: '⟦masked:secret-data:9f2c41⟧' }],
  ['numbers', [0, -1, 1.5, 1e21]],
]

describe('toYAML', () => {
  test.each(TRICKY)('%s read back as they were, by YAML 1.2 and 1.1', (_, value) => {
    expect(parse(toYAML(value))).toEqual(value)
    expect(parse(toYAML({ v: value }), { version: '1.1' })).toEqual({ v: value })
  })

  test('sorted keys and lists that are not indented, as kubectl prints', () => {
    const value = {
      spec: { ports: [{ port: 80, name: 'http' }], args: ['a'] },
      kind: 'Service',
      data: { 'a.conf': 'x = 1\ny = 2\n' },
    }
    expect(toYAML(value)).toBe(`data:
  a.conf: |
    x = 1
    y = 2
kind: Service
spec:
  args:
  - a
  ports:
  - name: http
    port: 80
`)
  })

  test('no control character of the value reaches the terminal', () => {
    expect(toYAML({ a: '\u001b]52;c;x\u0007', '\u001b[2J': ['\u009b31m'] })).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/,
    )
  })
})
