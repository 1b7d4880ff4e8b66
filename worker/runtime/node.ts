// Bun and Deno: one adapter, on node:https (docs/runtimes.md says why not the native servers).
// In: sockets. Out: a Received with the raw target and a checked Host, and the Reply written back. Judges nothing.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { acceptKey, fromDuplex } from '../../protocol/websocket.ts'
import { join } from '../bytes.ts'
import type { ByteSource, HeaderList, MessageSocket, Received, Reply, UpgradeOffer } from '../context.ts'
import { HEADERS_DEADLINE_MS, MAX_HEADER_BYTES } from '../limits.ts'

/** What the adapter needs of the gateway. `handle` never rejects. */
export interface NodeServerOptions {
  readonly host: string
  readonly port: number
  readonly tls: { readonly cert: string; readonly key: string }
  readonly handle: (received: Received) => Promise<Reply>
  readonly newId: () => string
  readonly now: () => number
}

export interface NodeServer {
  readonly port: number
  /** Stops listening, ends idle connections, breaks off the rest after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** host[:port], host being a name, an IPv4 or a bracketed IPv6 address (RFC 9110, section 7.2). */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/

/** Bytes of a request body that may wait in memory before the socket is paused. */
const BODY_HIGH_WATER_BYTES = 256 * 1024
/** What a piece costs beside its bytes: a client may send its body in chunks of one byte. */
const PIECE_COST_BYTES = 256

function headerList(message: IncomingMessage): [string, string][] {
  const raw = message.rawHeaders
  const out: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([(raw[i] ?? '').toLowerCase(), raw[i + 1] ?? ''])
  return out
}

/** The answer to an upgrade that is none, held whole: a Status. Stops an API server that answers an exec without end. */
const MAX_REFUSAL_BYTES = 1024 * 1024

/** A node readable as a source that pauses the socket while nobody reads. */
function bodyOf(message: IncomingMessage): ByteSource {
  const queue: Uint8Array[] = []
  let queued = 0
  let ended = false
  let broken: Error | null = null
  let wake: (() => void) | null = null
  const stir = (): void => {
    wake?.()
    wake = null
  }
  message.on('data', (chunk: Uint8Array) => {
    if (chunk.length === 0) return
    queue.push(chunk)
    queued += chunk.length + PIECE_COST_BYTES
    if (queued > BODY_HIGH_WATER_BYTES) message.pause()
    stir()
  })
  message.on('end', () => {
    ended = true
    stir()
  })
  const broke = (): void => {
    if (ended) return
    broken ??= new Error('the client broke off its request body')
    stir()
  }
  message.on('error', broke)
  message.on('aborted', broke)
  message.on('close', broke)
  return {
    async read() {
      for (;;) {
        if (queue.length > 0) {
          const chunk = join(queue)
          queue.length = 0
          queued = 0
          if (message.isPaused()) message.resume()
          return chunk
        }
        if (ended) return null
        if (broken !== null) throw broken
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    cancel() {
      queue.length = 0
      queued = 0
      ended = true
      // Take the rest off the wire without keeping it, so that the answer can be read by the client.
      message.resume()
      stir()
    },
  }
}

function hasBody(message: IncomingMessage): boolean {
  const { headers } = message
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length !== undefined && length !== '0'
}

function offerOf(message: IncomingMessage): UpgradeOffer | null {
  const upgrade = message.headers.upgrade
  if (upgrade === undefined) return null
  if (upgrade.toLowerCase() === 'websocket') {
    const offered = message.headers['sec-websocket-protocol'] ?? ''
    const protocols = offered
      .split(',')
      .map((token) => token.trim())
      .filter((token) => token !== '')
    return { kind: 'websocket', protocols }
  }
  return { kind: 'spdy', protocols: [upgrade] }
}

class NodeReceived implements Received {
  readonly id: string
  readonly receivedAt: number
  readonly method: string
  readonly target: string
  readonly host: string
  readonly headers: HeaderList
  readonly body: ByteSource | null
  readonly upgrade: UpgradeOffer | null
  readonly remote: string
  // An own property, since later stages spread the request into theirs.
  readonly signal: AbortSignal
  readonly #gone: AbortController = new AbortController()

  constructor(message: IncomingMessage, id: string, now: number, upgrading: boolean) {
    this.id = id
    this.receivedAt = now
    this.method = message.method ?? ''
    this.target = message.url ?? ''
    const host = message.headers.host ?? ''
    this.host = HOST.test(host) ? host.toLowerCase() : ''
    this.headers = headerList(message)
    this.body = !upgrading && hasBody(message) ? bodyOf(message) : null
    this.upgrade = upgrading ? offerOf(message) : null
    this.remote = message.socket.remoteAddress ?? ''
    this.signal = this.#gone.signal
  }

  leave(): void {
    if (!this.#gone.signal.aborted) this.#gone.abort()
  }
}

const BAD_HOST: Reply = {
  kind: 'response',
  status: 400,
  headers: [['content-type', 'text/plain; charset=utf-8']],
  body: new TextEncoder().encode('The Host header is missing or malformed.\n'),
}

/** Resolves when the response takes more, or has ended. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      response.off('error', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
    response.on('error', done)
  })
}

async function writeResponse(response: ServerResponse, reply: Extract<Reply, { kind: 'response' }>): Promise<void> {
  const flat: string[] = []
  for (const [name, value] of reply.headers) flat.push(name, value)
  const { body } = reply
  if (body === null || body instanceof Uint8Array) {
    const hasNoContent = reply.status === 204 || reply.status === 304
    if (!hasNoContent) flat.push('content-length', String(body?.length ?? 0))
    response.writeHead(reply.status, flat)
    if (body === null || hasNoContent) response.end()
    else response.end(body)
    return
  }
  response.writeHead(reply.status, flat)
  response.flushHeaders()
  const ask = (): Promise<Uint8Array | null> => {
    const asked = body.read()
    // It may fail while the client is waited for: it is told of below.
    asked.catch(() => undefined)
    return asked
  }
  try {
    let next = ask()
    for (;;) {
      const chunk = await next
      if (chunk === null) break
      if (response.destroyed) {
        body.cancel('the client has gone')
        return
      }
      const full = !response.write(chunk)
      // While the client takes this one, the next is masked: one, and no more.
      next = ask()
      if (full) await drained(response)
    }
    response.end()
  } catch {
    // The source has said why to whoever must know; the client sees a body that was cut, never one that looks whole.
    response.destroy()
  }
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

async function refuseUpgrade(socket: Duplex, reply: Extract<Reply, { kind: 'response' }>): Promise<void> {
  const chunks: Uint8Array[] = []
  if (reply.body instanceof Uint8Array) chunks.push(reply.body)
  else if (reply.body !== null) {
    try {
      let length = 0
      for (let chunk = await reply.body.read(); chunk !== null; chunk = await reply.body.read()) {
        length += chunk.length
        if (length > MAX_REFUSAL_BYTES) {
          reply.body.cancel('too long for the answer to an upgrade')
          socket.destroy()
          return
        }
        chunks.push(chunk)
      }
    } catch {
      socket.destroy()
      return
    }
  }
  const body = Buffer.concat(chunks)
  const lines = [`HTTP/1.1 ${reply.status} ${STATUS_TEXT[reply.status] ?? 'Status'}`]
  for (const [name, value] of reply.headers) lines.push(`${name}: ${value}`)
  lines.push(`content-length: ${body.length}`, 'connection: close', '', '')
  socket.end(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), body]))
}

/** Starts to listen. Resolves when the port is bound. */
export async function serveNode(options: NodeServerOptions): Promise<NodeServer> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({
    cert: options.tls.cert,
    key: options.tls.key,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: 75_000,
    headersTimeout: HEADERS_DEADLINE_MS,
    // Holds and watches are open for long; body deadlines are the chain's own.
    requestTimeout: 0,
  })
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
  server.on('clientError', (_error: Error, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    else socket.destroy()
  })

  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const received = new NodeReceived(message, options.newId(), options.now(), false)
    response.on('close', () => {
      if (!response.writableFinished) received.leave()
    })
    response.on('error', () => received.leave())
    const answer = received.host === '' ? Promise.resolve(BAD_HOST) : options.handle(received)
    answer
      .then((reply) => {
        if (reply.kind === 'response') return writeResponse(response, reply)
        // Only a request that asked for an upgrade is ever answered by one.
        response.destroy()
        return undefined
      })
      .catch(() => response.destroy())
  })

  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    const received = new NodeReceived(message, options.newId(), options.now(), true)
    socket.on('error', () => {
      received.leave()
      socket.destroy()
    })
    socket.on('close', () => received.leave())
    const onEnd = (): void => received.leave()
    socket.on('end', onEnd)
    const answer = received.host === '' ? Promise.resolve(BAD_HOST) : options.handle(received)
    answer
      .then(async (reply) => {
        if (reply.kind === 'response') return refuseUpgrade(socket, reply)
        const accepted = handshake(message, reply.protocol)
        if (accepted === null) {
          socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
          return undefined
        }
        socket.write(accepted)
        const client: MessageSocket = fromDuplex(socket, {
          role: 'server',
          protocol: reply.protocol,
          head,
          maxMessageBytes: reply.maxMessageBytes,
        })
        return reply.run(client)
      })
      .catch(() => socket.destroy())
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    port,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections?.()
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

/** The 101 answer of RFC 6455, section 4.2.2, or null when the client's half is not one. */
function handshake(message: IncomingMessage, protocol: string): string | null {
  const key = message.headers['sec-websocket-key']
  if (key === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(key)) return null
  if (message.headers['sec-websocket-version'] !== '13' || message.method !== 'GET') return null
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'upgrade: websocket',
    'connection: Upgrade',
    `sec-websocket-accept: ${acceptKey(key)}`,
  ]
  if (protocol !== '') lines.push(`sec-websocket-protocol: ${protocol}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
