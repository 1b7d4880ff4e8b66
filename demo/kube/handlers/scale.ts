// The scale subresource: a view of a workload's replicas. Pure.

import { at, clone, ensure, isObject, type JsonObject, type KubeObject, numberAt } from '../json.ts'
import { refuse } from '../refusal.ts'
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

/** The workload with the replicas a Scale asks for. */
export function fromScale(live: KubeObject, scale: JsonObject): KubeObject {
  const replicas = at(scale, 'spec', 'replicas') ?? 0
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    throw refuse('BadRequest', 'Scale in version "v1" cannot be handled as a Scale: spec.replicas is not an integer')
  const next = clone(live)
  ensure(next, 'spec').replicas = replicas
  const version = isObject(scale.metadata) ? scale.metadata.resourceVersion : undefined
  if (typeof version === 'string') next.metadata.resourceVersion = version
  return next
}
