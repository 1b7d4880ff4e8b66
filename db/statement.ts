// From a query that drizzle built to a statement for the one writer. No I/O.

import type { SqlValue, Statement } from './writer.ts'

/** @throws TypeError when a parameter is none that SQLite knows */
export function toStatement(query: { toSQL(): { sql: string; params: unknown[] } }): Statement {
  const { sql: text, params } = query.toSQL()
  return { sql: text, args: params.map(parseValue) }
}

function parseValue(value: unknown): SqlValue {
  if (typeof value === 'string' || typeof value === 'number' || value === null || value instanceof Uint8Array)
    return value
  throw new TypeError('a statement takes strings, numbers, bytes and null')
}
