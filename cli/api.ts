// The gateway's JSON API as the CLI calls it. In: what `cli.json` says. Out: parsed answers, or a Failure that says why.

import * as v from 'valibot'
import type { Page } from '../worker/api/types.ts'
import { Failure } from './command.ts'
import { type Answer, type Call, call } from './http.ts'
import { type CliState, readCliState } from './state.ts'

const problem = v.object({ detail: v.string() })

/** A well-formed answer of the gateway. The shapes are those of worker/api/types.ts, which the gateway's own tests hold it to. */
const answered = <T>(text: string): T => JSON.parse(text) as T

/** The gateway answered, and said no. */
export class Refused extends Failure {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Says which file a refusal is about. The gateway writes one line for each problem in it. */
export async function about<T>(file: string, act: Promise<T>): Promise<T> {
  try {
    return await act
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 422) throw error
    const lines = error.message.split('\n').map((line) => `${file}: ${line}`)
    throw new Refused(error.status, lines.join('\n'))
  }
}

async function refusalOf(answer: Answer): Promise<Refused> {
  const text = await answer.text()
  try {
    const parsed = v.safeParse(problem, JSON.parse(text))
    if (parsed.success) return new Refused(answer.status, parsed.output.detail)
  } catch {
    // Not from the gateway: say the status.
  }
  return new Refused(answer.status, `the gateway answered ${answer.status}`)
}

export interface Api {
  readonly url: string
  readonly ca: string | undefined
  readonly get: <T>(path: string) => Promise<T>
  readonly send: <T>(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: { type: string; text: string },
  ) => Promise<T | null>
  /** Sends JSON and takes JSON. @throws Failure when the answer has no body */
  readonly post: <T>(path: string, document: unknown) => Promise<T>
  /** The raw answer of a GET, its status checked. */
  readonly open: (path: string) => Promise<Answer>
  /** Every item of a listing, page by page. */
  readonly all: <T>(path: string) => AsyncGenerator<T>
}

/** @param state a gateway and a token */
export function apiOf(state: Pick<CliState, 'url' | 'ca' | 'token'>): Api {
  const send = async (path: string, init: Call): Promise<Answer> => {
    const headers = { authorization: `Bearer ${state.token}`, ...init.headers }
    const answer = await call(`${state.url}${path}`, { ...init, headers, ca: state.ca })
    if (answer.status >= 200 && answer.status < 300) return answer
    throw await refusalOf(answer)
  }
  const get = async <T>(path: string): Promise<T> => answered<T>(await (await send(path, {})).text())
  const post = async <T>(path: string, document: unknown): Promise<T> => {
    const headers = { 'content-type': 'application/json' }
    const text = await (await send(path, { method: 'POST', headers, body: JSON.stringify(document) })).text()
    if (text === '') throw new Failure('the gateway answered without a body')
    return answered<T>(text)
  }
  return {
    url: state.url,
    ca: state.ca,
    get,
    post,
    open: (path) => send(path, {}),
    async send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: { type: string; text: string }) {
      const init = body === undefined ? { method } : { method, headers: { 'content-type': body.type }, body: body.text }
      const text = await (await send(path, init)).text()
      return text === '' ? null : answered<T>(text)
    },
    async *all<T>(path: string) {
      let cursor: string | undefined
      do {
        const separator = path.includes('?') ? '&' : '?'
        const page: Page<T> = await get(
          cursor === undefined ? path : `${path}${separator}cursor=${encodeURIComponent(cursor)}`,
        )
        yield* page.items
        cursor = page.next
      } while (cursor !== undefined)
    },
  }
}

/** The API of the gateway this data folder belongs to. */
export async function connectApi(data: string): Promise<Api> {
  return apiOf(await readCliState(data))
}
