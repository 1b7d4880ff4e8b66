// The columns `kubectl get` shows, kind by kind, as the API server's own printers make them.
// In: an object and the time. Out: cells. Pure.

import { at, type KubeObject, listAt, numberAt, objectAt, objectsAt, stringsAt, textAt } from '../json.ts'
import {
  accessModes,
  endpoints,
  jobDuration,
  jobStatus,
  metricsText,
  nodeStatus,
  podStatus,
  ports,
  quota,
  restarts,
} from './cells.ts'
import { AGE, type Column, labelText, NAME, number, or, path, selectorText, since, wide } from './column.ts'

const ready = (o: KubeObject) => `${numberAt(o, ['status', 'readyReplicas'])}/${numberAt(o, ['spec', 'replicas'])}`
const containers = (...where: string[]): Column[] => [
  wide({
    name: 'Containers',
    cell: (o) =>
      objectsAt(o, ...where, 'containers')
        .map((c) => textAt(c, 'name'))
        .join(','),
  }),
  wide({
    name: 'Images',
    cell: (o) =>
      objectsAt(o, ...where, 'containers')
        .map((c) => textAt(c, 'image'))
        .join(','),
  }),
]
const workload = (...where: string[]) => containers(...where)
const SELECTOR = wide({
  name: 'Selector',
  cell: (o) => selectorText(o.spec === undefined ? undefined : at(o, 'spec', 'selector')),
})

const roleRef: Column = { name: 'Role', cell: (o) => `${textAt(o, 'roleRef', 'kind')}/${textAt(o, 'roleRef', 'name')}` }
const subjects = (kind: string): Column =>
  wide({
    name: `${kind}s`,
    cell: (o) =>
      objectsAt(o, 'subjects')
        .filter((s) => s.kind === kind)
        .map((s) => (s.namespace === undefined ? textAt(s, 'name') : `${textAt(s, 'namespace')}/${textAt(s, 'name')}`))
        .join(', '),
  })
const CREATED: Column = { name: 'Created At', cell: (o) => o.metadata.creationTimestamp ?? '' }
const keys = (o: KubeObject) => Object.keys(objectAt(o, 'data')).length + Object.keys(objectAt(o, 'binaryData')).length

function eventColumns(): Column[] {
  const involved = (o: KubeObject) =>
    `${textAt(o, 'involvedObject', 'kind').toLowerCase()}/${textAt(o, 'involvedObject', 'name')}`
  return [
    {
      name: 'Last Seen',
      cell: (o, now) =>
        since(textAt(o, 'lastTimestamp') || textAt(o, 'eventTime') || (o.metadata.creationTimestamp ?? ''), now),
    },
    path('Type', 'type'),
    path('Reason', 'reason'),
    { name: 'Object', cell: involved },
    wide({ name: 'Subobject', cell: (o) => textAt(o, 'involvedObject', 'fieldPath') }),
    wide({ name: 'Source', cell: (o) => textAt(o, 'source', 'component') }),
    { name: 'Message', cell: (o) => textAt(o, 'message').trim() },
    wide({ name: 'First Seen', cell: (o, now) => since(textAt(o, 'firstTimestamp'), now) }),
    wide({ name: 'Count', cell: (o) => String(numberAt(o, ['count'], 1)) }),
    wide(NAME),
  ]
}

/** Columns by kind; kinds that are not here show name and creation time. */
export const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    NAME,
    {
      name: 'Ready',
      cell: (o) =>
        `${objectsAt(o, 'status', 'containerStatuses').filter((s) => s.ready === true).length}/${objectsAt(o, 'spec', 'containers').length}`,
    },
    { name: 'Status', cell: podStatus },
    { name: 'Restarts', cell: restarts },
    AGE,
    wide(path('IP', 'status', 'podIP')),
    wide(path('Node', 'spec', 'nodeName')),
    wide(path('Nominated Node', 'status', 'nominatedNodeName')),
    wide({ name: 'Readiness Gates', cell: () => '<none>' }),
  ],
  Service: [
    NAME,
    path('Type', 'spec', 'type'),
    path('Cluster-IP', 'spec', 'clusterIP'),
    {
      name: 'External-IP',
      cell: (o) =>
        textAt(o, 'spec', 'externalName') ||
        objectsAt(o, 'status', 'loadBalancer', 'ingress')
          .map((i) => textAt(i, 'ip') || textAt(i, 'hostname'))
          .join(',') ||
        (textAt(o, 'spec', 'type') === 'LoadBalancer' ? '<pending>' : '<none>'),
    },
    { name: 'Port(s)', cell: ports },
    AGE,
    wide({ name: 'Selector', cell: (o) => labelText(stringsAt(o, 'spec', 'selector')) }),
  ],
  ConfigMap: [NAME, { name: 'Data', type: 'integer', cell: keys }, AGE],
  Secret: [NAME, path('Type', 'type'), { name: 'Data', type: 'integer', cell: keys }, AGE],
  Namespace: [NAME, path('Status', 'status', 'phase'), AGE],
  Node: [
    NAME,
    { name: 'Status', cell: nodeStatus },
    {
      name: 'Roles',
      cell: (o) =>
        or(
          Object.keys(o.metadata.labels ?? {})
            .filter((l) => l.startsWith('node-role.kubernetes.io/'))
            .map((l) => l.slice(24))
            .join(','),
        ),
    },
    AGE,
    path('Version', 'status', 'nodeInfo', 'kubeletVersion'),
    wide({
      name: 'Internal-IP',
      cell: (o) =>
        or(
          objectsAt(o, 'status', 'addresses')
            .filter((a) => a.type === 'InternalIP')
            .map((a) => textAt(a, 'address'))
            .join(','),
        ),
    }),
    wide({ name: 'External-IP', cell: () => '<none>' }),
    wide(path('OS-Image', 'status', 'nodeInfo', 'osImage')),
    wide(path('Kernel-Version', 'status', 'nodeInfo', 'kernelVersion')),
    wide(path('Container-Runtime', 'status', 'nodeInfo', 'containerRuntimeVersion')),
  ],
  Event: eventColumns(),
  ServiceAccount: [NAME, { name: 'Secrets', type: 'integer', cell: (o) => listAt(o, 'secrets').length }, AGE],
  PersistentVolumeClaim: [
    NAME,
    path('Status', 'status', 'phase'),
    { name: 'Volume', cell: (o) => textAt(o, 'spec', 'volumeName') },
    { name: 'Capacity', cell: (o) => textAt(o, 'status', 'capacity', 'storage') },
    { name: 'Access Modes', cell: (o) => accessModes(listAt(o, 'status', 'accessModes')) },
    { name: 'StorageClass', cell: (o) => textAt(o, 'spec', 'storageClassName') },
    { name: 'VolumeAttributesClass', cell: () => '<unset>' },
    AGE,
    wide(path('VolumeMode', 'spec', 'volumeMode')),
  ],
  PersistentVolume: [
    NAME,
    path('Capacity', 'spec', 'capacity', 'storage'),
    { name: 'Access Modes', cell: (o) => accessModes(listAt(o, 'spec', 'accessModes')) },
    path('Reclaim Policy', 'spec', 'persistentVolumeReclaimPolicy'),
    path('Status', 'status', 'phase'),
    {
      name: 'Claim',
      cell: (o) =>
        at(o, 'spec', 'claimRef') === undefined
          ? ''
          : `${textAt(o, 'spec', 'claimRef', 'namespace')}/${textAt(o, 'spec', 'claimRef', 'name')}`,
    },
    { name: 'StorageClass', cell: (o) => textAt(o, 'spec', 'storageClassName') },
    { name: 'VolumeAttributesClass', cell: () => '<unset>' },
    { name: 'Reason', cell: () => '' },
    AGE,
    wide(path('VolumeMode', 'spec', 'volumeMode')),
  ],
  Endpoints: [NAME, { name: 'Endpoints', cell: endpoints }, AGE],
  EndpointSlice: [
    NAME,
    path('AddressType', 'addressType'),
    {
      name: 'Ports',
      cell: (o) =>
        or(
          objectsAt(o, 'ports')
            .map((p) => String(numberAt(p, ['port'])))
            .join(','),
          '<unset>',
        ),
    },
    {
      name: 'Endpoints',
      cell: (o) =>
        or(
          objectsAt(o, 'endpoints')
            .flatMap((e) => listAt(e, 'addresses'))
            .join(','),
          '<unset>',
        ),
    },
    AGE,
  ],
  ReplicationController: [
    NAME,
    number('Desired', 'spec', 'replicas'),
    number('Current', 'status', 'replicas'),
    number('Ready', 'status', 'readyReplicas'),
    AGE,
  ],
  Deployment: [
    NAME,
    { name: 'Ready', cell: ready },
    number('Up-to-date', 'status', 'updatedReplicas'),
    number('Available', 'status', 'availableReplicas'),
    AGE,
    ...workload('spec', 'template', 'spec'),
    SELECTOR,
  ],
  ReplicaSet: [
    NAME,
    number('Desired', 'spec', 'replicas'),
    number('Current', 'status', 'replicas'),
    number('Ready', 'status', 'readyReplicas'),
    AGE,
    ...workload('spec', 'template', 'spec'),
    SELECTOR,
  ],
  StatefulSet: [NAME, { name: 'Ready', cell: ready }, AGE, ...workload('spec', 'template', 'spec')],
  DaemonSet: [
    NAME,
    number('Desired', 'status', 'desiredNumberScheduled'),
    number('Current', 'status', 'currentNumberScheduled'),
    number('Ready', 'status', 'numberReady'),
    number('Up-to-date', 'status', 'updatedNumberScheduled'),
    number('Available', 'status', 'numberAvailable'),
    { name: 'Node Selector', cell: (o) => labelText(stringsAt(o, 'spec', 'template', 'spec', 'nodeSelector')) },
    AGE,
    ...workload('spec', 'template', 'spec'),
    SELECTOR,
  ],
  ControllerRevision: [
    NAME,
    {
      name: 'Controller',
      cell: (o) =>
        or((o.metadata.ownerReferences ?? []).map((r) => `${r.kind.toLowerCase()}.apps/${r.name}`).join(',')),
    },
    number('Revision', 'revision'),
    AGE,
  ],
  Job: [
    NAME,
    { name: 'Status', cell: jobStatus },
    {
      name: 'Completions',
      cell: (o) => `${numberAt(o, ['status', 'succeeded'])}/${numberAt(o, ['spec', 'completions'], 1)}`,
    },
    { name: 'Duration', cell: jobDuration },
    AGE,
    ...workload('spec', 'template', 'spec'),
    SELECTOR,
  ],
  CronJob: [
    NAME,
    path('Schedule', 'spec', 'schedule'),
    path('Timezone', 'spec', 'timeZone'),
    { name: 'Suspend', cell: (o) => (at(o, 'spec', 'suspend') === true ? 'True' : 'False') },
    { name: 'Active', type: 'integer', cell: (o) => listAt(o, 'status', 'active').length },
    {
      name: 'Last Schedule',
      cell: (o, now) =>
        textAt(o, 'status', 'lastScheduleTime') === '' ? '<none>' : since(textAt(o, 'status', 'lastScheduleTime'), now),
    },
    AGE,
    ...workload('spec', 'jobTemplate', 'spec', 'template', 'spec'),
  ],
  HorizontalPodAutoscaler: [
    NAME,
    {
      name: 'Reference',
      cell: (o) => `${textAt(o, 'spec', 'scaleTargetRef', 'kind')}/${textAt(o, 'spec', 'scaleTargetRef', 'name')}`,
    },
    { name: 'Targets', cell: metricsText },
    { name: 'MinPods', cell: (o) => String(numberAt(o, ['spec', 'minReplicas'], 1)) },
    number('MaxPods', 'spec', 'maxReplicas'),
    number('Replicas', 'status', 'currentReplicas'),
    AGE,
  ],
  Ingress: [
    NAME,
    path('Class', 'spec', 'ingressClassName'),
    {
      name: 'Hosts',
      cell: (o) =>
        or(
          objectsAt(o, 'spec', 'rules')
            .map((r) => textAt(r, 'host') || '*')
            .join(','),
          '*',
        ),
    },
    {
      name: 'Address',
      cell: (o) =>
        objectsAt(o, 'status', 'loadBalancer', 'ingress')
          .map((i) => textAt(i, 'ip'))
          .join(','),
    },
    { name: 'Ports', cell: (o) => (listAt(o, 'spec', 'tls').length > 0 ? '80, 443' : '80') },
    AGE,
  ],
  IngressClass: [NAME, path('Controller', 'spec', 'controller'), { name: 'Parameters', cell: () => '<none>' }, AGE],
  NetworkPolicy: [NAME, { name: 'Pod-Selector', cell: (o) => selectorText(at(o, 'spec', 'podSelector')) }, AGE],
  PodDisruptionBudget: [
    NAME,
    { name: 'Min Available', cell: (o) => String(at(o, 'spec', 'minAvailable') ?? 'N/A') },
    { name: 'Max Unavailable', cell: (o) => String(at(o, 'spec', 'maxUnavailable') ?? 'N/A') },
    number('Allowed Disruptions', 'status', 'disruptionsAllowed'),
    AGE,
  ],
  Role: [NAME, CREATED],
  ClusterRole: [NAME, CREATED],
  RoleBinding: [NAME, roleRef, AGE, subjects('User'), subjects('Group'), subjects('ServiceAccount')],
  ClusterRoleBinding: [NAME, roleRef, AGE, subjects('User'), subjects('Group'), subjects('ServiceAccount')],
  CustomResourceDefinition: [NAME, CREATED],
  Lease: [NAME, path('Holder', 'spec', 'holderIdentity'), AGE],
  StorageClass: [
    {
      name: 'Name',
      cell: (o) =>
        o.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
          ? `${o.metadata.name} (default)`
          : o.metadata.name,
    },
    path('Provisioner', 'provisioner'),
    { name: 'ReclaimPolicy', cell: (o) => textAt(o, 'reclaimPolicy') || 'Delete' },
    { name: 'VolumeBindingMode', cell: (o) => textAt(o, 'volumeBindingMode') || 'Immediate' },
    { name: 'AllowVolumeExpansion', cell: (o) => String(o.allowVolumeExpansion === true) },
    AGE,
  ],
  ResourceQuota: [
    NAME,
    { name: 'Request', cell: (o) => quota(o, (name) => !name.startsWith('limits.')) },
    { name: 'Limit', cell: (o) => quota(o, (name) => name.startsWith('limits.')) },
    AGE,
  ],
  LimitRange: [NAME, CREATED],
  PriorityClass: [
    NAME,
    number('Value', 'value'),
    { name: 'Global-Default', type: 'boolean', cell: (o) => o.globalDefault === true },
    AGE,
    path('PreemptionPolicy', 'preemptionPolicy'),
  ],
  CertificateSigningRequest: [
    NAME,
    AGE,
    path('SignerName', 'spec', 'signerName'),
    path('Requestor', 'spec', 'username'),
    { name: 'RequestedDuration', cell: () => '<none>' },
    {
      name: 'Condition',
      cell: (o) =>
        or(
          objectsAt(o, 'status', 'conditions')
            .map((c) => textAt(c, 'type'))
            .join(','),
          'Pending',
        ),
    },
  ],
}
