import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeGateway } from './testing.ts'

const POLICY = `apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: agents}
spec:
  subjects: [{groups: [ai-agents]}]
  connections: [prod]
  rules:
  - {name: small, effect: Allow, verbs: [update], resources: [deployments.apps/scale], when: object.spec.replicas <= 10}
  - {name: look, effect: Allow, verbs: [get], resources: [pods]}
`
const cases = (expected: string) => `defaults:
  identity: {username: agent, groups: [ai-agents]}
  connection: prod
cases:
- name: looking is fine
  request: {verb: get, resource: pods, namespace: shop, name: web}
  expect: ${expected}
  rule: look
- name: ten are few
  request: {verb: update, resource: deployments.apps/scale, namespace: shop, name: web, object: {spec: {replicas: 10}}}
  expect: Allow
`

let gateway: Awaited<ReturnType<typeof fakeGateway>>
let [policy, passing, failing, broken] = ['', '', '', '']
beforeEach(async () => {
  gateway = await fakeGateway()
  const file = async (name: string, text: string) => {
    await writeFile(join(gateway.data, name), text)
    return join(gateway.data, name)
  }
  policy = await file('policy.yaml', POLICY)
  passing = await file('passing.yaml', cases('Allow'))
  failing = await file('failing.yaml', cases('Deny'))
  broken = await file('broken.yaml', 'cases: [{name: "x\\u001b[2J", expect: Maybe}]\n')
})
afterEach(() => gateway.close())

describe('policy test', () => {
  it('ends with 0 when all pass', async () => {
    expect(await gateway.run('policy', 'test', passing, '-f', policy)).toBe(0)
    expect(gateway.out()).toBe(
      `ok    ${passing}:5  looking is fine: Allow\nok    ${passing}:9  ten are few: Allow\n\n2 passed, 0 failed\n`,
    )
    expect(gateway.asked).toEqual([])
  })

  it('ends with 1 when one does not, and says what was decided instead', async () => {
    expect(await gateway.run('policy', 'test', passing, failing, '-f', policy)).toBe(1)
    const out = gateway.out()
    expect(out).toContain(`FAIL  ${failing}:5  looking is fine: expected Deny by look, got Allow by agents/look`)
    expect(out).toMatch(/\n3 passed, 1 failed\n$/)
  })

  it('prints JSON', async () => {
    expect(await gateway.run('policy', 'test', failing, '-f', policy, '-o', 'json')).toBe(1)
    expect(JSON.parse(gateway.out())).toMatchObject({
      passed: 1,
      failed: 1,
      items: [
        { id: `${failing}:5`, file: failing, line: 5, passed: false, decided: { effect: 'Allow', rule: 'look' } },
        { id: `${failing}:9`, passed: true },
      ],
    })
  })

  it.each([
    ['no policies', () => [passing], '-f POLICY is missing'],
    ['no cases', () => ['-f', policy], 'FILE… is missing'],
    ['a file that is not there', () => [join(gateway.data, 'none'), '-f', policy], 'cannot read'],
    ['cases that are none', () => [broken, '-f', policy], 'broken.yaml: '],
    ['policies that are none', () => [passing, '-f', broken], 'broken.yaml: '],
  ])('ends with 2 for %s', async (_, argv, words) => {
    expect(await gateway.run('policy', 'test', ...argv())).toBe(2)
    const err = gateway.err()
    expect(err).toContain(words)
    expect(err).not.toMatch(/[^\n\P{Cc}]/u)
    expect(gateway.out()).toBe('')
  })
})
