import fc from 'fast-check'
import { expect, test } from 'vitest'
import { indentJSON } from './indent.ts'

test.each([
  ['an object', '{"a":1,"b":[1,2]}', '{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ]\n}'],
  ['empty ones stay on a line', '{"a":{},"b":[]}', '{\n  "a": {},\n  "b": []\n}'],
  ['brackets in a string are no structure', '{"a":"[{,:\\"x"}', '{\n  "a": "[{,:\\"x"\n}'],
  ['a big number keeps its digits', '[9007199254740993]', '[\n  9007199254740993\n]'],
  ['a repeated key is shown twice', '{"a":1,"a":2}', '{\n  "a": 1,\n  "a": 2\n}'],
  ['what was cut', '{"a":"b', '{\n  "a": "b'],
  ['YAML stays', 'a: [1]\n', 'a: [1]\n'],
  ['nothing', '', ''],
])('%s', (_, text, shown) => expect(indentJSON(text)).toBe(shown))

test('any JSON comes out as JSON.stringify lays it out', () => {
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
      expect(indentJSON(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2))
    }),
    { seed: 20260101, numRuns: 300 },
  )
})

test('deep nesting does not grow without bound', () => {
  expect(indentJSON('['.repeat(2000)).length).toBeLessThan(2000 * 410)
})
