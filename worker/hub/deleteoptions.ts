// How a deletion is to be done, as the API server takes it: from the body where there is one, else from the query; of an
// eviction from within its body. In: a request and its body. Out: the options. No I/O.

import type { RequestInfo } from '../context.ts'

type Options = Readonly<Record<string, unknown>>

const FIELDS: ReadonlySet<string> = new Set([
  ...['kind', 'apiVersion', 'dryRun', 'gracePeriodSeconds', 'preconditions', 'propagationPolicy', 'orphanDependents'],
  'ignoreStoreReadErrorWithClusterBreakingPotential',
])
const EVICTION: ReadonlySet<string> = new Set(['kind', 'apiVersion', 'metadata', 'deleteOptions'])

/**
 * What conditions look at; undefined when nothing is said, or it is no deletion.
 * @param body what it means, already checked by {@link areOptions}; null: there is none
 */
export function optionsOf(
  { verb, subresource, query }: RequestInfo,
  body: { readonly value: unknown } | null,
): unknown {
  if (verb !== 'delete' && verb !== 'deletecollection') return undefined
  if (subresource === 'eviction') return (isRecord(body?.value) ? body.value.deleteOptions : null) ?? undefined
  if (body !== null) return body.value
  const options = optionsOfQuery(query)
  return options === null || Object.keys(options).length === 0 ? undefined : options
}

/**
 * Whether a body is what a deletion takes. Whether it is a dry run stands in there, so nothing may that could be taken for another
 * field: before Kubernetes 1.23 the API server knows the fields of JSON by a hash of their names only.
 */
export function areOptions({ subresource }: RequestInfo, body: unknown): boolean {
  if (subresource !== 'eviction') return holdsOnly(body, FIELDS)
  if (!holdsOnly(body, EVICTION)) return false
  const options = isRecord(body) ? (body.deleteOptions ?? null) : null
  return options === null || holdsOnly(options, FIELDS)
}

/**
 * The DeleteOptions of a query, converted as apimachinery does (pkg/conversion/queryparams, meta/v1 conversion). Where there is a
 * body the API server passes over them, so that a body given to a deletion that had none must say all that the query said.
 * Null: a number that is none.
 */
export function optionsOfQuery(query: string): Options | null {
  const options: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'propagationPolicy') options[name] = value
    else if (name === 'gracePeriodSeconds') {
      if (!/^[+-]?[0-9]{1,15}$/.test(value)) return null
      options[name] = Number(value)
    } else if (name === 'orphanDependents' || name === 'ignoreStoreReadErrorWithClusterBreakingPotential')
      options[name] = !['false', '0'].includes(value.toLowerCase())
    else if (name === 'dryRun') options[name] = [value]
    else if (name === 'uid' && value !== '') options.preconditions = { uid: value }
  }
  return options
}

function holdsOnly(value: unknown, names: ReadonlySet<string>): boolean {
  return isRecord(value) && Object.keys(value).every((name) => names.has(name))
}

function isRecord(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
