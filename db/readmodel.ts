// The read model (sessions, session_terms, session_masks, segment_masks, commands, requests) follows from the leaves alone.
// In: leaves in order. Out: statements. Run shortly after the leaves were appended (projection.ts), and again over all to rebuild. No I/O.

import type { Leaf, RecordedMask, RecordedResult } from '../protocol/log/event.ts'
import { inChunks, tuples } from './chunks.ts'
import type { SqlValue, Statement } from './writer.ts'

/** From harmless to grave; `commands.worst` is a place in this list. */
export const OUTCOMES: readonly RecordedResult['outcome'][] = ['ok', 'cancelled', 'refused', 'failed', 'unknown']

/** Search terms come from clients; what is longer says nothing more. */
const MAX_TERM_LENGTH = 256

interface SessionChange {
  readonly id: string
  /** Set once a leaf said who acts where. */
  who?: { readonly connection: string; readonly username: string; readonly groups: string; readonly issuer: string }
  purpose: string | null
  userAgent: string
  startedAt: number
  lastAt: number
  requests: number
  denials: number
  masks: number
  holds: number
}

interface CommandChange {
  readonly id: string
  readonly session: string
  startedAt: number
  endedAt: number
  requests: number
  denials: number
  masks: number
  holds: number
  worst: number
  stream: string | null
  /** An intent was seen, so that the row may have to be made. */
  opens: boolean
}

/** The statements that bring the read model forward by these leaves. Deterministic. */
export function deriveReadModel(leaves: readonly Leaf[]): Statement[] {
  const sessions = new Map<string, SessionChange>()
  const commands = new Map<string, CommandChange>()
  const requests = new Map<string, SqlValue[]>()
  const results: Statement[] = []
  const terms = new Map<string, SqlValue[]>()
  const masks = new Map<string, [session: string, rule: string, masks: number]>()
  const segments = new Map<string, [request: string, rule: string, at: string, masks: number]>()
  const touched = new Map<string, number>()
  for (const leaf of leaves) {
    if (leaf.session === undefined) continue
    // A question to people and their answers belong to the session, but the actor may be another than whose it is.
    if (/^(hold|grant)\./.test(leaf.type)) {
      touched.set(leaf.session, Math.max(touched.get(leaf.session) ?? 0, Date.parse(leaf.ts)))
      continue
    }
    // Who looks at a session later is an event about it, not of it.
    if (!/^(session|request|stream)\./.test(leaf.type)) continue
    const session = sessionChange(sessions, leaf.session, leaf)
    const command = leaf.command === undefined ? null : commandChange(commands, leaf.command, leaf.session, leaf)
    const masked = leaf.mask?.count ?? 0
    session.masks += masked
    for (const [rule, count] of Object.entries(leaf.mask?.rules ?? {})) {
      const key = `${leaf.session} ${rule}`
      masks.set(key, [leaf.session, rule, (masks.get(key)?.[2] ?? 0) + count])
    }
    if (command !== null) command.masks += masked
    if (leaf.type === 'stream.segment' && leaf.ref !== undefined && leaf.mask !== undefined) {
      for (const [rule, at, count] of placesOf(leaf.mask)) {
        const key = JSON.stringify([leaf.ref, rule, at])
        segments.set(key, [leaf.ref, rule, at, (segments.get(key)?.[3] ?? 0) + count])
      }
    }
    if (leaf.type === 'request.intent' && command !== null && leaf.request !== undefined) {
      const denied = leaf.decision?.effect === 'Deny' ? 1 : 0
      // The gateway's own questions bear the decision on the request they are asked for, which is counted itself.
      const held = leaf.decision?.effect === 'Hold' && leaf.request.preparatory === undefined ? 1 : 0
      session.requests += 1
      session.denials += denied
      session.holds += held
      command.requests += 1
      command.denials += denied
      command.holds += held
      command.opens = true
      if (session.userAgent === '') session.userAgent = leaf.request.userAgent
      const at = Date.parse(leaf.ts)
      requests.set(leaf.id, [leaf.id, leaf.session, command.id, at, leaf.writer, null, leaf.connection ?? ''])
      for (const term of [leaf.request.kubectlCommand, leaf.request.resource, leaf.request.namespace]) {
        if (term === undefined || term === '') continue
        const cut = term.slice(0, MAX_TERM_LENGTH)
        terms.set(`${leaf.session} ${cut}`, [leaf.session, cut])
      }
    } else if (leaf.type === 'request.result' && leaf.ref !== undefined && leaf.res !== undefined) {
      if (command !== null) command.worst = Math.max(command.worst, OUTCOMES.indexOf(leaf.res.outcome))
      const opened = requests.get(leaf.ref)
      if (opened !== undefined) opened[5] = leaf.id
      else results.push({ sql: 'UPDATE requests SET result = ? WHERE id = ?', args: [leaf.id, leaf.ref] })
    } else if (leaf.type === 'stream.open' && leaf.ref !== undefined && command !== null) {
      if (leaf.data?.kind === 'portforward') continue
      command.stream ??= leaf.ref
    }
  }
  return [
    ...[...sessions.values()].map(sessionStatement),
    ...[...touched].map(([id, at]) => ({
      sql: 'UPDATE sessions SET last_at = max(last_at, ?) WHERE id = ?',
      args: [at, id],
    })),
    ...[...commands.values()].map(commandStatement),
    ...inChunks(
      [...requests.values()],
      (n) => `INSERT INTO requests (id, session, command, at, writer, result, connection) VALUES ${tuples(n, 7)}`,
    ),
    ...inChunks(
      [...terms.values()],
      (n) => `INSERT INTO session_terms (session, term) VALUES ${tuples(n, 2)} ON CONFLICT DO NOTHING`,
    ),
    ...inChunks(
      [...masks.values()],
      (n) => `INSERT INTO session_masks (session, rule, masks) VALUES ${tuples(n, 3)}
ON CONFLICT (session, rule) DO UPDATE SET masks = masks + excluded.masks`,
    ),
    ...inChunks(
      [...segments.values()],
      (n) => `INSERT INTO segment_masks (request, rule, at, masks) VALUES ${tuples(n, 4)}
ON CONFLICT (request, rule, at) DO UPDATE SET masks = masks + excluded.masks`,
    ),
    ...results,
  ]
}

/** How many values each rule masked at each place; at `''` those whose place is not named. */
function placesOf({
  rules,
  places = [],
}: RecordedMask): readonly (readonly [rule: string, at: string, masks: number])[] {
  const elsewhere = Object.entries(rules).map(([rule, count]) => {
    const named = places.filter((place) => place.rule === rule).reduce((sum, place) => sum + place.count, 0)
    return [rule, '', count - named] as const
  })
  return [...places.map(({ rule, at, count }) => [rule, at, count] as const), ...elsewhere].filter(
    ([, , count]) => count > 0,
  )
}

/** Empties the read model, to derive it anew. */
export const CLEAR_READ_MODEL: readonly Statement[] = [
  'requests',
  'commands',
  'session_terms',
  'session_masks',
  'segment_masks',
  'sessions',
].map((table) => ({ sql: `DELETE FROM ${table}`, args: [] }))

function sessionChange(all: Map<string, SessionChange>, id: string, leaf: Leaf): SessionChange {
  const at = Date.parse(leaf.ts)
  let change = all.get(id)
  if (change === undefined) {
    change = {
      id,
      purpose: null,
      userAgent: '',
      startedAt: at,
      lastAt: at,
      requests: 0,
      denials: 0,
      masks: 0,
      holds: 0,
    }
    all.set(id, change)
  }
  change.startedAt = Math.min(change.startedAt, at)
  change.lastAt = Math.max(change.lastAt, at)
  if (change.who === undefined && leaf.actor !== undefined && leaf.connection !== undefined) {
    const { username, groups, issuer } = leaf.actor
    change.who = { connection: leaf.connection, username, groups: JSON.stringify(groups), issuer }
  }
  if (leaf.type === 'session.open') {
    if (typeof leaf.data?.purpose === 'string') change.purpose ??= leaf.data.purpose
    if (typeof leaf.data?.client === 'string' && change.userAgent === '') change.userAgent = leaf.data.client
  }
  return change
}

function commandChange(all: Map<string, CommandChange>, id: string, session: string, leaf: Leaf): CommandChange {
  const at = Date.parse(leaf.ts)
  let change = all.get(id)
  if (change === undefined) {
    change = {
      id,
      session,
      startedAt: at,
      endedAt: at,
      requests: 0,
      denials: 0,
      masks: 0,
      holds: 0,
      worst: 0,
      stream: null,
      opens: false,
    }
    all.set(id, change)
  }
  change.startedAt = Math.min(change.startedAt, at)
  change.endedAt = Math.max(change.endedAt, at)
  return change
}

const SESSION_DELTA = `started_at = min(started_at, ?1), last_at = max(last_at, ?2),
requests = requests + ?3, denials = denials + ?4, masks = masks + ?5, holds = holds + ?6`

function sessionStatement(s: SessionChange): Statement {
  const delta = [s.startedAt, s.lastAt, s.requests, s.denials, s.masks, s.holds]
  if (s.who === undefined) return { sql: `UPDATE sessions SET ${SESSION_DELTA} WHERE id = ?7`, args: [...delta, s.id] }
  return {
    sql: `INSERT INTO sessions (started_at, last_at, requests, denials, masks, holds, id, connection, username, groups,
issuer, purpose, user_agent, commands) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0)
ON CONFLICT (id) DO UPDATE SET ${SESSION_DELTA}, purpose = coalesce(purpose, excluded.purpose),
user_agent = iif(user_agent = '', excluded.user_agent, user_agent)`,
    args: [...delta, s.id, s.who.connection, s.who.username, s.who.groups, s.who.issuer, s.purpose, s.userAgent],
  }
}

const COMMAND_DELTA = `started_at = min(started_at, ?1), ended_at = max(ended_at, ?2), requests = requests + ?3,
denials = denials + ?4, masks = masks + ?5, holds = holds + ?6, worst = max(worst, ?7), stream = coalesce(stream, ?8)`

function commandStatement(c: CommandChange): Statement {
  const delta = [c.startedAt, c.endedAt, c.requests, c.denials, c.masks, c.holds, c.worst, c.stream]
  if (!c.opens) return { sql: `UPDATE commands SET ${COMMAND_DELTA} WHERE id = ?9`, args: [...delta, c.id] }
  return {
    sql: `INSERT INTO commands (started_at, ended_at, requests, denials, masks, holds, worst, stream, id, session)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET ${COMMAND_DELTA}`,
    args: [...delta, c.id, c.session],
  }
}
