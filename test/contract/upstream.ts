// A scripted API server for the contract suite: it keeps what it was sent, and answers as a test tells it to.
// Not a Kubernetes: only what the door is tested against, hostile answers included.

import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { acceptKey, fromDuplex } from '../../protocol/websocket.ts'
import type { MessageSocket } from '../../worker/context.ts'

/** One request as it arrived. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

export type Answer = (request: Seen, response: ServerResponse) => void | Promise<void>
export type Upgrade = (socket: MessageSocket, request: Seen) => Promise<void>

export interface Upstream {
  readonly port: number
  readonly seen: Seen[]
  /** Called with every request as it arrives, before anything is answered; a rejection drops the connection. */
  onArrival: ((request: Seen) => void | Promise<void>) | null
  /** Sets the answer for a path (without query); a later call replaces it. */
  on(path: string, answer: Answer): void
  /** Accepts WebSockets on a path with this subprotocol. */
  onUpgrade(path: string, protocol: string, upgrade: Upgrade): void
  /** Answers an upgrade by raw bytes instead. */
  onRawUpgrade(path: string, answer: (socket: Duplex) => void): void
  /** Sockets that are open now. */
  readonly open: number
  close(): Promise<void>
}

/** An API server that answers what no test has scripted. */
export interface Behind {
  request(request: Seen, response: ServerResponse): Promise<void>
  upgrade(request: Seen, socket: Duplex, head: Buffer): void
  close(): void
}

export function json(value: unknown, status = 200): Answer {
  return (_request, response) => {
    const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  }
}

function notFound(request: Seen): Answer {
  const path = request.url.split('?')[0] ?? ''
  return json(
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `${path} not found`,
      reason: 'NotFound',
      code: 404,
    },
    404,
  )
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function seenOf(message: IncomingMessage, body: Buffer): Seen {
  return {
    method: message.method ?? '',
    url: message.url ?? '',
    headers: message.headers,
    rawHeaders: message.rawHeaders,
    body,
  }
}

/** @param behind answers what is not scripted; absent: 404 */
export async function startUpstream(tls: { cert: string; key: string }, behind?: Behind): Promise<Upstream> {
  const answers = new Map<string, Answer>()
  const upgrades = new Map<string, { protocol: string; upgrade: Upgrade }>()
  const raw = new Map<string, (socket: Duplex) => void>()
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ cert: tls.cert, key: tls.key, maxHeaderSize: 1 << 20 })
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('request', (message, response) => {
    readBody(message)
      .then(async (body) => {
        const request = seenOf(message, body)
        seen.push(request)
        await upstream.onArrival?.(request)
        const path = request.url.split('?')[0] ?? ''
        const scripted = answers.get(path)
        if (scripted === undefined && behind !== undefined) return behind.request(request, response)
        return (scripted ?? notFound(request))(request, response)
      })
      .catch(() => response.destroy())
  })
  const answerUpgrade = (request: Seen, socket: Duplex, head: Buffer): void => {
    const path = request.url.split('?')[0] ?? ''
    const rawAnswer = raw.get(path)
    if (rawAnswer !== undefined) {
      rawAnswer(socket)
      return
    }
    const found = upgrades.get(path)
    if (found === undefined && behind !== undefined) {
      behind.upgrade(request, socket, head)
      return
    }
    const offered = String(request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map((token) => token.trim())
    if (found === undefined || !offered.includes(found.protocol)) {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${acceptKey(String(request.headers['sec-websocket-key'] ?? ''))}\r\nsec-websocket-protocol: ${found.protocol}\r\n\r\n`,
    )
    const client = fromDuplex(socket, {
      role: 'server',
      protocol: found.protocol,
      head,
      maxMessageBytes: 16 * 1024 * 1024,
    })
    found.upgrade(client, request).catch(() => socket.destroy())
  }
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const request = seenOf(message, Buffer.alloc(0))
    seen.push(request)
    socket.on('error', () => socket.destroy())
    const { onArrival } = upstream
    if (onArrival === null) answerUpgrade(request, socket, head)
    else
      Promise.resolve(onArrival(request))
        .then(() => answerUpgrade(request, socket, head))
        .catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream: Upstream = {
    port: (server.address() as AddressInfo).port,
    seen,
    onArrival: null,
    on(path, answer) {
      answers.set(path, answer)
    },
    onUpgrade(path, protocol, upgrade) {
      upgrades.set(path, { protocol, upgrade })
    },
    onRawUpgrade(path, answer) {
      raw.set(path, answer)
    },
    get open() {
      return sockets.size
    },
    async close() {
      behind?.close()
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return upstream
}

/** Bytes that look random and are the same each time: among random ones a credential comes up by chance, seldom but not never. */
export function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update('noise').digest()
}
