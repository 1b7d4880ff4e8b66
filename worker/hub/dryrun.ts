// Whether a request really changes nothing. In: what was asked and its body. Out: yes or no. No I/O.
// The API server reads `dryRun` of a deletion from the body where there is one, and then passes over the query; and of a
// request that writes nothing it passes over both. What only looks like a dry run must be judged as the real thing.

import type { RequestInfo } from '../context.ts'
import type { TakenBody } from './body.ts'

const BY_QUERY: ReadonlySet<string> = new Set(['create', 'update', 'patch'])
const BY_OPTIONS: ReadonlySet<string> = new Set(['delete', 'deletecollection'])

/** True when the API server takes it as a dry run. `info.dryRun`: the query says `dryRun=All`. */
export function isDryRun(info: RequestInfo, body: TakenBody | null): boolean {
  if (!info.isResourceRequest) return false
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
