import { describe, expect, it } from 'vitest'
import { fromBytes } from '../bytes.ts'
import type { Authenticated, BodyFormat, RequestInfo, Verb } from '../context.ts'
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
    ['an Eviction', 'delete', 'policy/v1', 'Eviction', false],
  ])('%s', async (_name, verb, apiVersion, kind, taken) => {
    expect((await takeBody(request(verb, protobuf(apiVersion, kind)), clock, 1_000)).ok).toBe(taken)
  })

  it('is an Eviction where it is an eviction', async () => {
    const asked = request('delete', protobuf('policy/v1', 'Eviction'), 'eviction')
    expect((await takeBody(asked, clock, 1_000)).ok).toBe(true)
    const other = request('delete', protobuf('', ''), 'eviction')
    expect((await takeBody(other, clock, 1_000)).ok).toBe(false)
  })
})

describe('a body in YAML', () => {
  const taken = async (bodyFormat: BodyFormat, body: string) => {
    const asked = { ...request('update', new TextEncoder().encode(body)), bodyFormat }
    const outcome = await takeBody(asked, clock, 1_000)
    return outcome.ok && outcome.value !== null ? new TextDecoder().decode(outcome.value.bytes) : outcome
  }

  it.each<[name: string, format: BodyFormat, body: string, goesOn: string]>([
    ['YAML', 'yaml', 'a: 1 # one\nb: [x, "yes"]\n', '{"a":1,"b":["x","yes"]}'],
    ['an apply', 'apply-patch', 'a:\n  b: |\n    c\n', '{"a":{"b":"c\\n"}}'],
    ['YAML that opens as JSON does', 'yaml', '{a: 1, # one\n b: 2}', '{"a":1,"b":2}'],
    ['JSON as YAML', 'yaml', '{"a": 1}', '{"a": 1}'],
    ['a line separator by its escape', 'yaml', 'a: "x\\Ly\\N"\n', '{"a":"x\\u2028y\\u0085"}'],
    ['an apply in JSON as it came', 'apply-patch', ' {"a": 12345678901234567890}', ' {"a": 12345678901234567890}'],
    ['its line separators, which Go would fold', 'apply-patch', '{"a": "x\u2028y\u0085"}', '{"a": "x\\u2028y\\u0085"}'],
    ['JSON as it came', 'json', '{"a": "x\u2028y\u0085"}', '{"a": "x\u2028y\u0085"}'],
  ])('%s goes on as JSON', async (_name, format, body, goesOn) => {
    expect(await taken(format, body)).toBe(goesOn)
  })

  it.each([
    ['a number that JSON cannot say exactly', 'a: 12345678901234567890\n'],
    ['no object', '- a\n'],
  ])('%s is refused', async (_name, body) => {
    expect(await taken('yaml', body)).toMatchObject({ ok: false, refusal: { kind: 'malformed' } })
  })
})

describe('a body for which there is no room', () => {
  it('is read no further, and asked for again', async () => {
    const asked: number[] = []
    let cancelled = 0
    const body = {
      read: async () => new Uint8Array(4),
      cancel: () => {
        cancelled += 1
      },
    }
    const takes = (bytes: number): boolean => asked.push(bytes) < 3
    const outcome = await takeBody({ ...request('create', new Uint8Array(0)), body }, clock, 1_000, takes)
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'too-many', retryAfterS: 2 } })
    expect([asked, cancelled]).toEqual([[4, 4, 4], 1])
  })
})

describe('the options of a deletion', () => {
  it.each<[name: string, verb: Verb, options: unknown, taken: boolean]>([
    [
      'all there are',
      'delete',
      { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'], gracePeriodSeconds: 0 },
      true,
    ],
    [
      'the other ones',
      'delete',
      { propagationPolicy: 'Orphan', orphanDependents: true, preconditions: { uid: 'u' } },
      true,
    ],
    ['none', 'deletecollection', {}, true],
    ['what is none', 'delete', { dryRun: ['All'], dryrun: [] }, false],
    ['what is none, of many objects', 'deletecollection', { dryRun: ['All'], other: 1 }, false],
    ['no object', 'delete', ['All'], false],
    ['nothing', 'delete', null, false],
  ])('%s', async (_name, verb, options, taken) => {
    const asked = request(verb, new TextEncoder().encode(JSON.stringify(options)))
    const outcome = await takeBody({ ...asked, bodyFormat: 'json' }, clock, 1_000)
    expect(outcome.ok).toBe(taken)
  })

  it.each<[options: unknown, taken: boolean]>([
    [{ kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'p' }, deleteOptions: { dryRun: ['All'] } }, true],
    [{ metadata: { name: 'p' }, deleteOptions: null }, true],
    [{ metadata: { name: 'p' }, deleteoptions: {} }, false],
    [{ deleteOptions: { dryrun: [] } }, false],
  ])('stand within an eviction: %j', async (body, taken) => {
    const asked = request('delete', new TextEncoder().encode(JSON.stringify(body)), 'eviction')
    expect((await takeBody({ ...asked, bodyFormat: 'json' }, clock, 1_000)).ok).toBe(taken)
  })

  it.each([
    ['gracePeriodSeconds=0', true],
    ['gracePeriodSeconds=%2B0', true],
    ['gracePeriodSeconds=0000000000000000', false],
    ['gracePeriodSeconds=', false],
  ])('in the query can be read, or nothing passes: %s', async (query, taken) => {
    const asked = request('delete', new Uint8Array(0))
    const outcome = await takeBody({ ...asked, body: null, info: { ...asked.info, query } }, clock, 1_000)
    expect(outcome.ok).toBe(taken)
  })
})
