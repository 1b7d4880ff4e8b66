// JSON values and the shape every Kubernetes object shares. Reading helpers answer "absent" instead of throwing.
// No I/O. No clock.

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject

/** A JSON object; an `undefined` member is one that is not there. */
export interface JsonObject {
  [key: string]: Json | undefined
}

/** `metav1.OwnerReference`. */
interface OwnerReference extends JsonObject {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** `metav1.ObjectMeta`, as far as the server itself looks at it. */
interface Meta extends JsonObject {
  name: string
  namespace?: string
  generateName?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: JsonObject[]
}

/** Any Kubernetes object. */
export interface KubeObject extends JsonObject {
  apiVersion: string
  kind: string
  metadata: Meta
}

/** True for a JSON object; false for null, lists and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value under a path of keys and indices; absent when any step is. */
export function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let here: Json | undefined = value
  for (const step of path) {
    if (Array.isArray(here)) here = typeof step === 'number' ? here[step] : undefined
    else if (isObject(here)) here = Object.hasOwn(here, step) ? here[String(step)] : undefined
    else return undefined
  }
  return here
}

/** The string at a path, or `''`. */
export function textAt(value: Json | undefined, ...path: (string | number)[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

/** The number at a path, or `fallback` (0). */
export function numberAt(value: Json | undefined, path: readonly (string | number)[], fallback = 0): number {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : fallback
}

/** The object at a path, or an empty one that is not part of `value`. */
export function objectAt(value: Json | undefined, ...path: (string | number)[]): JsonObject {
  const found = at(value, ...path)
  return isObject(found) ? found : {}
}

/** The list at a path, or an empty one. */
export function listAt(value: Json | undefined, ...path: (string | number)[]): Json[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** The objects in the list at a path. */
export function objectsAt(value: Json | undefined, ...path: (string | number)[]): JsonObject[] {
  return listAt(value, ...path).filter(isObject)
}

/** The string members of the object at a path. */
export function stringsAt(value: Json | undefined, ...path: (string | number)[]): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [key, item] of Object.entries(objectAt(value, ...path))) if (typeof item === 'string') out[key] = item
  return out
}

/** The object member `key` of `parent`, made when it is missing or no object. */
export function ensure(parent: JsonObject, key: string): JsonObject {
  const found = parent[key]
  if (isObject(found)) return found
  const made: JsonObject = {}
  parent[key] = made
  return made
}

/** Deep equality; an `undefined` member equals a missing one. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const key of keys) if (!equal(a[key], b[key])) return false
  return true
}

/** A deep copy. */
export function clone<T extends Json | undefined>(value: T): T {
  return structuredClone(value)
}

/** Parses text to JSON; absent when it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
