// Numbers and times as people read them. In: API values. Out: short text. The clock and the locale are handed in.

/** `14:03`, `yesterday 14:03`, `12 Nov 14:03`, `12 Nov 2024`. */
export function whenText(iso: string, now: Date, locale?: string): string {
  const date = new Date(iso)
  const time = date.toLocaleTimeString(locale, { timeStyle: 'short' })
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000)
  if (days === 0) return time
  if (days === 1) return `yesterday ${time}`
  const day = date.toLocaleDateString(locale, { day: 'numeric', month: 'short' })
  if (date.getFullYear() === now.getFullYear()) return `${day}, ${time}`
  return date.toLocaleDateString(locale, { day: 'numeric', month: 'short', year: 'numeric' })
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

/** `12 ms`, `1.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationText(ms: number): string {
  if (ms < 1) return '< 1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** `0:07`, `12:40`. */
export function clockText(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** `512 B`, `4.2 kB`, `31 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1000
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** `kubectl 1.35.2` of a user agent. */
export function clientText(userAgent: string): string {
  const match = /^([^\s/]+)\/v?([^\s()]+)/.exec(userAgent)
  return match ? `${match[1]} ${match[2]}` : userAgent || 'unknown client'
}

/** `1 command`, `12,000 commands`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
