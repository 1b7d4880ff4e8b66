// The gateway's time, which countdowns are about: the page's own clock may be wrong. In: `Date` headers. Out: a signal.

import { type Accessor, createSignal, onCleanup } from 'solid-js'

/** `Date` says whole seconds and arrives late: a smaller difference is no difference. */
const TOLERANCE_MS = 2000

let offset = 0

/** How far the gateway's clock is ahead of `localNow`; 0 when the header is missing, unreadable or close enough. */
export function offsetOf(dateHeader: string | null, localNow: number): number {
  const told = dateHeader === null ? Number.NaN : Date.parse(dateHeader)
  const ahead = told + 500 - localNow
  return Number.isNaN(ahead) || Math.abs(ahead) <= TOLERANCE_MS ? 0 : ahead
}

/** Takes note of an answer's `Date`. An answer without one teaches nothing. */
export function noteDate(dateHeader: string | null): void {
  if (dateHeader !== null) offset = offsetOf(dateHeader, Date.now())
}

const read = () => Date.now() + offset

/** The gateway's time in milliseconds, anew every second while the component lives. */
export function useNow(): Accessor<number> {
  const [now, setNow] = createSignal(read())
  const timer = setInterval(() => setNow(read()), 1000)
  onCleanup(() => clearInterval(timer))
  return now
}
