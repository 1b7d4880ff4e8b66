// The page about conditions says what is so: every example compiles, every function is named, every limit is the one in force.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileCondition, type Scope } from './condition.ts'
import { MAX_OBJECT_BYTES, MAX_OBJECT_DEPTH, MAX_OBJECT_KEYS, MAX_OBJECT_VALUES } from './json.ts'
import { FUNCTION_NAMES, MAX_CONDITION } from './language.ts'
import { podSpecOf } from './podspec.ts'
import { MAX_PATTERN, MAX_PATTERN_TEXT } from './regex.ts'
import { BUDGET, MAX_TEXT } from './values.ts'

const PAGE = readFileSync(new URL('../../../docs/conditions.md', import.meta.url), 'utf8')
const BLOCKS = [...PAGE.matchAll(/^```cel\n(.*?)^```$/gms)].map(([, text = '']) => text.trim())

const DEPLOYMENT = {
  metadata: { name: 'web' },
  spec: {
    replicas: 3n,
    template: {
      spec: {
        containers: [{ image: 'registry.example/web:1', resources: { limits: { memory: '1Gi' } }, env: [] }],
        volumes: [{ name: 'tls', secret: { secretName: 'tls' } }],
      },
    },
  },
}
const SCOPE: Scope = {
  request: { options: null },
  identity: {},
  connection: {},
  object: DEPLOYMENT,
  oldObject: DEPLOYMENT,
  podSpec: podSpecOf(DEPLOYMENT),
  exec: { tty: false, argv: ['ls'] },
  session: { deletions: 0 },
  now: new Date('2026-03-02T10:00:00Z'),
}

describe('the page about conditions', () => {
  test('has examples', () => {
    expect(BLOCKS.length).toBeGreaterThan(10)
  })

  test.each(BLOCKS)('%s', (text) => {
    const compiled = compileCondition(text)
    expect(compiled).toMatchObject({ ok: true })
    if (!compiled.ok) return
    // All are written so that an ordinary Deployment in office hours has what they ask for, but for what they ask to be absent.
    const absent = /privileged|!\(name in/.test(text)
    expect(compiled.condition.evaluate(SCOPE)).toEqual({ ok: true, value: !absent })
  })

  const of = (word: string) => {
    const compiled = compileCondition(BLOCKS.find((block) => block.includes(word)) ?? '')
    if (!compiled.ok) throw new Error(`there is no example with ${word}`)
    return compiled.condition
  }

  test.each<[argv: string[], passes: boolean]>([
    [['cat', '/etc/hosts'], true],
    [['env'], true],
    [['env', 'sh', '-c', 'rm -rf /'], false],
    [['sh'], false],
    [[], false],
  ])('looking around: %j', (argv, passes) => {
    const value = of('exec.argv').evaluate({ ...SCOPE, exec: { tty: false, argv } })
    expect(value).toEqual({ ok: true, value: passes })
  })

  test.each<[spec: Readonly<Record<string, unknown>>, passes: boolean]>([
    [{}, true],
    [{ type: 'LoadBalancer' }, false],
    [{ type: 'LoadBalancer', loadBalancerSourceRanges: [] }, false],
    [{ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.1.0.0/16'] }, true],
    [{ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.1.0.0/16', '0.0.0.0/0'] }, false],
  ])('a load balancer: %j', (spec, passes) => {
    expect(of('LoadBalancer').evaluate({ ...SCOPE, object: { spec } })).toEqual({ ok: true, value: passes })
  })

  test.each<[options: unknown, passes: boolean]>([
    [null, true],
    [{}, true],
    [{ gracePeriodSeconds: 30n }, true],
    [{ gracePeriodSeconds: 0n }, false],
  ])('a deletion: %o', (options, passes) => {
    const request = { options }
    expect(of('gracePeriodSeconds').evaluate({ ...SCOPE, request })).toEqual({ ok: true, value: passes })
  })

  test('names every function', () => {
    const named = new Set([...PAGE.matchAll(/`(?:podSpec\.|object\.)?([\w.]+?)(?:\(.*?\))?`/g)].map(([, name]) => name))
    expect([...FUNCTION_NAMES].filter((name) => !named.has(name))).toEqual([])
  })

  test.each([
    ['characters of a condition', MAX_CONDITION],
    ['MiB of an object', MAX_OBJECT_BYTES / 1024 / 1024],
    ['levels of an object', MAX_OBJECT_DEPTH],
    ['keys of a map', MAX_OBJECT_KEYS],
    ['values of an object', MAX_OBJECT_VALUES],
    ['steps', BUDGET],
    ['characters of a pattern', MAX_PATTERN],
    ['characters to match', MAX_PATTERN_TEXT],
    ['characters of a text', MAX_TEXT],
  ])('has the right limit: %s', (_name, limit) => {
    const limits = PAGE.slice(PAGE.indexOf('## Limits'))
    expect(limits).toMatch(new RegExp(`\\b${limit.toLocaleString('en-GB')}\\b`))
  })
})
