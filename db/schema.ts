// The tables, for Drizzle. SCHEMA.md says what each column means; triggers stand in triggers.ts. No I/O.
// Every table is STRICT: the bundled migrations add the word, which drizzle-kit cannot write.

import { sql } from 'drizzle-orm'
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const leaves = sqliteTable(
  'leaves',
  {
    idx: integer('idx').primaryKey(),
    id: text('id').notNull(),
    type: text('type').notNull(),
    session: text('session'),
    writer: text('writer').notNull(),
    wseq: integer('wseq').notNull(),
    hash: text('hash').notNull(),
    leaf: text('leaf').notNull(),
  },
  (t) => [
    uniqueIndex('leaves_id').on(t.id),
    uniqueIndex('leaves_writer').on(t.writer, t.wseq),
    index('leaves_session').on(t.session, t.idx),
  ],
)

export const bodies = sqliteTable(
  'bodies',
  {
    event: text('event').notNull(),
    request: text('request').notNull(),
    kind: text('kind').notNull(),
    seq: integer('seq').notNull(),
    mediaType: text('media_type').notNull(),
    size: integer('size').notNull(),
    salt: blob('salt', { mode: 'buffer' }).notNull(),
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  (t) => [uniqueIndex('bodies_request').on(t.request, t.kind, t.seq)],
)

/** One row: how far the read model follows the log. */
export const projection = sqliteTable('projection', {
  one: integer('one').primaryKey(),
  next: integer('next').notNull(),
})

export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    connection: text('connection').notNull(),
    username: text('username').notNull(),
    groups: text('groups').notNull(),
    issuer: text('issuer').notNull(),
    purpose: text('purpose'),
    userAgent: text('user_agent').notNull(),
    startedAt: integer('started_at').notNull(),
    lastAt: integer('last_at').notNull(),
    commands: integer('commands').notNull(),
    requests: integer('requests').notNull(),
    denials: integer('denials').notNull(),
    masks: integer('masks').notNull(),
    holds: integer('holds').notNull().default(0),
  },
  (t) => [index('sessions_started').on(t.startedAt, t.id), index('sessions_connection').on(t.connection, t.startedAt)],
)

export const sessionTerms = sqliteTable(
  'session_terms',
  { session: text('session').notNull(), term: text('term').notNull() },
  (t) => [primaryKey({ columns: [t.session, t.term] })],
)

export const sessionMasks = sqliteTable(
  'session_masks',
  { session: text('session').notNull(), rule: text('rule').notNull(), masks: integer('masks').notNull() },
  (t) => [primaryKey({ columns: [t.session, t.rule] })],
)

export const segmentMasks = sqliteTable(
  'segment_masks',
  {
    request: text('request').notNull(),
    rule: text('rule').notNull(),
    at: text('at').notNull(),
    masks: integer('masks').notNull(),
  },
  (t) => [primaryKey({ columns: [t.request, t.rule, t.at] })],
)

export const commands = sqliteTable(
  'commands',
  {
    id: text('id').primaryKey(),
    session: text('session').notNull(),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at').notNull(),
    requests: integer('requests').notNull(),
    denials: integer('denials').notNull(),
    masks: integer('masks').notNull(),
    worst: integer('worst').notNull(),
    stream: text('stream'),
    holds: integer('holds').notNull().default(0),
  },
  (t) => [index('commands_session').on(t.session, t.startedAt, t.id)],
)

export const requests = sqliteTable(
  'requests',
  {
    id: text('id').primaryKey(),
    session: text('session').notNull(),
    command: text('command').notNull(),
    at: integer('at').notNull(),
    writer: text('writer').notNull(),
    result: text('result'),
    connection: text('connection').notNull().default(''),
  },
  (t) => [
    index('requests_session').on(t.session, t.id),
    index('requests_connection').on(t.connection, t.at, t.id),
    index('requests_command').on(t.command, t.id),
    index('requests_running').on(t.session, t.command).where(sql`result IS NULL`),
  ],
)

export const connections = sqliteTable('connections', {
  name: text('name').primaryKey(),
  description: text('description').notNull(),
  createdAt: text('created_at').notNull(),
})

export const connectors = sqliteTable('connectors', {
  id: text('id').primaryKey(),
  publicKey: text('public_key').notNull(),
  connections: text('connections').notNull(),
  createdAt: text('created_at').notNull(),
  revokedAt: text('revoked_at'),
})

export const documents = sqliteTable(
  'documents',
  {
    revision: integer('revision').primaryKey(),
    kind: text('kind').notNull(),
    name: text('name').notNull(),
    deleted: integer('deleted').notNull(),
    document: text('document').notNull(),
    source: text('source').notNull(),
    appliedBy: text('applied_by').notNull(),
    appliedAt: text('applied_at').notNull(),
  },
  (t) => [index('documents_name').on(t.kind, t.name, t.revision)],
)

export const holds = sqliteTable(
  'holds',
  {
    id: text('id').primaryKey(),
    connection: text('connection').notNull(),
    session: text('session').notNull(),
    open: integer('open').notNull(),
    openedAt: integer('opened_at').notNull(),
    record: text('record').notNull(),
    review: text('review').notNull(),
  },
  (t) => [
    index('holds_opened').on(t.openedAt, t.id),
    index('holds_open').on(t.open, t.openedAt, t.id),
    index('holds_connection').on(t.connection, t.openedAt, t.id),
    index('holds_connection_open').on(t.connection, t.open, t.openedAt, t.id),
    index('holds_session').on(t.session, t.openedAt, t.id),
  ],
)

export const grants = sqliteTable(
  'grants',
  {
    id: text('id').primaryKey(),
    connection: text('connection').notNull(),
    openedAt: integer('opened_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    endedAt: integer('ended_at'),
    record: text('record').notNull(),
  },
  (t) => [
    index('grants_opened').on(t.openedAt, t.id),
    index('grants_ended').on(t.endedAt, t.openedAt, t.id),
    index('grants_connection').on(t.connection, t.endedAt, t.openedAt, t.id),
  ],
)

export const notices = sqliteTable(
  'notices',
  {
    id: text('id').primaryKey(),
    hold: text('hold').notNull(),
    connection: text('connection').notNull(),
    state: text('state').notNull(),
    nextAt: integer('next_at').notNull(),
    record: text('record').notNull(),
  },
  (t) => [index('notices_hold').on(t.hold, t.id), index('notices_state').on(t.connection, t.state, t.nextAt, t.id)],
)

export const codes = sqliteTable('codes', {
  sha256: text('sha256').primaryKey(),
  purpose: text('purpose').notNull(),
  payload: text('payload').notNull(),
  expiresAt: integer('expires_at').notNull(),
})

export const logins = sqliteTable('logins', {
  sha256: text('sha256').primaryKey(),
  username: text('username').notNull(),
  groups: text('groups').notNull(),
  issuer: text('issuer').notNull(),
  expiresAt: integer('expires_at').notNull(),
})
