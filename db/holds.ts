// The HoldStore port: holds, grants and notices as they stand. Reads through drizzle, writes through the one writer.
// What each record says is kept whole as JSON; columns beside it are what is searched by. The log has the truth.

import { and, asc, desc, eq, gt, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { GrantRecord, HoldRecord, HoldState, HoldStore, NoticeRecord } from '../worker/ports.ts'
import { cursorOf, pageOf, parseCursor } from './cursor.ts'
import { grants, holds, notices } from './schema.ts'
import { toStatement } from './statement.ts'
import type { Writer } from './writer.ts'

const OPEN: ReadonlySet<HoldState> = new Set(['collecting', 'pending', 'approved'])

/** A Review of nothing: of a hold that was stored without one. */
const NO_REVIEW = '{"requests":[],"v":1}'

export function createHoldStore(db: LibSQLDatabase, writer: Writer): HoldStore {
  return {
    async unfinished(connection) {
      const ofHolds = and(eq(holds.connection, connection), eq(holds.open, 1))
      const openHolds = await db
        .select({ record: holds.record })
        .from(holds)
        .where(ofHolds)
        .orderBy(asc(holds.openedAt), asc(holds.id))
      const ofGrants = and(eq(grants.connection, connection), isNull(grants.endedAt))
      const openGrants = await db
        .select({ record: grants.record })
        .from(grants)
        .where(ofGrants)
        .orderBy(asc(grants.openedAt), asc(grants.id))
      return {
        holds: openHolds.map(({ record }) => parseHold(record)),
        grants: openGrants.map(({ record }) => parseGrant(record)),
      }
    },

    async putHold(record, review) {
      const { id, connection, session, openedAt, state } = record
      const open = OPEN.has(state) ? 1 : 0
      const row = { connection, session, open, openedAt, record: JSON.stringify(record) }
      const insert = db.insert(holds).values({ id, ...row, review: review ?? NO_REVIEW })
      const set = review === undefined ? row : { ...row, review }
      await writer.write([toStatement(insert.onConflictDoUpdate({ target: holds.id, set }))])
    },

    async putGrant(record) {
      const { id, connection, openedAt, expiresAt, endedAt } = record
      const row = { connection, openedAt, expiresAt, endedAt, record: JSON.stringify(record) }
      const insert = db.insert(grants).values({ id, ...row })
      await writer.write([toStatement(insert.onConflictDoUpdate({ target: grants.id, set: row }))])
    },

    async holds({ open, connection, session, cursor, limit }) {
      const rows = await db
        .select({ record: holds.record })
        .from(holds)
        .where(
          and(
            open === undefined ? undefined : eq(holds.open, open ? 1 : 0),
            connection === undefined ? undefined : eq(holds.connection, connection),
            session === undefined ? undefined : eq(holds.session, session),
            olderThan(holds.openedAt, holds.id, cursor),
          ),
        )
        .orderBy(desc(holds.openedAt), desc(holds.id))
        .limit(limit + 1)
      const items = rows.map(({ record }) => parseHold(record))
      return pageOf(items, limit, ({ openedAt, id }) => cursorOf(openedAt, id))
    },

    async hold(id) {
      const [row] = await db.select({ record: holds.record, review: holds.review }).from(holds).where(eq(holds.id, id))
      return row === undefined ? null : { record: parseHold(row.record), review: row.review }
    },

    async grants({ open, now, cursor, limit }) {
      const live = and(isNull(grants.endedAt), gt(grants.expiresAt, now))
      const over = or(isNotNull(grants.endedAt), lte(grants.expiresAt, now))
      const rows = await db
        .select({ record: grants.record })
        .from(grants)
        .where(and(open === undefined ? undefined : open ? live : over, olderThan(grants.openedAt, grants.id, cursor)))
        .orderBy(desc(grants.openedAt), desc(grants.id))
        .limit(limit + 1)
      const items = rows.map(({ record }) => parseGrant(record))
      return pageOf(items, limit, ({ openedAt, id }) => cursorOf(openedAt, id))
    },

    async grant(id) {
      const [row] = await db.select({ record: grants.record }).from(grants).where(eq(grants.id, id))
      return row === undefined ? null : parseGrant(row.record)
    },

    async putNotice(record) {
      const { id, hold, connection, state, nextAt } = record
      const row = { hold, connection, state, nextAt, record: JSON.stringify(record) }
      const insert = db.insert(notices).values({ id, ...row })
      await writer.write([toStatement(insert.onConflictDoUpdate({ target: notices.id, set: row }))])
    },

    async waitingNotices(connection) {
      const rows = await db
        .select({ record: notices.record })
        .from(notices)
        .where(and(eq(notices.connection, connection), eq(notices.state, 'waiting')))
        .orderBy(asc(notices.nextAt), asc(notices.id))
      return rows.map(({ record }) => parseNotice(record))
    },

    async notices(hold) {
      const rows = await db
        .select({ record: notices.record })
        .from(notices)
        .where(eq(notices.hold, hold))
        .orderBy(asc(notices.id))
      return rows.map(({ record }) => parseNotice(record))
    },
  }
}

function olderThan(at: SQLiteColumn, id: SQLiteColumn, cursor: string | undefined): SQL | undefined {
  const after = parseCursor(cursor)
  return after === null ? undefined : sql`(${at}, ${id}) < (${after.at}, ${after.id})`
}

// Only this file writes records, so that their whole shape need not be told again here.

function parseHold(text: string): HoldRecord {
  const record = parseObject(text) as HoldRecord
  const lists = [record.items, record.votes, record.approvals]
  if (typeof record.id !== 'string' || !lists.every(Array.isArray)) throw new Error('not a hold')
  return record
}

function parseGrant(text: string): GrantRecord {
  const record = parseObject(text) as GrantRecord
  if (typeof record.id !== 'string' || typeof record.expiresAt !== 'number') throw new Error('not a grant')
  return record
}

function parseNotice(text: string): NoticeRecord {
  const record = parseObject(text) as NoticeRecord
  if (typeof record.id !== 'string' || typeof record.channel !== 'string') throw new Error('not a notice')
  return record
}

function parseObject(text: string): object {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('a record must be an object')
  return value
}
