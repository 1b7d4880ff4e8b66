// A gateway on a runtime of choice before the demo cluster or a real one, with as many agents as a test wants: each is an
// identity and a session of its own, so that tests can run side by side. In: runtime, how long a poll waits. Out: a Stage.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exchange } from '../../../cli/exchange.ts'
import { writeCliState } from '../../../cli/state.ts'
import { clients } from '../../clients.ts'
import { type Runtime, startWorld, until, type World } from '../../contract/world.ts'
import { Door } from '../door.ts'
import type { Installation, Version } from '../installation.ts'
import { Running, type RunOptions, run } from '../process.ts'
import { People } from './people.ts'
import { POLICIES } from './policies.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const CHARTS = join(ROOT, 'test', 'fixtures')
/** kubectl 1.30 speaks WebSocket only when it is told to. */
const SETTINGS: Readonly<Record<Version, Readonly<Record<string, string>>>> = {
  v35: {},
  v30: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'true' },
}
/** What every agent of the suite may do by the cluster's RBAC; no policy names this group. */
const RIGHTS = 'sallyport-e2e-agents'

/** An agent: one identity in one session, with the clients of one version. */
export interface Agent {
  readonly username: string
  readonly session: string
  readonly token: string
  readonly door: Door
}

export interface Stage {
  readonly world: World
  readonly people: People
  /** A real cluster, not the demo. */
  readonly real: boolean
  /** An image that can be had there. */
  readonly image: string
  /** A folder for a test's files. */
  readonly folder: string
  /**
   * @param group the policies that hold for it (policies.ts)
   * @param username absent: one of its own; the same again is the same identity in another session
   */
  agent(version: Version, group: string, namespace: string, username?: string): Promise<Agent>
  /** kubectl past the gateway, as the cluster's administrator. @throws when it fails @returns its standard output */
  admin(args: readonly string[], stdin?: string): Promise<string>
  /** A namespace, deleted at the end. */
  namespace(name: string): Promise<string>
  connectorDown(): Promise<void>
  connectorUp(): Promise<void>
  /** The `sallyport` command as an approver. */
  cli(args: readonly string[]): ReturnType<typeof run>
  close(): Promise<void>
}

interface Cluster {
  readonly kubeconfig: string
  close(): Promise<void>
}

/** The demo cluster as a process of its own. */
async function demoCluster(folder: string): Promise<Cluster> {
  const bun = join(ROOT, 'node_modules/.bin/bun')
  const data = join(folder, 'demo')
  const cluster = new Running(bun, [join(ROOT, 'demo/kube/main.ts'), '--data', data], { limitMs: 2 ** 31 - 1 })
  await cluster.until(/^KUBECONFIG=/m, 60_000)
  return {
    kubeconfig: join(data, 'demo-admin.kubeconfig'),
    async close() {
      cluster.interrupt('SIGTERM')
      await cluster.done
    },
  }
}

/** @param options.kubeconfig a real cluster's administrator; `''`: the demo cluster */
export async function openStage(options: {
  readonly runtime: Runtime
  readonly kubeconfig: string
  readonly pollMs?: number
}): Promise<Stage> {
  const { runtime, pollMs } = options
  const real = options.kubeconfig !== ''
  const tools = await clients()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-holds-'))
  const home = join(folder, 'home')
  await mkdir(home)
  const cluster: Cluster = real
    ? { kubeconfig: options.kubeconfig, close: async () => undefined }
    : await demoCluster(folder)
  const env = { HOME: home, KUBECONFIG: cluster.kubeconfig }
  const admin: Stage['admin'] = async (args, stdin) => {
    const done = await run(tools.v35.kubectl, args, { env, ...(stdin === undefined ? {} : { stdin }) })
    if (done.code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${done.code}: ${done.stderr}`)
    return done.stdout
  }
  const role = `${RIGHTS}-${process.pid}`
  const named = ['--ignore-not-found', '--wait=false']
  const namespaces: string[] = []
  let opened: World | null = null
  const close = async (): Promise<void> => {
    await opened?.close()
    if (real) {
      await admin(['delete', 'clusterrolebinding', role, ...named])
      if (namespaces.length > 0) await admin(['delete', 'namespace', ...namespaces, ...named])
    }
    await cluster.close()
    // What was told to end may still write a last file.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  try {
    await admin(['create', 'clusterrolebinding', role, '--clusterrole=cluster-admin', `--group=${RIGHTS}`])
    const world = await startWorld(runtime, {
      config: {
        roles: { approver: ['sre'], admin: ['admins'] },
        ...(pollMs === undefined ? {} : { holds: { pollMs } }),
      },
    })
    opened = world
    const people = new People(world)
    const url = `https://127.0.0.1:${world.port}`
    await world.apply(POLICIES)
    const target = await admin(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json'])
    await world.connectorDown()
    await writeFile(join(world.folder, 'cluster.kubeconfig'), target)
    let connector = await world.connectorProcess('cluster-connector')
    let agents = 0

    const agent: Stage['agent'] = async (version, group, namespace, username) => {
      agents += 1
      const number = agents
      const name = username ?? `${group}-${number}`
      const idToken = await world.issuer.sign({
        sub: name,
        groups: [RIGHTS, group],
        exp: Math.floor(Date.now() / 1000) + 3600,
      })
      const granted = await exchange({ url, ca: world.ca }, idToken, `${url}/clusters/test`, {
        purpose: `tests ${group}`,
      })
      const file = join(folder, `agent-${number}.kubeconfig`)
      await writeFile(file, kubeconfigOf(url, world.ca, granted.token))
      const dir = join(folder, `files-${number}`)
      await mkdir(dir)
      const settings = (more: RunOptions): RunOptions => ({
        ...more,
        env: { HOME: home, KUBECONFIG: file, ...SETTINGS[version], ...more.env },
      })
      const installation: Installation = {
        folder: world.folder,
        url,
        connection: real ? 'local' : 'demo',
        agentKubeconfig: file,
        said: () => world.output(),
        cli,
        kubectl: (_version, args, more = {}) => run(tools[version].kubectl, args, settings(more)),
        helm: (_version, args, more = {}) => run(tools[version].helm, args, settings(more)),
        start: (tool, _version, args, more = {}) => new Running(tools[version][tool], args, settings(more)),
        admin: (args, more = {}) => run(tools.v35.kubectl, args, { ...more, env: { ...env, ...more.env } }),
        processes: async () => [],
        close: async () => undefined,
      }
      const door = new Door(installation, version, { ns: namespace, dir, image: imageOf(real), charts: CHARTS })
      return { username: name, session: granted.session ?? '', token: granted.token, door }
    }
    const cliFolder = join(folder, 'cli')
    await writeCliState(cliFolder, {
      url,
      ca: world.ca,
      token: await people.tokenOf('carol', ['sre']),
      expiresAt: new Date(Date.now() + 600_000).toISOString(),
    })
    const cli: Stage['cli'] = (args) =>
      run(join(ROOT, 'node_modules/.bin/bun'), [join(ROOT, 'cli/main.ts'), ...args, '--data', cliFolder])

    return {
      world,
      people,
      real,
      image: imageOf(real),
      folder,
      agent,
      admin,
      async namespace(name) {
        const full = `${name}-${process.pid}`
        namespaces.push(full)
        await admin(['create', 'namespace', full])
        return full
      },
      async connectorDown() {
        await connector.kill()
        await until('the connector is gone', async () => !(await people.connected()))
      },
      async connectorUp() {
        connector = await world.connectorProcess('cluster-connector')
      },
      cli,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function imageOf(real: boolean): string {
  return real ? 'localhost/busybox:1' : 'registry.demo.invalid/nginx:1.27'
}

function kubeconfigOf(url: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server: `${url}/clusters/test`, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  })
}
