// The UsageHistory port: what was asked, read backwards from the log, for limits that must outlive a hub. Reads only.

import { and, desc, eq, gte, inArray, sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { alias } from 'drizzle-orm/sqlite-core'
import { parseLeaf } from '../protocol/log/leaf.ts'
import type { UsageHistory } from '../worker/ports.ts'
import type { CatchUp } from './catchup.ts'
import { bodies, leaves, requests } from './schema.ts'

/** Requests fetched at a time: their leaves are in memory while they are read. */
const PAGE = 500
/** Subresources that are streams: what passed through them is counted. */
const STREAMS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward'])

type Of = Parameters<UsageHistory['intents']>[0]
type Intent = Awaited<ReturnType<UsageHistory['intents']>>[number]
interface Row {
  readonly id: string
  readonly at: number
  readonly intent: string
  readonly result: string | null
}
interface Read {
  readonly id: string
  readonly intent: Intent
  /** A stream whose gateway stopped: no result says how much passed. */
  readonly cut: boolean
}

export function createUsageHistory(db: LibSQLDatabase, catchUp: CatchUp): UsageHistory {
  const asked = alias(leaves, 'asked')
  const ended = alias(leaves, 'ended')

  /** The newest before `before`, newest first. A session's are in the order of their ids, which begin with the time. */
  async function page(of: Of, before: Row | undefined, limit: number): Promise<readonly Row[]> {
    const select = db
      .select({ id: requests.id, at: requests.at, intent: asked.leaf, result: ended.leaf })
      .from(requests)
      .innerJoin(asked, eq(asked.id, requests.id))
      .leftJoin(ended, eq(ended.id, requests.result))
    if ('session' in of) {
      const older = before === undefined ? undefined : sql`${requests.id} < ${before.id}`
      const where = and(eq(requests.session, of.session), older)
      return select.where(where).orderBy(desc(requests.id)).limit(limit)
    }
    const older =
      before === undefined ? undefined : sql`(${requests.at}, ${requests.id}) < (${before.at}, ${before.id})`
    const where = and(eq(requests.connection, of.connection), gte(requests.at, of.since), older)
    return select.where(where).orderBy(desc(requests.at), desc(requests.id)).limit(limit)
  }

  /** Bytes of the segments that were recorded, by request. */
  async function recordedBytes(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (ids.length === 0) return new Map()
    const rows = await db
      .select({ request: bodies.request, bytes: sql<number>`sum(${bodies.size})` })
      .from(bodies)
      .where(and(inArray(bodies.request, [...ids]), eq(bodies.kind, 'stream')))
      .groupBy(bodies.request)
    return new Map(rows.map(({ request, bytes }) => [request, bytes]))
  }

  return {
    async intents(of, limit) {
      // What the read model does not hold yet would not be counted.
      await catchUp.whole()
      const size = Math.min(PAGE, limit)
      const found: Intent[] = []
      let rows: readonly Row[] = []
      do {
        rows = await page(of, rows.at(-1), size)
        const own = rows.flatMap(read).slice(0, limit - found.length)
        const recorded = await recordedBytes(own.flatMap(({ id, cut }) => (cut ? [id] : [])))
        for (const { id, intent } of own) {
          const bytes = recorded.get(id)
          found.push(bytes === undefined ? intent : { ...intent, bytes: Math.max(bytes, intent.bytes) })
        }
      } while (rows.length === size && found.length < limit)
      return found.reverse()
    },
  }
}

/** None for the gateway's own questions. */
function read({ id, at, intent, result }: Row): Read[] {
  const { session, actor, request, decision } = parseLeaf(intent)
  if (session === undefined || actor === undefined || request === undefined || decision === undefined) return []
  if (request.preparatory !== undefined) return []
  const res = result === null ? undefined : parseLeaf(result).res
  const stream = STREAMS.has(request.subresource)
  return [
    {
      id,
      cut: stream && (res === undefined || res.outcome === 'unknown'),
      intent: {
        session,
        username: actor.username,
        issuer: actor.issuer,
        at,
        request,
        effect: decision.effect,
        refused: res?.outcome === 'refused',
        bytes: stream ? (res?.bytes ?? 0) : 0,
      },
    },
  ]
}
