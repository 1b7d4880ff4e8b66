// What the tests of holds start from: a clock that stands until it is moved, a log and a store in memory that can be made to
// fail, requests, people.

import type { RecordedRequest } from '../../protocol/log/event.ts'
import type { ReviewedRequest } from '../../protocol/review.ts'
import type { Approval, Outcome, Release } from '../context.ts'
import {
  type Clock,
  type Durability,
  type Entry,
  type GrantRecord,
  type HoldRecord,
  type HoldStore,
  type Log,
  LogUnavailable,
} from '../ports.ts'
import { createHolds, type HeldRequest, type Holds, type HoldsOptions, type Vote } from './holds.ts'

export const NOW = Date.parse('2026-01-02T03:04:05.000Z')
export const AGENT = { username: 'agent', uid: 'u1', groups: ['ai-agents'], extra: {} }
export const ISSUER = 'https://id.example'

/** Everything that is ready to run has run. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

export const APPROVAL: Approval = {
  by: { users: [], groups: [] },
  count: 1,
  holdForMs: 600_000,
  validForMs: 300_000,
  grant: null,
}

export interface Scene {
  readonly holds: Holds
  /** Moves the time and lets everything settle, timer by timer. */
  advance(ms: number): Promise<void>
  readonly clock: Clock
  readonly entries: Entry[]
  readonly durabilities: Durability[]
  readonly stored: Map<string, { record: HoldRecord; review: string }>
  readonly grants: Map<string, GrantRecord>
  /** Set: what the log, or the store, answers with. */
  readonly failing: { log: boolean; store: boolean }
  readonly opened: HoldRecord[]
  readonly closed: HoldRecord[]
  readonly bugs: unknown[]
  /** A new run over the same store, log and clock; the old one is closed. */
  restart(): Scene
  /** The one open hold, or the newest that is stored. */
  only(): HoldRecord
  types(): string[]
}

export function scene(options: Partial<HoldsOptions> = {}): Scene {
  const time = testClock()
  const entries: Entry[] = []
  const durabilities: Durability[] = []
  const failing = { log: false, store: false }
  const { store, stored, grants } = testStore(() => failing.store)
  const log: Log = {
    async append(appended, durability) {
      await null
      if (failing.log) throw new LogUnavailable('no space')
      entries.push(...appended)
      durabilities.push(durability)
      return appended.map(({ event }) => ({ id: event.id, leaf: 'leaf' }))
    },
    pendingBytes: 0,
  }
  let count = 0
  const start = (): Scene => {
    const opened: HoldRecord[] = []
    const closed: HoldRecord[] = []
    const bugs: unknown[] = []
    const holds = createHolds({
      clock: time.clock,
      ids: () => `id${++count}`,
      log,
      store,
      connection: 'prod',
      opened: (hold) => opened.push(hold),
      closed: (hold) => closed.push(hold),
      onBug: (error) => bugs.push(error),
      ...options,
    })
    return {
      holds,
      advance: time.advance,
      clock: time.clock,
      entries,
      durabilities,
      stored,
      grants,
      failing,
      opened,
      closed,
      bugs,
      restart() {
        holds.close()
        return start()
      },
      only() {
        const all = [...stored.values()].map(({ record }) => record)
        const found = all.find(({ state }) => ['collecting', 'pending', 'approved'].includes(state)) ?? all.at(-1)
        if (found === undefined) throw new Error('no hold')
        return found
      },
      types: () => entries.map(({ event }) => event.type),
    }
  }
  return start()
}

function testClock() {
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
  const advance = async (ms: number) => {
    const end = now + ms
    for (;;) {
      await settled()
      const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      timers = timers.filter((one) => one !== next)
      now = Math.max(now, next.at)
      next.callback()
    }
    now = end
    await settled()
  }
  return { clock, advance }
}

function testStore(fails: () => boolean) {
  const stored = new Map<string, { record: HoldRecord; review: string }>()
  const grants = new Map<string, GrantRecord>()
  const check = async () => {
    await null
    if (fails()) throw new Error('database is gone')
  }
  const store: HoldStore = {
    async unfinished(connection) {
      await check()
      const open = ['collecting', 'pending', 'approved']
      return {
        holds: [...stored.values()]
          .map(({ record }) => record)
          .filter((record) => record.connection === connection && open.includes(record.state)),
        grants: [...grants.values()].filter((grant) => grant.connection === connection && grant.endedAt === null),
      }
    },
    async putHold(record, review) {
      await check()
      stored.set(record.id, { record, review: review ?? stored.get(record.id)?.review ?? '' })
    },
    async putGrant(record) {
      await check()
      grants.set(record.id, record)
    },
    async hold(id) {
      await check()
      return stored.get(id) ?? null
    },
    async grant(id) {
      await check()
      return grants.get(id) ?? null
    },
    holds: async () => ({ items: [] }),
    grants: async () => ({ items: [] }),
    putNotice: async () => {},
    waitingNotices: async () => [],
    notices: async () => [],
  }
  return { store, stored, grants }
}

let requests = 0

/** `patch deployments/web in shop`, by the agent; whatever is given differs. */
export function heldRequest(
  given: Partial<Omit<HeldRequest, 'request' | 'identity'>> & {
    readonly approval?: Partial<Approval>
    readonly request?: Partial<RecordedRequest>
    readonly username?: string
    readonly issuer?: string
    readonly purpose?: string
    readonly rule?: string
    readonly reviewed?: Partial<ReviewedRequest>
  } = {},
): HeldRequest {
  const { approval, request, username, issuer, purpose, rule, reviewed, ...rest } = given
  const recorded: RecordedRequest = {
    method: 'PATCH',
    target: '/apis/apps/v1/namespaces/shop/deployments/web',
    verb: 'patch',
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    subresource: '',
    namespace: 'shop',
    name: 'web',
    userAgent: 'kubectl/v1.35.2',
    ...request,
  }
  const binding = rest.binding ?? 'aa11'
  return {
    id: `r${++requests}`,
    session: 's1',
    command: 'c1',
    identity: {
      user: { ...AGENT, username: username ?? AGENT.username },
      issuer: issuer ?? ISSUER,
      expiresAt: 0,
      ...(purpose === undefined ? {} : { purpose }),
    },
    connection: 'prod',
    decision: {
      effect: 'Hold',
      policy: 'agents',
      rule: rule ?? 'change',
      reason: 'changes need a person',
      revision: 1,
      approval: { ...APPROVAL, ...approval },
    },
    request: recorded,
    dryRun: false,
    client: 'k1',
    handshake: false,
    body: new TextEncoder().encode('{"spec":{"replicas":3}}'),
    path: recorded.target,
    query: 'fieldManager=kubectl',
    method: recorded.method,
    binding,
    review: async () => ({
      ok: true,
      value: {
        title: `${recorded.verb} ${recorded.resource} "${recorded.name}" in namespace "${recorded.namespace}"`,
        request: recorded,
        diff: { kind: 'none', why: 'none' },
        reach: { objects: 1, pods: 0, examples: [] },
        ...reviewed,
      },
    }),
    confirm: async () => ({ ok: true, value: binding }),
    ...rest,
  }
}

/** A yes of alice's to what is asked; whatever is given differs. */
export function yes(hold: HoldRecord, given: Partial<Vote> = {}): Vote {
  return {
    username: 'alice',
    issuer: ISSUER,
    groups: ['sre'],
    approver: true,
    approve: true,
    reason: '',
    seen: hold.reviewSha256,
    ...given,
  }
}

export function no(given: Partial<Vote> = {}): Vote {
  return { username: 'alice', issuer: ISSUER, groups: ['sre'], approver: true, approve: false, reason: '', ...given }
}

/** A request on its way through `pass`, and what became of it. */
export interface Passing {
  readonly done: Promise<Outcome<Release>>
  /** Undefined: it waits. */
  outcome(): Outcome<Release> | undefined
  error(): unknown
  /** Its client goes away. */
  abort(): void
}

export function passing(holds: Holds, request: HeldRequest): Passing {
  const controller = new AbortController()
  let outcome: Outcome<Release> | undefined
  let failure: unknown
  const done = holds.pass(request, controller.signal)
  done.then(
    (value) => {
      outcome = value
    },
    (error: unknown) => {
      failure = error
    },
  )
  return { done, outcome: () => outcome, error: () => failure, abort: () => controller.abort() }
}

/** The refusal's kind, `pass` with what let it, or `waits`. */
export function fate(one: Passing): string {
  const outcome = one.outcome()
  if (one.error() !== undefined) return one.error() instanceof LogUnavailable ? 'log-unavailable' : 'error'
  if (outcome === undefined) return 'waits'
  return outcome.ok ? `pass by ${outcome.value.kind}` : outcome.refusal.kind
}

export function messageOf(one: Passing): string {
  const outcome = one.outcome()
  return outcome === undefined || outcome.ok ? '' : outcome.refusal.message
}
