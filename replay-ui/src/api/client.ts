// The API of the gateway, as functions. In: parameters. Out: checked values. Throws `ApiError` and nothing else.
// Same origin only; what is not a GET carries the header that a foreign site cannot send.

import * as v from 'valibot'
import type {
  Approve,
  BlockSummary,
  CommandSummary,
  DenyHold,
  GrantSummary,
  HoldDetail,
  HoldSummary,
  LoginOptions,
  Me,
  NewBlock,
  Page,
  RequestRecord,
  SessionSummary,
} from '../../../worker/api/types.ts'
import * as held from './hold-schema.ts'
import * as schema from './schema.ts'

/** What went wrong, in the terms a person can act on. */
export type ApiErrorKind = 'network' | 'unauthorized' | 'forbidden' | 'missing' | 'conflict' | 'server' | 'malformed'

export class ApiError extends Error {
  readonly kind: ApiErrorKind
  /** HTTP status; 0 without an answer. */
  readonly status: number

  constructor(kind: ApiErrorKind, status: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.kind = kind
    this.status = status
  }
}

/** The bytes of a body, or its beginning when it is longer than asked for. */
export interface Body {
  readonly bytes: Uint8Array
  readonly cut: boolean
  readonly mediaType: string
}

export interface Api {
  loginOptions(): Promise<LoginOptions>
  me(): Promise<Me>
  logout(): Promise<void>
  sessions(filter: { readonly q: string; readonly cursor?: string }): Promise<Page<SessionSummary>>
  session(id: string): Promise<SessionSummary>
  commands(session: string, cursor?: string): Promise<Page<CommandSummary>>
  requests(session: string, command: string, cursor?: string): Promise<Page<RequestRecord>>
  body(request: string, kind: 'request' | 'response', maxBytes: number): Promise<Body>
  stream(request: string, maxBytes: number): Promise<Body>
  /** `open`: only those collecting, pending or approved; else all. Newest first. */
  approvals(filter: {
    readonly open: boolean
    readonly session?: string
    readonly cursor?: string
  }): Promise<Page<HoldSummary>>
  approval(id: string): Promise<HoldDetail>
  /** Throws `conflict` when something else was shown, or it is answered already. */
  approve(id: string, answer: Approve): Promise<HoldSummary>
  deny(id: string, answer: DenyHold): Promise<HoldSummary>
  /** `open`: only those in force; else all. Newest first. */
  grants(filter: { readonly open: boolean; readonly cursor?: string }): Promise<Page<GrantSummary>>
  endGrant(id: string): Promise<void>
  blocks(): Promise<Page<BlockSummary>>
  /** The kill switch: what runs under it ends within seconds. */
  block(block: NewBlock): Promise<BlockSummary>
  liftBlock(name: string): Promise<void>
}

/** As many open questions as one page of the inbox holds. */
const OPEN_LIMIT = '100'

/** An `Api` over `fetch`, which is handed in. */
export function createApi(fetcher: typeof fetch): Api {
  const get = async <T>(path: string, shape: v.GenericSchema<unknown, T>): Promise<T> =>
    parse(shape, await readJSON(await send(fetcher, path, 'GET')))
  const post = async <T>(path: string, shape: v.GenericSchema<unknown, T>, body: unknown): Promise<T> =>
    parse(shape, await readJSON(await send(fetcher, path, 'POST', body)))
  const remove = async (path: string): Promise<void> => {
    await send(fetcher, path, 'DELETE')
  }
  const bytes = async (path: string, maxBytes: number): Promise<Body> => {
    const response = await send(fetcher, path, 'GET')
    return readBody(response, maxBytes)
  }
  return {
    loginOptions: () => get('/api/v1/login-options', schema.loginOptions),
    me: () => get('/api/v1/me', schema.me),
    logout: async () => {
      await send(fetcher, '/logout', 'POST')
    },
    sessions: ({ q, cursor }) =>
      get(`/api/v1/sessions${query({ q: q || undefined, cursor, limit: '50' })}`, schema.pageOf(schema.session)),
    session: (id) => get(`/api/v1/sessions/${encodeURIComponent(id)}`, schema.session),
    commands: (session, cursor) =>
      get(
        `/api/v1/sessions/${encodeURIComponent(session)}/commands${query({ cursor, limit: '500' })}`,
        schema.pageOf(schema.command),
      ),
    requests: (session, command, cursor) =>
      get(
        `/api/v1/sessions/${encodeURIComponent(session)}/requests${query({ command, cursor, limit: '200' })}`,
        schema.pageOf(schema.request),
      ),
    body: (request, kind, maxBytes) =>
      bytes(`/api/v1/requests/${encodeURIComponent(request)}/body${query({ kind })}`, maxBytes),
    stream: (request, maxBytes) => bytes(`/api/v1/requests/${encodeURIComponent(request)}/stream`, maxBytes),
    approvals: ({ open, session, cursor }) =>
      get(
        `/api/v1/approvals${query({ open: String(open), session, cursor, limit: open ? OPEN_LIMIT : '50' })}`,
        schema.pageOf(held.hold),
      ),
    approval: (id) => get(`/api/v1/approvals/${encodeURIComponent(id)}`, held.holdDetail),
    approve: (id, answer) => post(`/api/v1/approvals/${encodeURIComponent(id)}/approve`, held.hold, answer),
    deny: (id, answer) => post(`/api/v1/approvals/${encodeURIComponent(id)}/deny`, held.hold, answer),
    grants: ({ open, cursor }) =>
      get(`/api/v1/grants${query({ open: String(open), cursor, limit: '50' })}`, schema.pageOf(held.grant)),
    endGrant: (id) => remove(`/api/v1/grants/${encodeURIComponent(id)}`),
    blocks: () => get('/api/v1/blocks', schema.pageOf(held.block)),
    block: (block) => post('/api/v1/blocks', held.block, block),
    liftBlock: (name) => remove(`/api/v1/blocks/${encodeURIComponent(name)}`),
  }
}

function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const out = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) out.set(name, value)
  const text = out.toString()
  return text === '' ? '' : `?${text}`
}

async function send(
  fetcher: typeof fetch,
  path: string,
  method: 'GET' | 'POST' | 'DELETE',
  body?: unknown,
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json, application/octet-stream;q=0.9, */*;q=0.1' }
  if (method !== 'GET') headers['x-sallyport-csrf'] = '1'
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init: RequestInit = { method, headers, credentials: 'same-origin', redirect: 'error' }
  let response: Response
  try {
    response = await fetcher(path, body === undefined ? init : { ...init, body: JSON.stringify(body) })
  } catch {
    throw new ApiError('network', 0, 'The gateway did not answer.')
  }
  if (response.ok) return response
  throw await refusal(response)
}

async function refusal(response: Response): Promise<ApiError> {
  const parsed = v.safeParse(schema.problem, await response.json().catch(() => undefined))
  const detail = parsed.success ? parsed.output.detail : `The gateway answered ${response.status}.`
  const kinds: Readonly<Record<number, ApiErrorKind>> = {
    401: 'unauthorized',
    403: 'forbidden',
    404: 'missing',
    409: 'conflict',
  }
  return new ApiError(kinds[response.status] ?? 'server', response.status, detail)
}

async function readJSON(response: Response): Promise<unknown> {
  try {
    const value: unknown = await response.json()
    return value
  } catch {
    throw new ApiError('malformed', response.status, 'The gateway answered something that is not JSON.')
  }
}

function parse<T>(shape: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(shape, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const where = v.getDotPath(issue) ?? 'the answer'
  throw new ApiError('malformed', 200, `The gateway answered something this page cannot read (${where}).`)
}

async function readBody(response: Response, maxBytes: number): Promise<Body> {
  const mediaType = response.headers.get('content-type') ?? ''
  const parts: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  if (!reader) return { bytes: new Uint8Array(), cut: false, mediaType }
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { bytes: join(parts, length), cut: false, mediaType }
      const room = maxBytes - length
      parts.push(value.subarray(0, room))
      length += Math.min(value.length, room)
      if (value.length > room) {
        await reader.cancel()
        return { bytes: join(parts, length), cut: true, mediaType }
      }
    }
  } catch {
    throw new ApiError('network', 0, 'The answer broke off.')
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
