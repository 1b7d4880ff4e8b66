import { describe, expect, it } from 'vitest'
import { joinMasks, MAX_PLACES, maskSince, worthTelling } from './masks.ts'

const one = { count: 2, rules: { secret: 2 }, places: [{ rule: 'secret', at: 'data.key', count: 2 }] }
const other = { count: 1, rules: { secret: 1 }, places: [{ rule: 'secret', at: 'data.key', count: 1 }] }

describe('masks together', () => {
  it.each([
    ['none', [undefined, undefined], undefined],
    ['one', [undefined, one], one],
    [
      'the same place twice',
      [one, other],
      { count: 3, rules: { secret: 3 }, places: [{ ...one.places[0], count: 3 }] },
    ],
    [
      'another place',
      [one, { count: 1, rules: { jwt: 1 }, places: [{ rule: 'jwt', at: 'stdout', count: 1 }] }],
      { count: 3, rules: { secret: 2, jwt: 1 }, places: [...one.places, { rule: 'jwt', at: 'stdout', count: 1 }] },
    ],
    [
      'no place known',
      [
        { count: 1, rules: { a: 1 } },
        { count: 1, rules: { b: 1 } },
      ],
      { count: 2, rules: { a: 1, b: 1 } },
    ],
    [
      'the first reason for withholding',
      [one, { count: 0, rules: {}, withheld: 'a' }, { count: 0, rules: {}, withheld: 'b' }],
      { ...one, withheld: 'a' },
    ],
  ])('%s', (_name, masks, sum) => {
    expect(joinMasks(...masks)).toEqual(sum)
  })

  it('names so many places and counts the rest', () => {
    const at = (from: number) => ({
      count: MAX_PLACES,
      rules: { r: MAX_PLACES },
      places: Array.from({ length: MAX_PLACES }, (_, place) => ({ rule: 'r', at: `line ${from + place}`, count: 1 })),
    })
    const sum = joinMasks(at(0), at(1))
    expect(sum?.count).toBe(2 * MAX_PLACES)
    expect(sum?.places).toHaveLength(MAX_PLACES)
    expect(sum?.places?.[1]).toEqual({ rule: 'r', at: 'line 1', count: 2 })
  })

  it.each([
    ['nothing masked', { count: 0, rules: {} }, false],
    ['nothing at all', undefined, false],
    ['something masked', one, true],
    ['withheld', { count: 0, rules: {}, withheld: 'why' }, true],
  ])('%s: worth telling or not', (_name, mask, told) => {
    expect(worthTelling(mask)).toEqual(told ? mask : undefined)
  })
})

describe('what has come to a mask since it was told', () => {
  const more = {
    count: 6,
    rules: { secret: 5, jwt: 1 },
    places: [
      { rule: 'secret', at: 'data.key', count: 3 },
      { rule: 'jwt', at: 'data.key', count: 1 },
    ],
  }
  it.each([
    ['nothing told: all of it', more, undefined, more],
    ['nothing masked', undefined, one, undefined],
    ['nothing new', one, one, { count: 0, rules: {} }],
    [
      'more of one rule, one that is new, one place that is not named',
      more,
      one,
      {
        count: 4,
        rules: { secret: 3, jwt: 1 },
        places: [
          { rule: 'secret', at: 'data.key', count: 1 },
          { rule: 'jwt', at: 'data.key', count: 1 },
        ],
      },
    ],
    ['a place that is no longer named', { count: 3, rules: { secret: 3 } }, one, { count: 1, rules: { secret: 1 } }],
    ['why it was withheld', { ...one, withheld: 'a' }, one, { count: 0, rules: {}, withheld: 'a' }],
  ])('%s', (_name, mask, told, rest) => {
    expect(maskSince(mask, told)).toEqual(rest)
  })

  it('comes to the whole again, however often it is told', () => {
    const steps = [one, { ...one, count: 3, rules: { secret: 2, jwt: 1 } }, more]
    const parts = steps.map((mask, at) => maskSince(mask, steps[at - 1]))
    expect(joinMasks(...parts)).toEqual(more)
  })
})
