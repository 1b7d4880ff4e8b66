import { describe, expect, it } from 'vitest'
import { RUNS } from './runs.ts'

/** The short form of `npm run test:fuzz`: the same seeds every time. */
const SEEDS = 120
/** Seeds of longer runs that once showed a flaw. */
const FOUND = [
  5011, 5555, 5631, 5706, 7738, 90247, 120632, 304908, 702853, 1007122, 5005515, 100010447, 100209506, 100342016,
  100421831, 100501793,
]
/** Some seconds each; a machine with other work to do takes many times as long. */
const LIMIT_MS = 180_000

describe('masks over random texts, cuts and garbage', () => {
  it.each(RUNS.map((run) => [run.name, run] as const))(
    '%s',
    (_name, run) => {
      const seeds = [...FOUND, ...Array.from({ length: SEEDS }, (_, seed) => seed)]
      const flaws = seeds.map((seed) => run(seed)).filter((flaw) => flaw !== null)
      expect(flaws).toEqual([])
    },
    LIMIT_MS,
  )
})
