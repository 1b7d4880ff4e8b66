// What follows pods around: endpoints and endpoint slices of services, autoscalers, disruption budgets, volume claims.

import {
  at,
  equal,
  isObject,
  type JsonObject,
  type KubeObject,
  numberAt,
  objectAt,
  objectsAt,
  stringsAt,
  textAt,
} from '../json.ts'
import { objectSelector } from '../selectors.ts'
import { shelfOf } from '../store.ts'
import { type Context, condition, fresh, isActive, isReady, make, ownedBy, putStatus, resourceOf } from './context.ts'

function portsOf(service: KubeObject, pod: KubeObject): JsonObject[] {
  const named = new Map(
    objectsAt(pod, 'spec', 'containers')
      .flatMap((c) => objectsAt(c, 'ports'))
      .map((p) => [textAt(p, 'name'), numberAt(p, ['containerPort'])]),
  )
  return objectsAt(service, 'spec', 'ports').map((port) => {
    const target = port.targetPort ?? port.port
    const number = typeof target === 'number' ? target : (named.get(String(target)) ?? numberAt(port, ['port']))
    return {
      ...(port.name === undefined ? {} : { name: port.name }),
      port: number,
      protocol: textAt(port, 'protocol') || 'TCP',
    }
  })
}

/** Keeps the endpoints of a service in step with its pods. */
export function reconcileService(context: Context, service: KubeObject): void {
  const { cluster } = context
  const selector = stringsAt(service, 'spec', 'selector')
  if (Object.keys(selector).length === 0 || service.metadata.deletionTimestamp !== undefined) return
  const { name, namespace = '' } = service.metadata
  const matches = objectSelector({ matchLabels: selector })
  const pods = cluster.store
    .list('pods.', namespace)
    .filter((pod) => isActive(pod) && matches(pod.metadata.labels ?? {}) && textAt(pod, 'status', 'podIP') !== '')
  const address = (pod: KubeObject): JsonObject => ({
    ip: textAt(pod, 'status', 'podIP'),
    nodeName: textAt(pod, 'spec', 'nodeName'),
    targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
  })
  const first = pods[0]
  const ports = first === undefined ? [] : portsOf(service, first)
  const ready = pods.filter(isReady).map(address)
  const unready = pods.filter((pod) => !isReady(pod)).map(address)
  const subsets =
    first === undefined
      ? []
      : [
          {
            ...(ready.length > 0 ? { addresses: ready } : {}),
            ...(unready.length > 0 ? { notReadyAddresses: unready } : {}),
            ports,
          },
        ]
  const have = cluster.store.get('endpoints.', namespace, name)
  if (have === undefined) {
    make(cluster, '', 'endpoints', {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: {
        name,
        namespace,
        labels: { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
      },
      subsets,
    })
  } else if (!equal(have.subsets, subsets)) cluster.store.put('endpoints.', { ...have, subsets })

  const shelf = 'endpointslices.discovery.k8s.io'
  const endpoints = pods.map(
    (pod): JsonObject => ({
      addresses: [textAt(pod, 'status', 'podIP')],
      conditions: { ready: isReady(pod), serving: isReady(pod), terminating: false },
      nodeName: textAt(pod, 'spec', 'nodeName'),
      targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
    }),
  )
  const slice = cluster.store
    .list(shelf, namespace)
    .find((s) => s.metadata.labels?.['kubernetes.io/service-name'] === name)
  const owners = ownedBy(service)
  if (slice === undefined) {
    make(cluster, 'discovery.k8s.io', 'endpointslices', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: '',
        generateName: `${name}-`,
        namespace,
        labels: {
          'kubernetes.io/service-name': name,
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ...(owners === undefined ? {} : { ownerReferences: owners }),
      },
      addressType: 'IPv4',
      endpoints,
      ports,
    })
  } else if (!equal(slice.endpoints, endpoints) || !equal(slice.ports, ports))
    cluster.store.put(shelf, { ...slice, endpoints, ports })
}

/** Shows an autoscaler what it scales; it never scales by itself. */
export function reconcileAutoscaler(context: Context, hpa: KubeObject): void {
  const { cluster } = context
  const plural = `${textAt(hpa, 'spec', 'scaleTargetRef', 'kind').toLowerCase()}s`
  const target = cluster.store.get(
    `${plural}.apps`,
    hpa.metadata.namespace ?? '',
    textAt(hpa, 'spec', 'scaleTargetRef', 'name'),
  )
  const replicas = numberAt(target, ['status', 'replicas'])
  const before = at(hpa, 'status', 'conditions')
  putStatus(cluster, 'horizontalpodautoscalers.autoscaling', hpa, {
    currentReplicas: replicas,
    desiredReplicas: replicas,
    currentMetrics: objectsAt(hpa, 'spec', 'metrics').map((m) => ({
      type: 'Resource',
      resource: { name: textAt(m, 'resource', 'name'), current: { averageUtilization: 17, averageValue: '17m' } },
    })),
    conditions: [
      condition(cluster, before, 'AbleToScale', true, 'ReadyForNewScale', 'recommended size matches current size'),
    ],
  })
}

/** Counts what a disruption budget protects. */
export function reconcileBudget(context: Context, budget: KubeObject): void {
  const { cluster } = context
  const selector = at(budget, 'spec', 'selector')
  const matches = objectSelector(isObject(selector) ? selector : undefined)
  const pods = cluster.store
    .list('pods.', budget.metadata.namespace ?? '')
    .filter((pod) => isActive(pod) && matches(pod.metadata.labels ?? {}))
  const healthy = pods.filter(isReady).length
  const amount = (value: unknown, fallback: number) =>
    typeof value === 'number'
      ? value
      : typeof value === 'string'
        ? Math.ceil((Number(value.replace('%', '')) / 100) * pods.length)
        : fallback
  const unavailable = at(budget, 'spec', 'maxUnavailable')
  const desired =
    unavailable === undefined ? amount(at(budget, 'spec', 'minAvailable'), 1) : pods.length - amount(unavailable, 1)
  putStatus(cluster, 'poddisruptionbudgets.policy', budget, {
    currentHealthy: healthy,
    desiredHealthy: desired,
    disruptionsAllowed: Math.max(0, healthy - desired),
    expectedPods: pods.length,
    observedGeneration: budget.metadata.generation ?? 1,
  })
}

/** Gives a claim a volume made for it. */
export function reconcileClaim(context: Context, claim: KubeObject): void {
  const { cluster } = context
  if (textAt(claim, 'status', 'phase') === 'Bound' || claim.metadata.deletionTimestamp !== undefined) return
  const name = `pvc-${claim.metadata.uid ?? ''}`
  const capacity = objectAt(claim, 'spec', 'resources', 'requests')
  const accessModes = at(claim, 'spec', 'accessModes') ?? ['ReadWriteOnce']
  if (cluster.store.get('persistentvolumes.', '', name) === undefined) {
    const volume = make(cluster, '', 'persistentvolumes', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': 'demo.invalid/memory' } },
      spec: {
        capacity: { ...capacity },
        accessModes,
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: textAt(claim, 'spec', 'storageClassName'),
        claimRef: {
          kind: 'PersistentVolumeClaim',
          apiVersion: 'v1',
          namespace: claim.metadata.namespace,
          name: claim.metadata.name,
          uid: claim.metadata.uid,
        },
        hostPath: { path: `/demo-memory-only/${name}`, type: '' },
      },
    })
    putStatus(cluster, 'persistentvolumes.', volume, { phase: 'Bound' })
  }
  const live = fresh(cluster, shelfOf(resourceOf(cluster, '', 'persistentvolumeclaims')), claim)
  if (live === undefined) return
  cluster.store.put('persistentvolumeclaims.', {
    ...live,
    spec: { ...objectAt(live, 'spec'), volumeName: name },
    status: { phase: 'Bound', accessModes, capacity: { ...capacity } },
  })
}
