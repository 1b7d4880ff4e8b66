// Between the chain's own requests and replies and the web's, for the routes that are Hono's.
// Not for cluster requests: a web Request has a normalised URL, which is never judged.

import { fromStream, toStream } from './bytes.ts'
import type { Received, Reply } from './context.ts'

/** A web Request for a path of the gateway's own. `origin` is the configured one, whatever the Host header says. */
export function toWebRequest(received: Received, origin: string): Request | null {
  if (!received.target.startsWith('/') || received.target.startsWith('//')) return null
  const headers = new Headers()
  for (const [name, value] of received.headers) headers.append(name, value)
  const hasBody = received.body !== null && received.method !== 'GET' && received.method !== 'HEAD'
  const init: RequestInit & { duplex?: 'half' } = {
    method: received.method,
    headers,
    signal: received.signal,
    ...(hasBody && received.body !== null ? { body: toStream(received.body), duplex: 'half' as const } : {}),
  }
  try {
    return new Request(origin + received.target, init)
  } catch {
    return null
  }
}

/** A Reply from a web Response. */
export function fromWebResponse(response: Response): Reply {
  const headers: [string, string][] = []
  response.headers.forEach((value, name) => {
    if (name !== 'set-cookie') headers.push([name, value])
  })
  for (const cookie of response.headers.getSetCookie()) headers.push(['set-cookie', cookie])
  return {
    kind: 'response',
    status: response.status,
    headers,
    body: response.body === null ? null : fromStream(response.body),
  }
}
