// Deployments and replica sets: rolling updates with revisions, and keeping the number of pods.
// In: the stored objects. Out: writes that bring them one step nearer; the change that follows calls again.

import { createHash } from 'node:crypto'
import { at, clone, equal, type Json, type JsonObject, type KubeObject, numberAt, objectAt, textAt } from '../json.ts'
import {
  adopt,
  type Context,
  condition,
  drop,
  emit,
  fresh,
  isActive,
  isReady,
  make,
  ownedBy,
  ownedIn,
  putStatus,
  resourceOf,
} from './context.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const HASH = 'pod-template-hash'
const RESTART_ORDER = ['Pending', 'Unknown', 'Running']

/** A short hash in the alphabet Kubernetes uses for names. */
export function shortHash(value: Json): string {
  const digest = createHash('sha256').update(JSON.stringify(value)).digest()
  return [...digest.subarray(0, 10)].map((byte) => 'bcdfghjklmnpqrstvwxz2456789'[byte % 27]).join('')
}

function comparable(template: JsonObject): JsonObject {
  const out = clone(template)
  const labels = objectAt(out, 'metadata', 'labels')
  delete labels[HASH]
  return out
}

function share(value: Json | undefined, replicas: number, up: boolean): number {
  if (typeof value === 'number') return value
  const percent = Number(String(value ?? '25%').replace('%', '')) / 100
  return up ? Math.ceil(replicas * percent) : Math.floor(replicas * percent)
}

function revisionOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[REVISION] ?? '0')
}

function scaleSet(context: Context, deployment: KubeObject, set: KubeObject, replicas: number): void {
  const have = numberAt(set, ['spec', 'replicas'])
  if (have === replicas) return
  const { cluster } = context
  const live = fresh(cluster, 'replicasets.apps', set)
  if (live === undefined) return
  const metadata = { ...live.metadata, generation: (live.metadata.generation ?? 1) + 1 }
  cluster.store.put('replicasets.apps', { ...live, metadata, spec: { ...objectAt(live, 'spec'), replicas } })
  emit(
    cluster,
    deployment,
    'Normal',
    'ScalingReplicaSet',
    `Scaled ${replicas > have ? 'up' : 'down'} replica set ${set.metadata.name} from ${have} to ${replicas}`,
    'deployment-controller',
  )
}

function newSet(context: Context, deployment: KubeObject, sets: readonly KubeObject[]): KubeObject | undefined {
  const { cluster } = context
  const template = objectAt(deployment, 'spec', 'template')
  const found = sets.find((set) => equal(comparable(objectAt(set, 'spec', 'template')), comparable(template)))
  const highest = Math.max(0, ...sets.map(revisionOf))
  if (found !== undefined) {
    if (revisionOf(found) === highest || at(deployment, 'spec', 'paused') === true) return found
    const annotations = { ...found.metadata.annotations, [REVISION]: String(highest + 1) }
    return cluster.store.put('replicasets.apps', { ...found, metadata: { ...found.metadata, annotations } })
  }
  if (at(deployment, 'spec', 'paused') === true) return undefined
  const hash = shortHash(template)
  const labels = { ...objectAt(template, 'metadata', 'labels'), [HASH]: hash }
  const kept = Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(
      ([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration',
    ),
  )
  const owners = ownedBy(deployment)
  return make(cluster, 'apps', 'replicasets', {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels: Object.fromEntries(
        Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      ),
      annotations: {
        ...kept,
        [REVISION]: String(highest + 1),
        'deployment.kubernetes.io/desired-replicas': String(numberAt(deployment, ['spec', 'replicas'])),
      },
      ...(owners === undefined ? {} : { ownerReferences: owners }),
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { ...objectAt(deployment, 'spec', 'selector', 'matchLabels'), [HASH]: hash } },
      template: { ...clone(template), metadata: { ...objectAt(template, 'metadata'), labels } },
    },
  })
}

/** One step of a deployment. */
export function reconcileDeployment(context: Context, deployment: KubeObject): void {
  const { cluster } = context
  if (deployment.metadata.deletionTimestamp !== undefined) return
  adopt(cluster, 'replicasets.apps', deployment, [HASH])
  const sets = ownedIn(cluster, 'replicasets.apps', deployment)
  const current = newSet(context, deployment, sets)
  const wanted = numberAt(deployment, ['spec', 'replicas'], 1)
  const old = sets.filter((set) => set.metadata.uid !== current?.metadata.uid)
  if (current !== undefined) {
    const revision = current.metadata.annotations?.[REVISION] ?? '1'
    if (deployment.metadata.annotations?.[REVISION] !== revision) {
      const annotations = { ...deployment.metadata.annotations, [REVISION]: revision }
      cluster.store.put('deployments.apps', { ...deployment, metadata: { ...deployment.metadata, annotations } })
      return
    }
  }
  if (at(deployment, 'spec', 'paused') === true) {
    if (current !== undefined && old.every((set) => numberAt(set, ['spec', 'replicas']) === 0))
      scaleSet(context, deployment, current, wanted)
  } else if (current !== undefined) roll(context, deployment, current, old, wanted)
  trim(context, deployment, old)
  status(context, deployment, current, wanted)
}

function roll(
  context: Context,
  deployment: KubeObject,
  current: KubeObject,
  old: readonly KubeObject[],
  wanted: number,
): void {
  const oldTotal = old.reduce((sum, set) => sum + numberAt(set, ['spec', 'replicas']), 0)
  const oldPods = old.reduce((sum, set) => sum + numberAt(set, ['status', 'replicas']), 0)
  if (oldTotal === 0 && oldPods === 0) {
    scaleSet(context, deployment, current, wanted)
    return
  }
  if (textAt(deployment, 'spec', 'strategy', 'type') === 'Recreate') {
    for (const set of old) scaleSet(context, deployment, set, 0)
    return
  }
  const rolling = objectAt(deployment, 'spec', 'strategy', 'rollingUpdate')
  const surge = share(rolling.maxSurge, wanted, true)
  const unavailable = Math.max(share(rolling.maxUnavailable, wanted, false), surge === 0 ? 1 : 0)
  const have = numberAt(current, ['spec', 'replicas'])
  scaleSet(context, deployment, current, Math.max(Math.min(have, wanted), Math.min(wanted, wanted + surge - oldTotal)))
  const sets = ownedIn(context.cluster, 'replicasets.apps', deployment)
  const ready = (set: KubeObject) => numberAt(set, ['status', 'readyReplicas'])
  let spare =
    sets.reduce((sum, set) => sum + Math.min(ready(set), numberAt(set, ['spec', 'replicas'])), 0) -
    (wanted - unavailable)
  for (const set of old) {
    const replicas = numberAt(set, ['spec', 'replicas'])
    const broken = Math.max(0, replicas - ready(set))
    const down = Math.min(replicas, broken + Math.max(0, Math.min(spare, replicas - broken)))
    spare -= Math.max(0, down - broken)
    if (down > 0) scaleSet(context, deployment, set, replicas - down)
  }
}

function trim(context: Context, deployment: KubeObject, old: readonly KubeObject[]): void {
  const limit = numberAt(deployment, ['spec', 'revisionHistoryLimit'], 10)
  const empty = old
    .filter((set) => numberAt(set, ['spec', 'replicas']) === 0 && numberAt(set, ['status', 'replicas']) === 0)
    .sort((a, b) => revisionOf(a) - revisionOf(b))
  for (const set of empty.slice(0, Math.max(0, empty.length - limit)))
    drop(context.cluster, resourceOf(context.cluster, 'apps', 'replicasets'), set)
}

function status(context: Context, deployment: KubeObject, current: KubeObject | undefined, wanted: number): void {
  const { cluster } = context
  const sets = ownedIn(cluster, 'replicasets.apps', deployment)
  const sum = (field: string) => sets.reduce((total, set) => total + numberAt(set, ['status', field]), 0)
  const replicas = sum('replicas')
  const ready = sum('readyReplicas')
  const live = sets.find((set) => set.metadata.uid === current?.metadata.uid)
  const updated = numberAt(live, ['status', 'replicas'])
  const unavailable = share(at(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable'), wanted, false)
  const before = at(deployment, 'status', 'conditions')
  const enough = ready >= wanted - unavailable
  const complete = updated === wanted && replicas === wanted && ready === wanted
  const conditions = [
    condition(
      cluster,
      before,
      'Available',
      enough,
      enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    ),
    condition(
      cluster,
      before,
      'Progressing',
      true,
      complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
      `ReplicaSet "${live?.metadata.name ?? deployment.metadata.name}" ${complete ? 'has successfully progressed' : 'is progressing'}.`,
    ),
  ].map((item) => ({ ...item, lastUpdateTime: textAt(item, 'lastTransitionTime') }))
  putStatus(cluster, 'deployments.apps', deployment, {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...(replicas > 0 ? { replicas } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
    ...(wanted > ready ? { unavailableReplicas: wanted - ready } : {}),
    conditions,
  })
}

/** The pod a controller makes from a template. */
export function podFrom(
  owner: KubeObject,
  template: JsonObject,
  name: { name?: string; generateName?: string },
  extraLabels: Record<string, string> = {},
): KubeObject {
  const meta = objectAt(template, 'metadata')
  const owners = ownedBy(owner)
  const labels = Object.fromEntries(
    Object.entries({ ...objectAt(meta, 'labels'), ...extraLabels }).filter(
      (e): e is [string, string] => typeof e[1] === 'string',
    ),
  )
  const annotations = Object.fromEntries(
    Object.entries(objectAt(meta, 'annotations')).filter((e): e is [string, string] => typeof e[1] === 'string'),
  )
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: name.name ?? '',
      ...(name.generateName === undefined ? {} : { generateName: name.generateName }),
      namespace: owner.metadata.namespace ?? '',
      labels,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(owners === undefined ? {} : { ownerReferences: owners }),
    },
    spec: clone(objectAt(template, 'spec')),
  }
}

/** One step of a replica set or replication controller. `shelf` is where it is kept. */
export function reconcileReplicaSet(context: Context, set: KubeObject, shelf: string): void {
  const { cluster } = context
  if (set.metadata.deletionTimestamp !== undefined) return
  const component = set.kind === 'ReplicaSet' ? 'replicaset-controller' : 'replication-controller'
  const wanted = numberAt(set, ['spec', 'replicas'], 1)
  adopt(cluster, 'pods.', set)
  const pods = ownedIn(cluster, 'pods.', set).filter(isActive)
  for (let i = pods.length; i < wanted; i++) {
    const pod = make(
      cluster,
      '',
      'pods',
      podFrom(set, objectAt(set, 'spec', 'template'), { generateName: `${set.metadata.name}-` }),
    )
    emit(cluster, set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, component)
  }
  if (pods.length > wanted) {
    const rank = (pod: KubeObject) => (isReady(pod) ? 10 : 0) + RESTART_ORDER.indexOf(textAt(pod, 'status', 'phase'))
    const victims = [...pods].sort(
      (a, b) =>
        rank(a) - rank(b) || (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
    )
    for (const pod of victims.slice(0, pods.length - wanted)) {
      drop(cluster, resourceOf(cluster, '', 'pods'), pod)
      emit(cluster, set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, component)
    }
  }
  const now = ownedIn(cluster, 'pods.', set).filter(isActive)
  const ready = now.filter(isReady).length
  putStatus(cluster, shelf, set, {
    replicas: now.length,
    ...(now.length > 0 ? { fullyLabeledReplicas: now.length } : {}),
    ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
    observedGeneration: set.metadata.generation ?? 1,
  })
}
