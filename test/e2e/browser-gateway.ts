// The API the app talks to, made up: for states that a real gateway reaches rarely or slowly. In: the built app's folder.
// Out: a server whose questions a test can change. It serves the app under the gateway's own security headers.

import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { Diff, ReviewedRequest } from '../../protocol/review.ts'
import { securityHeaders } from '../../worker/api/headers.ts'
import type {
  BlockSummary,
  CommandSummary,
  GrantSummary,
  HoldDetail,
  Me,
  RequestRecord,
  SessionSummary,
} from '../../worker/api/types.ts'

const ISSUER = 'https://login.example'
const MINUTE_MS = 60_000

/** RFC 3339, so many milliseconds from now. */
export const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()

export interface FakeGateway {
  readonly url: string
  /** What the API answers; a test may change any of it. */
  readonly state: {
    me: Me
    approvals: HoldDetail[]
    grants: GrantSummary[]
    blocks: BlockSummary[]
    sessions: SessionSummary[]
    commands: CommandSummary[]
    requests: RequestRecord[]
    /** Says 409 to the next answer, as when the request has changed meanwhile. */
    conflict: string
  }
  /** What was posted and deleted, in order. */
  readonly sent: { readonly method: string; readonly path: string; readonly body: unknown; readonly csrf: string }[]
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** A request of a review; what is not given is a patch of the scale of deployment web. */
export function reviewed(more: Partial<ReviewedRequest> = {}): ReviewedRequest {
  return {
    title: 'patch deployments.apps/scale "web" in namespace "shop"',
    request: {
      method: 'PATCH',
      target: '/apis/apps/v1/namespaces/shop/deployments/web/scale?fieldManager=kubectl-scale',
      verb: 'patch',
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      subresource: 'scale',
      namespace: 'shop',
      name: 'web',
      userAgent: 'kubectl/v1.35.2',
    },
    body: { mediaType: 'application/merge-patch+json', text: '{"spec":{"replicas":12}}', cut: false },
    diff: {
      kind: 'lines',
      lines: [
        ['@', ''],
        [' ', '  name: web'],
        [' ', '  namespace: shop'],
        [' ', 'spec:'],
        ['-', '  replicas: 3'],
        ['+', '  replicas: 12'],
      ],
      added: 1,
      removed: 1,
      cut: false,
    },
    reach: {
      objects: 1,
      pods: 3,
      examples: ['Pod/web-6d4b9c7f5-2xk8p', 'Pod/web-6d4b9c7f5-9qv4t', 'Pod/web-6d4b9c7f5-mh7wl'],
    },
    ...more,
  }
}

/** Lines of a diff that creates something. */
export function created(text: string): Diff {
  const lines = text.split('\n')
  return { kind: 'lines', lines: lines.map((line) => ['+', line]), added: lines.length, removed: 0, cut: false }
}

/** A question that waits; what is not given is one request that the reader may answer. */
export function question(id: string, more: Partial<HoldDetail> = {}): HoldDetail {
  const requests = more.review?.requests ?? [reviewed()]
  return {
    id,
    kind: 'request',
    state: 'pending',
    connection: 'prod',
    session: 's1',
    command: 'c3',
    agent: { username: 'agent', groups: ['ai-agents'], issuer: ISSUER },
    purpose: 'Checkout answers 502 since 11:40: give web room while I look for the reason',
    policy: 'coding-agents',
    rule: 'change-with-a-human',
    reason: 'Changes in shop are looked at by a person.',
    title: requests.length === 1 ? (requests[0]?.title ?? '') : `${requests.length} requests`,
    requests: requests.length,
    used: 0,
    openedAt: inMs(-2 * MINUTE_MS),
    expiresAt: inMs(8 * MINUTE_MS),
    votes: [],
    needs: { count: 1, users: [], groups: ['sre'] },
    mayAnswer: true,
    review: { v: 1, requests },
    reviewSha256: Buffer.from(`${id}: what is shown`).toString('hex').padEnd(64, '0'),
    before: COMMANDS.slice(0, 3),
    notices: [{ channel: 'slack', state: 'sent', attempts: 1 }],
    ...more,
  }
}

const command = (id: string, title: string, outcome: CommandSummary['outcome'], ago: number): CommandSummary => ({
  id,
  session: 's1',
  title,
  startedAt: inMs(-ago),
  endedAt: inMs(-ago + 400),
  requests: 1,
  denials: outcome === 'refused' ? 1 : 0,
  holds: id === 'c3' ? 1 : 0,
  masks: 0,
  outcome,
})

const COMMANDS: readonly CommandSummary[] = [
  command('c0', 'kubectl get pods -n shop', 'ok', 5 * MINUTE_MS),
  command('c1', 'kubectl describe deploy/web -n shop', 'ok', 4 * MINUTE_MS),
  command('c2', 'kubectl delete ns shop', 'refused', 3 * MINUTE_MS),
  command('c3', 'kubectl scale deploy/web -n shop --replicas=12', 'running', 2 * MINUTE_MS),
]

const SESSION: SessionSummary = {
  id: 's1',
  connection: 'prod',
  agent: { username: 'agent', groups: ['ai-agents'], issuer: ISSUER },
  purpose: 'Checkout answers 502 since 11:40: give web room while I look for the reason',
  userAgent: 'kubectl/v1.35.2 (linux/amd64) kubernetes/fdc9d74',
  startedAt: inMs(-5 * MINUTE_MS),
  lastAt: inMs(-2 * MINUTE_MS),
  commands: 4,
  requests: 4,
  denials: 1,
  holds: 1,
  masks: 0,
  live: true,
}

const REQUEST: RequestRecord = {
  id: 'r3',
  session: 's1',
  command: 'c3',
  at: inMs(-2 * MINUTE_MS),
  request: reviewed().request,
  decision: {
    effect: 'Hold',
    policy: 'coding-agents',
    rule: 'change-with-a-human',
    reason: 'Changes in shop are looked at by a person.',
    revision: 1,
  },
  hold: 'h1',
  bodies: [],
  leaf: '4746205dc2b7bcf9063f99f1e03667fe97a73934740cd7b27c49759b63c80143',
}

/** Starts one. `dist`: the built app. */
export async function startFakeGateway(dist: string): Promise<FakeGateway> {
  const state: FakeGateway['state'] = {
    me: { username: 'alice', groups: ['sre'], roles: ['viewer', 'approver', 'admin'], issuer: ISSUER },
    approvals: [question('h1')],
    grants: [],
    blocks: [],
    sessions: [SESSION],
    commands: [...COMMANDS],
    requests: [REQUEST],
    conflict: '',
  }
  const sent: { method: string; path: string; body: unknown; csrf: string }[] = []
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders())) {
      // Plain HTTP on this machine.
      if (name !== 'strict-transport-security') response.setHeader(name, value)
    }
    const url = new URL(request.url ?? '/', 'http://fake')
    const method = request.method ?? 'GET'
    if (!url.pathname.startsWith('/api/')) return file(url.pathname, response)
    let body: unknown
    if (method !== 'GET') {
      const parts: Buffer[] = []
      for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part)
      const text = Buffer.concat(parts).toString('utf8')
      body = text === '' ? undefined : JSON.parse(text)
      sent.push({ method, path: url.pathname, body, csrf: String(request.headers['x-sallyport-csrf'] ?? '') })
    }
    const [status, value] = api(state, method, url, body)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(value === undefined ? '' : JSON.stringify(value))
  }
  async function file(path: string, response: ServerResponse): Promise<void> {
    const name = extname(path) === '' ? 'index.html' : path
    const bytes = await readFile(join(dist, name)).catch(() => null)
    response.writeHead(bytes === null ? 404 : 200, { 'content-type': TYPES[extname(name)] ?? 'text/plain' })
    response.end(bytes ?? '')
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    sent,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const problem = (status: number, detail: string): [number, unknown] => [
  status,
  { type: 'about:blank', title: 'Problem', status, detail },
]

const OPEN: ReadonlySet<string> = new Set(['collecting', 'pending', 'approved'])

function api(state: FakeGateway['state'], method: string, url: URL, body: unknown): [number, unknown] {
  const [, , , kind = '', id = '', part = ''] = url.pathname.split('/').map(decodeURIComponent)
  const open = url.searchParams.get('open')
  const row = `${method} ${kind}${id === '' ? '' : '/ID'}${part === '' ? '' : `/${part}`}`
  const items = <T>(list: readonly T[]): [number, unknown] => [200, { items: list }]
  const one = <T>(found: T | undefined): [number, unknown] =>
    found === undefined ? problem(404, 'There is no such thing.') : [200, found]
  switch (row) {
    case 'GET me':
      return [200, state.me]
    case 'GET approvals':
      return items(state.approvals.filter((hold) => open !== 'true' || OPEN.has(hold.state)))
    case 'GET approvals/ID':
      return one(state.approvals.find((hold) => hold.id === id))
    case 'POST approvals/ID/approve':
    case 'POST approvals/ID/deny':
      return vote(state, id, part === 'approve', body)
    case 'GET grants':
      return items(state.grants.filter((grant) => open !== 'true' || grant.endedAt === undefined))
    case 'DELETE grants/ID':
      state.grants = state.grants.map((grant) =>
        grant.id === id ? { ...grant, endedAt: inMs(0), endedBy: state.me.username } : grant,
      )
      return [204, undefined]
    case 'GET blocks':
      return items(state.blocks)
    case 'POST blocks': {
      const { kind: of, value, reason } = body as { kind: BlockSummary['kind']; value: string; reason?: string }
      const block = { name: `${of}-1`, kind: of, value, reason: reason ?? '', by: state.me.username, at: inMs(0) }
      state.blocks = [...state.blocks, block]
      return [200, block]
    }
    case 'DELETE blocks/ID':
      state.blocks = state.blocks.filter((block) => block.name !== id)
      return [204, undefined]
    case 'GET sessions':
      return items(state.sessions)
    case 'GET sessions/ID':
      return one(state.sessions.find((session) => session.id === id))
    case 'GET sessions/ID/commands':
      return items(state.commands)
    case 'GET sessions/ID/requests':
      return items(state.requests.filter((request) => request.command === url.searchParams.get('command')))
    default:
      return problem(404, 'There is no such thing.')
  }
}

function vote(state: FakeGateway['state'], id: string, approve: boolean, body: unknown): [number, unknown] {
  const hold = state.approvals.find((one) => one.id === id)
  if (hold === undefined) return problem(404, 'There is no such question.')
  const { seen, reason, grant } = body as {
    seen?: string
    reason?: string
    grant?: { scope: 'namespace' | 'object'; forS: number }
  }
  if (state.conflict !== '') {
    const { conflict } = state
    state.conflict = ''
    return problem(409, conflict)
  }
  if (hold.state !== 'pending' || (approve && seen !== hold.reviewSha256)) {
    return problem(409, 'The question is another one by now.')
  }
  const votes = [
    ...hold.votes,
    { username: state.me.username, approve, reason: reason ?? '', at: inMs(0), ...(grant && { grant }) },
  ]
  const enough = votes.filter((one) => one.approve).length >= hold.needs.count
  const next: HoldDetail = {
    ...hold,
    votes,
    mayAnswer: false,
    whyNot: 'You have approved it. You may still deny it.',
    state: approve ? (enough ? 'approved' : 'pending') : 'denied',
    ...(approve && enough && { validUntil: inMs(5 * MINUTE_MS) }),
    ...(!approve && { closedAt: inMs(0) }),
    ...(grant && enough && { grant: 'g1' }),
  }
  state.approvals = state.approvals.map((one) => (one.id === id ? next : one))
  return [200, next]
}
