// A gateway of canned answers for tests of commands: what it was asked is kept, what the command printed too.

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { vi } from 'vitest'
import type { HoldDetail } from '../../worker/api/types.ts'
import { type Invocation, parseInvocation } from '../command.ts'
import { main } from '../main.ts'
import { writeCliState } from '../state.ts'
import { COMMANDS } from './table.ts'

interface Asked {
  readonly method: string
  readonly target: string
  readonly body: unknown
}

interface FakeGateway {
  readonly data: string
  /** `GET /api/v1/approvals` (without the query) to what is answered: JSON, or a status and problem. */
  readonly answers: Map<string, unknown>
  readonly asked: Asked[]
  /** What was printed since the last time. */
  readonly out: () => string
  readonly err: () => string
  readonly run: (...argv: string[]) => Promise<number>
  /** A call of a command, for a function that takes more than that. */
  readonly invocation: (words: readonly string[], ...argv: string[]) => Invocation
  readonly close: () => Promise<void>
}

/** An answer with a status other than 200. */
export class Problem {
  readonly status: number
  readonly detail: string
  constructor(status: number, detail: string) {
    this.status = status
    this.detail = detail
  }
}

export async function fakeGateway(): Promise<FakeGateway> {
  const data = await mkdtemp(join(tmpdir(), 'sallyport-cli-'))
  const answers = new Map<string, unknown>()
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { method = '', url = '' } = request
    asked.push({ method, target: url, body: bodyOf(text) })
    const key = `${method} ${url.split('?')[0]}`
    const found = answers.has(key) ? answers.get(key) : new Problem(404, 'There is nothing here.')
    const answer: unknown = typeof found === 'function' ? found(url) : found
    if (answer instanceof Problem) {
      const { status, detail } = answer
      response.writeHead(status, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify({ type: 'about:blank', title: 'No', status, detail }))
    } else if (answer === null) response.writeHead(204).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  await writeCliState(data, { url, token: 't', expiresAt: '2099-01-01T00:00:00.000Z' })
  let [out, err] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
  return {
    data,
    answers,
    asked,
    out: () => {
      const said = out
      out = ''
      return said
    },
    err: () => {
      const said = err
      err = ''
      return said
    },
    run: (...argv) => {
      const end = argv.indexOf('--')
      return main(end === -1 ? [...argv, '--data', data] : [...argv.slice(0, end), '--data', data, ...argv.slice(end)])
    },
    invocation(words, ...argv) {
      const command = COMMANDS.find((one) => one.words.join(' ') === words.join(' '))
      const parsed = command === undefined ? null : parseInvocation(command, [...words, '--data', data, ...argv])
      if (parsed === null) throw new Error(`there is no command ${words.join(' ')}`)
      return parsed
    },
    async close() {
      vi.restoreAllMocks()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(data, { recursive: true, force: true })
    },
  }
}

function bodyOf(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

/** A hold as the API shows it, opened 90 seconds ago and open for another 8:30. */
export function holdDetail(extra: Partial<HoldDetail> = {}): HoldDetail {
  return {
    id: '0190a1b2-0000-7000-8000-000000000001',
    kind: 'request',
    state: 'pending',
    connection: 'prod',
    session: 's1',
    command: 'c9',
    agent: { username: 'agent', groups: ['ai-agents'], issuer: 'https://issuer.example' },
    purpose: 'fix the crash loop',
    policy: 'coding-agents',
    rule: 'change-with-a-human',
    reason: 'Changes are looked at by a person.',
    title: 'patch deployments.apps/scale "web" in namespace "shop"',
    requests: 1,
    used: 0,
    openedAt: ago(90_000),
    expiresAt: ago(-510_500),
    votes: [],
    needs: { count: 1, users: [], groups: ['sre'] },
    mayAnswer: true,
    review: {
      v: 1,
      requests: [
        {
          title: 'patch deployments.apps/scale "web" in namespace "shop"',
          request: {
            method: 'PATCH',
            target: '/apis/apps/v1/namespaces/shop/deployments/web/scale',
            verb: 'patch',
            group: 'apps',
            version: 'v1',
            resource: 'deployments',
            subresource: 'scale',
            namespace: 'shop',
            name: 'web',
            userAgent: 'kubectl/v1.35.2',
          },
          body: { mediaType: 'application/merge-patch+json', text: '{"spec":{"replicas":3}}', cut: false },
          diff: {
            kind: 'lines',
            lines: [
              ['@', 'spec'],
              [' ', 'spec:'],
              ['-', '  replicas: 1'],
              ['+', '  replicas: 3'],
            ],
            added: 1,
            removed: 1,
            cut: false,
          },
          reach: { objects: 1, pods: 3, examples: ['pod/web-0'] },
        },
      ],
    },
    reviewSha256: 'ab'.repeat(32),
    before: [
      {
        id: 'c8',
        session: 's1',
        title: 'kubectl get pods -n shop',
        startedAt: '2026-01-01T00:00:00.000Z',
        endedAt: '2026-01-01T00:00:01.000Z',
        requests: 1,
        denials: 0,
        holds: 0,
        masks: 0,
        outcome: 'ok',
      },
    ],
    notices: [],
    ...extra,
  }
}
