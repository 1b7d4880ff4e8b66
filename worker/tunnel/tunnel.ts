// The way to one connection's API server: the live connectors of one hub, and the choice among them.
// In: connectors' sockets and requests whose intent is recorded. Out: the API server's answers, or why there is none.

import { CLOSE, TUNNEL_PROTOCOL } from '../../protocol/tunnel/frames.ts'
import { encodeHead, type RequestHead } from '../../protocol/tunnel/head.ts'
import { MAX_HEAD_BYTES, MAX_TUNNEL_MESSAGE_BYTES } from '../../protocol/tunnel/limits.ts'
import { StreamReset, TunnelSession, type TunnelStream } from '../../protocol/tunnel/session.ts'
import type { ByteSource, MessageSocket } from '../context.ts'
import { type Clock, type Tunnel, TunnelBroken, type TunnelFailure, type UpstreamRequest } from '../ports.ts'

export { CLOSE, TUNNEL_PROTOCOL }

/** What the adapter of a runtime must accept as one message of a connector. */
export const MAX_CONNECTOR_MESSAGE_BYTES = MAX_TUNNEL_MESSAGE_BYTES

/** How long a connector has to answer before another process with its key takes its place. */
const TAKEOVER_PING_MS = 3_000

export interface TunnelOptions {
  readonly clock: Clock
  /** Runs after the current macrotask: `setImmediate`, or `setTimeout` 0 where there is none. */
  readonly schedule: (callback: () => void) => void
}

/** One connector's socket. `instance` is chosen at random by its process at start. */
interface ConnectorSocket {
  readonly connectorId: string
  readonly instance: string
  readonly socket: MessageSocket
}

export interface ConnectorTunnel extends Tunnel {
  /**
   * Serves a connector until its socket ends. Resolves then, also when it was refused because its key is in use by
   * another live process (threats.md, row 31). Never rejects.
   */
  attach(connector: ConnectorSocket): Promise<void>
  /** Ends a connector's socket; its open streams fail as lost. */
  detach(connectorId: string, reason: string): void
  /** The live connectors; `since` in milliseconds since the epoch. */
  connectors(): readonly { readonly id: string; readonly since: number }[]
}

interface Attached {
  readonly id: string
  readonly instance: string
  readonly since: number
  readonly session: TunnelSession
  readonly socket: MessageSocket
}

/** The hub's end of a connection's tunnels. */
export function createTunnel(options: TunnelOptions): ConnectorTunnel {
  const live = new Map<string, Attached>()
  /** Connectors that are being let in, so that two at once do not both find the place empty. */
  const arriving = new Map<string, Promise<void>>()

  async function mayTakePlace(connector: ConnectorSocket): Promise<boolean> {
    const before = live.get(connector.connectorId)
    if (before === undefined) return true
    if (before.instance !== connector.instance && (await before.session.ping(TAKEOVER_PING_MS))) return false
    if (live.get(connector.connectorId) === before) {
      live.delete(connector.connectorId)
      before.socket.close(CLOSE.replaced, 'replaced by a newer socket')
      before.session.close('the connector dialled again')
    }
    return true
  }

  async function attach(connector: ConnectorSocket): Promise<void> {
    const { connectorId, instance, socket } = connector
    const previous = arriving.get(connectorId) ?? Promise.resolve()
    const admitted = previous.then(() => mayTakePlace(connector))
    const settled = admitted.then(() => undefined)
    arriving.set(connectorId, settled)
    const ok = await admitted
    if (arriving.get(connectorId) === settled) arriving.delete(connectorId)
    if (!ok) {
      socket.close(CLOSE.keyInUse, 'another process with this key is connected')
      return
    }
    const session = new TunnelSession({
      role: 'gateway',
      send: (message) => socket.write(message),
      schedule: options.schedule,
      after: options.clock.after,
      onClosed: (reason, fault) => {
        const entry = live.get(connectorId)
        if (entry?.session === session) live.delete(connectorId)
        socket.close(fault ? 1002 : 1001, reason.slice(0, 100))
      },
    })
    live.set(connectorId, { id: connectorId, instance, since: options.clock.now(), session, socket })
    try {
      for (let message = await socket.read(); message !== null; message = await socket.read()) session.receive(message)
      session.close('the connector closed its tunnel')
    } catch {
      session.close('the connection to the connector broke off')
    }
  }

  function choose(tried: ReadonlySet<TunnelSession>): TunnelSession | null {
    let best: TunnelSession | null = null
    for (const { session } of live.values()) {
      if (!session.accepting || tried.has(session)) continue
      if (best === null || session.streams < best.streams) best = session
    }
    return best
  }

  const open: Tunnel['open'] = async (request, signal) => {
    if (signal.aborted) return { ok: false, failure: cancelled(false) }
    const head = headOf(request)
    const payload = encodeHead(head)
    if (payload.length > MAX_HEAD_BYTES) return { ok: false, failure: TOO_LONG }
    const tried = new Set<TunnelSession>()
    let failure: TunnelFailure | null = null
    for (let attempt = 0; attempt < 2; attempt++) {
      const session = choose(tried)
      const stream = session?.open(head, request.body, payload) ?? null
      if (session === null || stream === null) break
      tried.add(session)
      const onAbort = (): void => stream.reset('cancelled', 'the client has gone')
      signal.addEventListener('abort', onAbort, { once: true })
      const release = (): void => signal.removeEventListener('abort', onAbort)
      try {
        const answer = await stream.response
        if ('failure' in answer) {
          release()
          return { ok: false, failure: answer.failure }
        }
        if ('upgraded' in answer) {
          if (request.upgrade?.protocols.includes(answer.protocol) !== true) {
            release()
            stream.reset('protocol', 'a subprotocol that was not offered')
            return { ok: false, failure: { kind: 'protocol', message: 'the connector broke the protocol', sent: true } }
          }
          return { ok: true, reply: { kind: 'upgrade', socket: socketOf(stream, answer.protocol, release) } }
        }
        const body = bodyOf(stream, release)
        return { ok: true, reply: { kind: 'response', status: answer.status, headers: answer.headers, body } }
      } catch (error) {
        release()
        if (!(error instanceof StreamReset)) throw error
        failure = failureOf(error, stream.sent)
        if (signal.aborted || !request.repeatable || (error.code !== 'lost' && error.code !== 'refused')) break
      }
    }
    return { ok: false, failure: failure ?? NO_CONNECTOR }
  }

  return {
    open,
    attach,
    get live() {
      let count = 0
      for (const { session } of live.values()) if (session.accepting) count++
      return count
    },
    detach(connectorId, reason) {
      const entry = live.get(connectorId)
      if (entry === undefined) return
      live.delete(connectorId)
      entry.socket.close(CLOSE.revoked, reason)
      entry.session.close(reason)
    },
    connectors: () => [...live.values()].map(({ id, since }) => ({ id, since })),
  }
}

const NO_CONNECTOR: TunnelFailure = {
  kind: 'no-connector',
  message: 'no connector of this connection is connected to the gateway',
  sent: false,
}

const TOO_LONG: TunnelFailure = {
  kind: 'refused',
  message: 'the request line and headers are too long for the tunnel',
  sent: false,
}

function cancelled(sent: boolean): TunnelFailure {
  return { kind: 'cancelled', message: 'the client has gone', sent }
}

function headOf(request: UpstreamRequest): RequestHead {
  const { id, receipt, method, target, headers, user, upgrade } = request
  const head = { id, receipt, method, target, headers, user }
  return upgrade === undefined ? head : { ...head, upgrade }
}

/** `sent` is what is known of the HEAD; a refusal by the connector's session means that nothing was done. */
function failureOf(error: StreamReset, sent: boolean): TunnelFailure {
  switch (error.code) {
    case 'cancelled':
    case 'revoked':
      return cancelled(sent)
    case 'refused':
      return { kind: 'lost', message: error.message, sent: false }
    case 'lost':
      return { kind: 'lost', message: `the connector was lost: ${error.message}`, sent }
    case 'upstream':
      return { kind: 'unreachable', message: error.message, sent: true }
    case 'congested':
      return { kind: 'timeout', message: error.message, sent: true }
    case 'protocol':
    case 'internal':
    case 'done':
      return { kind: 'protocol', message: error.message, sent: true }
  }
}

async function readFrom(stream: TunnelStream, release: () => void): Promise<Uint8Array | null> {
  try {
    const chunk = await stream.read()
    if (chunk === null) release()
    return chunk
  } catch (error) {
    release()
    throw error instanceof StreamReset ? new TunnelBroken(failureOf(error, true)) : error
  }
}

function bodyOf(stream: TunnelStream, release: () => void): ByteSource {
  return {
    read: () => readFrom(stream, release),
    cancel(reason) {
      release()
      stream.reset('cancelled', reason)
    },
  }
}

function socketOf(stream: TunnelStream, protocol: string, release: () => void): MessageSocket {
  let closed = false
  return {
    protocol,
    read: () => (closed ? Promise.resolve(null) : readFrom(stream, release)),
    async write(message) {
      try {
        await stream.write(message)
      } catch (error) {
        if (!(error instanceof StreamReset)) throw error
        // The API server has ended and wants no more: what it said is still to be read, so this is no failure.
        if (error.code === 'done') return
        throw new TunnelBroken(failureOf(error, true))
      }
    },
    close(code, reason) {
      if (closed) return
      closed = true
      release()
      if (code !== 1000) return stream.reset('cancelled', reason)
      stream.end()
      void dropRest(stream)
    },
  }
}

/** Reads what still comes until the peer has ended too, so that it can. */
async function dropRest(stream: TunnelStream): Promise<void> {
  try {
    while ((await stream.read()) !== null);
  } catch {
    // Reset or lost: over as well.
  }
}
