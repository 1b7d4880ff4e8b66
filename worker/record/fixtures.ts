// What the tests of recording start from: a clock and a log that obey, and a decided request.

import type { Decided } from '../context.ts'
import type { Clock, Durability, Entry, Log } from '../ports.ts'
import type { RequestWords } from './entries.ts'

export const NOW = Date.parse('2026-01-02T03:04:05.006Z')
export const utf8 = new TextEncoder()
export const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

/** A clock that stands until it is moved; timers run when it passes them. */
export function testClock() {
  let now = NOW
  let timers: { at: number; callback: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
  }
  const advance = (ms: number) => {
    now += ms
    const due = timers.filter(({ at }) => at <= now)
    timers = timers.filter(({ at }) => at > now)
    for (const { callback } of due) callback()
  }
  return { clock, advance, timers: () => timers.length }
}

/** A log that remembers, and can be held up or made to fail. */
export function testLog() {
  const appended: { entries: readonly Entry[]; durability: Durability }[] = []
  let held: (() => void)[] | null = null
  const state = { failure: null as unknown, pendingBytes: 0 }
  const log: Log = {
    async append(entries, durability) {
      appended.push({ entries, durability })
      const { failure } = state
      if (held !== null) await new Promise<void>((resolve) => held?.push(resolve))
      if (failure !== null) throw failure
      return entries.map(({ event }) => ({ id: event.id, leaf: `leaf of ${event.id}` }))
    },
    get pendingBytes() {
      return state.pendingBytes
    },
  }
  return {
    log,
    state,
    appended,
    entries: () => appended.flatMap(({ entries }) => entries),
    hold() {
      held = []
    },
    release() {
      const waiting = held ?? []
      held = null
      for (const resolve of waiting) resolve()
    },
  }
}

export function counter(prefix = 'id'): () => string {
  let count = 0
  return () => `${prefix}${++count}`
}

export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true
  void promise.then(
    () => {
      pending = false
    },
    () => {
      pending = false
    },
  )
  await settled()
  return pending
}

/** Words as they are, for tests that are not about masking. */
export const plainWords: RequestWords = {
  text: (words) => words,
  argv: (argv) => argv,
  target: (path, query) => (query === '' ? path : `${path}?${query}`),
}

export const decided: Decided = {
  id: 'r1',
  receivedAt: NOW,
  method: 'GET',
  target: '/clusters/prod/api/v1/namespaces/shop/pods?limit=500',
  host: 'gateway.example',
  headers: [['authorization', 'Bearer secret-token']],
  body: null,
  upgrade: null,
  remote: '192.0.2.1',
  signal: new AbortController().signal,
  connection: 'prod',
  info: {
    isResourceRequest: true,
    path: '/api/v1/namespaces/shop/pods',
    query: 'limit=500',
    verb: 'list',
    apiPrefix: 'api',
    apiGroup: '',
    apiVersion: 'v1',
    namespace: 'shop',
    resource: 'pods',
    subresource: '',
    name: '',
    parts: ['pods'],
    streaming: false,
    dryRun: false,
  },
  bodyFormat: 'none',
  accept: { upstream: 'application/json' },
  client: { userAgent: 'kubectl/v1.35.2', command: 'kubectl get', session: 'k1' },
  identity: {
    user: { username: 'agent', uid: '', groups: ['ai-agents'], extra: {} },
    issuer: 'https://id.example',
    expiresAt: 0,
  },
  decision: { effect: 'Allow', policy: 'p', rule: 'r', reason: 'because', revision: 3 },
}
export const place = { session: 's1', command: 'c1' }
