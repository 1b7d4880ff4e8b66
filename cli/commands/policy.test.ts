import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeGateway, Problem } from './testing.ts'

let gateway: Awaited<ReturnType<typeof fakeGateway>>
beforeEach(async () => {
  gateway = await fakeGateway()
})
afterEach(() => gateway.close())

const RULE = {
  effect: 'Hold',
  policy: 'coding-agents',
  rule: 'change',
  verdict: 'matches',
  verbs: ['update'],
  resources: ['deployments.apps'],
  namespaces: ['shop'],
  names: [],
}
const SMALL = {
  ...RULE,
  effect: 'Allow',
  rule: 'small',
  verdict: 'condition-unknown',
  when: 'object.spec.replicas <= 10',
}
const WHO = ['--user', 'agent', '--group', 'ai-agents', '--group', 'x', '--connection', 'prod']

describe('policy explain', () => {
  it.each([
    ['Allow', 0],
    ['Hold', 0],
    ['Deny', 1],
    ['unknown', 1],
  ])('ends a decision %s with %i', async (effect, code) => {
    const decision = { effect, policy: 'coding-agents', rule: 'change', reason: 'A person looks.' }
    gateway.answers.set('POST /api/v1/policies/explain', { decision, rules: [RULE, SMALL] })
    expect(await gateway.run('policy', 'explain', ...WHO, 'update', 'deployments.apps', 'web', '-n', 'shop')).toBe(code)
    expect(gateway.out()).toBe(`${effect}  by coding-agents/change: A person looks.

Rules that are about this, in the order in which they are judged:

EFFECT   RULE                   VERDICT
Hold     coding-agents/change   matches
Allow    coding-agents/small    condition unknown (needs --object or --old-object): object.spec.replicas <= 10
`)
    expect(gateway.asked[0]?.body).toEqual({
      username: 'agent',
      groups: ['ai-agents', 'x'],
      connection: 'prod',
      verb: 'update',
      resource: 'deployments.apps',
      name: 'web',
      namespace: 'shop',
    })
  })

  it('sends objects, a draft and an argv', async () => {
    const file = join(gateway.data, 'web.yaml')
    await writeFile(file, 'spec: {replicas: 3}\n')
    gateway.answers.set('POST /api/v1/policies/explain', {
      decision: { effect: 'Deny', policy: '', rule: '', reason: '' },
      rules: [],
    })
    const argv = [
      'policy',
      'explain',
      ...WHO,
      '--object',
      file,
      '--old-object',
      file,
      '-f',
      file,
      'connect',
      'pods/exec',
    ]
    expect(await gateway.run(...argv, '--', 'sh', '-c', '--user')).toBe(1)
    expect(gateway.asked[0]?.body).toMatchObject({
      object: { spec: { replicas: 3 } },
      oldObject: { spec: { replicas: 3 } },
      argv: ['sh', '-c', '--user'],
      draft: 'spec: {replicas: 3}\n',
    })
    expect(gateway.out()).toBe('Deny  by (no rule)\n\nNo rule is about this.\n')
  })

  it('without a verb lists everything', async () => {
    gateway.answers.set('POST /api/v1/policies/explain', { rules: [RULE, SMALL] })
    expect(await gateway.run('policy', 'explain', ...WHO)).toBe(0)
    expect(gateway.out()).toMatch(
      /^EFFECT +VERBS.*\nHold +update +deployments\.apps +shop +\* +coding-agents\/change\nAllow /,
    )
    expect(await gateway.run('policy', 'explain', ...WHO, '-o', 'json')).toBe(0)
    expect(JSON.parse(gateway.out())).toEqual({
      items: [
        { id: 'coding-agents/change', ...RULE },
        { id: 'coding-agents/small', ...SMALL },
      ],
    })
  })

  it.each([
    ['nobody', ['--connection', 'prod'], '--user is missing'],
    ['nowhere', ['--user', 'a'], '--connection is missing'],
    ['a verb of nothing', [...WHO, 'get'], 'RESOURCE is missing'],
    ['an argv of nothing', [...WHO, '--', 'sh'], 'VERB and RESOURCE are missing'],
  ])('refuses %s', async (_, argv, words) => {
    expect(await gateway.run('policy', 'explain', ...argv)).toBe(2)
    expect(gateway.err()).toContain(words)
  })
})

const CHANGE = {
  request: 'r1',
  session: 's1',
  at: '2026-01-01T00:00:00.000Z',
  username: 'agent',
  title: 'delete pods "web"',
  before: { effect: 'Allow', policy: 'coding-agents', rule: 'work' },
  after: { effect: 'Deny', policy: '', rule: '', reason: 'No rule allows it.' },
}

describe('policy simulate', () => {
  const draft = async () => {
    const file = join(gateway.data, 'draft.yaml')
    await writeFile(file, 'kind: AccessPolicy\n')
    return file
  }

  it('prints what would change', async () => {
    gateway.answers.set('POST /api/v1/policies/simulate', { judged: 12, changes: [CHANGE], cut: true })
    const argv = [
      '--alone',
      '--session',
      's1',
      '--connection',
      'prod',
      '--since',
      '2026-01-01T00:00:00Z',
      '--limit',
      '12',
    ]
    expect(await gateway.run('policy', 'simulate', '-f', await draft(), ...argv)).toBe(0)
    const out = gateway.out()
    expect(out).toMatch(
      /\n2026-01-01 00:00:00 +agent +Allow -> Deny +coding-agents\/work -> \(no rule\) +delete pods "web"\n/,
    )
    expect(out).toContain('12 recorded requests judged, 1 would be decided otherwise; there were more')
    expect(gateway.asked[0]?.body).toEqual({
      draft: 'kind: AccessPolicy\n',
      alone: true,
      session: 's1',
      connection: 'prod',
      since: '2026-01-01T00:00:00.000Z',
      limit: 12,
    })
  })

  it('counts --since back from now', async () => {
    gateway.answers.set('POST /api/v1/policies/simulate', { judged: 0, changes: [], cut: false })
    expect(await gateway.run('policy', 'simulate', '-f', await draft(), '--since', '24h', '-o', 'json')).toBe(0)
    expect(JSON.parse(gateway.out())).toEqual({ judged: 0, cut: false, items: [] })
    expect(gateway.asked[0]?.body).toMatchObject({ since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) })
  })

  it('shows what is wrong with the draft, line by line', async () => {
    gateway.answers.set('POST /api/v1/policies/simulate', new Problem(422, 'one\ntwo'))
    const file = await draft()
    expect(await gateway.run('policy', 'simulate', '-f', file)).toBe(1)
    expect(gateway.err()).toBe(`sallyport: ${file}: one\n${file}: two\n`)
  })

  it.each([
    [[], '-f DRAFT is missing'],
    [['-f', 'x', '--since', 'yesterday'], '--since takes a time'],
    [['-f', 'x', '--limit', '0'], '--limit takes a number'],
  ])('refuses %j', async (argv, words) => {
    await writeFile(join(gateway.data, 'x'), '')
    const there = argv.map((argument) => (argument === 'x' ? join(gateway.data, 'x') : argument))
    expect(await gateway.run('policy', 'simulate', ...there)).toBe(2)
    expect(gateway.err()).toContain(words)
  })
})
