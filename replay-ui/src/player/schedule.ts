// A script with long pauses cut short. In: a script and the longest pause. Out: the same events at the times they are played.
// No clock, no I/O, no UI.

import type { Script, ScriptEvent } from './script.ts'

export interface Schedule {
  readonly events: readonly ScriptEvent[]
  readonly outputAt: number
  readonly duration: number
  /** From played time to recorded time. */
  toRecorded(played: number): number
  /** From recorded time to played time. */
  toPlayed(recorded: number): number
}

/** `maxPauseMs`: Infinity keeps every pause. */
export function schedule(script: Script, maxPauseMs: number): Schedule {
  const points: { recorded: number; played: number }[] = [{ recorded: 0, played: 0 }]
  const events: ScriptEvent[] = []
  let recorded = 0
  let played = 0
  const advance = (to: number) => {
    const gap = to - recorded
    if (gap > maxPauseMs) {
      points.push({ recorded, played }, { recorded: to, played: played + maxPauseMs })
    }
    played += Math.min(gap, maxPauseMs)
    recorded = to
  }
  for (const event of script.events) {
    advance(event.at)
    events.push({ at: played, action: event.action })
  }
  advance(script.duration)
  points.push({ recorded, played })
  const outputAt = map(script.outputAt, points, 'recorded', 'played')
  return {
    events,
    outputAt,
    duration: played,
    toRecorded: (at) => map(at, points, 'played', 'recorded'),
    toPlayed: (at) => map(at, points, 'recorded', 'played'),
  }
}

type Axis = 'recorded' | 'played'

/** Linear between the points on either side; clamped at both ends. */
function map(at: number, points: readonly Readonly<Record<Axis, number>>[], from: Axis, to: Axis): number {
  let previous = points[0]
  for (const point of points) {
    if (previous && point[from] >= at) {
      const span = point[from] - previous[from]
      const part = span === 0 ? 0 : Math.max(0, at - previous[from]) / span
      return previous[to] + part * (point[to] - previous[to])
    }
    previous = point
  }
  return previous?.[to] ?? 0
}
