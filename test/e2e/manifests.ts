// The files that rows apply, and the places rows name. In: a namespace, a folder. Out: YAML files there, and names of things.

import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Door } from './door.ts'
import type { Installation, Version } from './installation.ts'

/** The charts of the tests. */
export const CHARTS = resolve(import.meta.dirname, '../fixtures')
/** The one image a real cluster for tests has, and one that talks in the demo. */
const BOX = 'localhost/busybox:1'
const TALKER = 'registry.demo.invalid/shop/api:5'

const config = (name: string, colour: string, labels = ''): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}${labels === '' ? '' : `, labels: ${labels}`}}
data:
  colour: ${colour}
`

const pod = (name: string, image: string, script: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: ${image}
    imagePullPolicy: IfNotPresent
    command: [sh, -c, '${script}']
`

const deployment = (name: string, image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  replicas: 1
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: ${image}
        ports: [{name: http, containerPort: 80}]
`

/** A Secret's value that no file of the data folder may ever hold. */
export const newSecret = (): string => `e2e-plain-${randomBytes(9).toString('hex')}`

/** Writes the files for one version's namespace and gives its door. */
export async function openDoor(options: {
  readonly installation: Installation
  readonly version: Version
  readonly namespace: string
  readonly folder: string
  readonly secret: string
}): Promise<Door> {
  const { installation, version, namespace, folder, secret } = options
  const real = installation.connection === 'local'
  const image = real ? BOX : 'registry.demo.invalid/nginx:1.27'
  const dir = join(folder, namespace)
  await mkdir(dir, { recursive: true })
  const sleep = 'while :; do sleep 1; done'
  const ours = await readFile(installation.agentKubeconfig, 'utf8')
  const files: Record<string, string> = {
    'nosuch.kubeconfig': ours
      .replaceAll(`"${installation.connection}"`, '"nosuch"')
      .replaceAll(`/clusters/${installation.connection}`, '/clusters/nosuch'),
    'setup.yaml': [
      pod('box', BOX, sleep),
      real
        ? pod('talker', BOX, 'i=0; while :; do i=$((i+1)); echo "talk $i"; sleep 1; done')
        : pod('talker', TALKER, 'serve'),
      deployment('web', image),
      config('kept-a', 'a', '{kept: "yes"}'),
      config('kept-b', 'b', '{kept: "yes"}'),
      config('kept-c', 'c', '{kept: "yes"}'),
      `\napiVersion: v1\nkind: Secret\nmetadata: {name: kept}\nstringData: {password: ${secret}}\n`,
    ].join('---'),
    'watched.yaml': config('watched-one', 'blue', '{watched: "yes"}'),
    'applied.yaml': config('applied', 'red'),
    'applied-2.yaml': config('applied', 'green'),
    'ss.yaml': config('ss', 'red'),
    'ss-2.yaml': config('ss', 'green'),
    'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: applied-secret}\nstringData: {password: ${secret}}\n`,
    'migrated.yaml': pod('migrated', BOX, sleep),
    'patched.yaml': deployment('patched', image),
    'rolled.yaml': deployment('rolled', image),
    'doomed.yaml': [1, 2, 3].map((n) => config(`doomed-${n}`, 'grey', '{doomed: "yes"}')).join('---'),
    'doomed-pods.yaml': [1, 2].map((n) => pod(`gone-${n}`, BOX, sleep)).join('---'),
    'kept-back.yaml':
      '\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept-back, finalizers: [sallyport.dev/test]}\n',
    'wrong.kubeconfig': JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'c',
          cluster: {
            server: `${installation.url}/clusters/${installation.connection}`,
            'certificate-authority': join(installation.folder, 'ca.crt'),
          },
        },
      ],
      users: [{ name: 'u', user: { token: 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    }),
  }
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(dir, name), text)))
  const nodes = await installation.admin(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}'])
  return new Door(installation, version, {
    ns: namespace,
    dir,
    image,
    charts: CHARTS,
    connection: installation.connection,
    url: installation.url,
    node: nodes.stdout,
    plain: secret,
    base: Buffer.from(secret).toString('base64'),
  })
}

/** Makes the namespace and what rows look at and reach into, through the door itself. */
export async function setUp(door: Door): Promise<void> {
  await door.must('kubectl create namespace {ns}')
  await door.must('kubectl apply -n {ns} -f {dir}/setup.yaml')
  await door.must('kubectl wait -n {ns} --for=condition=Ready pod/box pod/talker --timeout=60s')
}
