import { describe, expect, test } from 'vitest'
import type { Refusal, RequestInfo } from '../context.ts'
import { statusFrame, statusOf } from './status.ts'

const ID = '0192f0c1-2345-7000-8000-000000000000'
const text = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes))

describe('every kind of refusal has its code and reason', () => {
  test.each<[Refusal['kind'], number, string]>([
    ['malformed', 400, 'BadRequest'],
    ['unauthenticated', 401, 'Unauthorized'],
    ['forbidden', 403, 'Forbidden'],
    ['unknown-connection', 404, 'NotFound'],
    ['method-not-allowed', 405, 'MethodNotAllowed'],
    ['not-acceptable', 406, 'NotAcceptable'],
    ['too-large', 413, 'RequestEntityTooLarge'],
    ['unsupported-media-type', 415, 'UnsupportedMediaType'],
    ['too-many', 429, 'TooManyRequests'],
    ['withheld', 502, 'InternalError'],
    ['log-unavailable', 503, 'ServiceUnavailable'],
    ['connector-unavailable', 503, 'ServiceUnavailable'],
    ['connector-lost', 504, 'Timeout'],
    ['upstream', 502, 'InternalError'],
    ['timeout', 504, 'Timeout'],
    ['unsupported-client', 400, 'BadRequest'],
    ['internal', 500, 'InternalError'],
  ])('%s is %i %s', (kind, code, reason) => {
    const reply = statusOf({ kind, message: 'why' }, { id: ID })
    expect(reply.status).toBe(code)
    expect(text(reply.body)).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason,
      code,
      message: `why (request ${ID})`,
    })
    expect(reply.headers).toContainEqual(['content-type', 'application/json'])
    expect(reply.headers).toContainEqual(['audit-id', ID])
  })
})

describe('Retry-After is whole seconds, at least one', () => {
  test.each<[string, Refusal, string | undefined]>([
    ['too many, nothing said', { kind: 'too-many', message: '' }, '1'],
    ['too many, a fraction', { kind: 'too-many', message: '', retryAfterS: 1.2 }, '2'],
    ['too many, zero', { kind: 'too-many', message: '', retryAfterS: 0 }, '1'],
    ['no connector, told', { kind: 'connector-unavailable', message: '', retryAfterS: 3 }, '3'],
    ['no connector, not told', { kind: 'connector-unavailable', message: '' }, undefined],
    ['not a number', { kind: 'malformed', message: '', retryAfterS: Number.NaN }, undefined],
  ])('%s', (_name, refusal, expected) => {
    const reply = statusOf(refusal)
    expect(reply.headers.find(([name]) => name === 'retry-after')?.[1]).toBe(expected)
    expect(text(reply.body).details?.retryAfterSeconds).toBe(expected === undefined ? undefined : Number(expected))
  })
})

test('a denial names the object, the policy and the rule', () => {
  const info: RequestInfo = {
    isResourceRequest: true,
    path: '/apis/apps/v1/namespaces/shop/deployments/web',
    query: '',
    verb: 'delete',
    apiPrefix: 'apis',
    apiGroup: 'apps',
    apiVersion: 'v1',
    namespace: 'shop',
    resource: 'deployments',
    subresource: '',
    name: 'web',
    parts: [],
    streaming: false,
    dryRun: false,
  }
  const decision = { effect: 'Deny', policy: 'p', rule: 'never', reason: 'Not so.', revision: 1 } as const
  const reply = statusOf({ kind: 'forbidden', message: 'no', decision }, { id: ID, info })
  expect(text(reply.body).details).toEqual({
    name: 'web',
    group: 'apps',
    kind: 'deployments',
    causes: [{ reason: 'Deny', message: 'Not so.', field: 'p/never' }],
  })
})

test('a 401 asks for a bearer token', () => {
  const reply = statusOf({ kind: 'unauthenticated', message: 'no token was sent' })
  expect(reply.headers).toContainEqual(['www-authenticate', 'Bearer realm="sallyport"'])
  expect(text(reply.body).message).toBe('no token was sent')
})

describe('a refusal of discovery is a Warning too, since client-go throws its Status away', () => {
  test.each<[string, string, boolean]>([
    ['the core group', '/clusters/prod/api?timeout=32s', true],
    ['the other groups', '/clusters/prod/apis', true],
    ['by host name', '/apis?timeout=32s', true],
    ['one group', '/clusters/prod/apis/apps/v1', false],
    ['a resource', '/clusters/prod/api/v1/pods', false],
    ['a path that is not canonical', '/clusters/prod//api', false],
  ])('%s: %s', (_name, target, warns) => {
    const reply = statusOf({ kind: 'forbidden', message: 'not “so”, it’s "no" \\' }, { id: ID, target })
    const warning = reply.headers.find(([name]) => name === 'warning')?.[1]
    expect(warning).toBe(warns ? `299 - "not ?so?, it's \\"no\\" \\\\"` : undefined)
  })
})

test('inside an exec the Status goes to the error channel', () => {
  const frame = statusFrame({ kind: 'connector-lost', message: 'lost' }, { id: ID })
  expect(frame[0]).toBe(3)
  expect(text(frame.subarray(1))).toMatchObject({ status: 'Failure', message: `lost (request ${ID})` })
})
