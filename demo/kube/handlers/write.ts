// Creating, changing and deleting objects with everything that belongs to it: defaults, checks, generation, finalizers.
// The handlers and the controllers both come through here. In: objects. Out: what was stored.

import { applyDefaults, mountServiceAccount, newUid, randomSuffix } from '../admission/defaults.ts'
import { initialStatus } from '../admission/initial-status.ts'
import { validate } from '../admission/validate.ts'
import { type Cluster, now, timestamp } from '../cluster.ts'
import { clone, equal, type Json, type JsonObject, type KubeObject, numberAt, objectAt } from '../json.ts'
import { apiVersionOf, type Resource } from '../kinds.ts'
import { trackUpdate, type Writer } from '../patch/apply.ts'
import { alreadyExists, conflict, failedPrecondition, forbidden, notFound, qualified, refuse } from '../refusal.ts'
import { SCHEMAS } from '../schema/schema.ts'
import { shelfOf } from '../store.ts'

/** Finalizer of a foreground deletion. */
export const FOREGROUND = 'foregroundDeletion'

/** `metav1.DeleteOptions`. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly dryRun: boolean
}

/** How a write is made. */
export interface WriteOptions {
  readonly dryRun: boolean
  /** Absent: controllers, whose fields nobody tracks. */
  readonly writer?: Writer
  /** True: `metadata.managedFields` is already as it should be (server-side apply). */
  readonly applied?: boolean
}

function schemaOf(resource: Resource) {
  return resource.schema === undefined ? undefined : SCHEMAS.get(resource.schema)
}

function checkNamespace(cluster: Cluster, resource: Resource, object: KubeObject): void {
  if (!resource.namespaced) return
  const name = object.metadata.namespace ?? ''
  const namespace = cluster.store.get('namespaces.', '', name)
  if (namespace === undefined) throw notFound('namespaces', '', name)
  if (namespace.metadata.deletionTimestamp !== undefined) {
    throw forbidden(
      resource.plural,
      resource.group,
      object.metadata.name,
      `${qualified(resource.plural, resource.group)} "${object.metadata.name}" is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
    )
  }
}

/** Creates an object. Refuses an existing name (409), an invalid object (422), a missing namespace (404). */
export function createObject(
  cluster: Cluster,
  resource: Resource,
  sent: KubeObject,
  options: WriteOptions,
): KubeObject {
  const object = clone(sent)
  const meta = object.metadata
  if (meta.name === '' && typeof meta.generateName === 'string' && meta.generateName !== '')
    meta.name = `${meta.generateName.slice(0, 58)}${randomSuffix()}`
  if (!resource.namespaced) delete meta.namespace
  checkNamespace(cluster, resource, object)
  const shelf = shelfOf(resource)
  if (meta.name !== '' && cluster.store.get(shelf, meta.namespace ?? '', meta.name) !== undefined)
    throw alreadyExists(resource.plural, resource.group, meta.name)
  // Only storage refuses it, so a dry run does not.
  if (!options.dryRun && versionOf(meta.resourceVersion) !== '')
    throw refuse('InternalError', 'resourceVersion should not be set on objects to be created')
  delete meta.resourceVersion
  delete meta.deletionTimestamp
  delete meta.deletionGracePeriodSeconds
  delete meta.selfLink
  meta.uid = newUid()
  meta.creationTimestamp = now(cluster)
  const hasStatus = resource.subresources.status !== undefined
  if (hasStatus) delete object.status
  if (hasStatus || object.spec !== undefined) meta.generation = 1
  if (['Pod', 'Secret', 'ConfigMap', 'Namespace', 'Service', 'Event', 'ServiceAccount', 'Node'].includes(object.kind))
    delete meta.generation
  applyDefaults(cluster, object, options.dryRun)
  validate(object, resource, undefined)
  const tracked =
    options.applied === true || options.writer === undefined
      ? object
      : trackUpdate(undefined, object, schemaOf(resource), options.writer)
  // What admission adds belongs to nobody.
  if (tracked.kind === 'Pod') mountServiceAccount(tracked)
  const status = initialStatus(cluster, tracked)
  if (status !== undefined) tracked.status = status
  if (options.dryRun) return { ...tracked, metadata: { ...tracked.metadata } }
  return cluster.store.put(shelf, tracked)
}

/** A resourceVersion that is asked for; `''` when any will do, which `0` also says. */
function versionOf(version: string | undefined): string {
  return version === undefined || version === '0' ? '' : version
}

function withoutTimes(object: KubeObject): Json {
  const metadata = { ...object.metadata }
  delete metadata.resourceVersion
  if (metadata.managedFields !== undefined)
    metadata.managedFields = metadata.managedFields.map((entry) => ({ ...entry, time: '' }))
  return { ...object, metadata }
}

/** Fields of metadata a client cannot change. */
const FIXED = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'namespace',
  'selfLink',
] as const

/**
 * Replaces `live` by what `sent` makes of it. Refuses an old resourceVersion or another uid (409), an invalid object (422).
 * @param part `main`: everything but status; `status`: only that; `all`: both (subresources that merge by themselves).
 */
export function updateObject(
  cluster: Cluster,
  resource: Resource,
  live: KubeObject,
  sent: KubeObject,
  part: 'main' | 'status' | 'all',
  options: WriteOptions,
): KubeObject {
  const { name } = live.metadata
  const version = versionOf(sent.metadata.resourceVersion)
  if (version !== '' && version !== live.metadata.resourceVersion) {
    throw conflict(
      resource.plural,
      resource.group,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    )
  }
  const uid = sent.metadata.uid
  if (uid !== undefined && uid !== '' && uid !== live.metadata.uid) {
    throw conflict(
      resource.plural,
      resource.group,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid ?? ''}`,
    )
  }
  const hasStatus = resource.subresources.status !== undefined
  let next: KubeObject = clone(sent)
  if (part === 'status')
    next = {
      ...clone(live),
      ...(next.status === undefined ? {} : { status: next.status }),
      metadata: {
        ...clone(live.metadata),
        ...(next.metadata.managedFields === undefined ? {} : { managedFields: next.metadata.managedFields }),
      },
    }
  else if (hasStatus && part === 'main') {
    if (live.status === undefined) delete next.status
    else next.status = clone(live.status)
  }
  const meta: JsonObject = next.metadata
  for (const key of FIXED) {
    if (live.metadata[key] === undefined) delete meta[key]
    else meta[key] = live.metadata[key]
  }
  meta.resourceVersion = live.metadata.resourceVersion
  if (meta.managedFields === undefined && live.metadata.managedFields !== undefined && options.applied !== true)
    meta.managedFields = clone(live.metadata.managedFields)
  if (Array.isArray(meta.managedFields) && meta.managedFields.length === 0) delete meta.managedFields
  if (part !== 'status') {
    carryOver(next, live)
    applyDefaults(cluster, next, options.dryRun)
    validate(next, resource, live, options.writer?.subresource)
  }
  const specChanged = Object.keys({ ...next, ...live }).some(
    (key) => key !== 'metadata' && key !== 'status' && !equal(next[key], live[key]),
  )
  if (specChanged && live.metadata.generation !== undefined)
    next.metadata.generation = numberAt(live, ['metadata', 'generation']) + 1
  if (options.writer !== undefined && options.applied !== true)
    next = trackUpdate(live, next, schemaOf(resource), options.writer)
  if (equal(withoutTimes(next), withoutTimes(live))) return live
  if (options.dryRun) return next
  if (
    next.metadata.deletionTimestamp !== undefined &&
    (next.metadata.finalizers ?? []).length === 0 &&
    live.metadata.finalizers !== undefined &&
    live.metadata.finalizers.length > 0 &&
    next.kind !== 'Pod'
  ) {
    cluster.store.put(shelfOf(resource), next)
    return cluster.store.remove(shelfOf(resource), live.metadata.namespace ?? '', name) ?? next
  }
  return cluster.store.put(shelfOf(resource), next)
}

/** What a server allots once and an update that leaves it out keeps. */
function carryOver(next: KubeObject, live: KubeObject): void {
  if (next.kind === 'Service') {
    const spec = objectAt(next, 'spec')
    for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
      if (spec[key] === undefined) spec[key] = objectAt(live, 'spec')[key]
    }
  }
  if (next.kind === 'Job') {
    const spec = objectAt(next, 'spec')
    if (spec.selector === undefined) {
      spec.selector = objectAt(live, 'spec').selector
      const template = objectAt(spec, 'template')
      const labels = objectAt(live, 'spec', 'template', 'metadata', 'labels')
      template.metadata = {
        ...objectAt(template, 'metadata'),
        labels: { ...labels, ...objectAt(template, 'metadata', 'labels') },
      }
    }
  }
}

/** Deletes an object or begins to. The answer says whether it is gone, and its last state. */
export function deleteObject(
  cluster: Cluster,
  resource: Resource,
  live: KubeObject,
  options: DeleteOptions,
): { gone: boolean; object: KubeObject } {
  const { name, namespace = '', uid } = live.metadata
  const unmet = (why: string) => failedPrecondition(resource.kind, resource.group, name, why)
  if (options.uid !== undefined && options.uid !== uid) {
    throw unmet(
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid ?? ''}). The object might have been deleted and then recreated`,
    )
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== live.metadata.resourceVersion) {
    throw unmet(
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${live.metadata.resourceVersion ?? ''}). The object might have been modified`,
    )
  }
  const shelf = shelfOf(resource)
  const marked = (grace: number, finalizers: string[] | undefined, extra: JsonObject = {}): KubeObject => ({
    ...live,
    ...extra,
    metadata: {
      ...live.metadata,
      deletionTimestamp: live.metadata.deletionTimestamp ?? timestamp(cluster.clock.now() + grace * 1000),
      deletionGracePeriodSeconds: grace,
      ...(finalizers === undefined ? {} : { finalizers }),
    },
  })
  const store = (object: KubeObject) => ({
    gone: false,
    object: options.dryRun ? object : cluster.store.put(shelf, object),
  })

  if (resource.plural === 'namespaces' && resource.group === '') {
    if (live.metadata.deletionTimestamp !== undefined) return { gone: false, object: live }
    return store(marked(0, undefined, { status: { phase: 'Terminating' } }))
  }
  const grace = options.gracePeriodSeconds ?? numberAt(live, ['spec', 'terminationGracePeriodSeconds'], 0)
  if (live.kind === 'Pod' && grace > 0 && objectAt(live, 'spec').nodeName !== undefined) {
    const phase = objectAt(live, 'status').phase
    if (phase !== 'Succeeded' && phase !== 'Failed') {
      if (live.metadata.deletionTimestamp !== undefined && (live.metadata.deletionGracePeriodSeconds ?? 0) <= grace)
        return { gone: false, object: live }
      return store(marked(grace, live.metadata.finalizers))
    }
  }
  if (options.propagationPolicy === 'Orphan' && !options.dryRun) orphan(cluster, uid ?? '')
  const finalizers = live.metadata.finalizers ?? []
  if (options.propagationPolicy === 'Foreground' && hasDependents(cluster, uid ?? '')) {
    return store(marked(0, finalizers.includes(FOREGROUND) ? finalizers : [...finalizers, FOREGROUND]))
  }
  if (finalizers.length > 0)
    return live.metadata.deletionTimestamp === undefined ? store(marked(0, finalizers)) : { gone: false, object: live }
  if (options.dryRun) return { gone: true, object: live }
  return { gone: true, object: cluster.store.remove(shelf, namespace, name) ?? live }
}

/** Every object owned by a uid, with its resource. */
export function dependentsOf(cluster: Cluster, uid: string): { resource: Resource; object: KubeObject }[] {
  const out: { resource: Resource; object: KubeObject }[] = []
  const seen = new Set<string>()
  for (const resource of cluster.kinds.all()) {
    const shelf = shelfOf(resource)
    if (seen.has(shelf)) continue
    seen.add(shelf)
    for (const object of cluster.store.list(shelf)) {
      if ((object.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid)) out.push({ resource, object })
    }
  }
  return out
}

function hasDependents(cluster: Cluster, uid: string): boolean {
  return dependentsOf(cluster, uid).length > 0
}

function orphan(cluster: Cluster, uid: string): void {
  for (const { resource, object } of dependentsOf(cluster, uid)) {
    const { ownerReferences = [], ...rest } = object.metadata
    const others = ownerReferences.filter((owner) => owner.uid !== uid)
    const metadata = others.length === 0 ? rest : { ...rest, ownerReferences: others }
    cluster.store.put(shelfOf(resource), { ...object, metadata })
  }
}

/** The `Writer` of a request: `fieldManager`, else the user agent's name. */
export function writerOf(
  cluster: Cluster,
  resource: Resource,
  manager: string,
  userAgent: string,
  subresource: string,
): Writer {
  return {
    manager: (manager || userAgent.split('/')[0] || 'unknown').slice(0, 128),
    apiVersion: apiVersionOf({ group: resource.group, version: resource.storageVersion }),
    subresource,
    time: now(cluster),
  }
}
