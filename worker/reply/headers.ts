// The response headers that reach the client, and the upstream answers that must not. No I/O.

import type { HeaderList, Refusal, RequestInfo } from '../context.ts'

/** Passed on as they came. Not among them: Set-Cookie, Location, WWW-Authenticate, and whatever is not known. */
const ALLOWED: ReadonlySet<string> = new Set([
  ...['content-type', 'content-length', 'warning', 'audit-id', 'retry-after', 'allow', 'date'],
  ...['x-kubernetes-pf-flowschema-uid', 'x-kubernetes-pf-prioritylevel-uid'],
])
/** For documents without secrets, which clients keep copies of. */
const CACHING: ReadonlySet<string> = new Set(['etag', 'last-modified', 'cache-control', 'vary', 'expires'])

/**
 * The headers for the client. `Warning` keeps its repeats.
 * @param options.masked the body's length may differ from upstream's: `content-length` is left out
 */
export function clientHeaders(
  upstream: HeaderList,
  options: { readonly masked: boolean; readonly info: Pick<RequestInfo, 'isResourceRequest'> },
): HeaderList {
  const headers: (readonly [string, string])[] = []
  for (const [name, value] of upstream) {
    const field = name.toLowerCase()
    if (field === 'content-length' && options.masked) continue
    const caching = !options.info.isResourceRequest && CACHING.has(field)
    if ((caching || ALLOWED.has(field)) && isPlain(value)) headers.push([field, value])
  }
  if (!headers.some(([name]) => name === 'cache-control')) headers.push(['cache-control', 'no-cache, private'])
  headers.push(['x-content-type-options', 'nosniff'])
  return headers
}

/** No line breaks or controls: a value must not become two fields. Nothing beyond Latin-1 either, which a header cannot hold. */
function isPlain(value: string): boolean {
  return !/[^\x09\x20-\x7e\x80-\xff]/.test(value)
}

/**
 * Upstream answers that stop here: redirects (never followed, never passed on, CVE-2020-8559), a 401, which is about the
 * connector's credential and must not send the agent to log in again, and codes that are no final answer.
 * @returns null when the answer may go on
 */
export function checkUpstream(status: number): Refusal | null {
  if (status === 401) {
    return upstream(
      'the cluster refused the connector’s own credential (401): this is not about your login; ' +
        'whoever runs the connector must renew its credential',
    )
  }
  if (status === 304 || (status >= 200 && status < 300)) return null
  if (status >= 300 && status < 400)
    return upstream(`the API server answered with a redirect (${status}), which is not followed`)
  if (status >= 400 && status < 600) return null
  return upstream(`the API server answered with an unexpected code (${status})`)
}

function upstream(message: string): Refusal {
  return { kind: 'upstream', message }
}
