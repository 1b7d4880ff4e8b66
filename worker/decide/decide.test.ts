import { describe, expect, test } from 'vitest'
import type { BodyFormat, Decision, RequestInfo, Verb } from '../context.ts'
import { judgeBody } from './body.ts'
import { compilePolicies, type PolicySet } from './compile.ts'
import { type Judged, decide as judge } from './decide.ts'
import { forbidden } from './explain.ts'
import { PACK_NAMES } from './pack.ts'

/** What the object and the session are plays no part here. */
function decide(set: PolicySet, request: Judged): Decision {
  const verdict = judge(set, request, FACTS)
  if (!verdict.decided) throw new Error(`it asks for ${[...verdict.needs].join(', ')}`)
  return verdict.decision
}
const SESSION = { id: 's', startedAt: 0, requests: 0, writes: 0, deletions: 0, secretReads: 0, execBytes: 0 }
const FACTS = { now: 0, session: SESSION }

type RuleText = Record<string, unknown>

function policy(name: string, rules: RuleText[], over: Record<string, unknown> = {}) {
  return {
    name,
    revision: 7,
    document: {
      apiVersion: 'sallyport/v1',
      kind: 'AccessPolicy',
      metadata: { name },
      spec: { subjects: [{ groups: ['ai-agents'] }], connections: ['prod'], rules, ...over },
    },
  }
}
const allow = (verbs: string[], resources: string[], more: RuleText = {}): RuleText => ({
  name: 'allow',
  effect: 'Allow',
  verbs,
  resources,
  ...more,
})
const deny = (verbs: string[], resources: string[], more: RuleText = {}): RuleText => ({
  ...allow(verbs, resources, more),
  name: 'deny',
  effect: 'Deny',
})
const EVERYTHING = allow(['*'], ['*'])

/** `verb RESOURCE[.GROUP][/SUB] [NAMESPACE] [NAME]`, `-` for an absent namespace. */
function request(text: string, over: Partial<Judged> = {}): Judged {
  const [verb = '', kind = '', namespace = '-', name = ''] = text.split(' ')
  const [head = '', subresource = ''] = kind.split('/')
  const dot = head.indexOf('.')
  const info: RequestInfo = {
    isResourceRequest: true,
    path: '/x',
    query: '',
    verb: verb as Verb,
    apiPrefix: 'api',
    apiGroup: dot < 0 ? '' : head.slice(dot + 1),
    apiVersion: 'v1',
    namespace: namespace === '-' ? '' : namespace,
    resource: dot < 0 ? head : head.slice(0, dot),
    subresource,
    name,
    parts: [],
    streaming: false,
    dryRun: false,
  }
  return { identity: agent(), connection: 'prod', info, method: 'GET', bodyFormat: 'none', ...over }
}
function agent(username = 'agent', groups = ['ai-agents']): Judged['identity'] {
  return { user: { username, uid: '', groups, extra: {} }, issuer: 'https://idp.example.com', expiresAt: 0 }
}
function path(verb: Verb, value: string): Judged {
  const base = request('get x')
  return { ...base, info: { ...base.info, isResourceRequest: false, verb, path: value, resource: '' } }
}

describe('a rule matches resources as RBAC does', () => {
  test.each<[string, string, string, boolean]>([
    // pattern, verbs of the rule, request, allowed
    ['pods', 'get', 'get pods d p', true],
    ['pods', 'get', 'list pods d', false],
    ['pods', 'get', 'get pods/log d p', false],
    ['pods', 'get', 'get pods.metrics.k8s.io d p', false],
    ['pods.core', 'get', 'get pods d p', true],
    ['pods/log', 'get', 'get pods/log d p', true],
    ['pods/log', 'get', 'get pods d p', false],
    ['pods/*', 'get', 'get pods/status d p', true],
    ['pods/*', 'get', 'get pods d p', false],
    ['deployments.apps', 'get', 'get deployments.apps d w', true],
    ['deployments.apps', 'get', 'get deployments d w', false],
    ['deployments.apps', 'get', 'get deployments.extensions d w', false],
    ['deployments.apps', 'patch', 'patch deployments.apps/scale d w', false],
    ['deployments.apps/scale', 'patch', 'patch deployments.apps/scale d w', true],
    ['*/scale', 'patch', 'patch deployments.apps/scale d w', true],
    ['*/scale', 'patch', 'patch things.example.com/scale d w', true],
    ['*/scale', 'patch', 'patch deployments.apps d w', false],
    ['*/scale', 'patch', 'patch deployments.apps/status d w', false],
    ['*/*', 'patch', 'patch deployments.apps/status d w', true],
    ['*/*', 'patch', 'patch deployments.apps d w', false],
    ['*', 'get', 'get pods d p', true],
    ['*', 'get', 'get pods/log d p', true],
    ['*', 'get', 'get things.example.com - t', true],
    ['*', '*', 'connect pods/exec d p', true],
    ['*', 'get', 'connect pods/exec d p', false],
    ['*.apps', 'get', 'get deployments.apps d w', true],
    ['*.apps', 'get', 'get deployments.apps/status d w', true],
    ['*.apps', 'get', 'get pods d p', false],
    ['*.core', 'get', 'get pods d p', true],
    ['*.core', 'get', 'get deployments.apps d w', false],
    ['*.apps/scale', 'get', 'get deployments.apps/scale d w', true],
    ['*.apps/scale', 'get', 'get things.example.com/scale d w', false],
    ['pods.*', 'get', 'get pods.metrics.k8s.io d p', true],
    ['pods.*', 'get', 'get pods d p', true],
    ['pods', '*', 'deletecollection pods d', true],
    ['pods', 'delete', 'deletecollection pods d', false],
    ['pods', 'deletecollection', 'delete pods d p', false],
    ['pods', 'list', 'watch pods d', false],
    ['secrets', 'get', 'list secrets d', false],
    ['pods/exec', 'get', 'connect pods/exec d p', false],
    ['pods/exec', 'create', 'connect pods/exec d p', false],
    ['pods/exec', 'connect', 'connect pods/exec d p', true],
    ['pods', 'connect', 'connect pods/exec d p', false],
    ['pods', 'delete', 'delete pods/eviction d p', true],
    ['pods/eviction', 'create', 'delete pods/eviction d p', false],
    ['pods/eviction', 'delete', 'delete pods/eviction d p', false],
  ])('%s (%s): %s is %s', (pattern, verbs, text, allowed) => {
    const set = compilePolicies([policy('p', [allow([verbs], [pattern])])])
    expect(decide(set, request(text)).effect).toBe(allowed ? 'Allow' : 'Deny')
  })
})

describe('a rule is restricted', () => {
  test.each<[string, RuleText, string, boolean]>([
    ['to a namespace', { namespaces: ['shop'] }, 'get pods shop p', true],
    ['to a namespace, asked for another', { namespaces: ['shop'] }, 'get pods d p', false],
    ['to a namespace, asked for all', { namespaces: ['shop'] }, 'list pods -', false],
    ['to a namespace, asked for the cluster', { namespaces: ['shop'] }, 'get nodes - n', false],
    ['to every namespace', { namespaces: ['*'] }, 'get nodes - n', true],
    ['to nothing', {}, 'list pods -', true],
    ['to a namespace, asked for the namespace itself', { namespaces: ['shop'] }, 'get namespaces shop shop', true],
    ['to a name', { names: ['p'] }, 'get pods d p', true],
    ['to a name, asked for another', { names: ['p'] }, 'get pods d q', false],
    ['to a name, asked for a list', { names: ['p'] }, 'list pods d', false],
    ['to a name, asked for a deletecollection', { names: ['p'] }, 'deletecollection pods d', false],
    ['to a name, asked to create', { names: ['p'] }, 'create pods d', false],
  ])('%s: %j %s is %s', (_name, more, text, allowed) => {
    const set = compilePolicies([policy('p', [allow(['*'], ['*'], more)])])
    expect(decide(set, request(text)).effect).toBe(allowed ? 'Allow' : 'Deny')
  })
})

describe('a Deny reaches further than an Allow', () => {
  test.each<[string, RuleText, string, 'Allow' | 'Deny']>([
    ['beats Allow', {}, 'get secrets d s', 'Deny'],
    ['for a namespace, elsewhere', { namespaces: ['shop'] }, 'list secrets d', 'Allow'],
    ['for a namespace, asked for all namespaces', { namespaces: ['shop'] }, 'list secrets -', 'Deny'],
    ['for a namespace, watched in all namespaces', { namespaces: ['shop'] }, 'watch secrets -', 'Deny'],
    ['for a name, asked for a list', { names: ['s'] }, 'list secrets d', 'Deny'],
    ['for a name, deleted with the collection', { names: ['s'] }, 'deletecollection secrets d', 'Deny'],
    ['for a name, another', { names: ['s'] }, 'get secrets d t', 'Allow'],
    ['for a name, created', { names: ['s'] }, 'create secrets d', 'Allow'],
  ])('%s: %j %s is %s', (_name, more, text, effect) => {
    const set = compilePolicies([policy('p', [EVERYTHING, deny(['*'], ['secrets'], more)])])
    expect(decide(set, request(text)).effect).toBe(effect)
  })
  test('for a namespace says nothing of what lives in none', () => {
    const set = compilePolicies([policy('p', [EVERYTHING, deny(['*'], ['*'], { namespaces: ['shop'] })])])
    expect(decide(set, request('list nodes -')).effect).toBe('Allow')
    expect(decide(set, request('list pods -')).effect).toBe('Deny')
  })
  test.each([
    ['delete', 'pods'],
    ['create', 'pods/eviction'],
    ['delete', 'pods/eviction'],
  ])('of %s %s stops an eviction', (verb, resource) => {
    const set = compilePolicies([policy('p', [EVERYTHING, deny([verb], [resource])])])
    expect(decide(set, request('delete pods/eviction d p')).effect).toBe('Deny')
  })
})

describe('who and where', () => {
  const set = compilePolicies([
    policy('p', [EVERYTHING], { subjects: [{ groups: ['ai-agents'] }, { users: ['root'] }] }),
    policy('q', [allow(['get'], ['nodes'])], { subjects: [{ users: ['*'] }], connections: ['*'] }),
  ])
  test.each<[string, Judged, 'Allow' | 'Deny']>([
    ['a member of the group', request('get pods d p'), 'Allow'],
    ['a named user', request('get pods d p', { identity: agent('root', []) }), 'Allow'],
    ['another user', request('get pods d p', { identity: agent('eve', ['others']) }), 'Deny'],
    ['a user named like the group', request('get pods d p', { identity: agent('ai-agents', []) }), 'Deny'],
    ['a group named like the user', request('get pods d p', { identity: agent('eve', ['root']) }), 'Deny'],
    ['on another connection', request('get pods d p', { connection: 'dev' }), 'Deny'],
    ['everybody, everywhere', request('get nodes - n', { connection: 'dev', identity: agent('eve', []) }), 'Allow'],
  ])('%s: %#', (_name, judged, effect) => {
    expect(decide(set, judged).effect).toBe(effect)
  })
})

describe('paths that are no resources', () => {
  const rule = (effect: string, paths: string[]) => ({ name: effect, effect, verbs: ['get', 'head'], paths })
  const set = compilePolicies([
    policy('p', [rule('Allow', ['/healthz', '/api/*', '/openapi*']), rule('Deny', ['/api/secret*'])]),
  ])
  test.each<[Verb, string, 'Allow' | 'Deny']>([
    ['get', '/healthz', 'Allow'],
    ['head', '/healthz', 'Allow'],
    ['post', '/healthz', 'Deny'],
    ['get', '/healthz/x', 'Deny'],
    ['get', '/api/v1', 'Allow'],
    ['get', '/api', 'Deny'],
    ['get', '/openapi', 'Allow'],
    ['get', '/openapi/v3', 'Allow'],
    ['get', '/api/secret', 'Deny'],
    ['get', '/metrics', 'Deny'],
  ])('%s %s: %s', (verb, value, effect) => {
    expect(decide(set, path(verb, value)).effect).toBe(effect)
  })
  test('are judged decoded', () => {
    const encoded = compilePolicies([policy('p', [rule('Allow', ['/*']), rule('Deny', ['/x:y'])])])
    expect(decide(encoded, path('get', '/x%3Ay')).effect).toBe('Deny')
  })
  test('are not matched by rules for resources', () => {
    expect(decide(compilePolicies([policy('p', [EVERYTHING])]), path('get', '/version')).effect).toBe('Deny')
  })
})

describe('the built-in deny pack', () => {
  const on = compilePolicies([policy('p', [EVERYTHING])])
  test.each([
    ['create serviceaccounts/token d admin', 'service-account-tokens'],
    ['update certificatesigningrequests.certificates.k8s.io/approval - c', 'certificate-approval'],
    ['patch certificatesigningrequests.certificates.k8s.io/status - c', 'certificate-approval'],
    ['connect nodes/proxy - n', 'node-proxy'],
    ['connect services/proxy d https:kubernetes:443', 'service-proxy'],
    ['connect pods/proxy d p:10250', 'pod-proxy'],
    ['create validatingwebhookconfigurations.admissionregistration.k8s.io -', 'webhooks'],
    ['delete mutatingwebhookconfigurations.admissionregistration.k8s.io - w', 'webhooks'],
    ['create mutatingadmissionpolicies.admissionregistration.k8s.io', 'webhooks'],
    ['update mutatingadmissionpolicybindings.admissionregistration.k8s.io - b', 'webhooks'],
    ['update apiservices.apiregistration.k8s.io - a', 'api-services'],
    ['create pods/binding d p', 'bindings'],
    ['create bindings d', 'bindings'],
    ['connect virtualmachines.subresources.kubevirt.io/portforward d v', 'unknown-connect'],
    ['get virtualmachineinstances.subresources.kubevirt.io/console d v', 'unknown-connect'],
    ['connect things/proxy d t', 'unknown-connect'],
  ])('%s: %s, unless switched off', (text, rule) => {
    expect(decide(on, request(text))).toMatchObject({ effect: 'Deny', policy: 'built-in', rule })
    const off = compilePolicies([policy('p', [EVERYTHING])], { denyPackExcept: [rule] })
    expect(decide(off, request(text)).effect).toBe('Allow')
  })
  test.each([
    ['get certificatesigningrequests.certificates.k8s.io - c'],
    ['create certificatesigningrequests.certificates.k8s.io -'],
    ['list apiservices.apiregistration.k8s.io -'],
    ['connect pods/exec d p'],
    ['connect pods/portforward d p'],
  ])('leaves alone: %s', (text) => {
    expect(decide(on, request(text)).effect).toBe('Allow')
  })
  test('allows nothing by itself', () => {
    expect(decide(compilePolicies([], { denyPackExcept: PACK_NAMES }), request('connect nodes/proxy - n')).effect).toBe(
      'Deny',
    )
  })
  test('a misspelt exception is an error', () => {
    expect(() => compilePolicies([], { denyPackExcept: ['node-proxi'] })).toThrow('node-proxi')
  })

  test.each<[string, string, unknown, string | null]>([
    [
      'a token Secret',
      'create secrets d',
      { type: 'kubernetes.io/service-account-token' },
      'service-account-token-secrets',
    ],
    [
      'a token Secret by JSON patch',
      'patch secrets d s',
      [{ op: 'replace', path: '/type', value: 'kubernetes.io/service-account-token' }],
      'service-account-token-secrets',
    ],
    ['an opaque Secret', 'create secrets d', { type: 'Opaque' }, null],
    [
      'a role that escalates',
      'create clusterroles.rbac.authorization.k8s.io -',
      { rules: [{ verbs: ['escalate'] }] },
      'escalate',
    ],
    [
      'a role that impersonates',
      'patch roles.rbac.authorization.k8s.io d r',
      { rules: [{ verbs: ['get', 'impersonate'] }] },
      'escalate',
    ],
    ['a role that reads', 'create roles.rbac.authorization.k8s.io d', { rules: [{ verbs: ['get'] }] }, null],
    [
      'a role with every verb on everything',
      'create clusterroles.rbac.authorization.k8s.io',
      { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
      'escalate',
    ],
    [
      'a role with every verb on the core group: its service accounts can be impersonated',
      'update roles.rbac.authorization.k8s.io d r',
      { rules: [{ apiGroups: [''], resources: ['*'], verbs: ['get', '*'] }] },
      'escalate',
    ],
    [
      'a role with every verb on what nobody escalates with',
      'create roles.rbac.authorization.k8s.io d',
      { rules: [{ apiGroups: ['apps'], resources: ['*'], verbs: ['*'] }] },
      null,
    ],
    [
      'a role with reads of everything',
      'create roles.rbac.authorization.k8s.io d',
      { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }] },
      null,
    ],
    [
      'a JSON patch that puts * somewhere into a role',
      'patch roles.rbac.authorization.k8s.io d r',
      [{ op: 'add', path: '/rules/0/verbs/-', value: '*' }],
      'escalate',
    ],
    [
      'a JSON patch that copies within a role',
      'patch roles.rbac.authorization.k8s.io d r',
      [{ op: 'copy', from: '/rules/0/apiGroups/0', path: '/rules/0/verbs/0' }],
      'escalate',
    ],
    ['another object with the word', 'create configmaps d', { data: { x: 'escalate' } }, null],
    ['a delete', 'delete secrets d s', { type: 'kubernetes.io/service-account-token' }, null],
  ])('judges the body of %s', (_name, text, body, rule) => {
    const judged = judgeBody(on, request(text).info, body)
    expect(judged?.rule ?? null).toBe(rule)
  })
  test('judges a body nested very deep', () => {
    let body: unknown = 'kubernetes.io/service-account-token'
    for (let depth = 0; depth < 100_000; depth += 1) body = [body]
    expect(judgeBody(on, request('create secrets d').info, body)?.effect).toBe('Deny')
  })
  test('body rules can be switched off', () => {
    const off = compilePolicies([], { denyPackExcept: ['escalate'] })
    const role = request('create roles.rbac.authorization.k8s.io d').info
    expect(judgeBody(off, role, { rules: [{ verbs: ['bind'] }] })).toBeNull()
  })
})

describe('ephemeral containers', () => {
  test.each<[string, RuleText[], 'Allow' | 'Deny']>([
    [
      'need the patch and the connect',
      [allow(['patch'], ['pods/ephemeralcontainers']), { ...allow(['connect'], ['pods/exec']), name: 'x' }],
      'Allow',
    ],
    ['are refused with the patch alone', [allow(['patch'], ['pods/ephemeralcontainers'])], 'Deny'],
    ['are refused with the connect alone', [allow(['connect'], ['pods/exec'])], 'Deny'],
    ['are refused where exec is denied', [EVERYTHING, deny(['connect'], ['pods/exec'])], 'Deny'],
  ])('%s', (_name, rules, effect) => {
    expect(decide(compilePolicies([policy('p', rules)]), request('patch pods/ephemeralcontainers d p')).effect).toBe(
      effect,
    )
  })
})

describe('a write that would create', () => {
  const update = allow(['update', 'patch'], ['*'])
  test.each<[string, RuleText[], string, BodyFormat, 'exists' | undefined, 'Allow' | 'Deny']>([
    ['PUT by one who may create', [EVERYTHING], 'update pods d p', 'json', undefined, 'Allow'],
    ['PUT by one who may not', [update], 'update pods d p', 'json', 'exists', 'Allow'],
    [
      'PUT by one to whom create is denied',
      [EVERYTHING, deny(['create'], ['pods'])],
      'update pods d p',
      'json',
      'exists',
      'Allow',
    ],
    ['apply by one who may not', [update], 'patch pods d p', 'apply-patch', 'exists', 'Allow'],
    ['apply by one who may create', [EVERYTHING], 'patch pods d p', 'apply-patch', undefined, 'Allow'],
    ['merge patch', [update], 'patch pods d p', 'merge-patch', undefined, 'Allow'],
    ['PUT of a subresource', [update], 'update pods/status d p', 'json', undefined, 'Allow'],
    [
      'apply by one who may only create',
      [allow(['create'], ['*'])],
      'patch pods d p',
      'apply-patch',
      undefined,
      'Deny',
    ],
  ])('%s', (_name, rules, text, bodyFormat, requires, effect) => {
    const decision = decide(compilePolicies([policy('p', rules)]), request(text, { bodyFormat }))
    expect({ effect: decision.effect, requires: decision.requires }).toEqual({ effect, requires })
  })
})

describe('a decision says what made it', () => {
  test('the policy, the rule, the message and the revision', () => {
    const set = compilePolicies([
      policy('z', [EVERYTHING]),
      policy('a', [deny(['delete'], ['namespaces'], { message: 'Namespaces are deleted by people.' })]),
    ])
    expect(decide(set, request('delete namespaces d d'))).toEqual({
      effect: 'Deny',
      policy: 'a',
      rule: 'deny',
      reason: 'Namespaces are deleted by people.',
      revision: 7,
    })
  })
  test('nothing when nothing matched', () => {
    expect(decide(compilePolicies([]), request('delete pods/eviction d p'))).toEqual({
      effect: 'Deny',
      policy: '',
      rule: '',
      reason: 'no policy allows delete on pods',
      revision: 0,
    })
  })
  test('a document that cannot be used refuses everything', () => {
    const set = compilePolicies([policy('good', [EVERYTHING]), { name: 'bad', revision: 9, document: { spec: 1 } }])
    expect(decide(set, request('get pods d p'))).toMatchObject({ effect: 'Deny', revision: 9 })
    expect(decide(set, request('get pods d p')).reason).toContain('policy bad cannot be used')
    expect(decide(set, path('get', '/version')).effect).toBe('Deny')
  })
  test('in words kubectl prints', () => {
    const judged = request('delete deployments.apps/scale shop web')
    const decision = decide(compilePolicies([]), judged)
    expect(forbidden(decision, judged)).toEqual({
      kind: 'forbidden',
      message:
        'user "agent" may not delete deployments.apps/scale "web" in namespace "shop" on connection "prod": ' +
        'no policy allows delete on deployments.apps/scale',
      decision,
    })
  })
})
