// Multi-row statements in few sizes, so that few are prepared. No I/O.

import type { SqlValue, Statement } from './writer.ts'

const CHUNKS = [64, 16, 4, 2, 1] as const

/** `(?,?),(?,?)…` for so many rows and columns. */
export function tuples(rows: number, columns: number): string {
  const one = `(${Array(columns).fill('?').join(',')})`
  return Array(rows).fill(one).join(',')
}

/** One statement per chunk of rows. */
export function inChunks(rows: readonly (readonly SqlValue[])[], sql: (rows: number) => string): Statement[] {
  const out: Statement[] = []
  let at = 0
  for (const size of CHUNKS) {
    while (rows.length - at >= size) {
      out.push({ sql: sql(size), args: rows.slice(at, at + size).flat() })
      at += size
    }
  }
  return out
}
