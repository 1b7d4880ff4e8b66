// One try to deliver a message. In: where and what. Out: taken, or why not and when to come again. Follows no redirect, waits no
// longer than the limit, reads nothing of the answer but its status and `Retry-After`.

import type { Clock } from '../ports.ts'
import { LONGEST_RETRY_AFTER_MS, SEND_TIMEOUT_MS } from './limits.ts'
import type { Message } from './message.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type Sent =
  | { readonly ok: true }
  | {
      readonly ok: false
      /** For the record. Never the URL, which is a secret, and nothing the channel wrote. */
      readonly error: string
      /** Not before so many milliseconds; 0: whenever. */
      readonly afterMs: number
      /** The channel is no more: trying again is no use. */
      readonly gone: boolean
    }

const failed = (error: string): Sent => ({ ok: false, error, afterMs: 0, gone: false })

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), cut to the bound; 0 when there is none that reads. */
export function retryAfterMs(value: string | null, now: number): number {
  if (value === null) return 0
  const text = value.trim()
  const wait = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, LONGEST_RETRY_AFTER_MS) : 0
}

function discard(response: Response): void {
  // What the channel wrote is not read; how its stream ends concerns no one.
  response.body?.cancel().catch(() => undefined)
}

function judge(response: Response, now: number): Sent {
  const { status, type, headers } = response
  if (status >= 200 && status < 300) return { ok: true }
  // What a manual redirect looks like differs between runtimes: opaque with status 0, or as it came.
  if (String(type) === 'opaqueredirect' || (status >= 300 && status < 400)) return failed('it answered with a redirect')
  const afterMs = status === 429 || status === 503 ? retryAfterMs(headers.get('retry-after'), now) : 0
  return { ok: false, error: `it answered with status ${status}`, afterMs, gone: status === 410 }
}

/** Never rejects. */
export async function send(fetch: Fetch, clock: Clock, url: string, { headers, body }: Message): Promise<Sent> {
  const abort = new AbortController()
  let cancel = (): void => undefined
  const late = new Promise<null>((resolve) => {
    cancel = clock.after(SEND_TIMEOUT_MS, () => {
      resolve(null)
      abort.abort()
    })
  })
  try {
    const answering = fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: abort.signal })
    const response = await Promise.race([answering, late])
    if (response === null) {
      answering.then(discard, () => undefined)
      return failed(`it did not answer in ${SEND_TIMEOUT_MS / 1000} s`)
    }
    discard(response)
    return judge(response, clock.now())
  } catch {
    return failed('it could not be reached')
  } finally {
    cancel()
  }
}
