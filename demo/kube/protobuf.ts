// Kubernetes protobuf request bodies: `k8s\0`, then runtime.Unknown around one message, decoded by the type tables.
// In: bytes. Out: the object as JSON. Unknown kinds are refused (415); malformed bytes too (400).

import { isObject, type Json, type JsonObject, type KubeObject } from './json.ts'
import { refuse } from './refusal.ts'
import { type Field, type FieldType, META_PREFIX, SCHEMAS, type Schema, schemaName } from './schema/schema.ts'

const MAGIC = [0x6b, 0x38, 0x73, 0x00]

/** Nesting a message may have; deeper ones are refused before they exhaust the stack. */
const MAX_DEPTH = 64

const malformed = () => refuse('BadRequest', 'the protobuf body cannot be decoded')

type Wire = { readonly tag: number; readonly bytes?: Uint8Array; readonly value?: bigint }

function* wires(data: Uint8Array): Generator<Wire> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = data[at++]
      if (byte === undefined) throw malformed()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw malformed()
  }
  while (at < data.length) {
    const key = varint()
    const tag = Number(key >> 3n)
    switch (Number(key & 7n)) {
      case 0:
        yield { tag, value: varint() }
        break
      case 1:
      case 5: {
        const length = Number(key & 7n) === 1 ? 8 : 4
        if (at + length > data.length) throw malformed()
        yield { tag, bytes: data.subarray(at, at + length) }
        at += length
        break
      }
      case 2: {
        const length = Number(varint())
        if (at + length > data.length) throw malformed()
        yield { tag, bytes: data.subarray(at, at + length) }
        at += length
        break
      }
      default:
        throw malformed()
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformed()
  }
}

function signed(value: bigint | undefined): number {
  return Number(BigInt.asIntN(64, value ?? 0n))
}

function parts(bytes: Uint8Array): Map<number, Wire> {
  return new Map([...wires(bytes)].map((wire) => [wire.tag, wire]))
}

function wellKnown(name: string, bytes: Uint8Array): Json {
  const inner = parts(bytes)
  switch (name) {
    case 'Time':
    case 'MicroTime': {
      const milliseconds = signed(inner.get(1)?.value) * 1000
      const iso = new Date(milliseconds).toISOString()
      if (name === 'Time') return `${iso.slice(0, 19)}Z`
      return `${iso.slice(0, 19)}.${String(Math.floor(signed(inner.get(2)?.value) / 1000)).padStart(6, '0')}Z`
    }
    case 'Quantity':
      return text(inner.get(1)?.bytes ?? new Uint8Array())
    case 'IntOrString':
      return signed(inner.get(1)?.value) === 1
        ? text(inner.get(3)?.bytes ?? new Uint8Array())
        : signed(inner.get(2)?.value)
    case 'Duration':
      return `${signed(inner.get(1)?.value) / 1e9}s`
    default: {
      const raw = inner.get(1)?.bytes
      if (raw === undefined) return {}
      try {
        const parsed: unknown = JSON.parse(text(raw))
        return isObject(parsed) ? parsed : {}
      } catch {
        throw malformed()
      }
    }
  }
}

function scalar(name: string, wire: Wire): Json {
  switch (name) {
    case 'string':
      return text(wire.bytes ?? new Uint8Array())
    case 'bytes':
      return Buffer.from(wire.bytes ?? new Uint8Array()).toString('base64')
    case 'bool':
      return wire.value !== 0n
    case 'int32':
    case 'int64':
      return signed(wire.value)
    case 'double': {
      const b = wire.bytes
      return b?.length === 8 ? new DataView(b.buffer, b.byteOffset, 8).getFloat64(0, true) : 0
    }
    default:
      return wellKnown(name, wire.bytes ?? new Uint8Array())
  }
}

function one(type: FieldType, wire: Wire, depth: number): Json {
  if (type.kind === 'scalar') return scalar(type.name, wire)
  const bytes = wire.bytes ?? new Uint8Array()
  if (type.kind === 'ref') {
    const schema = SCHEMAS.get(type.name)
    return schema === undefined ? {} : message(bytes, schema, depth + 1)
  }
  // A list nested in a map or list is a message with one repeated field: ExtraValue, Verbs.
  if (type.kind === 'list') return [...wires(bytes)].map((item) => one(type.of, item, depth + 1))
  throw malformed()
}

/** Go writes zero values of fields that are not pointers; JSON leaves them out. */
function isEmpty(value: Json): boolean {
  return value === '' || (isObject(value) && Object.keys(value).length === 0)
}

/** Fields that are no pointers in Go: clients always send them, and zero or false means they were not set. */
const ZERO_IS_UNSET = new Set(
  (
    'stdin stdinOnce tty hostNetwork hostPID hostIPC paused readOnly publishNotReadyAddresses unschedulable generation ' +
    'hostPort minReadySeconds initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold nodePort ' +
    'healthCheckNodePort observedGeneration count revision'
  ).split(' '),
)

/** Objects whose emptiness says something. */
const MEANINGFUL_WHEN_EMPTY = new Set([
  'emptyDir',
  'podSelector',
  'namespaceSelector',
  'selector',
  'securityContext',
  'allocateLoadBalancerNodePorts',
])

function put(out: JsonObject, field: Field, wire: Wire, depth: number): void {
  const type = field.type
  if (type.kind === 'list') {
    const have = out[field.name]
    const list = Array.isArray(have) ? have : []
    list.push(one(type.of, wire, depth))
    out[field.name] = list
  } else if (type.kind === 'map') {
    const entry = parts(wire.bytes ?? new Uint8Array())
    const key = text(entry.get(1)?.bytes ?? new Uint8Array())
    const have = out[field.name]
    const map: JsonObject = isObject(have) ? have : {}
    Object.defineProperty(map, key, {
      value: one(type.of, entry.get(2) ?? { tag: 2, bytes: new Uint8Array(), value: 0n }, depth),
      enumerable: true,
      configurable: true,
      writable: true,
    })
    out[field.name] = map
  } else {
    const value = one(type, wire, depth)
    if (isEmpty(value) && !field.required && !MEANINGFUL_WHEN_EMPTY.has(field.name)) return
    if ((value === 0 || value === false) && ZERO_IS_UNSET.has(field.name) && !field.required) return
    // Go's zero time travels as no seconds at all.
    if (type.kind === 'scalar' && type.name === 'Time' && value === '1970-01-01T00:00:00Z') return
    out[field.name] = value
  }
}

/** A message that comes twice is one message (protobuf encoding, "last one wins"): its bytes one after the other. */
function merged(all: readonly Wire[], isMessage: (tag: number) => boolean): Wire[] {
  const out: Wire[] = []
  for (const wire of all) {
    const at = isMessage(wire.tag) ? out.findIndex(({ tag }) => tag === wire.tag) : -1
    const before = out[at]
    if (before === undefined) out.push(wire)
    else
      out[at] = { ...before, bytes: Buffer.concat([before.bytes ?? new Uint8Array(), wire.bytes ?? new Uint8Array()]) }
  }
  return out
}

function message(bytes: Uint8Array, schema: Schema, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw malformed()
  const byTag = new Map<number, Field>()
  const inlined = new Map(schema.nested.map((nested) => [nested.tag, nested.fields]))
  const nestedFields = new Set(schema.nested.flatMap((nested) => nested.fields))
  for (const field of schema.fields.values()) if (!nestedFields.has(field)) byTag.set(field.tag, field)
  const out: JsonObject = {}
  for (const wire of merged([...wires(bytes)], (tag) => byTag.get(tag)?.type.kind === 'ref')) {
    const field = byTag.get(wire.tag)
    if (field !== undefined) put(out, field, wire, depth)
    const fields = inlined.get(wire.tag)
    if (fields === undefined) continue
    const tags = new Map(fields.map((item) => [item.tag, item]))
    for (const inner of wires(wire.bytes ?? new Uint8Array())) {
      const item = tags.get(inner.tag)
      if (item !== undefined) put(out, item, inner, depth)
    }
  }
  return out
}

/** True for a body that says it is Kubernetes protobuf. */
export function isProtobuf(contentType: string): boolean {
  return contentType.split(';')[0]?.trim().toLowerCase() === 'application/vnd.kubernetes.protobuf'
}

/** Decodes a body. `DeleteOptions` comes with whatever apiVersion the client's group has. */
export function decodeProtobuf(body: Uint8Array): KubeObject {
  if (body.length < 4 || MAGIC.some((byte, i) => body[i] !== byte)) throw malformed()
  const unknown = parts(body.subarray(4))
  const typeMeta = parts(unknown.get(1)?.bytes ?? new Uint8Array())
  const apiVersion = text(typeMeta.get(1)?.bytes ?? new Uint8Array())
  const kind = text(typeMeta.get(2)?.bytes ?? new Uint8Array())
  const slash = apiVersion.indexOf('/')
  const group = apiVersion.slice(0, Math.max(slash, 0))
  const version = apiVersion.slice(slash + 1)
  const name = kind === 'DeleteOptions' ? `${META_PREFIX}.DeleteOptions` : schemaName(group, version, kind)
  const schema = name === undefined ? undefined : SCHEMAS.get(name)
  if (schema === undefined)
    throw refuse(
      'UnsupportedMediaType',
      `no protobuf description of ${apiVersion} ${kind}: send it as application/json`,
    )
  const decoded = message(unknown.get(2)?.bytes ?? new Uint8Array(), schema, 0)
  const metadata = isObject(decoded.metadata) ? decoded.metadata : {}
  const named = typeof metadata.name === 'string' ? metadata.name : ''
  return { ...decoded, apiVersion, kind, metadata: { ...metadata, name: named } }
}
