import { expect, test } from 'vitest'
import { decodeBase64 } from './base64.ts'
import { decodeDeleteOptions, decodeEnvelope, decodeEviction } from './protobuf.ts'

const bytesOf = (base64: string) => decodeBase64(new TextEncoder().encode(base64))!
/** What helm 3 and 4 send to delete a release Secret. */
const HELM = 'azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIAGgAiAA=='
/** What kubectl 1.35 sends for `create namespace team-a`. */
const NAMESPACE = 'azhzAAoPCgJ2MRIJTmFtZXNwYWNlEh4KFgoGdGVhbS1hEgAaACIAKgAyADgAQgASABoCCgAaACIA'
/** What kubectl 1.35 sends for `auth can-i`. */
const REVIEW =
  'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSTAoQCgASABoAIgAqADIAOABCABIuCiwKBHByb2QSBmNyZWF0ZRoEYXBwcyIAKgtkZXBsb3ltZW50czIFc2NhbGU6ABoICAASABoAIAAaACIA'

test.each([
  ['DeleteOptions of helm', HELM, { apiVersion: 'v1', kind: 'DeleteOptions' }],
  ['a namespace of kubectl', NAMESPACE, { apiVersion: 'v1', kind: 'Namespace' }],
  ['a review of kubectl', REVIEW, { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' }],
])('the envelope of %s is read', (_name, body, type) => {
  expect(decodeEnvelope(bytesOf(body))?.type).toEqual(type)
})

/** An envelope of DeleteOptions around the given fields. */
function options(...raw: number[]): Uint8Array {
  const envelope = bytesOf(HELM)
  // Up to the raw field's length, which is 0 there.
  return Uint8Array.from([...envelope.subarray(0, 25), 0x12, raw.length, ...raw])
}
const text = (field: number, value: string) => [(field << 3) | 2, value.length, ...new TextEncoder().encode(value)]

test.each([
  ['none', [], {}],
  ['a grace period', [0x08, 30], { gracePeriodSeconds: 30 }],
  [
    'a negative grace period',
    [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    { gracePeriodSeconds: -1 },
  ],
  ['a precondition', [0x12, 5, ...text(1, 'uid')], { preconditions: { uid: 'uid' } }],
  ['orphans', [0x18, 1], { orphanDependents: true }],
  ['propagation', text(4, 'Foreground'), { propagationPolicy: 'Foreground' }],
  ['a dry run', text(5, 'All'), { dryRun: ['All'] }],
  ['the dangerous one', [0x30, 1], { ignoreStoreReadErrorWithClusterBreakingPotential: true }],
])('DeleteOptions with %s', (_name, raw, expected) => {
  expect(decodeDeleteOptions(options(...raw))).toEqual({ kind: 'DeleteOptions', apiVersion: 'v1', ...expected })
})

test.each([
  ['another kind', bytesOf(NAMESPACE)],
  ['an unknown field', options(0x38, 1)],
  ['a field of the wrong type', options(...text(1, 'x'))],
  ['an endless varint', options(0x08, ...Array(10).fill(0xff), 1)],
  ['a length beyond the end', options(0x22, 0x7f, 0x61)],
  ['a fixed64', options(0x09, 0, 0, 0, 0, 0, 0, 0, 0)],
  ['text that is not UTF-8', options(0x22, 1, 0xff)],
  ['a preconditions that is cut', options(0x12, 2, 0x0a, 9)],
  ['no magic', bytesOf(HELM).subarray(1)],
  ['a compressed one', Uint8Array.from([...options(), ...text(3, 'gzip')])],
])('no DeleteOptions: %s', (_name, body) => {
  expect(decodeDeleteOptions(body)).toBeNull()
})

test('a body cut anywhere is read or refused, never thrown on', () => {
  const body = bytesOf(REVIEW)
  for (let length = 0; length < body.length; length++)
    expect(() => decodeEnvelope(body.subarray(0, length))).not.toThrow()
})

/** An envelope of an Eviction around the given fields. */
function eviction(...raw: number[]): Uint8Array {
  const type = [...text(1, 'policy/v1'), ...text(2, 'Eviction')]
  return Uint8Array.from([0x6b, 0x38, 0x73, 0, 0x0a, type.length, ...type, 0x12, raw.length, ...raw])
}
const METADATA = [0x0a, 3, ...text(1, 'p')]

test.each([
  ['no options', METADATA, {}],
  ['options', [...METADATA, 0x12, 2, 0x08, 0], { deleteOptions: { gracePeriodSeconds: 0 } }],
  ['empty ones', [0x12, 0], { deleteOptions: {} }],
])('an Eviction with %s', (_name, raw, expected) => {
  expect(decodeEviction(eviction(...raw))).toEqual({ apiVersion: 'policy/v1', kind: 'Eviction', ...expected })
})

test.each([
  ['another kind', bytesOf(NAMESPACE)],
  ['options twice, which would be merged', eviction(0x12, 2, 0x08, 0, 0x12, 0)],
  ['options that are not known', eviction(0x12, 2, 0x38, 1)],
  ['an unknown field', eviction(0x1a, 0)],
  ['a number for a message', eviction(0x10, 1)],
])('no Eviction: %s', (_name, body) => {
  expect(decodeEviction(body)).toBeNull()
})
