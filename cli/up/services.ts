// The parts of `sallyport up`: which program each is, on which runtime, and how it says that it is ready.

import { join } from 'node:path'
import { BUN, CLI, DENO, NODE, ROOT } from './runtimes.ts'
import { isReadyLine, Service } from './service.ts'

const GUARD = join(ROOT, 'cli', 'up', 'guard.ts')

interface Common {
  readonly logs: string
  readonly say: (line: string) => void
}

/** The OIDC provider, on the Node of npm: the runtime oidc-provider supports. */
export function providerService({ data, logs, say }: Common & { readonly data: string }): Service {
  return new Service({
    name: 'the identity provider',
    command: NODE,
    args: ['--import', GUARD, join(ROOT, 'demo', 'oidc', 'main.ts'), '--config', join(data, 'oidc.json')],
    env: { NODE_ENV: 'production' },
    logFile: join(logs, 'oidc.log'),
    ready: isReadyLine,
    say,
  })
}

export function demoClusterService({
  data,
  logs,
  say,
  onRestarted,
}: Common & { readonly data: string; readonly onRestarted: () => void }): Service {
  return new Service({
    name: 'the demo cluster',
    command: BUN,
    args: ['--preload', GUARD, join(ROOT, 'demo', 'kube', 'main.ts'), '--data', join(data, 'demo')],
    logFile: join(logs, 'demo-cluster.log'),
    ready: (line) => line.startsWith('KUBECONFIG='),
    say,
    onRestarted,
  })
}

export function gatewayService({
  data,
  logs,
  say,
  runtime,
}: Common & { readonly data: string; readonly runtime: 'bun' | 'deno' }): Service {
  const main = join(ROOT, 'worker', 'runtime', 'main.ts')
  const config = ['--config', join(data, 'gateway.json')]
  const args =
    runtime === 'bun'
      ? ['--preload', GUARD, main, ...config]
      : ['run', '-A', '--no-prompt', '--unstable-no-legacy-abort', '--preload', GUARD, main, ...config]
  return new Service({
    name: 'the gateway',
    command: runtime === 'bun' ? BUN : DENO,
    args,
    logFile: join(logs, 'gateway.log'),
    ready: isReadyLine,
    say,
  })
}

/** The connector is ready when the gateway says that it dialled in; here it only has to run. */
export function connectorService(
  of: Common & {
    readonly gateway: string
    readonly ca: string
    readonly connection: string
    readonly state: string
    readonly code: string | undefined
    readonly kubeconfig: string
    readonly context?: string
  },
): Service {
  const values = {
    gateway: of.gateway,
    'gateway-ca': of.ca,
    connection: of.connection,
    state: of.state,
    code: of.code,
    kubeconfig: of.kubeconfig,
    context: of.context,
  }
  const flags = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
  return new Service({
    name: 'the connector',
    command: BUN,
    args: ['--preload', GUARD, CLI, 'connector', ...flags],
    logFile: join(of.logs, 'connector.log'),
    ready: 'at once',
    say: of.say,
  })
}
