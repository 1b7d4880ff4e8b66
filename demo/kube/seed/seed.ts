// Fills a new cluster: what every cluster has, then the sample workloads. Goes through the same writes as a client's.

import { parseAllDocuments } from 'yaml'
import { asKubeObject } from '../body.ts'
import { type Cluster, now } from '../cluster.ts'
import { createObject } from '../handlers/write.ts'
import type { Json, KubeObject } from '../json.ts'
import { GIT_VERSION, NODE_NAME } from '../version.ts'
import { PAYMENTS } from './payments.ts'
import { SHOP } from './shop.ts'
import { SYSTEM } from './system.ts'

function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => {
    const value: Json = document.toJS()
    return asKubeObject(value)
  })
}

function add(cluster: Cluster, object: KubeObject): void {
  const resource = cluster.kinds.byKind(object.apiVersion, object.kind)
  if (resource === undefined) throw new Error(`the seed has an unknown kind ${object.kind}`)
  createObject(cluster, resource, object, {
    dryRun: false,
    writer: {
      manager:
        object.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] === undefined
          ? 'demo-seed'
          : 'kubectl-client-side-apply',
      apiVersion: object.apiVersion,
      subresource: '',
      time: now(cluster),
    },
  })
}

function nodeStatus(cluster: Cluster): void {
  const node = cluster.store.get('nodes.', '', NODE_NAME)
  if (node === undefined) return
  const time = now(cluster)
  const fact = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  })
  const room = { cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' }
  cluster.store.put('nodes.', {
    ...node,
    status: {
      capacity: room,
      allocatable: room,
      addresses: [
        { type: 'InternalIP', address: '192.0.2.10' },
        { type: 'Hostname', address: NODE_NAME },
      ],
      conditions: [
        fact('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'the simulated node has sufficient memory'),
        fact('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'the simulated node has no disk'),
        fact('PIDPressure', 'False', 'KubeletHasSufficientPID', 'the simulated node runs no processes'),
        fact('Ready', 'True', 'KubeletReady', 'the simulated node is ready'),
      ],
      nodeInfo: {
        architecture: 'demo',
        bootID: 'demo',
        containerRuntimeVersion: 'demo://memory',
        kernelVersion: 'none (simulated)',
        kubeProxyVersion: GIT_VERSION,
        kubeletVersion: GIT_VERSION,
        machineID: 'demo',
        operatingSystem: 'linux',
        osImage: 'Sallyport demo (simulated)',
        systemUUID: 'demo',
      },
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  })
}

/** Fills the cluster. `empty`: without the sample workloads of shop and payments. */
export function seedCluster(cluster: Cluster, empty: boolean): void {
  const names = ['default', 'kube-system', 'kube-public', 'kube-node-lease', ...(empty ? [] : ['shop', 'payments'])]
  for (const name of names) {
    add(cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    add(cluster, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } })
  }
  for (const text of [SYSTEM, ...(empty ? [] : [SHOP, PAYMENTS])])
    for (const object of objectsOf(text)) add(cluster, object)
  nodeStatus(cluster)
}
