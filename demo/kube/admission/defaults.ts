// What the API server fills in: defaults by kind, and what a write may not set. In: object. Out: the object, changed in place.

import { randomBytes, randomUUID } from 'node:crypto'
import type { Cluster } from '../cluster.ts'
import {
  at,
  ensure,
  isObject,
  type JsonObject,
  type KubeObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  stringsAt,
  textAt,
} from '../json.ts'

function set(target: JsonObject, values: JsonObject): void {
  for (const [key, value] of Object.entries(values))
    if (target[key] === undefined || target[key] === null) target[key] = value
}

function containerDefaults(container: JsonObject): void {
  const image = textAt(container, 'image')
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1] ?? 'latest'
  set(container, {
    imagePullPolicy: tag === 'latest' ? 'Always' : 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: {},
  })
  for (const port of objectsAt(container, 'ports')) set(port, { protocol: 'TCP' })
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name]
    if (!isObject(probe)) continue
    set(probe, { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 })
    if (isObject(probe.httpGet)) set(probe.httpGet, { path: '/', scheme: 'HTTP' })
  }
  for (const item of objectsAt(container, 'env')) {
    const ref = objectAt(item, 'valueFrom', 'fieldRef')
    if (ref.fieldPath !== undefined) set(ref, { apiVersion: 'v1' })
  }
}

/** Defaults of a pod's spec, here and in every template. */
function podSpecDefaults(spec: JsonObject): void {
  set(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  })
  const account = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount')
  if (account !== '') set(spec, { serviceAccountName: account, serviceAccount: account })
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'])
    objectsAt(spec, list).forEach(containerDefaults)
  for (const volume of objectsAt(spec, 'volumes')) {
    for (const source of ['secret', 'configMap', 'projected', 'downwardAPI']) {
      if (isObject(volume[source])) set(volume[source], { defaultMode: 420 })
    }
    if (Object.keys(volume).length === 1) volume.emptyDir = {}
    if (isObject(volume.hostPath)) set(volume.hostPath, { type: '' })
  }
}

function templateDefaults(spec: JsonObject): void {
  const template = ensure(spec, 'template')
  const metadata = ensure(template, 'metadata')
  if (metadata.creationTimestamp === undefined) metadata.creationTimestamp = null
  podSpecDefaults(ensure(template, 'spec'))
}

function usedAddresses(cluster: Cluster): Set<string> {
  return new Set(cluster.store.list('services.').map((service) => textAt(service, 'spec', 'clusterIP')))
}

function serviceDefaults(cluster: Cluster, object: KubeObject, dryRun: boolean): void {
  const spec = ensure(object, 'spec')
  set(spec, { type: 'ClusterIP', sessionAffinity: 'None' })
  const type = textAt(spec, 'type')
  objectsAt(spec, 'ports').forEach((port, i) => {
    set(port, { protocol: 'TCP', targetPort: port.port ?? null })
    if ((type === 'NodePort' || type === 'LoadBalancer') && port.nodePort === undefined && !dryRun) {
      port.nodePort = 30000 + ((numberAt(port, ['port']) * 7 + i * 131 + cluster.store.version) % 2768)
    }
  })
  if (type === 'ExternalName') return
  set(spec, { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
  if (type !== 'ClusterIP') set(spec, { externalTrafficPolicy: 'Cluster' })
  if (textAt(spec, 'clusterIP') === '' && !dryRun) {
    const used = usedAddresses(cluster)
    let i = 10
    while (used.has(`10.96.${i >> 8}.${i & 255}`)) i++
    spec.clusterIP = `10.96.${i >> 8}.${i & 255}`
  }
  if (textAt(spec, 'clusterIP') !== '') set(spec, { clusterIPs: [textAt(spec, 'clusterIP')] })
}

function jobDefaults(object: KubeObject): void {
  const spec = ensure(object, 'spec')
  set(spec, {
    backoffLimit: 6,
    completions: 1,
    parallelism: 1,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: null,
    podReplacementPolicy: 'TerminatingOrFailed',
  })
  delete spec.manualSelector
  templateDefaults(spec)
  const uid = object.metadata.uid
  if (uid === undefined || isObject(spec.selector)) return
  const labels = ensure(ensure(ensure(spec, 'template'), 'metadata'), 'labels')
  set(labels, {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': object.metadata.name,
    'controller-uid': uid,
    'job-name': object.metadata.name,
  })
  spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }
}

/** Fills in the defaults of an object's kind, in place. `dryRun`: nothing is allotted. */
export function applyDefaults(cluster: Cluster, object: KubeObject, dryRun: boolean): void {
  const spec = () => ensure(object, 'spec')
  switch (object.kind) {
    case 'Pod': {
      const pod = spec()
      set(pod, {
        enableServiceLinks: true,
        preemptionPolicy: 'PreemptLowerPriority',
        priority: 0,
        serviceAccountName: textAt(pod, 'serviceAccount') || 'default',
      })
      podSpecDefaults(pod)
      break
    }
    case 'Deployment':
      set(spec(), { replicas: 1, progressDeadlineSeconds: 600, revisionHistoryLimit: 10, strategy: {} })
      set(ensure(spec(), 'strategy'), { type: 'RollingUpdate' })
      if (textAt(object, 'spec', 'strategy', 'type') === 'RollingUpdate') {
        set(ensure(ensure(spec(), 'strategy'), 'rollingUpdate'), { maxSurge: '25%', maxUnavailable: '25%' })
      }
      templateDefaults(spec())
      break
    case 'ReplicaSet':
    case 'ReplicationController':
      set(spec(), { replicas: 1 })
      templateDefaults(spec())
      break
    case 'StatefulSet':
      set(spec(), {
        replicas: 1,
        podManagementPolicy: 'OrderedReady',
        revisionHistoryLimit: 10,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      })
      templateDefaults(spec())
      for (const claim of objectsAt(object, 'spec', 'volumeClaimTemplates')) {
        set(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } })
        set(ensure(claim, 'spec'), { volumeMode: 'Filesystem' })
      }
      break
    case 'DaemonSet':
      set(spec(), {
        revisionHistoryLimit: 10,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      })
      templateDefaults(spec())
      break
    case 'Job':
      jobDefaults(object)
      break
    case 'CronJob': {
      set(spec(), {
        concurrencyPolicy: 'Allow',
        failedJobsHistoryLimit: 1,
        successfulJobsHistoryLimit: 3,
        suspend: false,
      })
      const job = ensure(ensure(spec(), 'jobTemplate'), 'spec')
      ensure(ensure(spec(), 'jobTemplate'), 'metadata').creationTimestamp ??= null
      templateDefaults(job)
      break
    }
    case 'Service':
      serviceDefaults(cluster, object, dryRun)
      break
    case 'Secret': {
      const extra = stringsAt(object, 'stringData')
      if (Object.keys(extra).length > 0) {
        const data = ensure(object, 'data')
        for (const [key, value] of Object.entries(extra)) data[key] = Buffer.from(value, 'utf8').toString('base64')
      }
      delete object.stringData
      set(object, { type: 'Opaque' })
      break
    }
    case 'Namespace':
      set(spec(), { finalizers: ['kubernetes'] })
      object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name }
      break
    case 'PersistentVolumeClaim':
      set(spec(), { volumeMode: 'Filesystem', storageClassName: 'standard' })
      break
    case 'PersistentVolume':
      set(spec(), { volumeMode: 'Filesystem', persistentVolumeReclaimPolicy: 'Retain' })
      break
    case 'HorizontalPodAutoscaler':
      set(spec(), { minReplicas: 1 })
      if (object.apiVersion === 'autoscaling/v2' && listAt(object, 'spec', 'metrics').length === 0) {
        spec().metrics = [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ]
      }
      break
    case 'ClusterRoleBinding':
    case 'RoleBinding':
      set(ensure(object, 'roleRef'), { apiGroup: 'rbac.authorization.k8s.io' })
      for (const subject of objectsAt(object, 'subjects')) {
        if (subject.kind !== 'ServiceAccount') set(subject, { apiGroup: 'rbac.authorization.k8s.io' })
      }
      break
    case 'NetworkPolicy':
      set(spec(), { policyTypes: at(object, 'spec', 'egress') === undefined ? ['Ingress'] : ['Ingress', 'Egress'] })
      break
    case 'CustomResourceDefinition': {
      const names = ensure(spec(), 'names')
      set(names, { singular: textAt(names, 'kind').toLowerCase(), listKind: `${textAt(names, 'kind')}List` })
      set(spec(), { conversion: { strategy: 'None' } })
      break
    }
    case 'Event':
      set(object, {
        firstTimestamp: null,
        lastTimestamp: null,
        source: {},
        reportingComponent: '',
        reportingInstance: '',
      })
      break
    default:
  }
}

/** Characters Kubernetes uses for generated names. */
const NAME_CHARACTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** A random suffix as generateName makes it. */
export function randomSuffix(length = 5): string {
  return [...randomBytes(length)].map((byte) => NAME_CHARACTERS[byte % NAME_CHARACTERS.length]).join('')
}

/** A new object's uid. */
export function newUid(): string {
  return randomUUID()
}

/** The service account volume every pod gets, in place. */
export function mountServiceAccount(pod: KubeObject): void {
  const spec = ensure(pod, 'spec')
  if (
    at(spec, 'automountServiceAccountToken') === false ||
    objectsAt(spec, 'volumes').some((v) => textAt(v, 'name').startsWith('kube-api-access-'))
  )
    return
  const name = `kube-api-access-${randomSuffix()}`
  spec.volumes = [
    ...listAt(spec, 'volumes'),
    {
      name,
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
      },
    },
  ]
  for (const list of ['containers', 'initContainers']) {
    for (const container of objectsAt(spec, list)) {
      container.volumeMounts = [
        ...listAt(container, 'volumeMounts'),
        { name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
      ]
    }
  }
  if (!listAt(spec, 'tolerations').some((t) => textAt(t, 'key') === 'node.kubernetes.io/not-ready')) {
    spec.tolerations = [
      ...listAt(spec, 'tolerations'),
      ...['not-ready', 'unreachable'].map((what) => ({
        effect: 'NoExecute',
        key: `node.kubernetes.io/${what}`,
        operator: 'Exists',
        tolerationSeconds: 300,
      })),
    ]
  }
}

/** How events and owner references name an object. */
export function referenceOf(object: KubeObject): JsonObject {
  return {
    kind: object.kind,
    ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    name: object.metadata.name,
    uid: object.metadata.uid ?? '',
    apiVersion: object.apiVersion,
    resourceVersion: object.metadata.resourceVersion ?? '',
  }
}
