import { describe, expect, test } from 'vitest'
import { type CaseResult, testPolicies } from './policycases.ts'

const POLICY = `apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: p}
spec:
  subjects: [{groups: [ai-agents]}]
  connections: [prod]
  rules:
  - {name: look, effect: Allow, verbs: [get, list], resources: [pods]}
  - {name: few, effect: Allow, verbs: [update, patch], resources: [deployments.apps/scale], when: object.spec.replicas <= 10}
  - {name: ask, effect: Hold, verbs: [update, patch, delete], resources: ["*"]}
  - {name: in-prod, effect: Deny, verbs: [delete], resources: [pods], when: "oldObject.metadata.labels.env == 'prod'"}
  - {name: shell, effect: Deny, verbs: [connect], resources: [pods/exec], when: "'rm' in exec.argv"}
  - {name: exec, effect: Allow, verbs: [connect], resources: [pods/exec]}
  - {name: night, effect: Hold, verbs: [create], resources: [pods], when: now.getHours() < 6}
  - {name: pods, effect: Allow, verbs: [create], resources: [pods, secrets]}
  limits:
  - {name: writes, count: writes, per: identity, within: 1h, max: 5}
`
const policies = [{ file: 'p.yaml', text: POLICY }]
const DEFAULTS = 'defaults: {identity: {username: agent, groups: [ai-agents]}, connection: prod}\n'
const run = (cases: string, text = `${DEFAULTS}cases:\n${cases}`) => testPolicies(policies, [{ file: 'c.yaml', text }])

function only(cases: string): CaseResult {
  const tested = run(cases)
  if (!tested.ok) throw new Error(tested.errors.join('\n'))
  const [result] = tested.results
  if (result === undefined || tested.results.length !== 1) throw new Error('not one result')
  return result
}

describe('a case is decided', () => {
  test.each<[string, string, string]>([
    ['a read', '{verb: list, resource: pods, namespace: shop}', 'Allow look'],
    [
      'a write within the condition',
      '{verb: patch, resource: deployments.apps/scale, object: {spec: {replicas: 10}}}',
      'Hold ask',
    ],
    [
      'with the object before',
      '{verb: delete, resource: pods, name: x, oldObject: {metadata: {labels: {env: prod}}}}',
      'Deny in-prod',
    ],
    [
      'with another object before',
      '{verb: delete, resource: pods, name: x, oldObject: {metadata: {labels: {env: dev}}}}',
      'Hold ask',
    ],
    ['without an object that matters', '{verb: delete, resource: pods, name: x}', 'unknown '],
    ['an exec', '{verb: connect, resource: pods/exec, name: x, argv: [ls]}', 'Allow exec'],
    ['an exec of something else', '{verb: create, resource: pods/exec, name: x, argv: [rm, -rf, /]}', 'Deny shell'],
    [
      'an eviction',
      '{verb: create, resource: pods/eviction, name: x, oldObject: {metadata: {labels: {env: a}}}}',
      'Hold ask',
    ],
    ['by the pack', '{verb: connect, resource: nodes/proxy, name: n}', 'Deny node-proxy'],
    [
      'by what is written',
      '{verb: create, resource: secrets, object: {type: kubernetes.io/service-account-token}}',
      'Deny service-account-token-secrets',
    ],
    ['an apply that would create', '{verb: patch, resource: services, name: s, apply: true, oldObject: null}', 'Deny '],
    ['an apply that would not', '{verb: patch, resource: services, name: s, apply: true, oldObject: {}}', 'Hold ask'],
    ['a path', '{verb: get, resource: /version}', 'Deny '],
  ])('%s', (_name, request, expected) => {
    const { decided } = only(`- {name: x, expect: Allow, request: ${request}}`)
    expect(`${decided.effect} ${decided.rule}`).toBe(expected)
  })
  test('with what it has itself rather than the defaults', () => {
    const request = 'request: {verb: list, resource: pods}'
    expect(only(`- {name: x, expect: Deny, identity: {username: eve}, ${request}}`).passed).toBe(true)
    expect(only(`- {name: x, expect: Deny, connection: dev, ${request}}`).passed).toBe(true)
  })
  test('at its time', () => {
    const at = (now: string) =>
      only(`- {name: x, expect: Hold, now: "${now}", request: {verb: create, resource: pods}}`)
    expect(at('2026-01-01T05:59:59Z').passed).toBe(true)
    expect(at('2026-01-01T06:00:00Z').passed).toBe(false)
    expect(at('2026-01-01T06:00:00+01:00').passed).toBe(true)
  })
  test('with what its session has done', () => {
    const written = (writes: number) =>
      only(
        `- {name: x, expect: Hold, rule: writes, session: {writes: ${writes}}, request: {verb: create, resource: pods}}`,
      )
    expect(written(4).passed).toBe(false)
    expect(written(5).passed).toBe(true)
  })
  test.each<[string, boolean]>([
    ['look', true],
    ['p/look', true],
    ['few', false],
    ['q/look', false],
  ])('and its rule %s compared: %s', (rule, passed) => {
    expect(only(`- {name: x, expect: Allow, rule: ${rule}, request: {verb: get, resource: pods}}`).passed).toBe(passed)
  })
  test('and says where it stands', () => {
    const tested = run(`- {name: a, expect: Allow, request: {verb: get, resource: pods}}
- name: b
  expect: Deny
  request: {verb: get, resource: pods}
`)
    expect(tested).toMatchObject({
      ok: true,
      results: [
        { file: 'c.yaml', line: 3, name: 'a', passed: true },
        {
          line: 4,
          name: 'b',
          passed: false,
          expected: { effect: 'Deny', rule: null },
          decided: { effect: 'Allow', policy: 'p', rule: 'look', reason: 'allowed by policy' },
        },
      ],
    })
  })
  test('with rules of the pack switched off', () => {
    const text = `${DEFAULTS}cases:\n- {name: x, expect: Deny, rule: node-proxy, request: {verb: connect, resource: nodes/proxy}}`
    const cases = [{ file: 'c.yaml', text }]
    expect(testPolicies(policies, cases)).toMatchObject({ results: [{ passed: true }] })
    expect(testPolicies(policies, cases, ['node-proxy'])).toMatchObject({ results: [{ passed: false }] })
  })
})

test('mask policies among the policies are checked, and decide nothing', () => {
  const mask = (spec: string) => ({
    file: 'm.yaml',
    text: `apiVersion: sallyport/v1\nkind: MaskPolicy\nmetadata: {name: m}\nspec: ${spec}\n`,
  })
  const text = `${DEFAULTS}cases:\n- {name: x, expect: Allow, request: {verb: get, resource: pods}}`
  const cases = [{ file: 'c.yaml', text }]
  expect(testPolicies([...policies, mask('{}')], cases)).toMatchObject({ results: [{ passed: true }] })
  expect(testPolicies([...policies, mask('{of: x}')], cases)).toEqual({
    ok: false,
    errors: ['m.yaml: line 4, column 12: spec.of: is not a known key'],
  })
})

describe('files are refused, with file and line', () => {
  const good = '- {name: x, expect: Allow, request: {verb: get, resource: pods}}\n'
  test.each<[string, string, string]>([
    ['no YAML', 'cases: [', 'c.yaml: '],
    ['no cases', 'defaults: {}', 'c.yaml: line 1, column 1: cases: is missing'],
    ['an empty list', 'cases: []', 'c.yaml: line 1, column 8: cases: '],
    [
      'a misspelt key',
      `${DEFAULTS}cases:\n- {name: x, expects: Allow, request: {verb: get, resource: pods}}`,
      'line 3',
    ],
    [
      'an effect that is none',
      `${DEFAULTS}cases:\n${good.replace('Allow', 'Maybe')}`,
      'line 3, column 21: cases.0.expect',
    ],
    ['nobody', `cases:\n${good}`, 'line 2, column 3: cases.0: has no identity'],
    ['nowhere', `defaults: {identity: {username: a}}\ncases:\n${good}`, 'line 3, column 3: cases.0: has no connection'],
    [
      'a verb that is none',
      `${DEFAULTS}cases:\n${good.replace('get', 'read')}`,
      'line 3, column 37: cases.0.request: ',
    ],
    ['a resource that is none', `${DEFAULTS}cases:\n${good.replace('pods', 'Pods')}`, 'cases.0.request: "Pods" is not'],
    [
      'a path with a verb of resources',
      `${DEFAULTS}cases:\n${good.replace('get, resource: pods', 'list, resource: /x')}`,
      'a path has one of',
    ],
    [
      'a time without zone',
      `${DEFAULTS}cases:\n${good.replace('name: x', 'name: x, now: 2026-01-01T12:00')}`,
      'must be a time',
    ],
    ['a key twice', `${DEFAULTS}cases: []\ncases: []\n`, 'unique'],
  ])('%s', (_name, text, message) => {
    const tested = run('', text)
    expect(tested.ok).toBe(false)
    if (!tested.ok) expect(tested.errors.join('\n')).toContain(message)
  })
  test('of policies too', () => {
    const bad = [{ file: 'bad.yaml', text: POLICY.replace('object.spec', 'objct.spec') }]
    const tested = testPolicies(bad, [{ file: 'c.yaml', text: `${DEFAULTS}cases:\n${good}` }])
    const column = (POLICY.split('\n')[8] ?? '').indexOf('object.spec') + 1
    const place = `bad.yaml: line 9, column ${column}: spec.rules.1.when: `
    expect(tested).toEqual({ ok: false, errors: [expect.stringContaining(place)] })
  })
  test('one policy in two files', () => {
    const tested = testPolicies([...policies, { file: 'q.yaml', text: POLICY }], [])
    expect(tested).toEqual({ ok: false, errors: ['q.yaml: AccessPolicy p is in p.yaml already'] })
  })
  test('aliases without number', () => {
    const lol = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\ncases: [*c,*c,*c]\n`
    expect(run('', lol).ok).toBe(false)
  })
})
