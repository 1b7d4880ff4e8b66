// `npm run test:corpus -- DIR [--out DIR] [--limit N] [--cluster]`: how much of other people's corpora of secrets is masked, and
// how much is touched that is none. The corpora are not in the repository (README.md says what they look like). Ends with 1 when
// a source falls below what is asked.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { CARRIERS } from './carriers.ts'
import { runCluster } from './cluster.ts'
import { type Entry, readCorpus } from './entries.ts'
import { judge } from './judge.ts'
import { RECALL, Table, Tally, TOUCHED } from './report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    limit: { type: 'string' },
    carrier: { type: 'string', multiple: true },
    cluster: { type: 'boolean', default: false },
  },
})
const [folder] = positionals
if (folder === undefined || positionals.length > 1) {
  process.stderr.write('usage: npm run test:corpus -- DIR [--out DIR] [--limit N] [--carrier NAME]… [--cluster]\n')
  process.exit(2)
}
const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : Number(values.limit)
const carriers = CARRIERS.filter((carrier) => values.carrier?.includes(carrier.name) ?? true)

/** Carriers with lines before and after. */
const BETWEEN_LINES: readonly string[] = ['log', 'exec']

/** The first N of each source's rule, so that a short run sees every rule. */
function short(entries: readonly Entry[]): Entry[] {
  const seen = new Map<string, number>()
  return entries.filter((entry) => {
    const key = `${entry.source} ${entry.rule} ${entry.kind}`
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    return count <= limit
  })
}

/** One line of a text. */
const line = (text: string): string => JSON.stringify(text.length > 600 ? `${text.slice(0, 600)}…` : text)

const entries = short(await readCorpus(folder))
if (values.cluster) process.exit((await runCluster(entries, values.out)) ? 0 : 1)
const started = performance.now()
const recall = new Table()
const rules = new Table()
const untouched = new Table()
const neighbours = new Table()
const overreach: string[] = []
const touchedBy = new Tally()
const misses = new Map<string, string[]>()
const touched: string[] = []
let withheld = 0
let benign = 0
for (const entry of entries) {
  const missed: string[] = []
  let left = ''
  if (entry.kind === 'benign') benign++
  else if (!misses.has(entry.source)) misses.set(entry.source, [])
  for (const carrier of carriers) {
    const outcome = judge(entry, carrier)
    if (outcome.withheld) withheld++
    if (entry.kind === 'secret') {
      recall.add(entry.source, carrier.name, outcome.good)
      rules.add(`${entry.source} ${entry.rule}`, carrier.name, outcome.good)
      if (BETWEEN_LINES.includes(carrier.name)) neighbours.add(entry.source, carrier.name, !outcome.beyond)
      if (BETWEEN_LINES.includes(carrier.name) && outcome.beyond)
        overreach.push(
          `${entry.source} ${entry.rule}  ${carrier.name}  ${outcome.rules.join(',')}  ${line(entry.text)}`,
        )
      if (!outcome.good) {
        missed.push(carrier.name)
        left ||= outcome.what
      }
      continue
    }
    untouched.add(entry.source, carrier.name, outcome.good)
    untouched.add('= all', carrier.name, outcome.good)
    if (outcome.good) continue
    touchedBy.add(outcome)
    touched.push(
      `${entry.source} ${entry.rule}  ${carrier.name}  ${outcome.rules.join(',')}  ${line(outcome.what)}  in ${line(entry.text)}`,
    )
  }
  if (missed.length > 0) {
    misses
      .get(entry.source)
      ?.push(`${entry.rule}  in ${missed.join(',')}  ${line(entry.secret)}  left ${line(left)}  in ${line(entry.text)}`)
  }
}

const names = carriers.map((carrier) => carrier.name)
const low = recall.below(RECALL)
const high = untouched.below(1 - TOUCHED).filter((cell) => cell.startsWith('= all'))
const worst = rules.rows().filter(([, counts]) => [...counts.values()].some((count) => count.good < RECALL * count.all))
const report = [
  `${entries.length} entries (${benign} benign), ${names.length} carriers, ${((performance.now() - started) / 1000).toFixed(1)} s, ${withheld} withheld`,
  `\nMasked, percent of each source's secrets (at least ${100 * RECALL}):\n${recall.text(names)}`,
  `\nUntouched, percent of benign entries (all together at least ${100 - 100 * TOUCHED}):\n${untouched.text(names)}`,
  `\nNeighbours left alone, percent of secrets whose lines before and after came out whole:\n${neighbours.text(BETWEEN_LINES)}`,
  `\nTouched for nothing, by our rule:\n${touchedBy.text()}`,
  `\nBelow:\n${[...low, ...high].join('\n') || 'nothing'}`,
  `\n${worst.length} rules of theirs below ${100 * RECALL} % in a carrier:`,
  ...worst.map(
    ([rule, counts]) =>
      `${rule}: ${names.map((name) => `${name} ${counts.get(name)?.good ?? 0}/${counts.get(name)?.all ?? 0}`).join(' ')}`,
  ),
].join('\n')
if (values.out === undefined) process.stdout.write(`${report}\n`)
else {
  await writeFile(join(values.out, 'report.txt'), `${new Date().toISOString()}\n${report}\n`)
  await writeFile(join(values.out, 'false.txt'), `${touched.join('\n')}\n`)
  await writeFile(join(values.out, 'beyond.txt'), `${overreach.join('\n')}\n`)
  for (const [source, lines] of misses)
    await writeFile(join(values.out, `misses-${source}.txt`), `${lines.join('\n')}\n`)
  process.stdout.write(`${report.split(`\n${worst.length} rules of theirs`)[0]}\n`)
}
process.exitCode = low.length + high.length > 0 ? 1 : 0
