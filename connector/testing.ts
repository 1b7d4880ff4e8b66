// For tests only: a gateway's end of the tunnel joined to a Forwarder in memory, and a fake API server on a port of the system's choice.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RequestHead, ResponseHead } from '../protocol/tunnel/head.ts'
import { TunnelSession, type TunnelStream } from '../protocol/tunnel/session.ts'
import type { OwnLimits } from './check.ts'
import { Forwarder } from './forward.ts'
import type { LogLine } from './log.ts'
import type { Target } from './target/target.ts'

const schedule = (task: () => void): void => {
  setImmediate(task)
}
const after = (ms: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

export interface Joined {
  readonly gateway: TunnelSession
  readonly forwarder: Forwarder
}

/** A gateway's session whose requests a Forwarder serves. */
export function joinForwarder(target: Target, over: { limits?: OwnLimits; log?: LogLine } = {}): Joined {
  const forwarder = new Forwarder({
    target,
    limits: over.limits ?? { readOnly: false, denyNamespaces: [] },
    log: over.log ?? (() => undefined),
  })
  const ends: { gateway?: TunnelSession; connector?: TunnelSession } = {}
  const to = (which: 'gateway' | 'connector') => async (message: Uint8Array) => {
    await new Promise<void>((resolve) => setImmediate(resolve))
    ends[which]?.receive(message)
  }
  const gateway = new TunnelSession({
    role: 'gateway',
    send: to('connector'),
    schedule,
    after,
    onClosed: (reason) => ends.connector?.close(reason),
  })
  ends.gateway = gateway
  ends.connector = new TunnelSession({
    role: 'connector',
    send: to('gateway'),
    schedule,
    after,
    onStream: (stream, head) => void forwarder.handle(stream, head),
    onClosed: (reason) => gateway.close(reason),
  })
  return { gateway, forwarder }
}

/** A well-formed request HEAD; `over` replaces parts of it. */
export function requestHead(over: Partial<RequestHead> = {}): RequestHead {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  return {
    id,
    receipt: { id, leaf: 'ab'.repeat(32) },
    method: 'GET',
    target: '/api/v1/namespaces/d/pods',
    headers: [['accept', 'application/json']],
    user: { username: 'agent', uid: '', groups: ['ai-agents'], extra: {} },
    ...over,
  }
}

/** Sends a request through; throws when the session takes none. */
export function ask(joined: Joined, head: RequestHead, body: Uint8Array | null = null): TunnelStream {
  const stream = joined.gateway.open(head, body)
  if (stream === null) throw new Error('the session takes no stream')
  return stream
}

/** The answer's status, or throws with the failure's words. */
export function statusOf(head: ResponseHead): number {
  if ('status' in head) return head.status
  throw new Error(JSON.stringify(head))
}

/** The rest of a stream as text. */
export async function textOf(stream: TunnelStream): Promise<string> {
  const chunks: Uint8Array[] = []
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export interface FakeApi {
  readonly target: Target
  readonly server: Server
  readonly port: number
  close(): Promise<void>
}

/** A fake API server over plain HTTP, and a target that points at it. */
export async function fakeApi(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<FakeApi> {
  const server = createServer(onRequest)
  const sockets = new Set<Duplex>()
  server.on('connection', (socket) => sockets.add(socket))
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    server,
    port,
    target: {
      host: '127.0.0.1',
      port,
      basePath: '',
      tls: null,
      credentials: () => Promise.resolve({ authorization: 'Bearer cluster-token' }),
      refuse: () => false,
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
