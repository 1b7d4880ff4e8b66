import { describe, expect, it } from 'vitest'
import { pieces, reversed, shownPieces } from './masked.ts'

const ONE = '⟦masked:github-pat:0123456789ab⟧'
const OTHER = '⟦masked:value:ba9876543210⟧'

describe('placeholders in text', () => {
  it.each([
    ['nothing', '', []],
    ['no placeholder', 'plain', [{ text: 'plain' }]],
    ['one alone', ONE, [{ text: ONE, rule: 'github-pat' }]],
    [
      'some among text',
      `a ${ONE}${OTHER} b`,
      [{ text: 'a ' }, { text: ONE, rule: 'github-pat' }, { text: OTHER, rule: 'value' }, { text: ' b' }],
    ],
    [
      'one in base64, as it stands in a Secret',
      `password: ${btoa(String.fromCharCode(...new TextEncoder().encode(ONE)))}\n`,
      [
        { text: 'password: ' },
        { text: btoa(String.fromCharCode(...new TextEncoder().encode(ONE))), rule: 'github-pat' },
        { text: '\n' },
      ],
    ],
    ['base64 that goes on', `4p+mbWFza2Vk${'A'.repeat(40)}`, [{ text: `4p+mbWFza2Vk${'A'.repeat(40)}` }]],
    ['what only looks like one', '⟦masked:x⟧ ⟦masked:x:zz⟧', [{ text: '⟦masked:x⟧ ⟦masked:x:zz⟧' }]],
  ])('%s', (_name, text, expected) => {
    expect(pieces(text)).toEqual(expected)
  })
})

describe('text as it is shown', () => {
  it.each([
    ['turned around', 'rm \u202efdp.exe', [{ text: 'rm ⟨U+202E⟩fdp.exe' }]],
    [
      'unseen, between placeholders',
      `${ONE}\u200b${OTHER}`,
      [{ text: ONE, rule: 'github-pat' }, { text: '⟨U+200B⟩' }, { text: OTHER, rule: 'value' }],
    ],
    ['lines and tabs', 'a\n\tb', [{ text: 'a\n\tb' }]],
    ['escapes', 'a\x1b[8mb', [{ text: 'a⟨U+001B⟩[8mb' }]],
  ])('%s', (_name, text, expected) => {
    expect(shownPieces(text)).toEqual(expected)
  })

  it('has no more marks than a page can bear, and nothing is left out', () => {
    const shown = shownPieces(ONE.repeat(10), 4)
    expect(shown.length).toBe(5)
    expect(shown.map(({ text }) => text).join('')).toBe(ONE.repeat(10))
  })
})

describe('placeholders in a terminal', () => {
  const shown = (text: string): string =>
    new TextDecoder().decode(reversed(new TextEncoder().encode(text)) as Uint8Array)

  it.each([
    ['none', 'plain ⟦ text', 'plain ⟦ text'],
    ['one', `a ${ONE} b`, `a \x1b[7m${ONE}\x1b[27m b`],
    ['two', `${ONE}${OTHER}`, `\x1b[7m${ONE}\x1b[27m\x1b[7m${OTHER}\x1b[27m`],
    ['one that was cut off', '⟦masked:github', '⟦masked:github'],
    [
      'one after the start of another',
      `⟦masked: ${'x'.repeat(200)} ${ONE}`,
      `⟦masked: ${'x'.repeat(200)} \x1b[7m${ONE}\x1b[27m`,
    ],
  ])('%s, in bytes and in text', (_name, text, expected) => {
    expect(shown(text)).toBe(expected)
    expect(reversed(text)).toBe(expected)
  })

  it('leaves bytes without any as they are', () => {
    const bytes = Uint8Array.of(0xe2, 0x9f, 0xa6, 0, 255)
    expect(reversed(bytes)).toBe(bytes)
  })
})
