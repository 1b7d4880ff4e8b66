// exec, attach and port-forward: the connector's own WebSocket to the API server, relayed message by message.
// In: an upgraded stream of the tunnel. Out: the API server's messages, or its refusal as an ordinary answer.

import { randomBytes } from 'node:crypto'
import { CHANNEL, EXEC_PROTOCOLS, encodeChannel, halfClosed, PORT_FORWARD_PROTOCOL } from '../protocol/exec.ts'
import { failure } from '../protocol/status.ts'
import { encodeHead } from '../protocol/tunnel/head.ts'
import { StreamReset, type TunnelStream } from '../protocol/tunnel/session.ts'
import { acceptKey, fromDuplex, type MessageSocket, SocketClosed } from '../protocol/websocket.ts'
import { type Failure, fail } from './failure.ts'
import type { HttpAnswer } from './http/client.ts'
import type { HeaderFields } from './http/parser.ts'
import { MAX_UPSTREAM_MESSAGE_BYTES } from './limits.ts'

export interface UpgradeTools {
  /** Sends the request with these headers added; resolves with the head of the answer. */
  readonly send: (headers: HeaderFields) => Promise<HttpAnswer>
  readonly signal: AbortSignal
  readonly failed: (error: unknown) => void
  /** Passes an answer that is no upgrade back. */
  readonly answer: (answer: HttpAnswer) => Promise<void>
}

const [V5, V4] = EXEC_PROTOCOLS

/** `a=1&stdin=true` has `stdin`. Kubernetes parses it as Go's ParseBool. */
function isTrue(target: string, name: string): boolean {
  const query = target.split('?')[1] ?? ''
  const value = new URLSearchParams(query).get(name)
  return value !== null && ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)
}

/**
 * Dials the API server with the first subprotocol, then the next when it does not know it.
 * Resolves when the stream is over; never rejects.
 */
export async function relayUpgrade(
  stream: TunnelStream,
  target: string,
  protocols: readonly string[],
  tools: UpgradeTools,
): Promise<void> {
  try {
    const outcome = await dial(target, protocols, tools)
    if ('kind' in outcome) {
      fail(stream, outcome)
      return
    }
    if ('answer' in outcome) return await tools.answer(outcome.answer)
    const { socket } = outcome
    stream.respond(encodeHead({ upgraded: true, protocol: socket.protocol }), true, false)
    await relay(stream, socket, tools.signal)
  } catch (error) {
    tools.failed(error)
  }
}

type Dialled = { socket: MessageSocket } | { answer: HttpAnswer } | Failure

async function dial(target: string, protocols: readonly string[], tools: UpgradeTools): Promise<Dialled> {
  const portForward = protocols.includes(PORT_FORWARD_PROTOCOL)
  for (const protocol of protocols) {
    const halfClose = protocol === V5 || protocol === PORT_FORWARD_PROTOCOL
    if (!halfClose && isTrue(target, 'stdin') && !isTrue(target, 'tty')) {
      return { kind: 'unsupported', message: NO_HALF_CLOSE, sent: false }
    }
    const key = randomBytes(16).toString('base64')
    const answer = await tools.send([
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', key],
      ['Sec-WebSocket-Protocol', protocol],
    ])
    if (answer.socket === undefined) {
      if (!isHandshakeRefusal(answer)) return { answer }
      answer.cancel()
      continue
    }
    const refused = checkHandshake(answer.headers, key, protocol)
    if (refused !== null) {
      answer.cancel()
      return { kind: 'protocol', message: refused, sent: true }
    }
    const socket = fromDuplex(answer.socket.socket, {
      role: 'client',
      protocol,
      head: answer.socket.head,
      maxMessageBytes: MAX_UPSTREAM_MESSAGE_BYTES,
    })
    return { socket }
  }
  return { kind: 'unsupported', message: portForward ? NO_PORT_FORWARD : NO_WEBSOCKET, sent: false }
}

/**
 * True when the API server did not know the subprotocol: a bare 403 (or 400) that its WebSocket library writes, where its own
 * refusals are a Status in JSON.
 */
function isHandshakeRefusal(answer: HttpAnswer): boolean {
  if (answer.status !== 400 && answer.status !== 403) return false
  const type = answer.headers.find(([name]) => name === 'content-type')?.[1] ?? ''
  return !/json/i.test(type)
}

const NO_HALF_CLOSE =
  "this cluster's API server (before Kubernetes 1.30) cannot half-close stdin over WebSocket, so a command that reads " +
  'piped stdin would never see its end; run it without -i, or with -it'

const NO_WEBSOCKET =
  "this cluster's API server knows none of the WebSocket subprotocols for exec and attach that were offered"

const CANNOT_HALF_CLOSE = failure('InternalError', NO_HALF_CLOSE)

const NO_PORT_FORWARD =
  "this cluster's API server (before Kubernetes 1.30) does not serve port-forward over WebSocket, which is the only " +
  'way this gateway carries it'

function checkHandshake(headers: HeaderFields, key: string, protocol: string): string | null {
  const of = (name: string): string => headers.find(([known]) => known === name)?.[1] ?? ''
  if (of('upgrade').toLowerCase() !== 'websocket') return 'the API server upgraded to something that was not asked for'
  if (of('sec-websocket-accept') !== acceptKey(key)) return 'the API server broke the WebSocket handshake'
  if (of('sec-websocket-extensions') !== '') return 'the API server chose a WebSocket extension that was not offered'
  if (of('sec-websocket-protocol') !== protocol) return 'the API server did not accept the subprotocol'
  return null
}

/** Both directions until both are over, or one breaks. */
async function relay(stream: TunnelStream, socket: MessageSocket, signal: AbortSignal): Promise<void> {
  const onAbort = (): void => socket.close(1001, '')
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  const up = async (): Promise<void> => {
    try {
      for (let message = await stream.read(); message !== null; message = await stream.read()) {
        if (socket.protocol === V4 && halfClosed(message) !== null) {
          // v4 has no such message: without an answer the client would wait for ever.
          const status = new TextEncoder().encode(JSON.stringify(CANNOT_HALF_CLOSE))
          await stream.write(encodeChannel(CHANNEL.status, status))
          break
        }
        await socket.write(message)
      }
      socket.close(1000, '')
    } catch (error) {
      // The other direction tells the stream how the socket ended.
      if (error instanceof StreamReset) socket.close(1001, '')
    }
  }
  const down = async (): Promise<void> => {
    try {
      for (let message = await socket.read(); message !== null; message = await socket.read())
        await stream.write(message)
      stream.end()
      stream.stopPeer()
    } catch (error) {
      if (error instanceof SocketClosed) stream.reset('upstream', `the API server ended the stream: ${error.message}`)
      else socket.close(1001, '')
    }
  }
  await Promise.all([up(), down()])
  signal.removeEventListener('abort', onAbort)
}
