import { describe, expect, it } from 'vitest'
import type { BodyFormat, RequestInfo, Verb } from '../context.ts'
import { strictBody } from '../mask/strict.ts'
import { pin } from './pin.ts'
import { readProtobufObject } from './pinprotobuf.ts'

const encoder = new TextEncoder()
const info = (verb: Verb): RequestInfo => ({
  isResourceRequest: true,
  path: '/apis/apps/v1/namespaces/d/deployments/web',
  query: '',
  verb,
  apiPrefix: 'apis',
  apiGroup: 'apps',
  apiVersion: 'v1',
  namespace: 'd',
  resource: 'deployments',
  subresource: '',
  name: 'web',
  parts: [],
  streaming: false,
  dryRun: false,
})

function pinned(verb: Verb, format: BodyFormat, text: string | null): unknown {
  const body =
    text === null
      ? null
      : { bytes: encoder.encode(text), format, value: format === 'apply-patch' ? { spec: { a: 1 } } : JSON.parse(text) }
  const result = pin(info(verb), body, '7')
  return result.kind === 'pinned' ? new TextDecoder().decode(result.bytes) : result.kind
}

describe('a write is pinned to the version that was judged', () => {
  const rows: readonly (readonly [name: string, verb: Verb, format: BodyFormat, body: string | null, sent: string])[] =
    [
      ['an empty object', 'patch', 'merge-patch', '{}', '{"metadata":{"resourceVersion":"7"}}'],
      ['an object with spaces', 'patch', 'merge-patch', ' { } ', ' {"metadata":{"resourceVersion":"7"} } '],
      [
        'no metadata',
        'patch',
        'merge-patch',
        '{"spec":{"x":[1,{"metadata":{}}]}}',
        '{"metadata":{"resourceVersion":"7"},"spec":{"x":[1,{"metadata":{}}]}}',
      ],
      [
        'metadata',
        'update',
        'json',
        '{"kind":"X","metadata":{"name":"a"}}',
        '{"kind":"X","metadata":{"resourceVersion":"7","name":"a"}}',
      ],
      ['empty metadata', 'update', 'json', '{"metadata":{ }}', '{"metadata":{"resourceVersion":"7" }}'],
      ['an escaped key', 'patch', 'merge-patch', '{"met\\u0061data":{}}', '{"met\\u0061data":{"resourceVersion":"7"}}'],
      [
        'strings with braces and quotes',
        'patch',
        'merge-patch',
        '{"a":"}\\"{","metadata":{}}',
        '{"a":"}\\"{","metadata":{"resourceVersion":"7"}}',
      ],
      [
        'a number beyond 2^53',
        'patch',
        'merge-patch',
        '{"n":9007199254740993}',
        '{"metadata":{"resourceVersion":"7"},"n":9007199254740993}',
      ],
      ['its own version', 'update', 'json', '{"metadata":{"resourceVersion":"3"}}', 'already'],
      [
        'an empty version, which would take the precondition away',
        'update',
        'json',
        '{"metadata":{"resourceVersion":"","a":1}}',
        '{"metadata":{"resourceVersion":"7","a":1}}',
      ],
      [
        'a null version, which would take the precondition away',
        'patch',
        'merge-patch',
        '{"metadata":{"resourceVersion": null }}',
        '{"metadata":{"resourceVersion": "7" }}',
      ],
      ['metadata that is null', 'patch', 'merge-patch', '{"metadata":null}', 'impossible'],
      [
        'a JSON patch',
        'patch',
        'json-patch',
        ' [{"op":"remove","path":"/a"}]',
        ' [{"op":"test","path":"/metadata/resourceVersion","value":"7"},{"op":"remove","path":"/a"}]',
      ],
      [
        'an empty JSON patch',
        'patch',
        'json-patch',
        '[ ]',
        '[{"op":"test","path":"/metadata/resourceVersion","value":"7"} ]',
      ],
      [
        'an apply in YAML',
        'patch',
        'apply-patch',
        'spec: {a: 1}',
        '{"metadata":{"resourceVersion":"7"},"spec":{"a":1}}',
      ],
      [
        'a delete without a body',
        'delete',
        'none',
        null,
        '{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"resourceVersion":"7"}}',
      ],
      [
        'a delete with options',
        'delete',
        'json',
        '{"propagationPolicy":"Background"}',
        '{"propagationPolicy":"Background","preconditions":{"resourceVersion":"7"}}',
      ],
      [
        'a delete with a uid',
        'delete',
        'json',
        '{"preconditions":{"uid":"u"}}',
        '{"preconditions":{"uid":"u","resourceVersion":"7"}}',
      ],
      ['a delete with its own version', 'delete', 'json', '{"preconditions":{"resourceVersion":"3"}}', 'already'],
    ]
  it.each(rows)('%s', (_name, verb, format, body, sent) => {
    expect(pinned(verb, format, body)).toBe(sent)
  })
})

describe('a deletion without a body keeps what its query says, which a body would hide from the API server', () => {
  const asked = (query: string): unknown => {
    const result = pin({ ...info('delete'), query }, null, '7')
    return result.kind === 'pinned' ? JSON.parse(new TextDecoder().decode(result.bytes)) : result.kind
  }
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion: '7' } }
  it.each<[query: string, more: unknown]>([
    ['', {}],
    ['propagationPolicy=Orphan', { propagationPolicy: 'Orphan' }],
    ['gracePeriodSeconds=0&pretty=true', { gracePeriodSeconds: 0 }],
    ['orphanDependents=true', { orphanDependents: true }],
    ['orphanDependents=0', { orphanDependents: false }],
    ['timeoutSeconds=5&fieldManager=x', {}],
  ])('?%s', (query, more) => {
    expect(asked(query)).toEqual({ ...options, ...Object(more) })
  })
  it('is refused when they cannot be read', () => {
    expect(asked('gracePeriodSeconds=soon')).toBe('impossible')
  })
})

describe('a version that the client named itself', () => {
  const rows: readonly (readonly [name: string, verb: Verb, format: BodyFormat, version: string, sent: string])[] = [
    ['the one that was judged', 'update', 'json', '7', 'already'],
    ['an older one', 'patch', 'merge-patch', '6', 'already'],
    ['0, which is none to the API server', 'update', 'json', '0', '{"metadata":{"resourceVersion":"7"}}'],
    ['00', 'patch', 'merge-patch', '00', '{"metadata":{"resourceVersion":"7"}}'],
    ['a newer one, which nobody has looked at', 'update', 'json', '8', 'impossible'],
    ['a word', 'patch', 'merge-patch', 'latest', 'impossible'],
    ['one of a million digits', 'update', 'json', '9'.repeat(1_000_000), 'impossible'],
  ]
  it.each(rows)('%s', (_name, verb, format, version, sent) => {
    expect(pinned(verb, format, JSON.stringify({ metadata: { resourceVersion: version } }))).toBe(sent)
  })
  it.each([
    ['7', 'already'],
    ['6', 'already'],
    ['8', 'impossible'],
  ])('of a deletion: %s', (version, sent) => {
    expect(pinned('delete', 'json', JSON.stringify({ preconditions: { resourceVersion: version } }))).toBe(sent)
  })
})

describe('a body in YAML', () => {
  const sent = (format: BodyFormat, text: string): string => {
    const bytes = encoder.encode(text)
    const read = strictBody(format, bytes)
    if (!read.ok) return 'refused before'
    const result = pin(info(format === 'yaml' ? 'update' : 'patch'), { bytes, format, value: read.value }, '7')
    return result.kind === 'pinned' ? new TextDecoder().decode(result.bytes) : result.kind
  }
  const rows: readonly (readonly [name: string, format: BodyFormat, body: string, sent: string])[] = [
    [
      'that opens with a brace and is no JSON: the version must not be said again further on',
      'yaml',
      '{kind: X, metadata: {name: a}}',
      '{"kind":"X","metadata":{"resourceVersion":"7","name":"a"}}',
    ],
    [
      'whose quotes hide the rest',
      'yaml',
      `{"a": 'x"', metadata: {name: a}}`,
      '{"a":"x\\"","metadata":{"resourceVersion":"7","name":"a"}}',
    ],
    [
      'that is JSON',
      'yaml',
      '{"metadata":{},"n":9007199254740993}',
      '{"metadata":{"resourceVersion":"7"},"n":9007199254740993}',
    ],
    ['with a number beyond 2^53', 'apply-patch', 'x: 9007199254740993', 'impossible'],
    ['with a number beyond all numbers, which is text to the API server', 'apply-patch', 'x: 1e400', 'impossible'],
    ['with fractions', 'apply-patch', 'x: 0.25', '{"metadata":{"resourceVersion":"7"},"x":0.25}'],
  ]
  it.each(rows)('%s', (_name, format, body, expected) => {
    expect(sent(format, body)).toBe(expected)
  })
  it.each<BodyFormat>(['json', 'merge-patch', 'yaml'])('is an object, also as %s', (format) => {
    expect(sent(format, '[1]')).toBe('impossible')
  })
})

describe('an update in protobuf', () => {
  const message = (number: number, value: readonly number[]): readonly number[] => [
    (number << 3) | 2,
    value.length,
    ...value,
  ]
  const body = (version: string): Uint8Array => {
    const metadata = message(1, version === '' ? [] : message(6, [...encoder.encode(version)]))
    return new Uint8Array([...encoder.encode('k8s\0'), ...message(2, metadata)])
  }
  it.each([
    ['', 'pinned'],
    ['0', 'pinned'],
    ['7', 'already'],
    ['6', 'already'],
    ['8', 'impossible'],
  ])('of version %j: %s', (version, kind) => {
    const result = pin(info('update'), { bytes: body(version), format: 'protobuf', value: {} }, '7')
    expect(result.kind).toBe(kind)
    if (result.kind === 'pinned') expect(readProtobufObject(result.bytes)?.resourceVersion).toBe('7')
  })
})
