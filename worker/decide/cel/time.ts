// Timestamps and durations: reading, writing, and their parts in a time zone. In: values. Out: values. No clock: `now` is a
// variable. Timestamps are kept to the millisecond.

import { DURATION, known, member, type Overload, STRING, TIMESTAMP } from './functions.ts'
import { Failure, type Meter, Span, timestamp } from './values.ts'

/** What a part of a timestamp is, of one that has been moved into its zone and is read as if it were UTC. */
const PARTS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - yearStart(date)) / 86_400_000),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
}

const UNITS: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
}

export const TIME: readonly Overload[] = known([
  ...Object.entries(PARTS).flatMap(([name, part]) => [
    member(name, [TIMESTAMP], 'int', (_meter, date) => BigInt(part(date))),
    member(name, [TIMESTAMP, STRING], 'int', (meter, date, zone) => BigInt(part(inZone(date, zone, meter)))),
  ]),
  ...Object.entries(UNITS).map(([name, nanos]) =>
    member(name, [DURATION], 'int', (_meter, span) => span.nanos / nanos),
  ),
  // Of a duration, only what the seconds leave over.
  member('getMilliseconds', [DURATION], 'int', (_meter, span) => (span.nanos / 1_000_000n) % 1000n),
])

/** RFC 3339. @throws Failure */
export function parseTimestamp(value: string): Date {
  const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(value)
  const bad = new Failure('timestamp() of a text that is no RFC 3339 time')
  if (form === null) throw bad
  const ms = Date.parse(value)
  if (Number.isNaN(ms)) throw bad
  // Date.parse takes 31 February for 3 March.
  const days = new Date(Date.UTC(2000, Number(form[2]), 0))
  const february = Number(form[2]) === 2 && !leap(Number(form[1])) ? 28 : days.getUTCDate()
  if (Number(form[3]) > february || Number(form[4]) > 23) throw bad
  return timestamp(ms)
}

function leap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

export function formatTimestamp(value: Date): string {
  return value.toISOString().replace(/\.?0*Z$/, (tail) => (tail.startsWith('.') ? 'Z' : tail.replace(/^0+/, '')))
}

const NANOS: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
}

/** Go's notation: `1h30m`, `-1.5s`. @throws Failure */
export function parseDuration(value: string): Span {
  const bad = new Failure('duration() of a text that is no duration')
  if (value.length > 64) throw bad
  const sign = value.startsWith('-') ? -1n : 1n
  const rest = value.replace(/^[+-]/, '')
  if (rest === '0') return new Span(0n)
  if (!/^(\d+(\.\d*)?(ns|us|µs|μs|ms|s|m|h)|\.\d+(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) throw bad
  let nanos = 0n
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const each = NANOS[unit] ?? 0n
    nanos += BigInt(whole || '0') * each + (BigInt(fraction || '0') * each) / 10n ** BigInt(fraction.length)
  }
  return new Span(sign * nanos)
}

export function formatDuration(value: Span): string {
  const nanos = value.nanos < 0n ? -value.nanos : value.nanos
  const rest = String(nanos % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${value.nanos < 0n ? '-' : ''}${nanos / 1_000_000_000n}${rest === '' ? '' : `.${rest}`}s`
}

function yearStart(date: Date): number {
  const start = new Date(0)
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1)
  return start.getTime()
}

/** Formatters by zone. Making one costs tens of microseconds; there are some 600 names, so the bound is never met in earnest. */
const zones = new Map<string, Intl.DateTimeFormat>()
const MAX_ZONES = 1000
const ZONE_COST = 50
const NEW_ZONE_COST = 2000

/** The time moved so that its UTC parts are those of the zone: an IANA name, `UTC`, or an offset like `+02:00`. */
function inZone(date: Date, zone: string, meter: Meter): Date {
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone)
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3])
    return new Date(date.getTime() + (offset[1] === '-' ? -1 : 1) * minutes * 60_000)
  }
  meter.spend(ZONE_COST)
  const parts = new Map(
    formatter(zone, meter)
      .formatToParts(date)
      .map((part) => [part.type, part.value]),
  )
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type))
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year')
  const moved = new Date(0)
  moved.setUTCFullYear(year, number('month') - 1, number('day'))
  moved.setUTCHours(number('hour'), number('minute'), number('second'), date.getUTCMilliseconds())
  return moved
}

function formatter(zone: string, meter: Meter): Intl.DateTimeFormat {
  const had = zones.get(zone)
  if (had !== undefined) return had
  meter.spend(NEW_ZONE_COST)
  if (zone.length > 64 || !/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) throw new Failure('no such time zone')
  let made: Intl.DateTimeFormat
  try {
    made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new Failure('no such time zone')
  }
  if (zones.size >= MAX_ZONES) zones.clear()
  zones.set(zone, made)
  return made
}
