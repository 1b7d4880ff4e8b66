// Records a response's masked body: small ones whole on the result, longer ones in segments before it. In: chunks as
// they go to the client. Out: entries. Never holds a whole body.

import type { RecordedMask, RecordedResult } from '../../protocol/log/event.ts'
import { resultEntry } from './entries.ts'
import { createSegments, type RecorderOptions } from './segments.ts'

export interface BodyRecorder {
  /** Takes a chunk (not copied); resolves when there is room for more. Rejects with LogUnavailable once the log failed. */
  write(chunk: Uint8Array): Promise<void>
  /**
   * Appends the result with the last segment. `bytes` and the body are filled in. Once only.
   * @param mask all of the response's: what segments have told of it already is left out
   */
  end(result: Omit<RecordedResult, 'bytes'>, mask?: RecordedMask): Promise<void>
  /** What of a mask no segment has told: for a result that is recorded elsewhere, when `end` has failed. */
  untold(mask: RecordedMask | undefined): RecordedMask | undefined
}

/**
 * `streaming`: a response without an end in sight (watch, logs -f), which is cut every second there is something.
 */
export function createBodyRecorder(
  options: RecorderOptions & { readonly mediaType: string; readonly streaming: boolean },
): BodyRecorder {
  const { log, clock, ids, ref, session, command, mediaType } = options
  const segments = createSegments({ ...options, kind: 'response', timed: options.streaming })
  return {
    write: (chunk) => segments.push(chunk),
    async end(result, mask) {
      const { bytes, seq } = await segments.finish()
      const body = bytes.length === 0 ? null : { mediaType, bytes, seq }
      const whole = { ...result, bytes: segments.total }
      const entry = resultEntry(whole, {
        session,
        command,
        id: ids(),
        at: clock.now(),
        ref,
        mask: segments.untold(mask),
        body,
      })
      await log.append([entry], 'committed')
    },
    untold: (mask) => segments.untold(mask),
  }
}
