// One stream of a tunnel session: its states, its credit, its unread bytes. Made by the session only.
// In: frames the session sorted out. Out: chunks or messages to read, and frames through the wire. No I/O, no clock.

import { FLAG, type ResetCode, TunnelProtocolError, TYPE } from './frames.ts'
import type { ResponseHead } from './head.ts'
import { FRAME_COST_BYTES, MAX_DATA_BYTES, MAX_HEAD_BYTES, MAX_STREAM_MESSAGE_BYTES } from './limits.ts'

/** How a stream ended before its end: reset by either side, or `lost` with its session. */
export class StreamReset extends Error {
  readonly code: ResetCode | 'lost'
  constructor(code: ResetCode | 'lost', reason: string) {
    super(reason)
    this.name = 'StreamReset'
    this.code = code
  }
}

/** What a stream needs of its session. */
export interface StreamWire {
  frame(stream: TunnelStream, type: number, flags: number, payload: Uint8Array): void
  window(stream: TunnelStream, credit: number): void
  reset(stream: TunnelStream, code: ResetCode, reason: string): void
  /** Data is waiting to be taken. */
  ready(stream: TunnelStream): void
  /** Received bytes arrived (positive) or were read or dropped (negative). */
  unread(bytes: number): void
  /** Both directions are over: forget it. */
  over(stream: TunnelStream): void
}

interface Pending {
  readonly bytes: Uint8Array
  at: number
  readonly end: boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const NOTHING = new Uint8Array(0)
/** Parts of a message kept apart: a peer may send it in parts of one byte. */
const MAX_PARTS = 1024

/** A stream, seen from either end. `read`, `write`, `end` and `reset` are for its user; the rest is the session's. */
export class TunnelStream {
  readonly id: number
  /** The answer's HEAD; rejects with StreamReset. Only at the end that opened the stream. */
  readonly response: Promise<ResponseHead>
  /** True once the first frame of this end was handed to the socket: the peer may have seen it. */
  sent = false
  /** Called once when the peer resets the stream or the session is lost; not for a reset of our own. */
  onReset: ((error: StreamReset) => void) | null = null

  readonly #wire: StreamWire
  readonly #window: number
  #answer: { resolve: (head: ResponseHead) => void; reject: (error: Error) => void } | null = null
  #answered = false
  // Receiving.
  #messages = false
  #mayReceive: boolean
  #credit: number
  #owed = 0
  #queue: { bytes: Uint8Array; cost: number }[] = []
  #partial: Uint8Array[] = []
  #partialBytes = 0
  #partialCost = 0
  #held = 0
  #readers: { resolve: (chunk: Uint8Array | null) => void; reject: (error: Error) => void }[] = []
  #remoteEnded = false
  #stoppedPeer = false
  // Sending.
  #sendCredit: number
  #out: Pending[] = []
  #messagesOut = false
  #localEnded = false
  #sendStopped: StreamReset | null = null
  #failed: StreamReset | null = null

  constructor(id: number, wire: StreamWire, window: number, opener: boolean, messages: boolean) {
    this.id = id
    this.#wire = wire
    this.#window = window
    this.#credit = window
    this.#sendCredit = window
    this.#mayReceive = !opener
    this.#messages = messages
    this.#messagesOut = messages
    this.response = new Promise((resolve, reject) => {
      this.#answer = { resolve, reject }
    })
    this.response.catch(() => undefined)
  }

  /** Bytes received and not yet read. */
  get held(): number {
    return this.#held
  }

  /** True when neither direction will carry anything more. */
  get closed(): boolean {
    return this.#failed !== null || (this.#localEnded && this.#remoteEnded)
  }

  /** Next chunk, or whole message on an upgraded stream; null at the peer's END. Rejects with StreamReset. */
  read(): Promise<Uint8Array | null> {
    const next = this.#queue.shift()
    if (next !== undefined) {
      this.#release(next.cost)
      if (this.#queue.length === 0 && this.#partialCost > 0) {
        this.#release(this.#partialCost)
        this.#partialCost = 0
      }
      return Promise.resolve(next.bytes)
    }
    if (this.#failed !== null) return Promise.reject(this.#failed)
    if (this.#remoteEnded) return Promise.resolve(null)
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  /**
   * Sends a chunk, or one message on an upgraded stream. Resolves when all of it went on its way: when the peer gave
   * credit. The bytes must not be changed afterwards. `end` ends our direction with it.
   */
  write(bytes: Uint8Array, end = false): Promise<void> {
    if (this.#failed !== null) return Promise.reject(this.#failed)
    if (this.#sendStopped !== null) return Promise.reject(this.#sendStopped)
    if (this.#localEnded) return Promise.reject(new StreamReset('internal', 'written after the end'))
    if (bytes.length === 0 && !end && !this.#messagesOut) return Promise.resolve()
    if (this.#messagesOut && bytes.length > MAX_STREAM_MESSAGE_BYTES) {
      return Promise.reject(new StreamReset('protocol', 'a message is too long'))
    }
    return new Promise((resolve, reject) => {
      this.#out.push({ bytes, at: 0, end, resolve, reject })
      this.#wire.ready(this)
    })
  }

  /** Ends our direction after what was written. */
  end(): void {
    if (this.#failed !== null || this.#sendStopped !== null || this.#localEnded) return
    const last = this.#out.at(-1)
    if (last !== undefined) {
      // Rejections of earlier writes have been told to their writers.
      this.write(NOTHING, true).catch(() => undefined)
      return
    }
    this.#endLocal()
    this.#wire.frame(this, TYPE.END, 0, NOTHING)
    this.#settle()
  }

  /** Ends the stream at once, both ways; unread data is dropped. Idempotent. */
  reset(code: ResetCode, reason: string): void {
    if (this.closed) {
      this.#drop()
      return
    }
    this.#wire.reset(this, code, reason)
    this.fail(new StreamReset(code, reason), true)
  }

  /** Answers a request (at the end that did not open the stream). `end`: there is no body. */
  respond(payload: Uint8Array, upgraded: boolean, end: boolean): void {
    if (this.#failed !== null || this.#answered) return
    if (payload.length > MAX_HEAD_BYTES) {
      // Sending it would make the peer end the session, and every stream with it.
      this.reset('upstream', 'the head of the answer is too long')
      return
    }
    this.#answered = true
    this.#messagesOut = upgraded
    this.#wire.frame(this, TYPE.HEAD, end ? FLAG.END : 0, payload)
    if (end) this.#endLocal()
    this.#settle()
  }

  /** The answer is complete although the peer still sends: tells it to stop, without touching what it has to read. */
  stopPeer(): void {
    if (this.#failed !== null || this.#remoteEnded) return
    this.#wire.reset(this, 'done', '')
    this.#remoteEnded = true
    this.#stoppedPeer = true
    this.#drop()
    this.#settle()
  }

  // ---- for the session ---------------------------------------------------------------------------------------

  /** @throws {TunnelProtocolError} */
  receiveHead(head: ResponseHead, end: boolean): void {
    if (this.#answered) throw new TunnelProtocolError('a second HEAD on a stream')
    this.#answered = true
    this.#mayReceive = true
    this.#messages = 'upgraded' in head
    this.#messagesOut = this.#messages
    this.#answer?.resolve(head)
    if (end) this.receiveEnd()
  }

  /** Marks our HEAD as having ended our direction. */
  opened(end: boolean): void {
    if (end) this.#endLocal()
  }

  /** @throws {TunnelProtocolError} */
  receiveData(bytes: Uint8Array, flags: number): void {
    const cost = bytes.length + FRAME_COST_BYTES
    if (this.#remoteEnded && this.#failed === null && !this.#stoppedPeer)
      throw new TunnelProtocolError('DATA after END')
    if (!this.#mayReceive) throw new TunnelProtocolError('DATA before HEAD')
    this.#credit -= cost
    if (this.#credit < 0) throw new TunnelProtocolError('DATA without credit')
    this.#held += cost
    this.#wire.unread(cost)
    if (this.#failed !== null || this.#remoteEnded) {
      this.#release(cost)
      return
    }
    const more = (flags & FLAG.MORE) !== 0
    if (!this.#messages) {
      if (more) throw new TunnelProtocolError('MORE on a stream without messages')
      if (bytes.length === 0) this.#release(cost)
      else this.#deliver(bytes, cost)
    } else if (more || this.#partial.length > 0) this.#gather(bytes, cost, more)
    else if (bytes.length > 0 || (flags & FLAG.END) === 0) this.#deliver(bytes, cost)
    else this.#release(cost)
    if ((flags & FLAG.END) !== 0) this.receiveEnd()
  }

  /** @throws {TunnelProtocolError} */
  receiveEnd(): void {
    if (this.#remoteEnded) {
      if (this.#stoppedPeer) return
      throw new TunnelProtocolError('a second END')
    }
    if (!this.#mayReceive) throw new TunnelProtocolError('END before HEAD')
    if (this.#partial.length > 0) throw new TunnelProtocolError('END within a message')
    this.#remoteEnded = true
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) reader.resolve(null)
    this.#settle()
  }

  /** @throws {TunnelProtocolError} */
  receiveCredit(credit: number): void {
    this.#sendCredit += credit
    if (this.#sendCredit > 0x7fffffff) throw new TunnelProtocolError('too much credit')
    if (this.#out.length > 0) this.#wire.ready(this)
  }

  receiveReset(code: ResetCode, reason: string): void {
    if (code === 'done') {
      // The peer needs no more of our direction; what it sent is whole.
      this.#stopSending(new StreamReset(code, reason))
      this.#endLocal()
      this.#settle()
      return
    }
    this.fail(new StreamReset(code, reason), false)
  }

  /** Ends everything with an error. `quiet`: it was our own doing. */
  fail(error: StreamReset, quiet: boolean): void {
    if (this.closed) return
    this.#failed = error
    this.#answer?.reject(error)
    this.#stopSending(error)
    this.#drop()
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) reader.reject(error)
    this.#wire.over(this)
    if (!quiet) this.onReset?.(error)
  }

  /** Cost of the next DATA frame that credit allows, as a frame; null when there is none to send. */
  take(sessionCredit: number): { flags: number; payload: Uint8Array } | null {
    const next = this.#out[0]
    if (next === undefined) return null
    const left = next.bytes.length - next.at
    const room = Math.min(this.#sendCredit, sessionCredit) - FRAME_COST_BYTES
    if (room < 0 || (room === 0 && left > 0)) return null
    const size = Math.min(left, room, MAX_DATA_BYTES)
    const payload = next.bytes.subarray(next.at, next.at + size)
    next.at += size
    this.#sendCredit -= size + FRAME_COST_BYTES
    const whole = next.at === next.bytes.length
    let flags = 0
    if (whole) {
      this.#out.shift()
      if (next.end) {
        flags = FLAG.END
        this.#endLocal()
      }
      next.resolve()
    } else if (this.#messagesOut) flags = FLAG.MORE
    if (this.#localEnded) this.#settle()
    return { flags, payload }
  }

  /** True when data waits and the stream's own credit would allow some. */
  get wantsToSend(): boolean {
    const next = this.#out[0]
    if (next === undefined) return false
    return (
      this.#sendCredit > FRAME_COST_BYTES || (next.bytes.length === next.at && this.#sendCredit === FRAME_COST_BYTES)
    )
  }

  // ---- inside ------------------------------------------------------------------------------------------------

  #deliver(bytes: Uint8Array, cost: number): void {
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      this.#release(cost)
      reader.resolve(bytes)
      return
    }
    this.#queue.push({ bytes, cost })
  }

  // Credit for the parts of a message goes back at once while nothing complete waits, so that a message may be longer than
  // the window; behind an unread message it waits, so that a reader that stops bounds what is kept.
  #gather(bytes: Uint8Array, cost: number, more: boolean): void {
    this.#partial.push(bytes)
    if (this.#partial.length > MAX_PARTS) this.#partial = [concat(this.#partial)]
    this.#partialBytes += bytes.length
    this.#partialCost += cost
    if (this.#partialBytes > MAX_STREAM_MESSAGE_BYTES) throw new TunnelProtocolError('a message is too long')
    if (more) {
      if (bytes.length === 0) throw new TunnelProtocolError('an empty part of a message')
      if (this.#queue.length === 0) {
        this.#release(this.#partialCost)
        this.#partialCost = 0
      }
      return
    }
    const whole = concat(this.#partial)
    const held = this.#partialCost
    this.#partial = []
    this.#partialBytes = 0
    this.#partialCost = 0
    this.#deliver(whole, held)
  }

  #release(cost: number): void {
    this.#held -= cost
    this.#wire.unread(-cost)
    if (this.#remoteEnded || this.#failed !== null) return
    this.#owed += cost
    if (this.#owed * 2 >= this.#window) {
      this.#credit += this.#owed
      this.#wire.window(this, this.#owed)
      this.#owed = 0
    }
  }

  #drop(): void {
    this.#queue = []
    this.#partial = []
    this.#partialBytes = 0
    this.#partialCost = 0
    if (this.#held > 0) {
      this.#wire.unread(-this.#held)
      this.#held = 0
    }
  }

  #stopSending(error: StreamReset): void {
    this.#sendStopped ??= error
    const out = this.#out
    this.#out = []
    for (const pending of out) pending.reject(error)
  }

  #endLocal(): void {
    this.#localEnded = true
  }

  #settle(): void {
    if (this.#localEnded && this.#remoteEnded) this.#wire.over(this)
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
