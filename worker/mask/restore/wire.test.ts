import { describe, expect, test } from 'vitest'
import { readWire } from './wire.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}
const field = (number: number, ...inside: readonly Uint8Array[]): Uint8Array => {
  const value = concat(...inside)
  return concat(Uint8Array.from([...varint(number * 8 + 2), ...varint(value.length)]), value)
}
const string = (number: number, value: string): Uint8Array => field(number, text(value))
const number = (of: number, value: number): Uint8Array => Uint8Array.from([...varint(of * 8), ...varint(value)])
const entry = (key: string, value: string): Uint8Array => concat(string(1, key), string(2, value))

const framed = (...object: readonly Uint8Array[]): Uint8Array =>
  concat(text('k8s\0'), field(1, string(1, 'v1'), string(2, 'X')), field(2, ...object), string(4, 'application/x'))
const meta = (...more: readonly Uint8Array[]): Uint8Array => field(1, string(1, 'n'), ...more)

/** Unknown fields of every wire type between the known ones. */
const ODD = [
  number(20, 300),
  Uint8Array.from([0xa9, 1, 1, 2, 3, 4, 5, 6, 7, 8]),
  Uint8Array.from([0xad, 1, 1, 2, 3, 4]),
]

describe('an object in protobuf', () => {
  const container = (value: string): Uint8Array =>
    field(
      2,
      string(1, 'app'),
      string(4, 'serve'),
      string(4, value),
      field(7, string(1, 'PW'), string(2, value)),
      ...ODD,
    )
  const podSpec = (value: string): Uint8Array =>
    field(2, container(value), field(34, field(1, string(1, 'e'), field(7, string(1, 'PW'), string(2, value)))))
  const pod = (value: string) => [meta(field(12, entry('a', value))), podSpec(value)]
  const spec = {
    containers: (value: string) => [{ name: 'app', args: ['serve', value], env: [{ name: 'PW', value }] }],
    ephemeralContainers: (value: string) => [{ name: 'e', env: [{ name: 'PW', value }] }],
  }
  const podJson = (value: string) => ({
    metadata: { name: 'n', annotations: { a: value } },
    spec: { containers: spec.containers(value), ephemeralContainers: spec.ephemeralContainers(value) },
  })

  test.each<[name: string, type: string, bytes: (value: string) => Uint8Array, json: (value: string) => unknown]>([
    [
      'a Secret',
      'v1/Secret',
      (value) =>
        framed(
          meta(),
          ...ODD,
          field(2, entry('k', value)),
          field(2, entry('__proto__', 'x')),
          string(3, 'Opaque'),
          field(4, entry('p', value)),
        ),
      (value) => ({
        metadata: { name: 'n' },
        data: JSON.parse(`{"k":${JSON.stringify(btoa(value))},"__proto__":"eA=="}`),
        stringData: { p: value },
      }),
    ],
    [
      'a ConfigMap',
      'v1/ConfigMap',
      (value) => framed(meta(), field(2, entry('k', value)), field(3, entry('b', value))),
      (value) => ({ metadata: { name: 'n' }, data: { k: value }, binaryData: { b: btoa(value) } }),
    ],
    ['a Pod', 'v1/Pod', (value) => framed(...pod(value)), podJson],
    [
      'a Deployment',
      'apps/v1/Deployment',
      (value) => framed(meta(), field(2, number(1, 3), field(3, ...pod(value)))),
      (value) => ({ metadata: { name: 'n' }, spec: { template: podJson(value) } }),
    ],
    [
      'a CronJob',
      'batch/v1/CronJob',
      (value) => framed(meta(), field(2, string(1, '* * * * *'), field(5, meta(), field(2, field(6, ...pod(value)))))),
      (value) => ({
        metadata: { name: 'n' },
        spec: { jobTemplate: { metadata: { name: 'n' }, spec: { template: podJson(value) } } },
      }),
    ],
    [
      'any other',
      'acme.io/v1/Thing',
      (value) => framed(meta(field(11, entry('l', 'x')), field(12, entry('a', value))), string(2, 'kept')),
      (value) => ({ metadata: { name: 'n', labels: { l: 'x' }, annotations: { a: value } } }),
    ],
  ])('%s', (_name, type, bytes, json) => {
    const at = type.lastIndexOf('/')
    const [apiVersion, kind] = [type.slice(0, at), type.slice(at + 1)]
    const wire = readWire(bytes('short'), { apiVersion, kind })
    expect(JSON.parse(wire?.json ?? 'null')).toEqual({ apiVersion, kind, ...Object(json('short')) })
    expect(wire?.with(wire.json)).toEqual(bytes('short'))
    // Longer than a length of one byte can say, in every message around it.
    const long = 'x'.repeat(400)
    const said = JSON.stringify({ apiVersion, kind, ...Object(json(long)) })
    expect(wire?.with(said)).toEqual(bytes(long))
  })

  test.each<[name: string, bytes: Uint8Array]>([
    ['cut short', framed(meta()).subarray(0, 12)],
    ['two objects', concat(framed(meta()), field(2, meta()))],
    ['no object', concat(text('k8s\0'), field(1, string(2, 'Secret')))],
    ['a key twice', framed(field(2, entry('k', 'a')), field(2, entry('k', 'b')))],
    ['a value twice', framed(field(2, entry('k', 'a'), string(2, 'b')))],
    ['metadata twice', framed(meta(), meta())],
    ['text that is none', framed(field(1, field(1, Uint8Array.from([0xff]))))],
    ['a group', framed(Uint8Array.from([0x0b]))],
  ])('%s is not read', (_name, bytes) => {
    expect(readWire(bytes, { apiVersion: 'v1', kind: 'Secret' })).toBeNull()
  })

  test('JSON of another shape does not fit', () => {
    const wire = readWire(framed(meta(), field(2, entry('k', 'v'))), { apiVersion: 'v1', kind: 'Secret' })
    expect(wire?.with('{"metadata":{"name":"n"},"data":{}}')).toBeNull()
    expect(wire?.with('{"metadata":{"name":"n"},"data":{"k":"no base64"}}')).toBeNull()
  })
})
