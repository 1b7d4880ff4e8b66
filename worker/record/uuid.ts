// UUIDv7 (RFC 9562 section 5.7): ids that sort by the time they were made. In: clock, randomness. No I/O.

import type { Clock, RandomBytes } from '../ports.ts'

/**
 * Makes ids that grow strictly within this generator: 48 bits of milliseconds, 12 bits that count within one
 * (RFC 9562 section 6.2, method 1; past 4096 the time runs ahead), 62 random bits.
 */
export function createIds(clock: Pick<Clock, 'now'>, random: RandomBytes): () => string {
  let last = -1
  let count = 0
  return () => {
    const now = clock.now()
    if (now > last) {
      last = now
      count = 0
    } else {
      count += 1
      if (count > 0xfff) {
        last += 1
        count = 0
      }
    }
    return format(last, count, random(8))
  }
}

/** One id; ids of the same millisecond have no order among them. */
export function uuidv7(clock: Pick<Clock, 'now'>, random: RandomBytes): string {
  const bytes = random(10)
  return format(clock.now(), (((bytes[8] ?? 0) << 8) | (bytes[9] ?? 0)) & 0xfff, bytes)
}

function format(ms: number, twelve: number, random: Uint8Array): string {
  const time = ms.toString(16).padStart(12, '0')
  const rest = Array.from(random.subarray(0, 8), (byte, at) =>
    (at === 0 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, '0'),
  ).join('')
  const version = `7${twelve.toString(16).padStart(3, '0')}`
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${rest.slice(0, 4)}-${rest.slice(4)}`
}
