// Pins a write to the version of the object that was judged: between a dry run and the write another one could slip in, and
// what was shown would not be what is stored. In: a body and a resourceVersion. Out: the same body with that precondition.
// The API server then answers 409 (a JSON patch: 422), and the hub judges anew. No I/O.

import type { RequestInfo } from '../context.ts'
import type { TakenBody } from './body.ts'
import { optionsOfQuery } from './deleteoptions.ts'
import { readProtobufObject } from './pinprotobuf.ts'

/** What is sent instead of the body that came. */
export type Pinned =
  | { readonly kind: 'pinned'; readonly bytes: Uint8Array; readonly json: boolean }
  /** The client pinned it itself, to this version or to an older one, which the API server refuses. */
  | { readonly kind: 'already' }
  /** It cannot be pinned; `why` is for a person. */
  | { readonly kind: 'impossible'; readonly why: string }

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Adds `metadata.resourceVersion` (update, patch) or `preconditions.resourceVersion` (delete). */
export function pin(info: RequestInfo, body: TakenBody | null, resourceVersion: string): Pinned {
  if (info.verb === 'delete') return pinDelete(info, body, resourceVersion)
  if (body === null) return { kind: 'impossible', why: 'it has no body' }
  if (body.format === 'json-patch') {
    const test = JSON.stringify({ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion })
    const text = decoder.decode(body.bytes)
    const open = text.indexOf('[') + 1
    const empty = /^\s*\]/.test(text.slice(open))
    return made(`${text.slice(0, open)}${test}${empty ? '' : ','}${text.slice(open)}`)
  }
  if (body.format === 'protobuf') return pinProtobuf(body.bytes, resourceVersion)
  const text = jsonOf(body)
  return text === null ? { kind: 'impossible', why: UNSAYABLE } : pinObject(text, resourceVersion)
}

function pinProtobuf(bytes: Uint8Array, resourceVersion: string): Pinned {
  const object = readProtobufObject(bytes)
  if (object === null) return { kind: 'impossible', why: 'its protobuf cannot be read' }
  switch (own(object.resourceVersion, resourceVersion)) {
    case 'stands':
      return { kind: 'already' }
    case 'newer':
      return { kind: 'impossible', why: NEWER }
    case 'none':
      return { kind: 'pinned', bytes: object.withVersion(resourceVersion), json: false }
  }
}

const UNSAYABLE = 'it holds a number that JSON cannot say exactly; send JSON, or put the number in quotes'
const NEWER = 'it names a newer version than the one that was judged; look at the object, and run the command again'

/** The body as the text of a JSON object. YAML is sent as JSON, which is YAML as well; null when that would change a value. */
export function jsonOf({ bytes, format, value }: TakenBody): string | null {
  if (!isRecord(value)) return null
  const yaml = format === 'yaml' || format === 'apply-patch'
  if (startsAsObject(bytes) && (!yaml || isJson(bytes))) return decoder.decode(bytes)
  return saysExactly(value) ? JSON.stringify(value) : null
}

/** YAML may open with a brace and be no JSON: what is inserted into it could be said again further on. */
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes))
    return true
  } catch {
    return false
  }
}

/** Without recursion: the value comes from outside. */
function saysExactly(root: unknown): boolean {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'number' && !(Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)))
      return false
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) open.push(inner)
  }
  return true
}

/**
 * What a version that the client named itself is worth beside the one that was judged. None, `''` and `0` are none to the API
 * server. One that is older or the same stands. A newer one would let pass what nobody has looked at.
 */
function own(version: unknown, judged: string): 'none' | 'stands' | 'newer' {
  if (typeof version !== 'string' || /^0*$/.test(version)) return 'none'
  if (version === judged) return 'stands'
  const numbers = /^[0-9]{1,20}$/.test(version) && /^[0-9]{1,20}$/.test(judged)
  return numbers && BigInt(version) <= BigInt(judged) ? 'stands' : 'newer'
}

function made(text: string): Pinned {
  return { kind: 'pinned', bytes: encoder.encode(text), json: true }
}

function pinDelete(info: RequestInfo, body: TakenBody | null, resourceVersion: string): Pinned {
  const asked = body === null ? optionsOfQuery(info.query) : body.value
  const options = body === null && asked !== null ? { kind: 'DeleteOptions', apiVersion: 'v1', ...asked } : asked
  if (!isRecord(options)) return { kind: 'impossible', why: 'its DeleteOptions cannot be read' }
  const { preconditions } = options
  const present = isRecord(preconditions) ? preconditions : {}
  const standing = own(present.resourceVersion, resourceVersion)
  if (standing === 'stands') return { kind: 'already' }
  if (standing === 'newer') return { kind: 'impossible', why: NEWER }
  return made(JSON.stringify({ ...options, preconditions: { ...present, resourceVersion } }))
}

/** Inserts into the text itself, so that nothing else of it changes: numbers beyond 2^53 stay what they are. */
function pinObject(text: string, resourceVersion: string): Pinned {
  const version = JSON.stringify(resourceVersion)
  const start = text.indexOf('{')
  const metadata = memberOf(text, start, 'metadata')
  if (metadata === null) return made(insert(text, start, `"metadata":{"resourceVersion":${version}}`))
  if (text[metadata] !== '{') return { kind: 'impossible', why: 'its metadata is not an object' }
  const at = memberOf(text, metadata, 'resourceVersion')
  if (at === null) return made(insert(text, metadata, `"resourceVersion":${version}`))
  const end = endOfValue(text, at)
  const standing = own(JSON.parse(text.slice(at, end)), resourceVersion)
  if (standing === 'stands') return { kind: 'already' }
  if (standing === 'newer') return { kind: 'impossible', why: NEWER }
  return made(`${text.slice(0, at)}${version}${text.slice(end)}`)
}

/** Puts a member first into the object that opens at `open`. */
function insert(text: string, open: number, member: string): string {
  const rest = text.slice(open + 1)
  return `${text.slice(0, open + 1)}${member}${/^\s*\}/.test(rest) ? '' : ','}${rest}`
}

/** Where the value of a member begins in the object that opens at `open`; null when it has none. The text is valid JSON. */
function memberOf(text: string, open: number, name: string): number | null {
  let at = skipSpace(text, open + 1)
  while (text[at] === '"') {
    const endOfKey = endOfValue(text, at)
    const key: unknown = JSON.parse(text.slice(at, endOfKey))
    const value = skipSpace(text, skipSpace(text, endOfKey) + 1)
    if (key === name) return value
    at = skipSpace(text, endOfValue(text, value))
    if (text[at] !== ',') return null
    at = skipSpace(text, at + 1)
  }
  return null
}

/** The place after the value that begins at `at`. */
function endOfValue(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i += 1) {
    const char = text[i]
    if (char === '"') {
      i += 1
      while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1
      if (depth === 0) return i + 1
    } else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      if (depth === 0) return i
      depth -= 1
      if (depth === 0) return i + 1
    } else if (depth === 0 && (char === ',' || char === ' ' || char === '\n' || char === '\r' || char === '\t'))
      return i
  }
  return text.length
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i += 1
  return i
}

function startsAsObject(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue
    return byte === 0x7b
  }
  return false
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
