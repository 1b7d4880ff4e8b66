import { describe, expect, it } from 'vitest'
import bodies from '../../demo/kube/fixtures/protobuf-bodies.json' with { type: 'json' }
import { readProtobufObject } from './pinprotobuf.ts'

const text = (value: string): readonly number[] => [...new TextEncoder().encode(value)]
const field = (number: number, value: readonly number[]): readonly number[] => [
  (number << 3) | 2,
  value.length,
  ...value,
]
const type = field(1, [...field(1, text('v1')), ...field(2, text('ConfigMap'))])
const body = (...raw: readonly (readonly number[])[]): Uint8Array =>
  new Uint8Array([...text('k8s\0'), ...type, ...field(2, raw.flat())])
const version = (value: string): readonly number[] => field(1, field(6, text(value)))

describe('the version in a protobuf body', () => {
  it.each<[name: string, bytes: Uint8Array, version: string | null]>([
    ['is named', body(field(1, [...field(1, text('a')), ...field(6, text('7'))])), '7'],
    ['is not there', body(field(1, field(1, text('a')))), ''],
    ['stands twice: the last one counts', body(version('7'), field(2, []), version('0')), '0'],
    ['is a number', body(field(1, [(6 << 3) | 0, 7])), null],
    ['has metadata that is a number', body([(1 << 3) | 0, 7]), null],
    ['stands in a body of two objects', new Uint8Array([...body(version('7')), ...field(2, [])]), null],
    ['stands in a body that breaks off', body(version('7')).subarray(0, -1), null],
    ['stands behind a group', body([(2 << 3) | 3], version('7')), null],
  ])('%s', (_name, bytes, expected) => {
    expect(readProtobufObject(bytes)?.resourceVersion ?? null).toBe(expected)
  })

  it('is added, and then counts', () => {
    for (const bytes of [body(version('')), body(version('0')), body(field(2, text('x'.repeat(100))))]) {
      const made = readProtobufObject(bytes)?.withVersion('123456')
      expect(made === undefined ? null : readProtobufObject(made)?.resourceVersion).toBe('123456')
    }
  })

  it('is read from what real clients send', () => {
    expect(bodies.length).toBeGreaterThan(3)
    for (const { body: base64 } of bodies) {
      const read = readProtobufObject(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
      expect(read?.resourceVersion).toMatch(/^[0-9]*$/)
    }
  })
})
