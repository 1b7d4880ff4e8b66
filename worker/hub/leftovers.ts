// Results that are recorded behind the reply's back, and tried again when the log could not take them.
// A request whose result is never recorded would look as if it were still running. Bounded memory, no I/O of its own.

import type { RecordedMask, RecordedResult } from '../../protocol/log/event.ts'
import type { Recorded } from '../context.ts'
import type { Clock, Entry, Log } from '../ports.ts'
import { resultEntry } from '../record/entries.ts'

/** Results kept for a log that is down; the oldest beyond are left to the reaper, which says `unknown`. */
const MAX_KEPT = 10_000
const RETRY_MS = 1_000

export interface Leftovers {
  /** Records a result without a body. Never rejects. */
  record(
    recorded: Pick<Recorded, 'id' | 'receivedAt' | 'session' | 'command'>,
    result: Omit<RecordedResult, 'bytes' | 'durationMs'> & { bytes?: number },
    mask?: RecordedMask,
  ): void
  /** How many wait. */
  readonly size: number
}

export function createLeftovers(options: {
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => string
}): Leftovers {
  const { clock, log, newId } = options
  const kept: Entry[] = []
  let retrying = false

  const retry = (): void => {
    if (retrying || kept.length === 0) return
    retrying = true
    clock.after(RETRY_MS, () => {
      const batch = kept.slice(0, 64)
      log
        .append(batch, 'committed')
        .then(
          () => {
            kept.splice(0, batch.length)
          },
          () => undefined,
        )
        .finally(() => {
          retrying = false
          retry()
        })
    })
  }

  return {
    record(recorded, result, mask) {
      const at = clock.now()
      const entry = resultEntry(
        { ...result, bytes: result.bytes ?? 0, durationMs: Math.max(0, at - recorded.receivedAt) },
        { session: recorded.session, command: recorded.command, id: newId(), at, ref: recorded.id, mask },
      )
      log.append([entry], 'committed').catch(() => {
        if (kept.length < MAX_KEPT) kept.push(entry)
        retry()
      })
    },
    get size() {
      return kept.length
    },
  }
}
