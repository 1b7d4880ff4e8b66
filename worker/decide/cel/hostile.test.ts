// Hostile conditions on hostile objects: each stops, with a value or an error, within the time a request has for it.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileCondition, type Scope } from './condition.ts'
import { SPENT } from './values.ts'

/** What an evaluation may take, in milliseconds of this thread's own time: the machine may be busy with others. */
const LIMIT_MS = 50

const big = 'a'.repeat(2_000_000)
const maps = Array.from({ length: 20_000 }, (_, i) => ({ name: `x${i}`, k: [1n, 2n] }))
const object = {
  big,
  maps,
  list: Array.from({ length: 100_000 }, (_, i) => BigInt(i)),
  strings: Array.from({ length: 50_000 }, (_, i) => `s${i}`),
  down: Array.from({ length: 3000 }, (_, i) => 3000n - BigInt(i)),
  deep: Array.from({ length: 90 }).reduce<unknown>((value, _, i) => (i % 2 ? [value] : { a: value }), 1n),
  many: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, `v${i}`])),
  spaces: ' '.repeat(1_000_000),
  emoji: '😀'.repeat(500_000),
  long: 'a'.repeat(32_000),
  lines: Array.from({ length: 3000 }, () => 'a'.repeat(500)),
  bits: Array.from({ length: 900 }, (_, i) => ((i * i * 7 + i * 3) % 11 > 5 ? '1' : '0')).join(''),
  accents: 'é'.repeat(290),
  pod: { containers: maps, volumes: maps },
}
const SCOPE: Scope = {
  request: {},
  identity: {},
  connection: {},
  object,
  oldObject: structuredClone(object),
  podSpec: object.pod,
  exec: null,
  session: {},
  now: new Date(0),
}

function or(text: string, times: number): string {
  return Array(times).fill(text).join(' || ')
}

/** x0 + x0, added to itself, and so on. */
function doubled(start: string, times: number): string {
  const inner = Array.from({ length: times }, (_, i) => times - i).reduce(
    (result, i) => `cel.bind(x${i}, x${i - 1} + x${i - 1}, ${result})`,
    `x${times}.size() > 0`,
  )
  return `cel.bind(x0, ${start}, ${inner})`
}

/** Lists of two of the list before: few nodes, but 2^n leaves for whoever walks them. */
function branched(times: number): string {
  const inner = Array.from({ length: times }, (_, i) => times - i).reduce(
    (result, i) => `cel.bind(x${i}, [x${i - 1}, x${i - 1}], ${result})`,
    `"%s".format([x${times}]) != ""`,
  )
  return `cel.bind(x0, dyn([1]), ${inner})`
}

const HOSTILE: readonly (readonly [string, string])[] = [
  ['three nested loops', 'object.list.all(a, object.list.all(b, object.list.all(c, a + b + c >= 0)))'],
  ['an error in every round', 'object.list.exists(a, object.list.exists(b, object.nope == 1))'],
  ['a hundred errors in every round', `object.list.exists(a, ${or('object.nope == a', 100)})`],
  ['absent optionals', 'object.list.exists(a, object.list.exists(b, object.list[?999999999].hasValue()))'],
  ['a loop over a range', 'lists.range(10000).all(a, lists.range(10000).all(b, true))'],
  ['a list of lists', 'object.list.map(a, object.list.map(b, [a, b])).size() > 0'],
  ['a wide body', `object.list.all(a, ${Array(300).fill('a + 1 > 0').join(' && ')})`],
  ['a large literal in a loop', `object.list.all(a, [${Array(400).fill('a').join()}].size() > 0)`],
  ['a list that doubles', doubled('object.list', 20)],
  ['a tree of lists', branched(18)],
  ['a search for every element', 'object.list.all(a, a in object.list)'],
  ['a search among maps', 'object.maps.all(a, a in oldObject.maps)'],
  ['comparing everything', 'object.list.all(a, object == oldObject)'],
  ['comparing deep things', 'object.list.all(a, object.deep == oldObject.deep)'],
  ['counting characters', 'object.list.all(a, object.emoji.size() > 0)'],
  ['counting keys', 'object.list.all(a, object.many.size() > 0)'],
  ['searching for long parts', 'object.list.all(a, !object.long.contains(object.long.substring(16000) + "b"))'],
  ['splitting', 'object.list.all(a, object.big.split("").size() > 0)'],
  ['replacing', 'object.list.all(a, object.long.replace("a", "bbbbbbbbbb") != "")'],
  ['trimming', 'object.list.all(a, (object.spaces + "x").trim() != "")'],
  ['changing case', 'object.list.all(a, object.long.upperAscii() != "")'],
  ['turning around', 'object.list.all(a, object.long.reverse() != "")'],
  ['formatting everything', 'object.list.all(a, "%s".format([object]) != "")'],
  ['formatting as hex', 'object.list.all(a, "%x".format([object.big]) != "")'],
  [
    'formatting doubles',
    `object.list.all(a, "${'%.100f'.repeat(50)}".format([${Array(50).fill('1e20').join()}]) != "")`,
  ],
  ['sorting', 'object.list.all(a, object.down.sort().size() > 0)'],
  ['distinct elements', 'object.list.distinct().size() > 0'],
  ['flattening', 'object.list.all(a, [object.list, object.list].flatten().size() > 0)'],
  ['sets', 'sets.equivalent(object.strings, object.strings)'],
  ['a pattern of nested repeats', 'object.lines.all(a, a.matches("^(a+)+$"))'],
  ['a pattern of many states', 'object.lines.all(a, object.bits.matches("[01]*1[01]{300}$"))'],
  ['a pattern of Unicode classes', 'object.lines.all(a, object.accents.find("\\\\p{L}{1,900}$") == "x")'],
  ['a pattern that looks at the rest', 'object.lines.all(a, a.findAll("a.*b|a").size() > 0)'],
  ['patterns of the object', 'object.strings.all(a, a.matches(a + "|(x{40})\\\\p{L}"))'],
  ['time zones', 'object.list.all(a, now.getHours("Europe/Berlin") >= 0)'],
  ['no time zones', 'object.strings.exists(a, now.getHours(a) > 0)'],
  ['quantities', 'object.list.all(a, quantity(string(a) + "e50").sign() >= 0)'],
  ['addresses', 'object.list.exists(a, isIP("1:2:3:4:5:6:7:" + string(a) + "g"))'],
  [
    'URLs',
    'object.list.all(a, url("http://x/?" + object.long.substring(0, 4000).replace("a", "a&")).getQuery().size() > 0)',
  ],
  ['Pod functions', 'object.list.all(a, podSpec.images().size() >= 0 && podSpec.secretNames().size() >= 0)'],
  ['durations', 'object.list.all(a, duration(string(a) + "ns") >= duration("0s"))'],
  ['doubles', 'object.list.all(a, string(double(string(a) + ".123")) != "")'],
]

function compiled(text: string) {
  const result = compileCondition(text)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.condition
}

/** The least of three times, in milliseconds of CPU: a pause for collecting someone else's garbage is not ours. */
function fastest(work: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const before = process.threadCpuUsage()
    work()
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

describe('a hostile condition runs out of budget in time', () => {
  test.each(HOSTILE)('%s', (_name, text) => {
    const condition = compiled(text)
    expect(condition.evaluate(SCOPE)).toEqual({ ok: false, error: expect.stringContaining(SPENT) })
    expect(fastest(() => condition.evaluate(SCOPE))).toBeLessThan(LIMIT_MS)
  })

  test.each(HOSTILE)('and cannot be absorbed: %s', (_name, text) => {
    for (const around of [
      `(${text}) || true`,
      `!(false && (${text}))  && ((${text}) || true)`,
      `[1].exists(z, (${text}) || z == 1)`,
    ]) {
      const condition = compiled(around)
      expect(condition.evaluate(SCOPE), around).toEqual({ ok: false, error: expect.stringContaining(SPENT) })
    }
  })

  test('a string that doubles stops at its bound', () => {
    expect(compiled(doubled('object.long', 20)).evaluate(SCOPE)).toEqual({
      ok: false,
      error: expect.stringContaining('the condition makes too long a string'),
    })
  })

  test('what people write does not', () => {
    const containers = Array.from({ length: 40 }, (_, i) => ({
      image: `registry.example/team/service-${i}:v1.${i}.0`,
      name: `c${i}`,
    }))
    const scope = { ...SCOPE, object: { spec: { containers } }, podSpec: { containers } }
    for (const text of [
      'podSpec.allContainers().all(c, c.image.matches("^registry\\\\.example/[a-z0-9/-]+:v[0-9.]+$"))',
      'object.spec.containers.all(c, object.spec.containers.exists_one(d, d.name == c.name))',
      'object == object && podSpec.images().all(i, ["registry.example/"].exists(r, i.startsWith(r)))',
    ]) {
      expect(compiled(text).evaluate(scope), text).toEqual({ ok: true, value: true })
    }
  })
})

describe('any text', () => {
  const words = [
    'object',
    'oldObject',
    'podSpec',
    'request',
    'session',
    'now',
    '.',
    '.?',
    '(',
    ')',
    '[',
    ']',
    '[?',
    '{',
    '}',
    ',',
    ':',
    '?',
    '&&',
    '||',
    '!',
    '-',
    '+',
    '*',
    '/',
    '%',
    '==',
    '!=',
    '<',
    '>=',
    ' in ',
    '1',
    '0',
    '2.5',
    '3u',
    '"a"',
    '""',
    "b'x'",
    'true',
    'null',
    'a',
    'all(a, ',
    'exists(a, ',
    'map(a, ',
    'filter(a, ',
    'has(',
    'list',
    'big',
    'size()',
    'matches("a+")',
    'split("")',
    'join("")',
    'sort()',
    'sum()',
    'quantity("1")',
    'optional.of(',
    'orValue(1)',
    'cel.bind(a, 1, ',
    'type(',
    'int',
    'string(',
    'dyn(',
    'getHours("x")',
    'format([1])',
    'images()',
    'constructor',
    '__proto__',
    'toString()',
    '\n',
    '//',
  ]

  test('compiles or is refused with a place in it, and what compiles is evaluated without throwing', () => {
    let evaluated = 0
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 14 }), (parts) => {
        const text = parts.join('')
        const result = compileCondition(text)
        if (result.ok) {
          evaluated++
          const outcome = result.condition.evaluate(SCOPE)
          return outcome.ok ? typeof outcome.value === 'boolean' : outcome.error.length < 200
        }
        const [problem] = result.problems
        return problem !== undefined && problem.line >= 1 && problem.column >= 1 && problem.message.length > 0
      }),
      { seed: 5, numRuns: 20_000 },
    )
    expect(evaluated).toBeGreaterThan(20)
  })

  test('made of well-formed parts is evaluated without throwing, in time', () => {
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5, depthSize: 'medium' },
        fc.constantFrom(
          'object',
          'object.list',
          'object.big',
          'object.deep',
          'object.nope',
          'oldObject',
          'podSpec',
          'null',
          '1',
          '-2.5',
          '"a"',
          'true',
          'dyn([])',
          '{"k": dyn(1)}',
          'now',
          'a',
          'optional.none()',
        ),
        fc
          .tuple(
            tie('node'),
            fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', 'in', '&&', '||'),
            tie('node'),
          )
          .map(([a, op, b]) => `(dyn(${a}) ${op} dyn(${b}))`),
        fc
          .tuple(tie('node'), fc.constantFrom('all', 'exists', 'map', 'filter', 'exists_one'), tie('node'))
          .map(([a, macro, b]) => `dyn(${a}).${macro}(a, dyn(${b}))`),
        fc
          .tuple(
            tie('node'),
            fc.constantFrom(
              'size()',
              'sort()',
              'sum()',
              'distinct()',
              'flatten()',
              'split("")',
              'join("")',
              'matches("a*b")',
              'images()',
              'privileged()',
              'reverse()',
              'isSorted()',
              '?list',
              'name',
              '?a.orValue(1)',
              'getHours("UTC")',
            ),
          )
          .map(([a, call]) => `dyn(${a}).${call}`),
        fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => `(dyn(${a}) ? dyn(${b}) : dyn(${c}))`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `dyn(${a})[dyn(${b})]`),
        fc.tuple(tie('node')).map(([a]) => `"%s".format([dyn(${a})])`),
      ),
    }))
    let evaluated = 0
    fc.assert(
      fc.property(node, (text) => {
        const result = compileCondition(`cel.bind(a, object.down, dyn(${text}))`)
        if (!result.ok) return true
        evaluated++
        const before = process.threadCpuUsage()
        const outcome = result.condition.evaluate(SCOPE)
        const { user } = process.threadCpuUsage(before)
        if (user / 1000 > LIMIT_MS && fastest(() => result.condition.evaluate(SCOPE)) > LIMIT_MS) return false
        return outcome.ok ? typeof outcome.value === 'boolean' : !outcome.error.includes('aaaaaaa')
      }),
      { seed: 6, numRuns: 3000 },
    )
    expect(evaluated).toBeGreaterThan(1000)
  })
})
