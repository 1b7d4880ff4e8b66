import { describe, expect, test } from 'vitest'
import type { RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { createFinder } from './find/finder.ts'
import { planResponseMask } from './response.ts'
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
  container({ args: ['-p', 'Tr0ub4dor-3-x'] }),
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
  expect(run(other, JSON.stringify(container({ args: ['-p', 'Tr0ub4dor-3-x'] })))).toContain('Tr0ub4dor-3-x')
  const report = other.report()
  one.push(bytes(',"args":["-p","Tr0ub4dor-3-x"]}]}}'))
  one.end()
  expect(one.report().count).toBe(2)
  expect(report).toEqual({ count: 0, rules: {} })
  masked(masking, info, container({ image: TOKEN }))
  expect(other.report()).toEqual(report)
  expect(one.report().count).toBe(2)
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
