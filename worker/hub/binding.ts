// What an approval is bound to beside the request: the object as people were shown it. In: an object as the API server gave
// it. Out: a keyed hash. Status, managed fields and the version number are left out, since controllers write them all the
// time and no approval of a running workload would outlive a minute. Only a write to the status is bound to it. No I/O.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { RequestInfo } from '../context.ts'
import { canBeTried } from './dryrun.ts'

/** There is no such object. */
export const ABSENT = 'absent'
/** The request has no one object (a list, a creation, a path). */
export const NO_OBJECT = 'none'

const NOT_BOUND: ReadonlySet<string> = new Set(['resourceVersion', 'managedFields'])

/**
 * The path at which the request's object is read; null when it has none. What is done to an object without being stored in it (a
 * connection, an eviction) is about the object itself: to read a proxy's own path would already be to use it.
 */
export function objectPath(info: RequestInfo): string | null {
  if (!info.isResourceRequest || info.name === '') return null
  const { path, verb, subresource } = info
  if (verb !== 'connect' && !(verb === 'delete' && subresource === 'eviction') && canBeTried(info)) return path
  const segments = path.split('/')
  const start = info.apiPrefix === 'apis' ? 4 : 3
  const within = segments[start] === 'namespaces' && info.resource !== 'namespaces' ? start + 2 : start
  return segments.slice(0, within + 2).join('/')
}

/** Subresources that write the status. */
const STATUS: ReadonlySet<string> = new Set(['status', 'approval'])

/** Whether the status is part of what a request writes. A custom resource may have none of its own path for it. */
export function mayWriteStatus({ apiGroup, subresource }: RequestInfo): boolean {
  return STATUS.has(subresource) || (apiGroup.includes('.') && !apiGroup.endsWith('.k8s.io'))
}

/**
 * A keyed hash of the object: without the key nobody can try out what a Secret might hold.
 * @param object as `readObject` gives it; null: absent
 */
export function bindingOf(key: Uint8Array, object: unknown, { subresource }: Pick<RequestInfo, 'subresource'>): string {
  if (object === null) return ABSENT
  const bound = canonical(boundPart(object, STATUS.has(subresource)))
  return bytesToHex(hmac(sha256, key, new TextEncoder().encode(bound)))
}

function boundPart(object: unknown, withStatus: boolean): unknown {
  if (!isRecord(object)) return object
  const { status, metadata, ...others } = object
  const rest = withStatus ? { ...others, status } : others
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
