import { describe, expect, test } from 'vitest'
import { buildAutomaton } from './automaton.ts'

const encoder = new TextEncoder()

/** Which literals end where, by looking at each place. */
function slowly(literals: readonly string[], text: string): string[] {
  const found: string[] = []
  for (let end = 1; end <= text.length; end++) {
    for (const literal of literals)
      if (text.slice(0, end).toLowerCase().endsWith(literal)) found.push(`${literal}@${end}`)
  }
  return found.sort()
}

function quickly(literals: readonly string[], text: string): string[] {
  const { table, classes, shift, accept, ends } = buildAutomaton(literals.map((literal) => encoder.encode(literal)))
  const found: string[] = []
  let state = 0
  for (const [at, byte] of encoder.encode(text).entries()) {
    state = table[(state << shift) | classes[byte]!]!
    if (state >= accept) for (const literal of ends[state - accept]!) found.push(`${literals[literal]}@${at + 1}`)
  }
  return found.sort()
}

describe('the automaton finds what a search at every place finds', () => {
  test.each([
    ['one literal', ['abc'], 'xxabcabcab'],
    ['one in another', ['he', 'she', 'hers', 'his'], 'ushers say his and hers'],
    ['one the end of another', ['password', 'word', 'rd'], 'password wordrd'],
    ['repeats that overlap', ['aa', 'aaa'], 'aaaaa'],
    ['either case', ['key'], 'KEY Key kEy'],
    ['signs beside letters', ['-----begin', '://', '@tcp('], '-----BEGIN://u@tcp(-----begi'],
    ['nothing', ['abc'], 'xyz'],
    ['an empty text', ['abc'], ''],
  ])('%s', (_, literals, text) => {
    expect(quickly(literals, text)).toEqual(slowly(literals, text))
  })

  test('the depth of a state is how much of a literal has been seen', () => {
    const { table, classes, shift, depth, fail } = buildAutomaton(
      ['abcd', 'bcx'].map((literal) => encoder.encode(literal)),
    )
    let state = 0
    for (const byte of encoder.encode('abc')) state = table[(state << shift) | classes[byte]!]!
    expect(depth[state]).toBe(3)
    expect(depth[fail[state]!]).toBe(2)
  })

  test('more literals than states can be numbered are refused', () => {
    const many = Array.from({ length: 7000 }, (_, index) => encoder.encode(`literal-${index}`))
    expect(() => buildAutomaton(many)).toThrow(RangeError)
  })
})
