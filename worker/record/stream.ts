// Records exec and attach: every message with its time, in segments (protocol/recording.ts). port-forward: counts only.
// In: masked messages as they pass. Out: stream.open, stream.segment, stream.close and the request's result.

import type { RecordedMask, RecordedResult } from '../../protocol/log/event.ts'
import { encodeRecord } from '../../protocol/recording.ts'
import type { Entry } from '../ports.ts'
import { resultEntry, timestamp } from './entries.ts'
import { createSegments, type RecorderOptions } from './segments.ts'

/** The records of protocol/recording.ts have no registered type. */
const RECORDING_MEDIA_TYPE = 'application/octet-stream'

const CHANNEL_NAMES = ['stdin', 'stdout', 'stderr', 'status', 'resize'] as const

export interface StreamRecorder {
  /** Appends `stream.open`. Before the first message. Rejects with LogUnavailable. */
  open(): Promise<void>
  /**
   * Records one message; resolves when there is room for more. For port-forward only the length is counted.
   * Rejects with LogUnavailable once the log failed.
   * @param channel 0 stdin, 1 stdout, 2 stderr, 3 status, 4 resize
   */
  record(channel: number, payload: Uint8Array): Promise<void>
  /**
   * Appends the last segment, `stream.close` and the result, all or nothing. `bytes`, `durationMs` are filled in. Once only.
   * @param mask all of the stream's: what segments have told of it already is left out
   */
  close(result: Omit<RecordedResult, 'bytes' | 'durationMs'>, mask?: RecordedMask): Promise<void>
  /** What of a mask no segment has told: for a result that is recorded elsewhere, when `close` has failed. */
  untold(mask: RecordedMask | undefined): RecordedMask | undefined
}

export function createStreamRecorder(
  options: RecorderOptions & { readonly kind: 'exec' | 'attach' | 'portforward' },
): StreamRecorder {
  const { log, clock, ids, ref, session, command, kind } = options
  const openedAt = clock.now()
  const counts = new Map<string, number>()
  const segments = createSegments({ ...options, kind: 'stream', mediaType: RECORDING_MEDIA_TYPE, timed: true })
  let passed = 0

  return {
    async open() {
      const event = { v: 1, type: 'stream.open', id: ids(), ts: timestamp(openedAt), session, command, ref } as const
      await log.append([{ event: { ...event, data: { kind } } }], 'committed')
    },
    async record(channel, payload) {
      const name = CHANNEL_NAMES[channel] ?? 'other'
      counts.set(name, (counts.get(name) ?? 0) + payload.length)
      passed += payload.length
      if (kind === 'portforward') return
      await segments.push(encodeRecord({ t: Math.max(0, clock.now() - openedAt), channel, payload }))
    },
    async close(result, mask) {
      const last = await segments.finish()
      const at = clock.now()
      const place = { session, command }
      const res = {
        ...result,
        durationMs: Math.max(0, at - openedAt),
        bytes: kind === 'portforward' ? passed : segments.total,
      }
      const entries: Entry[] = []
      const base = { v: 1, ts: timestamp(at), ...place, ref } as const
      if (last.bytes.length > 0) {
        const body = { kind: 'stream', seq: last.seq, mediaType: RECORDING_MEDIA_TYPE, bytes: last.bytes } as const
        entries.push({ event: { ...base, type: 'stream.segment', id: ids() }, body })
      }
      const data = { kind, segments: last.seq + entries.length, ...Object.fromEntries(counts) }
      entries.push({ event: { ...base, type: 'stream.close', id: ids(), res, data } })
      entries.push(resultEntry(res, { ...place, id: ids(), at, ref, mask: segments.untold(mask) }))
      await log.append(entries, 'committed')
    },
    untold: (mask) => segments.untold(mask),
  }
}
