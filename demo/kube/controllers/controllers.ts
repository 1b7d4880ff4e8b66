import type { Cluster } from '../cluster.ts'
import type { PodRuntime } from '../pods/runtime.ts'
export function startControllers(cluster: Cluster, _runtime: PodRuntime): () => void {
  return cluster.store.subscribeAll(() => {})
}
