// What a session or an identity did before this life of the hub, read back from the log the first time it matters.
// In: the log's intents. Out: nothing; the usage book knows afterwards. A restart must not give anybody a fresh allowance.

import type { RecordedRequest } from '../../protocol/log/event.ts'
import type { Authenticated } from '../context.ts'
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
  request: Authenticated,
  session: string,
  set: PolicySet,
  now: number,
): Promise<void> {
  const limitsIdentities = set.limits.some(({ per }) => per === 'identity')
  if (limitsIdentities && !usage.recalled) {
    usage.recalled = true
    try {
      const intents = await history.intents({ connection: request.connection, since: now - DAY_MS }, MAX_RECALLED)
      for (const intent of intents) {
        for (const [what, amount] of countsOf(intent)) {
          usage.restoreIdentity(intent.issuer, intent.username, what, amount, intent.at)
        }
      }
    } catch (error) {
      usage.recalled = false
      throw error
    }
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

type Intent = Awaited<ReturnType<UsageHistory['intents']>>[number]

function countsOf({ request, refused, bytes }: Intent): readonly (readonly [Counted, number])[] {
  if (refused) return []
  const counts: (readonly [Counted, number])[] = countedAs(asked(request)).map((what) => [what, 1] as const)
  return request.exec === undefined ? counts : [...counts, ['execBytes', bytes]]
}

/** A recorded request as limits look at one. */
function asked({ verb, group, version, resource, subresource, namespace, name, target }: RecordedRequest) {
  const [path = '', query = ''] = target.split('?', 2)
  return {
    info: {
      isResourceRequest: resource !== '',
      // Only canonical verbs are ever recorded.
      verb: verb as Authenticated['info']['verb'],
      apiPrefix: group === '' ? ('api' as const) : ('apis' as const),
      apiGroup: group,
      apiVersion: version,
      resource,
      subresource,
      namespace,
      name,
      path,
      query,
      parts: [],
      streaming: false,
      dryRun: /(?:^|&)dryRun=All(?:&|$)/.test(query),
    },
  }
}
