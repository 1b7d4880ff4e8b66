import { describe, expect, it } from 'vitest'
import type { RecordedMask } from '../../../protocol/log/event.ts'
import type { CommandSummary } from '../../../worker/api/types.ts'
import { filtered, marksOf, maskWords, ruleChoices, stepIn } from './marks.ts'

const command = (masks: number, mask?: RecordedMask): CommandSummary => ({
  id: 'c',
  session: 's',
  title: '',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
  requests: 1,
  denials: 0,
  holds: 0,
  masks,
  ...(mask && { mask }),
  outcome: 'ok',
})
const by = (rules: Readonly<Record<string, number>>, places?: RecordedMask['places']): CommandSummary => {
  const count = Object.values(rules).reduce((sum, n) => sum + n, 0)
  return command(count, { count, rules, ...(places && { places }) })
}
const isMasked = ({ masks }: CommandSummary) => masks > 0

describe('marks on the timeline', () => {
  it('stand in the middle of their commands', () => {
    expect(marksOf([command(0), command(1), command(0), command(2)], isMasked)).toEqual([
      { at: 37.5, index: 1, commands: 1 },
      { at: 87.5, index: 3, commands: 1 },
    ])
  })

  it('are none without commands', () => expect(marksOf([], isMasked)).toEqual([]))

  it('reach to the end of a session of any length, and say how many commands they stand for', () => {
    const marks = marksOf(
      Array.from({ length: 100_000 }, () => command(1)),
      isMasked,
    )
    expect(marks.length).toBe(400)
    expect(marks.at(-1)).toEqual({ at: 99.875, index: 99_750, commands: 250 })
    expect(marks.reduce((sum, { commands }) => sum + commands, 0)).toBe(100_000)
  })

  it('show the one command of 100,000 that had a mask', () => {
    const commands = Array.from({ length: 100_000 }, (_, i) => command(i === 99_999 ? 1 : 0))
    expect(marksOf(commands, isMasked)).toEqual([{ at: 99.875, index: 99_999, commands: 1 }])
  })
})

describe('filters', () => {
  const list = [
    command(0),
    by({ jwt: 1 }),
    by({ secret: 2, jwt: 1 }),
    command(5),
    command(9, { count: 2, rules: { pem: 2 } }),
  ]
  it.each<[string, string, readonly number[] | undefined]>([
    ['none leaves all', '', undefined],
    ['any mask', '*', [1, 2, 3, 4]],
    ['one rule, and what is not told by which', 'secret', [2, 3, 4]],
    ['a name that objects have', 'constructor', [3, 4]],
  ])('%s', (_name, filter, expected) => expect(filtered(list, filter)).toEqual(expected))

  it('are offered by the rules there are', () => {
    expect(ruleChoices(list)).toEqual([
      { rule: 'jwt', commands: 2 },
      { rule: 'pem', commands: 1 },
      { rule: 'secret', commands: 1 },
    ])
  })

  it.each<[string, readonly number[], number, 1 | -1, number]>([
    ['on', [1, 4, 6], 1, 1, 4],
    ['on from between', [1, 4, 6], 2, 1, 4],
    ['back', [1, 4, 6], 5, -1, 4],
    ['not past the end', [1, 4, 6], 6, 1, 6],
    ['nowhere in none', [], 3, 1, 3],
  ])('are stepped through: %s', (_name, shown, index, step, expected) => {
    expect(stepIn(shown, index, step)).toBe(expected)
  })
})

describe('what was masked in words', () => {
  it.each<[string, CommandSummary, string]>([
    ['nothing told', command(3), ''],
    ['a rule', by({ jwt: 1 }), 'jwt'],
    [
      'the most used first, with places',
      by({ jwt: 1, secret: 2 }, [
        { rule: 'secret', at: 'data.password', count: 1 },
        { rule: 'secret', at: 'data.url', count: 1 },
      ]),
      'secret × 2 at data.password, data.url; jwt',
    ],
    ['more than is told', command(1010, { count: 10, rules: { pem: 10 } }), 'pem × 10; 1,000 more'],
  ])('%s', (_name, given, expected) => expect(maskWords(given)).toBe(expected))
})
