// Dry runs and preconditions. Codes, reasons and words were taken from a real API server, asked the same.

import { describe, expect, it } from 'vitest'
import { at, type Json, type JsonObject, objectsAt, textAt } from './json.ts'
import { type Ask, type Told, testCluster } from './testing.ts'

const APPS = '/apis/apps/v1/namespaces/default/deployments'
const CORE = '/api/v1/namespaces/default'
const CM = `${CORE}/configmaps`
const PODS = `${CORE}/pods`
const MERGE = 'application/merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const APPLY = 'application/apply-patch+yaml'
const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

const containers = (image: string) => [{ name: 'app', image }]
const deployment = (replicas: number, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: containers('nginx:1') } },
  },
})
const scale = (replicas: Json, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name: 'web', namespace: 'default', ...metadata },
  spec: { replicas },
})
const eviction = (deleteOptions?: JsonObject, name = 'p'): JsonObject => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name, namespace: 'default' },
  ...(deleteOptions === undefined ? {} : { deleteOptions }),
})
const options = (more: JsonObject): JsonObject => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more })
const debug = [{ name: 'debug', image: 'busybox:1' }]

/** A cluster with a deployment `web` of 2, a config map `c` and a pod `p`. */
function world() {
  const made = testCluster()
  const { ask } = made
  const put = (target: string, body: JsonObject) => expect(ask(target, { method: 'POST', body }).status).toBe(201)
  put(APPS, deployment(2))
  put(CM, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } })
  put(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: containers('nginx:1') } })
  return made
}

const patch = (type: string, body: Json): Ask => ({ method: 'PATCH', type, body })
const put = (body: JsonObject): Ask => ({ method: 'PUT', body })
const del = (body?: JsonObject): Ask => ({ method: 'DELETE', ...(body === undefined ? {} : { body }) })
const post = (body: JsonObject): Ask => ({ method: 'POST', body })

const replicas = (told: Told) => at(told.body, 'spec', 'replicas')
const images = (told: Told) => {
  const template = at(told.body, 'spec', 'template') === undefined ? ['spec'] : ['spec', 'template', 'spec']
  return objectsAt(told.body, ...template, 'containers').map((one) => textAt(one, 'image'))
}
const ephemeral = (told: Told) => objectsAt(told.body, 'spec', 'ephemeralContainers').map((one) => textAt(one, 'image'))

describe('a dry run answers what would be, and nothing is', () => {
  const APPLIED = `${APPS}/web?fieldManager=x&force=true&dryRun=All`
  const rows: [name: string, target: string, ask: Ask, code: number, would: (told: Told) => unknown, value: unknown][] = [
    ['create', `${CM}?dryRun=All`, post({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n' } }), 201, (t) => at(t.body, 'metadata', 'name'), 'n'],
    ['update', `${APPS}/web?dryRun=All`, put(deployment(5)), 200, replicas, 5],
    ['merge patch', `${APPS}/web?dryRun=All`, patch(MERGE, { spec: { replicas: 6 } }), 200, replicas, 6],
    ['strategic merge patch', `${APPS}/web?dryRun=All`, patch(STRATEGIC, { spec: { template: { spec: { containers: containers('nginx:2') } } } }), 200, images, ['nginx:2']],
    ['json patch', `${APPS}/web?dryRun=All`, patch(JSON_PATCH, [{ op: 'replace', path: '/spec/replicas', value: 7 }]), 200, replicas, 7],
    ['apply', APPLIED, patch(APPLY, deployment(8)), 200, replicas, 8],
    ['apply that creates', `${CM}/n?fieldManager=x&dryRun=All`, patch(APPLY, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n' } }), 201, (t) => at(t.body, 'metadata', 'name'), 'n'],
    ['scale by update', `${APPS}/web/scale?dryRun=All`, put(scale(9)), 200, replicas, 9],
    ['scale by merge patch', `${APPS}/web/scale?dryRun=All`, patch(MERGE, { spec: { replicas: 9 } }), 200, replicas, 9],
    ['scale by json patch', `${APPS}/web/scale?dryRun=All`, patch(JSON_PATCH, [{ op: 'replace', path: '/spec/replicas', value: 9 }]), 200, replicas, 9],
    ['scale by strategic merge patch', `${APPS}/web/scale?dryRun=All`, patch(STRATEGIC, { spec: { replicas: 9 } }), 200, replicas, 9],
    ['scale by apply', `${APPS}/web/scale?fieldManager=x&force=true&dryRun=All`, patch(APPLY, scale(9)), 200, replicas, 9],
    ['status', `${APPS}/web/status?dryRun=All`, patch(MERGE, { status: { replicas: 3 } }), 200, (t) => at(t.body, 'status', 'replicas'), 3],
    ['an image of a pod', `${PODS}/p?dryRun=All`, patch(STRATEGIC, { spec: { containers: containers('nginx:2') } }), 200, images, ['nginx:2']],
    ['an ephemeral container', `${PODS}/p/ephemeralcontainers?dryRun=All`, patch(STRATEGIC, { spec: { ephemeralContainers: debug } }), 200, ephemeral, ['busybox:1']],
    ['delete by query', `${CM}/c?dryRun=All`, del(), 200, (t) => t.body.status, 'Success'],
    ['delete by body', `${CM}/c`, del(options({ dryRun: ['All'] })), 200, (t) => t.body.status, 'Success'],
    ['delete of a collection', `${CM}?dryRun=All`, del(), 200, (t) => objectsAt(t.body, 'items').length, 2],
    ['eviction by query', `${PODS}/p/eviction?dryRun=All`, post(eviction()), 201, (t) => t.body.status, 'Success'],
    ['eviction by query beside options', `${PODS}/p/eviction?dryRun=All`, post(eviction({ gracePeriodSeconds: 0 })), 201, (t) => t.body.status, 'Success'],
    ['eviction by body', `${PODS}/p/eviction`, post(eviction({ dryRun: ['All'] })), 201, (t) => t.body.status, 'Success'],
    ['delete of a namespace', '/api/v1/namespaces/default?dryRun=All', del(), 200, (t) => at(t.body, 'status', 'phase'), 'Terminating'],
  ] // biome-ignore format: one row, one line
  it.each(rows)('%s', (_name, target, how, code, would, value) => {
    const { ask, cluster } = world()
    const before = cluster.store.version
    const told = ask(target, how)
    expect([told.status, would(told)]).toEqual([code, value])
    expect(cluster.store.version).toBe(before)
  })

  it('a body of DeleteOptions is all there is: beside it dryRun in the query deletes', () => {
    const { ask } = world()
    expect(ask(`${CM}/c?dryRun=All`, del(options({ gracePeriodSeconds: 0 }))).status).toBe(200)
    expect(ask(`${CM}/c`).status).toBe(404)
  })
})

describe('a write with a precondition that does not hold is refused, dry or not', () => {
  const OLD = { metadata: { resourceVersion: '1' }, spec: { replicas: 6 } }
  const conflict = `Operation cannot be fulfilled on deployments.apps "web": ${MODIFIED}`
  const unmet = (kind: string, name: string) =>
    new RegExp(
      `^Operation cannot be fulfilled on ${kind} "${name}": the ResourceVersion in the precondition \\(1\\) does not match the ResourceVersion in record \\(\\d+\\)\\. The object might have been modified$`,
    )
  const otherUid = (kind: string, name: string) =>
    new RegExp(
      `^Operation cannot be fulfilled on ${kind} "${name}": the UID in the precondition \\(abc\\) does not match the UID in record \\([0-9a-f-]{36}\\)\\. The object might have been deleted and then recreated$`,
    )
  const rejected = 'the server rejected our request due to an error in our request'
  const testOld = [
    { op: 'test', path: '/metadata/resourceVersion', value: '1' },
    { op: 'replace', path: '/spec/replicas', value: 7 },
  ]
  const immutable = 'Deployment.apps "web" is invalid: metadata.uid: Invalid value: "abc": field is immutable'
  const scaleUid =
    /^Operation cannot be fulfilled on deployments\.apps "web": Precondition failed: UID in precondition: abc, UID in object meta: [0-9a-f-]{36}$/
  const rows: [name: string, target: string, ask: Ask, code: number, reason: string, message: string | RegExp][] = [
    ['update of an old version', `${APPS}/web`, put(deployment(5, { resourceVersion: '1' })), 409, 'Conflict', conflict],
    ['update of another uid', `${APPS}/web`, put(deployment(5, { uid: 'abc' })), 409, 'Conflict', scaleUid],
    ['merge patch of an old version', `${APPS}/web`, patch(MERGE, OLD), 409, 'Conflict', conflict],
    ['merge patch of an old version that changes nothing', `${APPS}/web`, patch(MERGE, { metadata: { resourceVersion: '1' } }), 409, 'Conflict', conflict],
    ['merge patch of another uid', `${APPS}/web`, patch(MERGE, { metadata: { uid: 'abc' } }), 422, 'Invalid', immutable],
    ['strategic merge patch of an old version', `${APPS}/web`, patch(STRATEGIC, OLD), 409, 'Conflict', conflict],
    ['json patch that replaces the version by an old one', `${APPS}/web`, patch(JSON_PATCH, [{ op: 'replace', path: '/metadata/resourceVersion', value: '1' }]), 409, 'Conflict', conflict],
    ['json patch that tests for an old version', `${APPS}/web`, patch(JSON_PATCH, testOld), 422, 'Invalid', rejected],
    ['apply of an old version', `${APPS}/web?fieldManager=x&force=true`, patch(APPLY, deployment(5, { resourceVersion: '1' })), 409, 'Conflict', conflict],
    ['apply of another uid', `${APPS}/web?fieldManager=x&force=true`, patch(APPLY, deployment(5, { uid: 'abc' })), 422, 'Invalid', immutable],
    ['apply of a uid that is not there', `${CM}/n?fieldManager=x`, patch(APPLY, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n', uid: 'abc' } }), 409, 'Conflict', 'Operation cannot be fulfilled on configmaps "n": uid mismatch: the provided object specified uid abc, and no existing object was found'],
    ['scale by update of an old version', `${APPS}/web/scale`, put(scale(9, { resourceVersion: '1' })), 409, 'Conflict', conflict],
    ['scale by update of another uid', `${APPS}/web/scale`, put(scale(9, { uid: 'abc' })), 409, 'Conflict', scaleUid],
    ['scale by merge patch of an old version', `${APPS}/web/scale`, patch(MERGE, OLD), 409, 'Conflict', conflict],
    ['scale by json patch that tests for an old version', `${APPS}/web/scale`, patch(JSON_PATCH, testOld), 422, 'Invalid', rejected],
    ['scale by apply of an old version', `${APPS}/web/scale?fieldManager=x&force=true`, patch(APPLY, scale(9, { resourceVersion: '1' })), 409, 'Conflict', conflict],
    ['scale by apply against another owner', `${APPS}/web/scale?fieldManager=x`, patch(APPLY, scale(9)), 409, 'Conflict', 'Apply failed with 1 conflict: conflict with "tests" using apps/v1: .spec.replicas'],
    ['ephemeral container on an old version', `${PODS}/p/ephemeralcontainers`, patch(STRATEGIC, { metadata: { resourceVersion: '1' }, spec: { ephemeralContainers: debug } }), 409, 'Conflict', `Operation cannot be fulfilled on pods "p": ${MODIFIED}`],
    ['status of an old version', `${APPS}/web/status`, patch(MERGE, { metadata: { resourceVersion: '1' }, status: { replicas: 3 } }), 409, 'Conflict', conflict],
    ['delete of another uid', `${CM}/c`, del(options({ preconditions: { uid: 'abc' } })), 409, 'Conflict', otherUid('ConfigMap', 'c')],
    ['delete of an old version', `${CM}/c`, del(options({ preconditions: { resourceVersion: '1' } })), 409, 'Conflict', unmet('ConfigMap', 'c')],
    ['delete of an old version, tried', `${CM}/c`, del(options({ dryRun: ['All'], preconditions: { resourceVersion: '1' } })), 409, 'Conflict', unmet('ConfigMap', 'c')],
    ['delete in a group', `${APPS}/web`, del(options({ preconditions: { resourceVersion: '1' } })), 409, 'Conflict', unmet('Deployment.apps', 'web')],
    ['delete of a collection of an old version', CM, del(options({ preconditions: { resourceVersion: '1' } })), 409, 'Conflict', unmet('ConfigMap', 'c')],
    ['eviction of another uid', `${PODS}/p/eviction`, post(eviction({ preconditions: { uid: 'abc' } })), 409, 'Conflict', otherUid('Pod', 'p')],
    ['eviction of an old version', `${PODS}/p/eviction`, post(eviction({ preconditions: { resourceVersion: '1' } })), 409, 'Conflict', unmet('Pod', 'p')],
  ] // biome-ignore format: one row, one line
  const dry = (target: string) => `${target}${target.includes('?') ? '&' : '?'}dryRun=All`
  it.each(rows)('%s', (_name, target, how, code, reason, message) => {
    const { ask, cluster } = world()
    const before = cluster.store.version
    // Where there are DeleteOptions the query is not looked at, so it is the same question twice.
    for (const asked of [target, dry(target)]) {
      const told = ask(asked, how)
      expect(told).toMatchObject({ status: code, body: { kind: 'Status', status: 'Failure', reason, code } })
      if (typeof message === 'string') expect(told.body.message).toBe(message)
      else expect(told.body.message).toMatch(message)
    }
    expect(cluster.store.version).toBe(before)
  })

  it.each([
    ['merge patch', MERGE, (version: string): Json => ({ metadata: { resourceVersion: version }, spec: { replicas: 6 } })],
    ['strategic merge patch', STRATEGIC, (version: string): Json => ({ metadata: { resourceVersion: version }, spec: { replicas: 6 } })],
    ['json patch', JSON_PATCH, (version: string): Json => [{ op: 'test', path: '/metadata/resourceVersion', value: version }, { op: 'replace', path: '/spec/replicas', value: 6 }]],
    ['apply', APPLY, (version: string): Json => deployment(6, { resourceVersion: version })],
  ])('and one that holds is not: %s', (_name, type, body) => {
    const { ask } = world()
    const version = textAt(ask(`${APPS}/web`).body, 'metadata', 'resourceVersion')
    const told = ask(`${APPS}/web?fieldManager=x&force=true`, patch(type, body(version)))
    expect([told.status, replicas(told)]).toEqual([200, 6])
  }) // biome-ignore format: one row, one line

  it('takes the version 0 for any', () => {
    const { ask } = world()
    expect(ask(`${APPS}/web`, put(deployment(5, { resourceVersion: '0' }))).status).toBe(200)
  })
  it.each<[how: string, query: string, body: JsonObject | undefined, left: boolean]>([
    ['by the query', '?propagationPolicy=Orphan', undefined, true],
    ['by the body', '', options({ propagationPolicy: 'Orphan' }), true],
    ['by the body, whatever the query', '?propagationPolicy=Orphan', options({}), false],
    ['not at all', '', undefined, false],
  ])('leaves dependents where that is asked: %s', (_how, query, body, left) => {
    const { ask, clock } = world()
    clock.advance(1000)
    expect(ask(`${APPS}/web${query}`, del(body)).status).toBe(200)
    clock.advance(1000)
    const sets = objectsAt(ask('/apis/apps/v1/namespaces/default/replicasets').body, 'items')
    expect(sets.map((set) => at(set, 'metadata', 'ownerReferences'))).toEqual(left ? [undefined] : [])
  })
  it('deletes when uid and version are right', () => {
    const { ask } = world()
    const meta = at(ask(`${CM}/c`).body, 'metadata')
    const preconditions = { uid: textAt(meta, 'uid'), resourceVersion: textAt(meta, 'resourceVersion') }
    expect(ask(`${CM}/c`, del(options({ preconditions }))).status).toBe(200)
    expect(ask(`${CM}/c`).status).toBe(404)
  })
})

describe('options and bodies that make no sense are refused', () => {
  const unsupported = (kind: string, value: string) =>
    `${kind}.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"${value}"}: supported values: "All"`
  const policy =
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Frob": supported values: "Foreground", "Background", "Orphan", "nil"'
  const rows: [name: string, target: string, ask: Ask, code: number, message: string | RegExp][] = [
    ['an empty dryRun', `${APPS}/web?dryRun=`, patch(MERGE, {}), 422, unsupported('PatchOptions', '')],
    ['another dryRun', `${APPS}/web?dryRun=Some`, put(deployment(1)), 422, unsupported('UpdateOptions', 'Some')],
    ['another dryRun of a delete', `${CM}/c?dryRun=Some`, del(), 422, unsupported('DeleteOptions', 'Some')],
    ['another dryRun in DeleteOptions', `${CM}/c`, del(options({ dryRun: ['Some'] })), 422, unsupported('DeleteOptions', 'Some')],
    ['another propagation in DeleteOptions', `${CM}/c`, del(options({ propagationPolicy: 'Frob' })), 422, policy],
    ['another propagation in the query', `${CM}/c?propagationPolicy=Frob`, del(), 422, policy],
    ['a create with a version', CM, post({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n', resourceVersion: '5' } }), 500, 'resourceVersion should not be set on objects to be created'],
    ['a patch of another namespace', `${APPS}/web`, patch(MERGE, { metadata: { namespace: 'other' } }), 400, 'the namespace of the object (other) does not match the namespace on the request (default)'],
    ['a patch of another name', `${APPS}/web`, patch(MERGE, { metadata: { name: 'other' } }), 400, 'the name of the object (other) does not match the name on the URL (web)'],
    ['a Scale that is none', `${APPS}/web/scale`, put(deployment(9)), 400, /^Deployment in version "v1" cannot be handled as a Scale/],
    ['a Scale below nothing', `${APPS}/web/scale`, put(scale(-1)), 422, 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ['an Eviction of another pod', `${PODS}/p/eviction`, post(eviction(undefined, 'q')), 400, 'name in URL does not match name in Eviction object'],
    ['an unknown json patch operation', `${APPS}/web`, patch(JSON_PATCH, [{ op: 'frob', path: '/spec' }]), 422, 'the server rejected our request due to an error in our request'],
    ['an ephemeral container by the pod itself', `${PODS}/p`, patch(STRATEGIC, { spec: { ephemeralContainers: debug } }), 422, /^Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than/],
  ] // biome-ignore format: one row, one line
  it.each(rows)('%s', (_name, target, how, code, message) => {
    const { ask, cluster } = world()
    const before = cluster.store.version
    const told = ask(target, how)
    expect([told.status, told.body.kind]).toEqual([code, 'Status'])
    if (typeof message === 'string') expect(told.body.message).toBe(message)
    else expect(told.body.message).toMatch(message)
    expect(cluster.store.version).toBe(before)
  })

  it('changes nothing but ephemeral containers by their subresource, and takes none away', () => {
    const { ask } = world()
    const target = `${PODS}/p/ephemeralcontainers`
    const made = ask(
      target,
      patch(STRATEGIC, {
        metadata: { labels: { x: 'y' } },
        spec: { containers: containers('evil:1'), ephemeralContainers: debug },
      }),
    )
    expect([made.status, images(made), ephemeral(made), at(made.body, 'metadata', 'labels')]).toEqual([
      200,
      ['nginx:1'],
      ['busybox:1'],
      undefined,
    ])
    const gone = ask(target, patch(MERGE, { spec: { ephemeralContainers: [] } }))
    expect(gone.body).toMatchObject({ code: 422, reason: 'Invalid' })
  })
  it('takes no new finalizers on what is being deleted', () => {
    const { ask } = world()
    ask(CM, post({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'f', finalizers: ['x.io/y'] } }))
    ask(`${CM}/f`, del())
    expect(ask(`${CM}/f`, patch(MERGE, { metadata: { finalizers: ['x.io/y', 'z.io/z'] } })).body.message).toBe(
      'ConfigMap "f" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"z.io/z"}',
    )
  })
})
