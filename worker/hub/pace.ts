// Lets others have their turn while long streams are masked. In: pieces of work. Out: when it is time to go on. Streams that share
// a clock share its loop: of those that have worked for long, one goes on at a time. Not every runtime's clock goes on during work,
// so bytes are counted too.

import type { Clock } from '../ports.ts'

/** Work of all long streams together at a stretch. Longer is felt by every other stream of the hub. */
const WORK_MS = 4
/** At the speed of ordinary text as long. */
const WORK_BYTES = 512 * 1024
/** A stream that has worked on no more than this since it was last at rest goes first: an answer of ordinary size, a prompt. */
const SHORT_BYTES = 32 * 1024
/** A stream that had nothing to do for so long begins anew. */
const IDLE_MS = 50

export interface Pace {
  /** Does a piece of work on so many bytes. */
  work<T>(bytes: number, what: () => T): T
  /** Resolves at once, or after others had their turn. @param bytes what is to be worked on next, if that is known */
  rest(bytes?: number): Promise<void>
}

/** What the streams of one loop share. */
interface Turns {
  /** Worked since the last turn. */
  ms: number
  bytes: number
  /** In the order they came. */
  readonly waiting: (() => void)[]
  begun: boolean
}

const TURNS = new WeakMap<Clock, Turns>()

export function createPace(clock: Clock): Pace {
  const turns = TURNS.get(clock) ?? { ms: 0, bytes: 0, waiting: [], begun: false }
  TURNS.set(clock, turns)
  let ownMs = 0
  let ownBytes = 0
  let last = clock.now()

  function begin(): void {
    if (turns.begun) return
    turns.begun = true
    clock.after(0, () => {
      turns.begun = false
      turns.ms = 0
      turns.bytes = 0
      turns.waiting.shift()?.()
      if (turns.waiting.length > 0) begin()
    })
  }

  return {
    work(bytes, what) {
      const from = clock.now()
      if (from - last > IDLE_MS) {
        ownMs = 0
        ownBytes = 0
      }
      ownBytes += bytes
      turns.bytes += bytes
      try {
        return what()
      } finally {
        last = clock.now()
        const took = Math.max(0, last - from)
        ownMs += took
        turns.ms += took
      }
    },
    async rest(bytes = 0) {
      if (ownMs < WORK_MS && ownBytes + bytes < SHORT_BYTES) return
      if (turns.ms < WORK_MS && turns.bytes < WORK_BYTES) return
      await new Promise<void>((resolve) => {
        turns.waiting.push(resolve)
        begin()
      })
      last = clock.now()
    },
  }
}
