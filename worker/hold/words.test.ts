import { describe, expect, it } from 'vitest'
import { plain, visible } from './words.ts'

describe('plain', () => {
  it.each([
    ['keeps ordinary text of any script', 'deploy café 部署 🚀', 'deploy café 部署 🚀'],
    ['keeps markup as the text it is', '<b>x</b> [a](http://b) `c`', '<b>x</b> [a](http://b) `c`'],
    ['makes one line', ' a\r\n\tb \n', 'a b'],
    ['leaves out controls', 'a\u0000\u0007\u001b[31mb\u007f\u009b', 'a[31mb'],
    ['leaves out overrides of the reading order', 'a\u202eb\u2066c\u200fd\u061ce', 'abcde'],
    ['leaves out what has no width', 'a\u200bb\u200dc\ufeffd\u00ade', 'abcde'],
    ['leaves out line separators and tags', 'a\u2028b\u2029c\u{e0041}d', 'abcd'],
    ['leaves out fillers, joiners and selectors', 'a\u3164b\u115fc\u034fd\ufe0fe\uffa0f\u{e0100}g\u180eh', 'abcdefgh'],
    ['makes one kind of space of all', 'a\u00a0\u2003\u3000b', 'a b'],
    ['leaves out half characters', 'a\ud83db', 'ab'],
    ['says where it was cut', 'x'.repeat(101), `${'x'.repeat(99)}…`],
    ['keeps what just fits', 'x'.repeat(100), 'x'.repeat(100)],
    ['does not cut a character in two', `${'x'.repeat(98)}🚀🚀`, `${'x'.repeat(98)}\ufffd…`],
    ['does not look through a megabyte', `${' '.repeat(1_000_000)}x`, ''],
  ])('%s', (_, text, expected) => {
    expect(plain(text, 100)).toBe(expected)
  })
})

describe('visible', () => {
  it.each([
    ['keeps line ends and tabs', 'a\n\tb', 'a\n\tb'],
    ['writes out an override', 'rm \u202e/ fr-', 'rm ⟨U+202E⟩/ fr-'],
    ['writes out an escape', '\u001b]52;c;\u0007', '⟨U+001B⟩]52;c;⟨U+0007⟩'],
    ['writes out a carriage return', 'good\rbad', 'good⟨U+000D⟩bad'],
    ['writes out a filler', 'shop\u3164', 'shop⟨U+3164⟩'],
    ['writes out a variation selector', 'a\ufe00', 'a⟨U+FE00⟩'],
    ['writes out spaces that only look like one', 'ls\u00a0-l\u2800', 'ls⟨U+00A0⟩-l⟨U+2800⟩'],
    ['writes out marks heaped on a character', `a${'\u0301'.repeat(4)}`, `a${'\u0301'.repeat(3)}⟨U+0301⟩`],
    ['writes out half a character', '\udc00', '⟨U+DC00⟩'],
    ['keeps placeholders of masks', '⟦masked:secret:abc⟧', '⟦masked:secret:abc⟧'],
  ])('%s', (_, text, expected) => {
    expect(visible(text)).toBe(expected)
  })
})
