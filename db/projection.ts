// How the read model follows the log: one stretch of leaves at a time, in a transaction that also says how far it came.
// In: rows of leaves. Out: statements. No I/O; the writers run them, catchup.ts has readers wait for them.

import type { Leaf } from '../protocol/log/event.ts'
import { parseLeaf } from '../protocol/log/leaf.ts'
import { deriveReadModel } from './readmodel.ts'
import type { Projected, Statement, WriteResult } from './writer.ts'

/** Leaves in one transaction: many share the pages they touch, and an intent waits for one stretch (1 ms) at most. */
export const STRETCH_LEAVES = 128

/** The next stretch. One row without a leaf: there is nothing to do. */
export const NEXT_STRETCH: Statement = {
  sql: `SELECT p.next, l.idx, l.leaf FROM projection AS p
LEFT JOIN leaves AS l ON l.idx >= p.next AND l.idx < p.next + ? ORDER BY l.idx`,
  args: [STRETCH_LEAVES],
}

/** What one stretch does to the read model, and where the next one starts. */
export interface Stretch extends Projected {
  readonly from: number
  /** For one transaction; none when there is nothing to do. */
  readonly statements: readonly Statement[]
}

/** Plans what NEXT_STRETCH found. Its first statement fails when another process has gone on meanwhile. */
export function planStretch(rows: WriteResult['rows']): Stretch {
  const from = Number(rows[0]?.next)
  const leaves: Leaf[] = []
  let next = from
  for (const { idx, leaf } of rows) {
    if (idx === null) continue
    next = Number(idx) + 1
    const read = parsed(String(leaf))
    if (read !== null) leaves.push(read)
  }
  if (next === from) return { from, statements: [], next, more: false }
  // NULL is refused by the column, and the whole transaction with it.
  const moved = { sql: 'UPDATE projection SET next = iif(next = ?, ?, NULL)', args: [from, next] }
  return { from, statements: [moved, ...deriveReadModel(leaves)], next, more: next - from === STRETCH_LEAVES }
}

/** Null: not a leaf. Verification says so; the leaves after it must not be kept from view. */
function parsed(text: string): Leaf | null {
  try {
    return parseLeaf(text)
  } catch {
    return null
  }
}
