// Pins an update in Kubernetes protobuf: reads metadata.resourceVersion from the bytes, and adds one where there is none. In: a
// body. Out: the version it names, or the body with another. Every object of the API has its ObjectMeta in field 1, and ObjectMeta
// its resourceVersion in field 6; a message that stands twice is merged, so that what is added at the end counts. No I/O.

import { join } from '../bytes.ts'

const MAGIC_BYTES = 4
const RAW = 2
const METADATA = 1
const RESOURCE_VERSION = 6
/** More is not an object's. Stops a body of a million empty fields. */
const MAX_FIELDS = 100_000

/** `value` null: a number, whose bytes nobody needs. */
interface Field {
  readonly number: number
  readonly value: Uint8Array | null
  readonly start: number
  readonly end: number
}

export interface ProtobufObject {
  /** '' when it names none. */
  readonly resourceVersion: string
  /** The same body with this version. */
  withVersion(resourceVersion: string): Uint8Array
}

/** @returns null when the bytes cannot be read for certain */
export function readProtobufObject(bytes: Uint8Array): ProtobufObject | null {
  const unknown = fieldsOf(bytes.subarray(MAGIC_BYTES))
  const raws = unknown?.filter(({ number }) => number === RAW) ?? []
  const raw = raws[0]?.value
  if (unknown === null || raws.length !== 1 || raw === null || raw === undefined) return null
  const object = fieldsOf(raw)
  if (object === null) return null
  let resourceVersion = ''
  for (const { value } of object.filter(({ number }) => number === METADATA)) {
    const metadata = value === null ? null : fieldsOf(value)
    if (metadata === null) return null
    for (const { value: text } of metadata.filter(({ number }) => number === RESOURCE_VERSION)) {
      if (text === null) return null
      resourceVersion = new TextDecoder().decode(text)
    }
  }
  return {
    resourceVersion,
    withVersion(version) {
      const metadata = message(METADATA, message(RESOURCE_VERSION, new TextEncoder().encode(version)))
      const others = unknown
        .filter(({ number }) => number !== RAW)
        .map(({ start, end }) => bytes.subarray(MAGIC_BYTES + start, MAGIC_BYTES + end))
      return join([bytes.subarray(0, MAGIC_BYTES), ...others, message(RAW, join([raw, metadata]))])
    },
  }
}

function message(number: number, value: Uint8Array): Uint8Array {
  const head = [(number << 3) | 2]
  let length = value.length
  for (; length > 0x7f; length = Math.floor(length / 128)) head.push((length % 128) | 0x80)
  return join([new Uint8Array([...head, length]), value])
}

/** A message's fields; null when it is malformed or uses groups, which nothing of Kubernetes does. */
function fieldsOf(bytes: Uint8Array): Field[] | null {
  const fields: Field[] = []
  let at = 0
  const varint = (): number | null => {
    let value = 0
    for (let power = 1, size = 0; size < 10; power *= 128, size += 1) {
      const byte = bytes[at++]
      if (byte === undefined) return null
      value += (byte & 0x7f) * power
      if (byte < 0x80) return value
    }
    return null
  }
  while (at < bytes.length) {
    const start = at
    const tag = varint()
    if (tag === null || tag < 8 || tag > 0xffffffff || fields.length === MAX_FIELDS) return null
    const number = Math.floor(tag / 8)
    let value: Uint8Array | null = null
    switch (tag % 8) {
      case 0:
        if (varint() === null) return null
        break
      case 1:
        at += 8
        break
      case 2: {
        const length = varint()
        if (length === null || length > bytes.length - at) return null
        value = bytes.subarray(at, at + length)
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        return null
    }
    if (at > bytes.length) return null
    fields.push({ number, value, start, end: at })
  }
  return fields
}
