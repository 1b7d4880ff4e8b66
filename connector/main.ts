// The connector as a program: flags in, a running connector out. Logs JSON lines to stderr, never a credential.

import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { type ConnectorIdentity, openIdentity } from './identity.ts'
import { type LogLine, logToStderr } from './log.ts'
import { type Connector, runConnector as run } from './run.ts'
import { inClusterTarget } from './target/incluster.ts'
import { kubeconfigTarget } from './target/kubeconfig.ts'
import type { Target } from './target/target.ts'

/** What the connector is told, whether by flags or by whoever starts it in their own process. */
export interface RunOptions {
  /** The gateway's public URL, `https://…`. */
  readonly gateway: string
  readonly connection: string
  /** PEM. */
  readonly gatewayCa?: string
  /** Folder for the key; made when absent. */
  readonly state: string
  /** One-time enrolment code; needed at the first start only. */
  readonly code?: string
  /** Exactly one of `kubeconfig` and `inCluster`. */
  readonly kubeconfig?: string
  readonly context?: string
  readonly inCluster?: boolean
  readonly allowInsecureCluster?: boolean
  readonly readOnly?: boolean
  readonly denyNamespaces?: readonly string[]
  readonly log?: LogLine
}

export type { Connector }

/** Measured: 400 MB written by a server to a paused node:tls socket were all read, against 4 MB on Bun and Node. */
const DENO_GAP =
  'on Deno a TLS connection is read on while it is paused: a client that stops reading a large answer costs memory here; run the connector on Bun or Node'

async function targetOf(options: RunOptions): Promise<Target> {
  const now = (): number => Date.now()
  if (options.inCluster === true) return inClusterTarget({ env: process.env, now })
  if (options.kubeconfig === undefined) throw new Error('give --kubeconfig FILE or --in-cluster')
  return kubeconfigTarget({
    path: options.kubeconfig,
    ...(options.context === undefined ? {} : { context: options.context }),
    allowInsecure: options.allowInsecureCluster ?? false,
    env: process.env,
    now,
  })
}

/**
 * Starts a connector in this process: reads the target, enrols when that is due, then dials until closed.
 * `closed` rejects, with words for a person, when it could not be started.
 */
export function runConnector(options: RunOptions): Connector {
  const log = options.log ?? logToStderr
  const gateway = { url: options.gateway.replace(/\/+$/, ''), ca: options.gatewayCa }
  let running: Connector | null = null
  let stopped = false

  const start = async (): Promise<void> => {
    if ('Deno' in globalThis) log('warn', DENO_GAP)
    const target = await targetOf(options)
    const name =
      hostname()
        .toLowerCase()
        .replace(/[^a-z0-9.-]/g, '-')
        .slice(0, 40) || 'connector'
    const identity: ConnectorIdentity = await openIdentity(options.state, gateway, { code: options.code, name })
    if (!identity.connections.includes(options.connection)) {
      throw new Error(
        `this connector is enrolled for ${identity.connections.join(', ')}, not for ${options.connection}`,
      )
    }
    if (stopped) return
    running = run({
      gateway,
      connection: options.connection,
      identity,
      target,
      limits: { readOnly: options.readOnly ?? false, denyNamespaces: options.denyNamespaces ?? [] },
      log,
    })
    await running.closed
  }

  return {
    closed: start(),
    close() {
      stopped = true
      running?.close()
    },
  }
}

const USAGE = `usage: connector --gateway URL --connection NAME --state DIR [--code CODE] [--gateway-ca FILE]
                 (--kubeconfig FILE [--context NAME] [--allow-insecure-cluster] | --in-cluster)
                 [--read-only] [--deny-namespace NS]...

  --gateway URL              the gateway, https://...
  --connection NAME          the connection this cluster is registered as
  --state DIR                folder for the connector's key, made at the first start
  --code CODE                one-time enrolment code, needed at the first start
  --gateway-ca FILE          PEM of the CA that signed the gateway's certificate
  --kubeconfig FILE          how to reach the API server
  --context NAME             the context in it; absent: its current one
  --allow-insecure-cluster   take a kubeconfig that does not verify the API server
  --in-cluster               reach the API server with the pod's service account
  --read-only                forward GET and HEAD only, no exec, attach, port-forward or proxy
  --deny-namespace NS        refuse whatever concerns this namespace; may be repeated
`

/** Runs the program. Resolves with the exit code: 0 ended as told, 1 failed, 2 usage. */
export async function main(argv: readonly string[]): Promise<number> {
  const options = await flags(argv)
  if (options === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${USAGE}`)
    return 2
  }
  const connector = runConnector(options)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => connector.close())
  try {
    await connector.closed
    return 0
  } catch (error) {
    logToStderr('error', 'cannot start', { why: error instanceof Error ? error.message : 'unknown' })
    return 1
  }
}

async function flags(argv: readonly string[]): Promise<RunOptions | 'help' | string> {
  let values: ReturnType<typeof parse>['values']
  try {
    values = parse(argv).values
  } catch (error) {
    return error instanceof Error ? error.message : 'usage'
  }
  if (values.help === true) return 'help'
  const { gateway, connection, state } = values
  if (gateway === undefined || connection === undefined || state === undefined) {
    return '--gateway, --connection and --state are needed'
  }
  if (!URL.canParse(gateway) || new URL(gateway).protocol !== 'https:') return '--gateway must be an https URL'
  if ((values.kubeconfig !== undefined) === (values['in-cluster'] === true)) {
    return 'give either --kubeconfig FILE or --in-cluster'
  }
  const caFile = values['gateway-ca']
  let gatewayCa: string | undefined
  try {
    if (caFile !== undefined) gatewayCa = await readFile(caFile, 'utf8')
  } catch {
    return `cannot read ${caFile}`
  }
  return {
    gateway,
    connection,
    state,
    readOnly: values['read-only'] ?? false,
    allowInsecureCluster: values['allow-insecure-cluster'] ?? false,
    inCluster: values['in-cluster'] ?? false,
    denyNamespaces: values['deny-namespace'] ?? [],
    ...(gatewayCa === undefined ? {} : { gatewayCa }),
    ...(values.code === undefined ? {} : { code: values.code }),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    ...(values.context === undefined ? {} : { context: values.context }),
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    allowPositionals: false,
    options: {
      gateway: { type: 'string' },
      connection: { type: 'string' },
      state: { type: 'string' },
      code: { type: 'string' },
      'gateway-ca': { type: 'string' },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      'allow-insecure-cluster': { type: 'boolean' },
      'in-cluster': { type: 'boolean' },
      'read-only': { type: 'boolean' },
      'deny-namespace': { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  })
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
