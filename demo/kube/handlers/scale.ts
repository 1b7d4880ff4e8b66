// The scale subresource: a view of a workload's replicas. Pure.

import { at, clone, ensure, isObject, type JsonObject, type KubeObject, numberAt, textAt } from '../json.ts'
import type { Resource } from '../kinds.ts'
import { conflict, invalid, refuse } from '../refusal.ts'
import { selectorText } from '../table/column.ts'

/** `autoscaling/v1` Scale of a workload. */
export function scaleOf(object: KubeObject): JsonObject & { metadata: JsonObject } {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ['spec', 'replicas']) },
    status: {
      replicas: numberAt(object, ['status', 'replicas']),
      selector: selectorText(at(object, 'spec', 'selector')),
    },
  }
}

/** The workload with the replicas a Scale asks for. Refuses a Scale of another object (409) and one that is none (400). */
export function fromScale(resource: Resource, live: KubeObject, scale: JsonObject): KubeObject {
  const { plural, group } = resource
  if (scale.kind !== 'Scale')
    throw refuse('BadRequest', `${String(scale.kind)} in version "v1" cannot be handled as a Scale`)
  const uid = textAt(scale, 'metadata', 'uid')
  if (uid !== '' && uid !== live.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid ?? ''}`
    throw conflict(plural, group, live.metadata.name, why)
  }
  const replicas = at(scale, 'spec', 'replicas') ?? 0
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    throw refuse('BadRequest', 'Scale in version "v1" cannot be handled as a Scale: spec.replicas is not an integer')
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`
    throw invalid('Scale', 'autoscaling', live.metadata.name, [
      { reason: 'FieldValueInvalid', message, field: 'spec.replicas' },
    ])
  }
  const next = clone(live)
  ensure(next, 'spec').replicas = replicas
  const version = isObject(scale.metadata) ? scale.metadata.resourceVersion : undefined
  if (typeof version === 'string') next.metadata.resourceVersion = version
  return next
}
