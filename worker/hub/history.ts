// What a session or an identity did before this life of the hub, read back from the log the first time it matters.
// In: the log's intents. Out: nothing; the usage book knows afterwards. A restart must not give anybody a fresh allowance.

import type { Authenticated } from '../context.ts'
import { readRecorded } from '../decide/asked.ts'
import type { PolicySet } from '../decide/compile.ts'
import { type Counted, countedAs } from '../decide/limits.ts'
import type { UsageHistory } from '../ports.ts'
import type { UsageBook } from './usage.ts'

/** Intents read back at once: a session of more has long passed any limit a person would set. */
const MAX_RECALLED = 20_000
/** The longest window a limit may name. */
const DAY_MS = 24 * 60 * 60_000

/** Reads what is not known yet. Rejects when the database cannot be read. */
export async function recall(
  history: UsageHistory,
  usage: UsageBook,
  request: Pick<Authenticated, 'identity' | 'connection'>,
  session: string,
  set: PolicySet,
  now: number,
): Promise<void> {
  if (set.limits.some(({ per }) => per === 'identity')) {
    usage.recalling ??= recallIdentities(history, usage, request.connection, now).catch((error: unknown) => {
      usage.recalling = null
      throw error
    })
    await usage.recalling
  }
  // Only a session that its token names can be older than this hub.
  if (request.identity.session === undefined || usage.knows(session)) return
  const intents = await history.intents({ session }, MAX_RECALLED)
  usage.restoreSession(
    session,
    intents[0]?.at ?? now,
    intents.flatMap((intent) => countsOf(intent).map(([what, amount]) => ({ what, amount, at: intent.at }))),
  )
}

/** What this life of the hub has seen pass it has counted itself. */
async function recallIdentities(
  history: UsageHistory,
  usage: UsageBook,
  connection: string,
  now: number,
): Promise<void> {
  const intents = await history.intents({ connection, since: now - DAY_MS }, MAX_RECALLED)
  for (const intent of intents) {
    if (intent.at >= usage.bornAt) continue
    for (const [what, amount] of countsOf(intent)) {
      usage.restoreIdentity(intent.issuer, intent.username, what, amount, intent.at)
    }
  }
}

type Intent = Awaited<ReturnType<UsageHistory['intents']>>[number]

/** What a request counts as, once it is sent. Bytes are counted as they pass, not by the request. */
export function numbersOf(request: Parameters<typeof countedAs>[0]): readonly Counted[] {
  return countedAs(request).filter((what) => what !== 'execBytes')
}

function countsOf({ request, refused, bytes }: Intent): readonly (readonly [Counted, number])[] {
  if (refused) return []
  const counts = numbersOf(asSent(request)).map((what) => [what, 1] as const)
  return request.exec === undefined ? counts : [...counts, ['execBytes', bytes]]
}

/** The record does not tell what a deletion's body said of a dry run, which alone counts: none is taken for one. */
function asSent(request: Intent['request']): ReturnType<typeof readRecorded> {
  const read = readRecorded(request, false)
  const deletes = request.verb === 'delete' || request.verb === 'deletecollection'
  return deletes ? { ...read, info: { ...read.info, dryRun: false } } : read
}
