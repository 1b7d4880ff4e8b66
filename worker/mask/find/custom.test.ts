import { describe, expect, it } from 'vitest'
import { createBudget } from './budget.ts'
import { checkPattern, createCustomMatcher, hasLiteral, MAX_PATTERN_CHARS } from './custom.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const HEX = '0123456789abcdef0123456789abcdef'

function found(match: string, text: string): readonly string[] {
  const bytes = encoder.encode(text)
  const matcher = createCustomMatcher([{ name: 'mine', match }])!
  const { hits } = matcher.match(bytes, true, createBudget(1e8))
  if (hits.length > 0) expect(matcher.suspect(bytes, 0, bytes.length)).toBe(true)
  for (const { rule } of hits) expect(rule).toBe('mine')
  return hits.map(({ start, end }) => decoder.decode(bytes.subarray(start, end)))
}

describe('checkPattern', () => {
  it.each([
    ['a literal and a class', 'acme_[0-9a-f]{32}', null],
    ['either case', '(?i)acme_[0-9a-f]{32}', null],
    ['no literal', '[0-9a-f]{32}', null],
    ['not closed', 'acme_[0-9a-f', 'the pattern is not in the syntax of RE2'],
    ['a look-ahead, which RE2 has not', 'acme(?=x)', 'the pattern is not in the syntax of RE2'],
    ['a back reference', '(a)\\1', 'the pattern is not in the syntax of RE2'],
    ['the empty text', 'a*', 'the pattern matches the empty text'],
    ['too long', 'a'.repeat(MAX_PATTERN_CHARS + 1), 'the pattern is longer than 1000 characters'],
    ['too large', 'a{900}b{900}c{900}d{900}', 'the pattern is too large: lower its counts in { }'],
  ])('%s', (_name, match, problem) => {
    expect(checkPattern(match)).toBe(problem)
  })

  it('takes the longest pattern', () => {
    expect(checkPattern('a'.repeat(MAX_PATTERN_CHARS))).toBeNull()
  })
})

describe('hasLiteral', () => {
  it.each([
    ['acme_[0-9a-f]{32}', true],
    ['^acme-\\d+$', true],
    ['\\bkey-[a-z]+', true],
    ['[a-z]{3}-prod-[0-9]+', true],
    ['(?i)acme_[0-9a-f]{32}', true],
    ['(acme)_[0-9]+', false],
    ['(?:foo|bar)-x-y-[0-9]+', true],
    ['abc|def', false],
    ['ab[0-9]+', false],
    ['abc?', false],
    ['abc*d', false],
    ['abcd+', true],
    ['a\\.b\\.c', true],
    ['[0-9a-f]{32}', false],
    ['a(?i:bcd)e', false],
    ['x\\Qabc\\E', false],
  ])('%s: %s', (match, yes) => {
    expect(hasLiteral(match)).toBe(yes)
  })
})

describe('match', () => {
  it.each([
    ['all of it', 'acme_[0-9a-f]{32}', `x acme_${HEX} y`, [`acme_${HEX}`]],
    ['the first group, when there is one', 'acme_key: ([0-9a-f]+)', 'acme_key: 77ff x', ['77ff']],
    ['all of it, when the group took no part', 'acme(?:-x|:([0-9]+))', 'acme-x acme:123', ['acme-x', '123']],
    ['several', 'key-[a-z]+', 'key-abc key-def\nkey-ghi', ['key-abc', 'key-def', 'key-ghi']],
    ['either case', '(?i)acme_[0-9]{4}', 'ACME_1234 AcMe_5678', ['ACME_1234', 'AcMe_5678']],
    ['what stands before the literal', '[0-9]{4}-prod-[a-z]+', 'x 1234-prod-abc', ['1234-prod-abc']],
    ['without a literal', '[0-9a-f]{32}', `x ${HEX} y`, [HEX]],
    ['beside other letters than ASCII', 'acme_[0-9]{4}', 'ü acme_1234 ü', ['acme_1234']],
    ['letters other than ASCII', 'schlüssel=\\S+', 'ein schlüssel=größe da', ['schlüssel=größe']],
    ['nothing', 'acme_[0-9a-f]{32}', 'acme_123', []],
  ])('%s', (_name, match, text, expected) => {
    expect(found(match, text)).toEqual(expected)
  })

  it('beyond bytes that are no text', () => {
    const matcher = createCustomMatcher([{ name: 'mine', match: 'acme_[0-9]{4}' }])!
    const bytes = Uint8Array.from([0xff, 0xc3, 0x80, 0x80, ...encoder.encode(' acme_1234 '), 0xfe])
    expect(matcher.match(bytes, true, createBudget(1e8)).hits).toEqual([{ start: 5, end: 14, rule: 'mine' }])
  })

  it.each([
    ['nothing has begun', 'acme_[0-9]{4}', 'a text ', 7],
    ['the literal has begun', 'acme_[0-9]{4}', 'a text ac', 7],
    ['the literal is there', 'acme_[0-9]{4}', 'a text acme_12', 7],
    ['the last word, for a pattern that may begin anyhow', '[0-9]{4}-prod-[a-z]+', 'a text 12', 7],
  ])('where a text that goes on is open: %s', (_name, match, text, open) => {
    const matcher = createCustomMatcher([{ name: 'mine', match }])!
    expect(matcher.match(encoder.encode(text), false, createBudget(1e8)).open).toBe(open)
  })

  it('ends when the budget is spent', () => {
    const matcher = createCustomMatcher([{ name: 'mine', match: '(x+x+)+y' }])!
    expect(() => matcher.match(encoder.encode('x'.repeat(50_000)), true, createBudget(50_000))).toThrow(/too long/)
  })

  it('is none without patterns', () => {
    expect(createCustomMatcher([])).toBeNull()
  })
})
