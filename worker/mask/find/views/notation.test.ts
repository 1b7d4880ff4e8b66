// Secrets written as numbers: what xxd, hexdump, od, base32 and printed lists of bytes make of them, whole and cut anywhere.

import { describe, expect, test } from 'vitest'
import { createTextStream } from '../../stream.ts'
import { MASKING, maskingFor } from '../../testing.ts'
import { made } from '../rules/examples.ts'

const TOKEN = made('ghp_<b62*36>')
const TEXT = `HOME=/root\nGITHUB_TOKEN=${TOKEN}\n`

const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')

const digits = (byte: number, base: number, width: number): string => byte.toString(base).padStart(width, '0')
const hexOf = (text: string): string[] => [...encoder.encode(text)].map((byte) => digits(byte, 16, 2))

/** Rows of sixteen bytes: an offset, what `write` makes of them, and what stands beside them. */
function dump(offset: (at: number) => string, write: (row: readonly number[]) => string): string {
  const bytes = [...encoder.encode(TEXT)]
  const out: string[] = []
  for (let at = 0; at < bytes.length; at += 16) out.push(offset(at) + write(bytes.slice(at, at + 16)))
  return `${out.join('\n')}\n`
}

const shown = (row: readonly number[]): string =>
  row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
const words = (row: readonly number[]): number[] =>
  Array.from({ length: Math.ceil(row.length / 2) }, (_, i) => row[2 * i]! + 256 * (row[2 * i + 1] ?? 0))
const inPairs = (row: readonly number[]): string =>
  (
    row
      .map((byte) => digits(byte, 16, 2))
      .join('')
      .match(/.{1,4}/g) ?? []
  ).join(' ')
const column = (byte: number): string =>
  (byte === 10 ? '\\n' : byte > 31 && byte < 127 ? String.fromCharCode(byte) : digits(byte, 8, 3)).padStart(4)

function base32(text: string): string {
  const bits = [...encoder.encode(text)].map((byte) => digits(byte, 2, 8)).join('')
  const out = (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')
  return out.padEnd(Math.ceil(out.length / 8) * 8, '=')
}
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const FORMS: Readonly<Record<string, string>> = {
  'xxd -p': `${hexOf(TEXT)
    .join('')
    .match(/.{1,60}/g)!
    .join('\n')}\n`,
  'hex in one line': `${hexOf(TEXT).join('')}\n`,
  'hex in capitals': `${hexOf(TEXT).join('').toUpperCase()}\n`,
  'hex behind a name': `token=${hexOf(TOKEN).join('')}\n`,
  xxd: dump(
    (at) => `${digits(at, 16, 8)}: `,
    (row) => `${inPairs(row).padEnd(39)}  ${shown(row)}`,
  ),
  'hexdump -C': dump(
    (at) => `${digits(at, 16, 8)}  `,
    (row) => {
      const hex = row.map((byte) => digits(byte, 16, 2))
      return `${`${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`.padEnd(48)}  |${shown(row)}|`
    },
  ),
  hexdump: dump(
    (at) => `${digits(at, 16, 7)} `,
    (row) =>
      words(row)
        .map((word) => digits(word, 16, 4))
        .join(' '),
  ),
  od: dump(
    (at) => `${digits(at, 8, 7)} `,
    (row) =>
      words(row)
        .map((word) => digits(word, 8, 6))
        .join(' '),
  ),
  'od -c': dump(
    (at) => digits(at, 8, 7),
    (row) => row.map(column).join(''),
  ),
  'od -b': dump(
    (at) => digits(at, 8, 7),
    (row) => row.map((byte) => ` ${digits(byte, 8, 3)}`).join(''),
  ),
  'od -t x1': dump(
    (at) => `${digits(at, 8, 7)} `,
    (row) => row.map((byte) => digits(byte, 16, 2)).join(' '),
  ),
  'od -A x -t x1': dump(
    (at) => `${digits(at, 16, 6)} `,
    (row) => row.map((byte) => digits(byte, 16, 2)).join(' '),
  ),
  'od -A n -t x1': dump(
    () => ' ',
    (row) => row.map((byte) => digits(byte, 16, 2)).join(' '),
  ),
  'with colons': `${hexOf(TOKEN).join(':')}\n`,
  'a list in Go': `map[token:[${[...encoder.encode(TOKEN)].join(' ')}] user:[97 112 112]]\n`,
  'bytes in Go syntax': `map[string][]uint8{"token":[]byte{${hexOf(TOKEN)
    .map((hex) => `0x${hex.replace(/^0/, '')}`)
    .join(', ')}}}\n`,
  "Node's Buffer as JSON": `{"type":"Buffer","data":[${[...encoder.encode(TOKEN)].join(',')}]}\n`,
  "Node's Buffer, shown": `<Buffer ${hexOf(TOKEN).join(' ')}>\n`,
  base32: `${base32(TOKEN)}\n`,
  'base32, wrapped': `${base32(TEXT)
    .match(/.{1,76}/g)!
    .join('\n')}\n`,
}

/** What any of them would show of the token's last eight bytes. */
const tail = TOKEN.slice(-8)
const TAILS = [
  tail,
  hexOf(tail).join(''),
  hexOf(tail).join('').toUpperCase(),
  hexOf(tail).join(' '),
  hexOf(tail).join(':'),
  [...encoder.encode(tail)].join(' '),
  [...encoder.encode(tail)].join(','),
]

function masked(pieces: readonly Uint8Array[]): string {
  const stream = createTextStream(MASKING, { 1: 'stdout' })
  const out = [...pieces.flatMap((piece) => stream.push(1, piece)), ...stream.end()]
  return out.map(({ bytes }) => latin.decode(bytes)).join('')
}

describe.each(Object.entries(FORMS))('%s', (_, form) => {
  const bytes = encoder.encode(form)

  test('is masked', () => {
    const out = masked([bytes])
    expect(out).toMatch(/masked:(?:github|secret)/)
    for (const one of TAILS) expect(out).not.toContain(one)
  })

  test('comes out the same however it is cut', () => {
    const whole = masked([bytes])
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(masked([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toBe(whole)
    }
    expect(masked(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(whole)
  })
})

test('a known value is found in a list of its bytes', () => {
  const masking = maskingFor()
  masking.values.note(encoder.encode('correct-Horse-77'), 'password')
  const { hits } = masking.finder.find(encoder.encode(`data:[${[...encoder.encode('correct-Horse-77')].join(' ')}]`), {
    final: true,
  })
  expect(hits.map(({ rule, value }) => [rule, latin.decode(value)])).toEqual([['value', 'correct-Horse-77']])
})

test.each([
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'uid=3d0f9b0e-6a3c-4c3e-8a57-0f6d2f6f1b11',
  'latency buckets: [10 20 50 100 200 500 1000]',
  'SHA256 Fingerprint=AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89',
  '00000000: 7f45 4c46 0201 0100 0000 0000 0000 0000  .ELF............',
  'tokens: [34 35 36 37 38 39 40 41 42]',
])('%s is left', (text) => {
  expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
})
