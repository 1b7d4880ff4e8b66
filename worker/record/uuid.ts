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

/** Each byte's two digits. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hex(byte: number | undefined): string {
  return HEX[(byte ?? 0) & 0xff]!
}

/** The lowest two bytes. */
function hex16(value: number): string {
  return hex(value >>> 8) + hex(value)
}

function format(ms: number, twelve: number, random: Uint8Array): string {
  const high = Math.floor(ms / 0x10000)
  const variant = hex(((random[0] ?? 0) & 0x3f) | 0x80)
  let tail = ''
  for (let at = 2; at < 8; at++) tail += hex(random[at])
  return `${hex16(high >>> 16)}${hex16(high)}-${hex16(ms % 0x10000)}-${hex16(0x7000 | twelve)}-${variant}${hex(random[1])}-${tail}`
}
