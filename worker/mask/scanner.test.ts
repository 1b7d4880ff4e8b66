import { describe, expect, test } from 'vitest'
import { decodeString, fold, MaskError, type Node, Scanner } from './scanner.ts'
import { seeded } from './testing.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Masks every string, number and literal below `data`, whole subtrees at `whole`. */
function tree(): Node {
  const X = encoder.encode('"X"')
  const value: Node = { leaf: () => X }
  value.others = value
  const root: Node = {}
  root.members = new Map<string, Node>([
    ['data', value],
    ['whole', { leaf: () => X }],
    ['in', root],
  ])
  return root
}

/** The same, done by parsing. */
function reference(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reference)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'data') return [key, below(inner)]
      if (key === 'whole') return [key, 'X']
      return [key, key === 'in' ? reference(inner) : inner]
    }),
  )
}
function below(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(below)
  if (typeof value !== 'object' || value === null) return 'X'
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, below(inner)]))
}

function scan(bytes: Uint8Array, cuts: readonly number[]): string {
  const scanner = new Scanner(tree())
  let out = ''
  const text = new TextDecoder('utf-8')
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    out += text.decode(scanner.push(bytes.slice(from, cut)), { stream: true })
    from = cut
  }
  return out + text.decode(scanner.end())
}

const KEYS = ['data', 'whole', 'in', 'a', '"', 'é\\', '']
const LEAVES = ['x', '', '"\\', '{"data":[', '🔑', 0, -1.5e-7, true, null]

function document(random: () => number, depth: number): unknown {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const kind = random()
  if (depth === 0 || kind < 0.3) return pick(LEAVES)
  const size = Math.floor(random() * 4)
  if (kind < 0.5) return Array.from({ length: size }, () => document(random, depth - 1))
  return Object.fromEntries(Array.from({ length: size }, () => [pick(KEYS), document(random, depth - 1)]))
}

describe('against a parser', () => {
  test('random documents come out as if parsed, whatever the cuts', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const random = seeded(seed)
      const value = { in: document(random, 5) }
      const bytes = encoder.encode(JSON.stringify(value, null, random() < 0.5 ? 1 : 0))
      const cuts = Array.from({ length: 4 }, () => Math.floor(random() * bytes.length)).sort((a, b) => a - b)
      expect(JSON.parse(scan(bytes, cuts))).toEqual(reference(value))
    }
  })

  test('damaged documents are refused, or come out as a parser would have them', () => {
    let accepted = 0
    for (let seed = 1; seed <= 3000; seed++) {
      const random = seeded(seed)
      const bytes = encoder.encode(JSON.stringify({ in: document(random, 4) }))
      const noise = encoder.encode('"\\{}[],:0e\n ax')
      for (let i = 0; i < 2; i++)
        bytes[Math.floor(random() * bytes.length)] = noise[Math.floor(random() * noise.length)]!
      let value: unknown
      try {
        value = JSON.parse(decoder.decode(bytes))
      } catch {
        continue
      }
      if (typeof value !== 'object' || value === null) continue
      accepted++
      // A parser keeps one of two equal keys: compare after it has done so, and only where there were none.
      const out = scan(bytes, [])
      if (JSON.stringify(value).length !== decoder.decode(bytes).replace(/\s+(?=([^"]*"[^"]*")*[^"]*$)/g, '').length)
        continue
      expect(JSON.parse(out)).toEqual(reference(value))
    }
    expect(accepted).toBeGreaterThan(100)
  })
})

test.each([
  ['ASCII', 'StringData', 'stringdata'],
  ['the Kelvin sign', '\u212aey', 'key'],
  ['a long s', 'ſtringData', 'stringdata'],
  ['others stay', 'É', 'é'],
])('keys are folded as Go folds them: %s', (_name, key, folded) => {
  expect(fold(key)).toBe(folded)
})

test.each([
  ['short', '"abc"', 'abc'],
  ['empty', '""', ''],
  ['escaped', '"\\u0061\\n"', 'a\n'],
  ['long', `"${'x'.repeat(100)}"`, 'x'.repeat(100)],
])('a string is decoded: %s', (_name, raw, text) => {
  expect(decodeString(encoder.encode(raw))).toBe(text)
})

test.each([['"\\x"'], ['"a\nb"'], ['1']])('%j is no string', (raw) => {
  expect(() => decodeString(encoder.encode(raw))).toThrow(MaskError)
  expect(() => decodeString(encoder.encode(raw.padEnd(100, ' ')))).toThrow(MaskError)
})

test('bytes that nothing is done to are the chunk itself', () => {
  const chunk = encoder.encode('{"a":[{"b":"c"}],"in":{"x":1}}')
  expect(new Scanner(tree()).push(chunk)).toBe(chunk)
})
