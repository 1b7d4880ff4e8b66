// Server-side apply and the bookkeeping of who owns which field (metadata.managedFields).
// In: live object, applied configuration or written object, manager, time. Out: a new object, or 409 with the fields.

import { clone, equal, isObject, type Json, type JsonObject, type KubeObject, textAt } from '../json.ts'
import { applyConflict } from '../refusal.ts'
import type { Field, FieldType, Schema } from '../schema/schema.ts'
import { SCHEMAS } from '../schema/schema.ts'
import { dropPath, fieldsOf, fromFieldsV1, isBelow, itemKey, readable, schemaOfType, toFieldsV1 } from './fields.ts'

/** Who writes: the field manager's name, the version it writes in, the subresource (`''`: none) and the time. */
export interface Writer {
  readonly manager: string
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string
}

interface Entry {
  readonly manager: string
  readonly operation: string
  readonly apiVersion: string
  readonly subresource: string
  time: string
  paths: Set<string>
}

function entriesOf(object: KubeObject | undefined): Entry[] {
  return (object?.metadata.managedFields ?? []).map((entry) => ({
    manager: textAt(entry, 'manager'),
    operation: textAt(entry, 'operation'),
    apiVersion: textAt(entry, 'apiVersion'),
    subresource: textAt(entry, 'subresource'),
    time: textAt(entry, 'time'),
    paths: fromFieldsV1(entry.fieldsV1),
  }))
}

function written(entries: readonly Entry[]): JsonObject[] {
  return entries
    .filter((entry) => entry.paths.size > 0)
    .map((entry) => ({
      apiVersion: entry.apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(entry.paths),
      manager: entry.manager,
      operation: entry.operation,
      ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
      time: entry.time,
    }))
}

function isOf(entry: Entry, writer: Writer, operation: string): boolean {
  return entry.manager === writer.manager && entry.operation === operation && entry.subresource === writer.subresource
}

/** The object with managedFields after a create, update or patch by `writer`. */
export function trackUpdate(
  live: KubeObject | undefined,
  next: KubeObject,
  schema: Schema | undefined,
  writer: Writer,
): KubeObject {
  const part = writer.subresource === 'status' ? 'status' : writer.subresource === '' ? 'rest' : 'all'
  const before = live === undefined ? new Map<string, Json>() : fieldsOf(live, schema, part)
  const after = fieldsOf(next, schema, part)
  const changed = new Set<string>()
  for (const [path, value] of after) if (!before.has(path) || !equal(before.get(path), value)) changed.add(path)
  const gone = [...before.keys()].filter((path) => !after.has(path))
  const entries = entriesOf(next)
  for (const entry of entries) {
    for (const path of gone) entry.paths.delete(path)
    if (isOf(entry, writer, 'Update')) continue
    for (const path of changed) if (after.get(path) !== true) entry.paths.delete(path)
  }
  if (changed.size > 0) {
    let own = entries.find((entry) => isOf(entry, writer, 'Update'))
    if (own === undefined) {
      own = { ...writer, operation: 'Update', paths: new Set() }
      entries.push(own)
    }
    for (const path of changed) own.paths.add(path)
    own.time = writer.time
  }
  const managedFields = written(entries)
  const metadata = { ...next.metadata }
  if (managedFields.length > 0) metadata.managedFields = managedFields
  else delete metadata.managedFields
  return { ...next, metadata }
}

function merge(live: Json | undefined, config: Json, type: FieldType | undefined, field: Field | undefined): Json {
  const schema = schemaOfType(type)
  if (isObject(config) && isObject(live) && schema?.atomic !== true && field?.atomic !== true) {
    const out: JsonObject = { ...live }
    for (const [key, value] of Object.entries(config)) {
      const next = schema?.fields.get(key)
      if (value === undefined) continue
      out[key] = merge(live[key], value, next?.type ?? (type?.kind === 'map' ? type.of : undefined), next)
    }
    return out
  }
  if (Array.isArray(config) && Array.isArray(live) && type?.kind === 'list') {
    if (field?.mapKeys !== undefined) {
      const keys = field.mapKeys
      const out = [...live]
      for (const item of config) {
        const key = itemKey(item, keys)
        const found = out.findIndex((have) => itemKey(have, keys) === key)
        if (found < 0) out.push(item)
        else out[found] = merge(out[found], item, type.of, undefined)
      }
      return out
    }
    if (field?.set === true) return [...live, ...config.filter((item) => !live.some((have) => equal(have, item)))]
  }
  return config
}

/**
 * Server-side apply of `config` by `writer`.
 * @param live the object as it is; absent: the result is what would be created.
 * @param force take over contested fields instead of answering 409.
 */
export function applyConfiguration(
  live: KubeObject | undefined,
  config: KubeObject,
  schema: Schema | undefined,
  writer: Writer,
  force: boolean,
): KubeObject {
  const wanted = fieldsOf(config, schema, writer.subresource === 'status' ? 'status' : 'rest')
  const current = live === undefined ? new Map<string, Json>() : fieldsOf(live, schema)
  const entries = entriesOf(live)
  const own = entries.find((entry) => isOf(entry, writer, 'Apply'))
  const others = entries.filter((entry) => entry !== own)

  const contested: { entry: Entry; path: string }[] = []
  for (const [path, value] of wanted) {
    if (value === true && path.includes('k:{') && current.get(path) === true) continue
    if (current.has(path) && equal(current.get(path), value)) continue
    for (const entry of others) if (entry.paths.has(path)) contested.push({ entry, path })
  }
  if (contested.length > 0 && !force) {
    const causes = contested.map(({ entry, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${entry.manager}"${entry.subresource === '' ? '' : ` with subresource "${entry.subresource}"`} using ${entry.apiVersion}`,
      field: readable(path),
    }))
    const first = causes[0]
    const sameOwner = causes.every((cause) => cause.message === first?.message)
    const told =
      sameOwner && causes.length > 1
        ? `${first?.message}:\n${causes.map((cause) => `- ${cause.field}`).join('\n')}`
        : causes.map((cause) => `${cause.message}: ${cause.field}`).join('\n')
    throw applyConflict(`Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${told}`, causes)
  }
  for (const { entry, path } of contested) entry.paths.delete(path)

  const rest: KubeObject = clone(config)
  delete rest.metadata.managedFields
  const merged = live === undefined ? rest : clone(mergeObjects(live, rest, schema))
  const ownedByOthers = new Set(others.flatMap((entry) => [...entry.paths]))
  const lost = [...(own?.paths ?? [])].filter((path) => !wanted.has(path) && !ownedByOthers.has(path))
  // A list item goes before the fields in it: once its key were gone, it could not be found.
  for (const path of lost.sort((a, b) => a.length - b.length)) {
    const stillUsed = [...ownedByOthers, ...wanted.keys()].some((other) => isBelow(other, path))
    if (!stillUsed) dropPath(merged, path, (parent) => wanted.has(parent))
  }

  const paths = new Set(wanted.keys())
  const same = own !== undefined && own.paths.size === paths.size && [...paths].every((path) => own.paths.has(path))
  const mine: Entry = { ...writer, operation: 'Apply', paths, time: same ? own.time : writer.time }
  merged.metadata = { ...merged.metadata, managedFields: written([mine, ...others]) }
  return merged
}

function mergeObjects(live: KubeObject, config: KubeObject, schema: Schema | undefined): KubeObject {
  const out: KubeObject = { ...live }
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined || key === 'metadata') continue
    const field = schema?.fields.get(key)
    out[key] = merge(live[key], value, field?.type, field)
  }
  const meta = SCHEMAS.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
  out.metadata = { ...live.metadata }
  for (const [key, value] of Object.entries(config.metadata)) {
    const field = meta?.fields.get(key)
    if (value !== undefined) out.metadata[key] = merge(live.metadata[key], value, field?.type, field)
  }
  return out
}
