import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safe, safeJson, safeLines } from './safe.ts'

describe('safe', () => {
  it.each([
    [
      'words stay as they are',
      'scale deployment "web" to 3 — très bien, 日本語 🚀',
      'scale deployment "web" to 3 — très bien, 日本語 🚀',
    ],
    ['a colour', '\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
    ['a title (OSC 0)', '\u001b]0;root\u0007', '\\u001b]0;root\\u0007'],
    ['the clipboard (OSC 52) with C1 controls', '\u009d52;c;eA==\u009c', '\\u009d52;c;eA==\\u009c'],
    ['a link (OSC 8)', '\u001b]8;;http://x\u001b\\y', '\\u001b]8;;http://x\\u001b\\y'],
    ['a line that is written over', 'delete ns\rget pods', 'delete ns\\rget pods'],
    ['a new line', 'a\nb\u0085c\u2028d\u2029e', 'a\\nb\\u0085c\\u2028d\\u2029e'],
    ['a backspace and a DEL', 'rm\b\b\u007f', 'rm\\u0008\\u0008\\u007f'],
    [
      'words turned round',
      'a\u202egnp.exe\u202c \u2066b\u2069\u200e\u061c',
      'a\\u202egnp.exe\\u202c \\u2066b\\u2069\\u200e\\u061c',
    ],
    [
      'zero-width characters',
      'pa\u200by\u200cp\u200da\ufeffl\u2060\u00ad',
      'pa\\u200by\\u200cp\\u200da\\ufeffl\\u2060\\u00ad',
    ],
    ['tags, which no one sees', 'ok\u{e0041}', 'ok\\udb40\\udc41'],
    ['a variation selector and Hangul fillers', 'a\ufe0f\u3164\u115f\uffa0', 'a\\ufe0f\\u3164\\u115f\\uffa0'],
    ['spaces that are none', 'rm\u00a0-rf\u3000/\u2800', 'rm\\u00a0-rf\\u3000/\\u2800'],
    ['half a character', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
    ['a private code point', '\ue000', '\\ue000'],
    ['NUL', '\u0000', '\\u0000'],
  ])('spells out %s', (_, text, expected) => {
    expect(safe(text)).toBe(expected)
  })

  it('leaves nothing that steers a terminal, whatever comes in', () => {
    const anything = fc.array(fc.oneof(fc.integer({ min: 0, max: 0x10ffff }), fc.integer({ min: 0, max: 0x2fff })), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(anything, (codes) => {
        expect(safe(String.fromCodePoint(...codes))).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      }),
      { seed: 7, numRuns: 2000 },
    )
  })
})

describe('safeLines', () => {
  it.each([
    ['a: 1\n\tb: 2', ['a: 1', '    b: 2']],
    ['a\r\nb\u001b[2J', ['a\\r', 'b\\u001b[2J']],
    ['', ['']],
  ])('%j', (text, expected) => {
    expect(safeLines(text)).toEqual(expected)
  })
})

it('safeJson keeps the value and its lines', () => {
  const value = { purpose: '\u001b]0;x\u0007\u009b31m\u202e\u{e0041}\n', 名: ['é', 1] }
  const text = safeJson(JSON.stringify(value, null, 2))
  expect(JSON.parse(text)).toEqual(value)
  expect(text.split('\n')).toHaveLength(7)
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
})
