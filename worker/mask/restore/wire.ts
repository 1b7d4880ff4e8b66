// An object in Kubernetes protobuf as JSON, as far as masked values may stand in it, and back. In: a body. Out: the object's known
// strings as JSON, and the same bytes with other strings in their place; whatever is not known stays as it is. No I/O.

import { join } from '../../bytes.ts'
import { decodeBase64, encodeBase64 } from '../base64.ts'

/** What a field holds. Numbers and the rest are passed over. */
type Shape =
  | { readonly name: string; readonly holds: 'string' | 'bytes' }
  | {
      readonly name: string
      readonly holds: 'message'
      readonly of: Shapes
      readonly many?: boolean
      readonly inline?: boolean
    }
  /** A map's entries: key 1, value 2. */
  | { readonly name: string; readonly holds: 'map'; readonly values: 'string' | 'bytes' }
  | { readonly name: string; readonly holds: 'strings' }

/** By field number (generated.proto of k8s.io/api and k8s.io/apimachinery). */
type Shapes = ReadonlyMap<number, Shape>

const text = (name: string): Shape => ({ name, holds: 'string' })
const texts = (name: string): Shape => ({ name, holds: 'strings' })
const map = (name: string, values: 'string' | 'bytes' = 'string'): Shape => ({ name, holds: 'map', values })
const one = (name: string, of: Shapes): Shape => ({ name, holds: 'message', of })
const many = (name: string, of: Shapes): Shape => ({ name, holds: 'message', of, many: true })

const META: Shapes = new Map([
  [1, text('name')],
  [11, map('labels')],
  [12, map('annotations')],
])
const ENV: Shapes = new Map([
  [1, text('name')],
  [2, text('value')],
])
const CONTAINER: Shapes = new Map([
  [1, text('name')],
  [2, text('image')],
  [3, texts('command')],
  [4, texts('args')],
  [7, many('env', ENV)],
])
const EPHEMERAL: Shapes = new Map([[1, { name: '', holds: 'message', of: CONTAINER, inline: true }]])
const POD_SPEC: Shapes = new Map([
  [2, many('containers', CONTAINER)],
  [20, many('initContainers', CONTAINER)],
  [34, many('ephemeralContainers', EPHEMERAL)],
])
const object = (...fields: (readonly [number, Shape])[]): Shapes => new Map([[1, one('metadata', META)], ...fields])
const TEMPLATE = object([2, one('spec', POD_SPEC)])
/** An object whose specification has a Pod template in this field. */
const workload = (field: number): Shapes => object([2, one('spec', new Map([[field, one('template', TEMPLATE)]]))])
const JOB = workload(6)

const OTHERS = object()
const KINDS: ReadonlyMap<string, Shapes> = new Map([
  ['v1/Secret', object([2, map('data', 'bytes')], [4, map('stringData')])],
  ['v1/ConfigMap', object([2, map('data')], [3, map('binaryData', 'bytes')])],
  ['v1/Pod', TEMPLATE],
  ['v1/ReplicationController', workload(3)],
  ['apps/v1/Deployment', workload(3)],
  ['apps/v1/ReplicaSet', workload(3)],
  ['apps/v1/StatefulSet', workload(3)],
  ['apps/v1/DaemonSet', workload(2)],
  ['batch/v1/Job', JOB],
  ['batch/v1/CronJob', object([2, one('spec', new Map([[5, one('jobTemplate', JOB)]]))])],
])

const MAGIC_BYTES = 4
const RAW = 2
/** More is not an object's. Stops a body of a million empty fields. */
const MAX_FIELDS = 200_000
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ascii = new TextDecoder('latin1')
const encoder = new TextEncoder()

/** A string of a message, and where it stands in the JSON made of it. */
interface Leaf {
  readonly path: readonly (string | number)[]
  readonly bytes: boolean
}

/** A field as it is written: bytes that stay, a string, or a message with more of them. */
type Part = Uint8Array | { readonly number: number; readonly value: Leaf | readonly Part[] }

export interface WireObject {
  /** Its known strings, as the API server would say them. */
  readonly json: string
  /**
   * The body with its strings as they are in another JSON of the same shape.
   * @returns null when they do not fit
   */
  with(json: string): Uint8Array | null
}

/** @returns null when the bytes cannot be read for certain */
export function readWire(
  bytes: Uint8Array,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): WireObject | null {
  try {
    const budget = { fields: MAX_FIELDS }
    const unknown = fieldsOf(bytes.subarray(MAGIC_BYTES), budget)
    const raws = unknown.filter(({ number }) => number === RAW)
    const raw = raws[0]?.value
    if (raws.length !== 1 || raw === null || raw === undefined) return null
    const reader = new Reader(budget)
    const said: Json = Object.assign(blank(), { apiVersion, kind })
    const parts = reader.message(raw, KINDS.get(`${apiVersion}/${kind}`) ?? OTHERS, said, [])
    return {
      json: JSON.stringify(said),
      with(json) {
        const value: unknown = JSON.parse(json)
        const written = rewritten(parts, value)
        if (written === null) return null
        const envelope = unknown.map(({ number, start, end }) =>
          number === RAW ? field(RAW, written) : bytes.subarray(MAGIC_BYTES + start, MAGIC_BYTES + end),
        )
        return join([bytes.subarray(0, MAGIC_BYTES), ...envelope])
      },
    }
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

type Json = { [name: string]: JsonValue }
type JsonValue = string | readonly JsonValue[] | Json

/** An object without a prototype: a key may be `__proto__`. */
function blank(): Json {
  return Object.create(null)
}

class Malformed extends Error {}

class Reader {
  readonly #budget: { fields: number }

  constructor(budget: { fields: number }) {
    this.#budget = budget
  }

  /** Reads a message into `said`, which stands at `path`. Its parts are its fields in their order. */
  message(bytes: Uint8Array, shapes: Shapes, said: Json, path: Leaf['path']): readonly Part[] {
    return fieldsOf(bytes, this.#budget).map(({ number, value, start, end }): Part => {
      const shape = shapes.get(number)
      const asItIs = bytes.subarray(start, end)
      if (shape === undefined || value === null) return asItIs
      return { number, value: this.#field(value, shape, said, path) }
    })
  }

  #field(value: Uint8Array, shape: Shape, said: Json, path: Leaf['path']): Leaf | readonly Part[] {
    const { name } = shape
    switch (shape.holds) {
      case 'string':
      case 'bytes':
        said[name] = say(value, shape.holds)
        return { path: [...path, name], bytes: shape.holds === 'bytes' }
      case 'strings': {
        const list = said[name]
        const strings = Array.isArray(list) ? list : []
        said[name] = [...strings, say(value, 'string')]
        return { path: [...path, name, strings.length], bytes: false }
      }
      case 'map': {
        const entry = fieldsOf(value, this.#budget)
        const key = entry.find(({ number }) => number === 1)?.value
        const keyText = key === null || key === undefined ? '' : say(key, 'string')
        const known = said[name]
        const entries = isJson(known) ? known : blank()
        said[name] = entries
        // Twice the same key, or twice a value: the last one counts, and which that is, is not for us to say.
        if (Object.hasOwn(entries, keyText) || entry.filter(({ number }) => number === 2).length > 1)
          throw new Malformed()
        entries[keyText] = ''
        return entry.map(({ number, value: inner, start, end }): Part => {
          if (number !== 2 || inner === null) return value.subarray(start, end)
          entries[keyText] = say(inner, shape.values)
          return { number, value: { path: [...path, name, keyText], bytes: shape.values === 'bytes' } }
        })
      }
      case 'message': {
        if (shape.inline === true) return this.message(value, shape.of, said, path)
        const inside = blank()
        if (shape.many === true) {
          const list = said[name]
          const messages = Array.isArray(list) ? list : []
          said[name] = [...messages, inside]
          return this.message(value, shape.of, inside, [...path, name, messages.length])
        }
        // A message that stands twice is merged: nobody writes so.
        if (said[name] !== undefined) throw new Malformed()
        said[name] = inside
        return this.message(value, shape.of, inside, [...path, name])
      }
    }
  }
}

function isJson(value: JsonValue | undefined): value is Json {
  return typeof value === 'object' && !Array.isArray(value)
}

function say(value: Uint8Array, as: 'string' | 'bytes'): string {
  if (as === 'bytes') return ascii.decode(encodeBase64(value))
  try {
    return utf8.decode(value)
  } catch {
    throw new Malformed()
  }
}

/** The parts with the strings of `value`; null when one is not there, or no base64 where bytes are. */
function rewritten(parts: readonly Part[], value: unknown): Uint8Array | null {
  const out: Uint8Array[] = []
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      out.push(part)
      continue
    }
    const inner = 'path' in part.value ? leafIn(value, part.value) : rewritten(part.value, value)
    if (inner === null) return null
    out.push(field(part.number, inner))
  }
  return join(out)
}

function leafIn(value: unknown, { path, bytes }: Leaf): Uint8Array | null {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return null
    const key = String(step)
    at = Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined
  }
  if (typeof at !== 'string') return null
  return bytes ? decodeBase64(encoder.encode(at)) : encoder.encode(at)
}

interface Field {
  readonly number: number
  /** Null: a number. */
  readonly value: Uint8Array | null
  readonly start: number
  readonly end: number
}

function field(number: number, value: Uint8Array): Uint8Array {
  return join([Uint8Array.from([...varint(number * 8 + 2), ...varint(value.length)]), value])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let left = value
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80)
  return [...bytes, left]
}

/** A message's fields. @throws {Malformed} when it is none, or uses groups, which nothing of Kubernetes does */
function fieldsOf(bytes: Uint8Array, budget: { fields: number }): Field[] {
  const fields: Field[] = []
  let at = 0
  const number = (): number => {
    let value = 0
    for (let power = 1, size = 0; size < 10; power *= 128, size += 1) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Malformed()
      value += (byte & 0x7f) * power
      if (byte < 0x80) return value
    }
    throw new Malformed()
  }
  while (at < bytes.length) {
    const start = at
    const tag = number()
    budget.fields -= 1
    if (tag < 8 || tag > 0xffffffff || budget.fields < 0) throw new Malformed()
    let value: Uint8Array | null = null
    switch (tag % 8) {
      case 0:
        number()
        break
      case 1:
        at += 8
        break
      case 2: {
        const length = number()
        if (length > bytes.length - at) throw new Malformed()
        value = bytes.subarray(at, at + length)
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        throw new Malformed()
    }
    if (at > bytes.length) throw new Malformed()
    fields.push({ number: Math.floor(tag / 8), value, start, end: at })
  }
  return fields
}
