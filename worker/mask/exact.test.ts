import { describe, expect, test } from 'vitest'
import type { RequestInfo } from '../context.ts'
import type { Finder, Hit, Masking } from './contract.ts'
import { Masker } from './placeholder.ts'
import { planResponseMask } from './response.ts'
import { base64, infoOf, JSON_HEADERS, KEY, maskingFor, run, seeded } from './testing.ts'

const encoder = new TextEncoder()
/** One character a byte. */
const latin = new TextDecoder('latin1')
const SECRET = /sk-[0-9]{6}/g

/** Finds `sk-123456` in what it is given, and nothing else: what is done with hits is what is tested here. */
function standIn(): Finder {
  return {
    // As raw JSON stands: an escape may hide anything.
    suspect: (bytes, start, end) => /sk-|\\/.test(latin.decode(bytes.subarray(start, end))),
    find(text) {
      const plain = latin.decode(text)
      const hits = [...plain.matchAll(SECRET)].map(
        (match): Hit => ({
          start: match.index,
          end: match.index + match[0].length,
          rule: 'key',
          value: encoder.encode(match[0]),
          form: 'plain',
        }),
      )
      return { hits, open: text.length }
    },
    namesSecret: (name) => name === 'PASSWORD',
  }
}

const masking = (): Masking => ({ ...maskingFor(), finder: standIn() })
const pods = infoOf({ resource: 'pods' })
const tagged = (value: string, rule = 'key') => new Masker(KEY).placeholder(encoder.encode(value), rule)

function masked(body: string | Uint8Array, cuts: readonly number[] = [], info: RequestInfo = pods): string {
  const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking: masking() })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  return run(plan.transform, body, cuts)
}

/** The same by other means: each string taken apart into the characters and escapes it is written in. */
function reference(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"/gs, (token) => {
    const units = [...token.slice(1, -1).matchAll(/\\u[0-9a-fA-F]{4}|\\.|[\s\S]/g)].map(([unit]) => unit)
    const plain = units.map((unit): string => JSON.parse(`"${unit}"`))
    const text = plain.join('')
    let out = ''
    let at = 0
    for (const match of text.matchAll(SECRET)) {
      out += units.slice(at, match.index).join('') + tagged(match[0])
      at = match.index + match[0].length
    }
    return `"${out}${units.slice(at).join('')}"`
  })
}

const KEYS = ['a', 'spec', 'name', 'é', 'x\\u0041', 'sk-000001', 'k"'.replace('"', '\\"'), 'f:x', 'items', 'env']
const PIECES = [
  'x',
  ' ',
  'é',
  '密',
  '🔑',
  '\\n',
  '\\"',
  '\\\\',
  '\\/',
  '\\u00e9',
  '\\ud83d\\udd11',
  '\\u003c',
  'sk-',
  '7',
]
const NUMBERS = ['9007199254740993', '-0', '1e400', '0.10', 'true', 'false', 'null', '12345678901234567890123']

function document(random: () => number, depth: number): string {
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)]!
  const digits = () => String(Math.floor(random() * 1e6)).padStart(6, '0')
  const space = () => (random() < 0.1 ? pick([' ', '\n', '\t ']) : '')
  const escapes = (text: string) =>
    [...text].map((char) => (random() < 0.2 ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char)).join('')
  const string = (): string => {
    let text = ''
    for (let i = Math.floor(random() * 5); i > 0; i--) text += random() < 0.3 ? escapes(`sk-${digits()}`) : pick(PIECES)
    return `"${text}"`
  }
  const kind = random()
  const size = Math.floor(random() * 4)
  if (depth === 0 || kind < 0.3) return random() < 0.4 ? pick(NUMBERS) : string()
  if (kind < 0.5) return `[${Array.from({ length: size }, () => space() + document(random, depth - 1)).join(',')}]`
  const members = Array.from(
    { length: size },
    () => `${space()}"${pick(KEYS)}"${space()}:${document(random, depth - 1)}`,
  )
  return `{${members.join(',')}${space()}}`
}

describe('bytes that are not masked stay as they came', () => {
  test('in random documents, at any three cuts', () => {
    let hits = 0
    for (let seed = 1; seed <= 1500; seed++) {
      const random = seeded(seed)
      const body = `{"spec":${document(random, 5)}}`
      const expected = reference(body)
      if (expected !== body) hits++
      expect(masked(body)).toBe(expected)
      const length = encoder.encode(body).length
      const cuts = Array.from({ length: 3 }, () => Math.floor(random() * length)).sort((a, b) => a - b)
      expect(masked(body, cuts)).toBe(expected)
    }
    expect(hits).toBeGreaterThan(300)
  })

  const env = (name: string, value: string) => `{"name":"${name}","value":"${value}"}`
  const turned = (name: string, value: string) => `{"value":"${value}","x":[1],"name":"${name}"}`
  const applied = (value: string) => JSON.stringify(`{"env":[${env('PASSWORD', value)}],"n":9007199254740993}`)
  const body =
    `{"items":[{"env":[${env('PASSWORD', 'p\\u0061ss')},${turned('PASSWORD', 'pass')},${turned('A', 'b')}],` +
    `"é\\u0041":"a sk-123456\\n"},{"data":{"a":"${base64('pass')}"},"x":"sk-123456","kind":"Secret"},` +
    `{"metadata":{"annotations":{"l":${applied('pass')}}},"data":{"a":"b"},"n":9007199254740993}]}`
  const expected =
    `{"items":[{"env":[${env('PASSWORD', tagged('pass', 'env'))},${turned('PASSWORD', tagged('pass', 'env'))},${turned('A', 'b')}],` +
    `"é\\u0041":"a ${tagged('sk-123456')}\\n"},{"data":{"a":"${base64(tagged('pass', 'secret'))}"},"x":"${tagged('sk-123456')}","kind":"Secret"},` +
    `{"metadata":{"annotations":{"l":${applied(tagged('pass', 'env'))}}},"data":{"a":"b"},"n":9007199254740993}]}`
  const length = encoder.encode(body).length

  test('with all that structure does, at every cut and byte by byte', () => {
    expect(masked(body)).toBe(expected)
    for (let cut = 0; cut <= length; cut++) expect(masked(body, [cut])).toBe(expected)
    const each = Array.from({ length }, (_, i) => i)
    expect(masked(body, each)).toBe(expected)
  })

  test('at many pairs of cuts', () => {
    const random = seeded(7)
    for (let round = 0; round < 3000; round++) {
      const first = Math.floor(random() * length)
      const second = first + Math.floor(random() * Math.min(40, length - first))
      expect(masked(body, [first, second])).toBe(expected)
    }
  })

  test('a document in a string keeps its own escapes', () => {
    const inner = '{"a":"\\u003csk-123456\\u003e","b":"\\/","n":1.0}'
    const outer = JSON.stringify({ spec: { x: inner } }).replace('\\\\u003c', '\\u005cu003c')
    const out = masked(outer)
    expect(out).toBe(outer.replace('sk-123456', tagged('sk-123456')))
    expect(JSON.parse(out).spec.x).toBe(inner.replace('sk-123456', tagged('sk-123456')))
  })
})

describe('what is odd', () => {
  test.each([
    [
      'duplicate keys',
      '{"a":"sk-123456","a":"sk-123456"}',
      `{"a":"${tagged('sk-123456')}","a":"${tagged('sk-123456')}"}`,
    ],
    ['a lone surrogate', '{"a":"\\ud800 sk-123456 \\udfff"}', `{"a":"\\ud800 ${tagged('sk-123456')} \\udfff"}`],
    ['a lone string', ' "x sk-123456" ', ` "x ${tagged('sk-123456')}" `],
    ['a key', '{"x sk-123456":{"sk-123456":1}}', `{"x ${tagged('sk-123456')}":{"${tagged('sk-123456')}":1}}`],
    ['an array at the top', '[["sk-123456"]]', `[["${tagged('sk-123456')}"]]`],
    ['a name that is no string', '{"name":{"a":1},"value":"x"}', '{"name":{"a":1},"value":"x"}'],
    ['a name in a list', '{"name":["PASSWORD"],"value":"x"}', '{"name":["PASSWORD"],"value":"x"}'],
    [
      'two names',
      '{"name":"A","name":"PASSWORD","value":"x"}',
      `{"name":"A","name":"PASSWORD","value":"${tagged('x', 'env')}"}`,
    ],
    [
      'an escaped name',
      '{"n\\u0061me":"PASSW\\u004fRD","value":"x"}',
      `{"n\\u0061me":"PASSW\\u004fRD","value":"${tagged('x', 'env')}"}`,
    ],
    [
      'a value that is a list',
      '{"name":"PASSWORD","value":["x",7]}',
      `{"name":"PASSWORD","value":["${tagged('x', 'env')}","${tagged('7', 'env')}"]}`,
    ],
    [
      'a late name of a value that is an object',
      '{"value":{"a":"x"},"name":"PASSWORD"}',
      `{"value":{"a":"${tagged('x', 'env')}"},"name":"PASSWORD"}`,
    ],
    ['the value of no name', '{"value":"sk-123456"}', `{"value":"${tagged('sk-123456')}"}`],
    [
      'a name that is not that of the value',
      '{"name":"PASSWORD","x":{"value":"x"}}',
      '{"name":"PASSWORD","x":{"value":"x"}}',
    ],
    [
      'late kinds in each other',
      '{"data":{"a":"eA=="},"x":{"data":{"a":"eA=="},"kind":"Secret"},"kind":"Other"}',
      `{"data":{"a":"eA=="},"x":{"data":{"a":"${base64(tagged('x', 'secret'))}"},"kind":"Secret"},"kind":"Other"}`,
    ],
  ])('%s', (_name, body, expected) => {
    expect(masked(body)).toBe(expected)
    const length = encoder.encode(body).length
    for (let cut = 0; cut <= length; cut++) expect(masked(body, [cut])).toBe(expected)
  })

  test.each([
    ['a name that comes again and says otherwise', '{"name":"A","value":"x","name":"PASSWORD"}'],
    ['a kind that comes again and says otherwise', '{"kind":"A","data":{"a":"b"},"kind":"Secret"}'],
    ['items before their kind', '{"items":[{"data":{"a":"b"}}],"kind":"SecretList"}'],
  ])('%s is withheld', (_name, body) => {
    expect(() => masked(body)).toThrow(expect.objectContaining({ code: 'CANNOT_MASK' }))
  })

  test('bytes that are no UTF-8 go through as they came, with a secret beside them', () => {
    const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
    const plan = planResponseMask({ info: pods, status: 200, headers: JSON_HEADERS, masking: masking() })
    if (plan.kind !== 'transform') throw new Error(plan.kind)
    const out = plan.transform.push(bytes('{"a":"\xff sk-123456 \xfe"}'))
    expect(out).toEqual(
      Uint8Array.from([...bytes('{"a":"\xff '), ...encoder.encode(tagged('sk-123456')), ...bytes(' \xfe"}')]),
    )
  })

  test('a giant string is searched, one beyond the limit withheld', () => {
    const giant = (length: number) => `{"a":"sk-123456${'x'.repeat(length - 11)}"}`
    const most = 3 * 1024 * 1024
    expect(masked(giant(most)).startsWith(`{"a":"${tagged('sk-123456')}xxx`)).toBe(true)
    expect(masked(giant(most), [100, 70_000]).length).toBe(masked(giant(most)).length)
    expect(() => masked(giant(most + 1))).toThrow()
  })

  test('nesting to the limit', () => {
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}"sk-123456"${'}'.repeat(levels)}`
    expect(masked(deep(128))).toContain(tagged('sk-123456'))
    expect(() => masked(deep(129))).toThrow()
  })

  test('an object that says for too long not what it is', () => {
    const body = (length: number) =>
      `{"data":{"a":"b"},"x":["${'x'.repeat(60_000)}"${',"y"'.repeat(length)}],"kind":"Other"}`
    const cuts = (text: string) => Array.from({ length: Math.floor(text.length / 65536) }, (_, i) => (i + 1) * 65536)
    const small = body(100_000)
    expect(masked(small, cuts(small))).toBe(small)
    const large = body(1_000_000)
    expect(() => masked(large, cuts(large))).toThrow()
  })
})

test('where something was masked is told, and never the thing', () => {
  const plan = planResponseMask({ info: pods, status: 200, headers: JSON_HEADERS, masking: masking() })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  run(
    plan.transform,
    '{"items":[{"env":[{"name":"PASSWORD","value":"a"}]},{"env":[{"name":"PASSWORD","value":"b"}]},{"a.b/c":["sk-111111"],"sk-222222":"sk-333333"}]}',
  )
  expect(plan.transform.report()).toEqual({
    count: 5,
    rules: { env: 2, key: 3 },
    places: [
      { rule: 'env', at: 'items[].env[].value', count: 2 },
      { rule: 'key', at: 'items[]["a.b/c"][]', count: 1 },
      { rule: 'key', at: 'items[][…]', count: 2 },
    ],
  })
})

test('places are bounded', () => {
  const plan = planResponseMask({ info: pods, status: 200, headers: JSON_HEADERS, masking: masking() })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  run(plan.transform, `{${Array.from({ length: 40 }, (_, i) => `"k${i}":"sk-111111"`).join()}}`)
  expect(plan.transform.report().places).toHaveLength(32)
  expect(plan.transform.report().count).toBe(40)
})
