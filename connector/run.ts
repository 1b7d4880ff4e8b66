// The connector's life: dial, serve the tunnel, dial again with jittered backoff when it ends.
// In: a target, an identity, a gateway. Out: nothing but log lines; ends when told to.

import { randomBytes, randomInt } from 'node:crypto'
import { MAX_TUNNEL_MESSAGE_BYTES } from '../protocol/tunnel/limits.ts'
import { TunnelSession } from '../protocol/tunnel/session.ts'
import { SocketClosed } from '../protocol/websocket.ts'
import type { OwnLimits } from './check.ts'
import { DialRefused, dialGateway, type GatewayAddress } from './dial.ts'
import { Forwarder } from './forward.ts'
import type { ConnectorIdentity } from './identity.ts'
import type { LogLine } from './log.ts'
import type { Target } from './target/target.ts'

export interface ConnectorOptions {
  readonly gateway: GatewayAddress
  readonly connection: string
  readonly identity: ConnectorIdentity
  readonly target: Target
  readonly limits: OwnLimits
  readonly log: LogLine
}

export interface Connector {
  /** Resolves when the connector has ended, after `close`. */
  readonly closed: Promise<void>
  /** Stops dialling; open streams get `DRAIN_MS` to finish. */
  close(): void
}

const BACKOFF_START_MS = 250
const BACKOFF_MAX_MS = 30_000
/** A tunnel that lived this long was a good one: the next dial starts from the beginning. */
const STEADY_MS = 30_000
/** The gateway said that another process uses this key, or that it was revoked: nothing that a quick retry cures. */
const REFUSED_WAIT_MS = 15_000
const DRAIN_MS = 5_000
const APPLICATION_CODES = 4000

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}

/** Full jitter: anywhere up to the exponential bound, so that a thousand connectors do not come back at once. */
export function backoffMs(failures: number, random: (below: number) => number): number {
  return 50 + random(Math.min(BACKOFF_MAX_MS, BACKOFF_START_MS * 2 ** Math.min(failures, 10)))
}

/** Starts the connector. */
export function runConnector(options: ConnectorOptions): Connector {
  const stop = new AbortController()
  const forwarder = new Forwarder({ target: options.target, limits: options.limits, log: options.log })
  const instance = randomBytes(16).toString('hex')
  let session: TunnelSession | null = null

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        stop.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      stop.signal.addEventListener('abort', done, { once: true })
      if (stop.signal.aborted) done()
    })

  /** One tunnel, from dialling to its end. Returns how long it lived, and whether a person must act. */
  const once = async (): Promise<{ livedMs: number; refused: boolean }> => {
    const socket = await dialGateway(options.gateway, {
      connection: options.connection,
      instance,
      token: await options.identity.token(options.gateway.url),
      maxMessageBytes: MAX_TUNNEL_MESSAGE_BYTES,
      signal: stop.signal,
    })
    const started = Date.now()
    options.log('info', 'connected', { connection: options.connection, connector: options.identity.id })
    const current = new TunnelSession({
      role: 'connector',
      send: (message) => socket.write(message),
      schedule: (callback) => setImmediate(callback),
      after,
      onStream: (stream, head) => void forwarder.handle(stream, head),
      onClosed: (reason, fault) => socket.close(fault ? 1002 : 1000, reason.slice(0, 100)),
    })
    session = current
    if (stop.signal.aborted) current.close('the connector stops')
    let why = 'the gateway closed the tunnel'
    let refused = false
    try {
      for (let message = await socket.read(); message !== null; message = await socket.read()) current.receive(message)
    } catch (error) {
      if (error instanceof Error) why = error.message
      refused = error instanceof SocketClosed && error.closeCode >= APPLICATION_CODES
    }
    why = current.closed ?? why
    current.close(why)
    session = null
    options.log(refused ? 'error' : 'warn', 'disconnected', { connection: options.connection, why })
    return { livedMs: Date.now() - started, refused }
  }

  const live = async (): Promise<void> => {
    let failures = 0
    while (!stop.signal.aborted) {
      let wait: number
      try {
        const { livedMs, refused } = await once()
        failures = livedMs >= STEADY_MS ? 0 : failures + 1
        wait = refused ? REFUSED_WAIT_MS : backoffMs(failures, randomInt)
      } catch (error) {
        if (stop.signal.aborted) break
        failures++
        const why = error instanceof Error ? error.message : 'unknown'
        const refused = error instanceof DialRefused && (error.status === 401 || error.status === 403)
        wait = refused ? REFUSED_WAIT_MS : backoffMs(failures, randomInt)
        options.log(refused ? 'error' : 'warn', 'cannot connect to the gateway', { why, retryInMs: wait })
      }
      await pause(wait)
    }
    forwarder.close()
  }

  return {
    closed: live(),
    close() {
      if (stop.signal.aborted) return
      const current = session
      if (current === null) return stop.abort()
      current.drain('the connector stops')
      const started = Date.now()
      const poll = (): void => {
        if (current.streams > 0 && current.closed === null && Date.now() - started < DRAIN_MS) {
          setTimeout(poll, 50)
          return
        }
        stop.abort()
        current.close('the connector stops')
      }
      poll()
    },
  }
}
