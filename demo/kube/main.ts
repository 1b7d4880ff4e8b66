// The demo cluster as a program: `bun demo/kube/main.ts --data DIR [--port N]`.
// Makes a CA and a certificate in DIR and writes DIR/demo-admin.kubeconfig for its administrator.

import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { makeServer } from '../certificates.ts'
import { startDemoCluster } from './server.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.sallyport/demo' },
    port: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  process.stdout.write(
    'usage: main.ts [--data DIR] [--port N]\n\nA small in-memory Kubernetes API for trying things. Nothing it shows is real.\n',
  )
  process.exit(0)
}

const data = resolve(values.data)
mkdirSync(data, { recursive: true, mode: 0o700 })
const pems = await makeServer('sallyport-demo', ['localhost', 'sallyport-demo', '127.0.0.1'])
const token = `demo-admin-${randomBytes(18).toString('base64url')}`
const cluster = await startDemoCluster({
  port: Number(values.port),
  tls: { cert: pems.cert, key: pems.key, ca: pems.ca },
  credentials: [{ token, user: { username: 'demo-admin', groups: ['system:masters'] } }],
})
const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    {
      name: 'sallyport-demo',
      cluster: { server: cluster.url, 'certificate-authority-data': Buffer.from(pems.ca).toString('base64') },
    },
  ],
  users: [{ name: 'demo-admin', user: { token } }],
  contexts: [{ name: 'sallyport-demo', context: { cluster: 'sallyport-demo', user: 'demo-admin' } }],
  'current-context': 'sallyport-demo',
}
writeFileSync(join(data, 'demo-ca.crt'), pems.ca)
writeFileSync(join(data, 'demo-admin.kubeconfig'), `${JSON.stringify(kubeconfig, undefined, 2)}\n`, { mode: 0o600 })
process.stdout.write(`demo cluster: ${cluster.url}\nKUBECONFIG=${join(data, 'demo-admin.kubeconfig')}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cluster.close().then(() => process.exit(0)))
