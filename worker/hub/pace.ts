// Lets others have their turn while a long stream is masked. In: pieces of work. Out: when it is time to rest. Not every
// runtime's clock goes on during work, so bytes are counted too.

import type { Clock } from '../ports.ts'

/** Work on one stream at a stretch. Longer is felt by every other stream of the hub. */
const WORK_MS = 8
/** At the speed of ordinary text some milliseconds. */
const WORK_BYTES = 1024 * 1024

export interface Pace {
  /** Does a piece of work on so many bytes. */
  work<T>(bytes: number, what: () => T): T
  /** Resolves at once, or after others had their turn. */
  rest(): Promise<void>
}

export function createPace(clock: Clock): Pace {
  let workedMs = 0
  let workedBytes = 0
  return {
    work(bytes, what) {
      const from = clock.now()
      workedBytes += bytes
      try {
        return what()
      } finally {
        workedMs += clock.now() - from
      }
    },
    async rest() {
      if (workedMs < WORK_MS && workedBytes < WORK_BYTES) return
      workedMs = 0
      workedBytes = 0
      await new Promise<void>((resolve) => {
        clock.after(0, resolve)
      })
    },
  }
}
