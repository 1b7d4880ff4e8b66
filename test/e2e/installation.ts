// One `sallyport up` for a test file, in a folder of its own, on ports the system chose. In: which cluster, which runtime.
// Out: where things are, and the clients of its agent. Everything is stopped and removed by `close`.

import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Clients, clients } from '../clients.ts'
import { type Result, Running, type RunOptions, run } from './process.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const BIN = join(ROOT, 'cli', 'bin.js')
/** Building the app, starting five processes: seconds, on a busy machine a minute. */
const UP_MS = 150_000

/** kubectl 1.35 and helm 4, or kubectl 1.30 and helm 3. */
export type Version = keyof Awaited<ReturnType<typeof clients>>

export interface Installation {
  /** The data folder. */
  readonly folder: string
  /** The gateway. */
  readonly url: string
  /** `demo`, or `local` for a cluster of a kubeconfig. */
  readonly connection: 'demo' | 'local'
  readonly agentKubeconfig: string
  /** What `up` has said so far. */
  said(): string
  /** The `sallyport` command, as the administrator. */
  cli(args: readonly string[]): Promise<Result>
  /** A client of the agent, run to its end. */
  kubectl(version: Version, args: readonly string[], options?: RunOptions): Promise<Result>
  helm(version: Version, args: readonly string[], options?: RunOptions): Promise<Result>
  /** The same, left running. */
  start(tool: keyof Clients, version: Version, args: readonly string[], options?: RunOptions): Running
  /** kubectl past the gateway, as the cluster's administrator. */
  admin(args: readonly string[], options?: RunOptions): Promise<Result>
  /** The process ids of one part. */
  processes(part: 'gateway' | 'connector'): Promise<number[]>
  close(): Promise<void>
}

/** kubectl 1.30 speaks WebSocket only when it is told to. */
const SETTINGS: Readonly<Record<Version, Readonly<Record<string, string>>>> = {
  v35: {},
  v30: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'true' },
}

/** What the agent may do in a real cluster: everything but what no agent should, so that both answers can be seen. */
const AGENT_ROLE = [
  '{"verbs":["get","list","watch","create","update","patch","delete","deletecollection"],"apiGroups":["*"],"resources":["*"]}',
  '{"verbs":["get"],"nonResourceURLs":["*"]}',
].join(',')

async function processesOf(folder: string, part: 'gateway' | 'connector'): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    const words = line.split('\0')
    const is = part === 'gateway' ? words.includes(join(folder, 'gateway.json')) : words.includes('connector')
    if (is && words.some((word) => word.startsWith(folder))) found.push(Number(name))
  }
  return found
}

/**
 * Starts one.
 * @param options.kubeconfig a real cluster's administrator; absent: the demo cluster. Group `ai-agents` gets a role there
 * until `close`.
 */
export async function startInstallation(
  options: { readonly kubeconfig?: string; readonly runtime?: 'bun' | 'deno' } = {},
): Promise<Installation> {
  const { kubeconfig, runtime } = options
  const tools = await clients()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-e2e-'))
  const home = join(folder, 'home')
  await mkdir(home)
  const adminKubeconfig = kubeconfig ?? join(folder, 'demo', 'demo-admin.kubeconfig')
  const admin: Installation['admin'] = (args, more = {}) =>
    run(tools.v35.kubectl, args, { ...more, env: { HOME: home, KUBECONFIG: adminKubeconfig, ...more.env } })
  const role = `sallyport-e2e-${randomBytes(4).toString('hex')}`
  if (kubeconfig !== undefined) {
    const meta = `"apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"${role}"}`
    const documents = `{"kind":"ClusterRole",${meta},"rules":[${AGENT_ROLE}]}
---
{"kind":"ClusterRoleBinding",${meta},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"${role}"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"ai-agents"}]}`
    const made = await admin(['create', '-f', '-'], { stdin: documents })
    if (made.code !== 0) throw new Error(`the cluster of ${kubeconfig} does not let a role be made: ${made.stderr}`)
  }
  const up = new Running(
    process.execPath,
    [
      BIN,
      'up',
      '--data',
      folder,
      '--port',
      '0',
      ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
      ...(runtime === undefined ? [] : ['--runtime', runtime]),
    ],
    { limitMs: 2 ** 31 - 1 },
  )
  const close = async (): Promise<void> => {
    if (kubeconfig !== undefined) {
      await admin(['delete', 'clusterrolebinding,clusterrole', role, '--ignore-not-found'])
    }
    up.interrupt('SIGTERM')
    await up.done
    // What was told to end may still write a last file.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  try {
    await up.until(/Stop with Ctrl-C/, UP_MS)
  } catch (error) {
    await close()
    throw error
  }
  const url = /gateway\s+(https:\S+)/.exec(up.stdout)?.[1] ?? ''
  const agentKubeconfig = join(folder, 'agent.kubeconfig')
  // One name for the run of an agent: the processes of a test run have no ancestor that would tell.
  const env = (version: Version, more: RunOptions): RunOptions => ({
    ...more,
    env: {
      HOME: home,
      KUBECONFIG: agentKubeconfig,
      SALLYPORT_SESSION: `e2e ${version}`,
      ...SETTINGS[version],
      ...more.env,
    },
  })
  return {
    folder,
    url,
    connection: kubeconfig === undefined ? 'demo' : 'local',
    agentKubeconfig,
    said: () => `${up.stdout}\n${up.stderr}`,
    cli: (args) => run(process.execPath, [BIN, ...args, '--data', folder]),
    kubectl: (version, args, more = {}) => run(tools[version].kubectl, args, env(version, more)),
    helm: (version, args, more = {}) => run(tools[version].helm, args, env(version, more)),
    start: (tool, version, args, more = {}) => new Running(tools[version][tool], args, env(version, more)),
    admin,
    processes: (part) => processesOf(folder, part),
    close,
  }
}
