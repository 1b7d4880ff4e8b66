import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clip, oneLine, pieces, quoted, visible } from './visible.ts'

describe('visible', () => {
  test.each([
    ['plain text stays', 'scale web to 4', 'scale web to 4'],
    ['other scripts and emoji stay', 'größer 数 مرحبا 🚪', 'größer 数 مرحبا 🚪'],
    ['markup stays what it is: text', '<b>&amp;</b>', '<b>&amp;</b>'],
    ['a newline', 'a\nb', 'a\\nb'],
    ['a carriage return', 'rm\rls', 'rm\\rls'],
    ['an escape sequence', '\x1b[2Jx', '⟨U+001B⟩[2Jx'],
    ['a C1 control', 'a\x9bb', 'a⟨U+009B⟩b'],
    ['a right-to-left override', 'web\u202egnp.exe', 'web⟨U+202E⟩gnp.exe'],
    ['an isolate', 'a\u2066b\u2069', 'a⟨U+2066⟩b⟨U+2069⟩'],
    ['an Arabic letter mark', 'a\u061cb', 'a⟨U+061C⟩b'],
    ['a zero-width space', 'pro\u200bd', 'pro⟨U+200B⟩d'],
    ['a zero-width joiner', 'pro\u200dd', 'pro⟨U+200D⟩d'],
    ['a byte order mark', '\ufeffprod', '⟨U+FEFF⟩prod'],
    ['a soft hyphen', 'pro\u00add', 'pro⟨U+00AD⟩d'],
    ['a Hangul filler', 'a\u3164b', 'a⟨U+3164⟩b'],
    ['a tag character', 'a\u{e0041}b', 'a⟨U+E0041⟩b'],
    ['a variation selector', 'a\ufe0fb', 'a⟨U+FE0F⟩b'],
    ['a line separator', 'a\u2028b', 'a⟨U+2028⟩b'],
    ['a no-break space', 'rm\u00a0-rf', 'rm⟨U+00A0⟩-rf'],
    ['an em space', 'a\u2003b', 'a⟨U+2003⟩b'],
    ['a blank Braille pattern', 'a\u2800b', 'a⟨U+2800⟩b'],
    ['private use', 'a\ue000b', 'a⟨U+E000⟩b'],
    ['a lone surrogate', 'a\ud800b', 'a⟨U+D800⟩b'],
    ['three marks on a letter', 'a\u0301\u0301\u0301', 'a\u0301\u0301\u0301'],
    ['a heap of marks', 'a\u0301\u0301\u0301\u0301\u0301', 'a\u0301\u0301\u0301⟨U+0301⟩⟨U+0301⟩'],
  ])('%s', (_, text, shown) => expect(visible(text)).toBe(shown))

  test('keeps lines where lines are wanted, and nothing else', () => {
    expect(visible('a\n\tb\r\u202e', true)).toBe('a\n\tb\\r⟨U+202E⟩')
  })

  test('an escape is told from text that looks like one', () => {
    expect(pieces('⟨U+202E⟩\u202e')).toEqual([
      { text: '⟨U+202E⟩', unseen: false },
      { text: '⟨U+202E⟩', unseen: true },
    ])
  })

  test('whatever comes in, nothing unseen comes out, and nothing is lost', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, lines) => {
        const out = pieces(text, lines)
        expect(out.map((piece) => piece.text).join('')).not.toMatch(/[^\P{C}\n\t]|\u2028|\u2029|\u00a0/u)
        const back = out.map(({ text: shown, unseen }) => (unseen ? unescaped(shown) : shown)).join('')
        expect(back).toBe(text)
      }),
      { seed: 20260101, numRuns: 500 },
    )
  })
})

function unescaped(text: string): string {
  const simple = { '\\n': '\n', '\\t': '\t', '\\r': '\r' }[text]
  return simple ?? String.fromCodePoint(Number.parseInt(text.slice(3, -1), 16))
}

describe('clip', () => {
  test.each([
    ['abc', 3, 'abc', 0],
    ['abcd', 3, 'abc', 1],
    ['ab🚪d', 3, 'ab', 3],
    ['ab🚪d', 4, 'ab🚪', 1],
  ])('%s to %i', (text, max, shown, left) => expect(clip(text, max)).toEqual({ text: shown, left }))
})

test('a quoted name cannot end its own quotation', () => {
  expect(quoted('web')).toBe('"web"')
  expect(quoted('web" in "x\\')).toBe('"web\\" in \\"x\\\\"')
})

test.each([
  ['not now', 'not now'],
  ['  not\n\n now\t', 'not now'],
  ['a\u202eb\u200b', 'ab'],
  ['', ''],
])('oneLine %j', (typed, sent) => expect(oneLine(typed)).toBe(sent))
