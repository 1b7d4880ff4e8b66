// For tests: both ends of a message stream in memory, and an API server that is played.

import { requestInfo } from '../classify/requestinfo.ts'
import type { Authenticated, Decided, MessageSocket } from '../context.ts'
import type { Finder, Hit, Masking } from '../mask/contract.ts'
import { DEFAULT_MASK_RULES } from '../mask/rules.ts'
import { MaskError } from '../mask/scanner.ts'
import type { Clock, Log, Tunnel, UpstreamRequest } from '../ports.ts'
import { createLeftovers } from './leftovers.ts'
import { createMasking } from './masking.ts'
import type { HubOptions, Passage } from './passage.ts'
import { createUsage } from './usage.ts'

/** A request that has been judged: by `requestInfo`, with what is given in its place. */
export function authenticatedFor(method: string, target: string, given: Partial<Authenticated> = {}): Authenticated {
  const [path = '', query = ''] = target.split('?', 2)
  const info = requestInfo(method, { path, query })
  if (!info.ok) throw new Error(info.refusal.message)
  return {
    id: 'r',
    receivedAt: 0,
    method,
    target,
    host: 'h',
    headers: [],
    body: null,
    upgrade: null,
    remote: '',
    signal: new AbortController().signal,
    connection: 'prod',
    info: info.value,
    bodyFormat: 'none',
    accept: { upstream: 'application/json' },
    client: { userAgent: '', command: '', session: '' },
    identity: { user: { username: 'agent', uid: '', groups: [], extra: {} }, issuer: 'i', expiresAt: 0 },
    ...given,
  }
}

export function decidedFor(method: string, target: string, given: Partial<Decided> = {}): Decided {
  const decision: Decided['decision'] = { effect: 'Hold', policy: 'p', rule: 'r', reason: '', revision: 1 }
  return { ...authenticatedFor(method, target), decision, ...given }
}

/** A session's masking that finds one word, and takes names with `password` in them for secret; at `FAIL` it gives up. */
export function maskingThatFinds(secret: string): Masking {
  const masking = createMasking(new Uint8Array(32), 's', DEFAULT_MASK_RULES)
  const finder: Finder = {
    suspect: () => true,
    find(bytes) {
      const text = new TextDecoder('latin1').decode(bytes)
      if (text.includes('FAIL')) throw new MaskError('it is spent')
      const hits: Hit[] = []
      for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + secret.length)) {
        const end = at + secret.length
        hits.push({ start: at, end, rule: 'played', value: bytes.subarray(at, end), form: 'plain' })
      }
      return { hits, open: bytes.length }
    },
    namesSecret: (name) => name.toLowerCase().includes('password'),
  }
  return { ...masking, finder }
}

/** A socket a test plays the other end of. */
export class PlayedSocket implements MessageSocket {
  readonly protocol: string
  /** What was written to it. */
  readonly written: Uint8Array[] = []
  /** How it was closed; null while it is open. */
  closed: { readonly code: number; readonly reason: string } | null = null
  #queue: (Uint8Array | null | Error)[] = []
  #wake: (() => void) | null = null

  constructor(protocol: string) {
    this.protocol = protocol
  }

  /** What `read` gives next: a message, the end, or a break. */
  play(...items: (Uint8Array | null | Error)[]): void {
    this.#queue.push(...items)
    this.#wake?.()
    this.#wake = null
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const item = this.#queue.shift()
      if (item instanceof Error) throw item
      if (item !== undefined) return item
      if (this.closed !== null) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async write(message: Uint8Array): Promise<void> {
    if (this.closed !== null) throw new Error('closed')
    this.written.push(message)
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason }
    this.#wake?.()
    this.#wake = null
  }
}

/** What the API server answers in a test: a status and JSON; a function of the request, so that a test can look at it. */
export type PlayedApiServer = (request: UpstreamRequest) => { readonly status: number; readonly body: unknown }

/** A request's passage over an API server that a test plays. What was sent is kept, and what was recorded before it. */
export function playedPassage(api: PlayedApiServer): {
  readonly passage: Passage
  readonly sent: UpstreamRequest[]
  /** Event types and, of intents, whether they were preparatory, in order; `sent` where a request went out. */
  readonly order: string[]
} {
  const sent: UpstreamRequest[] = []
  const order: string[] = []
  let ids = 0
  const clock: Clock = { now: () => 0, after: () => () => undefined }
  const unused = (): never => {
    throw new Error('not played')
  }
  const log: Log = {
    pendingBytes: 0,
    async append(entries) {
      for (const { event } of entries) order.push(event.request?.preparatory ?? event.type)
      return entries.map(({ event }) => ({ id: event.id, leaf: 'leaf' }))
    },
  }
  const tunnel: Tunnel = {
    live: 1,
    async open(request) {
      sent.push(request)
      order.push('sent')
      const { status, body } = api(request)
      const bytes = new TextEncoder().encode(JSON.stringify(body))
      let read = false
      return {
        ok: true,
        reply: {
          kind: 'response',
          status,
          headers: [['content-type', 'application/json']],
          body: {
            async read() {
              if (read) return null
              read = true
              return bytes
            },
            cancel: () => undefined,
          },
        },
      }
    },
  }
  const newId = (): string => `id${++ids}`
  const hub: HubOptions = {
    clock,
    log,
    tunnel,
    policies: { current: unused, invalidate: unused },
    masks: { current: unused, invalidate: unused },
    sessions: { enter: unused },
    holds: {
      ready: unused,
      pass: unused,
      collect: unused,
      answer: unused,
      endGrant: unused,
      inForce: unused,
      close: unused,
    },
    history: { intents: unused },
    newId,
    maskingSecret: new Uint8Array(32),
    bindingKey: new Uint8Array(32),
    onBug: unused,
  }
  const passage: Passage = {
    hub,
    leftovers: createLeftovers(hub),
    stream: {
      signal: new AbortController().signal,
      ended: null,
      session: 's',
      opened: true,
      admitted: null,
      masks: null,
      takes: () => true,
      leave: () => undefined,
    },
    visit: { session: 's', command: 'c', open: null, failed: () => undefined, leave: () => undefined },
    counting: createUsage(clock).of(
      { identity: { user: { username: 'agent', uid: '', groups: [], extra: {} }, issuer: 'i', expiresAt: 0 } },
      's',
    ),
    masking: createMasking(new Uint8Array(32), 's', DEFAULT_MASK_RULES),
    requestSecrets: [],
    leave: () => undefined,
  }
  return { passage, sent, order }
}
