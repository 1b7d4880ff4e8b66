// A WebSocket client for tests, on the raw HTTP client: its handshake can be anything, and so can its frames.

import { randomBytes } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { fromDuplex, type MessageSocket } from '../../protocol/websocket.ts'
import { openRaw } from './raw.ts'
import type { World } from './world.ts'

export interface UpgradeOptions {
  /** Absent: `v5.channel.k8s.io`. */
  readonly protocols?: readonly string[]
  readonly token?: string | null
  readonly headers?: readonly (readonly [string, string])[]
  readonly method?: string
  /** Absent: `websocket`. */
  readonly upgrade?: string
  /** Absent: `/clusters/test`. */
  readonly prefix?: string
}

/** The answer to a handshake. With status 101 the connection is the caller's; else `text` is the body. */
export interface Handshake {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
  readonly raw: TLSSocket
  /** Bytes that came behind the 101. */
  readonly head: Buffer
}

/** Asks for an upgrade. Rejects when the connection ends before an answer. */
export function handshake(world: World, target: string, options: UpgradeOptions = {}): Promise<Handshake> {
  const token = options.token === undefined ? world.token : options.token
  const protocols = options.protocols ?? ['v5.channel.k8s.io']
  const raw = openRaw({
    port: world.port,
    ca: world.ca,
    target: `${options.prefix ?? '/clusters/test'}${target}`,
    method: options.method ?? 'GET',
    headers: [
      ['connection', 'Upgrade'],
      ['upgrade', options.upgrade ?? 'websocket'],
      ['sec-websocket-version', '13'],
      ['sec-websocket-key', randomBytes(16).toString('base64')],
      ...(protocols.length === 0 ? [] : [['sec-websocket-protocol', protocols.join(', ')] as const]),
      ...(token === null ? [] : [['authorization', `Bearer ${token}`] as const]),
      ...(options.headers ?? []),
    ],
  })
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const answer = (over: boolean): void => {
      const end = received.indexOf('\r\n\r\n')
      if (end === -1) {
        if (over) reject(new Error('the connection ended before an answer'))
        return
      }
      const [first = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n')
      const headers = new Map(
        lines.map((line) => {
          const colon = line.indexOf(':')
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
        }),
      )
      const status = Number(first.split(' ')[1])
      const rest = received.subarray(end + 4)
      if (status === 101) {
        raw.off('data', onData)
        raw.off('close', onClose)
        raw.pause()
        resolve({ status, headers, text: '', raw, head: rest })
        return
      }
      const length = headers.get('content-length')
      if (over || (length !== undefined && rest.length >= Number(length))) {
        raw.destroy()
        resolve({ status, headers, text: rest.toString('utf8'), raw, head: rest })
      }
    }
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      answer(false)
    }
    const onClose = (): void => answer(true)
    raw.on('data', onData)
    raw.on('close', onClose)
    raw.on('error', reject)
  })
}

/** A socket that is open, and the connection below it. */
export interface OpenSocket extends MessageSocket {
  readonly raw: TLSSocket
}

/** Opens a WebSocket. @throws when the answer is not 101 */
export async function openSocket(world: World, target: string, options: UpgradeOptions = {}): Promise<OpenSocket> {
  const answer = await handshake(world, target, options)
  if (answer.status !== 101) throw new Error(`not upgraded: ${answer.status} ${answer.text}`)
  const { raw } = answer
  const socket = fromDuplex(raw, {
    role: 'client',
    protocol: answer.headers.get('sec-websocket-protocol') ?? '',
    head: answer.head,
    maxMessageBytes: 64 * 1024 * 1024,
  })
  return {
    protocol: socket.protocol,
    read: () => socket.read(),
    write: (message) => socket.write(message),
    close: (code, reason) => socket.close(code, reason),
    raw,
  }
}

/** Reads to the end. `error` is what the end was, null for a clean one. */
export async function readAll(socket: MessageSocket): Promise<{ messages: Uint8Array[]; error: Error | null }> {
  const messages: Uint8Array[] = []
  try {
    for (let message = await socket.read(); message !== null; message = await socket.read()) messages.push(message)
  } catch (error) {
    return { messages, error: error instanceof Error ? error : new Error(String(error)) }
  }
  return { messages, error: null }
}
