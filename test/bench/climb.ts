// Looks for texts that are searched slower than those of the bench: units of these are changed at random, and what makes a text
// slower is kept. The seed and the steps say what is tried; what is kept depends on the machine too. No network.
// By itself: `bun test/bench/climb.ts [SEED] [STEPS]`.

import process from 'node:process'
import { MaskError } from '../../worker/mask/error.ts'
import { createFinder } from '../../worker/mask/find/finder.ts'
import { PATTERN_RULES } from '../../worker/mask/find/rules/index.ts'
import { exampleOf } from '../../worker/mask/find/testing.ts'
import { createKnownValues } from '../../worker/mask/find/values.ts'
import { DEFAULT_MASK_RULES } from '../../worker/mask/rules.ts'
import { seeded } from '../../worker/mask/testing.ts'
import { HOSTILE, hostileText } from './masking.ts'

/** Units that are changed further. */
const KEPT = 12
const MAX_UNIT = 600
/** Slower by less than this may be chance. */
const BETTER = 1.03

const SIGNS = ['\\', '%41', '\n', '\\n', '\\x41', '\\u0041', '\u001b[m', '\b', ' ', '=', ':', '"', "'", ',', ';', '&']
const MORE = [
  '.',
  '-',
  '_',
  '/',
  '(',
  '[',
  '{',
  '<',
  'A',
  'a',
  '1',
  '\0',
  'é',
  '\t',
  '\r',
  '+',
  '0x41,',
  '&#65;',
  '65 66 ',
]

interface Unit {
  readonly unit: string
  readonly ms: number
}

const finder = createFinder(DEFAULT_MASK_RULES, createKnownValues())

/** The best time of some; 0 when it is withheld. */
function msOf(unit: string, rounds: number): number {
  const text = hostileText(unit)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    try {
      finder.find(text, { final: true })
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      return 0
    }
    best = Math.min(best, performance.now() - start)
  }
  return best
}

/** A unit with one thing changed. */
function changed(unit: string, units: readonly string[], random: () => number): string {
  const below = (count: number) => Math.floor(random() * count)
  const oneOf = (list: readonly string[]) => list[below(list.length)] ?? ''
  const at = below(unit.length + 1)
  const to = at + below(unit.length - at + 1)
  const before = unit.slice(0, at)
  switch (below(8)) {
    case 0:
      return before + oneOf([...SIGNS, ...MORE]) + unit.slice(at)
    case 1:
      return before + oneOf(units) + unit.slice(at)
    case 2:
      return before + unit.slice(to)
    case 3:
      return before + unit.slice(at, to).repeat(2 + below(3)) + unit.slice(to)
    case 4:
      return Buffer.from(unit).toString('base64') + oneOf([' ', '\n', '', '.'])
    case 5:
      return JSON.stringify(unit).slice(1, -1)
    case 6: {
      const rule = PATTERN_RULES[below(PATTERN_RULES.length)]!
      const example = exampleOf(rule, random)
      return `${before}${oneOf(['', ' '])}${rule.near[0] ?? ''} ${example.slice(0, below(example.length + 1))}${unit.slice(at)}`
    }
    default:
      return before + encodeURIComponent(unit.slice(at, to).toWellFormed()) + unit.slice(to)
  }
}

/** The slowest units that are found, slowest first. */
function slowest(seed: number, steps: number): readonly Unit[] {
  const random = seeded(seed)
  const units = Object.values(HOSTILE)
  for (const unit of units) msOf(unit, 3)
  const slow = (one: Unit, other: Unit) => other.ms - one.ms
  let kept = units
    .map((unit) => ({ unit, ms: msOf(unit, 3) }))
    .sort(slow)
    .slice(0, KEPT)
  for (let step = 0; step < steps; step++) {
    const parent = kept[Math.floor(random() * kept.length)]!
    let unit = parent.unit
    for (let times = Math.floor(random() * 3); times >= 0; times--) unit = changed(unit, units, random)
    if (unit === '' || unit.length > MAX_UNIT || kept.some((one) => one.unit === unit)) continue
    const ms = msOf(unit, 1) > parent.ms * BETTER ? msOf(unit, 4) : 0
    if (ms > parent.ms * BETTER) kept = [...kept.filter((one) => one !== parent), { unit, ms }].sort(slow)
  }
  return kept.map(({ unit }) => ({ unit, ms: msOf(unit, 8) })).sort(slow)
}

if (import.meta.main) {
  const [seed = 1, steps = 400] = process.argv.slice(2).map(Number)
  for (const { unit, ms } of slowest(seed, steps)) {
    const bytes = hostileText(unit).length
    process.stdout.write(`${(bytes / 1000 / ms).toFixed(1).padStart(7)} MB/s  ${JSON.stringify(unit)}\n`)
  }
}
