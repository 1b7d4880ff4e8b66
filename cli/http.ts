// HTTPS as the CLI does it: one private CA may be trusted for one request, redirects are not followed. On node:https,
// which takes a CA on every runtime.

import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Failure } from './command.ts'

/** Time until the first byte of an answer. */
const TIMEOUT_MS = 30_000
/** An answer read whole. Larger ones are pages nobody asked for. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** PEM of the only CA to trust; absent: the system's. */
  readonly ca?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The body as it comes. */
  readonly stream: AsyncIterable<Uint8Array>
  /** The body whole. */
  readonly text: () => Promise<string>
}

/** @throws Failure with a sentence for a person when there is no answer */
export function call(url: string, { method = 'GET', headers = {}, body, ca }: Call = {}): Promise<Answer> {
  const target = new URL(url)
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const options = { method, headers: { ...headers, ...length }, timeout: TIMEOUT_MS, agent: false as const }
  return new Promise((resolve, reject) => {
    const outgoing =
      target.protocol === 'https:'
        ? httpsRequest(target, { ...options, ...(ca === undefined ? {} : { ca }) })
        : httpRequest(target, options)
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 30 s')))
    outgoing.on('error', (error) => reject(new Failure(`${target.origin} does not answer: ${error.message}`)))
    outgoing.on('response', (message) => resolve(answerOf(message)))
    outgoing.end(body)
  })
}

function answerOf(message: IncomingMessage): Answer {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    stream: message,
    async text() {
      const chunks: Uint8Array[] = []
      let length = 0
      for await (const chunk of message) {
        if (!(chunk instanceof Uint8Array)) throw new Failure('the answer cannot be read')
        length += chunk.length
        if (length > MAX_TEXT_BYTES) throw new Failure('the answer is too long')
        chunks.push(chunk)
      }
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}
