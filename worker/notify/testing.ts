// What the tests of the notices share: a clock that is moved by hand, a channel that answers as told, a store of maps.

import type { ChannelConfig } from '../config.ts'
import type { Clock, HoldRecord, NoticeRecord } from '../ports.ts'
import { createNotifier, type NotifierOptions } from './notify.ts'

/** Lets everything that is ready run: more turns of the microtask queue than any chain of awaits here is long. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve()
}

/** Stands until it is moved; timers fire in the order of their times. */
export class ManualClock implements Clock {
  time = Date.UTC(2026, 0, 1)
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  now() {
    return this.time
  }
  after(ms: number, callback: () => void) {
    const timer = { at: this.time + ms, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }
  get waiting(): number {
    return this.#timers.size
  }
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    for (;;) {
      await settle()
      const [next] = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.time = Math.max(this.time, next.at)
      next.callback()
    }
    this.time = end
    await settle()
  }
}

const KEY = btoa('k'.repeat(32))
export const SLACK: ChannelConfig = { name: 'sre', kind: 'slack', url: 'https://hooks.example/T0/secret' }
export const TEAMS: ChannelConfig = { name: 'ops', kind: 'teams', url: 'https://flow.example/secret' }
export const HOOK: ChannelConfig = {
  name: 'pager',
  kind: 'webhook',
  url: 'https://pager.example/',
  secret: `whsec_${KEY}`,
}

const BEGUN = Date.UTC(2026, 0, 1)

/** A question, open for ten minutes, with agent's words where an agent can put any. */
export function holdOf(change: Partial<HoldRecord> = {}): HoldRecord {
  return {
    id: 'h1',
    kind: 'request',
    connection: 'demo',
    session: 's1',
    command: 'c1',
    requester: { username: 'AGENTS-WORDS', uid: '', groups: ['AGENTS-WORDS'], issuer: 'https://issuer.example' },
    purpose: 'AGENTS-WORDS',
    policy: 'coding-agents',
    rule: 'change-with-a-human',
    reason: 'AGENTS-WORDS',
    approvals: [],
    state: 'pending',
    openedAt: BEGUN,
    expiresAt: BEGUN + 600_000,
    validUntil: null,
    closedAt: null,
    items: [
      {
        key: 'aa',
        title: 'AGENTS-WORDS',
        namespace: 'AGENTS-WORDS',
        group: '',
        resource: 'AGENTS-WORDS',
        name: 'AGENTS-WORDS',
        policy: 'coding-agents',
        rule: 'change-with-a-human',
        usedBy: null,
      },
    ],
    votes: [],
    reviewSha256: '',
    grant: null,
    ...change,
  }
}

export interface Post {
  readonly at: number
  readonly url: string
  readonly init: RequestInit
}

/** A notifier over a store of maps and a channel that answers with `answers` in turn, the last one for ever. */
export function setUp(
  answers: readonly ((post: Post) => Response | Promise<Response>)[],
  extra: Partial<NotifierOptions> = {},
) {
  const clock = new ManualClock()
  const holds = new Map<string, HoldRecord>()
  const notices = new Map<string, NoticeRecord>()
  /** Every state that was stored, in order. */
  const history: NoticeRecord[] = []
  const posts: Post[] = []
  const bugs: unknown[] = []
  let counter = 0
  const store = {
    hold: async (id: string) => {
      const record = holds.get(id)
      return record === undefined ? null : { record, review: '' }
    },
    putNotice: async (notice: NoticeRecord) => {
      history.push(notice)
      notices.set(notice.id, notice)
    },
    waitingNotices: async (connection: string) =>
      [...notices.values()].filter((one) => one.connection === connection && one.state === 'waiting'),
    notices: async (hold: string) => [...notices.values()].filter((one) => one.hold === hold),
  }
  const options: NotifierOptions = {
    channels: [SLACK],
    appUrl: 'https://gateway.example',
    store,
    clock,
    random: (length) => new Uint8Array(length),
    fetch: async (url, init) => {
      const post = { at: clock.now() - BEGUN, url, init }
      posts.push(post)
      const answer = answers[Math.min(posts.length, answers.length) - 1]
      if (answer === undefined) throw new Error('no answer was prepared')
      return answer(post)
    },
    ids: () => `n${++counter}`,
    connection: 'demo',
    onBug: (error) => bugs.push(error),
    ...extra,
  }
  /** Opens a hold as a hub does: stored first. */
  const start = (notifier: ReturnType<typeof createNotifier>, hold = holdOf()) => {
    holds.set(hold.id, hold)
    notifier.opened(hold)
  }
  return { clock, holds, notices, history, posts, bugs, store, options, start, notifier: createNotifier(options) }
}

export const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(code === 204 ? null : 'ok', { status: code, headers })
