// An HTTP client for tests that sends exactly what it is given: no normalised path, no header of its own but Host.

import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'

export interface RawRequest {
  readonly port: number
  readonly ca: string
  readonly target: string
  readonly method?: string
  readonly host?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
}

export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly bytes: Buffer
  readonly text: string
}

/** A connection with the request already sent. */
export function openRaw(request: RawRequest): TLSSocket {
  return sendOn(connect({ host: '127.0.0.1', port: request.port, ca: request.ca, servername: 'localhost' }), request)
}

/** A client that goes. */
export interface Leaving {
  /** Whether anything was answered before it went. */
  readonly answered: boolean
  /** Ends its stream, as a program that stops does. */
  close(): void
  /** Breaks the connection, which workerd is told of while it answers nothing: it does not look for the end of a stream then. */
  reset(): void
}

/** The same, for a client that goes. */
export function openLeaving(request: RawRequest): Leaving {
  const tcp = connectTcp({ host: '127.0.0.1', port: request.port })
  tcp.on('error', () => undefined)
  const socket = sendOn(connect({ socket: tcp, ca: request.ca, servername: 'localhost' }), request)
  let answered = false
  socket.once('data', () => {
    answered = true
  })
  return {
    get answered() {
      return answered
    },
    close: () => socket.destroy(),
    reset: () => tcp.resetAndDestroy(),
  }
}

function sendOn(socket: TLSSocket, request: RawRequest): TLSSocket {
  const body = request.body === undefined ? null : Buffer.from(request.body)
  const headers = request.headers ?? []
  const lines = [
    `${request.method ?? 'GET'} ${request.target} HTTP/1.1`,
    `host: ${request.host ?? `127.0.0.1:${request.port}`}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  const sized = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  if (body !== null && !sized) lines.push(`content-length: ${body.length}`)
  if (!headers.some(([name]) => name.toLowerCase() === 'connection')) lines.push('connection: close')
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  socket.on('error', () => undefined)
  socket.write(body === null ? head : Buffer.concat([head, body]))
  return socket
}

function parse(raw: Buffer): RawAnswer | null {
  const end = raw.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = raw.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(first.split(' ')[1])
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  const rest = raw.subarray(end + 4)
  const bytes = headers.get('transfer-encoding') === 'chunked' ? dechunk(rest) : rest
  return { status, headers, bytes, text: bytes.toString('utf8') }
}

function dechunk(raw: Buffer): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const eol = raw.indexOf('\r\n', at)
    if (eol === -1) break
    const size = Number.parseInt(raw.subarray(at, eol).toString('latin1'), 16)
    if (!(size > 0)) break
    parts.push(raw.subarray(eol + 2, eol + 2 + size))
    at = eol + 2 + size + 2
  }
  return Buffer.concat(parts)
}

/** Sends one request and reads to the end of the connection. Rejects when there was no whole head. */
export function rawRequest(request: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = openRaw(request)
    const chunks: Buffer[] = []
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer in 30 s')))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', (error) => {
      if (chunks.length === 0) reject(error)
    })
    socket.on('close', () => {
      const answer = parse(Buffer.concat(chunks))
      if (answer === null) reject(new Error('the connection ended before an answer'))
      else resolve(answer)
    })
  })
}
