// Says of requests that a crashed writer left without a result that theirs is unknown. In: intents without a result.
// Out: `request.result` entries of outcome `unknown`. Run once at start; what it appended it does not find again.

import type { Clock, Log } from '../ports.ts'
import { resultEntry } from './entries.ts'

const PAGE = 100

/** Intents of writers that are gone, without a result, by id. */
export interface UnfinishedRequests {
  list(page: {
    readonly after: string
    readonly limit: number
    readonly connection?: string | undefined
  }): Promise<
    readonly { readonly id: string; readonly session: string; readonly command: string; readonly at: number }[]
  >
}

/**
 * With `connection`, only what was asked on it: a hub that shares the database with other live hubs must name its own.
 * @returns how many were found
 * @throws LogUnavailable when the log cannot be written; running it again goes on
 */
export async function reapUnfinished(options: {
  readonly unfinished: UnfinishedRequests
  readonly log: Log
  readonly clock: Pick<Clock, 'now'>
  readonly ids: () => string
  readonly connection?: string
}): Promise<number> {
  const { unfinished, log, clock, ids, connection } = options
  let after = ''
  let found = 0
  while (true) {
    const page = await unfinished.list({ after, limit: PAGE, connection })
    const last = page.at(-1)
    if (last === undefined) return found
    const now = clock.now()
    const entries = page.map(({ id, session, command, at }) =>
      resultEntry(
        {
          outcome: 'unknown',
          code: 0,
          message: 'the gateway stopped before the result was recorded; the request may have been carried out',
          durationMs: Math.max(0, now - at),
          bytes: 0,
        },
        { session, command, id: ids(), at: now, ref: id },
      ),
    )
    await log.append(entries, 'committed')
    found += page.length
    after = last.id
  }
}
