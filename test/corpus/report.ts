// Counts outcomes and writes them down. In: outcomes. Out: text, and whether they are good enough. No I/O.

import type { Outcome } from './judge.ts'

/** Of each source's secrets, in each carrier, so many must be masked. */
export const RECALL = 0.95
/** Of the benign entries, in each carrier, at most so many may be touched. */
export const TOUCHED = 0.02

/** So many of an entry's, by carrier. */
interface Count {
  all: number
  good: number
}

/** Percent with one digit, `-` when nothing was counted. */
function percent(count: Count | undefined): string {
  return count === undefined || count.all === 0 ? '-' : ((100 * count.good) / count.all).toFixed(1)
}

/** Counts by row and column. */
export class Table {
  readonly #rows = new Map<string, Map<string, Count>>()

  add(row: string, column: string, good: boolean): void {
    const columns = this.#rows.get(row) ?? new Map<string, Count>()
    this.#rows.set(row, columns)
    const count = columns.get(column) ?? { all: 0, good: 0 }
    columns.set(column, count)
    count.all++
    if (good) count.good++
  }

  /** Rows by name, with their columns. */
  rows(): [string, ReadonlyMap<string, Count>][] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Cells below a share, as `row column percent`. */
  below(share: number): string[] {
    return this.rows().flatMap(([row, columns]) =>
      [...columns]
        .filter(([, count]) => count.all - count.good > (1 - share) * count.all + 1e-9)
        .map(([column, count]) => `${row} ${column} ${percent(count)} %`),
    )
  }

  /** As text, one line a row: how many, then percent by column. */
  text(columns: readonly string[]): string {
    const width = Math.max(8, ...this.rows().map(([row]) => row.length))
    const cells = (row: string, values: readonly string[]): string =>
      `${row.padEnd(width)} ${values.map((value) => value.padStart(9)).join(' ')}`
    return [
      cells('', ['n', ...columns]),
      ...this.rows().map(([row, counts]) => {
        const n = Math.max(...[...counts.values()].map((count) => count.all))
        return cells(row, [String(n), ...columns.map((column) => percent(counts.get(column)))])
      }),
    ].join('\n')
  }
}

/** Which of our rules did it, most often first. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(outcome: Outcome): void {
    for (const rule of new Set(outcome.rules)) this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1)
  }

  text(): string {
    return [...this.#counts]
      .sort(([, a], [, b]) => b - a)
      .map(([rule, count]) => `${String(count).padStart(6)}  ${rule}`)
      .join('\n')
  }
}
