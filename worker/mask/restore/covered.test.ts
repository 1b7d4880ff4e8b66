import { describe, expect, test } from 'vitest'
import { Masker } from '../placeholder.ts'
import { base64, KEY } from '../testing.ts'
import { isCovered, partsOf } from './covered.ts'
import { closeRelease } from './release.ts'
import { Tags } from './stretches.ts'

const tagged = (value: string) => new Masker(KEY).uncounted(new TextEncoder().encode(value))
const PW = 'hunter2'
const released = (text: string) => ({ data: { release: closeRelease(JSON.stringify({ config: { pw: text } })) } })
const applied = (text: string) => ({ l: JSON.stringify({ data: { pw: text } }) })

describe('what was put back is masked when it is read', () => {
  test.each<[name: string, came: unknown, restored: unknown, again: unknown, covered: boolean]>([
    ['the same stretch', `a ${tagged(PW)} b`, `a ${PW} b`, `a ${tagged(PW)} b`, true],
    [
      'as it came, which nobody could tell apart',
      `${tagged('1')}${tagged('2')}`,
      'xy',
      `${tagged('1')}${tagged('2')}`,
      true,
    ],
    ['more than it', `a ${tagged(PW)} b`, `a ${PW} b`, `a ${tagged(`${PW} b`)}`, true],
    ['all of it', `a ${tagged(PW)} b`, `a ${PW} b`, tagged(`a ${PW} b`), true],
    ['all of it, in base64', base64(`a ${tagged(PW)}`), base64(`a ${PW}`), base64(tagged(`a ${PW}`)), true],
    ['plain in data', tagged(PW), base64(PW), base64(tagged(PW)), true],
    ['a number', { a: tagged('12') }, { a: 12 }, { a: tagged('12') }, true],
    ['in the applied object', applied(tagged(PW)), applied(PW), applied(tagged(PW)), true],
    [
      'beside what never was a placeholder',
      { a: tagged(PW), b: 'open' },
      { a: PW, b: 'open' },
      { a: tagged(PW), b: 'open' },
      true,
    ],
    ['not at all', `a ${tagged(PW)}`, `a ${PW}`, `a ${PW}`, false],
    ['half of it', `a ${tagged(PW)}`, `a ${PW}`, `a hun${tagged('ter2')}`, false],
    ['one of two', `${tagged(PW)} ${tagged('other')}`, `${PW} other`, `${tagged(PW)} other`, false],
    ['another one', `${tagged(PW)} x`, `${PW} x`, `${PW} ${tagged('x')}`, false],
    ['not in base64', base64(`a ${tagged(PW)}`), base64(`a ${PW}`), base64(`a ${PW}`), false],
    ['a number, not', { a: tagged('12') }, { a: 12 }, { a: 12 }, false],
    ['in the applied object, not', applied(tagged(PW)), applied(PW), applied(PW), false],
    ['in a list', [tagged(PW)], [PW], [PW], false],
    ['a release', released(tagged(PW)), released(PW), released(tagged(PW)), true],
    ['a release, not', released(tagged(PW)), released(PW), released(PW), false],
  ])('%s', (_name, came, restored, again, covered) => {
    const [one, other, third] = [came, restored, again].map((value) => JSON.stringify({ x: value }))
    const part = { came: one ?? '', restored: other ?? '' }
    expect(isCovered(part, third ?? '', new Tags(KEY), new Map([['', PW]]))).toBe(covered)
  })
})

test('of a JSON patch each operation that changed is an object of its own', () => {
  const patch = (value: unknown) =>
    JSON.stringify([
      { op: 'test', path: '/kind', value: 'X' },
      { op: 'add', path: '/data/a~1b', value },
      { op: 'add', path: '/spec/list/0', value },
    ])
  expect(partsOf(true, patch(1), patch(2))).toEqual([
    { came: '{"data":{"a/b":1}}', restored: '{"data":{"a/b":2}}' },
    { came: '{"spec":{"list":[1]}}', restored: '{"spec":{"list":[2]}}' },
  ])
})
