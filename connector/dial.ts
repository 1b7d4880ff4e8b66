// The connector's WebSocket to the gateway: TLS, the HTTP upgrade, the subprotocol.
// In: where and with which token. Out: a MessageSocket, or why not. Follows no redirect.

import { randomBytes } from 'node:crypto'
import { TUNNEL_PROTOCOL } from '../protocol/tunnel/frames.ts'
import { acceptKey, fromDuplex, type MessageSocket } from '../protocol/websocket.ts'
import { HttpClient } from './http/client.ts'

export interface GatewayAddress {
  /** `https://host[:port]`, no trailing slash. */
  readonly url: string
  /** PEM of the CA that signed the gateway's certificate; absent: the system's. */
  readonly ca: string | undefined
}

/** The gateway answered, and it was no. `status` 401 and 403 will not get better by themselves. */
export class DialRefused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'DialRefused'
    this.status = status
  }
}

/** An HTTP client for the gateway, and its `Host`. @throws Error when the URL is not one */
export function gatewayClient(gateway: GatewayAddress): { client: HttpClient; host: string } {
  const url = new URL(gateway.url)
  if (url.protocol !== 'https:') throw new Error('the gateway must be an https URL')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const ca = gateway.ca === undefined ? {} : { ca: gateway.ca }
  // A name, not an address, goes into SNI (RFC 6066, section 3).
  const servername = /^[0-9.]+$|:/.test(host) ? {} : { servername: host }
  const tls = { ...ca, ...servername, ALPNProtocols: ['http/1.1'] }
  return { client: new HttpClient({ host, port: url.port === '' ? 443 : Number(url.port), tls }), host: url.host }
}

/** Time for the gateway to answer a request of the connector's own. */
export const HANDSHAKE_TIMEOUT_MS = 15_000

/** The first line of a refusal's body, for the log; a Status's message when it is one. */
async function wordsOf(answer: { read(): Promise<Uint8Array | null>; cancel(): void }): Promise<string> {
  let text = ''
  for (let chunk = await answer.read(); chunk !== null; chunk = await answer.read()) {
    text += new TextDecoder().decode(chunk)
    if (text.length > 4096) {
      answer.cancel()
      break
    }
  }
  const message = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return (message ?? text.split('\n', 1)[0] ?? '').slice(0, 300)
}

/**
 * Dials. Rejects with DialRefused when the gateway said no, with HttpFailure when it could not be reached.
 * @param token a fresh token (identity.ts); sent once, never logged
 */
export async function dialGateway(
  gateway: GatewayAddress,
  options: {
    readonly connection: string
    readonly instance: string
    readonly token: string
    readonly maxMessageBytes: number
    readonly signal: AbortSignal
  },
): Promise<MessageSocket> {
  const { client, host } = gatewayClient(gateway)
  const key = randomBytes(16).toString('base64')
  const query = new URLSearchParams({ connection: options.connection, instance: options.instance })
  const answer = await client.request(
    {
      method: 'GET',
      target: `/connect?${query}`,
      headers: [
        ['Host', host],
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Version', '13'],
        ['Sec-WebSocket-Key', key],
        ['Sec-WebSocket-Protocol', TUNNEL_PROTOCOL],
        ['Authorization', `Bearer ${options.token}`],
      ],
      body: null,
      upgrade: true,
      headTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    },
    options.signal,
  )
  if (answer.socket === undefined) throw new DialRefused(answer.status, await wordsOf(answer))
  const of = (name: string): string => answer.headers.find(([known]) => known === name)?.[1] ?? ''
  if (of('sec-websocket-accept') !== acceptKey(key) || of('sec-websocket-protocol') !== TUNNEL_PROTOCOL) {
    answer.cancel()
    throw new DialRefused(101, 'what answered is not a gateway of this version')
  }
  return fromDuplex(answer.socket.socket, {
    role: 'client',
    protocol: TUNNEL_PROTOCOL,
    head: answer.socket.head,
    maxMessageBytes: options.maxMessageBytes,
  })
}
