import { describe, expect, test } from 'vitest'
import type { RecordedDecision, RecordedRequest } from '../../protocol/log/event.ts'
import { draftSet } from '../policydrafts.ts'
import { compilePolicies } from './compile.ts'
import { explainPolicies, type Question } from './explainpolicies.ts'
import { counting, type RecordedAsk, simulate } from './simulate.ts'
import { block, policy, rule, SESSION } from './testing.ts'

const FEW = {
  ...rule('Allow', 'patch update', 'deployments.apps/scale', { when: 'object.spec.replicas <= 10' }),
  name: 'few',
}
const NEVER = { ...rule('Deny', 'delete', 'pods', { when: "oldObject.metadata.name == 'db'" }), name: 'never' }
const ASK = { ...rule('Hold', 'delete', '*', { message: 'Ask first.' }), name: 'ask' }
const LOOK = { ...rule('Allow', 'get list', 'pods services'), name: 'look' }
const documents = [
  policy('p', [LOOK, FEW, ASK, NEVER]),
  policy('q', [rule('Allow', '*', '*')], { subjects: [{ users: ['root'] }] }),
]
const set = compilePolicies(documents)
const NOW = Date.UTC(2026, 0, 1)

describe('explain', () => {
  const WHO = { username: 'agent', groups: ['ai-agents'], connection: 'prod' }
  const ask = (question: Partial<Question>, of = set) => {
    const explained = explainPolicies(of, { ...WHO, ...question }, NOW)
    if (!explained.ok) throw new Error(explained.errors.join('\n'))
    return explained.answer
  }
  const short = ({ decision, rules }: ReturnType<typeof ask>) => [
    decision === undefined ? '' : `${decision.effect} ${decision.rule}`,
    ...rules.map(({ rule: name, verdict }) => `${name} ${verdict}`),
  ]
  const scale = { verb: 'patch', resource: 'deployments.apps/scale', namespace: 'shop', name: 'web' }
  const del = { verb: 'delete', resource: 'pods', namespace: 'shop', name: 'db' }
  test.each<[string, Partial<Question>, string[]]>([
    ['a read', { verb: 'list', resource: 'pods' }, ['Allow look', 'look matches']],
    ['what nobody may', { verb: 'create', resource: 'pods' }, ['Deny ']],
    ['what depends on an object', scale, ['unknown ', 'few condition-unknown']],
    ['an object that fits', { ...scale, object: { spec: { replicas: 10 } } }, ['Allow few', 'few matches']],
    ['an object that does not', { ...scale, object: { spec: { replicas: 11 } } }, ['Deny ', 'few condition-false']],
    ['an object that cannot be asked', { ...scale, object: {} }, ['Deny ', 'few condition-error']],
    ['in the order Deny, Hold', del, ['unknown ', 'never condition-unknown', 'ask matches']],
    ['a Deny', { ...del, oldObject: { metadata: { name: 'db' } } }, ['Deny never', 'never matches', 'ask matches']],
    [
      'a Hold',
      { ...del, oldObject: { metadata: { name: 'x' } } },
      ['Hold ask', 'never condition-false', 'ask matches'],
    ],
    ['by the pack', { verb: 'connect', resource: 'nodes/proxy', name: 'n' }, ['Deny node-proxy', 'node-proxy matches']],
    [
      'somebody else',
      { username: 'root', groups: [], verb: 'list', resource: 'pods' },
      ['Allow allow', 'allow matches'],
    ],
    ['elsewhere', { connection: 'dev', verb: 'list', resource: 'pods' }, ['Deny ']],
    ['a path', { verb: 'get', resource: '/version' }, ['Deny ']],
  ])('%s', (_name, question, expected) => {
    expect(short(ask(question))).toEqual(expected)
  })
  test('says which object it depends on', () => {
    expect(ask(scale).decision?.reason).toBe('it depends on object, which was not given')
  })
  test('says when it holds only for what exists', () => {
    const root = { username: 'root', groups: [], verb: 'update', resource: 'pods', name: 'x' }
    const no = compilePolicies([
      ...documents,
      policy('r', [rule('Deny', 'create', 'pods')], { subjects: [{ users: ['root'] }] }),
    ])
    expect(ask(root, no).decision?.reason).toContain('only if it exists')
  })
  test('gives of each rule what it covers', () => {
    expect(ask(del).rules[1]).toEqual({
      effect: 'Hold',
      policy: 'p',
      rule: 'ask',
      verdict: 'matches',
      message: 'Ask first.',
      verbs: ['delete'],
      resources: ['*'],
      namespaces: [],
      names: [],
    })
  })
  test('without a verb lists what the identity has, Deny first, the pack included', () => {
    const { decision, rules } = ask({})
    expect(decision).toBeUndefined()
    const own = rules.filter(({ policy: name }) => name !== 'built-in')
    expect(own.map(({ rule: name, verdict }) => `${name} ${verdict}`)).toEqual([
      'never condition-unknown',
      'ask matches',
      'look matches',
      'few condition-unknown',
    ])
    expect(rules.some(({ rule: name }) => name === 'node-proxy')).toBe(true)
  })
  test('says that the kill switch is thrown', () => {
    const blocked = compilePolicies([...documents, block('stop', { identity: 'agent', reason: 'Too fast.' })])
    expect(ask({ verb: 'list', resource: 'pods' }, blocked).decision).toEqual({
      effect: 'Deny',
      policy: 'stop',
      rule: 'block',
      reason: 'this identity was ended by a person: Too fast.',
    })
  })
  test('says that the policies cannot be used', () => {
    const broken = compilePolicies([{ name: 'x', revision: 1, document: {} }])
    expect(ask({ verb: 'list', resource: 'pods' }, broken).decision).toMatchObject({ effect: 'Deny' })
  })
  test.each([
    ['no resource', { verb: 'list' }],
    ['an odd verb', { verb: 'read', resource: 'pods' }],
    ['an odd resource', { verb: 'list', resource: 'Pods!' }],
  ])('refuses %s', (_name, question) => {
    expect(explainPolicies(set, { ...WHO, ...question }, NOW).ok).toBe(false)
  })
})

describe('a draft', () => {
  const text = `apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: p}
spec:
  subjects: [{groups: [ai-agents]}]
  connections: [prod]
  rules:
  - {name: new, effect: Allow, verbs: [get], resources: [pods]}
`
  const names = (inForce: Parameters<typeof draftSet>[1]) => {
    const drafted = draftSet(text, inForce, {})
    if (!drafted.ok) throw new Error(drafted.errors.join('\n'))
    return drafted.set.rules.flatMap(({ policy: name, rule: one }) => (name === 'built-in' ? [] : [`${name}/${one}`]))
  }
  test('alone', () => {
    expect(names([])).toEqual(['p/new'])
  })
  test('in place of the one of its name', () => {
    expect(names(documents.map((one) => ({ ...one, kind: 'AccessPolicy' })))).toEqual(['p/new', 'q/allow'])
  })
  test('with a mask policy beside it', () => {
    const masks = `${text}---\napiVersion: sallyport/v1\nkind: MaskPolicy\nmetadata: {name: p}\nspec: {}\n`
    const drafted = draftSet(masks, [], {})
    expect(drafted.ok && drafted.set.broken).toBe(null)
  })
  test('that is wrong says so', () => {
    expect(draftSet('kind: AccessPolicy', [], {}).ok).toBe(false)
  })
})

describe('simulate', () => {
  const recorded = (verb: string, resource: string, more: Partial<RecordedRequest> = {}): RecordedRequest => ({
    method: 'GET',
    target: '/x',
    verb,
    group: '',
    version: 'v1',
    resource,
    subresource: '',
    namespace: 'shop',
    name: 'web',
    userAgent: '',
    ...more,
  })
  const decision = (effect: RecordedDecision['effect'], name = ''): RecordedDecision => ({
    effect,
    policy: name === '' ? '' : 'p',
    rule: name,
    reason: '',
    revision: 1,
  })
  const ask = (request: RecordedRequest, before: RecordedDecision, more: Partial<RecordedAsk> = {}): RecordedAsk => ({
    id: 'r1',
    at: NOW,
    identity: { username: 'agent', groups: ['ai-agents'], issuer: '' },
    connection: 'prod',
    request,
    decision: before,
    session: SESSION,
    ...more,
  })
  const scale = recorded('patch', 'deployments', { group: 'apps', subresource: 'scale' })
  const becomes = async (one: RecordedAsk, of = set) => {
    const { changes } = await simulate(of, [one], 10)
    return changes[0] === undefined ? 'the same' : `${changes[0].after.effect} ${changes[0].after.rule}`
  }
  test.each<[string, RecordedAsk, string]>([
    ['what stays', ask(recorded('get', 'pods'), decision('Allow', 'look')), 'the same'],
    ['an Allow by another rule', ask(recorded('get', 'pods'), decision('Allow', 'old')), 'the same'],
    ['what was denied', ask(recorded('get', 'pods'), decision('Deny')), 'Allow look'],
    ['what is allowed no more', ask(recorded('create', 'pods'), decision('Allow', 'old')), 'Deny '],
    ['what is held now', ask(recorded('delete', 'services'), decision('Allow', 'old')), 'Hold ask'],
    ['what is held by another rule', ask(recorded('delete', 'services'), decision('Hold', 'old')), 'Hold ask'],
    ['what is held by the same', ask(recorded('delete', 'services'), decision('Hold', 'ask')), 'the same'],
    ['what was not recorded', ask(scale, decision('Allow', 'few')), 'unknown '],
    ['what was', ask(scale, decision('Allow', 'few'), { object: { spec: { replicas: 3 } } }), 'the same'],
    ['another object', ask(scale, decision('Allow', 'few'), { object: { spec: { replicas: 30 } } }), 'Deny '],
    [
      'the object before',
      ask(recorded('delete', 'pods'), decision('Hold', 'ask'), { oldObject: { metadata: { name: 'db' } } }),
      'Deny never',
    ],
  ])('%s', async (_name, one, expected) => {
    expect(await becomes(one)).toBe(expected)
  })
  test('a change in full', async () => {
    const { changes, judged, cut } = await simulate(
      set,
      [ask(scale, decision('Deny'), { object: { spec: { replicas: 3 } } })],
      10,
    )
    expect({ judged, cut }).toEqual({ judged: 1, cut: false })
    expect(changes).toEqual([
      {
        request: 'r1',
        session: 's1',
        at: '2026-01-01T00:00:00.000Z',
        username: 'agent',
        title: 'patch deployments.apps/scale "web" in namespace "shop"',
        before: { effect: 'Deny', policy: '', rule: '' },
        after: { effect: 'Allow', policy: 'p', rule: 'few', reason: 'allowed by policy' },
      },
    ])
  })
  test('passes over the gateway’s own requests, and stops at the limit', async () => {
    const own = ask(recorded('get', 'pods', { preparatory: 'read' }), decision('Deny'))
    const other = ask(recorded('get', 'pods'), decision('Deny'))
    expect(await simulate(set, [own, other, own], 1)).toMatchObject({ judged: 1, cut: false, changes: [{}] })
    expect(await simulate(set, [other, own, other], 1)).toMatchObject({ judged: 1, cut: true, changes: [{}] })
  })
  test('a limit that held it and is in the draft still does', async () => {
    const limits = [{ name: 'few-reads', count: 'requests', per: 'session', within: '1m', max: 3 }]
    const limited = compilePolicies([policy('p', [LOOK], { limits })])
    const one = ask(recorded('get', 'pods'), decision('Hold', 'few-reads'))
    expect(await becomes(one, limited)).toBe('the same')
    expect(await becomes(one, set)).toBe('Allow look')
    const many = ask(recorded('get', 'pods'), decision('Allow', 'look'), { session: { ...SESSION, requests: 3 } })
    expect(await becomes(many, limited)).toBe('Hold few-reads')
  })
  test('a session is counted up', () => {
    const del = counting(SESSION, recorded('delete', 'pods'), 0)
    expect(del).toEqual({ ...SESSION, requests: 1, writes: 1, deletions: 1 })
    const forward = recorded('connect', 'pods', { subresource: 'portforward', target: '/x?ports=80' })
    expect(counting(del, forward, 500)).toMatchObject({ requests: 2, writes: 1, execBytes: 500 })
    expect(counting(del, recorded('create', 'pods', { target: '/x?dryRun=All' }), 0)).toEqual(del)
    expect(counting(SESSION, recorded('get', 'secrets', { target: '/x?dryRun=All' }), 0).secretReads).toBe(1)
  })
  test('what an exec ran is judged', async () => {
    const shell = rule('Deny', 'connect', 'pods/exec', { when: "'rm' in exec.argv" })
    const of = compilePolicies([policy('p', [rule('Allow', '*', '*'), shell])])
    const exec = (argv: string[]) => ({ argv, container: '', stdin: false, tty: false })
    const run = (argv: string[]) =>
      ask(recorded('connect', 'pods', { subresource: 'exec', exec: exec(argv) }), decision('Allow', 'allow'))
    expect(await becomes(run(['ls']), of)).toBe('the same')
    expect(await becomes(run(['rm', 'x']), of)).toBe('Deny deny')
  })
})
