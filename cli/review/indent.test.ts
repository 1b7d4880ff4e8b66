import fc from 'fast-check'
import { expect, it } from 'vitest'
import { indentJson } from './indent.ts'

it.each([
  ['{"a":[1,{"b":"x:,{}\\""}],"c":{}}', '{\n  "a": [\n    1,\n    {\n      "b": "x:,{}\\""\n    }\n  ],\n  "c": {}\n}'],
  ['{"n":9007199254740993,"n":1e400}', '{\n  "n": 9007199254740993,\n  "n": 1e400\n}'],
  ['[ ]', '[]'],
  ['{\n "a" : 1\n}', '{\n  "a": 1\n}'],
  ['"text"', '"text"'],
  ['', ''],
  ['{"a":1', null],
  ['{"a":1]', null],
  ['}', null],
  ['{"a":"open}', null],
])('indentJson(%j)', (text, expected) => {
  expect(indentJson(text)).toBe(expected)
})

it('lays out what JSON.stringify lays out, alike', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2))
    }),
    { seed: 11, numRuns: 500 },
  )
})

it('does not grow beyond measure on nothing but brackets', () => {
  const deep = 100_000
  expect((indentJson('['.repeat(deep) + ']'.repeat(deep)) ?? '').length).toBeLessThan(deep * 200)
})
