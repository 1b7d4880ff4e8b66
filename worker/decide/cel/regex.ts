// matches, find and findAll, by RE2: linear in the text whatever the pattern. What a pattern and a text may cost together is
// paid for before they meet. No I/O, no clock.

import { RE2JS } from 're2js'
import { global, INT, index, known, member, type Overload, type Param, STRING } from './functions.ts'
import { Failure, type Meter, Opaque } from './values.ts'

/** A pattern written in a condition. */
export const MAX_PATTERN = 1000
/** A text a pattern is tried on. No name, image or argument is longer; a ConfigMap's data may be. */
export const MAX_PATTERN_TEXT = 32 * 1024
/** The sum of the counts in `{n,m}`: each is as many copies of what it repeats. */
const MAX_REPEATS = 1000
/** A pattern that only a request brings must be small: it is compiled each time. */
const MAX_FOREIGN_PATTERN = 200
const MAX_FOREIGN_REPEATS = 50
const FOREIGN_COST = 10_000

/** A pattern, ready. Literal patterns are made into one when the condition is compiled. */
export class Pattern extends Opaque {
  readonly type = 'string'
  readonly re: RE2JS
  readonly size: number
  constructor(re: RE2JS) {
    super()
    this.re = re
    this.size = re.programSize()
  }
  key(): string {
    return this.re.pattern()
  }
}

/** @throws Failure when it is no pattern, or too large a one */
export function compilePattern(pattern: string, maxLength = MAX_PATTERN, maxRepeats = MAX_REPEATS): Pattern {
  if (pattern.length > maxLength) throw new Failure(`a pattern longer than ${maxLength} characters`)
  let repeats = 0
  for (const [, from, to] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) repeats += Number(to || from)
  if (repeats > maxRepeats) throw new Failure(`a pattern that repeats more than ${maxRepeats} times`)
  try {
    return new Pattern(RE2JS.compile(pattern))
  } catch {
    throw new Failure('not a pattern in the syntax of RE2')
  }
}

const PATTERN: Param<string | Pattern> = {
  name: 'string',
  is: (value): value is string | Pattern => typeof value === 'string' || value instanceof Pattern,
}

export const REGEX: readonly Overload[] = [
  ...known([member('matches', [STRING, PATTERN], 'bool', (meter, text, pattern) => matches(text, pattern, meter))]),
  global('matches', [STRING, PATTERN], 'bool', (meter, text, pattern) => matches(text, pattern, meter)),
  member('find', [STRING, PATTERN], 'string', (meter, text, pattern) => {
    const matcher = ready(text, pattern, meter).re.matcher(text)
    return matcher.find() ? (matcher.group() ?? '') : ''
  }),
  member('findAll', [STRING, PATTERN], 'list<string>', (meter, text, pattern) => findAll(text, pattern, -1n, meter)),
  member('findAll', [STRING, PATTERN, INT], 'list<string>', (meter, text, pattern, limit) =>
    findAll(text, pattern, limit, meter),
  ),
]

function matches(text: string, pattern: string | Pattern, meter: Meter): boolean {
  return ready(text, pattern, meter).re.test(text)
}

/** Pays for one run over the text: at worst every instruction looks at every character. */
function ready(text: string, pattern: string | Pattern, meter: Meter): Pattern {
  if (text.length > MAX_PATTERN_TEXT)
    throw new Failure(`a text longer than ${MAX_PATTERN_TEXT} characters for a pattern`)
  if (typeof pattern === 'string') meter.spend(FOREIGN_COST)
  const compiled =
    typeof pattern === 'string' ? compilePattern(pattern, MAX_FOREIGN_PATTERN, MAX_FOREIGN_REPEATS) : pattern
  meter.spend(5 + ((text.length * compiled.size) >> 2))
  return compiled
}

/** Go's FindAllString: a negative limit is none. */
function findAll(text: string, pattern: string | Pattern, limit: bigint, meter: Meter): readonly string[] {
  const compiled = ready(text, pattern, meter)
  const matcher = compiled.re.matcher(text)
  const most = limit < 0n ? text.length + 1 : index(limit)
  const found: string[] = []
  while (found.length < most && matcher.find()) {
    found.push(matcher.group() ?? '')
    // Each search may look at the whole rest of the text before it knows where its match ends.
    meter.spend(5 + (((text.length - matcher.end()) * compiled.size) >> 2))
  }
  return found
}
