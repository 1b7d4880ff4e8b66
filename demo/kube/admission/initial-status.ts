// The status an object starts with, by kind. In: a new object. Out: its status. Changes nothing.

import { type Cluster, now } from '../cluster.ts'
import { at, type JsonObject, type KubeObject, objectAt, objectsAt, textAt } from '../json.ts'

/** The status an object starts with; absent: none. */
export function initialStatus(cluster: Cluster, object: KubeObject): JsonObject | undefined {
  switch (object.kind) {
    case 'Pod':
      return { phase: 'Pending', qosClass: qosClass(object) }
    case 'Namespace':
      return { phase: 'Active' }
    case 'Service':
      return { loadBalancer: {} }
    case 'PersistentVolumeClaim':
      return { phase: 'Pending' }
    case 'PersistentVolume':
      return { phase: 'Available' }
    case 'Ingress':
      return { loadBalancer: {} }
    case 'Deployment':
    case 'StatefulSet':
      return { replicas: 0 }
    case 'ReplicaSet':
    case 'ReplicationController':
      return { replicas: 0 }
    case 'DaemonSet':
      return { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }
    case 'HorizontalPodAutoscaler':
      return { currentReplicas: 0, desiredReplicas: 0, currentMetrics: null, conditions: [] }
    case 'PodDisruptionBudget':
      return { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
    case 'CustomResourceDefinition': {
      const time = now(cluster)
      return {
        acceptedNames: { ...objectAt(object, 'spec', 'names') },
        conditions: [
          {
            type: 'NamesAccepted',
            status: 'True',
            reason: 'NoConflicts',
            message: 'no conflicts found',
            lastTransitionTime: time,
          },
          {
            type: 'Established',
            status: 'True',
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
            lastTransitionTime: time,
          },
        ],
        storedVersions: objectsAt(object, 'spec', 'versions')
          .filter((v) => v.storage === true)
          .map((v) => textAt(v, 'name')),
      }
    }
    case 'Job':
    case 'CronJob':
    case 'CertificateSigningRequest':
      return {}
    default:
      return undefined
  }
}

/** The quality-of-service class of a pod. */
function qosClass(pod: KubeObject): string {
  const containers = objectsAt(pod, 'spec', 'containers').map((c) => objectAt(c, 'resources'))
  const has = (r: JsonObject, part: string, name: string) => at(r, part, name) !== undefined
  if (
    containers.every(
      (r) =>
        !has(r, 'requests', 'cpu') &&
        !has(r, 'requests', 'memory') &&
        !has(r, 'limits', 'cpu') &&
        !has(r, 'limits', 'memory'),
    )
  )
    return 'BestEffort'
  const full = containers.every((r) =>
    ['cpu', 'memory'].every(
      (name) =>
        has(r, 'limits', name) && (!has(r, 'requests', name) || at(r, 'requests', name) === at(r, 'limits', name)),
    ),
  )
  return full ? 'Guaranteed' : 'Burstable'
}
