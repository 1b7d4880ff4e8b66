import { expect, test } from 'vitest'
import { MASKING } from '../testing.ts'
import { made } from './rules/examples.ts'

const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')
const LINES = [made('<b64*64>'), made('<b64*63>/'), made('<b64*21>==')]
const END = '-----END RSA PRIVATE KEY-----'

const masked = (text: string): string => {
  const bytes = encoder.encode(text)
  let out = ''
  let at = 0
  for (const { start, end, rule } of MASKING.finder.find(bytes, { final: true }).hits) {
    out += `${latin.decode(bytes.subarray(at, start))}[${rule}]`
    at = end
  }
  return out + latin.decode(bytes.subarray(at))
}

test.each([
  ['the last lines of a key', [...LINES, END, ''].join('\n'), `[private-key]${END}\n`],
  ['its last line alone', `${LINES[2]}\n${END}\n`, `[private-key]${END}\n`],
  [
    'behind other lines',
    `$ tail -3 key.pem\n${[...LINES, END].join('\n')}\n`,
    `$ tail -3 key.pem\n[private-key]${END}\n`,
  ],
  ['indented', ['a:', ...[...LINES, END].map((line) => `    ${line}`)].join('\n'), `a:\n[private-key]${END}`],
  ['over CRLF', [...LINES, END, ''].join('\r\n'), `[private-key]${END}\r\n`],
  [
    'of PGP',
    [...LINES, '=aB3/', '-----END PGP PRIVATE KEY BLOCK-----'].join('\n'),
    '[private-key]-----END PGP PRIVATE KEY BLOCK-----',
  ],
])('%s', (_, text, wanted) => {
  expect(masked(text)).toBe(wanted)
})

test.each([
  [...LINES, '-----END CERTIFICATE-----'].join('\n'),
  `the key ends with\n\n${END}\n`,
  `nothing here\n${END}\n`,
])('%j is left', (text) => {
  expect(masked(text)).toBe(text)
})

test('a key is found whose first line was broken for its width', () => {
  const key = ['-----BEGIN RSA PRIVATE KEY-----', ...LINES, LINES[0], END].join('\n')
  const shown: string[] = []
  for (let width = 1; width < 30; width++) {
    const text = `${'N'.repeat(width)}=${key}`
      .split('\n')
      .flatMap((line) => line.match(/.{1,40}/g) ?? [])
      .join('\n')
    const out = masked(`${text}\n`)
    if (LINES.some((line) => out.includes(line.slice(0, 20)))) shown.push(`${width}`)
  }
  expect(shown).toEqual([])
})
