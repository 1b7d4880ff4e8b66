// The API's ports in memory, for its tests. Deterministic: the clock stands until it is moved, random counts up.

import type { LogEvent } from '../../protocol/log/event.ts'
import { fromBytes } from '../bytes.ts'
import { type GatewayConfig, parseConfig } from '../config.ts'
import type { Identity } from '../context.ts'
import {
  type Clock,
  type Connection,
  type ConnectorRecord,
  type Entry,
  type Log,
  type Login,
  LogUnavailable,
  type OneTimeCode,
  type Recordings,
  type Store,
  type StoredDocument,
} from '../ports.ts'
import { createEnrolmentCode, enrol } from '../tunnel/enrol.ts'
import type { ApiDeps } from './deps.ts'
import type { RequestRecord, SessionSummary } from './types.ts'

export const URL_OF_GATEWAY = 'https://gateway.example'
export const ISSUER = 'https://issuer.example'

export function testConfig(extra: Readonly<Record<string, unknown>> = {}): GatewayConfig {
  return parseConfig({
    url: URL_OF_GATEWAY,
    issuers: [{ url: ISSUER, audiences: ['app'] }],
    signingKey: { kty: 'OKP', crv: 'Ed25519', x: 'public', d: 'private', kid: 'k1' },
    database: { url: 'file::memory:' },
    login: { issuer: ISSUER, clientId: 'app', cliClientId: 'cli' },
    roles: { viewer: ['viewers'], approver: ['sre'], admin: ['admins'] },
    ...extra,
  })
}

/** A log that keeps what it is given; `broken` makes it refuse. */
class MemoryLog implements Log {
  readonly events: LogEvent[] = []
  readonly pendingBytes = 0
  broken = false
  async append(entries: readonly Entry[]) {
    if (this.broken) throw new LogUnavailable('broken')
    this.events.push(...entries.map((entry) => entry.event))
    return entries.map((entry) => ({ id: entry.event.id, leaf: '' }))
  }
}

/** A store of maps. */
class MemoryStore implements Store {
  readonly #connections = new Map<string, Connection>()
  readonly #connectors = new Map<string, ConnectorRecord>()
  readonly #documents = new Map<string, StoredDocument>()
  readonly #codes = new Map<string, OneTimeCode>()
  readonly #logins = new Map<string, Login>()
  #revision = 0
  async connections() {
    return [...this.#connections.values()]
  }
  async putConnection(connection: Connection) {
    this.#connections.set(connection.name, connection)
  }
  async deleteConnection(name: string) {
    return this.#connections.delete(name)
  }
  async connectors() {
    return [...this.#connectors.values()]
  }
  async connector(id: string) {
    return this.#connectors.get(id) ?? null
  }
  async putConnector(record: ConnectorRecord) {
    this.#connectors.set(record.id, record)
  }
  async revokeConnector(id: string, at: string) {
    const record = this.#connectors.get(id)
    if (record === undefined) return false
    this.#connectors.set(id, { ...record, revokedAt: at })
    return true
  }
  async documents(kind: string) {
    return [...this.#documents.values()].filter((document) => document.kind === kind)
  }
  async document(kind: string, name: string) {
    return this.#documents.get(`${kind}/${name}`) ?? null
  }
  async putDocuments(
    documents: readonly { kind: string; name: string; document: unknown; source: string }[],
    by: string,
    at: string,
  ) {
    this.#revision += 1
    return documents.map(({ kind, name, document, source }) => {
      const stored = { kind, name, document, source, revision: this.#revision, appliedBy: by, appliedAt: at }
      this.#documents.set(`${kind}/${name}`, stored)
      return stored
    })
  }
  async deleteDocument(kind: string, name: string) {
    this.#revision += 1
    return this.#documents.delete(`${kind}/${name}`)
  }
  async revision() {
    return this.#revision
  }
  async putCode(sha256: string, code: OneTimeCode) {
    this.#codes.set(sha256, code)
  }
  async takeCode(sha256: string, purpose: OneTimeCode['purpose'], now: number) {
    const code = this.#codes.get(sha256)
    if (code === undefined || code.purpose !== purpose || code.expiresAt <= now) return null
    this.#codes.delete(sha256)
    return code
  }
  async putLogin(sha256: string, login: Login) {
    this.#logins.set(sha256, login)
  }
  async login(sha256: string, now: number) {
    const login = this.#logins.get(sha256)
    return login === undefined || login.expiresAt <= now ? null : login
  }
  async deleteLogin(sha256: string) {
    this.#logins.delete(sha256)
  }
}

export const SESSION: SessionSummary = {
  id: 's1',
  connection: 'demo',
  agent: { username: 'agent', groups: ['ai-agents'], issuer: ISSUER },
  userAgent: 'kubectl/v1.35.2',
  startedAt: '2026-01-01T00:00:00.000Z',
  lastAt: '2026-01-01T00:01:00.000Z',
  commands: 1,
  requests: 1,
  denials: 0,
  masks: 0,
  live: false,
}

export const REQUEST: RequestRecord = {
  id: 'r1',
  session: 's1',
  command: 'c1',
  at: '2026-01-01T00:00:00.000Z',
  request: {
    method: 'GET',
    target: '/api/v1/namespaces/shop/pods/web',
    verb: 'get',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    namespace: 'shop',
    name: 'web',
    userAgent: 'kubectl/v1.35.2',
  },
  bodies: [{ kind: 'response', mediaType: 'text/html', bytes: 9 }],
  leaf: '00',
}

/** One session of one command of one request. */
export const RECORDINGS: Recordings = {
  sessions: async () => ({ items: [SESSION] }),
  session: async (id) => (id === SESSION.id ? SESSION : null),
  commands: async () => ({ items: [] }),
  requests: async () => ({ items: [REQUEST] }),
  request: async (id) => (id === REQUEST.id ? REQUEST : null),
  body: async (_, kind) =>
    kind === 'response' ? { mediaType: 'text/html', bytes: fromBytes(new TextEncoder().encode('<b>hi</b>')) } : null,
  async *leaves() {
    yield '{"a":1}'
    yield '{"a":2}'
  },
}

class FakeClock implements Clock {
  time = Date.UTC(2026, 0, 1)
  now() {
    return this.time
  }
  after() {
    return () => undefined
  }
}

/** A bearer token is `token.USER.GROUP-GROUP`, as far as the fake is concerned. */
function identityOf(token: string): Identity | null {
  const [kind, username, groups] = token.split('.')
  if (kind !== 'token' || username === undefined || groups === undefined) return null
  const user = { username, uid: '', groups: groups === '' ? [] : groups.split('-'), extra: {} }
  return { user, issuer: ISSUER, expiresAt: Date.UTC(2027, 0, 1) / 1000 }
}

export interface Fakes {
  readonly deps: ApiDeps
  readonly log: MemoryLog
  readonly store: MemoryStore
  readonly clock: FakeClock
}

/** Everything the API needs, in memory. */
export function fakes(extra: Partial<ApiDeps> = {}): Fakes {
  const log = new MemoryLog()
  const store = new MemoryStore()
  const clock = new FakeClock()
  let counter = 0
  const next = () => {
    counter = (counter * 31 + 7) % 65_537
    return counter % 256
  }
  const deps: ApiDeps = {
    config: testConfig(),
    clock,
    random: (length) => Uint8Array.from({ length }, next),
    newId: () => `id-${next()}`,
    store,
    recordings: RECORDINGS,
    log,
    verifyApiToken: async (token) => {
      const value = identityOf(token)
      return value === null
        ? { ok: false, refusal: { kind: 'unauthenticated', message: 'bad token' } }
        : { ok: true, value }
    },
    verifyIdToken: async () => ({ ok: false, refusal: { kind: 'unauthenticated', message: 'not set up' } }),
    exchange: async (form) => ({ status: 200, body: { echo: form.get('subject_token') } }),
    tunnelStatus: async () => [],
    createEnrolmentCode,
    enrol,
    parseDocuments: (text) =>
      text.startsWith('bad')
        ? { ok: false, errors: ['spec.rules: expected an array'] }
        : { ok: true, documents: [{ kind: 'AccessPolicy', name: text.trim(), document: {}, source: text }] },
    fetch: async () => new Response(null, { status: 500 }),
    ...extra,
  }
  return { deps, log, store, clock }
}
