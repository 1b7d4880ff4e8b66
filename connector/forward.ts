// One request of the tunnel to the API server and its answer back, with the tunnel's credit as the only buffer.
// In: a stream and its RequestHead. Out: the answer's frames. Sends nothing that was not checked here as well.

import type { RequestHead } from '../protocol/tunnel/head.ts'
import { encodeHead } from '../protocol/tunnel/head.ts'
import { StreamReset, type TunnelStream } from '../protocol/tunnel/session.ts'
import { checkRequest, type OwnLimits } from './check.ts'
import { fail } from './failure.ts'
import { type HttpAnswer, HttpClient, HttpFailure } from './http/client.ts'
import type { HeaderFields } from './http/parser.ts'
import { impersonation } from './impersonate.ts'
import { MAX_COLLECTING_BYTES, MAX_REQUEST_BODY_BYTES, RESPONSE_HEAD_TIMEOUT_MS } from './limits.ts'
import type { LogLine } from './log.ts'
import { type Credentials, type Target, TargetError } from './target/target.ts'
import { relayUpgrade } from './upgrade.ts'

export interface ForwarderOptions {
  readonly target: Target
  readonly limits: OwnLimits
  readonly log: LogLine
}

/** Fields that belong to one hop (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The answer's headers as they may leave the cluster. A Location that points elsewhere is dropped (CVE-2020-8559). */
function passedBack(headers: HeaderFields): HeaderFields {
  return headers.filter(([name, value]) => {
    if (HOP_BY_HOP.has(name)) return false
    return name !== 'location' || /^\/(?![/\\])/.test(value)
  })
}

/** Watches and followed logs: their head may come only with their first data. */
function isOpenEnded(target: string): boolean {
  const query = target.split('?')[1] ?? ''
  return /(?:^|&)(?:watch|follow)=(?!false|0)/.test(query) || target.includes('/watch/')
}

/** Sends requests to one target. */
export class Forwarder {
  readonly #options: ForwarderOptions
  #client: { readonly client: HttpClient; readonly cert: string | undefined; readonly key: string | undefined } | null =
    null
  #collecting = 0

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  /** Handles a stream to its end. Never rejects. */
  async handle(stream: TunnelStream, head: RequestHead): Promise<void> {
    const gone = new AbortController()
    stream.onReset = () => gone.abort()
    try {
      const why = checkRequest(head, this.#options.limits)
      if (why !== null) {
        this.#options.log('warn', 'request refused', { id: head.id, why })
        return fail(stream, { kind: 'refused', message: why, sent: false })
      }
      if (head.upgrade !== undefined) {
        const upgrade = head.upgrade
        return await relayUpgrade(stream, head.target, upgrade.protocols, {
          send: (extra) => this.#send(head, null, extra, gone.signal),
          signal: gone.signal,
          failed: (error) => this.#failed(stream, head, error),
          answer: (answer) => this.#passBack(stream, answer),
        })
      }
      const body = await this.#collect(stream)
      if (body === 'too-large') {
        return fail(stream, { kind: 'refused', message: 'the request body is too large', sent: false })
      }
      await this.#passBack(stream, await this.#send(head, body, null, gone.signal))
    } catch (error) {
      this.#failed(stream, head, error)
    }
  }

  close(): void {
    this.#client?.client.close()
  }

  /** Asks the API server; on a 401 that other credentials can cure, once more. */
  async #send(
    head: RequestHead,
    body: Uint8Array | null,
    upgrade: HeaderFields | null,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { target } = this.#options
    const first = await this.#once(head, body, upgrade, signal)
    if (first.status !== 401 || !target.refuse()) return first
    // 401 means that nothing was done: the request may be repeated whatever its method.
    first.cancel()
    return this.#once(head, body, upgrade, signal)
  }

  async #once(
    head: RequestHead,
    body: Uint8Array | null,
    upgrade: HeaderFields | null,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { target } = this.#options
    const credentials = await target.credentials()
    const standard = target.tls === null ? 80 : 443
    const host = target.host.includes(':') ? `[${target.host}]` : target.host
    const headers: [string, string][] = [['Host', target.port === standard ? host : `${host}:${target.port}`]]
    for (const [name, value] of head.headers) if (name !== 'content-length') headers.push([name, value])
    if (upgrade !== null) headers.push(...upgrade.map(([name, value]): [string, string] => [name, value]))
    headers.push(['Accept-Encoding', 'identity'])
    if (body !== null || !['GET', 'HEAD', 'OPTIONS'].includes(head.method)) {
      headers.push(['Content-Length', String(body?.length ?? 0)])
    }
    headers.push(['Audit-ID', head.id])
    if (credentials.authorization !== undefined) headers.push(['Authorization', credentials.authorization])
    headers.push(...impersonation(head.user))
    return this.#clientFor(credentials).request(
      {
        method: head.method,
        target: target.basePath + head.target,
        headers,
        body,
        upgrade: upgrade !== null,
        ...(isOpenEnded(head.target) ? {} : { headTimeoutMs: RESPONSE_HEAD_TIMEOUT_MS }),
      },
      signal,
    )
  }

  /** A rotated client certificate needs new connections. */
  #clientFor(credentials: Credentials): HttpClient {
    const { target } = this.#options
    const current = this.#client
    if (current !== null && current.cert === credentials.cert && current.key === credentials.key) return current.client
    current?.client.close()
    const { cert, key } = credentials
    const tls = target.tls === null ? null : { ...target.tls, ...(cert === undefined ? {} : { cert, key }) }
    const client = new HttpClient({ host: target.host, port: target.port, tls })
    this.#client = { client, cert, key }
    return client
  }

  async #collect(stream: TunnelStream): Promise<Uint8Array | null | 'too-large'> {
    const chunks: Uint8Array[] = []
    let length = 0
    try {
      for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
        length += chunk.length
        this.#collecting += chunk.length
        if (length > MAX_REQUEST_BODY_BYTES || this.#collecting > MAX_COLLECTING_BYTES) return 'too-large'
        chunks.push(chunk)
      }
    } finally {
      this.#collecting -= length
    }
    if (length === 0) return null
    return Buffer.concat(chunks)
  }

  async #passBack(stream: TunnelStream, answer: HttpAnswer): Promise<void> {
    stream.respond(encodeHead({ status: answer.status, headers: passedBack(answer.headers) }), false, false)
    try {
      for (;;) {
        const chunk = await answer.read()
        if (chunk === null) break
        await stream.write(chunk)
      }
      stream.end()
      stream.stopPeer()
    } catch (error) {
      answer.cancel()
      if (error instanceof HttpFailure && error.kind !== 'cancelled') {
        stream.reset('upstream', `the API server broke off its answer: ${error.message}`)
      } else if (!(error instanceof StreamReset)) throw error
    }
  }

  #failed(stream: TunnelStream, head: RequestHead, error: unknown): void {
    if (error instanceof StreamReset) return
    if (error instanceof HttpFailure) {
      if (error.kind === 'cancelled') {
        stream.reset('cancelled', 'cancelled')
        return
      }
      this.#options.log('warn', 'request failed', { id: head.id, kind: error.kind, why: error.message })
      fail(stream, { kind: error.kind, message: error.message, sent: error.sent })
      return
    }
    if (error instanceof TargetError) {
      this.#options.log('error', 'no credentials for the API server', { id: head.id, why: error.message })
      fail(stream, { kind: 'unreachable', message: error.message, sent: false })
      return
    }
    // A bug: the name of the error, and nothing of what it holds.
    this.#options.log('error', 'internal error', {
      id: head.id,
      error: error instanceof Error ? error.name : 'unknown',
    })
    stream.reset('internal', 'the connector failed')
  }
}
