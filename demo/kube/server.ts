// The demo cluster as a TLS server on node:https, which runs alike on Bun and Node.
// It binds what it is told to, knows only the credentials it is handed, and keeps everything in memory.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type Clock, type Cluster, type Credential, SYSTEM_CLOCK, type User } from './cluster.ts'
import { startControllers } from './controllers/controllers.ts'
import { createDemoHandler, refusalAnswer } from './handler.ts'
import { Kinds } from './kinds.ts'
import { PodRuntime } from './pods/runtime.ts'
import { refuse } from './refusal.ts'
import type { DemoRequest, DemoResponse } from './request.ts'
import { seedCluster } from './seed/seed.ts'
import { Store } from './store.ts'
import { handleUpgrade } from './streams/upgrade.ts'

/** Request bodies above this get 413, as the API server's own limit does. */
const MAX_BODY_BYTES = 3 * 1024 * 1024

/** Long exec command lines travel in the request line. */
const MAX_HEADER_BYTES = 1 << 20

/** How long a connection may be idle, as on the API server. */
const IDLE_MS = 90_000

/** Characters of a streamed answer written at once. */
const FLUSH_CHARS = 64 * 1024

/** How to start a demo cluster. */
export interface DemoOptions {
  /** TCP port; absent or 0: any free one. */
  readonly port?: number
  /** Address to listen on; absent: 127.0.0.1. */
  readonly host?: string
  /**
   * PEM certificate and key of the server. `ca` is published in the cluster and trusted for client certificates, which
   * count on Node only: the sockets of Bun's server do not show them, so that there a bearer token is needed.
   */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** The bearer tokens it accepts. Group `system:masters` may do everything. */
  readonly credentials: readonly Credential[]
  /** Absent: the machine's clock. */
  readonly clock?: Clock
  /** Without the sample workloads: for tests that want an empty cluster. */
  readonly empty?: boolean
}

/** A running demo cluster. */
export interface DemoCluster {
  readonly url: string
  readonly port: number
  /** Ends every connection and timer. */
  close(): Promise<void>
}

/** The parts of a cluster without a socket, seeded and with its controllers running. `stop` ends the controllers. */
export function createDemoCluster(
  options: Pick<DemoOptions, 'credentials' | 'clock' | 'empty'> & { readonly caCert: string },
): {
  cluster: Cluster
  runtime: PodRuntime
  stop: () => void
} {
  const cluster: Cluster = {
    store: new Store(),
    kinds: new Kinds(),
    clock: options.clock ?? SYSTEM_CLOCK,
    credentials: options.credentials,
    issued: new Map(),
    caCert: options.caCert,
  }
  const runtime = new PodRuntime(cluster)
  const stop = startControllers(cluster, runtime)
  seedCluster(cluster, options.empty === true)
  return { cluster, runtime, stop }
}

function headersOf(message: IncomingMessage): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null)
  const { rawHeaders } = message
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const values = out[name] ?? []
    values.push(rawHeaders[i + 1] ?? '')
    out[name] = values
  }
  return out
}

async function bodyOf(message: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of message) {
    size += piece.length
    if (size > MAX_BODY_BYTES)
      throw refuse('RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** The user of a verified client certificate: CN and O's. */
function peerOf(socket: unknown): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const subject = socket.getPeerCertificate().subject
  if (subject?.CN === undefined) return undefined
  const organisations: unknown = subject.O
  const groups = Array.isArray(organisations)
    ? organisations.filter((o) => typeof o === 'string')
    : typeof organisations === 'string'
      ? [organisations]
      : []
  return { username: String(subject.CN), groups }
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    response.once('drain', done)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}

async function send(
  response: ServerResponse,
  answer: DemoResponse,
  method: string,
  signal: AbortSignal,
): Promise<void> {
  const { body } = answer
  const fixed = typeof body === 'string' || body instanceof Uint8Array
  for (const [name, value] of Object.entries(answer.headers))
    response.setHeader(name, typeof value === 'string' ? value : [...value])
  response.setHeader('cache-control', 'no-cache, private')
  response.statusCode = answer.status
  if (fixed) {
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
    response.setHeader('content-length', bytes.length)
    response.end(method === 'HEAD' ? undefined : bytes)
    return
  }
  response.flushHeaders()
  for await (const piece of body) {
    if (signal.aborted) break
    for (let i = 0; i < piece.length; i += FLUSH_CHARS) {
      const part = typeof piece === 'string' ? piece.slice(i, i + FLUSH_CHARS) : piece.subarray(i, i + FLUSH_CHARS)
      if (!response.write(part)) await drained(response, signal)
      if (signal.aborted) break
    }
  }
  response.end()
}

/** Starts a demo cluster and resolves when it listens. */
export async function startDemoCluster(options: DemoOptions): Promise<DemoCluster> {
  const { tls } = options
  const caCert = tls.ca ?? tls.cert
  const { cluster, runtime, stop } = createDemoCluster({ ...options, caCert })
  const handle = createDemoHandler(cluster, runtime)
  const closing = new AbortController()
  const sockets = new Set<Duplex>()
  const server = createServer({
    cert: tls.cert,
    key: tls.key,
    maxHeaderSize: MAX_HEADER_BYTES,
    ALPNProtocols: ['http/1.1'],
    ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: false }),
  })
  server.keepAliveTimeout = IDLE_MS

  const demoRequest = (message: IncomingMessage, body: Uint8Array, signal: AbortSignal): DemoRequest => ({
    method: message.method ?? 'GET',
    target: message.url ?? '/',
    headers: headersOf(message),
    body,
    signal,
  })

  server.on('request', (message, response) => {
    const aborter = new AbortController()
    const abort = () => aborter.abort()
    response.on('close', abort)
    response.on('error', abort)
    message.on('error', abort)
    closing.signal.addEventListener('abort', abort, { once: true })
    const run = async () => {
      let answer: DemoResponse
      try {
        const body = await bodyOf(message)
        answer = handle(demoRequest(message, body, aborter.signal), peerOf(message.socket))
      } catch (error) {
        answer = refusalAnswer(error)
      }
      await send(response, answer, message.method ?? 'GET', aborter.signal)
    }
    run()
      .catch(() => response.destroy())
      .finally(() => closing.signal.removeEventListener('abort', abort))
  })
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    handleUpgrade(
      cluster,
      runtime,
      demoRequest(message, new Uint8Array(), closing.signal),
      peerOf(socket),
      socket,
      head,
    )
  })
  server.on('clientError', (_error, socket) => socket.destroy())

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  })
  const address = server.address()
  const port =
    typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : (options.port ?? 0)
  return {
    url: `https://${options.host ?? '127.0.0.1'}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        closing.abort()
        stop()
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
