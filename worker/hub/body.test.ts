import { describe, expect, it } from 'vitest'
import { fromBytes } from '../bytes.ts'
import type { Authenticated, RequestInfo, Verb } from '../context.ts'
import type { Clock } from '../ports.ts'
import { takeBody } from './body.ts'

const clock: Clock = { now: () => 0, after: () => () => {} }
const text = (value: string): readonly number[] => [...new TextEncoder().encode(value)]
const field = (number: number, value: readonly number[]): readonly number[] => [
  (number << 3) | 2,
  value.length,
  ...value,
]

/** A runtime.Unknown of this kind around nothing. */
function protobuf(apiVersion: string, kind: string): Uint8Array {
  const type = [...(apiVersion === '' ? [] : field(1, text(apiVersion))), ...(kind === '' ? [] : field(2, text(kind)))]
  return new Uint8Array([...text('k8s\0'), ...field(1, type), ...field(2, [])])
}

function request(verb: Verb, bytes: Uint8Array, subresource = ''): Authenticated {
  const info: RequestInfo = {
    isResourceRequest: true,
    path: '/api/v1/namespaces/d/pods/p',
    query: 'dryRun=All',
    verb,
    apiPrefix: 'api',
    apiGroup: '',
    apiVersion: 'v1',
    namespace: 'd',
    resource: 'pods',
    subresource,
    name: 'p',
    parts: [],
    streaming: false,
    dryRun: true,
  }
  return {
    id: 'id',
    receivedAt: 0,
    method: 'DELETE',
    target: '/clusters/test/api/v1/namespaces/d/pods/p',
    host: 'gateway.example',
    headers: [],
    body: fromBytes(bytes),
    upgrade: null,
    remote: '',
    signal: new AbortController().signal,
    connection: 'test',
    info,
    bodyFormat: 'protobuf',
    accept: { upstream: 'application/json' },
    client: { userAgent: '', command: '', session: '' },
    identity: { user: { username: 'agent', uid: '', groups: [], extra: {} }, issuer: '', expiresAt: 1 },
  }
}

describe('a protobuf body of a deletion', () => {
  it.each<[name: string, verb: Verb, apiVersion: string, kind: string, taken: boolean]>([
    ['DeleteOptions', 'delete', 'v1', 'DeleteOptions', true],
    ['no kind, which the API server takes as DeleteOptions', 'delete', '', '', false],
    ['no kind, of many objects', 'deletecollection', '', '', false],
    ['another kind', 'delete', 'v1', 'Pod', false],
  ])('%s', async (_name, verb, apiVersion, kind, taken) => {
    expect((await takeBody(request(verb, protobuf(apiVersion, kind)), clock, 1_000)).ok).toBe(taken)
  })

  it('is an Eviction where it is an eviction', async () => {
    const asked = request('delete', protobuf('policy/v1', 'Eviction'), 'eviction')
    expect((await takeBody(asked, clock, 1_000)).ok).toBe(true)
  })
})
