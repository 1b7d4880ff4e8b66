// The people of the contract suite: whoever answers holds, over the API; and clients that wait for them as client-go does.

import { expect } from 'vitest'
import type { GrantSummary, HoldDetail, HoldSummary } from '../../worker/api/types.ts'
import type { RawAnswer } from './raw.ts'
import { type AskOptions, until, type World } from './world.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
/** client-go repeats a 429 with Retry-After so often. */
const REPEATS = 10

/** One person at the API. */
export interface Person {
  readonly api: World['api']
  hold(id: string): Promise<HoldDetail>
  /** The hold that waits for an answer and whose title matches, once it is there. */
  waiting(title: RegExp | string, state?: HoldSummary['state']): Promise<HoldDetail>
  holds(): Promise<readonly HoldSummary[]>
  /** Approves what the API shows now, or what `seen` names. */
  approve(
    id: string,
    more?: {
      readonly seen?: string
      readonly reason?: string
      readonly grant?: { readonly scope: 'namespace' | 'object'; readonly forS: number }
    },
  ): Promise<RawAnswer>
  deny(id: string, reason?: string): Promise<RawAnswer>
  grant(id: string): Promise<GrantSummary>
  post(path: string, body: unknown): Promise<RawAnswer>
}

export async function person(world: World, username: string, groups: readonly string[]): Promise<Person> {
  return personOf(await world.apiAs({ username, groups }))
}

export function personOf(api: World['api']): Person {
  const post = (path: string, body: unknown): Promise<RawAnswer> =>
    api(path, { method: 'POST', body: JSON.stringify(body), headers: JSON_TYPE })
  const read = async <T>(path: string): Promise<T> => {
    const answer = await api(path)
    expect(answer.status, answer.text).toBe(200)
    return JSON.parse(answer.text) as T
  }
  const holds = async (): Promise<readonly HoldSummary[]> =>
    (await read<{ items: HoldSummary[] }>('/api/v1/approvals?limit=200')).items
  const hold = (id: string): Promise<HoldDetail> => read(`/api/v1/approvals/${id}`)
  return {
    api,
    post,
    hold,
    holds,
    async waiting(title, state = 'pending') {
      const is = (text: string): boolean => (typeof title === 'string' ? text === title : title.test(text))
      let found: HoldSummary | undefined
      await until(`a hold of ${String(title)} is ${state}`, async () => {
        found = (await holds()).find((one) => one.state === state && is(one.title))
        return found !== undefined
      })
      if (found === undefined) throw new Error('unreachable')
      return hold(found.id)
    },
    async approve(id, more = {}) {
      const seen = more.seen ?? (await hold(id)).reviewSha256
      return post(`/api/v1/approvals/${id}/approve`, { ...more, seen })
    },
    deny: (id, reason) => post(`/api/v1/approvals/${id}/deny`, reason === undefined ? {} : { reason }),
    async grant(id) {
      const found = (await read<{ items: GrantSummary[] }>('/api/v1/grants')).items.find((one) => one.id === id)
      if (found === undefined) throw new Error(`there is no grant ${id}`)
      return found
    },
  }
}

/** Asks, and repeats a 429 as client-go does, without its pauses. */
export async function askPatiently(world: World, target: string, options: AskOptions = {}): Promise<RawAnswer> {
  for (let repeats = 0; ; repeats += 1) {
    const answer = await world.ask(target, options)
    const again = /^\d+$/.test(answer.headers.get('retry-after') ?? '')
    if (answer.status !== 429 || !again || repeats === REPEATS) return answer
  }
}

/** A request that waits: its answer comes later. A failure is kept for whoever awaits it. */
export function begin(world: World, target: string, options: AskOptions = {}): Promise<RawAnswer> {
  const answer = askPatiently(world, target, options)
  answer.catch(() => undefined)
  return answer
}

/** What reached the API server since: `GET /path`, in order. */
export function reached(world: World, since: number): readonly string[] {
  return world.upstream.seen.slice(since).map(({ method, url }) => `${method} ${url}`)
}

/** Of those, what could have changed something: no read, and no dry run as the API server takes one. */
export function changing(world: World, since: number, path = ''): readonly string[] {
  return world.upstream.seen
    .slice(since)
    .filter((request) => request.url.startsWith(path) && !isHarmless(request))
    .map(({ method, url }) => `${method} ${url}`)
}

function isHarmless({ method, url, headers, body }: World['upstream']['seen'][number]): boolean {
  if (method === 'GET') return headers.upgrade === undefined
  if (method === 'DELETE' && body.length > 0) return body.toString().includes('"dryRun":["All"]')
  return /[?&]dryRun=All(&|$)/.test(url)
}
