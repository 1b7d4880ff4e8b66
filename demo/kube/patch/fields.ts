// Field sets: which fields an object has, as `managedFields` writes them (fieldsV1), and how to find and drop them.
// A path is its elements (`f:spec`, `k:{"name":"app"}`, `v:"x"`) joined by a separator no JSON key can end with.

import { equal, isObject, type Json, type JsonObject, type KubeObject } from '../json.ts'
import { type Field, type FieldType, SCHEMAS, type Schema } from '../schema/schema.ts'

const SEPARATOR = '\u0001'

/** Paths with the value at each; a list-map item is itself a member and has the value `true`. */
export type FieldSet = Map<string, Json>

/** Fields the server itself sets, which nobody owns. */
const UNOWNED = new Set([
  'apiVersion', 'kind', ...['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields',
    'selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generateName'].map((name) => `metadata.${name}`),
]) // biome-ignore format: one list

/** The key of a list-map item, e.g. `k:{"containerPort":80,"protocol":"TCP"}`. */
export function itemKey(item: Json, keys: readonly string[]): string {
  const out: JsonObject = {}
  for (const key of [...keys].sort()) {
    const value = isObject(item) ? item[key] : undefined
    out[key] = value ?? (key === 'protocol' ? 'TCP' : null)
  }
  return `k:${JSON.stringify(out)}`
}

export function schemaOfType(type: FieldType | undefined): Schema | undefined {
  return type?.kind === 'ref' ? SCHEMAS.get(type.name) : undefined
}

function walk(value: Json, path: string, type: FieldType | undefined, field: Field | undefined, out: FieldSet): void {
  const schema = schemaOfType(type)
  if (
    isObject(value) &&
    schema?.atomic !== true &&
    field?.atomic !== true &&
    !(type?.kind === 'scalar' && type.name !== 'Any')
  ) {
    const keys = Object.keys(value)
    if (keys.length === 0) out.set(path, value)
    for (const key of keys) {
      const inner = value[key]
      if (inner === undefined) continue
      const next = schema?.fields.get(key)
      walk(inner, `${path}${SEPARATOR}f:${key}`, next?.type ?? (type?.kind === 'map' ? type.of : undefined), next, out)
    }
  } else if (Array.isArray(value) && field?.mapKeys !== undefined && type?.kind === 'list') {
    for (const item of value) {
      const next = `${path}${SEPARATOR}${itemKey(item, field.mapKeys)}`
      walk(item, next, type.of, undefined, out)
      out.set(next, true)
    }
  } else if (Array.isArray(value) && field?.set === true) {
    for (const item of value) out.set(`${path}${SEPARATOR}v:${JSON.stringify(item)}`, item)
  } else out.set(path, value)
}

/** The fields an object has. `part` limits it to `status` or to everything else. */
export function fieldsOf(
  object: KubeObject,
  schema: Schema | undefined,
  part: 'status' | 'rest' | 'all' = 'all',
): FieldSet {
  const out: FieldSet = new Map()
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined || UNOWNED.has(key)) continue
    if ((part === 'status') !== (key === 'status') && part !== 'all') continue
    const field = schema?.fields.get(key)
    if (key === 'metadata' && isObject(value)) {
      const meta = schemaOfType(field?.type) ?? SCHEMAS.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
      for (const [name, item] of Object.entries(value)) {
        const inner = meta?.fields.get(name)
        if (item !== undefined && item !== null && !UNOWNED.has(`metadata.${name}`)) {
          walk(item, `f:metadata${SEPARATOR}f:${name}`, inner?.type, inner, out)
        }
      }
    } else walk(value, `f:${key}`, field?.type, field, out)
  }
  return out
}

/** A set of paths as fieldsV1. */
export function toFieldsV1(paths: Iterable<string>): JsonObject {
  const root: JsonObject = {}
  for (const path of [...paths].sort()) {
    let here = root
    for (const step of path.split(SEPARATOR)) {
      const next = here[step]
      const made: JsonObject = isObject(next) ? next : {}
      here[step] = made
      here = made
    }
    here['.'] = {}
  }
  const tidy = (node: JsonObject): void => {
    const keys = Object.keys(node)
    if (keys.length === 1 && keys[0] === '.') delete node['.']
    for (const key of keys) {
      const inner = node[key]
      if (key !== '.' && isObject(inner)) tidy(inner)
    }
  }
  tidy(root)
  return root
}

/** The paths of a fieldsV1 tree. */
export function fromFieldsV1(tree: Json | undefined): Set<string> {
  const out = new Set<string>()
  const visit = (node: JsonObject, path: string): void => {
    const keys = Object.keys(node)
    if (path !== '' && (keys.length === 0 || keys.includes('.'))) out.add(path)
    for (const key of keys) {
      const inner = node[key]
      if (key !== '.' && isObject(inner)) visit(inner, path === '' ? key : `${path}${SEPARATOR}${key}`)
    }
  }
  if (isObject(tree)) visit(tree, '')
  return out
}

/** A path as people read it: `.spec.containers[name="app"].image`. */
export function readable(path: string): string {
  return path
    .split(SEPARATOR)
    .map((step) => {
      const rest = step.slice(2)
      if (step.startsWith('f:')) return /^[\w-]+$/.test(rest) ? `.${rest}` : `.${rest}`
      if (step.startsWith('v:')) return `[=${rest}]`
      const parsed: unknown = JSON.parse(rest)
      if (!isObject(parsed)) return `[${rest}]`
      return `[${Object.entries(parsed)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(',')}]`
    })
    .join('')
}

/** True when `path` lies below `parent`. */
export function isBelow(path: string, parent: string): boolean {
  return path.startsWith(parent + SEPARATOR)
}

/** Removes the value at a path from an object, in place, with the maps that become empty by it. */
export function dropPath(root: JsonObject, path: string, keep: (parent: string) => boolean): void {
  const steps = path.split(SEPARATOR)
  const drop = (node: Json, i: number): void => {
    const step = steps[i] ?? ''
    const last = i === steps.length - 1
    if (Array.isArray(node)) {
      const found = node.findIndex((item) => {
        if (step.startsWith('v:')) return JSON.stringify(item) === step.slice(2)
        const keys: unknown = JSON.parse(step.slice(2))
        return isObject(keys) && itemKey(item, Object.keys(keys)) === step
      })
      const item = node[found]
      if (item === undefined) return
      if (last) node.splice(found, 1)
      else drop(item, i + 1)
      return
    }
    if (!isObject(node)) return
    const name = step.slice(2)
    const inner = node[name]
    if (inner === undefined) return
    if (last) {
      delete node[name]
      return
    }
    drop(inner, i + 1)
    const emptied = Array.isArray(inner) ? inner.length === 0 : isObject(inner) && equal(inner, {})
    if (emptied && i > 0 && !keep(steps.slice(0, i + 1).join(SEPARATOR))) delete node[name]
  }
  drop(root, 0)
}
