import { describe, expect, test } from 'vitest'
import { maskingFor, seeded } from '../testing.ts'
import { isBinary, mayHoldBinary } from './binary.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
/** The rules that find something. */
const rulesIn = (text: Uint8Array) =>
  maskingFor()
    .finder.find(text, { final: true })
    .hits.map(({ rule }) => rule)

function noise(length: number, seed: number): Uint8Array {
  const random = seeded(seed)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}
function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** Text enough for bytes in hex to be read at all. */
const TEXT = bytesOf(' a word or two of text ')

test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
  ['as it is', (bytes) => bytes],
  ['in hex', (bytes) => bytesOf(Buffer.from(bytes).toString('hex'))],
  ['in hex on lines', (bytes) => bytesOf(Buffer.from(bytes).toString('hex').replace(/.{64}/g, '$&\n'))],
  ['in base64', (bytes) => bytesOf(Buffer.from(bytes).toString('base64'))],
  ['as numbers', (bytes) => bytesOf(`[${[...bytes].join(', ')}]`)],
])('what says password by chance in binary content is none: %s', (_name, written) => {
  const found: string[] = []
  for (let seed = 1; seed <= 1000; seed++) {
    const name = bytesOf(seed % 2 === 0 ? 'PW=' : 'pw:')
    found.push(...rulesIn(written(joined(TEXT, noise(200, seed), name, noise(200, 1000 + seed)))))
  }
  expect(found.length).toBeLessThanOrEqual(3)
})

describe('is found', () => {
  const SECRET = 'password=Xk29fmQ7pLw'
  test.each<[string, Uint8Array]>([
    ['in a text', bytesOf(`connecting with ${SECRET}\n`)],
    ['in other letters', bytesOf(`соединение с базой данных и пароль ${SECRET}\n`)],
    [
      'in a text of an old encoding',
      latin(`\xf1\xee\xe5\xe4\xe8\xed\xe5\xed\xe8\xe5 \xf1 \xe1\xe0\xe7\xee\xe9: ${SECRET}\n`),
    ],
    ['among the variables of a process', bytesOf(`A=1\0B=2\0C=3\0D=4\0${SECRET}\0`)],
    ['among colours', bytesOf(`\x1b[1m\x1b[31mERROR\x1b[0m \x1b[2m${SECRET}\x1b[0m\n`)],
    ['after a little that is no text', joined(latin('\x01\xff\xfe\x02'), bytesOf(SECRET))],
    ['far behind binary content', joined(noise(500, 7), bytesOf(`${' '.repeat(80)}${SECRET}\n`))],
  ])('%s', (_name, text) => {
    expect(rulesIn(text)).toContain('password')
  })
})

test.each<[string, Uint8Array, boolean]>([
  ['nothing', new Uint8Array(0), false],
  ['controls alone', latin('\x01\x02\x03\x04\x05\x06\x0e\x0f'.repeat(8)), false],
  ['broken characters alone', latin('\xff'.repeat(64)), false],
  ['both', latin(`\x01\x02${'\xff'.repeat(8)}`), true],
  ['one control too few', latin(`\x01${'\xff'.repeat(15)}`), false],
  ['one control among many broken characters', latin(`\x01${'\xff'.repeat(16)}`), true],
  ['one broken character too few', latin(`\x01\x02${'\xff'.repeat(7)}`), false],
  ['characters of several bytes, from the middle of one on', bytesOf('\x01\x02日本語パスワード').subarray(0), false],
])('%s', (_name, bytes, expected) => {
  expect(isBinary(bytes, bytes.length, bytes.length)).toBe(expected)
})

test('the quick look misses nothing that is binary', () => {
  let binary = 0
  for (let seed = 1; seed <= 400; seed++) {
    const content = noise(10 + (seed % 60), seed)
    if (isBinary(content, 0, content.length)) {
      binary++
      expect(mayHoldBinary(content)).toBe(true)
    }
  }
  expect(binary).toBeGreaterThan(50)
  expect(mayHoldBinary(bytesOf(`ordinary text, ${'ä€😀'.repeat(20)}\n\t\u001b[0m`))).toBe(false)
})
