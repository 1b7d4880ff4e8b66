// The gateway on workerd for the contract suite: bundled as wrangler would, served by `workerd serve` with TLS.
// (`wrangler dev` normalises paths before the worker sees them, `workerd serve` does not.)

import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const ROOT = resolve(import.meta.dirname, '../..')

/** Bundles and starts it. The caller waits until it answers. */
export async function startWorkerd(options: {
  readonly folder: string
  readonly port: number
  readonly config: unknown
  readonly certificate: { readonly cert: string; readonly key: string }
}): Promise<ChildProcess> {
  const { folder, port, config, certificate } = options
  await build({
    entryPoints: [join(ROOT, 'worker/runtime/workerd.ts')],
    outfile: join(folder, 'worker.js'),
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'error',
  })
  const text = (value: string): string => JSON.stringify(value)
  await writeFile(
    join(folder, 'workerd.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "internet", network = (allow = ["local", "private", "public"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(
    name = "https", address = "127.0.0.1:${port}", service = "gateway",
    https = (options = (), tlsOptions = (keypair = (privateKey = ${text(certificate.key)}, certificateChain = ${text(certificate.cert)}))),
  )],
);
const gateway :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [
    (name = "SALLYPORT_CONFIG", text = ${text(JSON.stringify(config))}),
    (name = "HUB", durableObjectNamespace = "ConnectionHubObject"),
    (name = "API", durableObjectNamespace = "GatewayApi"),
  ],
  durableObjectNamespaces = [(className = "ConnectionHubObject", uniqueKey = "sallyport-hub", preventEviction = true),
    (className = "GatewayApi", uniqueKey = "sallyport-api", preventEviction = true)],
  durableObjectStorage = (inMemory = void),
);
`,
  )
  return spawn(join(ROOT, 'node_modules/.bin/workerd'), ['serve', '--experimental', join(folder, 'workerd.capnp')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
