import type { Cluster } from '../cluster.ts'
import { createObject } from '../handlers/write.ts'
import type { PodRuntime } from '../pods/runtime.ts'
export function seedCluster(cluster: Cluster, _runtime: PodRuntime, _empty: boolean): void {
  const ns = cluster.kinds.byPath('', 'v1', 'namespaces')
  if (ns !== undefined)
    for (const name of ['default', 'kube-system'])
      createObject(cluster, ns, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { dryRun: false })
}
