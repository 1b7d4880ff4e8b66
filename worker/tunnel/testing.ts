// For tests only: a connector in memory whose every answer the test gives, and a socket pair to join it by.

import type { RequestHead } from '../../protocol/tunnel/head.ts'
import { TunnelSession, type TunnelStream } from '../../protocol/tunnel/session.ts'
import type { MessageSocket } from '../context.ts'
import type { UpstreamRequest } from '../ports.ts'
import { type ConnectorTunnel, createTunnel, TUNNEL_PROTOCOL } from './tunnel.ts'

/** Two ends of a message transport. */
function socketPair(): [MessageSocket, MessageSocket & { closedWith(): number | null }] {
  const queues: [Uint8Array[], Uint8Array[]] = [[], []]
  const wakes: [(() => void) | null, (() => void) | null] = [null, null]
  let closed: number | null = null
  const end = (mine: 0 | 1, theirs: 0 | 1): MessageSocket => ({
    protocol: TUNNEL_PROTOCOL,
    async read() {
      for (;;) {
        const message = queues[mine].shift()
        if (message !== undefined) return message
        if (closed !== null) return null
        await new Promise<void>((resolve) => {
          wakes[mine] = resolve
        })
      }
    },
    write(message) {
      if (closed !== null) return Promise.reject(new Error('closed'))
      queues[theirs].push(message)
      wakes[theirs]?.()
      return Promise.resolve()
    },
    close(code) {
      closed ??= code
      wakes[0]?.()
      wakes[1]?.()
    },
  })
  return [end(0, 1), { ...end(1, 0), closedWith: () => closed }]
}

/** Timers and tasks that run only when told to. */
export class ManualClock {
  time = 1_700_000_000_000
  #timers: { at: number; run: () => void }[] = []
  readonly now = (): number => this.time
  readonly after = (ms: number, run: () => void): (() => void) => {
    const entry = { at: this.time + ms, run }
    this.#timers.push(entry)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== entry)
    }
  }
  pass(ms: number): void {
    const until = this.time + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.time = next.at
      next.run()
    }
    this.time = until
  }
}

/** Lets everything that is under way arrive. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

export interface FakeConnector {
  readonly session: TunnelSession
  readonly requests: { stream: TunnelStream; head: RequestHead }[]
  /** Resolves when the tunnel has let go of it. */
  readonly attached: Promise<void>
  /** The code its socket was closed with; null while it is open. */
  closedWith(): number | null
  /** Breaks its transport. */
  lose(): void
  /** Sends a message of the test's own making. */
  raw(message: Uint8Array): void
}

export function newTunnel(clock: ManualClock): ConnectorTunnel {
  return createTunnel({ clock, schedule: (task) => void setImmediate(task) })
}

/** Attaches a connector; `silent`: it answers nothing, not even a PING. */
export async function attach(
  tunnel: ConnectorTunnel,
  connectorId: string,
  over: { instance?: string; silent?: boolean } = {},
): Promise<FakeConnector> {
  const [gateway, connector] = socketPair()
  const requests: FakeConnector['requests'] = []
  const session = new TunnelSession({
    role: 'connector',
    send: (message) => connector.write(message),
    schedule: (task) => void setImmediate(task),
    after: () => () => undefined,
    onStream: (stream, head) => requests.push({ stream, head }),
    onClosed: () => connector.close(1000, ''),
  })
  const attached = tunnel.attach({ connectorId, instance: over.instance ?? 'i', socket: gateway })
  if (over.silent !== true) {
    void (async () => {
      for (let message = await connector.read(); message !== null; message = await connector.read()) {
        session.receive(message)
      }
      session.close('ended')
    })()
  }
  await settle()
  return {
    session,
    requests,
    attached,
    closedWith: () => connector.closedWith(),
    lose: () => connector.close(1006, ''),
    raw: (message) => void connector.write(message),
  }
}

/** A well-formed upstream request. */
export function request(over: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  return {
    id,
    receipt: { id, leaf: 'ab'.repeat(32) },
    method: 'GET',
    target: '/api/v1/pods',
    headers: [],
    user: { username: 'agent', uid: '', groups: [], extra: {} },
    body: null,
    repeatable: true,
    ...over,
  }
}
