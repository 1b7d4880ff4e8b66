// Reads the compact type tables into schemas that OpenAPI, patches, server-side apply, validation and protobuf share.
//
// A line is `Type: TAG FIELD TYPE[!] [marks]; …`. TAG is the protobuf field number (0: none). TYPE is a scalar
// (string, int32, int64, bool, bytes, double), a well-known type (Time, Quantity, IntOrString…), another type of the
// table, `[]T` a list, `{}T` a map. `^T` in place of FIELD and TYPE is a struct inlined in JSON and nested in protobuf.
// Marks: `!` required, `@key` strategic merge key (`@` alone: merged as a set), `+retain` retainKeys,
// `%key,key` list-map keys of server-side apply, `%set`, `%atomic`.

import { CORE } from './core.ts'
import { GROUPS, META } from './groups.ts'

/** How a field's value is made up. */
export type FieldType =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'ref'; readonly name: string }
  | { readonly kind: 'list'; readonly of: FieldType }
  | { readonly kind: 'map'; readonly of: FieldType }

/** One field of a type. */
export interface Field {
  readonly name: string
  readonly tag: number
  readonly type: FieldType
  readonly required: boolean
  /** Key of strategic merge; `''`: a list of scalars merged as a set. */
  readonly mergeKey?: string
  readonly retainKeys: boolean
  /** Keys of a list-map for server-side apply. */
  readonly mapKeys?: readonly string[]
  readonly set: boolean
  readonly atomic: boolean
}

/** One type. `nested` are the inlined structs, in protobuf behind a tag of their own. */
export interface Schema {
  readonly name: string
  readonly fields: ReadonlyMap<string, Field>
  readonly nested: readonly { readonly tag: number; readonly fields: readonly Field[] }[]
  readonly atomic: boolean
}

/** OpenAPI name prefixes of the two packages every other one refers to. */
const CORE_PREFIX = 'io.k8s.api.core.v1'
export const META_PREFIX = 'io.k8s.apimachinery.pkg.apis.meta.v1'

const SCALARS = new Set([
  'string', 'int32', 'int64', 'bool', 'bytes', 'double',
  'Time', 'MicroTime', 'Quantity', 'IntOrString', 'FieldsV1', 'RawExtension', 'Duration', 'Any',
]) // biome-ignore format: one list

function typeOf(text: string, prefix: string): FieldType {
  if (text.startsWith('[]')) return { kind: 'list', of: typeOf(text.slice(2), prefix) }
  if (text.startsWith('{}')) return { kind: 'map', of: typeOf(text.slice(2), prefix) }
  if (SCALARS.has(text)) return { kind: 'scalar', name: text }
  if (text.startsWith('meta.')) return { kind: 'ref', name: `${META_PREFIX}.${text.slice(5)}` }
  if (text.startsWith('core.')) return { kind: 'ref', name: `${CORE_PREFIX}.${text.slice(5)}` }
  return { kind: 'ref', name: `${prefix}.${text}` }
}

function fieldOf(part: string, prefix: string): Field | { inline: string; tag: number } {
  const [tag = '0', name = '', typeText = '', ...marks] = part.trim().split(' ')
  if (name.startsWith('^')) return { inline: `${prefix}.${name.slice(1)}`, tag: Number(tag) }
  const type = typeOf(typeText.replace('!', ''), prefix)
  const mark = (sign: string) => marks.find((m) => m.startsWith(sign))?.slice(1)
  const mergeKey = mark('@')
  const listed = mark('%')
  const keys = listed !== undefined && listed !== 'set' && listed !== 'atomic' ? listed.split(',') : undefined
  const mapKeys = keys ?? (mergeKey !== undefined && mergeKey !== '' && listed === undefined ? [mergeKey] : undefined)
  return {
    name,
    tag: Number(tag),
    type,
    required: typeText.endsWith('!'),
    retainKeys: marks.includes('+retain'),
    set: listed === 'set' || mergeKey === '',
    atomic: listed === 'atomic',
    ...(mergeKey === undefined ? {} : { mergeKey }),
    ...(mapKeys === undefined ? {} : { mapKeys }),
  }
}

function parse(): Map<string, Schema> {
  const raw = new Map<string, { prefix: string; atomic: boolean; parts: string[] }>()
  for (const [prefix, text] of [[CORE_PREFIX, CORE], [META_PREFIX, META], ...Object.entries(GROUPS)] as const) {
    for (const line of text.split('\n')) {
      const colon = line.indexOf(':')
      if (colon < 0) continue
      const [name = '', mark] = line.slice(0, colon).split(' ')
      raw.set(`${prefix}.${name}`, {
        prefix,
        atomic: mark === '%atomic',
        parts: line
          .slice(colon + 1)
          .split(';')
          .filter((part) => part.trim() !== ''),
      })
    }
  }
  const done = new Map<string, Schema>()
  const build = (name: string): Schema | undefined => {
    const ready = done.get(name)
    if (ready !== undefined) return ready
    const source = raw.get(name)
    if (source === undefined) return undefined
    const fields = new Map<string, Field>()
    const nested: { tag: number; fields: readonly Field[] }[] = []
    for (const part of source.parts) {
      const field = fieldOf(part, source.prefix)
      if ('inline' in field) {
        const inner = build(field.inline)
        if (inner === undefined) continue
        nested.push({ tag: field.tag, fields: [...inner.fields.values()] })
        for (const item of inner.fields.values()) fields.set(item.name, item)
      } else fields.set(field.name, field)
    }
    const schema = { name, fields, nested, atomic: source.atomic }
    done.set(name, schema)
    return schema
  }
  for (const name of raw.keys()) build(name)
  return done
}

/** Every type of the tables by its OpenAPI name, e.g. `io.k8s.api.core.v1.Pod`. */
export const SCHEMAS: ReadonlyMap<string, Schema> = parse()

/** The OpenAPI name of a kind, e.g. `('apps', 'v1', 'Deployment')`; absent when no table has it. */
export function schemaName(group: string, version: string, kind: string): string | undefined {
  if (group === '' && version === 'v1')
    return SCHEMAS.has(`${CORE_PREFIX}.${kind}`) ? `${CORE_PREFIX}.${kind}` : undefined
  const short = group.split('.')[0]
  for (const prefix of [
    `io.k8s.api.${short}`,
    `io.k8s.apiextensions-apiserver.pkg.apis.${short}`,
    `io.k8s.metrics.pkg.apis.${short}`,
  ]) {
    const name = `${prefix}.${version}.${kind}`
    if (SCHEMAS.has(name)) return name
  }
  return undefined
}
