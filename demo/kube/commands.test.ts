// Everyday kubectl commands, one row each, in order, against one demo cluster: what they answer and how they end.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clients } from '../../test/clients.ts'
import { makeServer } from '../certificates.ts'
import { type DemoCluster, startDemoCluster } from './server.ts'
import { NODE_NAME } from './version.ts'

const FILES = join(dirname(fileURLToPath(import.meta.url)), 'fixtures', 'commands')

let cluster: DemoCluster
let folder: string
let kubectl: string

function run(args: readonly string[], input = ''): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const env = {
      HOME: folder,
      PATH: '/usr/bin:/bin',
      KUBECONFIG: join(folder, 'kubeconfig'),
      KUBE_EDITOR: join(folder, 'editor'),
    }
    const child = spawn(kubectl, args, { cwd: FILES, env, timeout: 30_000 })
    const said: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => said.push(piece))
    child.stderr.on('data', (piece: Buffer) => said.push(piece))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, said: Buffer.concat(said).toString() }))
    child.stdin.end(input)
  })
}

beforeAll(async () => {
  kubectl = (await clients()).v35.kubectl
  folder = await mkdtemp(join(tmpdir(), 'demo-kube-'))
  const pems = await makeServer('sallyport-demo', ['localhost', '127.0.0.1'])
  cluster = await startDemoCluster({
    empty: true,
    tls: { cert: pems.cert, key: pems.key, ca: pems.ca },
    credentials: [{ token: 't', user: { username: 'tester', groups: ['system:masters'] } }],
  })
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server: cluster.url, 'certificate-authority-data': Buffer.from(pems.ca).toString('base64') },
      },
    ],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config))
  await writeFile(join(folder, 'editor'), `#!/bin/sh\nsed -i 's/^data:/data:\\n  b: nine/' "$1"\n`, { mode: 0o755 })
  for (const args of [
    ['apply', '-f', 'crd.yaml', '-f', 'setup.yaml'],
    ['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=20s'],
  ]) {
    const done = await run(args)
    if (done.code !== 0) throw new Error(done.said)
  }
}, 120_000)

afterAll(async () => {
  await cluster?.close()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

// command (words split at spaces), exit code, what it says, input
const rows: [command: string, code: number, says: RegExp, input?: string][] = [
  ['get pods', 0, /^web-0 +1\/1 +Running/m],
  ['get pods -A -l app=web --field-selector status.phase=Running', 0, /web-/],
  ['get pods -o wide', 0, new RegExp(NODE_NAME)],
  ['get pod web-0 -o yaml', 0, /kind: Pod/],
  ['get deploy -o name', 0, /deployment.apps\/web/],
  ['get secret db -o jsonpath={.data.password}', 0, /aHVudGVyMg==/],
  ['get pods -o custom-columns=N:.metadata.name', 0, /^N\n/],
  ['get pods --chunk-size=1', 0, /web-0/],
  ['get all', 0, /service\/web/],
  ['get --raw /api/v1/namespaces/default/pods?limit=1', 0, /"kind":"PodList"/],
  ['get --raw /healthz?verbose', 0, /healthz check passed/],
  ['get pods,svc', 0, /pod\/web-0/],
  ['apply -f widget.yaml', 0, /widget.example.com\/w1 created/],
  ['get widgets', 0, /w1 +4/],
  ['get pod nope', 1, /Error from server \(NotFound\): pods "nope" not found/],
  ['get deploy web --subresource=scale -o yaml', 0, /kind: Scale/],
  ['get pods --as=bob --as-group=dev', 1, /User "bob" cannot list resource "pods"/],
  ['events', 0, /Scheduled/],
  ['describe pod web-0', 0, /Successfully assigned default\/web-0/],
  ['describe deploy web', 0, /NewReplicaSet:/],
  ['describe secret db', 0, /password: +7 bytes/],
  [`describe node ${NODE_NAME}`, 0, /Sallyport demo \(simulated\)/],
  ['apply -f cm.json', 0, /configmap\/cm-new created/],
  ['diff -f deploy.yaml', 1, /\+ +- image: nginx:1.28|\+ +replicas: 3/],
  ['apply -f deploy.yaml', 0, /web configured/],
  ['apply --server-side -f deploy.yaml', 0, /serverside-applied/],
  ['apply --dry-run=server -f cm-existing.json', 0, /configured \(server dry run\)/],
  ['create -f cm.json', 1, /AlreadyExists/],
  ['replace -f cm-existing.json', 0, /replaced/],
  ['replace --force -f cm-existing.json', 0, /replaced/],
  ['patch deploy web -p {"spec":{"replicas":4}}', 0, /patched/],
  ['patch deploy web --type=merge -p {"spec":{"replicas":4}}', 0, /patched \(no change\)/],
  ['patch deploy web --type=json -p [{"op":"replace","path":"/spec/replicas","value":5}]', 0, /patched/],
  ['patch deploy web --subresource=scale --type=merge -p {"spec":{"replicas":2}}', 0, /patched/],
  ['scale deploy/web --current-replicas=2 --replicas=3', 0, /scaled/],
  ['scale deploy/web --current-replicas=2 --replicas=3', 1, /Expected replicas to be 2, was 3/],
  ['delete pod web-0 --dry-run=server', 0, /deleted/],
  ['exec web-0 -- ls /etc', 0, /hostname/],
  ['exec -i web-0 -- cat', 0, /^hello\n$/, 'hello\n'],
  ['exec deploy/web -- id', 0, /uid=0/],
  ['logs web-0', 0, /simulated/],
  ['logs web-0 -c app --since=1h --limit-bytes=10', 0, /^.{1,10}$/s],
  ['logs -p web-0', 1, /previous terminated container "app" in pod "web-0" not found/],
  ['rollout status deploy/web', 0, /successfully rolled out/],
  ['logs -l app=web0 --all-containers --prefix', 0, /^\[pod\/web-0\/app\] /],
  ['debug web-0 --image=busybox --copy-to=dbg -- sleep 1', 0, /^/],
  ['rollout restart deploy/web', 0, /restarted/],
  ['rollout status deploy/web', 0, /successfully rolled out/],
  ['rollout history deploy/web', 0, /^3 +/m],
  ['rollout undo deploy/web', 0, /rolled back/],
  ['rollout pause deploy/web', 0, /paused/],
  ['rollout resume deploy/web', 0, /resumed/],
  ['auth can-i create deployments.apps --subresource=scale -n prod', 0, /yes/],
  ['auth can-i --list', 0, /\*\.\*/],
  ['auth whoami', 0, /tester/],
  ['api-resources', 0, /^widgets +wd +example.com\/v1 +true +Widget$/m],
  ['api-versions', 0, /^example.com\/v1$/m],
  ['explain pod.spec', 0, /containers\t<\[\]Container> -required-/],
  ['explain deployment --recursive', 0, /maxSurge/],
  ['version', 0, /sallyport-demo/],
  ['cluster-info', 0, /control plane.* is running at/],
  ['top pods', 0, /CPU\(cores\)/],
  ['top nodes', 0, new RegExp(NODE_NAME)],
  [`cordon ${NODE_NAME}`, 0, /cordoned/],
  [`uncordon ${NODE_NAME}`, 0, /uncordoned/],
  [`taint nodes ${NODE_NAME} k=v:NoSchedule`, 0, /tainted/],
  ['create token sa1 --duration=1h', 0, /^eyJ/],
  ['create ns team-a', 0, /created/],
  ['create secret generic s2 --from-literal=password=hunter2', 0, /created/],
  ['create deployment d2 --image=nginx', 0, /created/],
  ['create job j1 --image=busybox -- date', 0, /created/],
  ['create clusterrolebinding crb1 --clusterrole=cluster-admin --user=bob', 0, /created/],
  ['get pods --as=bob', 0, /web-0/],
  ['edit cm cm-new', 0, /edited/],
  ['get cm cm-new -o jsonpath={.data.b}', 0, /^nine$/],
  ['label pod web-0 team=x', 0, /labeled/],
  ['annotate pod web-0 note=hi', 0, /annotated/],
  ['set image deploy/web app=nginx:1.29', 0, /image updated/],
  ['set env deploy/web A=b', 0, /env updated/],
  ['run r1 --image=nginx', 0, /created/],
  ['expose deploy web --port=80 --name=web2', 0, /exposed/],
  ['autoscale deploy web --max=5', 0, /autoscaled/],
  ['wait --for=condition=Ready pod/web-0 --timeout=5s', 0, /condition met/],
  ['wait --for=delete pod/nope --timeout=5s', 0, /^/],
  ['wait --for=create pod/web-0 --timeout=5s', 0, /condition met/],
  ['certificate approve csr1', 0, /approved/],
  ['auth reconcile -f role.json', 0, /reconciled/],
  ['delete -f cm-existing.json', 0, /deleted/],
  ['delete pod web-0', 0, /deleted/],
  ['delete pod r1 --force --grace-period=0', 0, /Immediate deletion does not wait/],
  ['delete pods -l app=web', 0, /deleted/],
  ['delete ns prod', 0, /deleted/],
  ['delete deploy web --cascade=orphan', 0, /deleted/],
  ['get rs -l app=web', 0, /web-/],
  [`drain ${NODE_NAME} --ignore-daemonsets --force --delete-emptydir-data`, 0, /drained/],
]

describe('kubectl', () => {
  it.each(rows)('%s → %i', { timeout: 40_000 }, async (command, code, says, input) => {
    const done = await run(command.split(' '), input)
    expect(done.said).toMatch(says)
    expect(done.code).toBe(code)
  })
})
