// What keeps the cluster tidy: new namespaces get what they need, deleted ones are emptied, orphans are collected,
// custom resource definitions are served while they exist.

import { dependentsOf, FOREGROUND } from '../handlers/write.ts'
import type { KubeObject } from '../json.ts'
import type { Resource } from '../kinds.ts'
import { shelfOf } from '../store.ts'
import { type Context, drop, make } from './context.ts'

function namespaced(context: Context): Resource[] {
  const seen = new Set<string>()
  return context.cluster.kinds.all().filter((resource) => {
    const shelf = shelfOf(resource)
    if (!resource.namespaced || !resource.verbs.includes('delete') || seen.has(shelf)) return false
    seen.add(shelf)
    return true
  })
}

/** One step of a namespace. */
export function reconcileNamespace(context: Context, namespace: KubeObject): void {
  const { cluster } = context
  const { name } = namespace.metadata
  if (namespace.metadata.deletionTimestamp === undefined) {
    if (cluster.store.get('serviceaccounts.', name, 'default') === undefined) {
      make(cluster, '', 'serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: name },
      })
    }
    if (cluster.store.get('configmaps.', name, 'kube-root-ca.crt') === undefined) {
      make(cluster, '', 'configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'kube-root-ca.crt',
          namespace: name,
          annotations: {
            'kubernetes.io/description': 'Contains a CA bundle that can be used to verify the demo API server.',
          },
        },
        data: { 'ca.crt': cluster.caCert },
      })
    }
    return
  }
  let left = 0
  for (const resource of namespaced(context)) {
    for (const object of cluster.store.list(shelfOf(resource), name)) {
      if (object.metadata.deletionTimestamp === undefined) drop(cluster, resource, object)
      if (cluster.store.get(shelfOf(resource), name, object.metadata.name) !== undefined) left++
    }
  }
  if (left === 0) cluster.store.remove('namespaces.', '', name)
}

/** Deletes what a deleted object owned, unless something else owns it too. */
export function collect(context: Context, gone: KubeObject): void {
  const { cluster } = context
  for (const { resource, object } of dependentsOf(cluster, gone.metadata.uid ?? '')) {
    const others = (object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== gone.metadata.uid)
    if (others.length > 0)
      cluster.store.put(shelfOf(resource), { ...object, metadata: { ...object.metadata, ownerReferences: others } })
    else if (object.metadata.deletionTimestamp === undefined) drop(cluster, resource, object)
  }
}

/** A foreground deletion: dependents first, then the object itself. */
export function reconcileForeground(context: Context, shelf: string, object: KubeObject): void {
  const { cluster } = context
  const dependents = dependentsOf(cluster, object.metadata.uid ?? '')
  for (const { resource, object: dependent } of dependents)
    if (dependent.metadata.deletionTimestamp === undefined) drop(cluster, resource, dependent, undefined, 'Foreground')
  if (dependentsOf(cluster, object.metadata.uid ?? '').length > 0) {
    context.later(300, () => {
      const live = cluster.store.get(shelf, object.metadata.namespace ?? '', object.metadata.name)
      if (live !== undefined && live.metadata.uid === object.metadata.uid) reconcileForeground(context, shelf, live)
    })
    return
  }
  const live = cluster.store.get(shelf, object.metadata.namespace ?? '', object.metadata.name)
  if (live === undefined || live.metadata.uid !== object.metadata.uid) return
  const finalizers = (live.metadata.finalizers ?? []).filter((name) => name !== FOREGROUND)
  if (finalizers.length === 0) cluster.store.remove(shelf, live.metadata.namespace ?? '', live.metadata.name)
  else cluster.store.put(shelf, { ...live, metadata: { ...live.metadata, finalizers } })
}

/** Serves a definition's resources. */
export function defineResource(context: Context, crd: KubeObject): void {
  context.cluster.kinds.define(crd)
}

/** Stops serving a definition's resources and removes their objects. */
export function undefineResource(context: Context, crd: KubeObject): void {
  const shelves = new Set(context.cluster.kinds.undefine(crd.metadata.name).map(shelfOf))
  for (const shelf of shelves) {
    for (const object of context.cluster.store.list(shelf))
      context.cluster.store.remove(shelf, object.metadata.namespace ?? '', object.metadata.name)
  }
}
