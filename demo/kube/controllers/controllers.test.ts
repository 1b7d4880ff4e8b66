import { describe, expect, it } from 'vitest'
import { at, type JsonObject, numberAt, objectsAt, textAt } from '../json.ts'
import { testCluster } from '../testing.ts'
import { NODE_NAME } from '../version.ts'
import { scheduleMatches } from './jobs.ts'

const NS = '/api/v1/namespaces/default'
const APPS = '/apis/apps/v1/namespaces/default'
const template = (app: string, image = 'nginx:1') => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image, ports: [{ containerPort: 80 }] }] },
})
const workload = (kind: string, name: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: template(name), ...spec },
})

function cluster() {
  const made = testCluster()
  const names = (path: string) =>
    objectsAt(made.ask(path).body, 'items').map((item) => textAt(item, 'metadata', 'name'))
  const post = (path: string, body: JsonObject) => expect(made.ask(path, { method: 'POST', body }).status).toBe(201)
  const patch = (path: string, body: JsonObject) =>
    expect(made.ask(path, { method: 'PATCH', body, type: 'application/merge-patch+json' }).status).toBe(200)
  const pods = (app: string) => names(`${NS}/pods?labelSelector=app=${app}`)
  return { ...made, names, post, patch, pods }
}

describe('a deployment', () => {
  it('becomes available, follows its scale and rolls without going below what is allowed', () => {
    const { ask, clock, patch, post, pods } = cluster()
    post(`${APPS}/deployments`, workload('Deployment', 'web', { replicas: 4 }))
    clock.advance(5000)
    expect(ask(`${APPS}/deployments/web`).body.status).toMatchObject({
      replicas: 4,
      readyReplicas: 4,
      updatedReplicas: 4,
    })
    patch(`${APPS}/deployments/web`, { spec: { template: template('web', 'nginx:2') } })
    let lowest = 4
    for (let i = 0; i < 200; i++) {
      clock.advance(50)
      lowest = Math.min(lowest, numberAt(ask(`${APPS}/deployments/web`).body, ['status', 'availableReplicas']))
    }
    expect(lowest).toBeGreaterThanOrEqual(3)
    expect(ask(`${APPS}/deployments/web`).body).toMatchObject({
      metadata: { annotations: { 'deployment.kubernetes.io/revision': '2' } },
      status: { updatedReplicas: 4, readyReplicas: 4, replicas: 4 },
    })
    patch(`${APPS}/deployments/web`, { spec: { replicas: 1 } })
    clock.advance(5000)
    expect(pods('web')).toHaveLength(1)
  })

  it('takes its old replica set again when it is rolled back, under a new revision', () => {
    const { ask, clock, names, patch, post } = cluster()
    post(`${APPS}/deployments`, workload('Deployment', 'web'))
    clock.advance(5000)
    for (const image of ['nginx:2', 'nginx:1']) {
      patch(`${APPS}/deployments/web`, { spec: { template: template('web', image) } })
      clock.advance(10_000)
    }
    expect(names(`${APPS}/replicasets`)).toHaveLength(2)
    expect(
      at(ask(`${APPS}/deployments/web`).body, 'metadata', 'annotations', 'deployment.kubernetes.io/revision'),
    ).toBe('3')
  })

  it('goes with its pods, unless they are orphaned; a new one adopts those', () => {
    const { ask, clock, names, post, pods } = cluster()
    post(`${APPS}/deployments`, workload('Deployment', 'web'))
    clock.advance(5000)
    const before = pods('web')
    ask(`${APPS}/deployments/web?propagationPolicy=Orphan`, { method: 'DELETE' })
    clock.advance(5000)
    expect(pods('web')).toEqual(before)
    post(`${APPS}/deployments`, workload('Deployment', 'web'))
    clock.advance(5000)
    expect(pods('web')).toEqual(before)
    ask(`${APPS}/deployments/web`, { method: 'DELETE' })
    clock.advance(5000)
    expect([...pods('web'), ...names(`${APPS}/replicasets`)]).toEqual([])
  })

  it('stays until its pods are gone when deleted in the foreground', () => {
    const { ask, clock, post, pods } = cluster()
    post(`${APPS}/deployments`, workload('Deployment', 'web'))
    clock.advance(5000)
    expect(
      at(
        ask(`${APPS}/deployments/web?propagationPolicy=Foreground`, { method: 'DELETE' }).body,
        'metadata',
        'finalizers',
      ),
    ).toEqual(['foregroundDeletion'])
    clock.advance(300)
    expect(ask(`${APPS}/deployments/web`).status).toBe(200)
    clock.advance(5000)
    expect([ask(`${APPS}/deployments/web`).status, pods('web')]).toEqual([404, []])
  })
})

describe('other workloads', () => {
  it('a stateful set makes its pods in order, with claims, and takes them away from the end', () => {
    const { ask, clock, names, patch, post, pods } = cluster()
    post(
      `${APPS}/statefulsets`,
      workload('StatefulSet', 'db', {
        serviceName: 'db',
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      }),
    )
    clock.advance(300)
    expect(pods('db')).toEqual(['db-0'])
    clock.advance(5000)
    expect(pods('db')).toEqual(['db-0', 'db-1'])
    expect(names(`${NS}/persistentvolumeclaims`)).toEqual(['data-db-0', 'data-db-1'])
    expect(ask(`${NS}/persistentvolumeclaims/data-db-0`).body.status).toMatchObject({ phase: 'Bound' })
    patch(`${APPS}/statefulsets/db`, { spec: { replicas: 1 } })
    clock.advance(5000)
    expect(pods('db')).toEqual(['db-0'])
  })

  it('a service gets the addresses of ready pods', () => {
    const { ask, clock, post } = cluster()
    post(`${NS}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    })
    post(`${APPS}/deployments`, workload('Deployment', 'web'))
    clock.advance(5000)
    expect(objectsAt(ask(`${NS}/endpoints/web`).body, 'subsets', 0, 'addresses')).toHaveLength(2)
    expect(objectsAt(ask('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices').body, 'items')).toHaveLength(1)
  })

  it('a pod waits while the node is cordoned, with an event that says so', () => {
    const { ask, clock, patch, post } = cluster()
    patch(`/api/v1/nodes/${NODE_NAME}`, { spec: { unschedulable: true } })
    post(`${NS}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'nginx:1' }] },
    })
    clock.advance(5000)
    expect(textAt(ask(`${NS}/pods/p`).body, 'status', 'phase')).toBe('Pending')
    expect(objectsAt(ask(`${NS}/events?fieldSelector=reason=FailedScheduling`).body, 'items')).toHaveLength(1)
    patch(`/api/v1/nodes/${NODE_NAME}`, { spec: { unschedulable: null } })
    clock.advance(5000)
    expect(textAt(ask(`${NS}/pods/p`).body, 'status', 'phase')).toBe('Running')
  })

  it('a pod whose secret is missing says so and starts once it is there', () => {
    const { ask, clock, post } = cluster()
    post(`${NS}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: {
        containers: [
          { name: 'c', image: 'nginx:1', env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
        ],
      },
    })
    clock.advance(2000)
    expect(at(ask(`${NS}/pods/p`).body, 'status', 'containerStatuses', 0, 'state', 'waiting')).toEqual({
      reason: 'CreateContainerConfigError',
      message: 'secret "s" not found',
    })
    post(`${NS}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { k: 'v' } })
    clock.advance(5000)
    expect(at(ask(`${NS}/pods/p`).body, 'status', 'containerStatuses', 0, 'ready')).toBe(true)
  })

  it('a crashing pod backs off and keeps the log of the run before', () => {
    const { ask, clock, post, send } = cluster()
    post(`${NS}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'demo/payments/ledger:1' }] },
    })
    clock.advance(6000)
    const status = at(ask(`${NS}/pods/p`).body, 'status', 'containerStatuses', 0)
    expect(status).toMatchObject({
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1 } },
    })
    expect(String(send(`${NS}/pods/p/log?previous=true&tailLines=1`).body)).toBe('ledger: exiting with code 1\n')
  })

  it('a deleted namespace is emptied first', () => {
    const { ask, clock, post } = cluster()
    post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } })
    post('/apis/apps/v1/namespaces/n/deployments', workload('Deployment', 'web'))
    clock.advance(5000)
    expect(ask('/api/v1/namespaces/n', { method: 'DELETE' }).body.status).toMatchObject({ phase: 'Terminating' })
    expect(
      ask('/api/v1/namespaces/n/configmaps', {
        method: 'POST',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } },
      }).status,
    ).toBe(403)
    clock.advance(5000)
    expect(ask('/api/v1/namespaces/n').status).toBe(404)
    expect(
      objectsAt(ask('/api/v1/pods').body, 'items').filter((pod) => textAt(pod, 'metadata', 'namespace') === 'n'),
    ).toEqual([])
  })

  it('an eviction that a budget forbids is 429', () => {
    const { ask, clock, post, pods } = cluster()
    post(`${APPS}/deployments`, workload('Deployment', 'web', { replicas: 1 }))
    post('/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    })
    clock.advance(5000)
    const pod = pods('web')[0] ?? ''
    const told = ask(`${NS}/pods/${pod}/eviction`, {
      method: 'POST',
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod } },
    })
    expect(told.body).toMatchObject({ code: 429, reason: 'TooManyRequests' })
  })
})

describe('cron schedules', () => {
  it.each([
    ['* * * * *', '2026-01-01T00:07:00Z', true],
    ['*/15 * * * *', '2026-01-01T00:30:00Z', true],
    ['*/15 * * * *', '2026-01-01T00:31:00Z', false],
    ['0 3 * * 1-5', '2026-01-01T03:00:00Z', true],
    ['0 3 * * 1-5', '2026-01-03T03:00:00Z', false],
    ['5,10 * * * *', '2026-01-01T00:10:00Z', true],
    ['@hourly', '2026-01-01T05:00:00Z', true],
    ['nonsense', '2026-01-01T05:00:00Z', false],
  ])('%s at %s: %s', (schedule, time, due) => {
    expect(scheduleMatches(schedule, Date.parse(time))).toBe(due)
  })
})
