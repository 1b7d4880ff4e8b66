// The upgrades the API server answers: exec, attach and port-forward, by WebSocket or SPDY.
// In: an upgrade request and its socket. A refusal is an HTTP answer on that socket, as for any other request.

import type { Duplex } from 'node:stream'
import { EXEC_PROTOCOLS, PORT_FORWARD_PROTOCOL } from '../../../protocol/exec.ts'
import { acceptKey, fromDuplex } from '../../../protocol/websocket.ts'
import type { Cluster, User } from '../cluster.ts'
import { admitted, refusalAnswer } from '../handler.ts'
import type { PodRuntime } from '../pods/runtime.ts'
import { noSuchPath, refuse } from '../refusal.ts'
import { type DemoRequest, header, type RequestInfo } from '../request.ts'
import { webSocketChannels } from './channels.ts'
import { checkExec, podOf, serveExec } from './exec.ts'
import { servePortForward } from './port-forward.ts'
import { SpdySession } from './spdy.ts'
import { spdyChannels } from './spdy-channels.ts'

/** The longest message a client may send. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024

const STREAM_PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io']

const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
}

function refuseOn(socket: Duplex, error: unknown): void {
  const answer = refusalAnswer(error)
  const body = typeof answer.body === 'string' ? answer.body : ''
  const head = [
    `HTTP/1.1 ${answer.status} ${REASON[answer.status] ?? 'Error'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function offered(request: DemoRequest): string[] {
  return (request.headers['sec-websocket-protocol'] ?? [])
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
}

function switching(request: DemoRequest, lines: readonly string[]): string {
  const audit = header(request, 'audit-id')
  return `${['HTTP/1.1 101 Switching Protocols', ...lines, ...(audit === '' ? [] : [`Audit-Id: ${audit}`])].join('\r\n')}\r\n\r\n`
}

function webSocket(
  runtime: PodRuntime,
  request: DemoRequest,
  info: RequestInfo,
  socket: Duplex,
  head: Uint8Array,
): void {
  const forward = info.subresource === 'portforward'
  const protocols = offered(request)
  const protocol = forward
    ? protocols.find((name) => name === PORT_FORWARD_PROTOCOL)
    : EXEC_PROTOCOLS.find((name) => protocols.includes(name))
  if (protocol === undefined)
    throw refuse(
      'BadRequest',
      `unable to negotiate a subprotocol: ${forward ? PORT_FORWARD_PROTOCOL : EXEC_PROTOCOLS.join(', ')} is served`,
    )
  const key = header(request, 'sec-websocket-key')
  if (key === '' || header(request, 'sec-websocket-version') !== '13')
    throw refuse('BadRequest', 'not a WebSocket handshake of version 13')
  const checked = forward ? undefined : checkExec(runtime, info)
  const pod = podOf(runtime, info)
  socket.write(
    switching(request, [
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptKey(key)}`,
      `Sec-WebSocket-Protocol: ${protocol}`,
    ]),
  )
  const messages = fromDuplex(socket, { role: 'server', protocol, head, maxMessageBytes: MAX_MESSAGE_BYTES })
  if (checked !== undefined) {
    void serveExec(runtime, info.subresource, checked, webSocketChannels(messages))
    return
  }
  const session = new SpdySession((bytes) => messages.write(bytes))
  servePortForward(runtime, pod, session)
  const pump = async () => {
    for (let message = await messages.read(); message !== null; message = await messages.read())
      await session.receive(message)
  }
  pump()
    .catch(() => undefined)
    .finally(() => {
      session.end()
      messages.close(1000, '')
    })
}

function spdy(runtime: PodRuntime, request: DemoRequest, info: RequestInfo, socket: Duplex, head: Uint8Array): void {
  const forward = info.subresource === 'portforward'
  const wanted = (request.headers['x-stream-protocol-version'] ?? [])
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
  const protocol = forward
    ? wanted.find((name) => name === 'portforward.k8s.io')
    : STREAM_PROTOCOLS.find((name) => wanted.includes(name))
  if (protocol === undefined)
    throw refuse('Forbidden', `unable to upgrade: none of the stream protocols ${wanted.join(', ')} is served`)
  const checked = forward ? undefined : checkExec(runtime, info)
  const pod = podOf(runtime, info)
  socket.write(
    switching(request, ['Connection: Upgrade', 'Upgrade: SPDY/3.1', `X-Stream-Protocol-Version: ${protocol}`]),
  )
  const session = new SpdySession(
    (bytes) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) reject(new Error('the client is gone'))
        else if (socket.write(bytes)) resolve()
        else {
          const done = () => {
            socket.off('drain', done)
            socket.off('close', done)
            resolve()
          }
          socket.once('drain', done)
          socket.once('close', done)
        }
      }),
  )
  if (checked === undefined) servePortForward(runtime, pod, session)
  else {
    const query = info.query
    const on = (name: string) => ['1', 'true'].includes(query.get(name) ?? '')
    const expected = [
      'error',
      ...['stdin', 'stdout', 'stderr'].filter((name) => on(name) && !(name === 'stderr' && checked.tty)),
      ...(checked.tty ? ['resize'] : []),
    ]
    spdyChannels(session, expected, () => socket.end()).then(
      (channels) => serveExec(runtime, info.subresource, checked, channels),
      () => socket.destroy(),
    )
  }
  let work = Promise.resolve()
  const feed = (bytes: Uint8Array) => {
    socket.pause()
    work = work
      .then(() => session.receive(bytes))
      .then(
        () => void socket.resume(),
        () => void socket.destroy(),
      )
  }
  const over = () => {
    session.end()
    socket.end()
  }
  socket.on('end', over)
  socket.on('close', over)
  socket.on('data', (bytes: Uint8Array) => feed(bytes))
  if (head.length > 0) feed(head)
  socket.resume()
}

/** Answers an upgrade request on its raw socket. */
export function handleUpgrade(
  cluster: Cluster,
  runtime: PodRuntime,
  request: DemoRequest,
  peer: User | undefined,
  socket: Duplex,
  head: Uint8Array,
): void {
  try {
    const { info } = admitted(cluster, request, peer)
    const pods = info.isResource && info.group === '' && info.plural === 'pods'
    if (!pods || !['exec', 'attach', 'portforward'].includes(info.subresource))
      throw info.isResource ? refuse('BadRequest', 'this resource cannot be upgraded') : noSuchPath()
    const upgrade = header(request, 'upgrade').toLowerCase()
    if (upgrade === 'websocket') webSocket(runtime, request, info, socket, head)
    else if (upgrade === 'spdy/3.1') spdy(runtime, request, info, socket, head)
    else throw refuse('BadRequest', `unable to upgrade to ${upgrade}`)
  } catch (error) {
    refuseOn(socket, error)
  }
}
