import { expect, test } from 'vitest'
import { Masker } from '../placeholder.ts'
import { KEY } from '../testing.ts'
import { isHeldByWords, madeUp } from './blind.ts'
import { Tags } from './stretches.ts'

const PW = 'hunter2'
const tag = new Masker(KEY).uncounted(new TextEncoder().encode(PW))
/** Masks what stands behind `pw=`. */
const read = (json: string): string => json.replace(/pw=[^\s"\\]+/g, 'pw=⟦masked:password:0123456789ab⟧')
const held = (
  text: (pw: string) => unknown,
  stays: (value: string, line: string) => boolean = () => false,
): boolean => {
  const came = JSON.stringify({ x: text(tag) })
  return isHeldByWords({ came, restored: JSON.stringify({ x: text(PW) }) }, read(madeUp(came)), new Tags(KEY), stays)
}

test.each<[name: string, text: (pw: string) => unknown, expected: boolean]>([
  ['words that mask any value', (pw) => `a pw=${pw} b`, true],
  ['words that mask none', (pw) => `ghp_${pw}`, false],
  ['one of two places', (pw) => `pw=${pw} ${pw}`, false],
  ['a list', (pw) => [`pw=${pw}`], true],
  ['a list, not', (pw) => ['x', pw], false],
  ['a document in a string', (pw) => JSON.stringify({ a: `pw=${pw}` }), true],
  ['a document in a string, not', (pw) => JSON.stringify({ a: pw }), false],
  ['nothing at all', () => 'open', true],
])('%s', (_name, text, expected) => {
  expect(held(text)).toBe(expected)
})

test('what stays as it was is asked for by its value and its line', () => {
  const asked: string[][] = []
  const stays = (...of: string[]): boolean => asked.push(of) > 0
  expect(held((pw) => `one\ntoken ${pw} end\nthree`, stays)).toBe(true)
  expect(asked).toEqual([[PW, `token ${PW} end`]])
})
