// A tunnel session: many streams over one message transport, the same code at both ends.
// In: the peer's messages, a clock. Out: messages, batched per macrotask, and streams. No I/O of its own.

import {
  decodeFrames,
  decodeGoaway,
  decodeReset,
  decodeWindow,
  encodeFrame,
  encodeGoaway,
  encodeHeader,
  encodeReset,
  encodeWindow,
  FLAG,
  type Frame,
  HEADER_BYTES,
  isOneStreamsData,
  TunnelProtocolError,
  TYPE,
} from './frames.ts'
import { encodeHead, parseRequestHead, parseResponseHead, type RequestHead } from './head.ts'
import {
  CONGESTED_BYTES,
  FRAME_COST_BYTES,
  MAX_HEAD_BYTES,
  MAX_STREAM_NUMBER,
  MAX_STREAMS,
  PING_IDLE_MS,
  PING_TIMEOUT_MS,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from './limits.ts'
import { Outbox } from './outbox.ts'
import { StreamReset, type StreamWire, TunnelStream } from './stream.ts'

export interface SessionOptions {
  /** Only the gateway opens streams. */
  readonly role: 'gateway' | 'connector'
  /** Sends one message; resolves when there is room for more, rejects when the transport is gone. */
  readonly send: (message: Uint8Array) => Promise<void>
  /** Runs after the current macrotask (`setImmediate`): what was sent in one goes out as one message. */
  readonly schedule: (callback: () => void) => void
  /** Calls back once; the returned function cancels. */
  readonly after: (ms: number, callback: () => void) => () => void
  /** A request came in (connector only). Must not throw. */
  readonly onStream?: (stream: TunnelStream, head: RequestHead) => void
  /** Called once. The transport must be closed then; `fault` says that the peer broke the protocol. */
  readonly onClosed: (reason: string, fault: boolean) => void
  /** Smaller windows for tests. Both ends must agree. */
  readonly streamWindowBytes?: number
  readonly sessionWindowBytes?: number
  readonly congestedBytes?: number
  /** Fewer stream numbers for tests. */
  readonly maxStreamNumber?: number
}

/** One end of a tunnel. Ended by `close`, by the peer breaking the protocol, or by silence. */
export class TunnelSession {
  readonly #options: SessionOptions
  readonly #streamWindow: number
  readonly #sessionWindow: number
  readonly #congested: number
  readonly #streams = new Map<number, TunnelStream>()
  readonly #ready = new Set<TunnelStream>()
  readonly #wire: StreamWire
  readonly #pings = new Map<number, (alive: boolean) => void>()
  #lastStream = 0
  #closed: string | null = null
  #draining = false
  #peerDraining = false
  // Sending.
  readonly #outbox: Outbox
  #sendCredit: number
  // Receiving.
  #credit: number
  #owed = 0
  #unread = 0
  #heard = 0
  #pingNumber = 0
  #cancelTimer: () => void = () => {}

  constructor(options: SessionOptions) {
    this.#options = options
    this.#streamWindow = options.streamWindowBytes ?? STREAM_WINDOW_BYTES
    this.#sessionWindow = options.sessionWindowBytes ?? SESSION_WINDOW_BYTES
    this.#congested = options.congestedBytes ?? CONGESTED_BYTES
    this.#sendCredit = this.#sessionWindow
    this.#credit = this.#sessionWindow
    this.#outbox = new Outbox({
      send: options.send,
      schedule: options.schedule,
      onRoom: () => this.#pump(),
      onBroken: (reason) => this.#end(reason, false),
    })
    this.#wire = {
      frame: (stream, type, flags, payload) =>
        this.#outbox.push(encodeFrame(type, flags, stream.id, payload), null, stream),
      window: (stream, credit) => {
        this.#outbox.push(encodeWindow(stream.id, credit), null, null)
        // At once: a peer that waits for credit would stand still while this end works on what it has read.
        this.#outbox.flush()
      },
      reset: (stream, code, reason) => this.#outbox.push(encodeReset(stream.id, code, reason), null, null),
      ready: (stream) => {
        this.#ready.add(stream)
        this.#pump()
      },
      unread: (bytes) => this.#account(bytes),
      over: (stream) => {
        this.#ready.delete(stream)
        this.#streams.delete(stream.id)
      },
    }
    this.#listen()
  }

  /** Streams open now. */
  get streams(): number {
    return this.#streams.size
  }

  /** Bytes received and not yet read, over all streams. */
  get unreadBytes(): number {
    return this.#unread
  }

  /** False when no new stream may be opened: closed, or either end is going away. */
  get accepting(): boolean {
    return this.#closed === null && !this.#draining && !this.#peerDraining && this.#streams.size < MAX_STREAMS
  }

  /** Why it ended; null while it lives. */
  get closed(): string | null {
    return this.#closed
  }

  /**
   * Sends a request (gateway only). Null when no new stream is accepted now, or when the HEAD is too long:
   * sending it would make the peer end the session, and every stream with it.
   * @param payload `head` encoded already
   */
  open(head: RequestHead, body: Uint8Array | null, payload: Uint8Array = encodeHead(head)): TunnelStream | null {
    if (!this.accepting || payload.length > MAX_HEAD_BYTES) return null
    if (this.#lastStream >= (this.#options.maxStreamNumber ?? MAX_STREAM_NUMBER)) {
      this.#end('its stream numbers are used up', false)
      return null
    }
    const stream = new TunnelStream(
      ++this.#lastStream,
      this.#wire,
      this.#streamWindow,
      true,
      head.upgrade !== undefined,
    )
    this.#streams.set(stream.id, stream)
    const alone = body === null && head.upgrade === undefined
    this.#wire.frame(stream, TYPE.HEAD, alone ? FLAG.END : 0, payload)
    stream.opened(alone)
    // A rejection means the stream ended; its reader is told.
    if (body !== null) stream.write(body, true).catch(() => undefined)
    return stream
  }

  /** Feeds one message of the peer. Breaking the protocol closes the session. */
  receive(message: Uint8Array): void {
    if (this.#closed !== null) return
    this.#heard++
    try {
      const whole = isOneStreamsData(message)
      for (const frame of decodeFrames(message)) {
        this.#frame(frame, whole ? 0 : message.length)
        if (this.#closed !== null) return
      }
    } catch (error) {
      if (!(error instanceof TunnelProtocolError)) throw error
      this.#fault(error.message)
    }
  }

  /** Whether the peer answers a PING within `timeoutMs`. Never rejects. */
  ping(timeoutMs: number): Promise<boolean> {
    if (this.#closed !== null) return Promise.resolve(false)
    const number = ++this.#pingNumber
    return new Promise((resolve) => {
      const cancel = this.#options.after(timeoutMs, () => {
        this.#pings.delete(number)
        resolve(false)
      })
      this.#pings.set(number, (alive) => {
        cancel()
        this.#pings.delete(number)
        resolve(alive)
      })
      const payload = new Uint8Array(8)
      new DataView(payload.buffer).setBigUint64(0, BigInt(number))
      this.#outbox.push(encodeFrame(TYPE.PING, 0, 0, payload), null, null)
    })
  }

  /** Takes no new streams; those that are open may finish. */
  drain(reason: string): void {
    if (this.#closed !== null || this.#draining) return
    this.#draining = true
    this.#outbox.push(encodeGoaway(this.#lastStream, reason), null, null)
  }

  /** Ends at once: open streams fail as `lost`. Idempotent. */
  close(reason: string): void {
    this.#end(reason, false)
  }

  #fault(reason: string): void {
    this.#outbox.push(encodeGoaway(this.#lastStream, reason), null, null)
    this.#outbox.flush()
    this.#end(reason, true)
  }

  #end(reason: string, fault: boolean): void {
    if (this.#closed !== null) return
    this.#closed = reason
    this.#cancelTimer()
    const streams = [...this.#streams.values()]
    for (const stream of streams) stream.fail(new StreamReset('lost', reason), false)
    for (const answer of [...this.#pings.values()]) answer(false)
    this.#outbox.close()
    this.#options.onClosed(reason, fault)
  }

  // ---- receiving ---------------------------------------------------------------------------------------------

  /** @param shared length of the message if the frame's payload is but a part of it */
  #frame(frame: Frame, shared: number): void {
    switch (frame.type) {
      case TYPE.HEAD:
        this.#head(frame)
        return
      case TYPE.DATA: {
        this.#credit -= frame.payload.length + FRAME_COST_BYTES
        if (this.#credit < 0) throw new TunnelProtocolError('DATA without credit on the session')
        const stream = this.#known(frame.stream)
        if (stream === null) {
          this.#giveBack(frame.payload.length + FRAME_COST_BYTES)
          return
        }
        // A small view must not keep a large message alive while nobody reads it.
        const bytes = frame.payload.length * 2 < shared ? frame.payload.slice() : frame.payload
        stream.receiveData(bytes, frame.flags)
        if (this.#unread > this.#congested) this.#relieve()
        return
      }
      case TYPE.WINDOW: {
        const credit = decodeWindow(frame.payload)
        if (frame.stream !== 0) {
          this.#known(frame.stream)?.receiveCredit(credit)
          return
        }
        this.#sendCredit += credit
        if (this.#sendCredit > 0x7fffffff) throw new TunnelProtocolError('too much credit')
        this.#pump()
        return
      }
      case TYPE.END:
        this.#known(frame.stream)?.receiveEnd()
        return
      case TYPE.RESET: {
        const { code, reason } = decodeReset(frame.payload)
        this.#known(frame.stream)?.receiveReset(code, reason)
        return
      }
      case TYPE.PING:
        if ((frame.flags & FLAG.ACK) === 0)
          this.#outbox.push(encodeFrame(TYPE.PING, FLAG.ACK, 0, frame.payload), null, null)
        else this.#pings.get(new DataView(frame.payload.buffer, frame.payload.byteOffset + 4, 4).getUint32(0))?.(true)
        return
      default:
        this.#goaway(frame.payload)
        return
    }
  }

  #head(frame: Frame): void {
    const end = (frame.flags & FLAG.END) !== 0
    if (this.#options.role === 'gateway') {
      const stream = this.#known(frame.stream)
      if (stream !== null) stream.receiveHead(parseResponseHead(frame.payload), end)
      return
    }
    if (frame.stream <= this.#lastStream) throw new TunnelProtocolError('a stream number was used again')
    const head = parseRequestHead(frame.payload)
    this.#lastStream = frame.stream
    if (this.#draining || this.#streams.size >= MAX_STREAMS) {
      this.#outbox.push(encodeReset(frame.stream, 'refused', 'no more streams are accepted'), null, null)
      return
    }
    const stream = new TunnelStream(frame.stream, this.#wire, this.#streamWindow, false, head.upgrade !== undefined)
    this.#streams.set(stream.id, stream)
    if (end) stream.receiveEnd()
    this.#options.onStream?.(stream, head)
  }

  /** A stream that is open; null when it is over (late frames are normal then). */
  #known(id: number): TunnelStream | null {
    const stream = this.#streams.get(id)
    if (stream !== undefined) return stream
    if (id > this.#lastStream) throw new TunnelProtocolError('a frame on a stream that was never opened')
    return null
  }

  #goaway(payload: Uint8Array): void {
    const { lastStream, reason } = decodeGoaway(payload)
    this.#peerDraining = true
    if (this.#options.role !== 'gateway') return
    for (const stream of [...this.#streams.values()]) {
      if (stream.id > lastStream) stream.fail(new StreamReset('refused', reason), false)
    }
  }

  #account(bytes: number): void {
    this.#unread += bytes
    if (bytes < 0) this.#giveBack(-bytes)
  }

  #giveBack(bytes: number): void {
    this.#owed += bytes
    if (this.#owed * 4 < this.#sessionWindow || this.#closed !== null) return
    this.#credit += this.#owed
    this.#outbox.push(encodeWindow(0, this.#owed), null, null)
    this.#owed = 0
  }

  /** Resets the stream that holds the most: clients that stopped reading must not starve the others. */
  #relieve(): void {
    let worst: TunnelStream | null = null
    for (const stream of this.#streams.values()) if (worst === null || stream.held > worst.held) worst = stream
    if (worst === null || worst.held === 0) return
    const reason = 'too many clients stopped reading; the one with the most unread data was ended'
    this.#outbox.push(encodeReset(worst.id, 'congested', reason), null, null)
    worst.fail(new StreamReset('congested', reason), false)
  }

  // ---- sending -----------------------------------------------------------------------------------------------

  /** Takes DATA from the streams in turn, as far as credit and the batch allow. */
  #pump(): void {
    // Without credit the whole line waits for the session's WINDOW.
    if (this.#closed !== null || this.#sendCredit <= FRAME_COST_BYTES) return
    let progress = true
    while (progress && this.#outbox.hasRoom) {
      progress = false
      for (const stream of [...this.#ready]) {
        if (!this.#outbox.hasRoom) break
        const next = stream.take(this.#sendCredit)
        if (next !== null) {
          progress = true
          this.#sendCredit -= next.payload.length + FRAME_COST_BYTES
          this.#outbox.push(encodeHeader(TYPE.DATA, next.flags, stream.id, next.payload.length), next.payload, stream)
        }
        this.#ready.delete(stream)
        // To the end of the line; one without credit of its own comes back with its WINDOW.
        if (stream.wantsToSend) this.#ready.add(stream)
      }
    }
    if (!this.#outbox.hasRoom) this.#outbox.flush()
  }

  #listen(): void {
    let seen = this.#heard
    const wait = (ms: number, pinged: boolean): void => {
      this.#cancelTimer = this.#options.after(ms, () => {
        if (this.#heard !== seen) {
          seen = this.#heard
          wait(PING_IDLE_MS, false)
        } else if (!pinged) {
          this.#outbox.push(encodeFrame(TYPE.PING, 0, 0, new Uint8Array(HEADER_BYTES - 1)), null, null)
          wait(PING_TIMEOUT_MS, true)
        } else this.#end('the peer fell silent', false)
      })
    }
    wait(PING_IDLE_MS, false)
  }
}

export { StreamReset, TunnelStream }
