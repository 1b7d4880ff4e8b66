// From entries to statements: the leaves with their places in the writer's chain, and their bodies.
// In: sealed entries, the chain's end. Out: statements for one transaction, leaf hashes. No I/O. No clock.

import { bytesToHex } from '@noble/hashes/utils.js'
import type { Leaf } from '../protocol/log/event.ts'
import { bodyHash, leafHash, leafText, type Sha256 } from '../protocol/log/leaf.ts'
import { inChunks, tuples } from './chunks.ts'
import type { ChainEnd, Sealed, SqlValue, Statement } from './writer.ts'

const utf8 = new TextEncoder()

export interface Plan {
  readonly statements: readonly Statement[]
  /** Hex leaf hashes, in order. */
  readonly hashes: readonly string[]
}

/** Whose body is their own, also when they follow another event: a preparatory request, a question about a request. */
const OWN_BODY: ReadonlySet<string> = new Set(['request.intent', 'hold.open'])

/** Plans the append of entries behind `end`. The same SQL serves embedded and remote databases. */
export function planAppend(entries: readonly Sealed[], end: ChainEnd, hash: Sha256): Plan {
  const hashes: string[] = []
  const leafRows: SqlValue[][] = []
  const bodyRows: SqlValue[][] = []
  let { wseq, wprev } = end
  for (const { event, body } of entries) {
    wseq += 1
    const place = { writer: end.writer, wseq, wprev }
    const leaf: Leaf = body === undefined ? { ...event, ...place } : { ...event, ...place, body: digest(body, hash) }
    const text = leafText(leaf)
    wprev = bytesToHex(leafHash(utf8.encode(text), hash))
    hashes.push(wprev)
    leafRows.push([event.id, event.type, event.session ?? null, end.writer, wseq, wprev, text])
    if (body !== undefined) {
      const request = OWN_BODY.has(event.type) ? event.id : (event.ref ?? event.id)
      bodyRows.push([event.id, request, body.kind, body.seq, body.mediaType, body.bytes.length, body.salt, body.bytes])
    }
  }
  const statements = [
    ...inChunks(leafRows, leafSql),
    ...inChunks(bodyRows, (rows) => `INSERT INTO bodies ${BODY_COLUMNS} VALUES ${tuples(rows, 8)}`),
  ]
  return { statements, hashes }
}

const BODY_COLUMNS = '(event, request, kind, seq, media_type, size, salt, bytes)'

/** The place in the log is taken inside the transaction, so that several writers stay dense. */
function leafSql(rows: number): string {
  const values = Array.from({ length: rows }, (_, at) => `(${at + 1},?,?,?,?,?,?,?)`).join(',')
  return `INSERT INTO leaves (idx, id, type, session, writer, wseq, hash, leaf)
SELECT b.last + v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8
FROM (SELECT coalesce(max(idx), -1) AS last FROM leaves) AS b, (VALUES ${values}) AS v ORDER BY v.column1`
}

function digest(body: NonNullable<Sealed['body']>, hash: Sha256): NonNullable<Leaf['body']> {
  const { kind, seq, mediaType, salt, bytes } = body
  return { kind, seq, mediaType, bytes: bytes.length, sha256: bytesToHex(bodyHash(salt, bytes, hash)) }
}
