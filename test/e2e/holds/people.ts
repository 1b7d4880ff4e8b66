// The people who answer, by the API. In: a world. Out: what waits, and answers. Polls, since what is awaited is elsewhere.

import { exchange } from '../../../cli/exchange.ts'
import type { GrantSummary, HoldDetail, HoldSummary, NewBlock, Page, RequestRecord } from '../../../worker/api/types.ts'
import { type RawAnswer, rawRequest } from '../../contract/raw.ts'
import { until, type World } from '../../contract/world.ts'
import type { Running } from '../process.ts'

type GrantAsked = { readonly scope: 'namespace' | 'object'; readonly forS: number }

/** What a poll gives up with when the client it waits for ends first. */
const ENDED = Symbol('ended')

export class People {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  async #json<T>(path: string, init: { method?: string; body?: unknown; token?: string } = {}): Promise<T> {
    const answer = await this.ask(path, init)
    if (answer.status >= 300) throw new Error(`${init.method ?? 'GET'} ${path}: ${answer.status} ${answer.text}`)
    return JSON.parse(answer.text === '' ? 'null' : answer.text)
  }

  /** A call of the API; as the administrator, unless a token is given. */
  ask(path: string, init: { method?: string; body?: unknown; token?: string } = {}): Promise<RawAnswer> {
    const { method = 'GET', token } = init
    const body = init.body === undefined ? {} : { body: JSON.stringify(init.body) }
    const headers = init.body === undefined ? {} : { 'content-type': 'application/json' }
    if (token === undefined) return this.#world.api(path, { method, headers, ...body })
    const { port, ca } = this.#world
    const all = Object.entries({ ...headers, authorization: `Bearer ${token}` })
    return rawRequest({ port, ca, target: path, method, headers: all, ...body })
  }

  /** A login of somebody. */
  async tokenOf(username: string, groups: readonly string[]): Promise<string> {
    const { issuer, ca, port } = this.#world
    const url = `https://127.0.0.1:${port}`
    return (await exchange({ url, ca }, await issuer.sign({ sub: username, groups }), `${url}/api`)).token
  }

  async connected(): Promise<boolean> {
    return (await this.#world.api('/api/v1/connections')).text.includes('"live":true')
  }

  /** Everything an agent was ever held for, oldest first. */
  async of(username: string): Promise<HoldSummary[]> {
    const all: HoldSummary[] = []
    let next: string | undefined
    do {
      const page: { items: HoldSummary[]; next?: string } = await this.#json(
        `/api/v1/approvals?limit=500${next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`}`,
      )
      all.push(...page.items.filter(({ agent }) => agent.username === username))
      next = page.next
    } while (next !== undefined)
    return all.reverse()
  }

  /** The agent's one question that waits for an answer. @throws when `client` ends first */
  async pending(username: string, client?: Running): Promise<HoldSummary> {
    let found: HoldSummary | undefined
    let over: typeof ENDED | null = null
    client?.done.then(
      () => {
        over = ENDED
      },
      () => {
        over = ENDED
      },
    )
    await until(`${username} waits for an answer`, async () => {
      // Looked at before asking: whatever was pending when it ended has been seen.
      const ended = over
      found = (await this.of(username)).find(({ state }) => state === 'pending')
      if (found === undefined && ended !== null && client !== undefined) {
        const { code, stdout, stderr } = await client.done
        throw new Error(`${username} was not held: its client ended with ${code}\n${stdout}\n${stderr}`)
      }
      return found !== undefined
    })
    if (found === undefined) throw new Error('unreachable')
    return found
  }

  show(id: string): Promise<HoldDetail> {
    return this.#json(`/api/v1/approvals/${id}`)
  }

  /** The agent's own requests of a hold that went to the cluster, once they have ended. */
  async sentBy({ id, session }: Pick<HoldSummary, 'id' | 'session'>): Promise<readonly RequestRecord[]> {
    let sent: readonly RequestRecord[] = []
    await until(`what ${id} let pass has ended`, async () => {
      const page: Page<RequestRecord> = await this.#json(`/api/v1/sessions/${session}/requests?limit=500`)
      sent = page.items.filter(
        ({ hold, of, result }) => hold === id && of === undefined && result?.outcome !== 'refused',
      )
      return sent.length > 0 && sent.every(({ result }) => result !== undefined)
    })
    return sent
  }

  async state(id: string, ...wanted: readonly HoldSummary['state'][]): Promise<void> {
    let last = ''
    await until(`${id} is ${wanted.join(' or ')}`, async () => {
      last = (await this.show(id)).state
      return wanted.some((state) => state === last)
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; it is ${last}`)
    })
  }

  /** @param token absent: the administrator approves */
  async approve(
    id: string,
    options: { readonly grant?: GrantAsked; readonly token?: string } = {},
  ): Promise<HoldSummary> {
    const { reviewSha256: seen } = await this.show(id)
    const { grant, token } = options
    return this.#json(`/api/v1/approvals/${id}/approve`, {
      method: 'POST',
      body: { seen, ...(grant === undefined ? {} : { grant }) },
      ...(token === undefined ? {} : { token }),
    })
  }

  deny(id: string, reason: string): Promise<HoldSummary> {
    return this.#json(`/api/v1/approvals/${id}/deny`, { method: 'POST', body: { reason } })
  }

  /** Approves whatever the agent asks until its client ends. @returns how many questions there were */
  async approveAll(username: string, client: Running): Promise<number> {
    let answered = 0
    let over = false
    const end = client.done.then(() => {
      over = true
    })
    while (!over) {
      const waiting = (await this.of(username)).filter(({ state }) => state === 'pending')
      for (const { id } of waiting) {
        await this.approve(id)
        answered += 1
      }
      await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 50))])
    }
    return answered
  }

  async grants(username: string): Promise<GrantSummary[]> {
    const { items } = await this.#json<{ items: GrantSummary[] }>('/api/v1/grants?limit=500')
    return items.filter(({ agent }) => agent.username === username)
  }

  async endGrant(id: string): Promise<void> {
    await this.#json(`/api/v1/grants/${id}`, { method: 'DELETE' })
  }

  /** Throws the kill switch. @returns its name */
  async block(block: NewBlock): Promise<string> {
    return (await this.#json<{ name: string }>('/api/v1/blocks', { method: 'POST', body: block })).name
  }

  async unblock(name: string): Promise<void> {
    await this.#json(`/api/v1/blocks/${name}`, { method: 'DELETE' })
  }
}
