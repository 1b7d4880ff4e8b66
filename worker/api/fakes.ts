// The API's ports in memory, for its tests. Deterministic: the clock stands until it is moved, random counts up.

import { parse } from 'yaml'
import type { LogEvent } from '../../protocol/log/event.ts'
import type { Review } from '../../protocol/review.ts'
import { fromBytes } from '../bytes.ts'
import { type GatewayConfig, parseConfig } from '../config.ts'
import type { Identity } from '../context.ts'
import type { Answered, Vote } from '../ports.ts'
import {
  type Clock,
  type Connection,
  type ConnectorRecord,
  type Entry,
  type GrantRecord,
  type HoldRecord,
  type HoldStore,
  type Log,
  type Login,
  LogUnavailable,
  type NoticeRecord,
  type OneTimeCode,
  type Recordings,
  type Store,
  type StoredDocument,
} from '../ports.ts'
import { createEnrolmentCode, enrol } from '../tunnel/enrol.ts'
import type { ApiDeps } from './deps.ts'
import { storedAs } from './secret.ts'
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
  holds: 0,
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

/** What is shown of {@link HOLD}. */
export const REVIEW: Review = {
  v: 1,
  requests: [
    {
      title: 'patch deployments.apps/scale "web" in namespace "shop"',
      request: {
        ...REQUEST.request,
        method: 'PATCH',
        target: '/apis/apps/v1/namespaces/shop/deployments/web/scale',
        verb: 'patch',
        group: 'apps',
        resource: 'deployments',
        subresource: 'scale',
      },
      body: { mediaType: 'application/merge-patch+json', text: '{"spec":{"replicas":20}}', cut: false },
      diff: {
        kind: 'lines',
        lines: [
          ['@', 'spec'],
          ['-', '  replicas: 3'],
          ['+', '  replicas: 20'],
        ],
        added: 1,
        removed: 1,
        cut: false,
      },
      reach: { objects: 1, pods: 3, examples: ['Deployment/web'] },
    },
  ],
}
export const REVIEW_TEXT = JSON.stringify(REVIEW)

const BEGUN = Date.UTC(2026, 0, 1)

/** A question of `agent` that any approver in `sre` may answer within ten minutes; its rule offers a grant of half an hour. */
export const HOLD: HoldRecord = {
  id: 'h1',
  kind: 'request',
  connection: 'demo',
  session: 's1',
  command: 'c1',
  requester: { username: 'agent', uid: '', groups: ['ai-agents'], issuer: ISSUER },
  purpose: 'make room for the sale',
  policy: 'coding-agents',
  rule: 'change-with-a-human',
  reason: 'a person must approve changes',
  approvals: [
    {
      by: { users: [], groups: ['sre'] },
      count: 1,
      holdForMs: 600_000,
      validForMs: 300_000,
      grant: { maxForMs: 1_800_000 },
    },
  ],
  state: 'pending',
  openedAt: BEGUN,
  expiresAt: BEGUN + 600_000,
  validUntil: null,
  closedAt: null,
  items: [
    {
      key: 'aa',
      title: 'patch deployments.apps/scale "web" in namespace "shop"',
      namespace: 'shop',
      group: 'apps',
      resource: 'deployments',
      name: 'web',
      policy: 'coding-agents',
      rule: 'change-with-a-human',
      usedBy: null,
    },
  ],
  votes: [],
  reviewSha256: storedAs(REVIEW_TEXT),
  grant: null,
}

export const GRANT: GrantRecord = {
  id: 'g1',
  hold: 'h0',
  connection: 'demo',
  requester: { username: 'agent', issuer: ISSUER },
  policy: 'coding-agents',
  rule: 'change-with-a-human',
  namespace: 'shop',
  object: null,
  approvers: ['sam'],
  openedAt: BEGUN,
  expiresAt: BEGUN + 1_800_000,
  endedAt: null,
  endedBy: null,
  uses: 2,
}

const OPEN: ReadonlySet<string> = new Set(['collecting', 'pending', 'approved'])

/** Holds, grants and notices in maps, newest last; listings answer one page. */
class MemoryHolds implements HoldStore {
  readonly #holds = new Map<string, { readonly record: HoldRecord; readonly review: string }>()
  readonly #grants = new Map<string, GrantRecord>()
  readonly #notices = new Map<string, NoticeRecord>()
  async unfinished(connection: string) {
    const holds = [...this.#holds.values()].map(({ record }) => record)
    return {
      holds: holds.filter((hold) => hold.connection === connection && OPEN.has(hold.state)),
      grants: [...this.#grants.values()].filter((grant) => grant.connection === connection && grant.endedAt === null),
    }
  }
  async putHold(record: HoldRecord, review?: string) {
    this.#holds.set(record.id, { record, review: review ?? this.#holds.get(record.id)?.review ?? '' })
  }
  async putGrant(record: GrantRecord) {
    this.#grants.set(record.id, record)
  }
  async holds(filter: Parameters<HoldStore['holds']>[0]) {
    const items = [...this.#holds.values()]
      .map(({ record }) => record)
      .filter(
        (hold) =>
          (filter.open !== true || OPEN.has(hold.state)) &&
          (filter.connection === undefined || filter.connection === hold.connection) &&
          (filter.session === undefined || filter.session === hold.session),
      )
    return { items: items.reverse().slice(0, filter.limit) }
  }
  async hold(id: string) {
    return this.#holds.get(id) ?? null
  }
  /** At once, for a hub that judges one answer after the other. */
  record(id: string) {
    return this.#holds.get(id)?.record ?? null
  }
  async grants(filter: Parameters<HoldStore['grants']>[0]) {
    const items = [...this.#grants.values()].filter(
      (grant) => filter.open !== true || (grant.endedAt === null && grant.expiresAt > filter.now),
    )
    return { items: items.reverse().slice(0, filter.limit) }
  }
  async grant(id: string) {
    return this.#grants.get(id) ?? null
  }
  async putNotice(record: NoticeRecord) {
    this.#notices.set(record.id, record)
  }
  async waitingNotices(connection: string) {
    return [...this.#notices.values()].filter((one) => one.connection === connection && one.state === 'waiting')
  }
  async notices(hold: string) {
    return [...this.#notices.values()].filter((notice) => notice.hold === hold)
  }
}

/** A hub that takes one answer to a pending hold from anyone but its requester. */
async function answerIn(holds: MemoryHolds, id: string, vote: Vote, now: number): Promise<Answered> {
  const record = holds.record(id)
  if (record === null) return { ok: false, status: 404, detail: 'There is no approval of this id.' }
  if (!vote.approver || vote.username === record.requester.username) {
    return { ok: false, status: 403, detail: 'Nobody answers a request of their own.' }
  }
  if (record.state !== 'pending') return { ok: false, status: 409, detail: 'It has been answered.' }
  if (vote.approve && vote.seen !== record.reviewSha256) {
    return { ok: false, status: 409, detail: 'It has changed since it was shown.' }
  }
  const { username, issuer, approve, reason, grant = null } = vote
  const hold: HoldRecord = {
    ...record,
    state: approve ? 'approved' : 'denied',
    validUntil: approve ? now + 300_000 : null,
    closedAt: approve ? null : now,
    votes: [...record.votes, { username, issuer, approve, reason, at: now, grant }],
  }
  await holds.putHold(hold)
  return { ok: true, hold }
}

async function endIn(holds: MemoryHolds, id: string, by: string, now: number): Promise<boolean> {
  const grant = await holds.grant(id)
  if (grant === null || grant.endedAt !== null || grant.expiresAt <= now) return false
  await holds.putGrant({ ...grant, endedAt: now, endedBy: by })
  return true
}

/** Takes a file whose first word is not `bad`: a Block or MaskPolicy as it is written, anything else as a policy of that name. */
function parseFake(text: string): ReturnType<ApiDeps['parseDocuments']> {
  if (text.startsWith('bad')) return { ok: false, errors: ['spec.rules: expected an array'] }
  const kind = ['Block', 'MaskPolicy'].find((one) => text.includes(`kind: ${one}`))
  if (kind !== undefined) {
    const document = parse(text)
    return { ok: true, documents: [{ kind, name: document.metadata.name, document, source: text }] }
  }
  return { ok: true, documents: [{ kind: 'AccessPolicy', name: text.trim(), document: {}, source: text }] }
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
  return { user, issuer: ISSUER, expiresAt: Date.UTC(2099, 0, 1) / 1000 }
}

export interface Fakes {
  readonly deps: ApiDeps
  readonly log: MemoryLog
  readonly store: MemoryStore
  /** Holds {@link HOLD} and {@link GRANT}. */
  readonly holds: MemoryHolds
  readonly clock: FakeClock
}

/** Everything the API needs, in memory. */
export function fakes(extra: Partial<ApiDeps> = {}): Fakes {
  const log = new MemoryLog()
  const store = new MemoryStore()
  const holds = new MemoryHolds()
  // Nothing in it waits: the maps are filled before the next line.
  void holds.putHold(HOLD, REVIEW_TEXT)
  void holds.putGrant(GRANT)
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
    parseDocuments: parseFake,
    holds,
    answerHold: async (_, id, vote) => answerIn(holds, id, vote, clock.now()),
    endGrant: async (_, id, by) => endIn(holds, id, by, clock.now()),
    documentsChanged: async () => undefined,
    explainPolicies: async ({ verb }) => ({
      ok: true,
      answer: {
        ...(verb === undefined
          ? {}
          : { decision: { effect: 'Deny', policy: '', rule: '', reason: 'nothing allows it' } }),
        rules: [],
      },
    }),
    simulatePolicies: async () => ({ ok: true, answer: { judged: 0, changes: [], cut: false } }),
    fetch: async () => new Response(null, { status: 500 }),
    ...extra,
  }
  return { deps, log, store, holds, clock }
}
