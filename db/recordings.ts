// The Recordings port: listings from the read model, requests from their leaves, bodies segment by segment. Reads only.

import { and, asc, desc, eq, gt, inArray, lte, or, type SQL, sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { alias } from 'drizzle-orm/sqlite-core'
import type { BodyDigest, Leaf, MaskedPlace, RecordedMask } from '../protocol/log/event.ts'
import { parseLeaf } from '../protocol/log/leaf.ts'
import { joinMasks } from '../protocol/log/masks.ts'
import { titleOf } from '../protocol/transcript/title.ts'
import type { CommandSummary, RequestRecord, SessionSummary } from '../worker/api/types.ts'
import type { ByteSource } from '../worker/context.ts'
import type { Recordings } from '../worker/ports.ts'
import type { CatchUp } from './catchup.ts'
import { cursorOf, pageOf, parseCursor } from './cursor.ts'
import { OUTCOMES } from './readmodel.ts'
import { bodies, commands, leaves, requests, segmentMasks, sessionMasks, sessions } from './schema.ts'

/** A session is live this long after its last request. */
const LIVE_MS = 60_000
/** A command's title is made of its first requests; what follows in a long burst adds nothing. */
const TITLE_REQUESTS = 50
/** Requests of a command that a listing reads to say what was masked where. Stops an informer's loop from slowing the page. */
const MASK_REQUESTS = 50
/** Places a listing names of a command; each of its requests names more. */
const COMMAND_PLACES = 4
/** Leaves fetched at a time for an export. */
const EXPORT_PAGE = 500

export function createRecordings(db: LibSQLDatabase, catchUp: CatchUp, now: () => number): Recordings {
  const intents = alias(leaves, 'intents')
  const results = alias(leaves, 'results')
  // Columns are named in full: drizzle leaves the table out where it selects from one only.
  const sessionRunning = sql<number>`EXISTS (SELECT 1 FROM requests r WHERE r.session = sessions.id AND r.result IS NULL)`
  const commandRunning = sql<number>`EXISTS (SELECT 1 FROM requests r WHERE r.session = commands.session
    AND r.command = commands.id AND r.result IS NULL)`

  async function listSessions(where: SQL | undefined, limit: number): Promise<SessionSummary[]> {
    const rows = await db
      .select({ row: sessions, running: sessionRunning })
      .from(sessions)
      .where(where)
      .orderBy(desc(sessions.startedAt), desc(sessions.id))
      .limit(limit)
    return rows.map(({ row, running }) => ({
      id: row.id,
      connection: row.connection,
      agent: { username: row.username, groups: JSON.parse(row.groups), issuer: row.issuer },
      ...(row.purpose === null ? {} : { purpose: row.purpose }),
      userAgent: row.userAgent,
      startedAt: iso(row.startedAt),
      lastAt: iso(row.lastAt),
      commands: row.commands,
      requests: row.requests,
      denials: row.denials,
      holds: row.holds,
      masks: row.masks,
      live: running === 1 || row.lastAt > now() - LIVE_MS,
    }))
  }

  /** The requests of commands with their place in them: a listing reads the first few. */
  function firstRequests(ids: readonly string[]) {
    const first = db
      .select({
        id: requests.id,
        command: requests.command,
        result: requests.result,
        place: sql<number>`row_number() OVER (PARTITION BY ${requests.command} ORDER BY ${requests.id})`.as('place'),
      })
      .from(requests)
      .where(inArray(requests.command, [...ids]))
      .as('first')
    return { first, upTo: (count: number) => sql`${first.place} <= ${count}` }
  }

  async function titles(ids: readonly string[]): Promise<Map<string, Leaf[]>> {
    const found = new Map<string, Leaf[]>()
    if (ids.length === 0) return found
    const { first, upTo } = firstRequests(ids)
    const rows = await db
      .select({ command: first.command, leaf: leaves.leaf })
      .from(first)
      .innerJoin(leaves, eq(leaves.id, first.id))
      .where(upTo(TITLE_REQUESTS))
      .orderBy(first.id)
    for (const { command, leaf } of rows) {
      const list = found.get(command) ?? []
      list.push(parseLeaf(leaf))
      found.set(command, list)
    }
    return found
  }

  async function listRequests(where: SQL | undefined, limit: number): Promise<RequestRecord[]> {
    const rows = await db
      .select({ row: requests, intent: intents.leaf, hash: intents.hash, result: results.leaf })
      .from(requests)
      .innerJoin(intents, eq(intents.id, requests.id))
      .leftJoin(results, eq(results.id, requests.result))
      .where(where)
      .orderBy(asc(requests.id))
      .limit(limit)
    const ids = rows.map(({ row }) => row.id)
    const [sizes, masked] = [await bodySizes(ids), await masksOfSegments(ids)]
    return rows.flatMap(({ row, intent, hash, result }) => {
      const asked = parseLeaf(intent)
      const ended = result === null ? undefined : parseLeaf(result)
      if (asked.request === undefined) return []
      const mask = joinMasks(asked.mask, masked.get(row.id), ended?.mask)
      return [
        {
          id: row.id,
          session: row.session,
          command: row.command,
          at: asked.ts,
          request: asked.request,
          ...(asked.decision === undefined ? {} : { decision: asked.decision }),
          ...(typeof asked.data?.hold === 'string' ? { hold: asked.data.hold } : {}),
          ...(typeof asked.data?.grant === 'string' ? { grant: asked.data.grant } : {}),
          ...(asked.request?.preparatory === undefined || asked.ref === undefined ? {} : { of: asked.ref }),
          ...(mask === undefined ? {} : { mask }),
          ...(ended?.res === undefined ? {} : { result: ended.res }),
          bodies: sizes.get(row.id) ?? [],
          leaf: hash,
        },
      ]
    })
  }

  /** What was masked in a stream as far as it has come: its result tells only what no segment has told. */
  async function masksOfSegments(ids: readonly string[]): Promise<Map<string, RecordedMask>> {
    const rulesOf = new Map<string, Map<string, number>>()
    const placesOf = new Map<string, MaskedPlace[]>()
    if (ids.length === 0) return new Map()
    const rows = await db
      .select()
      .from(segmentMasks)
      .where(inArray(segmentMasks.request, [...ids]))
    for (const { request, rule, at, masks } of rows) {
      const rules = rulesOf.get(request) ?? new Map<string, number>()
      rulesOf.set(request, rules.set(rule, (rules.get(rule) ?? 0) + masks))
      if (at !== '') placesOf.set(request, [...(placesOf.get(request) ?? []), { rule, at, count: masks }])
    }
    return new Map(
      [...rulesOf].map(([request, rules]) => {
        const places = placesOf.get(request)
        const count = [...rules.values()].reduce((sum, one) => sum + one, 0)
        return [request, { count, rules: Object.fromEntries(rules), ...(places === undefined ? {} : { places }) }]
      }),
    )
  }

  /** What was masked in commands, as far as their first requests tell. */
  async function masksOfCommands(ids: readonly string[]): Promise<Map<string, RecordedMask>> {
    const found = new Map<string, RecordedMask[]>()
    if (ids.length === 0) return new Map()
    const add = (command: string, mask: RecordedMask) => {
      const list = found.get(command)
      if (list === undefined) found.set(command, [mask])
      else list.push(mask)
    }
    const { first, upTo } = firstRequests(ids)
    const near = upTo(MASK_REQUESTS)
    const whole = await db
      .select({
        command: first.command,
        asked: sql<string | null>`json_extract(${intents.leaf}, '$.mask')`,
        ended: sql<string | null>`json_extract(${results.leaf}, '$.mask')`,
      })
      .from(first)
      .innerJoin(intents, eq(intents.id, first.id))
      .leftJoin(results, eq(results.id, first.result))
      .where(near)
      .orderBy(first.id)
    for (const { command, asked, ended } of whole) {
      for (const text of [asked, ended]) if (text !== null) add(command, JSON.parse(text))
    }
    const streams = await db
      .select({ command: first.command, rule: segmentMasks.rule, at: segmentMasks.at, masks: segmentMasks.masks })
      .from(first)
      .innerJoin(segmentMasks, eq(segmentMasks.request, first.id))
      .where(near)
      .orderBy(first.id, segmentMasks.rule, segmentMasks.at)
    for (const { command, rule, at, masks } of streams) {
      const places = at === '' ? {} : { places: [{ rule, at, count: masks }] }
      add(command, { count: masks, rules: { [rule]: masks }, ...places })
    }
    return new Map(
      [...found].flatMap(([command, masks]) => {
        const mask = joinMasks(...masks)
        if (mask === undefined) return []
        const places = mask.places?.slice(0, COMMAND_PLACES)
        return [[command, { ...mask, ...(places === undefined ? {} : { places }) }]]
      }),
    )
  }

  async function bodySizes(ids: readonly string[]): Promise<Map<string, RequestRecord['bodies'][number][]>> {
    const found = new Map<string, RequestRecord['bodies'][number][]>()
    if (ids.length === 0) return found
    const rows = await db
      .select({
        request: bodies.request,
        kind: bodies.kind,
        mediaType: sql<string>`min(${bodies.mediaType})`,
        bytes: sql<number>`sum(${bodies.size})`,
      })
      .from(bodies)
      .where(inArray(bodies.request, [...ids]))
      .groupBy(bodies.request, bodies.kind)
    for (const { request, kind, mediaType, bytes } of rows) {
      const list = found.get(request) ?? []
      list.push({ kind: parseKind(kind), mediaType, bytes })
      found.set(request, list)
    }
    return found
  }

  return {
    async sessions({ connection, agent, text, cursor, limit }) {
      await catchUp.seen()
      const after = parseCursor(cursor)
      const pattern = text === undefined || text === '' ? null : `%${text.replace(/[\\%_]/g, '\\$&')}%`
      const where = and(
        connection === undefined ? undefined : eq(sessions.connection, connection),
        agent === undefined ? undefined : eq(sessions.username, agent),
        after === null ? undefined : sql`(${sessions.startedAt}, ${sessions.id}) < (${after.at}, ${after.id})`,
        pattern === null
          ? undefined
          : or(
              sql`${sessions.username} LIKE ${pattern} ESCAPE '\\'`,
              sql`${sessions.connection} LIKE ${pattern} ESCAPE '\\'`,
              sql`${sessions.purpose} LIKE ${pattern} ESCAPE '\\'`,
              sql`EXISTS (SELECT 1 FROM session_terms t WHERE t.session = sessions.id AND t.term LIKE ${pattern} ESCAPE '\\')`,
            ),
      )
      const items = await listSessions(where, limit + 1)
      return pageOf(items, limit, (last) => cursorOf(Date.parse(last.startedAt), last.id))
    },

    async session(id) {
      await catchUp.seen()
      const [found] = await listSessions(eq(sessions.id, id), 1)
      if (found === undefined) return null
      const rules = await db.select().from(sessionMasks).where(eq(sessionMasks.session, id)).orderBy(sessionMasks.rule)
      return { ...found, maskRules: Object.fromEntries(rules.map(({ rule, masks }) => [rule, masks])) }
    },

    async commands(session, { cursor, until, limit }) {
      await catchUp.seen()
      const after = parseCursor(cursor)
      const where = and(
        eq(commands.session, session),
        after === null ? undefined : sql`(${commands.startedAt}, ${commands.id}) > (${after.at}, ${after.id})`,
        until === undefined ? undefined : lte(commands.startedAt, until),
      )
      const order = until === undefined ? asc : desc
      const rows = await db
        .select({ row: commands, running: commandRunning })
        .from(commands)
        .where(where)
        .orderBy(order(commands.startedAt), order(commands.id))
        .limit(until === undefined ? limit + 1 : limit)
      if (until !== undefined) rows.reverse()
      const shown = rows.slice(0, limit)
      const found = await titles(shown.map(({ row }) => row.id))
      const masked = await masksOfCommands(shown.filter(({ row }) => row.masks > 0).map(({ row }) => row.id))
      const items = rows.map(({ row, running }): CommandSummary => {
        const asked = (found.get(row.id) ?? []).flatMap((leaf) => (leaf.request === undefined ? [] : [leaf.request]))
        const mask = masked.get(row.id)
        return {
          id: row.id,
          session: row.session,
          title: titleOf(asked),
          startedAt: iso(row.startedAt),
          endedAt: iso(row.endedAt),
          requests: row.requests,
          denials: row.denials,
          holds: row.holds,
          masks: row.masks,
          ...(mask === undefined ? {} : { mask }),
          outcome: running === 1 ? 'running' : (OUTCOMES[row.worst] ?? 'unknown'),
          ...(row.stream === null ? {} : { stream: row.stream }),
        }
      })
      return pageOf(items, limit, (last) => cursorOf(Date.parse(last.startedAt), last.id))
    },

    async requests(session, { command, cursor, limit }) {
      await catchUp.seen()
      const after = parseCursor(cursor)
      const where = and(
        eq(requests.session, session),
        command === undefined ? undefined : eq(requests.command, command),
        after === null ? undefined : gt(requests.id, after.id),
      )
      return pageOf(await listRequests(where, limit + 1), limit, (last) => cursorOf(0, last.id))
    },

    async request(id) {
      await catchUp.seen()
      return (await listRequests(eq(requests.id, id), 1))[0] ?? null
    },

    async body(request, kind) {
      const [first] = await db
        .select({ seq: bodies.seq, mediaType: bodies.mediaType, bytes: bodies.bytes })
        .from(bodies)
        .where(and(eq(bodies.request, request), eq(bodies.kind, kind)))
        .orderBy(asc(bodies.seq))
        .limit(1)
      if (first === undefined) return null
      return { mediaType: first.mediaType, bytes: segments(db, request, kind, first) }
    },

    async *leaves(session) {
      let last = -1
      while (true) {
        const rows = await db
          .select({ idx: leaves.idx, leaf: leaves.leaf })
          .from(leaves)
          .where(and(eq(leaves.session, session), gt(leaves.idx, last)))
          .orderBy(asc(leaves.idx))
          .limit(EXPORT_PAGE)
        for (const { idx, leaf } of rows) {
          last = idx
          yield leaf
        }
        if (rows.length < EXPORT_PAGE) return
      }
    },
  }
}

/** One segment in memory at a time; empty ones are passed over. */
function segments(
  db: LibSQLDatabase,
  request: string,
  kind: BodyDigest['kind'],
  first: { readonly seq: number; readonly bytes: Uint8Array },
): ByteSource {
  let ready: Uint8Array | null = first.bytes
  let last = first.seq
  let cancelled = false
  return {
    async read() {
      while (!cancelled) {
        const chunk = ready
        ready = null
        if (chunk !== null && chunk.length > 0) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
        const [next] = await db
          .select({ seq: bodies.seq, bytes: bodies.bytes })
          .from(bodies)
          .where(and(eq(bodies.request, request), eq(bodies.kind, kind), gt(bodies.seq, last)))
          .orderBy(asc(bodies.seq))
          .limit(1)
        if (next === undefined) return null
        last = next.seq
        ready = next.bytes
      }
      return null
    },
    cancel() {
      cancelled = true
    },
  }
}

/** A request has no review: that belongs to the event that asks people. */
function parseKind(kind: string): Exclude<BodyDigest['kind'], 'review'> {
  return kind === 'request' || kind === 'stream' ? kind : 'response'
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
