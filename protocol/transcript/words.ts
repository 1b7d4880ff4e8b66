// Words of a command line. In: values from requests. Out: what a shell reads back as the same value. No I/O.

import type { RecordedRequest } from '../log/event.ts'
import { typedOne } from './resource.ts'

/** More than this many objects are counted, not named. */
const NAMED_OBJECTS = 3

/** The value as one shell word, quoted only where it must be. */
export function shellWord(value: string): string {
  if (value === '') return "''"
  return /^[\w@%+=:,./…[\]{}⟦⟧!-]+$/.test(value) && !/^[=~]|[{}]|!/.test(value)
    ? value
    : `'${value.replaceAll("'", "'\\''")}'`
}

/** `deploy/web`. */
export function targetWord(request: RecordedRequest): string {
  const kind = typedOne(request.resource)
  return request.name === '' ? kind : `${kind}/${shellWord(request.name)}`
}

/** Seconds as kubectl's flags take them: 3600 → `1h`, 90 → `90s`. */
export function duration(seconds: string): string {
  const count = Number(seconds)
  if (!Number.isInteger(count) || count <= 0) return shellWord(`${seconds}s`)
  if (count % 3600 === 0) return `${count / 3600}h`
  return count % 60 === 0 ? `${count / 60}m` : `${count}s`
}

/**
 * The objects of a file as a shell comment: `# deploy/web, cm/cfg and 4 more`; '' for none. What is only read beside
 * something that is written (a namespace that is looked up) is not one of them.
 */
export function objectsComment(requests: readonly RecordedRequest[]): string {
  const written = new Set(requests.filter((request) => request.method !== 'GET').map((request) => request.resource))
  const own = requests.filter((request) => written.size === 0 || written.has(request.resource))
  const named = new Set(own.filter((request) => request.name !== '').map(targetWord))
  // A create says only the kind; where the object was looked up before, its name is known from there.
  const known = new Set(own.filter((request) => request.name !== '').map((request) => request.resource))
  for (const request of own) {
    if (request.name === '' && request.method === 'POST' && !known.has(request.resource)) named.add(targetWord(request))
  }
  if (named.size === 0) return ''
  const all = [...named]
  const rest = all.length - NAMED_OBJECTS
  return `# ${all.slice(0, NAMED_OBJECTS).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
