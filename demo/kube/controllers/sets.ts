// Stateful sets and daemon sets: stable names in order, one pod per node, both with revisions and rolling updates.

import { clone, type JsonObject, type KubeObject, numberAt, objectAt, objectsAt, textAt } from '../json.ts'
import {
  type Context,
  drop,
  emit,
  isActive,
  isReady,
  make,
  ownedBy,
  ownedIn,
  putStatus,
  resourceOf,
} from './context.ts'
import { podFrom, shortHash } from './deployments.ts'

const REVISION_LABEL = 'controller-revision-hash'

/** The name of the revision of a set's template, made when it is new. */
function revision(context: Context, set: KubeObject): string {
  const { cluster } = context
  const template = objectAt(set, 'spec', 'template')
  const hash = shortHash(template)
  const name = `${set.metadata.name}-${hash}`
  const all = ownedIn(cluster, 'controllerrevisions.apps', set)
  const highest = Math.max(0, ...all.map((r) => numberAt(r, ['revision'])))
  const found = all.find((r) => r.metadata.name === name)
  if (found === undefined) {
    const owners = ownedBy(set)
    make(cluster, 'apps', 'controllerrevisions', {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name,
        namespace: set.metadata.namespace ?? '',
        labels: {
          ...Object.fromEntries(
            Object.entries(objectAt(template, 'metadata', 'labels')).filter(
              (e): e is [string, string] => typeof e[1] === 'string',
            ),
          ),
          [REVISION_LABEL]: hash,
        },
        ...(owners === undefined ? {} : { ownerReferences: owners }),
      },
      data: { spec: { template: { ...clone(template), $patch: 'replace' } } },
      revision: highest + 1,
    })
  } else if (numberAt(found, ['revision']) !== highest)
    cluster.store.put('controllerrevisions.apps', { ...found, revision: highest + 1 })
  return set.kind === 'DaemonSet' ? hash : name
}

function claimFor(context: Context, set: KubeObject, claim: JsonObject, pod: string): string {
  const { cluster } = context
  const namespace = set.metadata.namespace ?? ''
  const name = `${textAt(claim, 'metadata', 'name')}-${pod}`
  if (cluster.store.get('persistentvolumeclaims.', namespace, name) === undefined) {
    make(cluster, '', 'persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name,
        namespace,
        labels: Object.fromEntries(
          Object.entries(objectAt(set, 'spec', 'selector', 'matchLabels')).filter(
            (e): e is [string, string] => typeof e[1] === 'string',
          ),
        ),
      },
      spec: clone(objectAt(claim, 'spec')),
    })
    emit(
      cluster,
      set,
      'Normal',
      'SuccessfulCreate',
      `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`,
      'statefulset-controller',
    )
  }
  return name
}

/** One step of a stateful set. */
export function reconcileStatefulSet(context: Context, set: KubeObject): void {
  const { cluster } = context
  if (set.metadata.deletionTimestamp !== undefined) return
  const hash = revision(context, set)
  const wanted = numberAt(set, ['spec', 'replicas'], 1)
  const pods = ownedIn(cluster, 'pods.', set)
  const byName = new Map(pods.map((pod) => [pod.metadata.name, pod]))
  const parallel = textAt(set, 'spec', 'podManagementPolicy') === 'Parallel'
  const podResource = resourceOf(cluster, '', 'pods')
  for (let i = 0; i < wanted; i++) {
    const name = `${set.metadata.name}-${i}`
    const pod = byName.get(name)
    if (pod !== undefined) {
      if (!parallel && !isReady(pod)) break
      continue
    }
    const made = podFrom(
      set,
      objectAt(set, 'spec', 'template'),
      { name },
      { [REVISION_LABEL]: hash, 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': String(i) },
    )
    const spec = objectAt(made, 'spec')
    spec.hostname = name
    spec.subdomain = textAt(set, 'spec', 'serviceName')
    const claims = objectsAt(set, 'spec', 'volumeClaimTemplates')
    if (claims.length > 0) {
      spec.volumes = [
        ...objectsAt(spec, 'volumes'),
        ...claims.map((claim) => ({
          name: textAt(claim, 'metadata', 'name'),
          persistentVolumeClaim: { claimName: claimFor(context, set, claim, name) },
        })),
      ]
    }
    make(cluster, '', 'pods', made)
    emit(
      cluster,
      set,
      'Normal',
      'SuccessfulCreate',
      `create Pod ${name} in StatefulSet ${set.metadata.name} successful`,
      'statefulset-controller',
    )
    if (!parallel) break
  }
  const ordinal = (pod: KubeObject) => Number(pod.metadata.name.slice(set.metadata.name.length + 1))
  const highest = [...pods].sort((a, b) => ordinal(b) - ordinal(a))
  const surplus = highest.find((pod) => ordinal(pod) >= wanted)
  if (surplus !== undefined) drop(cluster, podResource, surplus)
  else if (
    pods.length === wanted &&
    pods.every(isReady) &&
    textAt(set, 'spec', 'updateStrategy', 'type') !== 'OnDelete'
  ) {
    const partition = numberAt(set, ['spec', 'updateStrategy', 'rollingUpdate', 'partition'])
    const stale = highest.find((pod) => pod.metadata.labels?.[REVISION_LABEL] !== hash && ordinal(pod) >= partition)
    if (stale !== undefined) drop(cluster, podResource, stale)
  }
  const live = ownedIn(cluster, 'pods.', set).filter(isActive)
  const ready = live.filter(isReady).length
  const updated = live.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === hash).length
  const done = updated === wanted && ready === wanted
  putStatus(cluster, 'statefulsets.apps', set, {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: live.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: done ? wanted : live.length - updated,
    updatedReplicas: updated,
    currentRevision: done ? hash : textAt(set, 'status', 'currentRevision') || hash,
    updateRevision: hash,
    collisionCount: 0,
  })
}

/** One step of a daemon set. */
export function reconcileDaemonSet(context: Context, set: KubeObject): void {
  const { cluster } = context
  if (set.metadata.deletionTimestamp !== undefined) return
  const hash = revision(context, set)
  const nodes = cluster.store.list('nodes.')
  const pods = ownedIn(cluster, 'pods.', set).filter(isActive)
  const nodeOf = (pod: KubeObject) => textAt(pod, 'spec', 'nodeName')
  for (const node of nodes) {
    if (pods.some((pod) => nodeOf(pod) === node.metadata.name)) continue
    const made = podFrom(
      set,
      objectAt(set, 'spec', 'template'),
      { generateName: `${set.metadata.name}-` },
      { [REVISION_LABEL]: hash, 'pod-template-generation': String(set.metadata.generation ?? 1) },
    )
    objectAt(made, 'spec').nodeName = node.metadata.name
    const pod = make(cluster, '', 'pods', made)
    emit(cluster, set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, 'daemonset-controller')
  }
  const stale = pods.find((pod) => pod.metadata.labels?.[REVISION_LABEL] !== hash)
  if (stale !== undefined && pods.every(isReady) && textAt(set, 'spec', 'updateStrategy', 'type') !== 'OnDelete')
    drop(cluster, resourceOf(cluster, '', 'pods'), stale)
  const live = ownedIn(cluster, 'pods.', set).filter(isActive)
  const ready = live.filter(isReady).length
  putStatus(cluster, 'daemonsets.apps', set, {
    currentNumberScheduled: live.length,
    desiredNumberScheduled: nodes.length,
    numberMisscheduled: 0,
    numberReady: ready,
    ...(ready > 0 ? { numberAvailable: ready } : {}),
    ...(nodes.length > ready ? { numberUnavailable: nodes.length - ready } : {}),
    observedGeneration: set.metadata.generation ?? 1,
    updatedNumberScheduled: live.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === hash).length,
  })
}
