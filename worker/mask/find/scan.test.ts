// What is walked side by side, and what is not looked at, against the plain way: one byte after the other, and each piece by itself.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../testing.ts'
import { budgetFor } from './budget.ts'
import { compiledOf } from './compiled.ts'
import { createMatcher, type Matched } from './matcher.ts'
import { PATTERN_RULES } from './rules/index.ts'
import { exampleOf } from './testing.ts'

const SEED = 11
const compiled = compiledOf(PATTERN_RULES)
const matcher = createMatcher({ off: new Set(), names: [] })
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Literals, heads of literals, values and bytes, of lengths about those that are walked at once. */
const texts = fc
  .array(
    fc.oneof(
      fc.nat({ max: compiled.literals.length - 1 }).map((number) => compiled.literals[number]!),
      fc.nat({ max: compiled.literals.length - 1 }).map((number) => compiled.literals[number]!.subarray(0, -1)),
      fc.nat({ max: PATTERN_RULES.length - 1 }).map((number) => {
        const rule = PATTERN_RULES[number]!
        return encoder.encode(` ${rule.near[0] ?? ''} ${exampleOf(rule, seeded(number))}\n`)
      }),
      fc
        .constantFrom(
          ' DB_PASSWORD=Sommer2024! ',
          '=',
          ': ',
          ' ',
          '\n',
          'hunter2',
          'aB3dE5gH7jK9mN1p',
          '4111 1111 1111 1111',
          'user:p4ss@h',
        )
        .map((text) => encoder.encode(text)),
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.integer({ min: 0, max: 255 }), fc.nat({ max: 1500 })).map(([byte, count]) => {
        return new Uint8Array(count).fill(byte)
      }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])))

/** Every place at which a literal ends, with the state there. */
function plainly(bytes: Uint8Array): string[] {
  const { table, classes, shift, accept } = compiled.automaton
  const found: string[] = []
  let state = 0
  for (const [at, byte] of bytes.entries()) {
    state = table[(state << shift) | classes[byte]!]!
    if (state >= accept) found.push(`${at + 1} ${state}`)
  }
  return [...found, `end ${state}`]
}

function sideBySide(bytes: Uint8Array): string[] {
  const { scan } = compiled
  const found: string[] = []
  for (let more = scan.begin(bytes); ; more = scan.next(bytes)) {
    for (let n = 0; n < scan.count; n++) found.push(`${scan.ends[n]} ${scan.states[n]}`)
    if (!more) break
  }
  return [...found, `end ${scan.state}`]
}

/** Each piece by itself. */
function pieceByPiece(
  bytes: Uint8Array,
  cuts: readonly number[],
  final: boolean,
): { hits: Matched[]; open: number; keep: number } {
  const hits: Matched[] = []
  let start = 0
  for (const end of [...cuts, bytes.length]) {
    const last = end === bytes.length
    const piece = bytes.slice(start, end)
    const matched = matcher.match(piece, { final: final || !last, budget: budgetFor(bytes.length) })
    for (const hit of matched.hits) hits.push({ start: start + hit.start, end: start + hit.end, rule: hit.rule })
    if (last) return { hits, open: start + matched.open, keep: start + matched.keep }
    start = end
  }
  throw new Error('the last piece ends the text')
}

describe('a text in several stretches', () => {
  test('has literals where a walk from its beginning finds them', () => {
    fc.assert(
      fc.property(texts, (bytes) => {
        expect(sideBySide(bytes)).toEqual(plainly(bytes))
      }),
      { seed: SEED, numRuns: 400 },
    )
  })

  test('that is cut is matched as its pieces are', () => {
    let found = 0
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 30 }), fc.boolean(), (bytes, places, final) => {
        const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))]
          .filter((cut) => cut > 0 && cut < bytes.length)
          .sort((a, b) => a - b)
        const expected = pieceByPiece(bytes, cuts, final)
        found += expected.hits.length
        expect(
          matcher.match(bytes, { final, cuts, budget: budgetFor(bytes.length) }),
          decoder.decode(bytes.subarray(0, 400)),
        ).toEqual(expected)
      }),
      { seed: SEED, numRuns: 600 },
    )
    expect(found).toBeGreaterThan(300)
  })

  test('that shows the same pieces again, in another order too, is matched as they are', () => {
    let found = 0
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), fc.infiniteStream(fc.nat()), (pieces, order) => {
        const some = pieces.filter(({ length }) => length > 0)
        if (some.length === 0) return
        const shown = Array.from({ length: 8 }, () => some[order.next().value! % some.length]!)
        const bytes = Uint8Array.from(shown.flatMap((piece) => [...piece]))
        const cuts: number[] = []
        for (const { length } of shown.slice(0, -1)) cuts.push((cuts.at(-1) ?? 0) + length)
        const expected = pieceByPiece(bytes, cuts, true)
        found += expected.hits.length
        const budget = budgetFor(2 * bytes.length)
        // The second time all of them are known.
        for (let time = 0; time < 2; time++)
          expect(matcher.match(bytes, { final: true, cuts, budget }).hits).toEqual(expected.hits)
      }),
      { seed: SEED, numRuns: 200 },
    )
    expect(found).toBeGreaterThan(300)
  })
})
