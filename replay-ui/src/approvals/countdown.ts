// How long a question has been open and how long it stays so, as people read it. In: times. Out: short text. The clock is
// handed in.

import type { HoldSummary } from '../../../worker/api/types.ts'
import { clockText } from '../shell/format.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** `just now`, `40 s`, `3 min`, `2 h`, `3 days`. */
export function ageText(ms: number): string {
  if (ms < 5000) return 'just now'
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < 48 * HOUR_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / (24 * HOUR_MS))} days`
}

/** `9:41` below an hour, `2 h 05 min` above, `over` when nothing is left. */
export function leftText(ms: number): string {
  if (ms <= 0) return 'over'
  // The last second counts: nothing that is left reads 0:00.
  const whole = Math.ceil(ms / 1000) * 1000
  if (whole < HOUR_MS) return clockText(whole)
  const minutes = Math.floor(whole / MINUTE_MS)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** `30 s`, `15 minutes`, `2 hours`: a span somebody chooses. */
export function spanText(seconds: number): string {
  const say = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`
  if (seconds % 3600 === 0 && seconds > 0) return say(seconds / 3600, 'hour')
  if (seconds % 60 === 0 && seconds > 0) return say(seconds / 60, 'minute')
  return `${seconds} s`
}

/** What a question counts down to; null: to nothing any more. */
export interface Deadline {
  readonly leftMs: number
  /** 0 to 1 of the time it had. */
  readonly fraction: number
  /** `soon`: somebody should hurry. */
  readonly tone: 'calm' | 'soon' | 'over'
}

/** When an open question ends, or an approval that nobody has used yet. */
export function deadlineOf(
  hold: Pick<HoldSummary, 'state' | 'openedAt' | 'expiresAt' | 'validUntil' | 'votes'>,
  now: number,
): Deadline | null {
  if (hold.state === 'approved') {
    const from = Date.parse(hold.votes.at(-1)?.at ?? hold.openedAt)
    return between(from, Date.parse(hold.validUntil ?? hold.expiresAt), now)
  }
  if (hold.state !== 'pending' && hold.state !== 'collecting') return null
  return between(Date.parse(hold.openedAt), Date.parse(hold.expiresAt), now)
}

function between(from: number, to: number, now: number): Deadline {
  const leftMs = Math.max(0, to - now)
  const fraction = to > from ? Math.min(1, leftMs / (to - from)) : 0
  const tone = leftMs === 0 ? 'over' : leftMs <= MINUTE_MS || fraction <= 0.1 ? 'soon' : 'calm'
  return { leftMs, fraction, tone }
}
