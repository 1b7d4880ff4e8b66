// A small HTTP/1.1 client for one origin over node:tls or node:net, with kept-alive connections and backpressure.
// In: a request line to send byte for byte. Out: the answer as it streams. Follows no redirect, decodes no content.

import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import {
  CONNECT_TIMEOUT_MS,
  GATHERED_BYTES,
  IDLE_SOCKET_MS,
  MAX_IDLE_SOCKETS,
  READ_AHEAD_BYTES,
  TCP_KEEPALIVE_MS,
  WRITE_SOCKET_MS,
} from '../limits.ts'
import { type HeaderFields, ResponseParser } from './parser.ts'

/** Where to connect. `tls` null: plain TCP. */
export interface Origin {
  readonly host: string
  readonly port: number
  readonly tls: ConnectionOptions | null
}

export interface HttpRequest {
  readonly method: string
  /** Origin form, already checked; written as it is. */
  readonly target: string
  readonly headers: HeaderFields
  readonly body: Uint8Array | null
  /** Time to the head of the answer, in ms; absent: no limit. */
  readonly headTimeoutMs?: number
  /** Takes a 101 as an answer. The connection is then the caller's. */
  readonly upgrade?: boolean
}

/** The answer. `read` pulls the body; null at its end; rejects with HttpFailure when it broke off. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: HeaderFields
  read(): Promise<Uint8Array | null>
  /** Closes the connection: the rest is not wanted. */
  cancel(): void
  /** Set when status is 101. */
  readonly socket?: { readonly socket: Socket; readonly head: Uint8Array }
}

/** Why there is no answer, or no more of it. */
export class HttpFailure extends Error {
  readonly kind: 'unreachable' | 'protocol' | 'timeout' | 'cancelled'
  /** Whether the server may have seen the request. */
  readonly sent: boolean
  constructor(kind: HttpFailure['kind'], message: string, sent: boolean) {
    super(message)
    this.name = 'HttpFailure'
    this.kind = kind
    this.sent = sent
  }
}

const encoder = new TextEncoder()

function requestHead(request: HttpRequest): Uint8Array {
  let head = `${request.method} ${request.target} HTTP/1.1\r\n`
  for (const [name, value] of request.headers) head += `${name}: ${value}\r\n`
  return encoder.encode(`${head}\r\n`)
}

/** Takes our listeners off; an error of a socket between two owners must not end the process. */
function quieten(socket: Socket): void {
  for (const event of ['data', 'end', 'close', 'error', 'connect', 'secureConnect']) socket.removeAllListeners(event)
  socket.on('error', () => undefined)
}

/** Connections to one origin. */
export class HttpClient {
  readonly #origin: Origin
  readonly #idle: { socket: Socket; timer: NodeJS.Timeout; since: number }[] = []
  #closed = false

  constructor(origin: Origin) {
    this.#origin = origin
  }

  /**
   * Sends a request and resolves with the head of the answer. Rejects with HttpFailure.
   * A read (GET, HEAD) whose kept-alive connection turns out to be closed is sent once more on a new one.
   */
  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const repeatable = request.method === 'GET' || request.method === 'HEAD'
    const kept = request.upgrade === true ? undefined : this.#takeIdle(repeatable ? IDLE_SOCKET_MS : WRITE_SOCKET_MS)
    if (kept !== undefined) {
      try {
        return await this.#exchange(kept, request, signal)
      } catch (error) {
        const stale = error instanceof StaleConnection && repeatable
        if (!stale) throw error
      }
    }
    const socket = await this.#connect(signal)
    return this.#exchange(socket, request, signal)
  }

  /** Closes idle connections and keeps none from now on. */
  close(): void {
    this.#closed = true
    for (const { socket, timer } of this.#idle.splice(0)) {
      clearTimeout(timer)
      socket.destroy()
    }
  }

  /** The one that was used last, unless that was longer ago. */
  #takeIdle(atMostMs: number): Socket | undefined {
    for (let entry = this.#idle.at(-1); entry !== undefined; entry = this.#idle.at(-1)) {
      if (performance.now() - entry.since > atMostMs) return undefined
      this.#idle.pop()
      clearTimeout(entry.timer)
      quieten(entry.socket)
      if (!entry.socket.destroyed && entry.socket.writable) return entry.socket
      entry.socket.destroy()
    }
    return undefined
  }

  #keep(socket: Socket): void {
    if (this.#closed || socket.destroyed || this.#idle.length >= MAX_IDLE_SOCKETS) {
      socket.destroy()
      return
    }
    const drop = (): void => {
      const at = this.#idle.findIndex((entry) => entry.socket === socket)
      if (at !== -1) clearTimeout(this.#idle.splice(at, 1)[0]?.timer)
      socket.destroy()
    }
    // Anything that happens on an idle connection, data included, means that it cannot be used again.
    for (const event of ['data', 'end', 'close', 'error']) socket.on(event, drop)
    const timer = setTimeout(drop, IDLE_SOCKET_MS)
    timer.unref()
    this.#idle.push({ socket, timer, since: performance.now() })
    socket.resume()
  }

  #connect(signal: AbortSignal): Promise<Socket> {
    const { host, port, tls } = this.#origin
    return new Promise((resolve, reject) => {
      const socket = tls === null ? connectTcp({ host, port }) : connectTls({ ...tls, host, port })
      const done = (error: HttpFailure | null): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        quieten(socket)
        if (error === null) {
          resolve(socket)
          return
        }
        socket.destroy()
        reject(error)
      }
      const fail = (why: string): void =>
        done(new HttpFailure('unreachable', `cannot connect to the API server: ${why}`, false))
      const onAbort = (): void => done(new HttpFailure('cancelled', 'cancelled', false))
      const timer = setTimeout(() => fail('it did not answer in time'), CONNECT_TIMEOUT_MS)
      signal.addEventListener('abort', onAbort, { once: true })
      socket.on('error', (error: Error) => fail(error.message))
      socket.on('close', () => fail('the connection was closed'))
      socket.once(tls === null ? 'connect' : 'secureConnect', () => {
        socket.setNoDelay(true)
        socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
        done(null)
      })
    })
  }

  #exchange(socket: Socket, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const exchange = new Exchange(socket, request, signal, (reusable) => {
      if (reusable) this.#keep(socket)
      else socket.destroy()
    })
    return exchange.answer
  }
}

/** A kept-alive connection was closed before a byte of the answer came. */
class StaleConnection extends HttpFailure {}

class Exchange {
  readonly answer: Promise<HttpAnswer>
  readonly #socket: Socket
  readonly #signal: AbortSignal
  readonly #release: (reusable: boolean) => void
  readonly #parser: ResponseParser
  #timer: NodeJS.Timeout | undefined
  #settle: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | null = null
  #queue: Uint8Array[] = []
  #queued = 0
  /** The last of the queue, where short chunks are put together. */
  #tail: { readonly bytes: Uint8Array; length: number } | null = null
  #ended = false
  #failure: HttpFailure | null = null
  #reader: { resolve: (chunk: Uint8Array | null) => void; reject: (error: Error) => void } | null = null
  #over = false
  readonly #onAbort = (): void => this.#fail(new HttpFailure('cancelled', 'cancelled', true))

  constructor(socket: Socket, request: HttpRequest, signal: AbortSignal, release: (reusable: boolean) => void) {
    this.#socket = socket
    this.#signal = signal
    this.#release = release
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    let status = 0
    let headers: HeaderFields = []
    this.#parser = new ResponseParser(request.method, request.upgrade === true, {
      head: (code, fields) => {
        status = code
        headers = fields
        clearTimeout(this.#timer)
        if (code !== 101) this.#answer({ status, headers, read: () => this.read(), cancel: () => this.cancel() })
      },
      body: (chunk) => this.#arrive(chunk),
      end: (reusable) => this.#end(reusable),
      upgraded: (head) => {
        this.#finish()
        socket.pause()
        const upgraded = { socket, head: head.slice() }
        this.#answer({
          status,
          headers,
          read: () => Promise.resolve(null),
          cancel: () => socket.destroy(),
          socket: upgraded,
        })
      },
      fault: (message) => this.#fail(new HttpFailure('protocol', message, true)),
    })
    if (request.headTimeoutMs !== undefined) {
      const late = (): void => this.#fail(new HttpFailure('timeout', 'the API server did not answer in time', true))
      this.#timer = setTimeout(late, request.headTimeoutMs)
    }
    signal.addEventListener('abort', this.#onAbort, { once: true })
    socket.on('data', (chunk: Uint8Array) => this.#parser.push(chunk))
    socket.on('end', () => this.#closed('the API server closed the connection'))
    socket.on('close', () => this.#closed('the connection to the API server was closed'))
    socket.on('error', (error: Error) => this.#closed(`the connection to the API server broke: ${error.message}`))
    if (signal.aborted) {
      this.#onAbort()
      return
    }
    const head = requestHead(request)
    if (request.body === null || request.body.length === 0) socket.write(head)
    else {
      const whole = new Uint8Array(head.length + request.body.length)
      whole.set(head)
      whole.set(request.body, head.length)
      socket.write(whole)
    }
    socket.resume()
  }

  read(): Promise<Uint8Array | null> {
    const next = this.#queue.shift()
    if (next !== undefined) {
      this.#queued -= next.length
      if (this.#queue.length === 0) this.#tail = null
      if (!this.#over && this.#queued <= READ_AHEAD_BYTES / 2) this.#socket.resume()
      return Promise.resolve(next)
    }
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#ended) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  cancel(): void {
    this.#queue = []
    this.#fail(new HttpFailure('cancelled', 'cancelled', true))
  }

  #answer(answer: HttpAnswer): void {
    this.#settle?.resolve(answer)
    this.#settle = null
  }

  #arrive(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#over) return
    if (this.#reader !== null) {
      this.#reader.resolve(chunk)
      this.#reader = null
      return
    }
    this.#keep(chunk)
    this.#queued += chunk.length
    if (this.#queued > READ_AHEAD_BYTES) this.#socket.pause()
  }

  #keep(chunk: Uint8Array): void {
    if (chunk.length > GATHERED_BYTES / 4) {
      this.#tail = null
      this.#queue.push(chunk)
      return
    }
    let tail = this.#tail
    if (tail === null || tail.length + chunk.length > GATHERED_BYTES) {
      tail = { bytes: new Uint8Array(GATHERED_BYTES), length: 0 }
      this.#tail = tail
      this.#queue.push(tail.bytes)
    }
    tail.bytes.set(chunk, tail.length)
    tail.length += chunk.length
    this.#queue[this.#queue.length - 1] = tail.bytes.subarray(0, tail.length)
  }

  #end(reusable: boolean): void {
    if (this.#over) return
    this.#ended = true
    this.#finish()
    this.#reader?.resolve(null)
    this.#reader = null
    this.#release(reusable)
  }

  #closed(why: string): void {
    if (this.#over) return
    if (this.#settle !== null && !this.#parser.begun) {
      this.#fail(new StaleConnection('unreachable', why, true))
      return
    }
    this.#parser.close()
    if (!this.#ended) this.#fail(new HttpFailure('unreachable', why, true))
  }

  #fail(failure: HttpFailure): void {
    if (this.#over) return
    this.#failure = failure
    this.#finish()
    this.#settle?.reject(failure)
    this.#settle = null
    this.#reader?.reject(failure)
    this.#reader = null
    this.#socket.destroy()
  }

  #finish(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#onAbort)
    quieten(this.#socket)
  }
}
