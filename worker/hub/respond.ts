// A response on its way back: masked, recorded, and only then the client's.
// Small ones are read whole first, so that what cannot be masked becomes a Status; the rest streams with backpressure.

import type { RecordedMask, RecordedResult } from '../../protocol/log/event.ts'
import { failure } from '../../protocol/status.ts'
import { createGathering } from '../bytes.ts'
import type { ByteSource, HeaderList, Refusal, Reply } from '../context.ts'
import { HOLD_BACK_MS } from '../mask/limits.ts'
import { type Clock, LogUnavailable, TunnelBroken } from '../ports.ts'
import { reasonOf } from '../reply/status.ts'
import { createHoldBack } from './holdback.ts'
import { createPace } from './pace.ts'

/** Masks bytes as they pass. Throws when the content cannot be masked. */
export interface Transform {
  push(chunk: Uint8Array): Uint8Array
  end(): Uint8Array
  /** True while text is held back that more could turn into a secret. */
  readonly holding?: boolean
  /** Lets go of what is held back, though more may come. */
  flush?(): Uint8Array
  report(): RecordedMask
}

/** Where the masked response is recorded. */
export interface ResponseRecorder {
  /** Resolves when there is room for more. Rejects when the log cannot be written. */
  write(chunk: Uint8Array): Promise<void>
  /** Records how it ended. Called exactly once; never rejects. */
  finish(result: Pick<RecordedResult, 'outcome' | 'code' | 'reason' | 'message'>, mask: RecordedMask): void
}

/** What a response is made from. */
export interface RespondOptions {
  readonly status: number
  /** For the client, already filtered. */
  readonly headers: HeaderList
  readonly body: ByteSource
  readonly transform: Transform
  readonly recorder: ResponseRecorder
  readonly clock: Clock
  /** A watch, a followed log: headers go out at once. */
  readonly streaming: boolean
  /** True when the body is a stream of watch events, which can end with an ERROR event. */
  readonly watch: boolean
  /** What the record says of a response that came to its end. */
  readonly outcome: 'ok' | 'failed'
  /** Up to here a response is read whole before it is answered. */
  readonly wholeBytes: number
  readonly signal: AbortSignal
  /** Why access ended, once it has. */
  readonly ended: () => Refusal | null
  readonly refuse: (refusal: Refusal) => Reply
  /** Called once, when the last byte has gone or nobody wants it any more. */
  readonly leave: () => void
  /** Tells the operator of a bug. */
  readonly onBug: (error: unknown) => void
}

const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)
const LF = 0x0a

/** Why a body could not be passed on to its end. */
interface Trouble {
  readonly outcome: RecordedResult['outcome']
  readonly refusal: Refusal
  readonly withheld?: string
  readonly bug?: unknown
}

function troubleOf(error: unknown, ended: Refusal | null): Trouble {
  if (ended !== null) return { outcome: 'cancelled', refusal: ended }
  if (error instanceof TunnelBroken) {
    if (error.failure.kind === 'cancelled') {
      return { outcome: 'cancelled', refusal: { kind: 'connector-lost', message: 'the client went away' } }
    }
    return {
      outcome: 'failed',
      refusal: { kind: 'connector-lost', message: `the answer broke off: ${error.failure.message}; ask again` },
    }
  }
  if (error instanceof LogUnavailable) {
    return {
      outcome: 'failed',
      refusal: {
        kind: 'log-unavailable',
        message:
          'the answer can no longer be recorded, and nothing passes unrecorded; try again when the gateway’s database is back',
      },
    }
  }
  if (error instanceof Error && error.name === 'MaskError') {
    return {
      outcome: 'failed',
      withheld: error.message,
      refusal: {
        kind: 'withheld',
        message: `the cluster’s answer was withheld because it cannot be masked: ${error.message}`,
      },
    }
  }
  return {
    outcome: 'failed',
    refusal: { kind: 'internal', message: 'the gateway could not pass the answer on' },
    bug: error,
  }
}

/** Turns an upstream response into the client's. Never rejects for what a cluster, a connector or a database can do. */
export async function respond(options: RespondOptions): Promise<Reply> {
  const { body, transform, recorder } = options
  const report = (withheld?: string): RecordedMask =>
    withheld === undefined ? transform.report() : { ...transform.report(), withheld }

  const fail = (trouble: Trouble, code: number): void => {
    if (trouble.bug !== undefined) options.onBug(trouble.bug)
    body.cancel(trouble.refusal.message)
    const { kind, message } = trouble.refusal
    // A client that left of its own accord got no reason.
    const why =
      trouble.outcome === 'cancelled' && options.ended() === null ? {} : { reason: reasonOf(kind).reason, message }
    recorder.finish({ outcome: trouble.outcome, code, ...why }, report(trouble.withheld))
    options.leave()
  }

  let over = false
  const pace = createPace(options.clock)
  const holdBack = createHoldBack(() => body.read(), options.clock, HOLD_BACK_MS)
  /** The next masked, recorded bytes; null at the end, which is recorded by then. */
  const next = async (): Promise<Uint8Array | null> => {
    while (!over) {
      const got = await holdBack.next()
      let out: Uint8Array = NOTHING
      if (got === 'long enough') out = transform.flush?.() ?? NOTHING
      else if (got.item !== null) {
        const { item } = got
        await pace.rest(item.length)
        out = pace.work(item.length, () => transform.push(item))
      } else {
        over = true
        out = transform.end()
      }
      // Who waits for all of it need not see the last word early.
      if (options.streaming) holdBack.held(transform.holding ?? false, out.length > 0)
      // What goes out or into the record must not change under either.
      if (out.length === 0) continue
      await recorder.write(out)
      return out
    }
    return null
  }

  const early = createGathering()
  if (!options.streaming) {
    try {
      for (;;) {
        const chunk = await next()
        if (chunk === null) {
          recorder.finish({ outcome: options.outcome, code: options.status }, report())
          options.leave()
          return { kind: 'response', status: options.status, headers: options.headers, body: early.whole() }
        }
        early.push(chunk)
        if (early.length > options.wholeBytes) break
      }
    } catch (error) {
      const trouble = troubleOf(error, options.ended())
      const reply = options.refuse(trouble.refusal)
      fail(trouble, reply.kind === 'response' ? reply.status : 500)
      return reply
    }
  }

  let first = early.length === 0 ? null : early.whole()
  let finished = false
  let reading = false
  /** Set when the stream ended while nobody read: the next reader must not take it for whole. */
  let cut: TunnelBroken | null = null
  let atLineEnd = true
  /** A watch that breaks off says so in the watch's own words, if the client is between two events. */
  const farewell = (refusal: Refusal): Uint8Array | null => {
    if (!options.watch || !atLineEnd) return null
    const status = failure('ServiceUnavailable', refusal.message)
    return encoder.encode(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
  }
  const source: ByteSource = {
    async read() {
      const waiting = first
      first = null
      if (waiting !== null) return waiting
      if (cut !== null) throw cut
      if (finished) return null
      try {
        reading = true
        const chunk = await next()
        reading = false
        if (chunk !== null) {
          atLineEnd = chunk[chunk.length - 1] === LF
          return chunk
        }
        finished = true
        recorder.finish({ outcome: options.outcome, code: options.status }, report())
        options.leave()
        return null
      } catch (error) {
        // Cancelled meanwhile: that has been recorded.
        if (finished) throw error
        finished = true
        const trouble = troubleOf(error, options.ended())
        const last = farewell(trouble.refusal)
        fail(trouble, options.status)
        if (last !== null) return last
        // The adapter cuts the connection: a body that broke off must not look whole.
        throw error
      }
    },
    cancel(reason) {
      if (finished) return
      finished = true
      fail({ outcome: 'cancelled', refusal: options.ended() ?? { kind: 'timeout', message: reason } }, options.status)
    },
  }
  // A client that has stopped reading would keep its stream, and its end out of the record, for as long as it likes.
  const onAbort = (): void => {
    if (finished || reading) return
    cut = new TunnelBroken({ kind: 'cancelled', message: 'the stream was ended', sent: true })
    source.cancel('the client went away')
  }
  if (options.signal.aborted) onAbort()
  else options.signal.addEventListener('abort', onAbort, { once: true })
  return { kind: 'response', status: options.status, headers: options.headers, body: source }
}
