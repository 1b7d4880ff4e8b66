// A request's query: decoded strictly, with repeated parameters refused. No I/O.

import type { Outcome } from '../context.ts'
import { QUERY_PARAMETERS } from './limits.ts'
import { accept, malformed } from './refusal.ts'

/** Decoded parameters; each has at least one value, and all but `command` and `ports` exactly one. */
export type Query = ReadonlyMap<string, readonly string[]>

/** The parameters whose repetition has a meaning: argv, and the ports of a port-forward. */
const REPEATABLE: ReadonlySet<string> = new Set(['command', 'ports'])

/**
 * Parses `application/x-www-form-urlencoded` as Go's `url.ParseQuery` does, without its leniency: a broken escape is
 * refused, and so is every repetition, since the API server looks at the first or the last depending on the parameter
 * (`watch=false&watch=true`).
 */
export function parseQuery(query: string): Outcome<Query> {
  const values = new Map<string, string[]>()
  if (query === '') return accept(values)
  const pairs = query.split('&')
  if (pairs.length > QUERY_PARAMETERS) return malformed(`the query has more than ${QUERY_PARAMETERS} parameters`)
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1))
    if (name === null || value === null) return malformed('the query holds a broken escape')
    if (name === '') return malformed('the query holds a parameter without a name')
    const present = values.get(name)
    if (present === undefined) values.set(name, [value])
    else if (REPEATABLE.has(name)) present.push(value)
    else return malformed(`the query parameter ${JSON.stringify(name.slice(0, 64))} is given more than once`)
  }
  return accept(values)
}

/** A boolean parameter, by Kubernetes' rule: present and neither `false` nor `0`. */
export function flag(query: Query, name: string): boolean {
  const value = query.get(name)?.[0]?.toLowerCase()
  return value !== undefined && value !== 'false' && value !== '0'
}

function decode(text: string): string | null {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return null
  }
}
