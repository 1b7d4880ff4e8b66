import { describe, expect, test } from 'vitest'
import type { ByteSource, Received } from '../context.ts'
import { classify } from './classify.ts'
import observed from './fixtures/kubectl-requests.json' with { type: 'json' }
import { upstreamHeaders } from './headers.ts'
import { streamProtocols, upstreamProtocols } from './upgrade.ts'

const BODY: ByteSource = { read: async () => null, cancel() {} }
const OPTIONS = { origin: 'https://gateway.example.com', connectionHostSuffix: 'gateway.example.com' }
const NS = '/clusters/prod/api/v1/namespaces/d'
const V5 = { kind: 'websocket', protocols: ['v5.channel.k8s.io'] } as const

function received(over: Partial<Received> = {}): Received {
  return {
    id: '0192f0c1-2345-7000-8000-000000000000',
    receivedAt: 0,
    method: 'GET',
    target: `${NS}/pods`,
    host: 'gateway.example.com',
    headers: [],
    body: null,
    upgrade: null,
    remote: '127.0.0.1',
    signal: new AbortController().signal,
    ...over,
  }
}
const HANDSHAKE = [
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['sec-websocket-version', '13'],
] as const
/** A WebSocket comes with its handshake. */
function of(over: Partial<Received>) {
  const shakes = over.upgrade?.kind === 'websocket' ? HANDSHAKE : []
  const own = new Set((over.headers ?? []).map(([name]) => name))
  const headers = [...(over.headers ?? []), ...shakes.filter(([name]) => !own.has(name))]
  return classify(received({ ...over, headers }), OPTIONS)
}

describe('what real kubectl and helm send', () => {
  test.each(observed.map((row) => [`${row.method} ${row.target}`, row] as const))('%s', (_name, row) => {
    const headers = Object.entries(row.headers)
    const offer = headers.find(([name]) => name === 'sec-websocket-protocol')?.[1].split(/, */) ?? []
    const kind = headers.find(([name]) => name === 'upgrade')?.[1] === 'websocket' ? 'websocket' : 'spdy'
    const outcome = of({
      method: row.method,
      target: `/clusters/prod${row.target}`,
      headers,
      body: row.hasBody ? BODY : null,
      upgrade: headers.some(([name]) => name === 'upgrade') ? { kind, protocols: offer } : null,
    })
    if (!outcome.ok) throw new Error(outcome.refusal.message)
    const { info, bodyFormat, accept } = outcome.value
    const kindOf = `${info.resource}${info.apiGroup && `.${info.apiGroup}`}${info.subresource && `/${info.subresource}`}`
    const is = info.isResourceRequest
      ? `${info.verb} ${kindOf} ns=${info.namespace} name=${info.name}`
      : `${info.verb} ${info.path}`
    expect({ is, format: bodyFormat, upstreamAccept: accept.upstream }).toEqual({
      is: row.is,
      format: row.format,
      upstreamAccept: row.upstreamAccept,
    })
  })
})

describe('the connection', () => {
  test.each([
    ['by path', 'gateway.example.com', '/clusters/prod/version', 'prod', '/version'],
    ['by path, nothing behind it', 'gateway.example.com', '/clusters/prod', 'prod', '/'],
    ['by path on another host name', '127.0.0.1:8443', '/clusters/prod/api', 'prod', '/api'],
    ['by host name', 'prod.gateway.example.com', '/api', 'prod', '/api'],
    ['by host name with a port', 'prod.gateway.example.com:8443', '/api', 'prod', '/api'],
    [
      'by host name, whatever the path says',
      'prod.gateway.example.com',
      '/clusters/dev/api',
      'prod',
      '/clusters/dev/api',
    ],
  ])('%s', (_name, host, target, connection, path) => {
    expect(of({ host, target })).toMatchObject({ ok: true, value: { connection, info: { path } } })
  })
  test.each([
    ['no prefix', 'gateway.example.com', '/api/v1/pods'],
    ['an empty name', 'gateway.example.com', '/clusters//api'],
    ['a name in upper case', 'gateway.example.com', '/clusters/Prod/api'],
    ['an escaped name', 'gateway.example.com', '/clusters/pro%64/api'],
    ['two labels', 'a.b.gateway.example.com', '/api'],
  ])('unknown: %s', (_name, host, target) => {
    expect(of({ host, target })).toMatchObject({ ok: false, refusal: { kind: 'unknown-connection' } })
  })
})

describe('headers', () => {
  const many = Array.from({ length: 101 }, (_, index): [string, string] => [`x-${index}`, ''])
  test.each<[string, [string, string][], string]>([
    ['Impersonate-User', [['impersonate-user', 'root']], 'forbidden'],
    ['Impersonate-Group', [['impersonate-group', 'system:masters']], 'forbidden'],
    ['Impersonate-Uid', [['impersonate-uid', '1']], 'forbidden'],
    ['Impersonate-Extra-x', [['impersonate-extra-x', '1']], 'forbidden'],
    ['Connection: Impersonate-User', [['connection', 'Impersonate-User']], 'forbidden'],
    ['Connection: close, Impersonate-Group', [['connection', 'close, Impersonate-Group']], 'forbidden'],
    ['Connection: Authorization', [['connection', 'Authorization']], 'malformed'],
    [
      'two Content-Lengths',
      [
        ['content-length', '1'],
        ['content-length', '2'],
      ],
      'malformed',
    ],
    ['two Content-Lengths in one field', [['content-length', '1, 2']], 'malformed'],
    ['a Content-Length that is no number', [['content-length', '+1']], 'malformed'],
    [
      'Content-Length and Transfer-Encoding',
      [
        ['content-length', '1'],
        ['transfer-encoding', 'chunked'],
      ],
      'malformed',
    ],
    ['another Transfer-Encoding', [['transfer-encoding', 'gzip, chunked']], 'malformed'],
    [
      'two Authorizations',
      [
        ['authorization', 'Bearer a'],
        ['authorization', 'Bearer b'],
      ],
      'malformed',
    ],
    [
      'two Content-Types',
      [
        ['content-type', 'application/json'],
        ['content-type', 'application/yaml'],
      ],
      'malformed',
    ],
    ['Content-Encoding: gzip', [['content-encoding', 'gzip']], 'unsupported-media-type'],
    ['one header field too many', many, 'malformed'],
    ['header fields that are too long', [['x-long', 'a'.repeat(128 * 1024)]], 'malformed'],
    [
      'an upgrade to h2c',
      [
        ['upgrade', 'h2c'],
        ['connection', 'upgrade'],
      ],
      'malformed',
    ],
  ])('refused: %s', (_name, headers, kind) => {
    expect(of({ headers })).toMatchObject({ ok: false, refusal: { kind } })
  })
  test.each<[string, [string, string][]]>([
    ['as many fields as the limit', many.slice(1)],
    ['Connection: keep-alive', [['connection', 'keep-alive']]],
    [
      'the same Content-Length twice',
      [
        ['content-length', '0'],
        ['content-length', '0'],
      ],
    ],
    [
      'names that other proxies believe',
      [
        ['x-forwarded-user', 'root'],
        ['x_remote_group', 'system:masters'],
        ['x-original-url', '/x'],
      ],
    ],
  ])('taken: %s', (_name, headers) => {
    expect(of({ headers })).toMatchObject({ ok: true, value: { info: { path: '/api/v1/namespaces/d/pods' } } })
  })

  test('only the allowlist goes upstream, from what was parsed', () => {
    const outcome = of({
      method: 'POST',
      body: BODY,
      headers: [
        ['accept', 'application/vnd.kubernetes.protobuf,application/json'],
        ['accept-encoding', 'gzip'],
        ['authorization', 'Bearer t'],
        ['cookie', 'a=b'],
        ['content-type', 'application/json; charset=utf-8'],
        ['content-length', '2'],
        ['user-agent', `kubectl/v1.35${'x'.repeat(400)}`],
        ['kubectl-command', 'kubectl create\u0007'],
        ['kubectl-session', 's'],
        ['if-none-match', '"x"'],
        ['x-remote-user', 'root'],
        ['x-forwarded-for', '1.2.3.4'],
        ['audit-id', 'mine'],
        ['sec-websocket-protocol', 'x'],
      ],
    })
    if (!outcome.ok) throw new Error(outcome.refusal.message)
    expect(upstreamHeaders(outcome.value)).toEqual([
      ['accept', 'application/json'],
      ['content-type', 'application/json'],
      ['user-agent', `kubectl/v1.35${'x'.repeat(243)}`],
      ['kubectl-command', 'kubectl create'],
      ['kubectl-session', 's'],
    ])
    expect(outcome.value.headers.map(([name]) => name)).not.toContain('cookie')
  })
  test('If-None-Match goes upstream for OpenAPI', () => {
    const outcome = of({ target: '/clusters/prod/openapi/v2', headers: [['if-none-match', '"x"']] })
    if (!outcome.ok) throw new Error(outcome.refusal.message)
    expect(upstreamHeaders(outcome.value)).toContainEqual(['if-none-match', '"x"'])
  })
})

describe('Accept', () => {
  const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  test.each([
    ['nothing', 'pods', '', 'application/json'],
    ['anything', 'pods', '*/*', 'application/json'],
    ['anything of application', 'pods', 'application/*', 'application/json'],
    ['protobuf or JSON', 'pods', 'application/vnd.kubernetes.protobuf,application/json', 'application/json'],
    ['CBOR or anything', 'pods', 'application/cbor, */*;q=0.5', 'application/json'],
    ['a Table', 'pods', TABLE, 'application/json;g=meta.k8s.io;v=v1;as=Table'],
    [
      'a Table in upper case type',
      'pods',
      'Application/JSON;as=Table;v=v1;g=meta.k8s.io',
      'application/json;g=meta.k8s.io;v=v1;as=Table',
    ],
    [
      'a Table of an unknown version, or JSON',
      'pods',
      'application/json;as=Table;v=v9;g=meta.k8s.io,application/json',
      'application/json',
    ],
    [
      'a Table as protobuf, or JSON',
      'pods',
      'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json',
      'application/json',
    ],
    [
      'partial metadata',
      'pods',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      'application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadata',
    ],
    [
      'an unknown conversion, or JSON',
      'pods',
      'application/json;as=constructor;g=x;v=y,application/json',
      'application/json',
    ],
    [
      'by quality',
      'pods',
      `application/json;q=0.5,${TABLE}`,
      'application/json;g=meta.k8s.io;v=v1;as=Table,application/json',
    ],
    ['a log', 'pods/p/log', 'application/json, */*', 'application/json,*/*'],
    ['a log, protobuf or anything', 'pods/p/log', 'application/vnd.kubernetes.protobuf, */*', '*/*'],
    ['a log, nothing said', 'pods/p/log', '', '*/*'],
  ])('%s', (_name, end, value, upstream) => {
    const headers: [string, string][] = value === '' ? [] : [['accept', value]]
    expect(of({ target: `${NS}/${end}`, headers })).toMatchObject({ ok: true, value: { accept: { upstream } } })
  })
  test('OpenAPI as protobuf passes, since it holds no secrets', () => {
    const value = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
    expect(of({ target: '/clusters/prod/openapi/v2', headers: [['accept', value]] })).toMatchObject({
      value: { accept: { upstream: value } },
    })
  })
  test.each([
    ['protobuf only', 'application/vnd.kubernetes.protobuf'],
    ['CBOR only', 'application/cbor'],
    ['YAML only', 'application/yaml'],
    ['text for a resource', 'text/plain'],
    ['OpenAPI protobuf for a resource', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'],
    ['JSON refused by quality', 'application/json;q=0'],
    ['no media type at all', 'json'],
  ])('406: %s', (_name, value) => {
    expect(of({ headers: [['accept', value]] })).toMatchObject({ ok: false, refusal: { kind: 'not-acceptable' } })
  })
})

describe('the body', () => {
  test.each([
    ['POST', 'application/json', 'json'],
    ['POST', '', 'json'],
    ['PUT', 'application/yaml', 'yaml'],
    ['DELETE', 'application/vnd.kubernetes.protobuf', 'protobuf'],
    ['PATCH', 'application/json-patch+json', 'json-patch'],
    ['PATCH', 'application/merge-patch+json', 'merge-patch'],
    ['PATCH', 'application/strategic-merge-patch+json; charset=UTF-8', 'strategic-merge-patch'],
    ['PATCH', 'application/apply-patch+yaml', 'apply-patch'],
  ])('%s %s is %s', (method, type, format) => {
    const headers: [string, string][] = type === '' ? [] : [['content-type', type]]
    expect(of({ method, target: `${NS}/pods/p`, headers, body: BODY })).toMatchObject({ value: { bodyFormat: format } })
  })
  test.each([
    ['POST', 'application/cbor'],
    ['POST', 'application/x-www-form-urlencoded'],
    ['POST', 'application/json-patch+json'],
    ['POST', 'application/json; charset=utf-16'],
    ['POST', 'application/json; charset=utf-7; charset=utf-8'],
    ['POST', 'application/json, application/yaml'],
    ['POST', 'constructor/x'],
    ['PATCH', 'application/apply-patch+cbor'],
    ['PATCH', 'application/json'],
    ['PATCH', ''],
  ])('415: %s %s', (method, type) => {
    const headers: [string, string][] = type === '' ? [] : [['content-type', type]]
    expect(of({ method, target: `${NS}/pods/p`, headers, body: BODY })).toMatchObject({
      refusal: { kind: 'unsupported-media-type' },
    })
  })
  test.each([['GET'], ['HEAD']])('400: a %s with a body', (method) => {
    expect(of({ method, body: BODY })).toMatchObject({ refusal: { kind: 'malformed' } })
  })
})

describe('upgrades', () => {
  const exec = `${NS}/pods/p/exec?command=sh`
  const token = 'base64url.bearer.authorization.k8s.io.'
  test.each<[string, Partial<Received>]>([
    ['on a list', { upgrade: V5 }],
    ['on a metrics resource', { target: '/clusters/prod/apis/metrics.k8s.io/v1beta1/pods', upgrade: V5 }],
    ['on a log', { target: `${NS}/pods/p/log`, upgrade: V5 }],
    ['on a proxied path', { target: `${NS}/pods/p/proxy`, upgrade: V5 }],
    ['behind an exec', { target: `${NS}/pods/p/exec/x`, upgrade: V5 }],
    ['on the exec of another group', { target: '/clusters/prod/apis/x.io/v1/namespaces/d/pods/p/exec', upgrade: V5 }],
    ['in old protocols only', { target: exec, upgrade: { kind: 'websocket', protocols: ['channel.k8s.io'] } }],
    [
      'to port-forward on exec',
      { target: exec, upgrade: { kind: 'websocket', protocols: ['SPDY/3.1+portforward.k8s.io'] } },
    ],
    ['by POST', { target: exec, method: 'POST', upgrade: V5 }],
    ['with a body', { target: exec, upgrade: V5, body: BODY }],
    ['with a key that is none', { target: exec, upgrade: V5, headers: [['sec-websocket-key', 'short']] }],
    ['of another version', { target: exec, upgrade: V5, headers: [['sec-websocket-version', '8']] }],
    [
      'with two keys',
      { target: exec, upgrade: V5, headers: Array(2).fill(['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==']) },
    ],
    ['from another origin', { target: exec, upgrade: V5, headers: [['origin', 'https://evil.example.com']] }],
    ['from the null origin', { target: exec, upgrade: V5, headers: [['origin', 'null']] }],
    [
      'with two tokens in the offer',
      { target: exec, upgrade: { kind: 'websocket', protocols: [`${token}YQ`, `${token}Yg`, 'v5.channel.k8s.io'] } },
    ],
    [
      'with a token that is no base64url',
      { target: exec, upgrade: { kind: 'websocket', protocols: [`${token}a+b`, 'v5.channel.k8s.io'] } },
    ],
    [
      'with a token in the offer and another in a header',
      {
        target: exec,
        headers: [['authorization', 'Bearer a']],
        upgrade: { kind: 'websocket', protocols: [`${token}YQ`, 'v5.channel.k8s.io'] },
      },
    ],
    ['that is missing on an exec', { target: exec }],
    ['that is missing on an exec by POST', { target: exec, method: 'POST' }],
    ['that is missing on a port-forward', { target: `${NS}/pods/p/portforward` }],
  ])('400: %s', (_name, over) => {
    expect(of(over)).toMatchObject({ ok: false, refusal: { kind: 'malformed' } })
  })
  test.each(HANDSHAKE.map(([name]) => name))('400: without %s', (missing) => {
    const headers = HANDSHAKE.filter(([name]) => name !== missing)
    const outcome = classify(received({ target: exec, upgrade: V5, headers }), OPTIONS)
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'malformed' } })
  })

  test.each([
    ['exec in v5', exec, ['v5.channel.k8s.io'], ['v5.channel.k8s.io']],
    ['exec in v4 or unknown ones', exec, ['x', 'v4.channel.k8s.io'], ['v4.channel.k8s.io']],
    [
      'attach',
      `${NS}/pods/p/attach`,
      ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
      ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    ],
    ['port-forward', `${NS}/pods/p/portforward`, ['SPDY/3.1+portforward.k8s.io'], ['SPDY/3.1+portforward.k8s.io']],
  ])('taken: %s', (_name, target, protocols, taken) => {
    const outcome = of({ target, upgrade: { kind: 'websocket', protocols } })
    if (!outcome.ok) throw new Error(outcome.refusal.message)
    expect(streamProtocols(outcome.value)).toEqual({ ok: true, value: taken })
  })
  test.each([
    [['v5.channel.k8s.io'], ['v5.channel.k8s.io', 'v4.channel.k8s.io']],
    [['v4.channel.k8s.io'], ['v4.channel.k8s.io']],
    [
      ['v4.channel.k8s.io', 'v5.channel.k8s.io'],
      ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    ],
    [['SPDY/3.1+portforward.k8s.io'], ['SPDY/3.1+portforward.k8s.io']],
  ])('a client that offers %j lets the API server choose of %j', (protocols, offered) => {
    expect(upstreamProtocols({ protocols })).toEqual(offered)
  })
  test('a token in the offer becomes the bearer and leaves the offer', () => {
    const outcome = of({
      target: exec,
      headers: [
        ['sec-websocket-protocol', `${token}YS5iLmM, v5.channel.k8s.io`],
        ['origin', OPTIONS.origin],
      ],
      upgrade: { kind: 'websocket', protocols: [`${token}YS5iLmM`, 'v5.channel.k8s.io'] },
    })
    if (!outcome.ok) throw new Error(outcome.refusal.message)
    expect(outcome.value.headers).toContainEqual(['authorization', 'Bearer a.b.c'])
    expect(outcome.value.upgrade?.protocols).toEqual(['v5.channel.k8s.io'])
    expect(JSON.stringify([outcome.value.upgrade, outcome.value.headers])).not.toContain('YS5iLmM')
  })
  test('SPDY is judged like a WebSocket, then told which kubectl to use', () => {
    const outcome = of({ target: exec, method: 'POST', upgrade: { kind: 'spdy', protocols: [] } })
    if (!outcome.ok) throw new Error(outcome.refusal.message)
    expect(outcome.value.info.verb).toBe('connect')
    expect(streamProtocols(outcome.value)).toMatchObject({
      ok: false,
      refusal: { kind: 'unsupported-client', message: expect.stringContaining('kubectl 1.31') },
    })
  })
})
