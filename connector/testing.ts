// For tests only: the connector and the gateway's tunnel joined in memory, and a fake API server on a port of the system's choice.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { TunnelSession } from '../protocol/tunnel/session.ts'
import type { MessageSocket } from '../protocol/websocket.ts'
import type { UpstreamRequest } from '../worker/ports.ts'
import { type ConnectorTunnel, createTunnel } from '../worker/tunnel/tunnel.ts'
import type { OwnLimits } from './check.ts'
import { Forwarder } from './forward.ts'
import type { Target } from './target/target.ts'

/** Two ends of a message transport in memory. `bound`: messages under way before `write` waits. */
export function socketPair(protocol: string, bound = 16): [MessageSocket, MessageSocket] {
  interface Half {
    queue: Uint8Array[]
    reader: (() => void) | null
    writer: (() => void)[]
    closed: boolean
  }
  const half = (): Half => ({ queue: [], reader: null, writer: [], closed: false })
  const a = half()
  const b = half()
  const end = (from: Half, to: Half): MessageSocket => ({
    protocol,
    async read() {
      for (;;) {
        const message = from.queue.shift()
        if (message !== undefined) {
          from.writer.shift()?.()
          return message
        }
        if (from.closed) return null
        await new Promise<void>((resolve) => {
          from.reader = resolve
        })
      }
    },
    async write(message) {
      if (to.closed || from.closed) throw new Error('closed')
      to.queue.push(message.slice())
      to.reader?.()
      if (to.queue.length > bound) await new Promise<void>((resolve) => to.writer.push(resolve))
    },
    close() {
      for (const side of [from, to]) {
        side.closed = true
        side.reader?.()
        for (const wake of side.writer.splice(0)) wake()
      }
    },
  })
  return [end(a, b), end(b, a)]
}

/** A clock that only tells the time of the machine. */
export const systemClock = {
  now: () => Date.now(),
  after(ms: number, callback: () => void) {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A connector in memory, attached to a tunnel. */
export interface TestConnector {
  readonly session: TunnelSession
  /** Breaks its transport. */
  lose(): void
}

/** Attaches a connector that forwards to `target`. */
export function attachConnector(
  tunnel: ConnectorTunnel,
  target: Target,
  options: { id?: string; instance?: string; limits?: OwnLimits } = {},
): TestConnector {
  const [gateway, connector] = socketPair('sallyport.tunnel.v1')
  const forwarder = new Forwarder({
    target,
    limits: options.limits ?? { readOnly: false, denyNamespaces: [] },
    log: () => undefined,
  })
  const session = new TunnelSession({
    role: 'connector',
    send: (message) => connector.write(message),
    schedule: (callback) => setImmediate(callback),
    after: systemClock.after,
    onStream: (stream, head) => void forwarder.handle(stream, head),
    onClosed: () => connector.close(1000, ''),
  })
  void tunnel.attach({ connectorId: options.id ?? 'c1', instance: options.instance ?? 'i1', socket: gateway })
  void (async () => {
    for (let message = await connector.read(); message !== null; message = await connector.read()) {
      session.receive(message)
    }
    session.close('lost')
  })()
  return { session, lose: () => connector.close(1006, '') }
}

/** A tunnel on the machine's clock. */
export function testTunnel(): ConnectorTunnel {
  return createTunnel({ clock: systemClock, schedule: (callback) => setImmediate(callback) })
}

/** A well-formed upstream request; `over` replaces parts of it. */
export function upstreamRequest(over: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  return {
    id,
    receipt: { id, leaf: 'ab'.repeat(32) },
    method: 'GET',
    target: '/api/v1/pods',
    headers: [['accept', 'application/json']],
    user: { username: 'agent', uid: '', groups: ['ai-agents'], extra: {} },
    body: null,
    repeatable: true,
    ...over,
  }
}

/** A fake API server over plain HTTP, and a target that points at it. */
export async function fakeApi(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<{ target: Target; server: Server; close(): Promise<void> }> {
  const server = createServer(onRequest)
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    server,
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
        server.closeAllConnections()
      }),
  }
}
