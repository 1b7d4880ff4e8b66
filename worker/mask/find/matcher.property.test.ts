// What must hold for any text: a text in pieces gives what it gives as a whole; stretches never overlap; nothing is thrown but a
// spent budget.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { budgetFor } from './budget.ts'
import { createMatcher, LOOK_BACK_BYTES, type Matched } from './matcher.ts'

const SEED = 4
const RUNS = 1500
const matcher = createMatcher({ off: new Set(), names: [] })
const encoder = new TextEncoder()

/** Pieces of text that rules begin, go on or end with. */
const PIECES = [
  'password',
  'DB_PASSWORD',
  'token',
  'apiKey',
  'api-key',
  'secret',
  'pass',
  'auth',
  'key',
  '--password',
  'secretName',
  'value',
  '=',
  ': ',
  ':',
  ' = ',
  '":"',
  '"',
  "'",
  ' ',
  '\n',
  ',',
  ';',
  '&',
  '/',
  '//',
  '://',
  '@',
  '<',
  '>',
  '</',
  '\\',
  '{',
  '}',
  '(',
  ')',
  '- name: ',
  '\n  value: ',
  'hunter2',
  'Sommer2024!',
  'x',
  'aB3',
  '9f8d7c6b5a493827',
  '0',
  '12',
  'default',
  ['${VAR', '}'].join(''),
  'changeme',
  'true',
  'os.getenv(',
  'https://',
  'redis://:',
  'user:',
  'p4ssw0rd@',
  'host',
  'git@',
  'postgres://u:pw1@h/d',
  'Bearer ',
  'Basic ',
  'Authorization: ',
  'dXNlcjpwYXNzd29yZDE=',
  'login x ',
  'eyJ',
  'eyJhbGciOiJIUzI1NiJ9',
  '.',
  'eyJzdWIiOiIxIn0',
  'dozjgNryP4J3jVmNHl0w5N',
  '-----BEGIN ',
  'RSA PRIVATE KEY-----',
  '-----END ',
  'MIIEowIBAAKCAQEAxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghi',
  'CERTIFICATE-----',
  'Private-Lines: ',
  'Private-MAC: ',
  'AKIAQ3EGRZ7V2XKL4MNB',
  'AKIA',
  'ghp_',
  '16C7e42F292c6912E7710c838347Ae178B4a',
  'xoxb-',
  '1234567890-',
  'sk_live_',
  '4eC39HqLyjWDarjtT1zdp7dc',
  '.atlasv1.',
  '4111 1111 1111 1111',
  '4111',
  '1111',
  '-',
  '5555555555554444',
  'T3BlbkFJ',
  'sk-',
  'aws',
  'datadog',
  'exa',
  '⟦masked:secret:0123456789ab⟧',
  '⟦masked:',
  '⟧',
]

const texts = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
      { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z0-9]{1,40}$/) },
    ),
    { minLength: 1, maxLength: 16 },
  )
  .map((pieces) => pieces.join(''))

function whole(text: Uint8Array): readonly Matched[] {
  return matcher.match(text, { final: true, budget: budgetFor(text.length) }).hits
}

/** Gives a text in pieces, as a stream would: what is decided goes out, only what is looked back at is kept. */
function inPieces(text: Uint8Array, cuts: readonly number[]): Matched[] {
  const out: Matched[] = []
  let kept = 0
  let done = 0
  for (const cut of [...cuts, text.length]) {
    const final = cut === text.length
    const held = text.subarray(kept, cut)
    const { hits, open } = matcher.match(held, { final, from: done - kept, budget: budgetFor(held.length) })
    const decided = kept + open
    for (const { start, end, rule } of hits)
      if (kept + start < decided) out.push({ start: kept + start, end: kept + end, rule })
    done = Math.max(done, decided)
    kept = Math.max(kept, done - LOOK_BACK_BYTES)
    if (final) break
  }
  return out
}

describe('a text in pieces', () => {
  test('gives what it gives as a whole, at every cut', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = encoder.encode(text)
        const expected = whole(bytes)
        for (let cut = 1; cut < bytes.length; cut++) expect(inPieces(bytes, [cut]), `cut at ${cut}`).toEqual(expected)
      }),
      { seed: SEED, numRuns: RUNS },
    )
  }, 120_000)

  test('gives what it gives as a whole, byte by byte', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = encoder.encode(text)
        const cuts = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1)
        expect(inPieces(bytes, cuts)).toEqual(whole(bytes))
      }),
      { seed: SEED, numRuns: RUNS },
    )
  }, 120_000)
})

describe('any bytes', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    texts.map((text) => encoder.encode(text)),
  )

  test('give stretches by place that do not overlap, and nothing open inside one', () => {
    fc.assert(
      fc.property(anything, fc.boolean(), (bytes, final) => {
        const { hits, open } = matcher.match(bytes, { final, budget: budgetFor(bytes.length) })
        let last = 0
        for (const { start, end } of hits) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(open <= start || open >= end).toBe(true)
          last = end
        }
        expect(last).toBeLessThanOrEqual(bytes.length)
        expect(open).toBeLessThanOrEqual(bytes.length)
      }),
      { seed: SEED, numRuns: 4 * RUNS },
    )
  }, 60_000)

  test('are suspect when something is found in them', () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        if (whole(bytes).length > 0) expect(matcher.suspect(bytes, 0, bytes.length)).toBe(true)
      }),
      { seed: SEED, numRuns: 4 * RUNS },
    )
  }, 60_000)
})
