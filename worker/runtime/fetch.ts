// Outgoing HTTP of the gateway on Bun and Deno: to OIDC issuers, some behind a private CA.
// `fetch` has no common way to trust a CA on these runtimes; node:https has. Redirects are not followed.

import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** An issuer's documents are a few kilobytes. Stops an endless answer. */
const MAX_ANSWER_BYTES = 1024 * 1024
const TIMEOUT_MS = 10_000

/**
 * One request, answered whole.
 * @param ca PEM of the only CA to trust; absent: the system's
 * @throws when there is no answer in 10 s, it is longer than 1 MiB, or TLS does not hold
 */
export function fetchWithCa(url: string, init: RequestInit, ca?: string): Promise<Response> {
  const target = new URL(url)
  const headers: Record<string, string> = {}
  new Headers(init.headers).forEach((value, name) => {
    headers[name] = value
  })
  const body = init.body === undefined || init.body === null ? null : String(init.body)
  if (body !== null) {
    headers['content-length'] = String(Buffer.byteLength(body))
    if (init.body instanceof URLSearchParams) headers['content-type'] ??= 'application/x-www-form-urlencoded'
  }
  const options = { method: init.method ?? 'GET', headers, timeout: TIMEOUT_MS }
  return new Promise((resolve, reject) => {
    const outgoing =
      target.protocol === 'https:'
        ? httpsRequest(target, { ...options, ...(ca === undefined ? {} : { ca }) })
        : httpRequest(target, options)
    const onAbort = (): void => {
      outgoing.destroy(new Error('aborted'))
    }
    init.signal?.addEventListener('abort', onAbort, { once: true })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', reject)
    outgoing.on('response', (message) => {
      const chunks: Buffer[] = []
      let length = 0
      message.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > MAX_ANSWER_BYTES) outgoing.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      message.on('error', reject)
      message.on('end', () => {
        init.signal?.removeEventListener('abort', onAbort)
        const answered = new Headers()
        for (const [name, value] of Object.entries(message.headers)) {
          for (const each of Array.isArray(value) ? value : [value ?? '']) answered.append(name, each)
        }
        const status = message.statusCode ?? 502
        const empty = status === 204 || status === 205 || status === 304
        // Response refuses a status that is none. Thrown in this callback, that would end the process.
        try {
          resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: answered }))
        } catch (error) {
          reject(error)
        }
      })
    })
    outgoing.end(body ?? undefined)
  })
}
