import { describe, expect, test } from 'vitest'
import { MaskError } from '../error.ts'
import { budgetFor, createBudget } from './budget.ts'
import { compileAnchored, compileFree } from './shape.ts'
import { ShapeMatch } from './shapematch.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What a shape masks in a text: tried at each place where one of its literals stands. */
function masked(match: string, text: string, fold = false): string[] {
  const bytes = encoder.encode(text)
  const low = text.toLowerCase()
  const found = new Set<string>()
  for (const shape of compileAnchored(match, fold)) {
    for (const [number, literal] of shape.literals.entries()) {
      const wanted = decoder.decode(literal).toLowerCase()
      for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, at + 1)) {
        const tried = new ShapeMatch(bytes, budgetFor(bytes.length))
        if (tried.at(shape, number, at + wanted.length)) found.add(text.slice(tried.maskStart, tried.maskEnd))
      }
    }
  }
  return [...found]
}

describe('a shape', () => {
  test.each([
    ['begins with its literal', 'AKIA[A-Z2-7]{4}', 'x AKIAQ3EG y', ['AKIAQ3EG']],
    ['does not begin in a word', 'AKIA[A-Z2-7]{4}', 'xAKIAQ3EG', []],
    ['does not end in a word', 'AKIA[A-Z2-7]{4}', 'AKIAQ3EGz', []],
    ['is no longer than its bounds', 'sk_[a-z]{2,4}', 'sk_abcde', []],
    ['has its case', 'AKIA[A-Z]{2}', 'akiaQQ', []],
    ['matches in either case', 'AKIA[A-Z]{2}', 'akiaqq', ['akiaqq'], true],
    ['has its literal in the middle', '[a-z]{3}\\.atlas\\.[0-9]{2}', 'is abc.atlas.12', ['abc.atlas.12']],
    ['has too little in front of its literal', '[a-z]{3}\\.atlas\\.[0-9]{2}', 'is ab.atlas.12', []],
    ['is one of alternatives', 'gh[pou]_[0-9]{3}', 'gho_123 ghx_123 ghu_999', ['gho_123', 'ghu_999']],
    ['has alternatives of its own length', '(foo|foobar)-\\d{2}', 'foobar-12', ['foobar-12']],
    ['is masked in part', 'key=<[0-9]{3}>;', 'key=123;', ['123']],
    ['gives back what comes next needs', 'tok_[a-z0-9]{2,8}9', 'tok_ab9c9', ['tok_ab9c9']],
    ['has a part that may be absent', '(live-)?Mid-[0-9]{2}', 'Mid-12', ['Mid-12']],
    ['has a part that may be there', '(live-)?Mid-[0-9]{2}', 'live-Mid-12', ['live-Mid-12']],
    ['has signs', 'a\\{b\\}\\(\\d{1}\\)', 'a{b}(7)', ['a{b}(7)']],
    ['has a class of what it is not', 'tok=[^ ]{3}', 'tok=a!b c', ['tok=a!b']],
    ['has a group that repeats', 'id-([0-9]{2}-){2}x', 'id-12-34-x', ['id-12-34-x']],
  ] as [string, string, string, string[], boolean?][])('%s', (_, match, text, expected, fold = false) => {
    expect(masked(match, text, fold)).toEqual(expected)
  })

  test.each([
    ['a repeat without a bound', 'abc[a-z]+'],
    ['a star', 'abc*'],
    ['any byte', 'abc.'],
    ['a bound over the limit', 'abc[a-z]{5000}'],
    ['bounds the wrong way round', 'abc[a-z]{4,2}'],
    ['a group that is not closed', 'abc(d'],
    ['a class that is not closed', 'abc[d'],
    ['no literal at all', '[a-z]{40}'],
    ['an escape of a letter without meaning', 'abc\\q'],
  ])('is refused with %s', (_, match) => {
    expect(() => compileAnchored(match, false)).toThrow(SyntaxError)
  })

  test('tells that more bytes could change it', () => {
    const [shape] = compileAnchored('ghp_[0-9]{3,5}', false)
    for (const [text, touched] of [
      ['ghp_12', true],
      ['ghp_1234', true],
      ['ghp_12345', true],
      ['ghp_12345 ', false],
      ['ghp_x', false],
    ] as const) {
      const tried = new ShapeMatch(encoder.encode(text), budgetFor(0))
      tried.at(shape!, 0, 4)
      expect(tried.touchedEnd, text).toBe(touched)
    }
  })

  test('that steps back without end is stopped by the budget', () => {
    const [shape] = compileAnchored(`abc${'[a-z]{0,60}'.repeat(6)}!`, false)
    const tried = new ShapeMatch(encoder.encode(`abc${'a'.repeat(400)}`), createBudget(100_000))
    expect(() => tried.at(shape!, 0, 3)).toThrow(MaskError)
  })

  test('without a literal is tried where it is told to', () => {
    const tried = new ShapeMatch(encoder.encode('a 0123456789 b'), budgetFor(0))
    const shape = compileFree('\\d{10}', false)
    expect([2, 3].map((at) => tried.from(shape, at))).toEqual([true, false])
  })
})
