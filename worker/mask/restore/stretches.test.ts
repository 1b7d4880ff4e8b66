import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Masker } from '../placeholder.ts'
import { base64, KEY } from '../testing.ts'
import { binaryOf, binaryOfText, bytesOf, textOfBinary } from './binary.ts'
import { placeholdersIn, stretchesOf, Tags } from './stretches.ts'

const masker = new Masker(KEY)
const encoder = new TextEncoder()
const tagged = (value: string) => masker.uncounted(encoder.encode(value))
const found = (live: string, masked: string) =>
  stretchesOf(binaryOfText(live), binaryOfText(masked), new Tags(KEY))?.map(({ original, value }) => [
    textOfBinary(original),
    value === null ? null : textOfBinary(value),
  ]) ?? null

describe('what stands behind placeholders', () => {
  test.each<[name: string, live: string, masked: string, expected: unknown]>([
    ['one', 'a=x;', `a=${tagged('x')};`, [['x', 'x']]],
    ['one that fills the text', 'x', tagged('x'), [['x', 'x']]],
    [
      'two side by side',
      'xyz',
      tagged('xy') + tagged('z'),
      [
        ['xy', 'xy'],
        ['z', 'z'],
      ],
    ],
    ['one that holds what follows it', 'a,b,c', `${tagged('a,b')},c`, [['a,b', 'a,b']]],
    [
      'two, the first holding what stands between',
      'a,b,c',
      `${tagged('a,b')},${tagged('c')}`,
      [
        ['a,b', 'a,b'],
        ['c', 'c'],
      ],
    ],
    ['escaped', 'p="a\\"b"', `p="${tagged('a"b')}"`, [['a\\"b', 'a"b']]],
    ['in base64', `k: ${base64('value')}`, `k: ${tagged('value')}`, [[base64('value'), 'value']]],
    [
      'in base64, the placeholder too',
      `k: ${base64('value')}\n`,
      `k: "${base64(tagged('value'))}"\n`.replaceAll('"', ''),
      [[base64('value'), 'value']],
    ],
    ['in quotes', "k: 'it''s'\n", `k: ${tagged("it's")}\n`, [["'it''s'", "it's"]]],
    ['in a URL', 'u:a%40b@h', `u:${tagged('a@b')}@h`, [['a%40b', 'a@b']]],
    ['beyond ASCII', 'é=ü.', `é=${tagged('ü')}.`, [['ü', 'ü']]],
    ['of another value, alone', 'a=x;', `a=${tagged('y')};`, [['x', null]]],
    [
      'of other values, apart by what stands once',
      'a=x;b=y',
      `a=${tagged('1')};b=${tagged('2')}`,
      [
        ['x', null],
        ['y', null],
      ],
    ],
    ['of other values, apart by nothing', 'xy', tagged('1') + tagged('2'), null],
    ['of other values, apart by what stands twice', 'a;b;c', `${tagged('1')};${tagged('2')}`, null],
    ['of another text', 'b=x', `a=${tagged('x')}`, null],
    ['of a text that ends otherwise', 'a=x,', `a=${tagged('x')}.`, null],
    ['of a text that is too short', 'aa', `a${tagged('')}aa`, null],
    ['none', 'a', 'a', null],
  ])('%s', (_name, live, masked, expected) => {
    expect(found(live, masked)).toEqual(expected)
  })

  test('any values between any words', () => {
    const words = fc.array(
      fc.tuple(fc.string({ unit: 'binary', maxLength: 6 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    fc.assert(
      fc.property(words, fc.string({ unit: 'binary', maxLength: 6 }), (parts, end) => {
        const live =
          parts.map(([word, value]) => word.toWellFormed() + value.toWellFormed()).join('') + end.toWellFormed()
        const masked =
          parts.map(([word, value]) => word.toWellFormed() + tagged(value.toWellFormed())).join('') + end.toWellFormed()
        expect(found(live, masked)?.map(([original]) => original)).toEqual(
          parts.map(([, value]) => value.toWellFormed()),
        )
      }),
      { seed: 35, numRuns: 150 },
    )
  })

  test('a text of very many placeholders ends', () => {
    const live = 'a,'.repeat(20_000)
    const masked = `${tagged('b')},`.repeat(20_000)
    const before = performance.now()
    expect(stretchesOf(live, binaryOfText(masked), new Tags(KEY))).toBeNull()
    expect(performance.now() - before).toBeLessThan(3_000)
  })
})

test('placeholders are found plain and in base64', () => {
  const text = binaryOfText(`x ${tagged('a')} y ${base64(tagged('b'))} 4p+mbWFza2Vk ${base64('⟦masked: no')}`)
  expect(placeholdersIn(text).map(({ inBase64 }) => inBase64)).toEqual([false, true])
})

test('bytes and their text are the same either way', () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i & 255)
  expect(bytesOf(binaryOf(bytes))).toEqual(bytes)
  expect(textOfBinary(binaryOf(bytes))).toBeNull()
})
