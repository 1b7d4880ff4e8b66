import { describe, expect, test } from 'vitest'
import type { RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { createFinder } from './find/finder.ts'
import { planResponseMask } from './response.ts'
import { DEFAULT_MASK_RULES } from './rules.ts'
import { base64, infoOf, JSON_HEADERS, maskingFor, run, seeded } from './testing.ts'

const TOKEN = 'ghp_q9W8e7R6t5Y4u3I2o1P0a9S8d7F6g5H4j3K2'
const container = (members: object) => ({ kind: 'Pod', spec: { containers: [members] } })
const table = (columns: readonly string[], cells: readonly unknown[]) => ({
  kind: 'Table',
  columnDefinitions: columns.map((name) => ({ name })),
  rows: [{ cells, object: { metadata: { name: 'one' } } }],
})
const secret = (data: Readonly<Record<string, string>>) => ({ kind: 'Secret', metadata: { name: 's' }, data })
const invalid = (field: string, value: string) => ({
  kind: 'Status',
  message: `Secret is invalid: ${field}: Invalid value: "${value}"`,
  details: { causes: [{ message: `Invalid value: "${value}"` }] },
})

/** Bodies that leave something behind in whoever masks them, and bodies that would show it. */
const BODIES: readonly object[] = [
  container({ command: ['/usr/bin/mysql'] }),
  container({ args: ['-p', 'opensesame'] }),
  container({ args: ['--token'] }),
  container({ args: [{ a: 1 }, 'Kx9-mmPq-77-zz'] }),
  container({
    env: [
      { name: 'DB_PASSWORD', value: 'hunter2-hunter2' },
      { name: 'LOG', value: TOKEN },
    ],
  }),
  container({ image: `web:${TOKEN}`, note: 'hunter2-hunter2 and s3cr3t-of-data' }),
  table(['Name', 'API Key', 'Age'], ['one', 'q8w7e6r5t4y3', '3d']),
  table(['Name', 'Status', 'Age'], ['one', 'q8w7e6r5t4y3', '3d']),
  { kind: 'Table', rows: [{ cells: ['one', 'q8w7e6r5t4y3', '3d'] }] },
  secret({ password: base64('s3cr3t-of-data') }),
  { kind: 'SecretList', items: [secret({ a: base64('s3cr3t-of-data'), b: base64('another one, longer') })] },
  invalid('metadata.name', 'q8w7e6r5t4y3'),
  invalid('data.key', 'q8w7e6r5t4y3'),
  { kind: 'ConfigMap', data: { 'app.json': JSON.stringify(container({ args: ['--password', 'Kx9-mmPq-77-zz'] })) } },
  { kind: 'ConfigMap', data: { 'app.json': JSON.stringify(container({ command: ['mysql'] })), token: TOKEN } },
  { kind: 'List', items: [container({ command: ['redis-cli', '-a', 'Kx9-mmPq-77-zz'] }), secret({ x: 'eA==' })] },
]

const KINDS: readonly Partial<RequestInfo>[] = [
  { resource: 'pods' },
  { resource: 'secrets' },
  { resource: 'configmaps' },
  { isResourceRequest: false, resource: '', path: '/version' },
]

function masked(masking: Masking, info: RequestInfo, body: object, cuts: readonly number[] = []) {
  const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  const { transform } = plan
  try {
    return { text: run(transform, JSON.stringify(body), cuts), report: transform.report() }
  } catch (error) {
    return { error: String(error) }
  }
}

/** The same session with nothing made for it yet. */
const anew = (masking: Masking): Masking => ({ ...masking, finder: createFinder(masking.rules, masking.values) })

describe('a body is masked as if it were the first of its session', () => {
  test.each(KINDS)('whatever came before it, $resource $path', (given) => {
    const info = infoOf(given)
    let changed = 0
    for (const before of BODIES) {
      for (const body of BODIES) {
        const [used, fresh] = [maskingFor(), maskingFor()]
        expect(masked(used, info, before)).toEqual(masked(fresh, info, before))
        const now = masked(used, info, body)
        expect(now).toEqual(masked(anew(fresh), info, body))
        if ('text' in now && now.text !== JSON.stringify(body)) changed += 1
      }
    }
    expect(changed).toBeGreaterThan(BODIES.length)
  })

  test('in long random runs over every kind, cut anywhere, some broken off', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed)
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
      const [used, fresh] = [maskingFor(), maskingFor()]
      for (let step = 0; step < 12; step++) {
        const info = infoOf(pick(KINDS))
        const body = pick(BODIES)
        const cuts = [Math.floor(random() * 200), 200 + Math.floor(random() * 100)].filter(
          (at) => at < JSON.stringify(body).length,
        )
        if (random() < 0.2) {
          const broken = JSON.stringify(body).slice(0, -1)
          for (const masking of [used, anew(fresh)]) {
            const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking })
            if (plan.kind !== 'transform') throw new Error(plan.kind)
            const { transform } = plan
            transform.push(new TextEncoder().encode(broken))
            expect(() => transform.end()).toThrow('ended in the middle')
          }
        }
        expect(masked(used, info, body, cuts)).toEqual(masked(anew(fresh), info, body, cuts))
      }
    }
  })
})

test('two bodies at the same time share nothing, and a report stays what it was', () => {
  const masking = maskingFor()
  const info = infoOf({ resource: 'pods' })
  const open = () => {
    const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking })
    if (plan.kind !== 'transform') throw new Error(plan.kind)
    return plan.transform
  }
  masked(masking, info, container({ image: 'web' }))
  const one = open()
  const other = open()
  const bytes = (text: string) => new TextEncoder().encode(text)
  one.push(bytes(`{"spec":{"containers":[{"command":["mysql"],"image":"${TOKEN}"`))
  const plain = container({ args: ['-p', 'opensesame'] })
  expect(run(other, JSON.stringify(plain))).toBe(JSON.stringify(plain))
  const report = other.report()
  one.push(bytes(',"args":["-p","opensesame"]}]}}'))
  one.end()
  expect(one.report().count).toBe(2)
  expect(report).toEqual({ count: 0, rules: {} })
  masked(masking, info, container({ image: TOKEN }))
  expect(other.report()).toEqual(report)
  expect(one.report().count).toBe(2)
})

test('answers that arrive together use one tree: each gives it back when it is whole, not when it is read to its end', () => {
  let trees = 0
  const fields: Masking['rules']['fields'] = (asked) => {
    trees += 1
    return DEFAULT_MASK_RULES.fields(asked)
  }
  const masking = maskingFor({ ...DEFAULT_MASK_RULES, fields })
  const info = infoOf({ resource: 'pods' })
  const open = Array.from({ length: 9 }, () => {
    const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking })
    if (plan.kind !== 'transform') throw new Error(plan.kind)
    return plan.transform
  })
  const bytes = new TextEncoder().encode(JSON.stringify(container({ image: TOKEN })))
  for (const transform of open) transform.push(bytes)
  const space = new TextEncoder().encode(' \n')
  for (const [at, transform] of open.entries()) {
    expect(transform.report().count, `answer ${at}`).toBe(1)
    expect(transform.push(space)).toEqual(space)
    expect(transform.end()).toHaveLength(0)
    expect(transform.report().count, `answer ${at} at its end`).toBe(1)
  }
  expect(trees).toBe(1)
})

test('another key, other rules and other values are another session', () => {
  const masking = maskingFor()
  const info = infoOf({ resource: 'pods' })
  const body = container({ image: TOKEN })
  const first = masked(masking, info, body)
  const other = masked({ ...masking, key: new Uint8Array(32).fill(9) }, info, body)
  expect(other).not.toEqual(first)
  expect(masked(masking, info, body)).toEqual(first)
  const fields = [{ name: 'own', path: ['spec', 'containers', '[*]', 'image'] }]
  const rules = { ...masking.rules, fields: () => fields }
  expect(masked({ ...masking, rules }, info, body)).toMatchObject({ report: { rules: { own: 1 } } })
})

describe('what a session has met before is masked the same as when it is met for the first time', () => {
  const NAMES = ['name', 'value', 'kind', 'key', 'image', 'password', 'apiKey', 'secretName', 'metadata', 'data', 'env']
  const WORDS = [
    'web',
    'Pod',
    'Secret',
    'ConfigMap',
    'true',
    'hunter2-hunter2',
    TOKEN,
    'Kx9-mmPq-77-zz',
    'a\\u0062',
    '',
  ]
  const ODD = ['a"b', 'é', 'K', 'x'.repeat(90), '{"password":"Kx9-mmPq-77-zz"}']

  function document(random: () => number, depth: number): string {
    const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)]!
    const size = Math.floor(random() * 5)
    const chance = random()
    if (depth === 0 || chance < 0.35) {
      if (chance < 0.05) return pick(['1', 'true', 'null', 'false', '0', '-1.5e3', '4111111111111111'])
      const word = random() < 0.8 ? pick(WORDS) : pick(ODD)
      return word.includes('\\') ? `"${word}"` : JSON.stringify(word)
    }
    if (chance < 0.5) return `[${Array.from({ length: size }, () => document(random, depth - 1)).join(',')}]`
    const space = random() < 0.1 ? ' ' : ''
    const name = () => (random() < 0.95 ? JSON.stringify(pick(NAMES)) : JSON.stringify(pick(ODD)))
    const members = Array.from({ length: size }, () => `${name()}${space}:${document(random, depth - 1)}`)
    return `{${members.join(`,${space}`)}}`
  }

  test('in random documents of few names and words, cut anywhere', () => {
    let found = 0
    for (let seed = 1; seed <= 120; seed++) {
      const random = seeded(seed)
      const [used, fresh] = [maskingFor(), maskingFor()]
      for (let step = 0; step < 12; step++) {
        const info = infoOf(KINDS[Math.floor(random() * KINDS.length)])
        // A Secret in between: its values are known from then on, and were ordinary words before.
        const secrets = random() < 0.3 ? `,"x":${JSON.stringify(secret({ p: base64('s3cr3t-of-data') }))}` : ''
        const body = `{"items":[${document(random, 4)},${document(random, 4)}${secrets === '' ? '' : `,{"y":1${secrets}}`},${document(random, 4)}]}`
        const length = new TextEncoder().encode(body).length
        const cuts = [random(), random()].map((at) => Math.floor(at * length)).sort((a, b) => a - b)
        const now = outcome(used, info, body, cuts)
        expect(now).toEqual(outcome(anew(fresh), info, body, cuts))
        if ('text' in now && now.text.includes('⟦masked')) found += 1
      }
    }
    expect(found).toBeGreaterThan(200)
  })

  function outcome(masking: Masking, info: RequestInfo, body: string, cuts: readonly number[]) {
    const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking })
    if (plan.kind !== 'transform') throw new Error(plan.kind)
    try {
      return { text: run(plan.transform, body, cuts), report: plan.transform.report() }
    } catch (error) {
      return { error: String(error) }
    }
  }

  const pods = infoOf({ resource: 'pods' })
  const twice = (first: string, then: string, rules = DEFAULT_MASK_RULES): readonly unknown[] => {
    const [used, fresh] = [maskingFor(rules), maskingFor(rules)]
    for (let i = 0; i < 4; i++) expect(outcome(used, pods, first, [])).toEqual(outcome(fresh, pods, first, []))
    return [outcome(used, pods, then, []), outcome(anew(fresh), pods, then, [])]
  }

  test('a word that was left under a name, and is a known value now', () => {
    const words = '{"items":[{"image":"s3cr3t-of-data"},{"image":"s3cr3t-of-data"},{"image":"s3cr3t-of-data"}]}'
    const secrets = `{"items":[{"image":"s3cr3t-of-data"},${JSON.stringify(secret({ p: base64('s3cr3t-of-data') }))},{"image":"s3cr3t-of-data"}]}`
    const [used, fresh] = twice(words, secrets)
    expect(used).toEqual(fresh)
    expect(JSON.stringify(used).match(/s3cr3t-of-data/g)).toHaveLength(1)
  })

  test('a word that was left as the name of an object, under a name that says secret', () => {
    const rules = { ...DEFAULT_MASK_RULES, revision: 5, names: ['^path$'] }
    const reference = JSON.stringify({ volumes: [{ secret: { items: [{ path: 'Kx9-mmPq-77-zz' }] } }] })
    const named = JSON.stringify({ spec: { path: 'Kx9-mmPq-77-zz' } })
    const [used, fresh] = twice(reference, named, rules)
    expect(used).toEqual(fresh)
    expect(JSON.stringify(used)).not.toContain('Kx9-mmPq-77-zz')
  })

  test('a word that was left in a Table without columns, in one whose column says secret', () => {
    const plain = JSON.stringify(table(['Name', 'Status'], ['one', 'q8w7e6r5t4y3']))
    const [used, fresh] = twice(plain, JSON.stringify(table(['Name', 'API Key'], ['one', 'q8w7e6r5t4y3'])))
    expect(used).toEqual(fresh)
    expect(JSON.stringify(used)).not.toContain('q8w7e6r5t4y3')
  })
})

test('of many sessions each stays itself', () => {
  const info = infoOf({ resource: 'pods' })
  const sessions = Array.from({ length: 80 }, (_, at) => ({ ...maskingFor(), key: new Uint8Array(32).fill(at) }))
  const body = container({ image: TOKEN, env: [{ name: 'DB_PASSWORD', value: 'hunter2-hunter2' }] })
  const first = sessions.map((masking) => masked(masking, info, body))
  expect(new Set(first.map((one) => JSON.stringify(one))).size).toBe(80)
  expect(sessions.map((masking) => masked(masking, info, body))).toEqual(first)
})

test('a path that reads like a resource has a tree of its own', () => {
  const session = maskingFor()
  const path = infoOf({ isResourceRequest: false, resource: '', path: '/secrets/' })
  const body = { kind: 'Status', message: 'Invalid value: "plain words"' }
  expect(masked(session, path, body).text).toContain('plain words')
  expect(masked(session, infoOf(), body)).toEqual(masked(maskingFor(), infoOf(), body))
  expect(masked(session, infoOf(), body).text).not.toContain('plain words')
})
