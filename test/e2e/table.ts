// Runs groups of rows side by side, each group's rows one after the other, and gives every row a test of its own.
// In: groups and doors. Out: tests, which wait for their row. A failed row does not keep the next one from being tried.

import { describe, test } from 'vitest'
import type { Door, TableRow } from './door.ts'
import type { Version } from './installation.ts'

/** Groups that run at a time. */
const LANES = 5

interface Job {
  readonly row: TableRow
  readonly done: PromiseWithResolvers<void>
}

export interface Plan {
  /** Starts working; returns at once. */
  start(door: Door): void
  /** Declares the tests. Call it where tests are declared. */
  declare(): void
  /** Resolves when every row has been tried. */
  readonly over: Promise<unknown>
}

/** Lends its lanes to plans, first come, first served. */
export class Lanes {
  #free = LANES
  readonly #waiting: (() => void)[] = []

  async run(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}

/** Plans the rows that this client and this kind of cluster have. */
export function plan(
  groups: Readonly<Record<string, readonly TableRow[]>>,
  of: { readonly version: Version; readonly real: boolean; readonly lanes: Lanes },
): Plan {
  const jobs = Object.entries(groups).map(([group, rows]) => ({
    group,
    rows: rows
      .filter((row) => row.only === undefined || row.only === of.version)
      .filter((row) => row.on === undefined || (row.on === 'real') === of.real)
      .map((row): Job => {
        const done = Promise.withResolvers<void>()
        // It may fail before its test asks.
        done.promise.catch(() => undefined)
        return { row, done }
      }),
  }))
  return {
    start(door) {
      for (const { rows } of jobs) {
        void of.lanes.run(async () => {
          for (const { row, done } of rows) await door.row(row).then(done.resolve, done.reject)
        })
      }
    },
    declare() {
      for (const { group, rows } of jobs) {
        describe(group, () => {
          const named = rows.map((job) => ['check' in job.row ? job.row.name : job.row.run, job] as const)
          test.each(named)('%s', async (_name, { done }) => done.promise)
        })
      }
    },
    over: Promise.allSettled(jobs.flatMap(({ rows }) => rows.map(({ done }) => done.promise))),
  }
}
