// Cuts recorded bytes into segments and appends them, one at a time. In: masked bytes. Out: `stream.segment` entries.
// Holds one segment being filled and one being appended: who writes faster waits. Knows nothing of what the bytes mean.

import type { BodyDigest, RecordedMask } from '../../protocol/log/event.ts'
import { maskSince, worthTelling } from '../../protocol/log/masks.ts'
import type { Clock, Entry, Log } from '../ports.ts'
import { type Place, timestamp } from './entries.ts'

/** What a crash may lose, what a reader holds in memory at a time. */
export const MAX_SEGMENT_BYTES = 256 * 1024
/** A stream that is alive is in the log at most so much later. */
export const SEGMENT_MS = 1_000
/** While the log has more than this to write, recorders wait for their own segment. */
export const MAX_PENDING_BYTES = 16 * 1024 * 1024

export interface RecorderOptions extends Place {
  readonly log: Log
  readonly clock: Clock
  readonly ids: () => string
  /** The intent's id. */
  readonly ref: string
  /**
   * All that was masked so far. Each segment tells what has come to it, so that the counts of a stream are seen while it lasts.
   * Absent: nothing is.
   */
  readonly masked?: () => RecordedMask | undefined
  /** Called once when the log became unavailable: the caller ends the stream. */
  readonly onFailure?: (error: unknown) => void
}

export interface Segments {
  /** Takes the bytes (not copied) at once; resolves when there is room for more. Rejects once the log failed. */
  push(bytes: Uint8Array): Promise<void>
  /** Appends all but the last segment and returns that one, for the caller to append with what ends the stream. */
  finish(): Promise<{ readonly bytes: Uint8Array; readonly seq: number }>
  /** Stops the timer; what was not appended is dropped. */
  abandon(): void
  /** What of a stream's whole mask no segment has told: for what ends it. */
  untold(mask: RecordedMask | undefined): RecordedMask | undefined
  /** Bytes taken so far. */
  readonly total: number
}

export function createSegments(
  options: RecorderOptions & {
    readonly kind: BodyDigest['kind']
    readonly mediaType: string
    /** Also cut what there is after SEGMENT_MS. */
    readonly timed: boolean
  },
): Segments {
  const { log, clock, ids, ref, session, command, kind, mediaType, timed } = options
  let chunks: Uint8Array[] = []
  let size = 0
  let total = 0
  let seq = 0
  let appending: Promise<void> | null = null
  let draining: Promise<void> | null = null
  let failure: { readonly error: unknown } | null = null
  let cancelTimer: (() => void) | null = null
  /** The mask as the segments that are in the log tell it. */
  let told: RecordedMask | undefined

  function untold(mask: RecordedMask | undefined): RecordedMask | undefined {
    return worthTelling(maskSince(mask, told))
  }

  function append(bytes: Uint8Array): Promise<void> {
    const masked = options.masked?.()
    const mask = untold(masked)
    const event = {
      v: 1,
      type: 'stream.segment',
      id: ids(),
      ts: timestamp(clock.now()),
      session,
      command,
      ref,
      ...(mask === undefined ? {} : { mask }),
    } as const
    const entry: Entry = { event, body: { kind, seq, mediaType, bytes } }
    seq += 1
    return log.append([entry], 'committed').then(
      () => {
        appending = null
        told = masked
      },
      (error: unknown) => {
        appending = null
        fail(error)
      },
    )
  }

  function fail(error: unknown): void {
    if (failure !== null) return
    failure = { error }
    abandon()
    options.onFailure?.(error)
  }

  function check(): void {
    if (failure !== null) throw failure.error
  }

  /** Appends until less than `rest` bytes are left over. One runs at a time; a second caller waits for the first. */
  async function drain(rest: number): Promise<void> {
    while (draining !== null) await draining
    const run = async () => {
      while (size >= rest && size > 0) {
        if (appending !== null) await appending
        check()
        appending = append(take(Math.min(size, MAX_SEGMENT_BYTES)))
      }
    }
    draining = run().finally(() => {
      draining = null
    })
    await draining
  }

  function take(length: number): Uint8Array {
    const first = chunks[0]
    if (first !== undefined && first.length === length) {
      chunks.shift()
      size -= length
      return first
    }
    const out = new Uint8Array(length)
    let at = 0
    let used = 0
    for (const chunk of chunks) {
      const part = chunk.subarray(0, length - at)
      out.set(part, at)
      at += part.length
      if (part.length < chunk.length) {
        chunks[used] = chunk.subarray(part.length)
        break
      }
      used += 1
    }
    chunks = chunks.slice(used)
    size -= length
    return out
  }

  function startTimer(): void {
    if (!timed || cancelTimer !== null || size === 0) return
    cancelTimer = clock.after(SEGMENT_MS, () => {
      cancelTimer = null
      // A failure is kept and told to whoever writes next.
      drain(1).catch(() => {})
    })
  }

  function abandon(): void {
    cancelTimer?.()
    cancelTimer = null
    chunks = []
    size = 0
  }

  return {
    async push(bytes) {
      check()
      if (bytes.length === 0) return
      chunks.push(bytes)
      size += bytes.length
      total += bytes.length
      if (size >= MAX_SEGMENT_BYTES) await drain(MAX_SEGMENT_BYTES)
      startTimer()
      if (appending !== null && log.pendingBytes > MAX_PENDING_BYTES) await appending
      check()
    },
    async finish() {
      cancelTimer?.()
      cancelTimer = null
      await drain(MAX_SEGMENT_BYTES + 1)
      if (appending !== null) await appending
      check()
      return { bytes: take(size), seq }
    },
    abandon,
    untold,
    get total() {
      return total
    },
  }
}
