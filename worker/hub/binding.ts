// What an approval is bound to beside the request: the object as people were shown it. In: an object as the API server gave
// it. Out: a keyed hash. Status, managed fields and the version number are left out, since controllers write them all the
// time and no approval of a running workload would outlive a minute. No I/O.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { RequestInfo } from '../context.ts'

/** There is no such object. */
export const ABSENT = 'absent'
/** The request has no one object (a list, a creation, a path). */
export const NO_OBJECT = 'none'

/** Subresources of a pod that are done to the pod, and have no object of their own to read. */
const OF_THE_POD: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'eviction', 'proxy'])
const NOT_BOUND: ReadonlySet<string> = new Set(['resourceVersion', 'managedFields'])

/** The path at which the request's object is read; null when it has none. */
export function objectPath(info: RequestInfo): string | null {
  if (!info.isResourceRequest || info.name === '') return null
  const { path, subresource } = info
  if (info.apiGroup === '' && info.resource === 'pods' && OF_THE_POD.has(subresource)) {
    return path.slice(0, path.lastIndexOf(`/${subresource}`))
  }
  return path
}

/**
 * A keyed hash of the object: without the key nobody can try out what a Secret might hold.
 * @param object as `readObject` gives it; null: absent
 */
export function bindingOf(key: Uint8Array, object: unknown): string {
  if (object === null) return ABSENT
  return bytesToHex(hmac(sha256, key, new TextEncoder().encode(canonical(boundPart(object)))))
}

function boundPart(object: unknown): unknown {
  if (!isRecord(object)) return object
  const { status: _status, metadata, ...rest } = object
  if (!isRecord(metadata)) return { ...rest, metadata }
  const kept = Object.entries(metadata).filter(([name]) => !NOT_BOUND.has(name))
  return { ...rest, metadata: Object.fromEntries(kept) }
}

/** JSON with sorted keys; integers of any size. The depth is bounded by `readObject`. */
function canonical(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null'
  const keys = Object.keys(value).sort()
  return `{${keys.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

/** `metadata.resourceVersion`; '' when there is none. */
export function versionOf(object: unknown): string {
  if (!isRecord(object) || !isRecord(object.metadata)) return ''
  const { resourceVersion } = object.metadata
  return typeof resourceVersion === 'string' ? resourceVersion : ''
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
