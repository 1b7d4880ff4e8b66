// up: everything on one machine, each part a process of its own. In: options. Out: files in the data folder and a few lines
// that say where things are; runs until it is told to stop.

import { join, relative, resolve } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import type { LoginLink } from '../../worker/api/types.ts'
import { type Api, apiOf } from '../api.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { exchange, machineIdToken } from '../exchange.ts'
import { agentKubeconfig } from '../kubeconfig.ts'
import { print } from '../output.ts'
import { readIfThere, writeAgentState, writeCliState, writeWhole } from '../state.ts'
import { builtApp } from '../up/app.ts'
import { prepareConnector } from '../up/connector.ts'
import { loadSecrets, loadTls, loginCodeFile, type Secrets, type Tls } from '../up/identity.ts'
import { lockData } from '../up/lock.ts'
import { applyPolicies, type PolicyFile, readPolicies } from '../up/policies.ts'
import { gatewayPort, providerPort } from '../up/ports.ts'
import { BUN, CLI } from '../up/runtimes.ts'
import type { Service } from '../up/service.ts'
import { connectorService, demoClusterService, gatewayService, providerService } from '../up/services.ts'
import { gatewaySettings, providerSettings } from '../up/settings.ts'

/** The administrator's token is renewed with this much left. */
const RENEW_BEFORE_MS = 3 * 60 * 1000
/** A renewal that failed is tried again after this. */
const RENEW_RETRY_MS = 5_000
/** A connector that has not dialled in by then cannot reach something. */
const CONNECTED_MS = 45_000
const POLL_MS = 50

const say = (line: string) => process.stderr.write(`sallyport: ${line}\n`)

/** A real cluster knows nothing of the agent yet, and what it may do there is not for us to say. */
const RIGHTS = `  rights      in your cluster the agent is user "agent" of group "ai-agents" and may do what RBAC says, e.g.
              kubectl create clusterrolebinding ai-agents --clusterrole=edit --group=ai-agents
`

interface Machine {
  readonly data: string
  readonly url: string
  readonly issuer: string
  readonly tls: Tls
  readonly secrets: Secrets
}

/** Keeps cli.json's token fresh while `up` runs. The first one is there when this resolves. */
async function keepAdminToken(machine: Machine, stopping: AbortSignal): Promise<Api> {
  const { url, tls, secrets, issuer, data } = machine
  const renew = async () => {
    const idToken = await machineIdToken(`${issuer}/machine/token`, secrets.adminSecret, tls.ca)
    const granted = await exchange({ url, ca: tls.ca }, idToken, `${url}/api`)
    const expiresAt = new Date(granted.expiresAt).toISOString()
    await writeCliState(data, { url, ca: tls.ca, token: granted.token, expiresAt })
    return granted
  }
  let current = await renew()
  const keep = async () => {
    while (!stopping.aborted) {
      await pause(Math.max(RENEW_RETRY_MS, current.expiresAt - Date.now() - RENEW_BEFORE_MS), undefined, {
        signal: stopping,
      })
      try {
        current = await renew()
      } catch {
        // A part is being started again; the next try is soon, and the old token still lives.
        await pause(RENEW_RETRY_MS, undefined, { signal: stopping })
      }
    }
  }
  keep().catch(() => undefined)
  return apiOf({
    url,
    ca: tls.ca,
    get token() {
      return current.token
    },
  })
}

/** Why the connector could not start, from its log; null while there is no such line. */
async function connectorTrouble(logFile: string): Promise<string | null> {
  for (const line of ((await readIfThere(logFile)) ?? '').split('\n')) {
    try {
      const entry: unknown = JSON.parse(line)
      if (typeof entry !== 'object' || entry === null || !('level' in entry) || entry.level !== 'error') continue
      if ('why' in entry && typeof entry.why === 'string') return entry.why
    } catch {
      // Not a line of the connector's log.
    }
  }
  return null
}

/** Waits until a connector of the connection is live. */
async function untilConnected(api: Api, connection: string, stopping: AbortSignal, logFile: string): Promise<void> {
  const giveUpAt = Date.now() + CONNECTED_MS
  while (!stopping.aborted) {
    const { items } = await api.get<{ items: { name: string; connectors: { live: boolean }[] }[] }>(
      '/api/v1/connections',
    )
    if (items.some((item) => item.name === connection && item.connectors.some(({ live }) => live))) return
    const trouble = await connectorTrouble(logFile)
    if (trouble !== null) throw new Failure(`the connector cannot start: ${trouble}`)
    if (Date.now() > giveUpAt)
      throw new Failure(`the connector does not reach the gateway or the cluster; see ${logFile}`)
    await pause(POLL_MS)
  }
}

async function register(api: Api, connection: string, description: string): Promise<void> {
  await api.send('PUT', `/api/v1/connections/${connection}`, {
    type: 'application/json',
    text: JSON.stringify({ description }),
  })
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}

export async function up(invocation: Invocation): Promise<number> {
  const wanted = Number(invocation.option('port') ?? '8443')
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535)
    throw new UsageError('--port takes a number from 0 to 65535')
  const runtime = invocation.option('runtime') ?? 'bun'
  if (runtime !== 'bun' && runtime !== 'deno') throw new UsageError('--runtime takes bun or deno')
  const kubeconfig = invocation.option('kubeconfig')
  const context = invocation.option('context')
  if (context !== undefined && kubeconfig === undefined) throw new UsageError('--context goes with --kubeconfig')
  const data = resolve(invocation.data)
  const policies = await readPolicies(invocation.options('policy'))

  const unlock = lockData(data)
  const stopping = new AbortController()
  const services: Service[] = []
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        stopping.abort()
        resolve()
      })
    }
  })
  const run = async (service: Service): Promise<Service> => {
    // A stop while starting: nothing more is started behind its back.
    stopping.signal.throwIfAborted()
    services.push(service)
    await service.start()
    return service
  }
  try {
    const started = start({ data, wanted, runtime, kubeconfig, context, policies, run, stopping: stopping.signal })
    // A stop while starting ends the wait; what has been started is stopped below.
    await Promise.race([started, stopped])
    started.catch(() => undefined)
    if (!stopping.signal.aborted) await stopped
    say('stopping')
    return 0
  } finally {
    stopping.abort()
    // The gateway last, so that the connector can say goodbye.
    for (const service of services.reverse()) await service.stop()
    unlock()
  }
}

interface StartOptions {
  readonly data: string
  readonly wanted: number
  readonly runtime: 'bun' | 'deno'
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  readonly policies: readonly PolicyFile[]
  readonly run: (service: Service) => Promise<Service>
  readonly stopping: AbortSignal
}

async function start(options: StartOptions): Promise<void> {
  const { data, runtime, run, stopping } = options
  const logs = join(data, 'logs')
  const [tls, secrets] = await Promise.all([loadTls(data), loadSecrets(data)])
  const [port, oidcPort] = [await gatewayPort(options.wanted), await providerPort(data)]
  const url = `https://127.0.0.1:${port}`
  const issuer = `https://127.0.0.1:${oidcPort}`
  const machine: Machine = { data, url, issuer, tls, secrets }
  const appDir = await builtApp(say)
  stopping.throwIfAborted()
  await writeWhole(join(data, 'oidc.json'), providerSettings({ issuer, gateway: url, tls, secrets }))
  await writeWhole(join(data, 'gateway.json'), gatewaySettings({ url, port, issuer, tls, secrets, appDir }))
  await writeWhole(join(logs, 'README'), 'What the parts of sallyport up say. Safe to delete.\n')

  const demo = options.kubeconfig === undefined
  const connection = demo ? 'demo' : 'local'
  const target = demo
    ? { kubeconfig: join(data, 'demo', 'demo-admin.kubeconfig') }
    : {
        kubeconfig: resolve(options.kubeconfig ?? ''),
        ...(options.context === undefined ? {} : { context: options.context }),
      }
  let connector: Service | null = null
  await Promise.all([
    run(providerService({ data, logs, say })),
    // A demo cluster that was started again has another address and other keys: the connector reads them anew.
    ...(demo ? [run(demoClusterService({ data, logs, say, onRestarted: () => connector?.restart() }))] : []),
    run(gatewayService({ data, logs, say, runtime })),
  ])
  const api = await keepAdminToken(machine, stopping)
  await applyPolicies(api, options.policies)
  await register(api, connection, demo ? 'The demo cluster of this machine' : 'A cluster of yours')
  const { state, code } = await prepareConnector(api, data, connection, url)
  connector = await run(
    connectorService({ logs, say, gateway: url, ca: join(data, 'ca.crt'), connection, state, code, ...target }),
  )
  await untilConnected(api, connection, stopping, join(logs, 'connector.log'))

  await writeAgentState(data, {
    url,
    ca: tls.ca,
    machine: { url: `${issuer}/machine/token`, secret: secrets.agentSecret },
  })
  const agentFile = join(data, 'agent.kubeconfig')
  await writeWhole(
    agentFile,
    agentKubeconfig({ gateway: url, ca: tls.ca, connection, command: BUN, args: [CLI], tokenArgs: ['--data', data] }),
  )
  const link = await api.send<LoginLink>('POST', '/api/v1/login-links')
  if (stopping.aborted) return
  const elsewhere = shortPath(data) === '.sallyport' ? '' : ` --data ${shortPath(data)}`
  print(`
Sallyport is up.

  gateway     ${url}  (${runtime}; CA ${shortPath(join(data, 'ca.crt'))})
  app         ${link?.url}
              logs you in as the local administrator: once, within ten minutes. Others log in
              at ${url}: Alice (group sre) may approve, Bob may look
  login code  ${secrets.loginCode}  (for Alice and for Bob; kept in ${shortPath(loginCodeFile(data))})
  connection  ${connection}  ${demo ? '(the demo cluster)' : `(${options.kubeconfig})`}
  agent       KUBECONFIG=${shortPath(agentFile)} kubectl get pods -A
${demo ? '' : RIGHTS}  approvals   npx sallyport approvals watch${elsewhere}
  recordings  npx sallyport sessions list${elsewhere}
  logs        ${shortPath(logs)}

This is for trying it. An agent that runs as you can read ${shortPath(join(data, 'cli.json'))} or the login code, and approve its own
requests; another user of this machine cannot. Run real agents as another user or in a container, against a gateway
with a real identity provider.

Stop with Ctrl-C.
`)
}
