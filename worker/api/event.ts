// The facts the API records: logins, changes, readings. In: who and what. Out: an entry for the log.
// Every one is appended before what it tells takes effect, so that a log that cannot be written stops it.

import type { EventType, LogEvent } from '../../protocol/log/event.ts'
import type { Clock, Entry } from '../ports.ts'

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
  deps: { readonly clock: Clock; readonly newId: () => string },
  type: EventType,
  actor: Actor,
  data: Readonly<Record<string, string | number | boolean>>,
  connection?: string,
): Entry {
  const now = deps.clock.now()
  const event: LogEvent = {
    v: 1,
    type,
    id: deps.newId(),
    ts: new Date(now).toISOString(),
    actor: { username: actor.username, groups: actor.groups, issuer: actor.issuer },
    ...(connection === undefined ? {} : { connection }),
    data,
  }
  return { event }
}
