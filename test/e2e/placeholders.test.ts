// Masked values written back by real clients: kubectl edit, get | apply, replace, patch, set, and helm upgrade and rollback. What is
// stored afterwards is what would have been without the door; and nowhere else can a placeholder be put.
// On the demo cluster, or on the real one whose administrator's kubeconfig KUBECONFIG names.

import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Door, type ScriptRow } from './door.ts'
import { type Installation, startInstallation, type Version } from './installation.ts'
import { CHARTS } from './manifests.ts'
import { filesWith, formsOf } from './recordings.ts'
import { Lanes, plan } from './table.ts'

const KUBECONFIG = process.env.KUBECONFIG ?? ''
const REAL = KUBECONFIG !== ''
const VERSIONS: Readonly<Record<Version, string>> = { v35: 'kubectl 1.35, helm 4', v30: 'kubectl 1.30, helm 3' }

const made = (prefix: string): string => `${prefix}-${randomBytes(9).toString('hex')}`
/** What stands masked in the cluster, and must stand there afterwards. */
const PW = made('e2e-pw')
const OTHER = made('e2e-other')
const ENV = made('e2e-env')
const FILE = made('Zq7')
/** What a chart's templates have to quote, encode and indent. */
const CHART_PW = `it is #1: ${made('e2e-chart')}`
const NEXT_PW = made('e2e-next')
const ODD = `a"b\\c ${made('{odd}')}`
const CERTIFICATE = `-----BEGIN PRIVATE KEY-----\n${[1, 2, 3].map(() => randomBytes(48).toString('base64')).join('\n')}\n-----END PRIVATE KEY-----\n`

/** A token of a shape that patterns know. */
const TOKEN = `ghp_${[...randomBytes(36)].map((byte) => 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'[byte % 62]).join('')}`

const conf = (port: number): string => `port = ${port}\npassword=${FILE}\nbig = 9007199254740993\n`

const OBJECTS: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { pw: PW, other: OTHER } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { 'app.conf': conf(80), token: TOKEN } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'd' } },
      template: {
        metadata: { labels: { app: 'd' } },
        spec: {
          containers: [
            {
              name: 'app',
              image: 'localhost/busybox:1',
              args: ['serve', `--token=${TOKEN}`],
              env: [
                { name: 'HOST', value: 'h' },
                { name: 'DB_PASSWORD', value: ENV },
              ],
            },
          ],
        },
      },
    },
  },
]

/** What the object of a test must be, as the administrator reads it. */
interface Wanted {
  readonly of: string
  readonly path: string
  readonly is: unknown
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const SECRET_DATA = { pw: base64(PW), other: base64(OTHER) }
const secret = (is: unknown): Wanted => ({ of: 'secret/s', path: 'data', is })
const container = (image: string, host: string): Wanted => ({
  of: 'deploy/d',
  path: 'spec.template.spec.containers.0',
  is: {
    image,
    args: ['serve', `--token=${TOKEN}`],
    env: [
      { name: 'HOST', value: host },
      { name: 'DB_PASSWORD', value: ENV },
    ],
  },
})

let installation: Installation
let folder: string

/** The administrator, who must not fail. */
async function admin(args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await installation.admin(args, stdin === undefined ? {} : { stdin })
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  return stdout
}

/** The object at a path of an object that the administrator reads. */
async function stored(door: Door, { of, path }: Wanted): Promise<unknown> {
  let at: unknown = JSON.parse(await admin(['get', of, '-n', door.fill('{ns}'), '-o', 'json']))
  for (const step of path.split('.')) at = typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined
  return at
}

/** A placeholder as the agent reads it. */
async function seen(door: Door, of: string, jsonpath: string): Promise<string> {
  const text = await door.must(`kubectl get ${of} -n {ns} -o 'jsonpath=${jsonpath}'`)
  const placeholder = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/.exec(text)?.[0]
  if (placeholder === undefined) throw new Error(`no placeholder at ${jsonpath} of ${of}: ${text.slice(0, 200)}`)
  return placeholder
}
const seenSecret = async (door: Door, key: string): Promise<string> =>
  Buffer.from(await door.must(`kubectl get secret s -n {ns} -o 'jsonpath={.data.${key}}'`), 'base64').toString()

/** Reads an object, changes the text, writes it back. */
const through =
  (of: string, change: (yaml: string) => string, write: string) =>
  async (door: Door): Promise<void> => {
    const yaml = await door.must(`kubectl get ${of} -n {ns} -o yaml`)
    expect(yaml).toMatch(/⟦masked:|4p\+mbWFza2Vk/)
    await door.must(`${write} -n {ns} -f -`, { stdin: change(yaml.replace(/^ {2}resourceVersion: .*\n/m, '')) })
  }

const editing =
  (of: string, script: string) =>
  async (door: Door): Promise<void> => {
    await door.must(`kubectl edit ${of} -n {ns}`, { env: { KUBE_EDITOR: `{dir}/${script}` } })
  }

interface Story {
  readonly name: string
  readonly write: (door: Door) => Promise<void>
  readonly wanted: readonly Wanted[]
}

const APPLIED = / {4}kubectl\.kubernetes\.io\/last-applied-configuration: \|\n(?: {6}.*\n)*/

const SECRETS: readonly Story[] = [
  {
    name: 'kubectl edit of a Secret',
    write: editing('secret s', 'label.sh'),
    wanted: [secret(SECRET_DATA), { of: 'secret/s', path: 'metadata.labels', is: { edited: 'yes' } }],
  },
  {
    name: 'kubectl get | apply of a Secret, a key added',
    write: through('secret s', (yaml) => yaml.replace('data:\n', 'data:\n  new: eA==\n'), 'kubectl apply'),
    wanted: [secret({ ...SECRET_DATA, new: 'eA==' })],
  },
  {
    name: 'kubectl apply again, the key changed',
    write: through(
      'secret s',
      (yaml) => yaml.replace(APPLIED, '').replace(/^ {2}new: .*$/m, '  new: eQ=='),
      'kubectl apply',
    ),
    wanted: [secret({ ...SECRET_DATA, new: 'eQ==' })],
  },
  {
    name: 'kubectl apply --server-side of a Secret',
    write: through(
      'secret s',
      (yaml) => yaml.replace(APPLIED, '').replace(/^ {2}new: .*$/m, '  new: eg=='),
      'kubectl apply --server-side --force-conflicts',
    ),
    wanted: [secret({ ...SECRET_DATA, new: 'eg==' })],
  },
  {
    name: 'kubectl replace of a Secret, a key less',
    write: through('secret s', (yaml) => yaml.replace(/^ {2}new: .*\n/m, ''), 'kubectl replace'),
    wanted: [secret(SECRET_DATA)],
  },
  {
    name: 'a merge patch that writes stringData, words around the value',
    write: async (door) => {
      const patch = JSON.stringify({ stringData: { third: 'x', pw: `pre ${await seenSecret(door, 'pw')} post` } })
      await door.must(`kubectl patch secret s -n {ns} --type merge -p '${patch}'`)
    },
    wanted: [secret({ ...SECRET_DATA, third: 'eA==', pw: base64(`pre ${PW} post`) })],
  },
  {
    name: 'a strategic merge patch',
    write: async (door) => {
      await door.must(`kubectl patch secret s -n {ns} -p '${JSON.stringify({ stringData: { pw: PW } })}'`)
      const patch = JSON.stringify({ data: { third: null, pw: base64(await seenSecret(door, 'pw')) } })
      await door.must(`kubectl patch secret s -n {ns} -p '${patch}'`)
    },
    wanted: [secret(SECRET_DATA)],
  },
  {
    name: 'a JSON patch that tests what it replaces',
    write: async (door) => {
      const value = base64(await seenSecret(door, 'pw'))
      const patch = JSON.stringify([
        { op: 'test', path: '/data/pw', value },
        { op: 'replace', path: '/data/pw', value },
        { op: 'add', path: '/data/last', value: 'eA==' },
      ])
      await door.must(`kubectl patch secret s -n {ns} --type json -p '${patch}'`)
    },
    wanted: [secret({ ...SECRET_DATA, last: 'eA==' })],
  },
  {
    name: 'kubectl label and annotate',
    write: async (door) => {
      await door.must('kubectl label secret s -n {ns} one=1')
      await door.must('kubectl annotate secret s -n {ns} two=2')
    },
    wanted: [secret({ ...SECRET_DATA, last: 'eA==' })],
  },
]

const OTHERS: readonly Story[] = [
  {
    name: 'kubectl edit of one line of a file in a ConfigMap',
    write: editing('cm c', 'port.sh'),
    wanted: [{ of: 'cm/c', path: 'data', is: { 'app.conf': conf(8080), token: TOKEN } }],
  },
  {
    name: 'kubectl set env and set image',
    write: async (door) => {
      await door.must('kubectl set env deploy/d -n {ns} HOST=h2')
      await door.must('kubectl set image deploy/d -n {ns} app=localhost/busybox:2')
    },
    wanted: [container('localhost/busybox:2', 'h2')],
  },
  {
    name: 'kubectl get | apply of a Deployment',
    write: through('deploy d', (yaml) => yaml.replace('busybox:2', 'busybox:3'), 'kubectl apply'),
    wanted: [container('localhost/busybox:3', 'h2')],
  },
  {
    name: 'kubectl edit of a Deployment',
    write: editing('deploy d', 'image.sh'),
    wanted: [container('localhost/busybox:4', 'h2')],
  },
]

/** Row 35 of the abuse cases: where a placeholder must not come. `{pw}` and the like are what the agent was given. */
const REFUSED: readonly (readonly [name: string, run: string])[] = [
  ['another key', `kubectl patch secret s -n {ns} --type merge -p '{"data":{"other":"{pwbase}"}}'`],
  ['another object', `kubectl patch secret t -n {ns} --type merge -p '{"data":{"pw":"{pwbase}"}}'`],
  ['a new object', 'kubectl create secret generic n -n {ns} --from-literal=pw={pw}'],
  ['another namespace', `kubectl patch secret s -n {ns}-more --type merge -p '{"stringData":{"pw":"{pw}"}}'`],
  ['a ConfigMap', 'kubectl create cm n -n {ns} --from-literal=pw={pw}'],
  ['an annotation', 'kubectl annotate secret s -n {ns} a={pw}'],
  ['a pod’s argv', 'kubectl run n -n {ns} --image=localhost/busybox:1 -- echo {pw}'],
  ['a variable of another name', 'kubectl set env deploy/d -n {ns} HOST={env}'],
  ['a variable of a new name', 'kubectl set env deploy/d -n {ns} NEW={env}'],
  [
    'a forged tag',
    `kubectl patch secret s -n {ns} --type merge -p '{"stringData":{"pw":"⟦masked:secret:0123456789ab⟧"}}'`,
  ],
  ['other words around it', `kubectl patch cm c -n {ns} --type merge -p '{"data":{"app.conf":"see {file}"}}'`],
]

/** One life of a release. */
const LIFE: readonly string[] = [
  'install derived {charts}/chart-derived -f {dir}/../values.json',
  'upgrade derived {charts}/chart-derived --reuse-values --set host=other',
  `upgrade derived {charts}/chart-derived --reuse-values --set extra=true,password=${NEXT_PW}`,
  'rollback derived 1',
  'rollback derived 3',
  'upgrade --install derived {charts}/chart-derived -f {dir}/got.json --set host=third',
]

/** All that a release has left in a namespace, without what differs from run to run. */
async function remains(namespace: string): Promise<unknown> {
  const get = async (kind: string): Promise<{ items: Record<string, never>[] }> =>
    JSON.parse(await admin(['get', kind, '-n', namespace, '-o', 'json']))
  const [secrets, deployments] = await Promise.all([get('secrets'), get('deployments')])
  const releases: Record<string, unknown> = {}
  const data: Record<string, unknown> = {}
  for (const { metadata, data: held, type } of secrets.items as unknown as Held[]) {
    if (type === 'kubernetes.io/service-account-token') continue
    if (type !== 'helm.sh/release.v1') data[metadata.name] = held
    else releases[metadata.name] = release(held.release ?? '', namespace)
  }
  const containers = (
    deployments.items as unknown as { spec: { template: { spec: { containers: { env: unknown }[] } } } }[]
  ).map(({ spec }) => spec.template.spec.containers[0]?.env)
  return { releases, data, containers }
}

/** The objects of a list, but for their status. */
function named(list: string): unknown {
  const { items }: { items: { metadata: unknown; data?: unknown; spec?: unknown }[] } = JSON.parse(list)
  return items.map(({ metadata, data, spec }) => ({ metadata, data, spec }))
}

interface Held {
  readonly metadata: { readonly name: string }
  readonly type: string
  readonly data: Readonly<Record<string, string>>
}

function release(value: string, namespace: string): unknown {
  const json = gunzipSync(Buffer.from(Buffer.from(value, 'base64').toString(), 'base64')).toString()
  const dropped = new Set(['first_deployed', 'last_deployed', 'last_run', 'modtime', 'namespace'])
  return JSON.parse(json.replaceAll(namespace, '{ns}'), (key, inner: unknown) => (dropped.has(key) ? undefined : inner))
}

/** A story as a row: written, and looked at as the administrator. */
const rowsOf = (stories: readonly Story[]): ScriptRow[] =>
  stories.map(({ name, write, wanted }) => ({
    name,
    async check(door) {
      await write(door)
      for (const want of wanted) {
        const is = await stored(door, want)
        if (want.path === 'data') expect(is, want.of).toEqual(want.is)
        else expect(is, want.of).toMatchObject(Object(want.is))
      }
    },
  }))

const KEPT: ScriptRow = {
  name: 'what was applied is kept as it would have been',
  async check(door) {
    const annotations = await stored(door, { of: 'deploy/d', path: 'metadata.annotations', is: null })
    const applied: string = Reflect.get(Object(annotations), LAST_APPLIED)
    const { env } = JSON.parse(applied).spec.template.spec.containers[0]
    expect(env).toContainEqual({ name: 'DB_PASSWORD', value: ENV })
    expect(applied).not.toContain('masked')
  },
}

/** Placeholders that the agent was given. */
interface Given {
  readonly pw: string
  readonly pwbase: string
  readonly env: string
  readonly file: string
}
let given: Promise<Given> | null = null

async function givenTo(door: Door): Promise<Given> {
  const pw = await seenSecret(door, 'pw')
  const env = '{.spec.template.spec.containers[0].env[?(@.name=="DB_PASSWORD")].value}'
  return {
    pw,
    pwbase: base64(pw),
    env: await seen(door, 'deploy/d', env),
    file: await seen(door, 'cm/c', '{.data.app\\.conf}'),
  }
}

const refused = (name: string, run: string): ScriptRow => ({
  name: `refused: ${name}`,
  only: 'v35',
  async check(door) {
    given ??= givenTo(door)
    const placeholders = await given
    const line = run.replace(/\{(pw|pwbase|env|file)\}/g, (_all, name: keyof Given) => placeholders[name])
    const everything = (): Promise<string> =>
      admin(['get', 'secrets,cm,deploy,pods', '-n', door.fill('{ns}'), '-o', 'json'])
    const before = await everything()
    const result = await door.run(line)
    expect(result.code, result.stdout).toBe(1)
    expect(result.stderr).toMatch(/nothing was sent/)
    for (const value of [PW, OTHER, ENV, FILE, TOKEN].flatMap(formsOf)) expect(result.stderr).not.toContain(value)
    const after = await everything()
    expect(named(after)).toEqual(named(before))
    expect(after).not.toMatch(/⟦masked|4p\+mbWFza2Vk/)
  },
})

const RELEASE: ScriptRow = {
  name: 'a release’s life is what it would be without the door',
  async check(door) {
    const kubeconfig = REAL ? KUBECONFIG : join(installation.folder, 'demo', 'demo-admin.kubeconfig')
    const live = async (name: string, env: Readonly<Record<string, string>>): Promise<string> => {
      const ns = door.fill(`{ns}-${name}`)
      const dir = join(folder, ns)
      await mkdir(dir)
      const own = new Door(installation, door.version, { ...door.places, ns, dir })
      for (const line of LIFE) {
        if (line.includes('got.json'))
          await writeFile(
            join(dir, 'got.json'),
            await own.must('helm get values derived -n {ns} --all -o json', { env }),
          )
        await own.must(`helm ${line} -n {ns}`, { env })
      }
      return ns
    }
    const [agent, other] = await Promise.all([live('a', {}), live('b', { KUBECONFIG: kubeconfig })])
    const [here, there] = [await remains(agent), await remains(other)]
    expect(JSON.stringify(there)).toContain('third')
    expect(here).toEqual(there)
    expect(JSON.stringify(here)).not.toMatch(/⟦masked|4p\+mbWFza2Vk/)
    for (const command of ['get values derived --all', 'get manifest derived', 'history derived']) {
      const stdout = await door.must(`helm ${command} -n ${agent}`)
      for (const value of [CHART_PW, NEXT_PW, ODD].flatMap(formsOf)) expect(stdout).not.toContain(value)
    }
  },
}

const GROUPS: Readonly<Record<string, readonly ScriptRow[]>> = {
  helm: [RELEASE],
  Secrets: [...rowsOf(SECRETS), ...REFUSED.map(([name, run]) => refused(name, run))],
  'ConfigMaps and Deployments': [...rowsOf(OTHERS), KEPT],
}

const lanes = new Lanes()
const of = (version: Version) => ({ version, real: REAL, lanes })
const plans = { v35: plan(GROUPS, of('v35')), v30: plan(GROUPS, of('v30')) }
const VERSION_NAMES = ['v35', 'v30'] as const
const namespaces: string[] = []

/** A door with namespaces of its own. */
async function openDoor(version: Version): Promise<Door> {
  const ns = `placeholders-${version}-${process.pid}`
  for (const each of [ns, `${ns}-more`, `${ns}-a`, `${ns}-b`]) {
    namespaces.push(each)
    await admin(['create', 'namespace', each])
  }
  const t = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 't' }, stringData: { pw: OTHER } }
  const create = (namespace: string, objects: readonly unknown[]): Promise<string> =>
    admin(['create', '-n', namespace, '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'))
  await create(ns, [...OBJECTS, t])
  await create(`${ns}-more`, [{ ...t, metadata: { name: 's' } }])
  return new Door(installation, version, { ns, dir: folder, charts: CHARTS })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-e2e-files-'))
  const scripts = {
    'label.sh': 's/^metadata:/metadata:\\n  labels: {edited: "yes"}/',
    'port.sh': 's/port = 80$/port = 8080/',
    'image.sh': 's/busybox:3/busybox:4/',
  }
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\nexec sed -i '${script}' "$1"\n`)
    await chmod(join(folder, name), 0o755)
  }
  const values = { password: CHART_PW, odd: ODD, certificate: CERTIFICATE }
  await writeFile(join(folder, 'values.json'), JSON.stringify(values))
  installation = await startInstallation(REAL ? { kubeconfig: KUBECONFIG } : {})
  const [v35, v30] = await Promise.all([openDoor('v35'), openDoor('v30')])
  plans.v35.start(v35)
  plans.v30.start(v30)
})

afterAll(async () => {
  if (REAL) await installation?.admin(['delete', 'namespace', '--ignore-not-found', '--wait=false', ...namespaces])
  await installation?.close()
  await rm(folder, { recursive: true, force: true })
})

for (const version of VERSION_NAMES) {
  describe(`${VERSIONS[version]} on ${REAL ? 'a real cluster' : 'the demo cluster'}`, () => plans[version].declare())
}

test('no value that was put back is in any file of the gateway', async () => {
  await Promise.all([plans.v35.over, plans.v30.over])
  const values = [PW, OTHER, ENV, FILE, TOKEN, CHART_PW, NEXT_PW, ODD].flatMap(formsOf)
  expect(await filesWith(installation.folder, values)).toEqual([])
})
