import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_OBJECT_BYTES, MAX_OBJECT_DEPTH, MAX_OBJECT_KEYS, MAX_OBJECT_VALUES, readObject } from './json.ts'

function read(text: string) {
  return readObject(new TextEncoder().encode(text))
}

describe('an object is read', () => {
  test.each<[string, string, unknown]>([
    ['integers exactly', '[1, -1, 0, 9007199254740993]', [1n, -1n, 0n, 9007199254740993n]],
    ['the ends of 64 bits', '[9223372036854775807, -9223372036854775808]', [2n ** 63n - 1n, -(2n ** 63n)]],
    ['integers past 64 bits as doubles', '[9223372036854775808, 100000000000000000000000]', [2 ** 63, 1e23]],
    ['fractions and exponents as doubles', '[1.5, 1.0, 1e2, -0.0, 2E-3]', [1.5, 1, 100, -0, 0.002]],
    ['words', '[true, false, null]', [true, false, null]],
    ['escapes', '"\\u0061\\n\\"\\\\\\/\\ud83d\\ude00 é"', 'a\n"\\/😀 é'],
    ['white space', ' \t\r\n{ "a" : [ ] , "b" : { } } \n', { a: [], b: {} }],
    ['an empty key', '{"":1}', { '': 1n }],
  ])('%s', (_name, text, value) => {
    expect(read(text)).toEqual({ ok: true, value })
  })

  test('keys of the prototype are keys like any other', () => {
    const result = read('{"__proto__":{"admin":true},"constructor":1,"toString":2}')
    if (!result.ok) throw new Error(result.reason)
    expect(Object.keys(Object(result.value))).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(result.value)).toBe(Object.prototype)
    expect('admin' in Object(result.value)).toBe(false)
  })

  test('at the limits', () => {
    const deep = `${'['.repeat(MAX_OBJECT_DEPTH)}${']'.repeat(MAX_OBJECT_DEPTH)}`
    expect(read(deep).ok).toBe(true)
    expect(read(`"${'a'.repeat(MAX_OBJECT_BYTES - 2)}"`).ok).toBe(true)
    const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":0`).join()}}`
    expect(read(keys(MAX_OBJECT_KEYS)).ok).toBe(true)
    expect(read(keys(MAX_OBJECT_KEYS + 1))).toEqual({
      ok: false,
      reason: expect.stringContaining(`more than ${MAX_OBJECT_KEYS} keys in one object`),
    })
  })
})

describe('what is not an object is refused with a reason', () => {
  test.each<[string, string, string]>([
    ['a key twice', '{"a":1,"a":1}', 'a key twice in one object at character 11'],
    ['a key twice by an escape', '{"a":1,"\\u0061":1}', 'a key twice in one object at character 16'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":1}', 'a key twice in one object at character 27'],
    ['something after the value', '{} x', 'more after the value at character 4'],
    ['nothing', '', 'not JSON at character 1'],
    ['a comma too many', '[1,]', 'not JSON at character 4'],
    ['a comma too many in an object', '{"a":1,}', 'not JSON at character 8'],
    ['a leading zero', '[01]', 'not JSON at character 3'],
    ['a plus', '[+1]', 'not JSON at character 2'],
    ['a bare point', '[.5]', 'not JSON at character 2'],
    ['a number out of range', '[1e999]', 'a number out of range at character 7'],
    ['single quotes', "['a']", 'not JSON at character 2'],
    ['a comment', '[1/*x*/]', 'not JSON at character 3'],
    ['NaN', '[NaN]', 'not JSON at character 2'],
    ['an unfinished string', '["a', 'an unfinished string at character 2'],
    ['an unfinished escape', '["\\"]', 'an unfinished string at character 2'],
    ['an unknown escape', '["\\x41"]', 'a string that is none at character 2'],
    ['a short escape', '["\\u12"]', 'a string that is none at character 2'],
    ['a line break in a string', '["a\nb"]', 'a control character in a string at character 2'],
    [
      'one level too deep',
      `${'['.repeat(MAX_OBJECT_DEPTH + 1)}`,
      `nested deeper than ${MAX_OBJECT_DEPTH} at character 101`,
    ],
    ['a million levels', '['.repeat(1_000_000), `nested deeper than ${MAX_OBJECT_DEPTH} at character 101`],
    ['one byte too many', `"${'a'.repeat(MAX_OBJECT_BYTES - 1)}"`, `larger than ${MAX_OBJECT_BYTES} bytes`],
    ['a byte order mark', '\ufeff{}', 'not JSON at character 1'],
  ])('%s', (_name, text, reason) => {
    expect(read(text)).toEqual({ ok: false, reason })
  })

  test('one value too many', () => {
    const list = (length: number) => `[${Array(length).fill('0').join()}]`
    expect(read(list(MAX_OBJECT_VALUES - 1)).ok).toBe(true)
    expect(read(list(MAX_OBJECT_VALUES))).toMatchObject({
      ok: false,
      reason: expect.stringContaining(`more than ${MAX_OBJECT_VALUES} values`),
    })
  })

  test('bytes that are not UTF-8', () => {
    expect(readObject(new Uint8Array([0x22, 0xff, 0x22]))).toEqual({ ok: false, reason: 'not UTF-8' })
  })
})

describe('JSON of any kind', () => {
  test('is read as JSON.parse reads it, but for the integers', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(3), (value, space) => {
        const result = read(JSON.stringify(value, null, space))
        if (!result.ok) return false
        const plain = JSON.stringify(result.value, (_key, each: unknown) =>
          typeof each === 'bigint' ? Number(each) : each,
        )
        return plain === JSON.stringify(value)
      }),
      { seed: 3, numRuns: 500 },
    )
  })

  test('is refused where JSON.parse refuses it', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '0',
      '.',
      'e5',
      'true',
      'null',
      ' ',
      '"',
      '\\',
      'x',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        let parsed = true
        try {
          JSON.parse(text)
        } catch {
          parsed = false
        }
        const result = read(text)
        return result.ok === parsed || (parsed && !result.ok && /twice|out of range/.test(result.reason))
      }),
      { seed: 4, numRuns: 5000 },
    )
  })
})
