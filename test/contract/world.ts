// One whole installation for the contract suite: a gateway process on a given runtime, a connector, a scripted API server,
// an OIDC issuer, a database. Everything on ports the system chose, in a folder of its own; stopped by `close`.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { runConnector } from '../../connector/main.ts'
import { issueCertificate, makeAuthority } from '../../demo/certificates.ts'
import { issueGatewayToken } from '../../worker/authenticate/gatewaytoken.ts'
import { parseConfig } from '../../worker/config.ts'
import { type HranaServer, startHrana } from '../hrana.ts'
import { createKube, type Kube } from './kube.ts'
import { type RawAnswer, rawRequest } from './raw.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import { startWorkerd } from './workerd.ts'

export type Runtime = 'bun' | 'deno' | 'workerd'

/** What every file of the suite runs on: `describe.each(RUNTIMES)`. */
export const RUNTIMES: readonly Runtime[] = ['bun', 'deno', 'workerd']

const CONNECTOR_TOKEN = 'the-connectors-own-credential'
const ROOT = resolve(import.meta.dirname, '../..')
const BIN = join(ROOT, 'node_modules/.bin')

/** A free port of the moment; the gateway's own URL must be known before it listens. */
export async function freePort(): Promise<number> {
  const server = createNetServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((done) => server.close(() => done()))
  return port
}

/** An OIDC issuer that signs what it is told; counts how often its keys were asked for. */
export interface Issuer {
  readonly url: string
  readonly keyFetches: number
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  readonly publicPem: string
  close(): Promise<void>
}

async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  let keyFetches = 0
  let url = ''
  const server = createHttpServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` }))
      return
    }
    keyFetches += 1
    response.end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    get url() {
      return url
    },
    get keyFetches() {
      return keyFetches
    },
    publicPem: JSON.stringify(jwk),
    sign(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({
        iss: url,
        aud: 'sallyport',
        sub: 'agent',
        groups: ['ai-agents'],
        iat: now,
        exp: now + 600,
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header })
        .sign(privateKey)
    },
    close: () => new Promise<void>((done) => server.close(() => done())),
  }
}

/** What tests get. */
export interface World {
  readonly runtime: Runtime
  readonly upstream: Upstream
  /** The demo cluster behind what is scripted; only where it was asked for. */
  readonly kube: Kube | null
  readonly issuer: Issuer
  readonly ca: string
  readonly port: number
  readonly folder: string
  /** A token of the agent: `agent`, group `ai-agents`. */
  readonly token: string
  /** Where the database's files lie. */
  readonly databaseFolder: string
  /** Only with a database over HTTP. */
  readonly hrana: HranaServer | null
  /** One request to `/clusters/test` + target, byte for byte. */
  ask(target: string, options?: AskOptions): Promise<RawAnswer>
  /** The API as an administrator. */
  api(path: string, init?: ApiInit): Promise<RawAnswer>
  /** The API as somebody else. */
  apiAs(who: { readonly username: string; readonly groups: readonly string[] }): Promise<World['api']>
  apply(yaml: string): Promise<void>
  connectorUp(): Promise<void>
  connectorDown(): Promise<void>
  /** A connector in a process of its own, with its own key, dialled in. `kill` ends it as a crash would. */
  connectorProcess(name: string): Promise<{ kill(): Promise<void> }>
  gatewayDown(): Promise<void>
  gatewayUp(): Promise<void>
  /** What the gateway wrote to its own output so far. */
  output(): string
  close(): Promise<void>
}

export interface ApiInit {
  readonly method?: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  readonly token?: string | null
  /** Absent: `/clusters/test`. */
  readonly prefix?: string
  /** The Host header; absent: the gateway's address. */
  readonly host?: string
}

/** Waits until `check` holds; fails after 30 s. Polls, since what is awaited is in another process. */
export async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`)
    await new Promise((done) => setTimeout(done, 25))
  }
}

const POLICY = `
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: contract}
spec:
  subjects: [{groups: [ai-agents]}]
  connections: [test]
  rules:
  - {name: all, effect: Allow, verbs: ["*"], resources: ["*"]}
  - {name: paths, effect: Allow, verbs: [get], paths: ["*"]}
  - {name: not-here, effect: Deny, verbs: ["*"], resources: ["*"], namespaces: [forbidden], message: This namespace is closed.}
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: narrow}
spec:
  subjects: [{users: [narrow]}]
  connections: [test]
  rules:
  - {name: one-secret, effect: Allow, verbs: [get], resources: [secrets], names: [s], namespaces: [d]}
  - {name: change, effect: Allow, verbs: [update, patch], resources: [configmaps], namespaces: [d]}
  - {name: pods, effect: Allow, verbs: [get], resources: [pods, pods/exec], namespaces: [d]}
  - {name: one-pod, effect: Allow, verbs: [delete], resources: [pods], namespaces: [evict]}
`

/** Starts everything and waits until a request passes. */
export async function startWorld(
  runtime: Runtime,
  extra: {
    readonly config?: Record<string, unknown>
    readonly prepare?: (databaseFolder: string) => void
    /** `demo`: a cluster that really stores answers what is not scripted. */
    readonly upstream?: 'demo'
    /** Applied instead of the suite's own; it must let the agent get `/version`. */
    readonly policy?: string
  } = {},
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), `sallyport-${runtime}-`))
  const databaseFolder = join(folder, 'db')
  await mkdir(databaseFolder)
  extra.prepare?.(databaseFolder)
  const authority = await makeAuthority('contract suite')
  const certificate = await issueCertificate(authority, { commonName: 'localhost', names: ['localhost', '127.0.0.1'] })
  const kube = extra.upstream === 'demo' ? createKube(CONNECTOR_TOKEN) : null
  const upstream = await startUpstream(certificate, kube ?? undefined)
  const issuer = await startIssuer()
  const hrana = runtime === 'workerd' ? await startHrana({ file: join(databaseFolder, 'log.db') }) : null
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const keys = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const signingKey = { ...(await exportJWK(keys.privateKey)), kid: 'gateway', alg: 'EdDSA' }
  const configDocument = {
    url,
    issuers: [
      {
        url: issuer.url,
        audiences: ['sallyport'],
        claimMappings: { username: { claim: 'sub' }, groups: { claim: 'groups' } },
      },
    ],
    signingKey,
    database: { url: hrana === null ? `file:${join(databaseFolder, 'log.db')}` : hrana.url },
    roles: { admin: ['admins'] },
    connectionHostSuffix: 'gw.test',
    ...extra.config,
  }
  const config = parseConfig(configDocument)
  await Promise.all([
    writeFile(join(folder, 'ca.pem'), authority.cert),
    writeFile(join(folder, 'cert.pem'), certificate.cert),
    writeFile(join(folder, 'key.pem'), certificate.key),
    writeFile(
      join(folder, 'gateway.json'),
      JSON.stringify({ config: configDocument, listen: { port, certFile: 'cert.pem', keyFile: 'key.pem' } }),
    ),
    writeFile(
      join(folder, 'cluster.kubeconfig'),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'c',
            cluster: {
              server: `https://127.0.0.1:${upstream.port}`,
              'certificate-authority-data': Buffer.from(authority.cert).toString('base64'),
            },
          },
        ],
        users: [{ name: 'u', user: { token: CONNECTOR_TOKEN } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    ),
  ])

  let text = ''
  let child: ChildProcess | null = null
  const gatewayUp = async (): Promise<void> => {
    const started =
      runtime === 'workerd'
        ? await startWorkerd({ folder, port, config: configDocument, certificate })
        : spawn(
            join(BIN, runtime),
            [
              ...(runtime === 'deno' ? ['run', '--quiet', '--allow-all'] : []),
              join(ROOT, 'worker/runtime/main.ts'),
              '--config',
              join(folder, 'gateway.json'),
            ],
            { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
          )
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => {
        text += `${line}\n`
      })
    }
    await until('the gateway listens', async () => {
      if (started.exitCode !== null) throw new Error(`the gateway ended with ${started.exitCode}:\n${text}`)
      try {
        return (await rawRequest({ port, ca: authority.cert, target: '/api/v1/login-options' })).status === 200
      } catch {
        return false
      }
    })
  }
  const gatewayDown = async (): Promise<void> => {
    const running = child
    if (running === null) return
    child = null
    const ended = new Promise<void>((done) => running.once('exit', () => done()))
    running.kill('SIGKILL')
    await ended
  }

  const apiAs: World['apiAs'] = async ({ username, groups }) => {
    const bearer = await issueGatewayToken(
      config,
      {
        user: { username, uid: '', groups, extra: {} },
        issuer: url,
        audience: `${url}/api`,
        expiresAt: Math.floor(Date.now() / 1000) + 3600,
      },
      { now: () => Date.now(), after: () => () => undefined },
    )
    return (path, init = {}) =>
      rawRequest({
        port,
        ca: authority.cert,
        target: path,
        method: init.method ?? 'GET',
        headers: [['authorization', `Bearer ${bearer}`], ...Object.entries(init.headers ?? {})],
        ...(init.body === undefined ? {} : { body: init.body }),
      })
  }
  const api = await apiAs({ username: 'admin', groups: ['admins'] })
  const apply = async (yaml: string): Promise<void> => {
    const answer = await api('/api/v1/documents', {
      method: 'PUT',
      body: yaml,
      headers: { 'content-type': 'text/yaml' },
    })
    if (answer.status >= 300) throw new Error(`the policy was refused: ${answer.status} ${answer.text}`)
  }

  let connector: ReturnType<typeof runConnector> | null = null
  const token = await issuer.sign({})
  const ask: World['ask'] = (target, options = {}) =>
    rawRequest({
      port,
      ca: authority.cert,
      target: `${options.prefix ?? '/clusters/test'}${target}`,
      method: options.method ?? 'GET',
      ...(options.host === undefined ? {} : { host: options.host }),
      headers: [
        ...(options.token === null ? [] : [['authorization', `Bearer ${options.token ?? token}`] as const]),
        ...(options.headers ?? []),
      ],
      ...(options.body === undefined ? {} : { body: options.body }),
    })
  const enrolmentCode = async (): Promise<string> => {
    const answer = await api('/api/v1/connections/test/enrolments', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    return (JSON.parse(answer.text) as { code: string }).code
  }
  const liveConnectors = async (): Promise<number> =>
    (await api('/api/v1/connections')).text.split('"live":true').length - 1
  const processes = new Set<ChildProcess>()
  const connectorProcess: World['connectorProcess'] = async (name) => {
    const before = await liveConnectors()
    const enrolled = existsSync(join(folder, name))
    const started = spawn(
      join(BIN, 'bun'),
      [
        join(ROOT, 'connector/main.ts'),
        ...['--gateway', url, '--gateway-ca', join(folder, 'ca.pem'), '--connection', 'test'],
        ...['--state', join(folder, name), '--kubeconfig', join(folder, 'cluster.kubeconfig')],
        ...(enrolled ? [] : ['--code', await enrolmentCode()]),
      ],
      { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    processes.add(started)
    let said = ''
    started.stderr?.on('data', (chunk: Buffer) => {
      said += String(chunk)
    })
    await until('the connector process is dialled in', async () => {
      if (started.exitCode !== null) throw new Error(`the connector ended with ${started.exitCode}: ${said}`)
      return (await liveConnectors()) > before
    })
    return {
      async kill() {
        const ended = new Promise<void>((done) => started.once('exit', () => done()))
        started.kill('SIGKILL')
        await ended
        processes.delete(started)
      },
    }
  }
  const connectorUp = async (): Promise<void> => {
    const code = connector === null ? await enrolmentCode() : undefined
    connector = runConnector({
      gateway: url,
      gatewayCa: authority.cert,
      connection: 'test',
      state: join(folder, 'connector'),
      kubeconfig: join(folder, 'cluster.kubeconfig'),
      log: () => undefined,
      ...(code === undefined ? {} : { code }),
    })
    // A connector that cannot start says so; the wait below would only time out.
    connector.closed.catch((error: unknown) => {
      text += `connector: ${String(error)}\n`
    })
    await until('the connector is dialled in', async () => {
      const answer = await api('/api/v1/connections')
      return answer.text.includes('"live":true')
    })
  }

  await gatewayUp()
  await api('/api/v1/connections/test', {
    method: 'PUT',
    body: JSON.stringify({ description: 'contract suite' }),
    headers: { 'content-type': 'application/json' },
  })
  await apply(extra.policy ?? POLICY)
  await connectorUp()
  upstream.on('/version', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{}')
  })
  let last = ''
  await until('a request passes', async () => {
    const answer = await ask('/version')
    last = `${answer.status} ${answer.text}`
    return answer.status === 200
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${last}\n${text}`)
  })
  upstream.seen.length = 0

  return {
    runtime,
    upstream,
    kube,
    issuer,
    ca: authority.cert,
    port,
    folder,
    databaseFolder,
    token,
    hrana,
    ask,
    api,
    apiAs,
    apply,
    connectorUp,
    connectorProcess,
    async connectorDown() {
      connector?.close()
      await until('the connector is gone', async () => !(await api('/api/v1/connections')).text.includes('"live":true'))
    },
    gatewayDown,
    gatewayUp,
    output: () => text,
    async close() {
      connector?.close()
      for (const each of processes) each.kill('SIGKILL')
      await gatewayDown()
      await Promise.all([upstream.close(), issuer.close(), hrana?.close()])
      // What was told to end may still write a last file.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
