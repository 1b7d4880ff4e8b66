// Durations as policies write them: a whole number and one unit. In: text. Out: milliseconds, and back. No clock.

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** `30s`, `10m`, `2h` → milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^([1-9][0-9]{0,5})([smh])$/.exec(text)
  if (match === null) return null
  return Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN)
}

/** The shortest text that means it: 600000 → `10m`. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm']) {
    const one = UNIT_MS[unit] ?? 1
    if (ms >= one && ms % one === 0) return `${ms / one}${unit}`
  }
  return `${Math.round(ms / 1000)}s`
}
