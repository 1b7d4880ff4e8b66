// What an agent may have stored in a cluster so that who looks at its session runs out of memory: a few megabytes that would
// print as gigabytes. The gateway renders, too, when a session is exported.

import { describe, expect, test } from 'vitest'
import type { RecordedRequest } from '../log/event.ts'
import { MAX_BODY_BYTES, MAX_TEXT, renderCommand } from './render.ts'
import { TablePrinter } from './table.ts'
import { toYAML } from './yaml.ts'

const REQUEST: RecordedRequest = {
  method: 'GET',
  target: '/apis/acme.io/v1/things',
  verb: 'list',
  group: 'acme.io',
  version: 'v1',
  resource: 'things',
  subresource: '',
  namespace: '',
  name: '',
  userAgent: 'kubectl/v1.35.2 (linux/amd64)',
  kubectlCommand: 'kubectl get',
}
const nested = (depth: number, inner: string, open = '{"a":', close = '}') =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`
const printed = (body: string): string => {
  const response = new TextEncoder().encode(body)
  expect(response.length).toBeLessThan(MAX_BODY_BYTES)
  const result = { outcome: 'ok', code: 200, durationMs: 1, bytes: response.length } as const
  return renderCommand([{ request: REQUEST, result, response }])
    .map(({ text }) => text)
    .join('')
}

describe('hostile answers', () => {
  test('one wide cell does not widen every row without end', () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ cells: [i === 0 ? 'x'.repeat(1_000_000) : 'y', 'z'] }))
    const columnDefinitions = ['NAME', 'AGE'].map((name) => ({ name, priority: 0 }))
    const text = new TablePrinter({ namespaces: false, prefix: '' }).print({ columnDefinitions, rows })
    expect(text.length).toBeGreaterThan(MAX_TEXT)
    expect(text.length).toBeLessThan(2 * MAX_TEXT)
  })

  test.each([
    ['many lines far to the right', JSON.stringify(JSON.parse(nested(90, `[${'0,'.repeat(2_000_000)}0]`)))],
    ['many members far to the right', nested(90, `{${Array.from({ length: 300_000 }, (_, i) => `"${i}":0`).join()}}`)],
    ['a text of many lines far to the right', nested(90, `"x${'\\na'.repeat(1_000_000)}"`)],
  ])('%s end where nobody reads on', (_name, body) => {
    const text = toYAML(JSON.parse(body))
    expect(text.length).toBeGreaterThan(MAX_TEXT)
    expect(text.length).toBeLessThan(2 * MAX_TEXT)
  })

  test.each([
    ['objects', nested(10_000, '0')],
    ['lists', `{"a":${nested(10_000, '0', '[', ']')}}`],
    ['lists of objects', nested(10_000, '{"kind":"Thing"}', '{"items":[', ']}')],
  ])('%s ten thousand deep are printed, or it is said that they are not', (_name, body) => {
    expect(printed(body).length).toBeGreaterThan(0)
  })
})
