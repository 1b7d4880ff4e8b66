// What the suites of the database's ports start from: a subject, entries, and a reader that checks the whole log.

import { createHash } from 'node:crypto'
import type { Client } from '@libsql/client'
import { expect } from 'vitest'
import type { LogEvent } from '../../protocol/log/event.ts'
import { leafText, parseLeaf } from '../../protocol/log/leaf.ts'
import type { Entry } from '../../worker/ports.ts'
import type { Database } from '../database.ts'

/** An empty database of one kind. */
export interface Subject {
  /** Opens it (again): each a gateway of its own. */
  open(): Promise<Database>
  /** A client beside the product, to look and to tamper. */
  readonly raw: Client
  close(): Promise<void>
}

export const NOW = Date.parse('2026-01-02T03:04:05.006Z')
export const utf8 = new TextEncoder()

/** Bytes that never repeat within a test run, the same in every run. */
export function counterBytes(): (length: number) => Uint8Array {
  let count = 0
  return (length) => {
    count += 1
    return createHash('sha512').update(`bytes ${count}`).digest().subarray(0, length)
  }
}

export function event(type: LogEvent['type'], id: string, more: Partial<LogEvent> = {}): LogEvent {
  return { v: 1, type, id, ts: new Date(NOW).toISOString(), ...more }
}

/** An intent of `kubectl get pods -n shop`, unless told otherwise. */
export function intent(id: string, more: Partial<LogEvent> = {}, request: Partial<LogEvent['request']> = {}): Entry {
  return {
    event: event('request.intent', id, {
      session: 's1',
      command: 'c1',
      actor: { username: 'agent', groups: ['ai-agents'], issuer: 'https://id.example' },
      connection: 'demo',
      request: {
        method: 'GET',
        target: '/api/v1/namespaces/shop/pods',
        verb: 'list',
        group: '',
        version: 'v1',
        resource: 'pods',
        subresource: '',
        namespace: 'shop',
        name: '',
        userAgent: 'kubectl/v1.35.2',
        kubectlCommand: 'kubectl get',
        ...request,
      },
      decision: { effect: 'Allow', policy: 'p', rule: 'r', reason: 'because', revision: 1 },
      ...more,
    }),
  }
}

export function result(id: string, ref: string, more: Partial<LogEvent> = {}, body?: string): Entry {
  const bytes = body === undefined ? undefined : utf8.encode(body)
  return {
    event: event('request.result', id, {
      session: 's1',
      command: 'c1',
      ref,
      res: { outcome: 'ok', code: 200, durationMs: 1, bytes: bytes?.length ?? 0 },
      ...more,
    }),
    ...(bytes === undefined ? {} : { body: { kind: 'response', seq: 0, mediaType: 'text/plain', bytes } }),
  }
}

/** Reads the whole log and checks order, chains, hashes and bodies; returns the ids in order. */
export async function checkLog(raw: Client): Promise<string[]> {
  const { rows } = await raw.execute('SELECT idx, id, writer, wseq, hash, leaf FROM leaves ORDER BY idx')
  const ends = new Map<string, { wseq: number; hash: string }>()
  for (const [index, row] of rows.entries()) {
    const text = String(row.leaf)
    const leaf = parseLeaf(text)
    const end = ends.get(leaf.writer) ?? { wseq: 0, hash: '' }
    const hash = createHash('sha256').update(`\0${text}`).digest('hex')
    expect([row.idx, row.id, row.writer, row.wseq, row.hash]).toEqual([index, leaf.id, leaf.writer, leaf.wseq, hash])
    expect([leaf.wseq, leaf.wprev]).toEqual([end.wseq + 1, end.hash])
    expect(leafText(leaf)).toBe(text)
    ends.set(leaf.writer, { wseq: leaf.wseq, hash })
    if (leaf.body !== undefined) {
      const body = await raw.execute({ sql: 'SELECT salt, bytes FROM bodies WHERE event = ?', args: [leaf.id] })
      const found = body.rows[0]
      const digest = createHash('sha256').update(bytesOf(found?.salt)).update(bytesOf(found?.bytes)).digest('hex')
      expect([leaf.body.sha256, leaf.body.bytes]).toEqual([digest, bytesOf(found?.bytes).length])
    }
  }
  return rows.map((row) => String(row.id))
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return value instanceof Uint8Array ? value : new Uint8Array()
}

/** The subject of the test that runs, and databases opened on it that are closed after. */
export interface Opened {
  readonly open: () => Promise<Database>
  readonly subject: () => Subject
}
