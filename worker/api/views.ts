// Readings of what was recorded, as events. In: who reads what. Out: nothing, once the event is in the log.
// One memory for all rows of a gateway, so that looking at one thing again within a minute is one view.

import { type Actor, apiEntry } from './event.ts'
import { type Call, callerOf } from './route.ts'

/** Looking at one thing again within this time is one view: the app follows live sessions by polling. */
const ONE_VIEW_MS = 60_000
/** Views remembered, so that many viewers cannot fill the memory. The oldest goes first: then there is one event more. */
const MAX_REMEMBERED_VIEWS = 10_000

/** Records that the caller read something; rejects with LogUnavailable when that cannot be recorded. */
export type RecordView = (call: Call, what: string, id: string) => Promise<void>

export function createViews(): RecordView {
  const seen = new Map<string, number>()
  return async (call, what, id) => {
    const actor: Actor = callerOf(call)
    const key = JSON.stringify([actor.issuer, actor.username, what, id])
    const now = call.deps.clock.now()
    const last = seen.get(key)
    if (last !== undefined && now - last < ONE_VIEW_MS) return
    await call.deps.log.append([apiEntry(call.deps, 'view', actor, { what, id })], 'committed')
    seen.delete(key)
    seen.set(key, now)
    for (const oldest of seen.keys()) {
      if (seen.size <= MAX_REMEMBERED_VIEWS) break
      seen.delete(oldest)
    }
  }
}
