// The Store port: configuration, one-time codes and logins. Reads through drizzle, writes through the one writer.

import { and, eq, gt, sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import type { Connection, ConnectorRecord, Login, OneTimeCode, Store, StoredDocument } from '../worker/ports.ts'
import { codes, connections, connectors, documents, logins } from './schema.ts'
import { toStatement } from './statement.ts'
import type { Statement, WriteResult, Writer } from './writer.ts'

/** Used or not, codes and logins that ended are swept when another is stored. */
const SWEEP_AFTER_MS = 60 * 60 * 1000

export function createStore(db: LibSQLDatabase, writer: Writer, now: () => number): Store {
  const write = async (
    ...queries: readonly { toSQL(): { sql: string; params: unknown[] } }[]
  ): Promise<WriteResult[]> => [...(await writer.write(queries.map(toStatement)))]

  return {
    async connections() {
      return db.select().from(connections).orderBy(connections.name)
    },
    async putConnection(connection: Connection) {
      const { name, description, createdAt } = connection
      const insert = db.insert(connections).values({ name, description, createdAt })
      await write(insert.onConflictDoUpdate({ target: connections.name, set: { description } }))
    },
    async deleteConnection(name) {
      const [result] = await write(db.delete(connections).where(eq(connections.name, name)))
      return (result?.changes ?? 0) > 0
    },

    async connectors() {
      return (await db.select().from(connectors).orderBy(connectors.createdAt, connectors.id)).map(parseConnector)
    },
    async connector(id) {
      const [row] = await db.select().from(connectors).where(eq(connectors.id, id))
      return row === undefined ? null : parseConnector(row)
    },
    async putConnector(record) {
      const row = {
        publicKey: JSON.stringify(record.publicKey),
        connections: JSON.stringify(record.connections),
        createdAt: record.createdAt,
        revokedAt: record.revokedAt ?? null,
      }
      const insert = db.insert(connectors).values({ id: record.id, ...row })
      await write(insert.onConflictDoUpdate({ target: connectors.id, set: row }))
    },
    async revokeConnector(id, at) {
      const live = and(eq(connectors.id, id), sql`${connectors.revokedAt} IS NULL`)
      const [result] = await write(db.update(connectors).set({ revokedAt: at }).where(live))
      return (result?.changes ?? 0) > 0
    },

    async documents(kind) {
      const rows = await db
        .select()
        .from(documents)
        .where(and(eq(documents.kind, kind), sql`${documents.revision} IN (${newest(kind)})`, eq(documents.deleted, 0)))
        .orderBy(documents.name)
      return rows.map(parseDocument)
    },
    async document(kind, name) {
      const [row] = await db
        .select()
        .from(documents)
        .where(and(eq(documents.kind, kind), eq(documents.name, name)))
        .orderBy(sql`${documents.revision} DESC`)
        .limit(1)
      return row === undefined || row.deleted !== 0 ? null : parseDocument(row)
    },
    async putDocuments(list, by, at) {
      if (list.length === 0) return []
      const results = await writer.write(
        list.map(({ kind, name, document, source }) =>
          revision(kind, name, 0, JSON.stringify(document ?? null), source, by, at),
        ),
      )
      return list.map(({ kind, name, document, source }, index) => {
        const row = results[index]?.rows[0]
        return { kind, name, revision: Number(row?.revision), document, source, appliedBy: by, appliedAt: at }
      })
    },
    async deleteDocument(kind, name, by, at) {
      // A tombstone, and only where the newest revision is live: judged inside the write.
      const live = `EXISTS (SELECT 1 FROM documents d WHERE d.kind = ?1 AND d.name = ?2 AND d.deleted = 0 AND d.revision =
(SELECT max(revision) FROM documents WHERE kind = ?1 AND name = ?2))`
      const [result] = await writer.write([revision(kind, name, 1, 'null', '', by, at, live)])
      return (result?.rows.length ?? 0) > 0
    },
    async revision() {
      const [row] = await db.select({ revision: sql<number>`coalesce(max(${documents.revision}), 0)` }).from(documents)
      return row?.revision ?? 0
    },

    async putCode(sha256, code) {
      const sweep = db.delete(codes).where(sql`${codes.expiresAt} < ${now() - SWEEP_AFTER_MS}`)
      const { purpose, payload, expiresAt } = code
      await write(sweep, db.insert(codes).values({ sha256, purpose, payload, expiresAt }))
    },
    async takeCode(sha256, purpose, at) {
      // One statement takes and tells: of two at once only one gets the row.
      const taken = and(eq(codes.sha256, sha256), eq(codes.purpose, purpose))
      const [result] = await write(db.delete(codes).where(taken).returning())
      const row = result?.rows[0]
      if (row === undefined) return null
      const code: OneTimeCode = { purpose, payload: String(row.payload), expiresAt: Number(row.expires_at) }
      return code.expiresAt > at ? code : null
    },

    async putLogin(sha256, login) {
      const { username, groups, issuer, expiresAt } = login
      const sweep = db.delete(logins).where(sql`${logins.expiresAt} < ${now() - SWEEP_AFTER_MS}`)
      await write(
        sweep,
        db.insert(logins).values({ sha256, username, groups: JSON.stringify(groups), issuer, expiresAt }),
      )
    },
    async login(sha256, at): Promise<Login | null> {
      const [row] = await db
        .select()
        .from(logins)
        .where(and(eq(logins.sha256, sha256), gt(logins.expiresAt, at)))
      if (row === undefined) return null
      const { username, issuer, expiresAt } = row
      return { username, groups: parseStrings(row.groups), issuer, expiresAt }
    },
    async deleteLogin(sha256) {
      await write(db.delete(logins).where(eq(logins.sha256, sha256)))
    },
  }
}

function newest(kind: string) {
  return sql`SELECT max(d.revision) FROM documents d WHERE d.kind = ${kind} GROUP BY d.name`
}

/** One revision, numbered inside the transaction; `when` is a condition over ?1 (kind) and ?2 (name). */
function revision(
  kind: string,
  name: string,
  deleted: number,
  document: string,
  source: string,
  by: string,
  at: string,
  when = 'true',
): Statement {
  return {
    sql: `INSERT INTO documents (revision, kind, name, deleted, document, source, applied_by, applied_at)
SELECT (SELECT coalesce(max(revision), 0) + 1 FROM documents), ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ${when} RETURNING revision`,
    args: [kind, name, deleted, document, source, by, at],
  }
}

function parseConnector(row: typeof connectors.$inferSelect): ConnectorRecord {
  const key: unknown = JSON.parse(row.publicKey)
  const x = typeof key === 'object' && key !== null && 'x' in key ? String(key.x) : ''
  return {
    id: row.id,
    publicKey: { kty: 'OKP', crv: 'Ed25519', x },
    connections: parseStrings(row.connections),
    createdAt: row.createdAt,
    ...(row.revokedAt === null ? {} : { revokedAt: row.revokedAt }),
  }
}

function parseDocument(row: typeof documents.$inferSelect): StoredDocument {
  const { kind, name, revision, source, appliedBy, appliedAt } = row
  return { kind, name, revision, document: JSON.parse(row.document), source, appliedBy, appliedAt }
}

function parseStrings(text: string): string[] {
  const value: unknown = JSON.parse(text)
  return Array.isArray(value) ? value.map(String) : []
}
