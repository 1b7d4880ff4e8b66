// What an agent notes as known values, by writing a Secret of guesses, must not tell how a value begins or ends that a rule masks.

import { describe, expect, it } from 'vitest'
import type { Hit } from '../contract.ts'
import { base64, maskingFor } from '../testing.ts'
import { withoutGuesses } from './guesses.ts'

const encoder = new TextEncoder()
const VALUE = 'hunter-4711-kw'

/** Everything that can be seen of the hits. */
function seen(text: string, known: readonly string[], name = 'k'): readonly Omit<Hit, 'value'>[] {
  const masking = maskingFor()
  for (const one of known) masking.values.note(encoder.encode(one), name)
  const { hits } = masking.finder.find(encoder.encode(text), { final: true })
  return hits.map(({ value, ...hit }) => ({ ...hit, shown: new TextDecoder().decode(value) }))
}

describe('a guess leaves no trace', () => {
  const key = `-----BEGIN PRIVATE KEY-----\n${base64('a key that is long enough to be one, more or less').replace(/=+$/, '')}\n-----END PRIVATE KEY-----\n`
  it.each([
    ['of how a password begins', `DB_PASSWORD=${VALUE}\n`, 'PASSWORD=h'],
    ['of more of it', `DB_PASSWORD=${VALUE}\n`, '_PASSWORD=hunter'],
    ['of how it ends', `DB_PASSWORD=${VALUE}\nDB_HOST=db\n`, '-kw\nDB_HOST'],
    ['of a password in a URL', `postgres://user:${VALUE}@db.example/x`, '//user:h'],
    ['of how that ends', `postgres://user:${VALUE}@db.example/x`, 'kw@db.example'],
    ['of an option’s value', `run --password=${VALUE} now`, '--password=hun'],
    ['of the middle', `DB_PASSWORD=${VALUE}\n`, 'unter-47'],
    ['of letters behind a separator', 'password="correct horse, battery"\n', 'password="correct hor'],
    ['of letters behind a comma', 'DB_PASSWORD=Kd7,wq4x,9Zb\n', 'PASSWORD=Kd7,w'],
    ['of a private key', `key: ${key}`, 'key: -----BEGIN PRIVATE KEY-----\nYSBr'],
    ['of credentials in base64', `Authorization: Basic ${base64(`admin:${VALUE}`)}\n`, 'admin:h'],
    ['of an assignment in base64', `blob ${base64(`DB_PASSWORD=${VALUE}\n`)} end`, 'PASSWORD=hunt'],
  ])('%s', (_name, text, guess) => {
    expect(seen(text, [])).not.toEqual([])
    expect(text.includes(guess) || _name.includes('base64')).toBe(true)
    expect(seen(text, [guess])).toEqual(seen(text, []))
  })
})

describe('a guess leaves no trace in another known value', () => {
  it.each([
    ['of how it begins', `it is ${VALUE} and`, 'it is h'],
    ['of more of it', `it is ${VALUE} and`, ' is hunter-47'],
    ['of how it ends', `it is ${VALUE} and so`, 'w and so'],
    ['behind a sign', `it:${VALUE}/and`, 'see it:h'],
    ['in the middle', `it is ${VALUE} and`, 'unter-47'],
  ])('%s', (_name, text, guess) => {
    const whole = `see ${text}`
    expect(seen(whole, [VALUE], 'password')).toHaveLength(1)
    expect(seen(whole, [guess], 'password')).toHaveLength(1)
    expect(seen(whole, [guess, VALUE], 'password')).toEqual(seen(whole, [VALUE], 'password'))
  })
})

describe('of known values that overlap', () => {
  const text = encoder.encode('aa bbbb cccc dddd.e')
  const span = (start: number, end: number) => ({ start, end, known: true })
  it.each([
    ['the one that ends within a word of the other goes', [span(0, 9), span(8, 17)], [span(8, 17)]],
    ['the one that begins within a word of the other goes', [span(3, 12), span(10, 17)], [span(3, 12)]],
    ['both stay that do', [span(0, 10), span(9, 17)], [span(0, 10), span(9, 17)]],
    ['both stay where both end with words', [span(0, 12), span(8, 17)], [span(0, 12), span(8, 17)]],
    ['a value in front of a sign stays', [span(3, 17), span(13, 19)], [span(3, 17), span(13, 19)]],
    ['one in the other stays', [span(0, 17), span(9, 11)], [span(0, 17), span(9, 11)]],
  ])('%s', (_name, known, left) => {
    expect(withoutGuesses(text, known)).toEqual(left)
  })
})

describe('a known value is masked', () => {
  it.each([
    ['that holds what a rule finds', `url postgres://user:${VALUE}@db end`, `postgres://user:${VALUE}@db`],
    ['that ends at a word’s end in it', 'a pass phrase=one two', 'pass phrase=one'],
  ])('%s', (_name, text, value) => {
    const start = text.indexOf(value)
    const all = seen(text, [value])
    expect(all.some((hit) => hit.start <= start && hit.end >= start + value.length)).toBe(true)
  })
})

describe('of candidates', () => {
  const text = encoder.encode('aaaa bbbb=cccc dddd')
  const rule = { start: 10, end: 14, known: false }
  it.each([
    ['one that begins before and ends within a word', { start: 5, end: 12, known: true }, false],
    ['one that begins within a word and ends behind', { start: 12, end: 19, known: true }, false],
    ['one that contains it', { start: 5, end: 19, known: true }, true],
    ['one that is it', { start: 10, end: 14, known: true }, true],
    ['one within it', { start: 11, end: 13, known: true }, true],
    ['one beside it', { start: 5, end: 10, known: true }, true],
    ['one elsewhere', { start: 0, end: 3, known: true }, true],
  ])('%s', (_name, known, stays) => {
    expect(withoutGuesses(text, [rule, known])).toEqual(stays ? [rule, known] : [rule])
  })

  it('one that begins between two words of what a rule has found stays', () => {
    const words = encoder.encode('k=one,two three')
    const found = [
      { start: 2, end: 9, known: false },
      { start: 6, end: 15, known: true },
    ]
    expect(withoutGuesses(words, found)).toEqual(found)
  })
})
