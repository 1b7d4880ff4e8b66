import { expect, test } from 'vitest'
import { Masker } from '../placeholder.ts'
import { base64, KEY } from '../testing.ts'
import { isHeldByWords, madeUp } from './blind.ts'
import { Tags } from './stretches.ts'

const PW = 'hunter2'
const tag = new Masker(KEY).uncounted(new TextEncoder().encode(PW))
/** Masks what stands behind `pw=`, in base64 too. */
const read = (json: string): string =>
  mask(json).replace(/(?<=")[A-Za-z0-9+/]{20,}={0,2}(?=")/g, (run) =>
    atob(run).includes('pw=') ? base64(mask(atob(run))) : run,
  )
const mask = (text: string): string => text.replace(/pw=[^\s"\\]+/g, 'pw=⟦masked:password:0123456789ab⟧')
const held = (
  text: (pw: string) => unknown,
  stays: (value: string, line: string) => boolean = () => false,
): boolean => {
  const came = written(text(tag))
  const made = madeUp(came)
  return isHeldByWords({ came, restored: written(text(PW)) }, made, read(made), new Tags(KEY), stays)
}
const written = (x: unknown): string => JSON.stringify({ x }).replaceAll('⟦', '\\u27e6')

test.each<[name: string, text: (pw: string) => unknown, expected: boolean]>([
  ['words that mask any value', (pw) => `a pw=${pw} b`, true],
  ['words that mask none', (pw) => `ghp_${pw}`, false],
  ['one of two places', (pw) => `pw=${pw} ${pw}`, false],
  ['a list', (pw) => [`pw=${pw}`], true],
  ['a list, not', (pw) => ['x', pw], false],
  ['a document in a string', (pw) => JSON.stringify({ a: `pw=${pw}` }), true],
  ['a document in a string, not', (pw) => JSON.stringify({ a: pw }), false],
  ['nothing at all', () => 'open', true],
  ['in base64', (pw) => base64(`a pw=${pw} b`), true],
  ['in base64, not', (pw) => base64(`a ${pw} b`), false],
  ['base64 of it in a text', (pw) => `a\npw=${base64(pw)}\n`, true],
  ['base64 of it in a text, not', (pw) => `a\n${base64(pw)} b\n`, false],
])('%s', (_name, text, expected) => {
  expect(held(text)).toBe(expected)
})

test('what stays as it was is asked for by its value and its line', () => {
  const asked: string[][] = []
  const stays = (...of: string[]): boolean => asked.push(of) > 0
  expect(held((pw) => `one\ntoken ${pw} end\nthree`, stays)).toBe(true)
  expect(asked).toEqual([[PW, `token ${PW} end`]])
})

test('what stays in base64 is asked for by all of it', () => {
  const asked: string[][] = []
  const stays = (...of: string[]): boolean => asked.push(of) > 0
  expect(held((pw) => base64(`one\ntoken ${pw}\n`), stays)).toBe(true)
  expect(asked).toEqual([[PW, base64(`one\ntoken ${PW}\n`)]])
})

test('what masks short values only does not mask long ones', () => {
  const came = written(`pw=${tag}`)
  const isHeld = (long: boolean): boolean => {
    const made = madeUp(came, long)
    const again = made.replace(/pw=[^"]{1,64}(?=")/, 'pw=⟦masked:password:0123456789ab⟧')
    return isHeldByWords({ came, restored: written(`pw=${PW}`) }, made, again, new Tags(KEY), () => false)
  }
  expect([isHeld(false), isHeld(true)]).toEqual([true, false])
})
