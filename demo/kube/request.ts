// A request as the handlers read it, and the RequestInfo of its path, as apiserver's RequestInfoFactory derives it.
// In: method, raw target, headers. Out: what is asked. No I/O.

import { refuse } from './refusal.ts'

/** One HTTP request. Header names are lower case; a repeated header has several values. */
export interface DemoRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
  readonly signal: AbortSignal
}

/** An answer. A streamed body is written piece by piece, waiting for the client. */
export interface DemoResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>
}

/** What a request asks for. Empty strings are absent parts. */
export interface RequestInfo {
  readonly isResource: boolean
  readonly path: string
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespace: string
  readonly name: string
  readonly subresource: string
  /** What follows the subresource, for proxies. */
  readonly rest: string
  readonly query: URLSearchParams
}

/** The first value of a header, or `''`. */
export function header(request: { headers: DemoRequest['headers'] }, name: string): string {
  return request.headers[name]?.[0] ?? ''
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
}

/** Derives the RequestInfo of a request. Refuses a path it cannot decode. */
export function requestInfo(method: string, target: string): RequestInfo {
  const [rawPath = '', rawQuery = ''] = target.split(/\?(.*)/s)
  const query = new URLSearchParams(rawQuery)
  let parts: string[]
  try {
    parts = rawPath
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent)
  } catch {
    throw refuse('BadRequest', 'the path cannot be decoded')
  }
  const none = {
    group: '',
    version: '',
    plural: '',
    namespace: '',
    name: '',
    subresource: '',
    rest: '',
    query,
    path: rawPath,
  }
  const isResource = (parts[0] === 'api' && parts.length > 2) || (parts[0] === 'apis' && parts.length > 3)
  if (!isResource) return { ...none, isResource: false, verb: method.toLowerCase() }
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : ''
  const version = (parts[0] === 'apis' ? parts[2] : parts[1]) ?? ''
  let rest = parts.slice(parts[0] === 'apis' ? 3 : 2)
  const oldWatch = rest[0] === 'watch'
  if (oldWatch) rest = rest.slice(1)
  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '')) {
    namespace = rest[1] ?? ''
    rest = rest.slice(2)
  } else if (rest[0] === 'namespaces') namespace = rest[1] ?? ''
  const [plural = '', name = '', subresource = '', ...tail] = rest
  const watch = oldWatch || ['1', 'true'].includes(query.get('watch') ?? '')
  const read = name === '' ? (watch ? 'watch' : 'list') : watch && oldWatch ? 'watch' : 'get'
  const verb =
    method === 'GET' || method === 'HEAD'
      ? read
      : method === 'DELETE'
        ? name === ''
          ? 'deletecollection'
          : 'delete'
        : (VERBS[method] ?? method.toLowerCase())
  return {
    isResource: true,
    path: rawPath,
    verb,
    group,
    version,
    plural,
    namespace,
    name,
    subresource,
    rest: tail.join('/'),
    query,
  }
}
