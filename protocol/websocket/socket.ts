// A MessageSocket over a byte duplex (a node socket, or a pair in memory): handshake done, frames in and out.
// Backpressure both ways: it pauses the duplex when the reader lags, and `write` waits for drain. No I/O of its own.

import { encodeClose, encodeFrame, FrameParser, type Masker, OPCODE, type Role } from './frames.ts'

/** One message-framed, bidirectional stream: the client's side of an upgraded request, or the connector's. */
export interface MessageSocket {
  /** The negotiated subprotocol, e.g. `v5.channel.k8s.io`. */
  readonly protocol: string
  /** Next binary message; null after a clean close. Rejects when the peer broke off or broke the protocol. */
  read(): Promise<Uint8Array | null>
  /** Resolves when there is room for more (backpressure). Rejects when the socket is gone. */
  write(message: Uint8Array): Promise<void>
  /** Sends a close frame (RFC 6455 code) and ends. Idempotent. */
  close(code: number, reason: string): void
}

/** What is needed of a byte stream: the part of node's `Duplex` that a socket has. */
export interface ByteDuplex {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'close' | 'drain', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  /** False: full, wait for `drain`. */
  write(bytes: Uint8Array): boolean
  pause(): unknown
  resume(): unknown
  end(): unknown
  destroy(): unknown
}

export interface SocketOptions {
  readonly role: Role
  readonly protocol: string
  /** Bytes that came together with the handshake. */
  readonly head?: Uint8Array
  /** A longer message from the peer closes the socket with 1009. */
  readonly maxMessageBytes: number
  /** Bytes read ahead of the reader before the duplex is paused; absent: 256 KiB. */
  readonly readAheadBytes?: number
  /** Pings a silent peer after `idleMs`, and gives it up after `timeoutMs` more. Absent: never. */
  readonly keepalive?: { readonly idleMs: number; readonly timeoutMs: number }
  /** Calls back once; the returned function cancels. Absent: `setTimeout`, not keeping the process alive. */
  readonly after?: (ms: number, callback: () => void) => () => void
  /** Unpredictable bytes for masks; absent: Web Crypto. */
  readonly random?: (length: number) => Uint8Array
}

/** Why a socket ended other than cleanly. 1006: it broke off without a close frame. */
export class SocketClosed extends Error {
  readonly code = 'SOCKET_CLOSED'
  /** RFC 6455 close code. */
  readonly closeCode: number
  constructor(closeCode: number, reason: string) {
    super(reason === '' ? `the WebSocket closed with ${closeCode}` : reason)
    this.name = 'SocketClosed'
    this.closeCode = closeCode
  }
}

const READ_AHEAD_BYTES = 256 * 1024
/** What one queued message costs beside its bytes, about what it takes of memory: empty ones are bounded too. */
const MESSAGE_COST_BYTES = 256
/** Time for the peer to answer a close frame before the duplex is destroyed. */
const CLOSE_WAIT_MS = 2_000

function timer(ms: number, callback: () => void): () => void {
  const timeout = setTimeout(callback, ms)
  const id: unknown = timeout
  // Node, Bun and Deno give an object that can be told not to keep the process alive; the edge gives a number.
  if (typeof id === 'object' && id !== null && 'unref' in id && typeof id.unref === 'function') id.unref()
  return () => clearTimeout(timeout)
}

/** Masks come from a pool: one call to the source of randomness for 256 frames. */
function maskPool(random: (length: number) => Uint8Array): () => Uint8Array {
  let pool = new Uint8Array(0)
  let at = 0
  return () => {
    if (at + 4 > pool.length) {
      pool = Uint8Array.from(random(1024))
      at = 0
    }
    at += 4
    return pool.subarray(at - 4, at)
  }
}

/** A MessageSocket over a duplex whose HTTP handshake is done. Takes the duplex over: its data, its errors, its end. */
export function fromDuplex(duplex: ByteDuplex, options: SocketOptions): MessageSocket {
  return new DuplexSocket(duplex, options)
}

class DuplexSocket implements MessageSocket {
  readonly protocol: string
  readonly #duplex: ByteDuplex
  readonly #masker: Masker
  readonly #parser: FrameParser
  readonly #readAhead: number
  readonly #after: (ms: number, callback: () => void) => () => void
  #queue: Uint8Array[] = []
  #queued = 0
  #paused = false
  #readers: { resolve: (message: Uint8Array | null) => void; reject: (error: Error) => void }[] = []
  #writers: { resolve: () => void; reject: (error: Error) => void }[] = []
  #full = false
  #pong: Uint8Array | null = null
  /** Set once: how reading ends when the queue is empty. */
  #ended: { error: Error | null } | null = null
  #closeSent = false
  #gone = false
  #heard = 0
  #cancels = new Set<() => void>()

  constructor(duplex: ByteDuplex, options: SocketOptions) {
    this.protocol = options.protocol
    this.#duplex = duplex
    this.#readAhead = options.readAheadBytes ?? READ_AHEAD_BYTES
    this.#after = options.after ?? timer
    const random = options.random ?? ((length: number) => crypto.getRandomValues(new Uint8Array(length)))
    this.#masker = options.role === 'client' ? maskPool(random) : null
    this.#parser = new FrameParser(options.role, options.maxMessageBytes, {
      message: (bytes) => this.#arrive(bytes),
      ping: (payload) => this.#answer(payload),
      pong: () => undefined,
      close: (code, reason) => this.#peerClosed(code, reason),
      fault: (code, reason) => this.#fault(code, reason),
    })
    duplex.on('data', (chunk) => {
      this.#heard++
      this.#parser.push(chunk)
    })
    duplex.on('drain', () => this.#drained())
    duplex.on('end', () => this.#broke('the peer ended the connection'))
    duplex.on('close', () => this.#broke('the connection was closed'))
    duplex.on('error', (error) => this.#broke(error.message))
    if (options.head !== undefined && options.head.length > 0) this.#parser.push(Uint8Array.from(options.head))
    if (!this.#paused) duplex.resume()
    if (options.keepalive !== undefined) this.#watch(options.keepalive)
  }

  read(): Promise<Uint8Array | null> {
    const next = this.#queue.shift()
    if (next !== undefined) {
      this.#queued -= next.length + MESSAGE_COST_BYTES
      if (this.#paused && this.#queued <= this.#readAhead / 2) {
        this.#paused = false
        this.#duplex.resume()
      }
      return Promise.resolve(next)
    }
    if (this.#ended !== null) {
      return this.#ended.error === null ? Promise.resolve(null) : Promise.reject(this.#ended.error)
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  write(message: Uint8Array): Promise<void> {
    if (this.#closeSent || this.#gone) {
      return Promise.reject(this.#ended?.error ?? new SocketClosed(1005, 'the WebSocket is closed'))
    }
    this.#send(encodeFrame(OPCODE.binary, message, this.#masker))
    if (!this.#full) return Promise.resolve()
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }))
  }

  close(code: number, reason: string): void {
    this.#sendClose(code, reason)
    this.#end(null)
    // What the peer still sends is read and dropped until its close frame comes.
    this.#queue = []
    this.#queued = 0
    if (this.#paused) {
      this.#paused = false
      this.#duplex.resume()
    }
  }

  #send(bytes: Uint8Array): void {
    if (!this.#duplex.write(bytes)) this.#full = true
  }

  #sendClose(code: number, reason: string): void {
    if (this.#closeSent || this.#gone) return
    this.#send(encodeFrame(OPCODE.close, encodeClose(code, reason), this.#masker))
    this.#closeSent = true
    const cancel = this.#after(CLOSE_WAIT_MS, () => {
      this.#cancels.delete(cancel)
      this.#duplex.destroy()
      this.#broke('the peer did not answer the close frame')
    })
    this.#cancels.add(cancel)
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#ended !== null) return
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      reader.resolve(bytes)
      return
    }
    this.#queue.push(bytes)
    this.#queued += bytes.length + MESSAGE_COST_BYTES
    if (!this.#paused && this.#queued > this.#readAhead) {
      this.#paused = true
      this.#duplex.pause()
    }
  }

  // Only the newest ping need be answered (section 5.5.3): a flood of pings to a peer that does not read costs no memory.
  #answer(payload: Uint8Array): void {
    if (this.#closeSent) return
    if (this.#full) this.#pong = payload.slice()
    else this.#send(encodeFrame(OPCODE.pong, payload, this.#masker))
  }

  #drained(): void {
    this.#full = false
    if (this.#pong !== null && !this.#closeSent && !this.#gone) {
      const payload = this.#pong
      this.#pong = null
      this.#send(encodeFrame(OPCODE.pong, payload, this.#masker))
    }
    const writers = this.#writers
    this.#writers = []
    for (const writer of writers) writer.resolve()
  }

  #peerClosed(code: number, reason: string): void {
    const clean = code === 1000 || code === 1001 || code === 1005
    this.#end(clean ? null : new SocketClosed(code, reason))
    this.#sendClose(code === 1005 ? 1000 : code, '')
    this.#finish()
    this.#duplex.end()
  }

  #fault(code: number, reason: string): void {
    this.#queue = []
    this.#queued = 0
    this.#sendClose(code, reason)
    this.#end(new SocketClosed(code, reason))
    this.#finish()
    this.#duplex.end()
    // The peer is not to be trusted to end its half.
    const cancel = this.#after(CLOSE_WAIT_MS, () => {
      this.#cancels.delete(cancel)
      this.#duplex.destroy()
    })
    this.#cancels.add(cancel)
  }

  #broke(reason: string): void {
    this.#end(this.#closeSent ? null : new SocketClosed(1006, reason))
    this.#finish()
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
    this.#duplex.destroy()
  }

  /** Reading is over; what is queued may still be read. */
  #end(error: Error | null): void {
    if (this.#ended !== null) return
    this.#ended = { error }
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) {
      if (error === null) reader.resolve(null)
      else reader.reject(error)
    }
  }

  /** Writing is over. */
  #finish(): void {
    if (this.#gone) return
    this.#gone = true
    const writers = this.#writers
    this.#writers = []
    const error = this.#ended?.error ?? new SocketClosed(1005, 'the WebSocket is closed')
    for (const writer of writers) writer.reject(error)
  }

  #watch(keepalive: { idleMs: number; timeoutMs: number }): void {
    let seen = this.#heard
    let pinged = false
    const again = (ms: number): void => {
      const cancel = this.#after(ms, () => {
        this.#cancels.delete(cancel)
        check()
      })
      this.#cancels.add(cancel)
    }
    const check = (): void => {
      if (this.#gone || this.#ended !== null) return
      // Silence while we keep the peer paused says nothing about it.
      if (this.#heard !== seen || this.#paused) {
        seen = this.#heard
        pinged = false
        again(keepalive.idleMs)
      } else if (!pinged) {
        pinged = true
        if (!this.#full) this.#send(encodeFrame(OPCODE.ping, new Uint8Array(0), this.#masker))
        again(keepalive.timeoutMs)
      } else this.#broke('the peer did not answer a ping')
    }
    again(keepalive.idleMs)
  }
}
