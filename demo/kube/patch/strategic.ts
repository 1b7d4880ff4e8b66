// Strategic merge patch: JSON merge patch that knows merge keys and the directives `$patch`, `$retainKeys`,
// `$setElementOrder/…` and `$deleteFromPrimitiveList/…`. In: object, patch, type. Out: a new object.

import { clone, equal, isObject, type Json, type JsonObject } from '../json.ts'
import { refuse } from '../refusal.ts'
import { type Field, type FieldType, SCHEMAS, type Schema } from '../schema/schema.ts'

function schemaOf(type: FieldType | undefined): Schema | undefined {
  return type?.kind === 'ref' ? SCHEMAS.get(type.name) : undefined
}

/** Drops the directives of a subtree that is taken over as it is. */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.filter((item) => !isObject(item) || item.$patch === undefined).map(plain)
  if (!isObject(value)) return value
  const out: JsonObject = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === null || item === undefined || key.startsWith('$')) continue
    out[key] = plain(item)
  }
  return out
}

function ordered(items: Json[], order: Json[], same: (item: Json, wanted: Json) => boolean): Json[] {
  const placed = order.map((wanted) => items.find((item) => same(item, wanted))).filter((item) => item !== undefined)
  const out = [...placed]
  items.forEach((item, i) => {
    if (placed.includes(item)) return
    const previous = items[i - 1]
    const where = previous === undefined ? -1 : out.indexOf(previous)
    out.splice(where + 1, 0, item)
  })
  return out
}

function mergeList(live: Json[], patch: Json[], field: Field, order: Json[] | undefined): Json[] {
  const key = field.mergeKey ?? ''
  if (key === '') {
    const merged = [...live]
    for (const item of patch) if (!merged.some((have) => equal(have, item))) merged.push(item)
    return order === undefined ? merged : ordered(merged, order, equal)
  }
  if (patch.some((item) => isObject(item) && item.$patch === 'replace' && item[key] === undefined)) {
    return patch.filter((item) => !isObject(item) || item.$patch === undefined).map(plain)
  }
  const inner = field.type.kind === 'list' ? schemaOf(field.type.of) : undefined
  const merged = [...live]
  const same = (item: Json, wanted: Json) => isObject(item) && isObject(wanted) && equal(item[key], wanted[key])
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) {
      throw refuse('BadRequest', `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    }
    const found = merged.findIndex((have) => same(have, item))
    if (item.$patch === 'delete') {
      for (let i = merged.length - 1; i >= 0; i--) if (same(merged[i] ?? null, item)) merged.splice(i, 1)
    } else if (found < 0) merged.push(plain(item))
    else if (item.$patch === 'replace') merged[found] = plain(item)
    else merged[found] = mergeObject(merged[found] ?? {}, item, inner, undefined)
  }
  return order === undefined ? merged : ordered(merged, order, same)
}

function mergeObject(
  live: Json,
  patch: JsonObject,
  schema: Schema | undefined,
  map: FieldType | undefined,
): JsonObject {
  if (patch.$patch === 'delete') return {}
  if (patch.$patch === 'replace') {
    const rest = plain(patch)
    return isObject(rest) ? rest : {}
  }
  const out: JsonObject = isObject(live) ? { ...live } : {}
  if (Array.isArray(patch.$retainKeys)) {
    for (const key of Object.keys(out)) if (!patch.$retainKeys.includes(key)) delete out[key]
  }
  for (const [key, gone] of Object.entries(patch)) {
    if (!key.startsWith('$deleteFromPrimitiveList/') || !Array.isArray(gone)) continue
    const name = key.slice('$deleteFromPrimitiveList/'.length)
    const have = out[name]
    if (Array.isArray(have)) out[name] = have.filter((item) => !gone.some((value) => equal(value, item)))
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith('$setElementOrder/') || !Array.isArray(order)) continue
    const name = key.slice('$setElementOrder/'.length)
    const field = schema?.fields.get(name)
    const have = out[name]
    if (field?.mergeKey !== undefined && Array.isArray(have) && patch[name] === undefined)
      out[name] = mergeList(have, [], field, order)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') || value === undefined) continue
    if (value === null) {
      delete out[key]
      continue
    }
    const field = schema?.fields.get(key)
    const type = field?.type ?? map
    const have = out[key]
    if (Array.isArray(value)) {
      const order = patch[`$setElementOrder/${key}`]
      const merged =
        field?.mergeKey !== undefined && Array.isArray(have)
          ? mergeList(have, value, field, Array.isArray(order) ? order : undefined)
          : value.map(plain)
      out[key] = merged
    } else if (isObject(value)) {
      const inner = type?.kind === 'map' ? type.of : undefined
      out[key] =
        have === undefined && value.$patch === undefined
          ? plain(value)
          : mergeObject(have ?? {}, value, schemaOf(type), inner)
    } else out[key] = value
  }
  return out
}

/** Applies a strategic merge patch to an object of a known type. */
export function strategicMergePatch(live: JsonObject, patch: Json, schema: Schema): JsonObject {
  if (!isObject(patch)) throw refuse('BadRequest', 'error decoding patch: a strategic merge patch is an object')
  return mergeObject(clone(live), clone(patch), schema, undefined)
}
