// Request bodies to objects: JSON, YAML and protobuf. In: bytes and content type. Out: an object, or 400 / 415.

import { parse } from 'yaml'
import { clone, isObject, type Json, type JsonObject, type KubeObject } from './json.ts'
import { decodeProtobuf, isProtobuf } from './protobuf.ts'
import { refuse } from './refusal.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A body's media type, lower case, without parameters; `application/json` when absent. */
export function mediaType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase() || 'application/json'
}

function toJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
  }
  throw refuse('BadRequest', 'the body holds a value JSON has no word for')
}

/** Parses JSON or YAML. Refuses what is neither; YAML aliases are limited (CVE-2019-11253). */
export function parseText(body: Uint8Array, yaml: boolean): Json {
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    throw refuse('BadRequest', 'the body is not UTF-8')
  }
  try {
    const value: unknown =
      yaml && !text.trimStart().startsWith('{') ? parse(text, { maxAliasCount: 100 }) : JSON.parse(text)
    return toJson(value)
  } catch {
    throw refuse('BadRequest', `the body cannot be read as ${yaml ? 'YAML' : 'JSON'}`)
  }
}

/** Anything with metadata as an object of the API; a missing name is `''`. */
export function asKubeObject(value: Json): KubeObject {
  if (!isObject(value)) throw refuse('BadRequest', 'the body is not an object')
  const { apiVersion, kind } = value
  if (typeof kind !== 'string' || kind === '') throw refuse('BadRequest', "Object 'Kind' is missing in the body")
  if (typeof apiVersion !== 'string' || apiVersion === '')
    throw refuse('BadRequest', "Object 'apiVersion' is missing in the body")
  const metadata: JsonObject = isObject(value.metadata) ? clone(value.metadata) : {}
  const name = typeof metadata.name === 'string' ? metadata.name : ''
  for (const key of ['labels', 'annotations']) {
    const map = metadata[key]
    if (map === null) delete metadata[key]
    else if (map !== undefined && (!isObject(map) || Object.values(map).some((item) => typeof item !== 'string'))) {
      throw refuse(
        'BadRequest',
        `${kind} in version "${apiVersion.slice(apiVersion.lastIndexOf('/') + 1)}" cannot be handled as a ${kind}: json: cannot unmarshal into Go struct field ObjectMeta.metadata.${key} of type string`,
      )
    }
  }
  return { ...value, apiVersion, kind, metadata: kubeMeta({ ...metadata, name }) }
}

function kubeMeta(metadata: JsonObject & { name: string }): KubeObject['metadata'] {
  // The members the server reads are checked above or on use; the rest passes through.
  return metadata as KubeObject['metadata']
}

/** The object in a request body of any supported content type. */
export function readObject(body: Uint8Array, contentType: string): KubeObject {
  if (isProtobuf(contentType)) return decodeProtobuf(body)
  switch (mediaType(contentType)) {
    case 'application/json':
      return asKubeObject(parseText(body, false))
    case 'application/yaml':
      return asKubeObject(parseText(body, true))
    default:
      throw refuse(
        'UnsupportedMediaType',
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      )
  }
}
