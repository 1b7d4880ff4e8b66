import { describe, expect, it } from 'vitest'
import { encodeRecord } from '../../../protocol/recording.ts'
import { printedScript, recordedScript } from '../player/script.ts'
import { nextSpot, type Spots, spotsOf } from './spots.ts'

const ONE = '⟦masked:github-pat:0123456789ab⟧'
const OTHER = '⟦masked:value:ba9876543210⟧'

type Part = readonly [t: number, bytes: string | Uint8Array]

const recording = (...parts: readonly Part[]) => {
  const records = parts.map(([t, part]) =>
    encodeRecord({ t, channel: 1, payload: typeof part === 'string' ? new TextEncoder().encode(part) : part }),
  )
  const out = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const record of records) {
    out.set(record, at)
    at += record.length
  }
  return out
}
const script = (...parts: readonly Part[]) => recordedScript('env', recording(...parts), true)
const found = (...parts: readonly Part[]) => {
  const made = script(...parts)
  return spotsOf(made, true).list.map(({ at, rule }) => [at - made.outputAt, rule])
}

describe('spots of a recording', () => {
  it.each<[string, readonly Part[], unknown[]]>([
    ['none', [[0, 'plain ⟦ text']], []],
    [
      'each at its moment',
      [
        [0, 'a'],
        [40, `x ${ONE} y ${OTHER}`],
        [90, ONE],
      ],
      [
        [40, 'github-pat'],
        [40, 'value'],
        [90, 'github-pat'],
      ],
    ],
    ['not what only looks like one', [[5, '⟦masked:x⟧ ⟦masked:x:zz⟧']], []],
  ])('%s', (_name, parts, expected) => expect(found(...parts)).toEqual(expected))

  it('finds one that frames cut anywhere', () => {
    const bytes = new TextEncoder().encode(`é ⟦ ${ONE}é`)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const [a, b] = [bytes.slice(0, cut), bytes.slice(cut)]
      expect(found([0, a], [7, b]).map(([, rule]) => rule)).toEqual(['github-pat'])
    }
  })

  it('finds one that comes byte by byte, once', () => {
    const bytes = new TextEncoder().encode(`${ONE}${OTHER}`)
    const parts = [...bytes].map((byte, t) => [t, Uint8Array.of(byte)] as const)
    expect(found(...parts).map(([, rule]) => rule)).toEqual(['github-pat', 'value'])
  })
})

it('what is printed at once has its spots at one time, and what is typed has none', () => {
  const made = printedScript(`kubectl exec p -- echo ${OTHER}`, [{ text: `${ONE}\n${ONE}\n`, kind: 'exact' }])
  expect(spotsOf(made, false)).toEqual({
    list: [
      { at: made.outputAt, rule: 'github-pat' },
      { at: made.outputAt, rule: 'github-pat' },
    ],
    count: 2,
    timed: false,
  })
})

it('of very many only the first are kept, and all are counted', () => {
  const made = printedScript('x', [{ text: ONE.repeat(3000), kind: 'exact' }])
  const { list, count } = spotsOf(made, false)
  expect([list.length, count]).toEqual([2000, 3000])
})

describe('the next spot', () => {
  const list = [
    { at: 10, rule: 'a' },
    { at: 20, rule: 'b' },
    { at: 20, rule: 'a' },
    { at: 30, rule: 'a' },
  ]
  const timed: Spots = { list, count: 4, timed: true }
  const text: Spots = { list, count: 4, timed: false }
  it.each<[string, Spots, number | undefined, number, 1 | -1, string | undefined, number | undefined]>([
    ['the first from the beginning', timed, undefined, 0, 1, undefined, 0],
    ['the one after the time', timed, undefined, 15, 1, undefined, 1],
    ['the one after the spot at the same time', timed, 1, 20, 1, undefined, 2],
    ['by time again once it has played on', timed, 0, 25, 1, undefined, 3],
    ['none behind the last', timed, 3, 30, 1, undefined, undefined],
    ['none when all has played', timed, undefined, 99, 1, undefined, undefined],
    ['back', timed, undefined, 99, -1, undefined, 3],
    ['back from a spot', timed, 1, 20, -1, undefined, 0],
    ['of one rule', timed, undefined, 0, 1, 'b', 1],
    ['of a rule there is none of', timed, undefined, 0, 1, 'c', undefined],
    ['the first of a text', text, undefined, 99, 1, undefined, 0],
    ['the next of a text', text, 2, 99, 1, undefined, 3],
    ['back in a text', text, 1, 99, -1, undefined, 0],
    ['nothing before a text', text, undefined, 99, -1, undefined, undefined],
  ])('%s', (_name, spots, spot, at, by, rule, expected) => {
    expect(nextSpot(spots, { spot, at }, by, rule)).toBe(expected)
  })
})
