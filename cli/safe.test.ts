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
    ['a colour', '\u001b[31mred\u001b[0m', '⟨U+001B⟩[31mred⟨U+001B⟩[0m'],
    ['a title (OSC 0)', '\u001b]0;root\u0007', '⟨U+001B⟩]0;root⟨U+0007⟩'],
    ['the clipboard (OSC 52) with C1 controls', '\u009d52;c;eA==\u009c', '⟨U+009D⟩52;c;eA==⟨U+009C⟩'],
    ['a link (OSC 8)', '\u001b]8;;http://x\u001b\\y', '⟨U+001B⟩]8;;http://x⟨U+001B⟩\\y'],
    ['a line that is written over', 'delete ns\rget pods', 'delete ns\\rget pods'],
    ['a new line', 'a\nb\u0085c\u2028d\u2029e', 'a\\nb⟨U+0085⟩c⟨U+2028⟩d⟨U+2029⟩e'],
    ['a backspace and a DEL', 'rm\b\b\u007f', 'rm⟨U+0008⟩⟨U+0008⟩⟨U+007F⟩'],
    [
      'words turned round',
      'a\u202egnp.exe\u202c \u2066b\u2069\u200e\u061c',
      'a⟨U+202E⟩gnp.exe⟨U+202C⟩ ⟨U+2066⟩b⟨U+2069⟩⟨U+200E⟩⟨U+061C⟩',
    ],
    [
      'zero-width characters',
      'pa\u200by\u200cp\u200da\ufeffl\u2060\u00ad',
      'pa⟨U+200B⟩y⟨U+200C⟩p⟨U+200D⟩a⟨U+FEFF⟩l⟨U+2060⟩⟨U+00AD⟩',
    ],
    ['tags, which no one sees', 'ok\u{e0041}', 'ok⟨U+E0041⟩'],
    ['a variation selector and Hangul fillers', 'a\ufe0f\u3164\u115f\uffa0', 'a⟨U+FE0F⟩⟨U+3164⟩⟨U+115F⟩⟨U+FFA0⟩'],
    ['spaces that are none', 'rm\u00a0-rf\u3000/\u2800', 'rm⟨U+00A0⟩-rf⟨U+3000⟩/⟨U+2800⟩'],
    ['half a character', 'a\ud800b\udc00', 'a⟨U+D800⟩b⟨U+DC00⟩'],
    ['a private code point', '\ue000', '⟨U+E000⟩'],
    ['heaped marks', 'a\u0301\u0302\u0303\u0304', 'a\u0301\u0302\u0303⟨U+0304⟩'],
    ['NUL', '\u0000', '⟨U+0000⟩'],
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
    ['a\r\nb\u001b[2J', ['a\\r', 'b⟨U+001B⟩[2J']],
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
