// What the corpus harness measures with: where a secret went in each carrier, and whether it can be read in what came out.

import { describe, expect, test } from 'vitest'
import { CARRIERS, objectWith, textIn } from './corpus/carriers.ts'
import { readableLength } from './corpus/judge.ts'
import { plotsOf, sampleOf } from './corpus/plant.ts'
import { RECALL, Table } from './corpus/report.ts'
import { formsOf, Haystack } from './corpus/search.ts'

const SECRET = 'zq8/"ü\\Rk2+vW7pLm4'
const TEXT = `naïve: "${SECRET}"\nand so on until the line is longer than the columns of a wrapped one, which takes a while`

describe('a carrier says where the secret is', () => {
  const place = TEXT.indexOf(SECRET)
  const taken = (name: string): string => {
    const carrier = CARRIERS.find((each) => each.name === name)
    if (carrier === undefined) throw new Error(`no carrier ${name}`)
    const { bytes, at } = carrier.carry(TEXT)
    return Buffer.from(bytes.subarray(at(place), at(place + SECRET.length))).toString('utf8')
  }
  const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

  test.each([
    ['log', SECRET],
    ['exec', SECRET],
    ['string', SECRET],
    ['url', encodeURIComponent(SECRET)],
    ['twice', escaped(escaped(SECRET))],
    ['wrap-64', SECRET],
  ])('%s', (name, expected) => {
    expect(taken(name)).toBe(expected)
  })

  test.each(['base64', 'base64-76'])('%s: the groups of four that hold nothing but the secret', (name) => {
    const group = taken(name).replaceAll('\n', '')
    const decoded = [0, 1, 2, 3].map((skip) => Buffer.from(group.slice(skip), 'base64').toString('latin1'))
    expect(decoded.some((text) => text.includes('Rk2+vW7p'))).toBe(true)
  })

  test('a line is broken at the column, and not where it ends anyway', () => {
    const carrier = CARRIERS.find((each) => each.name === 'wrap-64')
    const lines = Buffer.from(carrier?.carry(`${'a'.repeat(64)}\n${'b'.repeat(70)}`).bytes ?? [])
      .toString()
      .split('\n')
    expect(lines.map((line) => line.length)).toEqual([64, 64, 6])
  })

  test.each(['configmap', 'env'] as const)('an object with the text in it gives it back: %s', (through) => {
    expect(textIn(through, Buffer.from(objectWith(through, TEXT, null)).toString(), null)).toBe(TEXT)
  })
})

describe('a secret is found in what came out', () => {
  test.each([
    ['as it is', `x${SECRET}y`],
    ['in part', `x${SECRET.slice(2, 16)}y`],
    ['in base64, first place', Buffer.from(SECRET).toString('base64')],
    ['in base64, second place', Buffer.from(`.${SECRET}..`).toString('base64')],
    ['in base64, third place', Buffer.from(`..${SECRET}.`).toString('base64')],
    ['URL encoded', encodeURIComponent(`?${SECRET}`)],
    ['escaped', JSON.stringify({ a: SECRET })],
  ])('%s', (_name, text) => {
    expect(new Haystack(Buffer.from(text)).readable(SECRET)).not.toBeNull()
  })

  test.each([
    ['not at all', 'nothing of it'],
    ['a head that is shorter than what counts', SECRET.slice(0, 6)],
  ])('%s', (_name, text) => {
    expect(new Haystack(Buffer.from(text)).readable(SECRET)).toBeNull()
  })

  test('the whole of it, in each form', () => {
    for (const form of formsOf(SECRET)) expect(new Haystack(Buffer.from(`<${form}>`)).holds(SECRET)).toBe(form)
    expect(new Haystack(Buffer.from(SECRET.slice(1))).holds(SECRET)).toBeNull()
  })

  test.each([
    ['secret', 4],
    ['0123456789', 6],
    ['0'.repeat(200), 12],
  ])('of %s, %i in a row count as readable', (secret, length) => {
    expect(readableLength(secret)).toBe(length)
  })
})

describe('the sample for a cluster', () => {
  const entry = (rule: string, secret: string, text = `key=${secret}`) =>
    ({ source: 's', rule, kind: 'secret', text, secret, name: null }) as const

  test('has every rule, no secret twice, and none that another text holds', () => {
    const sample = sampleOf(
      [
        entry('a', 'abcdefghijkl'),
        entry('a', 'mnopqrstuvwx'),
        entry('b', 'abcdefghijkl'),
        entry('c', 'ABCDEFGHIJKL'),
        entry('d', 'MNOPQRSTUVWX', 'MNOPQRSTUVWX beside ABCDEFGHIJKL'),
        entry('e', 'short'),
      ],
      4,
    )
    expect(sample.map(({ secret }) => secret)).toEqual(['abcdefghijkl', 'MNOPQRSTUVWX', 'mnopqrstuvwx'])
  })

  test('is cut into plots with keys of their own', () => {
    const entries = Array.from({ length: 251 }, (_, index) => entry('r', `secret-number-${index}`))
    const plots = plotsOf(entries)
    expect(plots.map(({ entries: { size } }) => size)).toEqual([250, 1])
    expect([...(plots[1]?.entries.keys() ?? [])]).toEqual(['k0250'])
  })
})

test('a source falls short when a carrier of it does', () => {
  const table = new Table()
  for (let n = 0; n < 20; n++) {
    table.add('good', 'log', n > 0)
    table.add('bad', 'log', n > 1)
  }
  expect(table.below(RECALL)).toEqual(['bad log 90.0 %'])
})
