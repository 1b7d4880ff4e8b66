// Frames on their way out: those of one macrotask become one message, and nothing is sent while the transport is full.
// In: frames. Out: messages of whole frames. Bounded: a peer that does not read ends it. No clock.

import { BATCH_BYTES, MAX_BACKLOG_BYTES, MAX_BACKLOG_FRAMES, MAX_TUNNEL_MESSAGE_BYTES } from './limits.ts'
import type { TunnelStream } from './stream.ts'

export interface OutboxOptions {
  readonly send: (message: Uint8Array) => Promise<void>
  readonly schedule: (callback: () => void) => void
  /** A message has left: there is room for more DATA. */
  readonly onRoom: () => void
  /** Nothing can be sent any more. */
  readonly onBroken: (reason: string) => void
}

interface Queued {
  readonly header: Uint8Array
  readonly payload: Uint8Array | null
  readonly stream: TunnelStream | null
}

/** The sending half of a session's transport. */
export class Outbox {
  readonly #options: OutboxOptions
  #frames: Queued[] = []
  #bytes = 0
  #scheduled = false
  #sending = false
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** False when a batch's worth waits already: DATA is better left with its stream. */
  get hasRoom(): boolean {
    return !this.#closed && this.#bytes < BATCH_BYTES
  }

  /** Queues a frame. `stream` is told when it has left. The bytes must not be changed afterwards. */
  push(header: Uint8Array, payload: Uint8Array | null, stream: TunnelStream | null): void {
    if (this.#closed) return
    this.#frames.push({ header, payload, stream })
    this.#bytes += header.length + (payload?.length ?? 0)
    if (this.#bytes > MAX_BACKLOG_BYTES || this.#frames.length > MAX_BACKLOG_FRAMES) {
      this.#options.onBroken('the peer does not read')
      return
    }
    if (this.#scheduled || this.#sending) return
    this.#scheduled = true
    this.#options.schedule(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** Sends what waits, as far as one message goes, unless one is under way. */
  flush(): void {
    if (this.#sending || this.#frames.length === 0 || this.#closed) return
    this.#sending = true
    this.#options.send(this.#message()).then(
      () => {
        this.#sending = false
        this.#options.onRoom()
        this.flush()
      },
      (error: unknown) => this.#options.onBroken(error instanceof Error ? error.message : 'the transport is gone'),
    )
  }

  /** Drops what waits. */
  close(): void {
    this.#closed = true
    this.#frames = []
    this.#bytes = 0
  }

  #message(): Uint8Array {
    let count = 0
    let bytes = 0
    for (const { header, payload } of this.#frames) {
      const size = header.length + (payload?.length ?? 0)
      if (count > 0 && bytes + size > MAX_TUNNEL_MESSAGE_BYTES) break
      count++
      bytes += size
    }
    const message = new Uint8Array(bytes)
    let at = 0
    for (const { header, payload, stream } of this.#frames.splice(0, count)) {
      message.set(header, at)
      at += header.length
      if (payload !== null) {
        message.set(payload, at)
        at += payload.length
      }
      if (stream !== null) stream.sent = true
    }
    this.#bytes -= bytes
    return message
  }
}
