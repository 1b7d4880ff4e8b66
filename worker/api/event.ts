// The facts the API records: logins, changes, readings. In: who and what. Out: an entry for the log.
// Every one is appended before what it tells takes effect, so that a log that cannot be written stops it.

import type { EventType, LogEvent } from '../../protocol/log/event.ts'
import type { Clock, Entry, RandomBytes } from '../ports.ts'

/** A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, the rest random. */
export function uuidv7(now: number, random: RandomBytes): string {
  const bytes = new Uint8Array(16)
  bytes.set(random(10), 6)
  new DataView(bytes.buffer).setUint32(0, Math.floor(now / 0x10000))
  new DataView(bytes.buffer).setUint16(4, now % 0x10000)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Who did it, as far as a record needs it. */
export interface Actor {
  readonly username: string
  readonly groups: readonly string[]
  readonly issuer: string
}

/**
 * One event of the API.
 * @param data small facts; what was read or changed stands here and not in `session`, so that looking at a session never changes it
 */
export function apiEntry(
  deps: { readonly clock: Clock; readonly random: RandomBytes },
  type: EventType,
  actor: Actor,
  data: Readonly<Record<string, string | number | boolean>>,
  connection?: string,
): Entry {
  const now = deps.clock.now()
  const event: LogEvent = {
    v: 1,
    type,
    id: uuidv7(now, deps.random),
    ts: new Date(now).toISOString(),
    actor: { username: actor.username, groups: actor.groups, issuer: actor.issuer },
    ...(connection === undefined ? {} : { connection }),
    data,
  }
  return { event }
}
