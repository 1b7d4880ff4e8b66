// The questions of a session by the command that raised them. In: holds as the API lists them, newest first. Out: lookups. No I/O.

import type { HoldSummary, RequestRecord } from '../../../worker/api/types.ts'

/** Oldest first within a command. */
export function holdsByCommand(holds: readonly HoldSummary[]): ReadonlyMap<string, readonly HoldSummary[]> {
  const found = new Map<string, HoldSummary[]>()
  for (const hold of holds) {
    const list = found.get(hold.command)
    if (list) list.unshift(hold)
    else found.set(hold.command, [hold])
  }
  return found
}

/** True while somebody is asked. */
export function isWaiting(holds: readonly HoldSummary[]): boolean {
  return holds.some((hold) => hold.state === 'pending')
}

/** Those that no request tells of: a request is recorded when it passes, and a plan is of no single one. */
export function untold(holds: readonly HoldSummary[], records: readonly RequestRecord[]): readonly HoldSummary[] {
  const told = new Set(records.flatMap((record) => record.hold ?? []))
  return holds.filter((hold) => !told.has(hold.id))
}
