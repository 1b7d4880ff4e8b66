import { describe, expect, it } from 'vitest'
import { at, type JsonObject, objectsAt, textAt } from './json.ts'
import { type Ask, testCluster } from './testing.ts'

const configMap = (name: string, data: JsonObject = { a: '1' }): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})
const deployment = (name: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'nginx:1' }] } },
    ...spec,
  },
})
const CM = '/api/v1/namespaces/default/configmaps'
const DEPLOY = '/apis/apps/v1/namespaces/default/deployments'
const post = (body: JsonObject, more: Ask = {}): Ask => ({ method: 'POST', body, ...more })

describe('refusals are metav1.Status as the API server words them', () => {
  const rows: [name: string, target: string, ask: Ask, code: number, reason: string, message: string | RegExp][] = [
    ['no such object', `${CM}/nope`, {}, 404, 'NotFound', 'configmaps "nope" not found'],
    [
      'no such resource',
      '/apis/apps/v1/gadgets',
      {},
      404,
      'NotFound',
      'the server could not find the requested resource',
    ],
    [
      'a taken name',
      CM,
      post(configMap('kube-root-ca.crt')),
      409,
      'AlreadyExists',
      'configmaps "kube-root-ca.crt" already exists',
    ],
    [
      'an old resourceVersion',
      `${CM}/kube-root-ca.crt`,
      {
        method: 'PUT',
        body: { ...configMap('kube-root-ca.crt'), metadata: { name: 'kube-root-ca.crt', resourceVersion: '1' } },
      },
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "kube-root-ca.crt": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'a missing namespace',
      '/api/v1/namespaces/nope/configmaps',
      post(configMap('a')),
      404,
      'NotFound',
      'namespaces "nope" not found',
    ],
    [
      'an invalid object',
      DEPLOY,
      post(deployment('Bad_')),
      422,
      'Invalid',
      /^Deployment\.apps "Bad_" is invalid: metadata\.name: Invalid value: "Bad_"/,
    ],
    [
      'an unknown field, strictly',
      `${CM}?fieldValidation=Strict`,
      post({ ...configMap('a'), dat: {} }),
      400,
      'BadRequest',
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"',
    ],
    [
      'a wrong type',
      DEPLOY,
      post(deployment('a', { replicas: 'two' })),
      400,
      'BadRequest',
      /cannot unmarshal string into Go struct field spec\.replicas of type int32/,
    ],
    ['a wrong kind', CM, post(deployment('a')), 400, 'BadRequest', /cannot be handled as a ConfigMap/],
    [
      'a method not served',
      CM,
      { method: 'PUT', body: configMap('a') },
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
    ],
    [
      'an unknown body type',
      CM,
      post(configMap('a'), { type: 'text/plain' }),
      415,
      'UnsupportedMediaType',
      /unknown format/,
    ],
    [
      'an unknown patch type',
      `${CM}/kube-root-ca.crt`,
      { method: 'PATCH', body: {}, type: 'application/json' },
      415,
      'UnsupportedMediaType',
      /unknown format/,
    ],
    [
      'only protobuf accepted',
      CM,
      { headers: { accept: 'application/vnd.kubernetes.protobuf' } },
      406,
      'NotAcceptable',
      'only the following media types are accepted: application/json',
    ],
    [
      'only protobuf accepted, OpenAPI',
      '/openapi/v2',
      { headers: { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' } },
      406,
      'NotAcceptable',
      'only the following media types are accepted: application/json',
    ],
    ['an unknown token', CM, { token: 'wrong' }, 401, 'Unauthorized', 'Unauthorized'],
    [
      'no permission, list',
      CM,
      { token: 'nobody' },
      403,
      'Forbidden',
      'configmaps is forbidden: User "nobody" cannot list resource "configmaps" in API group "" in the namespace "default"',
    ],
    [
      'no permission, one',
      `${DEPLOY}/web/scale`,
      { token: 'nobody' },
      403,
      'Forbidden',
      'deployments.apps "web" is forbidden: User "nobody" cannot get resource "deployments/scale" in API group "apps" in the namespace "default"',
    ],
    [
      'no permission, cluster scope',
      '/api/v1/nodes',
      { token: 'nobody' },
      403,
      'Forbidden',
      'nodes is forbidden: User "nobody" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    ['an undecodable path', '/api/v1/namespaces/%zz/pods', {}, 400, 'BadRequest', 'the path cannot be decoded'],
    [
      'exec without an upgrade',
      '/api/v1/namespaces/default/pods/x/exec?command=ls',
      {},
      400,
      'BadRequest',
      'Upgrade request required',
    ],
    [
      'a dry run of another kind',
      `${CM}?dryRun=Some`,
      post(configMap('a')),
      422,
      'Invalid',
      /^CreateOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value: \[\]string\{"Some"\}: supported values: "All"$/,
    ],
    ['a broken selector', `${CM}?labelSelector=a%20b`, {}, 400, 'BadRequest', /unable to parse requirement/],
    [
      'apply without a field manager',
      `${CM}/a`,
      { method: 'PATCH', body: configMap('a'), type: 'application/apply-patch+yaml' },
      422,
      'Invalid',
      /fieldManager: Required value/,
    ],
  ]
  it.each(rows)('%s', (_name, target, ask, code, reason, message) => {
    const { ask: send } = testCluster()
    const told = send(target, ask)
    expect(told.body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason })
    expect(told.status).toBe(code)
    if (typeof message === 'string') expect(told.body.message).toBe(message)
    else expect(told.body.message).toMatch(message)
  })
})

describe('writes', () => {
  it('sets what the server sets and keeps it', () => {
    const { ask } = testCluster()
    const made = ask(DEPLOY, post(deployment('web'))).body
    expect(made.metadata).toMatchObject({
      name: 'web',
      namespace: 'default',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    })
    expect(made.spec).toMatchObject({ replicas: 1, revisionHistoryLimit: 10, strategy: { type: 'RollingUpdate' } })
    const patched = ask(`${DEPLOY}/web`, {
      method: 'PATCH',
      body: { metadata: { uid: null, labels: { x: 'y' } }, spec: { replicas: 2 } },
      type: 'application/merge-patch+json',
    }).body
    expect(patched.metadata).toMatchObject({ uid: at(made, 'metadata', 'uid'), generation: 2, labels: { x: 'y' } })
  })
  it('generates names', () => {
    const { ask } = testCluster()
    const made = ask(CM, post({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } }))
    expect(made.status).toBe(201)
    expect(textAt(made.body, 'metadata', 'name')).toMatch(/^x-[a-z0-9]{5}$/)
  })
  it('leaves everything as it was on a dry run', () => {
    const { ask, cluster } = testCluster()
    const before = cluster.store.version
    expect(ask(`${CM}?dryRun=All`, post(configMap('a'))).status).toBe(201)
    expect(ask(`${CM}/kube-root-ca.crt?dryRun=All`, { method: 'DELETE' }).status).toBe(200)
    expect(
      ask(`${CM}/kube-root-ca.crt?dryRun=All`, {
        method: 'PATCH',
        body: { data: { b: '2' } },
        type: 'application/merge-patch+json',
      }).body.data,
    ).toMatchObject({ b: '2' })
    expect(cluster.store.version).toBe(before)
  })
  it('does not count up on a write that changes nothing', () => {
    const { ask } = testCluster()
    const made = ask(CM, post(configMap('a'))).body
    const again = ask(`${CM}/a`, {
      method: 'PATCH',
      body: { data: { a: '1' } },
      type: 'application/merge-patch+json',
    }).body
    expect(at(again, 'metadata', 'resourceVersion')).toBe(at(made, 'metadata', 'resourceVersion'))
  })
  it('warns of unknown fields when asked to', () => {
    const { ask } = testCluster()
    const told = ask(`${CM}?fieldValidation=Warn`, post({ ...configMap('a'), dat: {} }))
    expect(told.headers.warning).toEqual(['299 - "unknown field \\"dat\\""'])
    expect(told.body.dat).toBeUndefined()
  })
  it('turns stringData into data', () => {
    const { ask } = testCluster()
    const made = ask(
      '/api/v1/namespaces/default/secrets',
      post({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { p: 'ü' } }),
    ).body
    expect(made).toMatchObject({ type: 'Opaque', data: { p: 'w7w=' } })
    expect(made.stringData).toBeUndefined()
  })
  it('scales by the subresource', () => {
    const { ask } = testCluster()
    ask(DEPLOY, post(deployment('web')))
    const scaled = ask(`${DEPLOY}/web/scale`, {
      method: 'PATCH',
      body: { spec: { replicas: 4 } },
      type: 'application/merge-patch+json',
    })
    expect(scaled.body).toMatchObject({ kind: 'Scale', spec: { replicas: 4 } })
    expect(ask(`${DEPLOY}/web`).body.spec).toMatchObject({ replicas: 4 })
  })
  it('keeps an object with finalizers until they are gone', () => {
    const { ask } = testCluster()
    ask(CM, post({ ...configMap('a'), metadata: { name: 'a', finalizers: ['x.io/y'] } }))
    expect(at(ask(`${CM}/a`, { method: 'DELETE' }).body, 'metadata', 'deletionTimestamp')).toBe('2026-01-01T00:00:00Z')
    expect(ask(`${CM}/a`).status).toBe(200)
    ask(`${CM}/a`, { method: 'PATCH', body: { metadata: { finalizers: null } }, type: 'application/merge-patch+json' })
    expect(ask(`${CM}/a`).status).toBe(404)
  })
  it('serves a custom resource while its definition exists', () => {
    const { ask } = testCluster()
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    }
    const path = '/apis/example.com/v1/namespaces/default/widgets'
    expect(ask(path).status).toBe(404)
    ask('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', post(crd))
    expect(
      ask(path, post({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { any: 1 } }))
        .status,
    ).toBe(201)
    ask('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com', { method: 'DELETE' })
    expect(ask(path).status).toBe(404)
  })
})

describe('identity', () => {
  const whoami = (ask: ReturnType<typeof testCluster>['ask'], token: string, headers: NonNullable<Ask['headers']>) =>
    ask(
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      post({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }, { token, headers }),
    )
  it('is the impersonated one', () => {
    const told = whoami(testCluster().ask, 'connector', {
      'impersonate-user': 'agent',
      'impersonate-group': ['ai-agents', 'x'],
      'impersonate-extra-scopes%2fa': ['p', 'q'],
      'impersonate-uid': 'u1',
    })
    expect(told.body.status).toEqual({
      userInfo: {
        username: 'agent',
        uid: 'u1',
        groups: ['ai-agents', 'x', 'system:authenticated'],
        extra: { 'scopes/a': ['p', 'q'] },
      },
    })
  })
  it('cannot be changed by one who may not impersonate', () => {
    expect(whoami(testCluster().ask, 'nobody', { 'impersonate-user': 'agent' }).body).toMatchObject({
      code: 403,
      message:
        'users "agent" is forbidden: User "nobody" cannot impersonate resource "users" in API group "" at the cluster scope',
    })
  })
  it('cannot be changed by an issued token, whatever RBAC says', () => {
    const { ask } = testCluster()
    const bound = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'b' },
      roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    }
    expect(ask('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', post(bound)).status).toBe(201)
    const token = textAt(
      ask(
        '/api/v1/namespaces/default/serviceaccounts/default/token',
        post({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
      ).body,
      'status',
      'token',
    )
    expect(ask(CM, { token }).status).toBe(200)
    expect(whoami(ask, token, { 'impersonate-user': 'admin' }).status).toBe(403)
  })
  it('expires with an issued token', () => {
    const { ask, clock } = testCluster()
    const token = textAt(
      ask(
        '/api/v1/namespaces/default/serviceaccounts/default/token',
        post({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } }),
      ).body,
      'status',
      'token',
    )
    expect(ask('/api', { token }).status).toBe(200)
    clock.advance(600_000)
    expect(ask('/api', { token }).status).toBe(401)
  })
  it('lets agents do everything in the demo', () => {
    const { ask } = testCluster()
    expect(
      ask('/api/v1/secrets', {
        token: 'connector',
        headers: { 'impersonate-user': 'agent', 'impersonate-group': 'ai-agents' },
      }).status,
    ).toBe(200)
    expect(ask('/api/v1/secrets', { token: 'connector' }).status).toBe(403)
  })
  it('echoes a given audit id, on refusals too', () => {
    const { ask } = testCluster()
    expect(ask(`${CM}/nope`, { headers: { 'audit-id': 'abc' } }).headers['audit-id']).toBe('abc')
  })
})

describe('lists', () => {
  it('come in pages that follow on', () => {
    const { ask } = testCluster()
    for (const name of ['a', 'b', 'c', 'd', 'e']) ask(CM, post(configMap(name)))
    const names: string[] = []
    let token = ''
    do {
      const page = ask(`${CM}?limit=2&continue=${token}`).body
      names.push(...objectsAt(page, 'items').map((item) => textAt(item, 'metadata', 'name')))
      token = textAt(page, 'metadata', 'continue')
    } while (token !== '')
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e', 'kube-root-ca.crt'])
  })
  it('are Tables for those who ask', () => {
    const { ask } = testCluster()
    ask(CM, post(configMap('a', { x: '1', y: '2' })))
    const told = ask(`${CM}?fieldSelector=metadata.name=a`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    }).body
    expect(told).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' })
    expect(objectsAt(told, 'columnDefinitions').map((column) => column.name)).toEqual(['Name', 'Data', 'Age'])
    expect(objectsAt(told, 'rows')[0]).toMatchObject({
      cells: ['a', 2, '0s'],
      object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } },
    })
  })
  it.each([
    ['None', false, undefined],
    ['Object', true, '1'],
  ])('includeObject=%s', (include, present, data) => {
    const { ask } = testCluster()
    ask(CM, post(configMap('a')))
    const told = ask(`${CM}/a?includeObject=${include}`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    }).body
    const row = objectsAt(told, 'rows')[0]
    expect(row?.object !== undefined).toBe(present)
    expect(at(row, 'object', 'data', 'a')).toBe(data)
  })
  it('are metadata only for those who ask', () => {
    const { ask } = testCluster()
    const told = ask(CM, {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
    }).body
    expect(told.kind).toBe('PartialObjectMetadataList')
    expect(JSON.stringify(told)).not.toContain('"data"')
  })
})
