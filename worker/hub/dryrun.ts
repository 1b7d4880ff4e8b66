// Whether a request really changes nothing. In: what was asked and its body. Out: yes or no. No I/O.
// The API server reads `dryRun` of a deletion from the body where there is one, and then passes over the query; and of a
// request that writes nothing it passes over both. What only looks like a dry run must be judged as the real thing.

import type { RequestInfo } from '../context.ts'
import type { TakenBody } from './body.ts'

const BY_QUERY: ReadonlySet<string> = new Set(['create', 'update', 'patch'])
const BY_OPTIONS: ReadonlySet<string> = new Set(['delete', 'deletecollection'])

/** Questions that are asked by creating what is stored nowhere: their dry run is the answer itself. */
const QUESTIONS: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io'])
/** Subresources that every API server keeps as it keeps the object, dry runs included. */
const KEPT: ReadonlySet<string> = new Set(['', 'status', 'scale'])

/**
 * False where `dryRun` is passed over: the API server mints tokens all the same, and what an extension's own API server does on a
 * subresource (start, restart, migrate) nobody knows. Such a request must not be tried before it is allowed.
 */
export function canBeTried({ isResourceRequest, apiGroup, resource, subresource }: RequestInfo): boolean {
  if (!isResourceRequest) return false
  if (apiGroup === '') return resource !== 'serviceaccounts' || subresource !== 'token'
  const foreign = apiGroup.includes('.') && !apiGroup.endsWith('.k8s.io')
  return !foreign || KEPT.has(subresource)
}

/** True when the API server takes it as a dry run. `info.dryRun`: the query says `dryRun=All`. */
export function isDryRun(info: RequestInfo, body: TakenBody | null): boolean {
  if (!info.isResourceRequest) return false
  if (!canBeTried(info) || QUESTIONS.has(info.apiGroup)) return false
  if (BY_QUERY.has(info.verb)) return info.dryRun
  if (!BY_OPTIONS.has(info.verb)) return false
  if (info.subresource === 'eviction') return info.dryRun
  return body === null ? info.dryRun : optionsAreDryRun(body.value)
}

function optionsAreDryRun(options: unknown): boolean {
  if (typeof options !== 'object' || options === null || !('dryRun' in options)) return false
  const { dryRun } = options
  return Array.isArray(dryRun) && dryRun.length === 1 && dryRun[0] === 'All'
}
