// The API server of the bench, a process of its own: canned answers over TLS, as fast as JavaScript can give them, so that
// what is measured is the way to it. A Pod of some 3 KB and a PodList of some 5 MB. Usage: upstream.ts CERT KEY

import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import process from 'node:process'

function pod(index: number): Record<string, unknown> {
  const name = `web-${String(index).padStart(5, '0')}`
  return {
    metadata: {
      name,
      namespace: 'bench',
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(9007199254740993n + BigInt(index)),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web', tier: 'frontend', 'pod-template-hash': '7d4b9c' },
      annotations: { 'prometheus.io/scrape': 'true', checksum: 'f'.repeat(64) },
      managedFields: [
        {
          manager: 'kubectl',
          operation: 'Apply',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:image': {} } } },
          },
        },
      ],
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'registry.example/web:2.4.1',
          ports: [{ containerPort: 8080, protocol: 'TCP' }],
          env: Array.from({ length: 12 }, (_, n) => ({ name: `SETTING_${n}`, value: `value of setting number ${n}` })),
          resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
          volumeMounts: [
            { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
          ],
        },
      ],
      nodeName: 'node-1',
      serviceAccountName: 'default',
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:10Z',
      })),
    },
  }
}

const [certFile = '', keyFile = ''] = process.argv.slice(2)
const one = Buffer.from(JSON.stringify({ kind: 'Pod', apiVersion: 'v1', ...pod(1) }))
const items: Record<string, unknown>[] = []
for (let bytes = 0; bytes < 5_000_000; bytes += one.length) items.push(pod(items.length))
const list = Buffer.from(
  JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items }),
)

const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
  request.resume()
  const body = (request.url ?? '').startsWith('/api/v1/namespaces/bench/pods/') ? one : list
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
