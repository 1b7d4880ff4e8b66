// Spans of time as people write them: `30s`, `10m`, `2h`, `1h30m`. No I/O, no clock.

const UNIT_S: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
])

/** Whole seconds, more than none; null for anything else. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d{1,9}[smhd])+$/.test(text)) return null
  let seconds = 0
  for (const [, number, unit] of text.matchAll(/(\d+)([smhd])/g)) {
    seconds += Number(number) * (UNIT_S.get(unit ?? '') ?? 0)
  }
  return seconds > 0 ? seconds : null
}

/** `45s`, `9m12s`, `2h5m`, `3d4h`: the two largest units. Nothing left is `0s`. */
export function showDuration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000))
  const parts: string[] = []
  for (const [unit, seconds] of [...UNIT_S].reverse()) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0 || parts.length > 0) parts.push(count > 0 ? `${count}${unit}` : '')
    if (parts.length === 2) break
  }
  return parts.join('') || '0s'
}
