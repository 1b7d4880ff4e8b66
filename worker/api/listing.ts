// Query parameters that listings share, and how a row reads them. No I/O.

import type { Call, QueryParameter } from './route.ts'

/** Ids of recorded things: anything else is unknown without a look. */
export const ID = /^[A-Za-z0-9_-]{1,64}$/

const DEFAULT_LIMIT = 100

export const limit: QueryParameter = {
  name: 'limit',
  type: 'integer',
  min: 1,
  max: 500,
  default: DEFAULT_LIMIT,
  description: 'Items on a page.',
}
export const cursor: QueryParameter = {
  name: 'cursor',
  type: 'string',
  maxLength: 1024,
  description: 'The `next` of the page before.',
}

/** A parameter of free text. */
export const text = (name: string, description: string): QueryParameter => ({
  name,
  type: 'string',
  maxLength: 256,
  description,
})

/** The parameters that were given, under the names a port gives them. */
export function filterOf<K extends string>(call: Call, names: Readonly<Record<K, string>>): { [P in K]?: string } {
  const filter: { [P in K]?: string } = {}
  for (const name in names) {
    const value = call.query.get(names[name])
    if (value !== undefined) filter[name] = value
  }
  return filter
}

export const limitOf = (call: Call): number => call.integers.get('limit') ?? DEFAULT_LIMIT
