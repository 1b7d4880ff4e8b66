// metrics.k8s.io: invented, slowly moving usage for `kubectl top`. In: the stored pods and nodes. Out: metrics objects.

import { type Cluster, timestamp } from '../cluster.ts'
import { type JsonObject, type KubeObject, objectsAt, textAt } from '../json.ts'
import type { Resource } from '../kinds.ts'

function seed(text: string): number {
  let hash = 7
  for (const char of text) hash = (hash * 31 + char.charCodeAt(0)) % 100_003
  return hash
}

function usage(name: string, nowMs: number): { cpu: number; memory: number } {
  const base = seed(name)
  const wave = Math.sin(nowMs / 60_000 + base)
  return {
    cpu: 3 + (base % 90) + Math.round(3 * (1 + wave)),
    memory: 20_000 + (base % 200) * 1024 + Math.round(500 * (1 + wave)),
  }
}

function text(use: { cpu: number; memory: number }): JsonObject {
  return { cpu: `${use.cpu}m`, memory: `${use.memory}Ki` }
}

/** PodMetrics or NodeMetrics for what runs. */
export function metricsObjects(cluster: Cluster, resource: Resource, namespace: string): KubeObject[] {
  const nowMs = cluster.clock.now()
  const at = timestamp(nowMs)
  const running = cluster.store
    .list('pods.', resource.kind === 'PodMetrics' ? namespace : '')
    .filter((pod) => textAt(pod, 'status', 'phase') === 'Running')
  const of = (pod: KubeObject) =>
    objectsAt(pod, 'spec', 'containers').map((c) => ({
      name: textAt(c, 'name'),
      usage: usage(`${pod.metadata.name}/${textAt(c, 'name')}`, nowMs),
    }))
  const base = (object: KubeObject) => ({
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: resource.kind,
    metadata: {
      name: object.metadata.name,
      ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
      creationTimestamp: at,
      labels: { ...object.metadata.labels },
    },
    timestamp: at,
    window: '15s',
  })
  if (resource.kind === 'PodMetrics') {
    return running.map((pod) => ({
      ...base(pod),
      containers: of(pod).map((c) => ({ name: c.name, usage: text(c.usage) })),
    }))
  }
  return cluster.store.list('nodes.').map((node) => {
    const all = running.filter((pod) => textAt(pod, 'spec', 'nodeName') === node.metadata.name).flatMap(of)
    const sum = all.reduce((total, c) => ({ cpu: total.cpu + c.usage.cpu, memory: total.memory + c.usage.memory }), {
      cpu: 120,
      memory: 600_000,
    })
    return { ...base(node), usage: text(sum) }
  })
}
