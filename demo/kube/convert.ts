// Conversion between served versions and the one objects are kept in. Only autoscaling has two.
// Custom resources of several versions differ in apiVersion only (conversion strategy None).

import { at, clone, ensure, isObject, type JsonObject, type KubeObject, objectsAt, textAt } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'

function cpuTarget(metrics: JsonObject[]): JsonObject | undefined {
  return metrics.find((metric) => textAt(metric, 'resource', 'name') === 'cpu')
}

/** The object in the version of `resource`, as a client of that version sees it. */
export function toServed(object: KubeObject, resource: Resource): KubeObject {
  const wanted = apiVersionOf(resource)
  if (object.apiVersion === wanted) return object
  const out: KubeObject = clone(object)
  out.apiVersion = wanted
  if (resource.group !== 'autoscaling' || !isObject(out.spec)) return out
  const target = at(cpuTarget(objectsAt(out, 'spec', 'metrics')), 'resource', 'target', 'averageUtilization')
  delete out.spec.metrics
  if (target !== undefined) out.spec.targetCPUUtilizationPercentage = target
  if (isObject(out.status)) {
    const now = at(cpuTarget(objectsAt(out, 'status', 'currentMetrics')), 'resource', 'current', 'averageUtilization')
    delete out.status.currentMetrics
    delete out.status.conditions
    if (now !== undefined) out.status.currentCPUUtilizationPercentage = now
  }
  return out
}

/** The object in the version it is kept in. */
export function toStored(object: KubeObject, resource: Resource): KubeObject {
  const wanted = apiVersionOf({ group: resource.group, version: resource.storageVersion })
  if (object.apiVersion === wanted) return object
  const out: KubeObject = clone(object)
  out.apiVersion = wanted
  if (resource.group !== 'autoscaling') return out
  const spec = ensure(out, 'spec')
  const target = spec.targetCPUUtilizationPercentage
  delete spec.targetCPUUtilizationPercentage
  if (typeof target === 'number') {
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } },
    ]
  }
  return out
}
