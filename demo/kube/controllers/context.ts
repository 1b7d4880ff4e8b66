// What controllers share: the cluster, timers that end with it, status writes and events. They react to changes only.

import { referenceOf } from '../admission/defaults.ts'
import { type Cluster, now } from '../cluster.ts'
import { createObject, deleteObject } from '../handlers/write.ts'
import { equal, isObject, type Json, type JsonObject, type KubeObject, numberAt, objectAt, textAt } from '../json.ts'
import type { Resource } from '../kinds.ts'
import type { PodRuntime } from '../pods/runtime.ts'
import { objectSelector } from '../selectors.ts'
import { shelfOf } from '../store.ts'
import { NODE_NAME } from '../version.ts'

/** Events kept per namespace; the oldest go first. */
const MAX_EVENTS = 300

/** The controllers' common ground. */
export interface Context {
  readonly cluster: Cluster
  readonly runtime: PodRuntime
  /** Runs something later unless the cluster has closed by then. */
  later(delayMs: number, run: () => void): void
}

/** A built-in resource. Throws for one that does not exist: a bug. */
export function resourceOf(cluster: Cluster, group: string, plural: string): Resource {
  const resource = cluster.kinds.byPlural(group, plural)
  if (resource === undefined) throw new Error(`no resource ${plural}.${group}`)
  return resource
}

/** The stored object now, or absent. */
export function fresh(cluster: Cluster, shelf: string, object: KubeObject): KubeObject | undefined {
  const live = cluster.store.get(shelf, object.metadata.namespace ?? '', object.metadata.name)
  return live?.metadata.uid === object.metadata.uid ? live : undefined
}

/** Writes a status if it differs. */
export function putStatus(cluster: Cluster, shelf: string, object: KubeObject, status: JsonObject): void {
  const live = fresh(cluster, shelf, object)
  if (live !== undefined && !equal(live.status, status)) cluster.store.put(shelf, { ...live, status })
}

/** Creates an object as a controller. */
export function make(cluster: Cluster, group: string, plural: string, object: KubeObject): KubeObject {
  return createObject(cluster, resourceOf(cluster, group, plural), object, { dryRun: false })
}

/** Deletes an object as a controller, with its own grace period for pods. */
export function drop(
  cluster: Cluster,
  resource: Resource,
  object: KubeObject,
  graceSeconds?: number,
  propagationPolicy = 'Background',
): void {
  const live = fresh(cluster, shelfOf(resource), object)
  if (live === undefined) return
  deleteObject(cluster, resource, live, {
    dryRun: false,
    propagationPolicy,
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
  })
}

/** The owner reference a controller puts on what it makes. */
export function ownedBy(owner: KubeObject): KubeObject['metadata']['ownerReferences'] {
  return [
    {
      apiVersion: owner.apiVersion,
      kind: owner.kind,
      name: owner.metadata.name,
      uid: owner.metadata.uid ?? '',
      controller: true,
      blockOwnerDeletion: true,
    },
  ]
}

/** The objects of a shelf whose controller is `owner`. */
export function ownedIn(cluster: Cluster, shelf: string, owner: KubeObject): KubeObject[] {
  return cluster.store
    .list(shelf, owner.metadata.namespace ?? '')
    .filter((object) =>
      (object.metadata.ownerReferences ?? []).some(
        (reference) => reference.uid === owner.metadata.uid && reference.controller === true,
      ),
    )
}

/** Makes objects that nobody controls and the selector matches the owner's, as after a delete that left them behind. */
export function adopt(cluster: Cluster, shelf: string, owner: KubeObject, labels: readonly string[] = []): void {
  const selector = objectAt(owner, 'spec').selector
  const matches = objectSelector(
    isObject(selector) ? (owner.kind === 'ReplicationController' ? { matchLabels: selector } : selector) : undefined,
  )
  for (const object of cluster.store.list(shelf, owner.metadata.namespace ?? '')) {
    const have = object.metadata.labels ?? {}
    const owners = object.metadata.ownerReferences ?? []
    if (object.metadata.deletionTimestamp !== undefined || owners.some((reference) => reference.controller === true))
      continue
    if (!matches(have) || !labels.every((label) => have[label] !== undefined)) continue
    cluster.store.put(shelf, {
      ...object,
      metadata: { ...object.metadata, ownerReferences: [...owners, ...(ownedBy(owner) ?? [])] },
    })
  }
}

/** True when a pod's Ready condition holds. */
export function isReady(pod: KubeObject): boolean {
  const conditions = objectAt(pod, 'status').conditions
  return (
    pod.metadata.deletionTimestamp === undefined &&
    Array.isArray(conditions) &&
    conditions.some((c) => textAt(c, 'type') === 'Ready' && textAt(c, 'status') === 'True')
  )
}

/** True for a pod that runs or will. */
export function isActive(pod: KubeObject): boolean {
  const phase = textAt(pod, 'status', 'phase')
  return pod.metadata.deletionTimestamp === undefined && phase !== 'Succeeded' && phase !== 'Failed'
}

/** A condition, keeping the transition time of an equal one before. */
export function condition(
  cluster: Cluster,
  before: Json | undefined,
  type: string,
  status: boolean,
  reason: string,
  message: string,
  extra: JsonObject = {},
): JsonObject {
  const old = Array.isArray(before) ? before.find((c) => textAt(c, 'type') === type) : undefined
  const text = status ? 'True' : 'False'
  const same = textAt(old, 'status') === text
  return {
    type,
    status: text,
    lastTransitionTime: same ? textAt(old, 'lastTransitionTime') : now(cluster),
    ...(reason === '' ? {} : { reason }),
    ...(message === '' ? {} : { message }),
    ...extra,
  }
}

/** Reports an event about an object; a repeated one only counts up. */
export function emit(
  cluster: Cluster,
  object: KubeObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  component: string,
  fieldPath = '',
): void {
  const namespace = object.metadata.namespace ?? 'default'
  if (cluster.store.get('namespaces.', '', namespace)?.metadata.deletionTimestamp !== undefined) return
  const time = now(cluster)
  const events = cluster.store.list('events.', namespace)
  const same = events.find(
    (event) =>
      textAt(event, 'involvedObject', 'uid') === object.metadata.uid &&
      event.reason === reason &&
      event.message === message,
  )
  if (same !== undefined) {
    cluster.store.put('events.', { ...same, count: numberAt(same, ['count'], 1) + 1, lastTimestamp: time })
    return
  }
  if (events.length >= MAX_EVENTS) {
    const oldest = [...events].sort((a, b) => textAt(a, 'lastTimestamp').localeCompare(textAt(b, 'lastTimestamp')))[0]
    if (oldest !== undefined) cluster.store.remove('events.', namespace, oldest.metadata.name)
  }
  const host = component === 'kubelet' ? { host: NODE_NAME } : {}
  make(cluster, '', 'events', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${object.metadata.name}.${(cluster.store.version + 0x18a0000000).toString(16)}`, namespace },
    involvedObject: { ...referenceOf(object), ...(fieldPath === '' ? {} : { fieldPath }) },
    reason,
    message,
    type,
    source: { component, ...host },
    reportingComponent: component,
    reportingInstance: component === 'kubelet' ? NODE_NAME : '',
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  })
}
