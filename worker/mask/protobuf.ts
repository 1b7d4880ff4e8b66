// Protobuf as Kubernetes frames it: `k8s\0` and a runtime.Unknown. In: a request body. Out: what kind it is and, for
// DeleteOptions and evictions, how to delete, as JSON. Everything else is read by the API server's own dry run. No I/O.

/** What a body says it is. */
export interface TypeMeta {
  readonly apiVersion: string
  readonly kind: string
}

/** A field of a message: a varint, or bytes. */
interface Field {
  readonly number: number
  readonly value: bigint | Uint8Array
}

/** Fields of the messages read here; more is not a Kubernetes client's. Stops a body of a million empty fields. */
const MAX_FIELDS = 1024

const MAGIC = [0x6b, 0x38, 0x73, 0x00]
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the envelope (k8s.io/apimachinery/pkg/runtime/serializer/protobuf); null when the bytes are no such thing. */
export function decodeEnvelope(bytes: Uint8Array): { readonly type: TypeMeta; readonly raw: Uint8Array } | null {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return null
  const unknown = fieldsOf(bytes.subarray(MAGIC.length))
  if (unknown === null) return null
  let type: TypeMeta = { apiVersion: '', kind: '' }
  let raw: Uint8Array = new Uint8Array(0)
  for (const { number, value } of unknown) {
    if (typeof value === 'bigint') return null
    if (number === 1) {
      const meta = fieldsOf(value)
      const apiVersion = meta === null ? null : textOf(meta, 1)
      const kind = meta === null ? null : textOf(meta, 2)
      if (apiVersion === null || kind === null) return null
      type = { apiVersion, kind }
    } else if (number === 2) raw = value
    // contentEncoding: nothing sends it, and what it names could not be read.
    else if (number === 3 && value.length > 0) return null
  }
  return { type, raw }
}

/** `meta/v1` DeleteOptions as JSON; null when the body is no DeleteOptions or holds what is not known of it. */
export function decodeDeleteOptions(bytes: Uint8Array): Record<string, unknown> | null {
  const envelope = decodeEnvelope(bytes)
  if (envelope === null || envelope.type.kind !== 'DeleteOptions') return null
  const options = optionsIn(envelope.raw)
  return options === null ? null : { kind: 'DeleteOptions', apiVersion: envelope.type.apiVersion, ...options }
}

/** What an Eviction asks for: its kind and its `deleteOptions`; null when the body is none or holds what is not known of it. */
export function decodeEviction(bytes: Uint8Array): Record<string, unknown> | null {
  const envelope = decodeEnvelope(bytes)
  const fields = envelope === null || envelope.type.kind !== 'Eviction' ? null : fieldsOf(envelope.raw)
  if (envelope === null || fields === null) return null
  const eviction: Record<string, unknown> = { ...envelope.type }
  for (const { number, value } of fields) {
    // Said twice, the second would be merged into the first.
    if (typeof value === 'bigint' || number > 2 || (number === 2 && 'deleteOptions' in eviction)) return null
    if (number !== 2) continue
    const options = optionsIn(value)
    if (options === null) return null
    eviction.deleteOptions = options
  }
  return eviction
}

function optionsIn(raw: Uint8Array): Record<string, unknown> | null {
  const fields = fieldsOf(raw)
  if (fields === null) return null
  const options: Record<string, unknown> = {}
  const dryRun: string[] = []
  for (const { number, value } of fields) {
    if (number === 1 && typeof value === 'bigint') options.gracePeriodSeconds = Number(BigInt.asIntN(64, value))
    else if (number === 2 && typeof value !== 'bigint') {
      const preconditions = fieldsOf(value)
      if (preconditions === null) return null
      const uid = textOf(preconditions, 1)
      const resourceVersion = textOf(preconditions, 2)
      if (uid === null || resourceVersion === null) return null
      options.preconditions = {
        ...(uid === '' ? {} : { uid }),
        ...(resourceVersion === '' ? {} : { resourceVersion }),
      }
    } else if (number === 3 && typeof value === 'bigint') options.orphanDependents = value !== 0n
    else if (number === 4 || number === 5) {
      const text = typeof value === 'bigint' ? null : decode(value)
      if (text === null) return null
      if (number === 4) options.propagationPolicy = text
      else dryRun.push(text)
    } else if (number === 6 && typeof value === 'bigint') {
      options.ignoreStoreReadErrorWithClusterBreakingPotential = value !== 0n
    } else return null
  }
  if (dryRun.length > 0) options.dryRun = dryRun
  return options
}

/** The last value of a string field, '' when absent, null when it is no text. */
function textOf(fields: readonly Field[], number: number): string | null {
  let text: string | null = ''
  for (const field of fields) {
    if (field.number === number) text = typeof field.value === 'bigint' ? null : decode(field.value)
  }
  return text
}

function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/** A message's fields (varint and length-delimited only, which is all these messages use); null when it is malformed. */
function fieldsOf(bytes: Uint8Array): Field[] | null {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint | null => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) return null
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    return null
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag === null || fields.length === MAX_FIELDS) return null
    const number = Number(tag >> 3n)
    const value = varint()
    if (number === 0 || value === null) return null
    if ((tag & 7n) === 0n) fields.push({ number, value })
    else if ((tag & 7n) === 2n) {
      const end = at + Number(value)
      if (end > bytes.length) return null
      fields.push({ number, value: bytes.subarray(at, end) })
      at = end
    } else return null
  }
  return fields
}
