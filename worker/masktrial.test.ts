import { describe, expect, test } from 'vitest'
import { tryMasks } from './masktrial.ts'

const SECRET = new Uint8Array(32).fill(7)
const POLICY = `apiVersion: sallyport/v1
kind: MaskPolicy
metadata: {name: shop}
spec:
  connections: [nowhere]
  fields:
  - {name: vault-token, resources: [vaults.acme.io], paths: [spec.token, "spec.accounts[*].password"]}
  patterns:
  - {name: acme-key, match: 'acme_[0-9a-f]{32}'}
`
const VAULT = {
  apiVersion: 'acme.io/v1',
  kind: 'Vault',
  metadata: { name: 'v' },
  spec: { token: 'red', size: 'BIG', accounts: [{ user: 'ann', password: 'blue' }] },
}
const KEY = `acme_${'0123456789abcdef'.repeat(2)}`
/** A number that JavaScript cannot hold. */
const BIG = '9007199254740993'
const textOf = (object: unknown) => JSON.stringify(object).replace('"BIG"', BIG)

function masked(content: string, resource?: string, policy = POLICY) {
  const tried = tryMasks([{ file: 'm.yaml', text: policy }], new TextEncoder().encode(content), resource, SECRET)
  if (!tried.ok) throw new Error('errors' in tried ? tried.errors.join('\n') : tried.withheld)
  const { report, as } = tried
  return { text: new TextDecoder().decode(tried.bytes), rules: report.rules, as }
}

describe('an object is masked as', () => {
  test.each<[string, object, string | undefined, string]>([
    ['its kind says', VAULT, undefined, 'vaults.acme.io'],
    ['it is told', { ...VAULT, kind: 'Odd' }, 'vaults.acme.io', 'vaults.acme.io'],
    ['a list', { apiVersion: 'acme.io/v1', kind: 'VaultList', items: [VAULT] }, undefined, 'vaults.acme.io'],
    ['a list of anything', { apiVersion: 'v1', kind: 'List', items: [VAULT] }, undefined, 'vaults.acme.io'],
  ])('%s', (_name, object, resource, as) => {
    const { text, ...rest } = masked(textOf(object), resource)
    expect(text).not.toMatch(/red|blue/)
    expect(text).toContain('⟦masked:vault-token:')
    expect(text).toContain(`"size":${BIG},"accounts":[{"user":"ann",`)
    expect(rest).toEqual({ rules: { 'vault-token': 2 }, as })
  })
  test.each([
    ['networkpolicies.networking.k8s.io', 'networking.k8s.io/v1', 'NetworkPolicy'],
    ['ingresses.networking.k8s.io', 'networking.k8s.io/v1', 'Ingress'],
    ['gateways.acme.io', 'acme.io/v1', 'Gateway'],
    ['endpoints', 'v1', 'Endpoints'],
    ['secrets', 'v1', 'Secret'],
    ['objects', 'v1', ''],
  ])('%s', (resource, apiVersion, kind) => {
    expect(masked(JSON.stringify({ apiVersion, kind })).as).toBe(resource)
  })
})

test('a Secret in a list of several kinds is masked as one', () => {
  const data = { a: btoa('correct-horse') }
  const kinds = ['ConfigMap', 'Secret'].map((kind) => ({ apiVersion: 'v1', kind, metadata: { name: 'x' }, data }))
  const { text, as } = masked(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: kinds }))
  const [map, secret] = JSON.parse(text).items
  expect([as, map.data.a]).toEqual(['objects', data.a])
  expect(atob(secret.data.a)).toContain('masked:secret:')
})

test('a Secret is masked without any policy', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', data: { password: btoa('hunter2-hunter2') } }
  const tried = tryMasks([], new TextEncoder().encode(JSON.stringify(secret)), undefined, SECRET)
  if (!tried.ok) throw new Error('refused')
  expect(new TextDecoder().decode(tried.bytes)).not.toContain(secret.data.password)
  expect(tried.report.count).toBe(1)
})

test('anything else is masked as a log, over the edges of its parts', () => {
  const { text, rules, as } = masked(`${'x'.repeat(64 * 1024 - 20)} ${KEY}\nend ${KEY}\n`)
  expect(text).toMatch(/^x+ ⟦masked:acme-key:([0-9a-f]{12})⟧\nend ⟦masked:acme-key:\1⟧\n$/)
  expect({ rules, as }).toEqual({ rules: { 'acme-key': 2 }, as: 'log' })
})

describe('is refused', () => {
  test.each([
    ['a policy that is wrong', POLICY.replace('fields', 'feilds'), undefined, 'm.yaml: line 7, column 3: spec.feilds'],
    ['a resource that is none', POLICY, 'Vaults/x', 'Vaults/x is not RESOURCE[.GROUP]'],
  ])('%s', (_name, policy, resource, message) => {
    expect(() => masked(textOf(VAULT), resource, policy)).toThrow(message)
  })
  test('what the gateway would withhold', () => {
    const tried = tryMasks([], new TextEncoder().encode(`{"data":{"${'k'.repeat(2000)}":""}}`), 'secrets', SECRET)
    expect(tried.ok || !('withheld' in tried) ? '' : tried.withheld).not.toBe('')
  })
})
