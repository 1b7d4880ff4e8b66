import { describe, expect, test } from 'vitest'
import type { Facts } from '../context.ts'
import { compilePolicies } from './compile.ts'
import { decide, type Judged, type Verdict } from './decide.ts'
import { facts, judged, policy, rule } from './testing.ts'

/** `Allow`, `Hold RULE`, … or `needs object oldObject`. */
function words(verdict: Verdict): string {
  if (!verdict.decided) return `needs ${[...verdict.needs].sort().join(' ')}`
  const { effect, rule: name, requires } = verdict.decision
  return `${effect}${name === '' ? '' : ` ${name}`}${requires === undefined ? '' : ` if it ${requires}`}`
}
const ask = (rules: readonly unknown[], request: Judged, known: Partial<Facts> = {}) =>
  words(decide(compilePolicies([policy('p', rules)]), request, facts(known)))

const SCALE = judged('patch deployments.apps/scale shop web', { bodyFormat: 'merge-patch' })
const replicas = (count: number) => ({ spec: { replicas: count } })
const FEW = rule('Allow', 'patch', 'deployments.apps/scale', { when: 'object.spec.replicas <= 10' })
const ANY = { ...rule('Allow', '*', '*'), name: 'any' }

describe('a condition on the object', () => {
  test.each<[string, readonly unknown[], Partial<Facts>, string]>([
    ['is asked for first', [FEW], {}, 'needs object'],
    ['holds', [FEW], { object: replicas(10) }, 'Allow allow'],
    ['does not hold', [FEW], { object: replicas(11) }, 'Deny'],
    ['fails: an Allow does not match', [FEW], { object: { spec: {} } }, 'Deny'],
    ['fails: a Deny matches', [ANY, { ...FEW, effect: 'Deny' }], { object: {} }, 'Deny allow'],
    ['fails: a Hold matches', [ANY, { ...FEW, effect: 'Hold' }], { object: {} }, 'Hold allow'],
    ['is not asked where an Allow has none', [FEW, ANY], {}, 'Allow any'],
    ['is not asked where nothing could allow', [{ ...FEW, effect: 'Deny' }], {}, 'Deny'],
    ['is not asked where a Deny has none', [FEW, rule('Deny', '*', '*')], {}, 'Deny deny'],
    ['is not asked where a Deny already holds', [FEW, rule('Deny', '*', '*', { when: '1 == 1' })], {}, 'Deny deny'],
    ['of a Deny is asked', [ANY, { ...FEW, effect: 'Deny' }], {}, 'needs object'],
    ['of a Hold is asked', [ANY, { ...FEW, effect: 'Hold' }], {}, 'needs object'],
    ['of a Hold behind one that holds is not', [rule('Hold', '*', '*'), { ...FEW, effect: 'Hold' }], {}, 'Hold hold'],
    ['of an Allow behind a Hold is not', [FEW, rule('Hold', '*', '*')], {}, 'Hold hold'],
    ['of a Hold before one that holds is', [{ ...FEW, effect: 'Hold' }, rule('Hold', '*', '*')], {}, 'needs object'],
    ['of a rule for others is not', [{ ...FEW, namespaces: ['other'] }], {}, 'Deny'],
    [
      'that holds whatever the object is not asked',
      [{ ...FEW, when: 'request.namespace == "shop"' }],
      {},
      'Allow allow',
    ],
    [
      'both objects are asked for together',
      [
        { ...FEW, when: 'object.a == oldObject.a' },
        { ...FEW, name: 'b', effect: 'Deny' },
      ],
      {},
      'needs object oldObject',
    ],
    ['only what is missing', [{ ...FEW, when: 'object.a == oldObject.a' }], { object: {} }, 'needs oldObject'],
  ])('%s', (_name, rules, known, expected) => {
    expect(ask(rules, SCALE, known)).toBe(expected)
  })

  test.each<[string, Judged, string, string]>([
    ['create', judged('create pods shop'), 'object != null', 'needs object'],
    ['update', judged('update pods shop p'), 'object != null', 'needs object'],
    ['patch', judged('patch pods shop p'), 'object != null', 'needs object'],
    ['an update without a body', judged('update pods shop p', { bodyFormat: 'none' }), 'object == null', 'Allow allow'],
    ['delete', judged('delete pods shop p'), 'object == null', 'Allow allow'],
    ['get', judged('get pods shop p'), 'object == null && oldObject == null', 'Allow allow'],
    ['list', judged('list pods shop'), 'object == null && oldObject == null', 'Allow allow'],
    ['deletecollection', judged('deletecollection pods shop'), 'oldObject == null', 'Allow allow'],
    ['create, the old one', judged('create pods shop'), 'oldObject == null', 'Allow allow'],
    ['update, the old one', judged('update pods shop p'), 'oldObject != null', 'needs oldObject'],
    ['delete, the old one', judged('delete pods shop p'), 'oldObject != null', 'needs oldObject'],
    ['an eviction, the pod', judged('delete pods/eviction shop p'), 'oldObject != null', 'needs oldObject'],
    ['exec, the pod', judged('connect pods/exec shop p'), 'oldObject != null', 'needs oldObject'],
    ['port-forward, the pod', judged('connect pods/portforward shop p'), 'oldObject != null', 'needs oldObject'],
    ['create, its Pod spec', judged('create pods shop'), 'podSpec != null', 'needs object'],
    ['update, its Pod spec', judged('update pods shop p'), 'podSpec != null', 'needs object'],
    ['delete, its Pod spec', judged('delete pods shop p'), 'podSpec != null', 'needs oldObject'],
    ['exec, its Pod spec', judged('connect pods/exec shop p'), 'podSpec != null', 'needs oldObject'],
    ['get, its Pod spec', judged('get pods shop p'), 'podSpec == null', 'Allow allow'],
    ['a path', judged('get /version'), 'object == null && oldObject == null && podSpec == null', 'Allow allow'],
  ])('is there for %s', (_name, request, when, expected) => {
    const { resources: _, ...path } = rule('Allow', '*', '*', { paths: ['*'], when })
    const rules = request.info.isResourceRequest ? [rule('Allow', '*', '*', { when })] : [path]
    expect(ask(rules, request)).toBe(expected)
  })
})

describe('a condition sees', () => {
  const exec = {
    argv: ['sh', '-c', 'id'],
    container: 'c',
    stdin: true,
    stdout: true,
    stderr: false,
    tty: false,
    ports: [],
  }
  const request = judged('connect pods/exec shop p', {
    with: { path: '/api/v1/namespaces/shop/pods/p/exec', query: 'command=sh&command=-c&command=i%64&stdin=true', exec },
    method: 'POST',
    identity: {
      user: { username: 'agent', uid: 'u1', groups: ['ai-agents', 'g'], extra: { team: ['a', 'b'] } },
      issuer: 'https://idp.example.com',
      expiresAt: 0,
    },
  })
  const patch = judged('patch deployments.apps/scale shop web', { with: { dryRun: true, apiVersion: 'v2' } })
  const session = { id: 's1', startedAt: 1000, requests: 5, writes: 4, deletions: 3, secretReads: 2, execBytes: 1 }
  test.each<[string, Judged, string]>([
    ['the verb and the operation', request, "request.verb == 'connect' && request.operation == 'CONNECT'"],
    ['the operation of a patch', patch, "request.operation == 'UPDATE'"],
    ['the operation of a read', judged('get pods shop p'), "request.operation == ''"],
    ['the method and the path', request, "request.method == 'POST' && request.path.endsWith('/pods/p/exec')"],
    ['the namespace and the name', request, "request.namespace == 'shop' && request.name == 'p'"],
    ['the subresource', patch, "request.subResource == 'scale'"],
    [
      'the resource',
      patch,
      "request.resource.group == 'apps' && request.resource.version == 'v2' && request.resource.resource == 'deployments'",
    ],
    ['a dry run', patch, 'request.dryRun'],
    ['the user', request, "request.userInfo.username == 'agent' && request.userInfo.uid == 'u1'"],
    ['the groups', request, "'g' in request.userInfo.groups && identity.groups.size() == 2"],
    ['what else the token says', request, "identity.extra['team'][1] == 'b' && identity.issuer.startsWith('https://')"],
    ['the connection', request, "connection.name == 'prod'"],
    ['the query, decoded', request, "request.query['command'] == ['sh', '-c', 'id'] && !('x' in request.query)"],
    ['no options', request, 'request.options == null'],
    ['the whole argv', request, "exec.argv == ['sh', '-c', 'id'] && exec.subResource == 'exec'"],
    ['stdin and tty', request, "exec.stdin && !exec.tty && exec.container == 'c'"],
    ['no exec elsewhere', patch, 'exec == null'],
    ['the session', patch, "session.id == 's1' && session.writes + 1 == 5 && session.execBytes % 2 == 1"],
    ['when the session began', patch, "now - session.startedAt == duration('1s')"],
    ['the time', patch, 'now.getFullYear() == 1970'],
  ])('%s', (_name, judgedRequest, when) => {
    expect(ask([rule('Allow', '*', '*', { when })], judgedRequest, { now: 2000, session })).toBe('Allow allow')
  })
  test.each([[[]], [[8080]]])('no ports of a port-forward, which are named after it was let in: %j', (ports) => {
    const forward = judged('connect pods/portforward shop p', { with: { exec: { ...exec, argv: [], ports } } })
    const asked = (effect: 'Allow' | 'Deny', when: string) => ask([rule(effect, '*', '*', { when })], forward)
    expect(asked('Allow', 'exec.ports.all(p, p >= 1024)')).toMatch(/^Deny/)
    expect(asked('Allow', 'exec.ports == [8080]')).toMatch(/^Deny/)
    expect(asked('Deny', '22 in exec.ports')).toBe('Deny deny')
    expect(asked('Allow', "exec.subResource == 'portforward'")).toBe('Allow allow')
  })
  test('the options of a deletion', () => {
    const when = "request.options.propagationPolicy == 'Orphan' && request.options.gracePeriodSeconds % 2 == 1"
    const known = { options: { propagationPolicy: 'Orphan', gracePeriodSeconds: 31 } }
    expect(ask([rule('Allow', '*', '*', { when })], judged('delete pods shop p'), known)).toBe('Allow allow')
  })
  test('a parameter named like what every object has', () => {
    const odd = judged('get pods shop p', { with: { query: '__proto__=x&constructor=y' } })
    const when = "request.query['__proto__'] == ['x'] && request.query['constructor'] == ['y']"
    expect(ask([rule('Allow', '*', '*', { when })], odd)).toBe('Allow allow')
  })

  const containers = [{ image: 'nginx' }]
  test.each<[string, unknown, string, string]>([
    ['of a Pod', { spec: { containers } }, 'pods', 'Allow allow'],
    ['of a Deployment', { spec: { template: { spec: { containers } } } }, 'deployments.apps', 'Allow allow'],
    [
      'of a CronJob',
      { spec: { jobTemplate: { spec: { template: { spec: { containers } } } } } },
      'cronjobs.batch',
      'Allow allow',
    ],
    ['of a PodTemplate', { template: { spec: { containers } } }, 'podtemplates', 'Allow allow'],
    ['of a custom resource', { spec: { template: { spec: { containers } } } }, 'rollouts.example.com', 'Allow allow'],
    ['not of what has no containers', { spec: { template: { spec: {} } } }, 'deployments.apps', 'Deny'],
    ['not of what is no object', [], 'pods', 'Deny'],
    ['not of what has it in its prototype', { __proto__: { spec: { containers } } }, 'pods', 'Deny'],
  ])('the Pod spec %s', (_name, object, resource, expected) => {
    const rules = [rule('Allow', '*', '*', { when: "podSpec.containers[0].image == 'nginx'" })]
    expect(ask(rules, judged(`create ${resource} shop`), { object })).toBe(expected)
    expect(ask(rules, judged(`delete ${resource} shop x`), { oldObject: object })).toBe(expected)
  })
})

describe('Hold', () => {
  test.each<[string, readonly unknown[], Judged, string]>([
    ['beats Allow', [ANY, rule('Hold', 'delete', 'pods')], judged('delete pods shop p'), 'Hold hold'],
    ['is beaten by Deny', [rule('Hold', '*', '*'), rule('Deny', '*', 'pods')], judged('get pods d p'), 'Deny deny'],
    ['is enough without an Allow', [rule('Hold', '*', '*')], judged('get pods d p'), 'Hold hold'],
    ['is beaten by the pack', [rule('Hold', '*', '*')], judged('connect nodes/proxy - n'), 'Deny node-proxy'],
    [
      'reaches into lists like a Deny: for a namespace',
      [ANY, rule('Hold', '*', 'secrets', { namespaces: ['shop'] })],
      judged('list secrets -'),
      'Hold hold',
    ],
    [
      'reaches into lists like a Deny: for a name',
      [ANY, rule('Hold', '*', 'secrets', { names: ['s'] })],
      judged('list secrets shop'),
      'Hold hold',
    ],
    [
      'of eviction holds it',
      [ANY, rule('Hold', 'create', 'pods/eviction')],
      judged('delete pods/eviction d p'),
      'Hold hold',
    ],
    [
      'of eviction does not allow it',
      [rule('Hold', 'create', 'pods/eviction')],
      judged('delete pods/eviction d p'),
      'Deny',
    ],
    [
      'of exec holds a debug container',
      [ANY, rule('Hold', 'connect', 'pods/exec')],
      judged('patch pods/ephemeralcontainers d p'),
      'Hold hold',
    ],
    [
      'of a debug container does not allow it without exec',
      [rule('Hold', 'patch', 'pods/ephemeralcontainers')],
      judged('patch pods/ephemeralcontainers d p'),
      'Deny',
    ],
  ])('%s', (_name, rules, request, expected) => {
    expect(ask(rules, request)).toBe(expected)
  })

  const decision = (rules: readonly unknown[], text: string) => {
    const verdict = decide(compilePolicies([policy('p', rules)]), judged(text), facts())
    if (!verdict.decided) throw new Error('undecided')
    return verdict.decision
  }
  const named = (name: string, verbs: string, resources: string, approval: object) => ({
    ...rule('Hold', verbs, resources, { approval }),
    name,
  })
  test('carries its approval, with what is left out filled in', () => {
    expect(decision([named('h', '*', '*', { by: [{ groups: ['sre'] }] })], 'get pods d p')).toEqual({
      effect: 'Hold',
      policy: 'p',
      rule: 'h',
      reason: 'held by policy',
      revision: 7,
      approval: {
        by: { users: [], groups: ['sre'] },
        count: 1,
        holdForMs: 600_000,
        validForMs: 300_000,
        grant: null,
      },
    })
  })
  test('of two that match, the first in the file counts, its approval alone', () => {
    const both = [named('one', 'get', 'pods', { count: 2 }), named('two', '*', '*', { count: 5 })]
    expect(decision(both, 'get pods d p')).toMatchObject({ rule: 'one', approval: { count: 2 } })
    expect(decision([...both].reverse(), 'get pods d p')).toMatchObject({ rule: 'two', approval: { count: 5 } })
  })
  test('of two that each hold a part, both must be satisfied', () => {
    const debug = { count: 2, holdFor: '1h', validFor: '1m', grant: { maxFor: '2h' }, by: [{ groups: ['sre', 'dev'] }] }
    const exec = { count: 1, holdFor: '5m', validFor: '2m', grant: { maxFor: '1h' }, by: [{ groups: ['sre'] }] }
    const rules = [
      named('debug', 'patch', 'pods/ephemeralcontainers', debug),
      named('exec', 'connect', 'pods/exec', exec),
    ]
    expect(decision(rules, 'patch pods/ephemeralcontainers d p')).toMatchObject({
      effect: 'Hold',
      rule: 'debug',
      approval: {
        by: { users: [], groups: ['sre'] },
        count: 2,
        holdForMs: 300_000,
        validForMs: 60_000,
        // One of them may have been given by people who may not answer the other.
        grant: null,
      },
    })
  })
  test.each<[string, object, object, string, unknown]>([
    ['nobody in common', { by: [{ groups: ['a'] }] }, { by: [{ groups: ['b'] }] }, 'Deny', undefined],
    ['one for anybody', { by: [{ groups: ['a'] }] }, {}, 'Hold', { by: { users: [], groups: ['a'] } }],
    ['no grant in one', { grant: { maxFor: '1h' } }, {}, 'Hold', { grant: null }],
  ])('of two that each hold a part: %s', (_name, debug, exec, effect, approval) => {
    const rules = [
      named('debug', 'patch', 'pods/ephemeralcontainers', debug),
      named('exec', 'connect', 'pods/exec', exec),
    ]
    const made = decision(rules, 'patch pods/ephemeralcontainers d p')
    expect(made.effect).toBe(effect)
    if (approval === undefined) expect(made.approval).toBeUndefined()
    else expect(made.approval).toMatchObject(approval as object)
  })
})

describe('a write that would create is judged as that', () => {
  const APPLY = judged('patch pods d p', { bodyFormat: 'apply-patch' })
  const UPDATE = rule('Allow', 'update patch', '*')
  const HOLD = rule('Hold', 'create', '*')
  const here = { oldObject: { metadata: { name: 'p' } } }
  const gone = { oldObject: null }
  test.each<[string, readonly unknown[], Partial<Facts>, string]>([
    ['create is held: whether it exists is asked', [UPDATE, HOLD], {}, 'needs oldObject'],
    ['create is held, it exists', [UPDATE, HOLD], here, 'Allow allow if it exists'],
    ['create is held, it does not', [UPDATE, HOLD], gone, 'Hold hold'],
    ['one Hold for both: nothing is asked', [rule('Hold', 'create patch', '*')], {}, 'Hold hold'],
    ['two Holds, it exists', [{ ...UPDATE, effect: 'Hold' }, HOLD], here, 'Hold allow if it exists'],
    ['two Holds, it does not', [{ ...UPDATE, effect: 'Hold' }, HOLD], gone, 'Hold hold'],
    [
      'update is held, create allowed',
      [
        { ...UPDATE, effect: 'Hold' },
        { ...HOLD, effect: 'Allow' },
      ],
      {},
      'Hold allow',
    ],
    ['update is held, create is not allowed', [{ ...UPDATE, effect: 'Hold' }], {}, 'Hold allow if it exists'],
    ['create is not allowed, it does not exist', [UPDATE], gone, 'Deny'],
    ['create is denied, it does not exist', [ANY, rule('Deny', 'create', '*')], gone, 'Deny'],
    ['create is denied, unknown', [ANY, rule('Deny', 'create', '*')], {}, 'Allow any if it exists'],
    ['create by condition', [UPDATE, { ...HOLD, when: 'object.a == 1' }], {}, 'needs oldObject'],
    ['create and update by one condition: the object first', [{ ...ANY, when: 'object.a == 1' }], {}, 'needs object'],
    ['create and update by one condition', [{ ...ANY, when: 'object.a == 1' }], { object: { a: 1 } }, 'Allow any'],
    ['create by condition, it exists', [UPDATE, { ...HOLD, when: 'object.a == 1' }], here, 'Allow allow if it exists'],
    ['create by condition, it does not', [UPDATE, { ...HOLD, when: 'object.a == 1' }], gone, 'needs object'],
    [
      'create by condition that holds',
      [UPDATE, { ...HOLD, when: 'object.a == 1' }],
      { ...gone, object: { a: 1 } },
      'Hold hold',
    ],
    [
      'create by condition that does not hold',
      [UPDATE, { ...HOLD, when: 'object.a == 1' }],
      { ...gone, object: { a: 2 } },
      'Deny',
    ],
    [
      'create denied by condition',
      [ANY, rule('Deny', 'create', '*', { when: 'object.a == 1' })],
      { ...gone, object: { a: 1 } },
      'Deny',
    ],
    [
      'create denied by condition that does not hold',
      [ANY, rule('Deny', 'create', '*', { when: 'object.a == 1' })],
      { ...gone, object: { a: 2 } },
      'Allow any',
    ],
  ])('%s', (_name, rules, known, expected) => {
    expect(ask(rules, APPLY, known)).toBe(expected)
  })
})

describe('a decision', () => {
  const made = (rules: readonly unknown[], known: Partial<Facts>) => {
    const verdict = decide(compilePolicies([policy('p', rules)]), SCALE, facts(known))
    return verdict.decided ? verdict.decision : null
  }
  test('says that a condition failed, and nothing of the object', () => {
    const rules = [ANY, rule('Deny', '*', '*', { when: 'object.spec.s3cret == int(object.spec.text)' })]
    const { reason = '' } = made(rules, { object: { spec: { s3cret: 1, text: 'hunter2' } } }) ?? {}
    expect(reason).toBe('denied by policy (its condition could not be evaluated)')
  })
  test('keeps the rule’s message beside it', () => {
    const rules = [ANY, rule('Hold', '*', '*', { when: 'object.a', message: 'Ask first.' })]
    expect(made(rules, { object: {} })?.reason).toBe('Ask first. (its condition could not be evaluated)')
  })
  test('is given up when conditions cost too much', () => {
    const list = Array.from({ length: 400 }, (_, index) => index)
    const when = 'object.l.all(a, object.l.all(b, object.l.all(c, a + b + c >= 0)))'
    const rules = Array.from({ length: 50 }, (_, index) => ({
      ...rule('Allow', '*', '*', { when }),
      name: `r${index}`,
    }))
    // Without a limit: 3 × 10⁹ sums, which no test has time for.
    const given = made(rules, { object: { l: list } })
    expect(given).toMatchObject({ effect: 'Deny', policy: '', rule: '' })
    expect(given?.reason).toBe('the conditions of the policies cost too much on this request')
  })
  test('names the first rule by policy name and place, whatever pattern it is found under', () => {
    const set = compilePolicies([
      policy('b', [{ ...rule('Deny', 'get', 'pods'), name: 'exact' }]),
      policy('a', [{ ...rule('Deny', '*', '*'), name: 'wide' }]),
    ])
    expect(words(decide(set, judged('get pods d p'), facts()))).toBe('Deny wide')
  })
})

describe('an object with a decoy for a Pod specification', () => {
  const request = judged('create rollouts.shop.example shop r')
  const hidden = { containers: [{ name: 'a', securityContext: { privileged: true } }] }
  const facts = { object: { spec: { containers: [], template: { spec: hidden } } } }
  test.each([
    ['Deny', 'podSpec.privileged()', 'Deny deny'],
    ['Allow', '!podSpec.privileged()', 'Deny'],
  ] as const)('%s when %s: %s', (effect, when, expected) => {
    expect(ask([rule(effect, '*', '*', { when })], request, facts)).toBe(expected)
  })
})
