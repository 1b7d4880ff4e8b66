// For tests: a cluster without sockets, a clock that moves when told, and requests made by hand.

import type { Clock, Credential } from './cluster.ts'
import { createDemoHandler } from './handler.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import type { DemoResponse } from './request.ts'
import { createDemoCluster } from './server.ts'

/** A clock that stands still between `advance` calls. */
class ManualClock implements Clock {
  #now = Date.parse('2026-01-01T00:00:00Z')
  #timers: { at: number; run: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets time pass, running what is due in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = end
  }
}

/** Credentials of the test cluster: `admin` may do everything, `connector` may impersonate, `nobody` may do nothing. */
const CREDENTIALS: readonly Credential[] = [
  { token: 'admin', user: { username: 'admin', groups: ['system:masters'] } },
  { token: 'connector', user: { username: 'connector', groups: ['sallyport:connectors'] } },
  { token: 'nobody', user: { username: 'nobody', groups: [] } },
]

/** How to ask: everything but the path is optional. */
export interface Ask {
  readonly method?: string
  readonly token?: string
  readonly body?: Json | Uint8Array
  readonly type?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly signal?: AbortSignal
}

/** A JSON answer. */
export interface Told {
  readonly status: number
  readonly headers: DemoResponse['headers']
  readonly body: JsonObject
}

/** An in-process cluster on a manual clock. */
export function testCluster(options: { empty?: boolean } = {}) {
  const clock = new ManualClock()
  const { cluster, runtime, stop } = createDemoCluster({
    credentials: CREDENTIALS,
    clock,
    empty: options.empty ?? true,
    caCert: 'PEM',
  })
  // The controllers' first steps: default service accounts, the CA's config map.
  clock.advance(100)
  const handle = createDemoHandler(cluster, runtime)
  const send = (target: string, ask: Ask = {}): DemoResponse => {
    const headers: Record<string, string[]> = {
      authorization: [`Bearer ${ask.token ?? 'admin'}`],
      'user-agent': ['tests/1.0'],
    }
    const { body } = ask
    if (body !== undefined) headers['content-type'] = [ask.type ?? 'application/json']
    for (const [name, value] of Object.entries(ask.headers ?? {}))
      headers[name] = typeof value === 'string' ? [value] : value
    const bytes =
      body === undefined ? new Uint8Array() : body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))
    return handle({
      method: ask.method ?? 'GET',
      target,
      headers,
      body: bytes,
      signal: ask.signal ?? new AbortController().signal,
    })
  }
  const ask = (target: string, how: Ask = {}): Told => {
    const answer = send(target, how)
    const parsed: unknown = typeof answer.body === 'string' ? JSON.parse(answer.body) : {}
    return { status: answer.status, headers: answer.headers, body: isObject(parsed) ? parsed : {} }
  }
  return { clock, cluster, runtime, send, ask, stop }
}
