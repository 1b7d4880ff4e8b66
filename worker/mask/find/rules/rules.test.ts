import { expect, test } from 'vitest'
import { createMatcher, type Matcher } from '../matcher.ts'
import type { PatternRule } from '../rule.ts'
import { compileAnchored, compileFree } from '../shape.ts'
import { documentOf } from './document.ts'
import { EXAMPLES, made } from './examples.ts'
import { PATTERN_RULES, RULES_BY_DOMAIN } from './index.ts'

const FREE = { spend: () => undefined }

const OFF = new Set(['secret', 'password', 'authorization', 'jwt', 'url-password', 'card-number', 'private-key'])
const alone = new Map<PatternRule, Matcher>()

/** What a rule finds with no other at work. */
function hitsOf(rule: PatternRule, text: string): readonly string[] {
  let matcher = alone.get(rule)
  if (matcher === undefined) {
    matcher = createMatcher({ off: OFF, names: [] }, [rule])
    alone.set(rule, matcher)
  }
  const bytes = new TextEncoder().encode(text)
  const { hits } = matcher.match(bytes, { final: true, budget: FREE })
  return hits.map(({ start, end }) => new TextDecoder().decode(bytes.subarray(start, end)))
}

const ALL = createMatcher({ off: new Set(), names: [] })

const byId = new Map(PATTERN_RULES.map((rule) => [rule.id, rule]))

test('there are at least 300 rules, each with an id of its own', () => {
  expect(PATTERN_RULES.length).toBeGreaterThanOrEqual(300)
  expect(byId.size).toBe(PATTERN_RULES.length)
})

test.each(PATTERN_RULES.map((rule) => [rule.id, rule] as const))('%s is well formed', (id, rule) => {
  expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
  expect(new URL(rule.source).protocol).toBe('https:')
  if (rule.near.length > 0) {
    expect(compileFree(rule.match, rule.ignoreCase).longest).toBeGreaterThan(0)
    for (const word of rule.near) {
      expect(word).toBe(word.toLowerCase())
      expect(word.length).toBeGreaterThanOrEqual(3)
    }
  } else {
    // Throws for a shape without a literal to find it by.
    expect(compileAnchored(rule.match, rule.ignoreCase).length).toBeGreaterThan(0)
  }
  expect(EXAMPLES.some(([example]) => example === id)).toBe(true)
})

test.each(EXAMPLES)('%s finds %s and leaves %s', (id, found, left) => {
  const rule = byId.get(id)
  expect(rule).toBeDefined()
  expect(hitsOf(rule!, `first ${made(found)} end`)).toHaveLength(1)
  expect(hitsOf(rule!, `first ${made(left)} end`)).toEqual([])
})

test.each(EXAMPLES)('%s in %s is masked with all rules at work', (id, found) => {
  const text = `first ${made(found)} end`
  const bytes = new TextEncoder().encode(text)
  const [secret] = hitsOf(byId.get(id)!, text)
  const { hits } = ALL.match(bytes, { final: true, budget: FREE })
  expect(hits.some(({ start, end }) => new TextDecoder().decode(bytes.subarray(start, end)).includes(secret!))).toBe(
    true,
  )
})

test.each(EXAMPLES)('%s in %s is not let go before it is whole', (_, found) => {
  const bytes = new TextEncoder().encode(`first ${made(found)} end\n`)
  const whole = ALL.match(bytes, { final: true, budget: FREE }).hits
  for (let cut = 1; cut < bytes.length; cut++) {
    const { hits, open } = ALL.match(bytes.subarray(0, cut), { final: false, budget: FREE })
    const left = whole.filter(({ start, end }) => {
      const shown = Math.min(end, open)
      return start < shown && !hits.some((hit) => hit.start <= start && hit.end >= shown)
    })
    expect(left, `cut at ${cut}`).toEqual([])
  }
})

const NEAR = EXAMPLES.filter(([id]) => (byId.get(id)?.near.length ?? 0) > 0)

test.each(NEAR)('%s leaves %s without the words that say whose it is', (id, found) => {
  const rule = byId.get(id)!
  const words = new RegExp(rule.near.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi')
  expect(hitsOf(rule, `first ${made(found).replace(words, 'thing')} end`)).toEqual([])
})

/** What comes through, so that it is known: nothing but its owner can tell these from ordinary text. */
const SLIPS: readonly (readonly [what: string, template: string])[] = [
  ['letters and digits without a word', 'using <b62*32> now'],
  ['a UUID without a word', 'using <uuid> now'],
  ['hexadecimal digits without a word', 'using <hex*40> now'],
  ['a word that stands behind', '<b36*6>.<b36*16> is a bootstrap token'],
  ['a word too far in front', `the datadog key ${'of the shop '.repeat(8)}is <hex*32>`],
  ['a word three lines above', 'datadog\n\n\n<hex*32>'],
  ['a key that is called an id', 'datadog request_id: <hex*32>'],
]

test.each(SLIPS)('%s comes through', (_, template) => {
  expect(ALL.match(new TextEncoder().encode(made(template)), { final: true, budget: FREE }).hits).toEqual([])
})

test('a value of many letters is judged at once', () => {
  // With a repeat inside a repeat this would not end.
  const text = `api_key="${made('<let*400>')}%1"`
  expect(ALL.match(new TextEncoder().encode(text), { final: true, budget: FREE }).hits).toHaveLength(1)
})

test('the documentation lists every rule with its source', async () => {
  await expect(documentOf(RULES_BY_DOMAIN)).toMatchFileSnapshot('../../../../docs/masking-rules.md')
})
