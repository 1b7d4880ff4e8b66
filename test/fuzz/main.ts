// Fuzzes the masks for a time: `npm run test:fuzz [-- --minutes 10 --seed 1]`. Prints every flaw with its seed, the slowest case, and
// ends with 1 if there was any. A case that takes more than STALL_MS is a flaw as well.

import { parseArgs } from 'node:util'
import { RUNS } from './runs.ts'

/** A case is a few kilobytes, and takes about a millisecond. */
const STALL_MS = 5_000
const MAX_SHOWN = 50

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
})
const until = performance.now() + Number(values.minutes) * 60_000
let seed = Number(values.seed)
let cases = 0
let flaws = 0
let slowest = { ms: 0, seed: 0 }

while (performance.now() < until) {
  for (const run of RUNS) {
    const started = performance.now()
    let flaw: { readonly run: string; readonly what: string } | null
    try {
      flaw = run(seed)
    } catch (error) {
      flaw = { run: run.name, what: `failed: ${String(error)}` }
    }
    const ms = performance.now() - started
    if (ms > slowest.ms) slowest = { ms, seed }
    if (flaw === null && ms > STALL_MS) flaw = { run: run.name, what: `took ${Math.round(ms)} ms` }
    if (flaw !== null) {
      flaws += 1
      if (flaws <= MAX_SHOWN) console.log(`seed ${seed}, ${flaw.run}: ${flaw.what}`)
    }
    cases += 1
  }
  seed += 1
}
const memory = Math.round(process.memoryUsage().rss / 1024 / 1024)
console.log(`${cases} cases, ${flaws} flaws; slowest ${slowest.ms.toFixed(0)} ms (seed ${slowest.seed}); ${memory} MiB`)
process.exit(flaws === 0 ? 0 : 1)
