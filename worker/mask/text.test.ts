import { describe, expect, test } from 'vitest'
import { infoOf, maskingFor } from './testing.ts'
import { maskText, maskWarning, textTransform } from './text.ts'

const TOKEN = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
const MARK = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g
const encoder = new TextEncoder()
const decoder = new TextDecoder()

describe('texts that are recorded', () => {
  test.each([
    ['a target', `/api/v1/pods?labelSelector=a%3D${TOKEN}`],
    ['an argument', `--token=${TOKEN}`],
    ['words', `it is ${TOKEN}.`],
  ])('%s', (_name, text) => {
    const { text: masked, report } = maskText(text, maskingFor(), 'target')
    expect(masked).not.toContain(TOKEN)
    expect(masked).toMatch(MARK)
    expect(report.count).toBe(1)
    expect(report.places?.map(({ at }) => at)).toEqual(['target'])
  })

  test('what holds nothing is the same text', () => {
    const text = '/api/v1/namespaces/shop/pods?limit=500 ✓'
    expect(maskText(text, maskingFor(), 'target')).toEqual({ text, report: { count: 0, rules: {} } })
  })
})

describe('warnings', () => {
  const warn = (text: string, strict: boolean, requestSecrets: string[] = []) =>
    maskWarning(text, maskingFor(), infoOf(strict ? {} : { resource: 'pods' }), { requestSecrets, strict }).replace(
      MARK,
      '…',
    )
  test.each([
    ['a credential', `299 - "do not use ${TOKEN}"`, false, [], '299 - "do not use …"'],
    ['a value of the request', '299 - "got hunter2-x"', false, ['hunter2-x'], '299 - "got …"'],
    ['what is quoted of a Secret', 'x: Invalid value: "abc"', true, [], 'x: Invalid value: "…"'],
    ['what is quoted of others', 'x: Invalid value: "abc"', false, [], 'x: Invalid value: "abc"'],
  ] as const)('%s', (_name, text, strict, secrets, expected) => {
    expect(warn(text, strict, [...secrets])).toBe(expected)
  })
})

test('text that streams is masked at every cut, and what is held back can be let go', () => {
  const bytes = encoder.encode(`one\ntwo ${TOKEN} three\n`)
  for (let cut = 0; cut <= bytes.length; cut++) {
    const transform = textTransform(maskingFor(), 'log')
    const out = [transform.push(bytes.slice(0, cut)), transform.push(bytes.slice(cut)), transform.end()]
    expect(
      out
        .map((part) => decoder.decode(part))
        .join('')
        .replace(MARK, '…'),
    ).toBe('one\ntwo … three\n')
    expect(transform.report().count).toBe(1)
  }
  const transform = textTransform(maskingFor(), 'log')
  const early = decoder.decode(transform.push(encoder.encode('$ ')))
  const late = transform.holding === true ? decoder.decode(transform.flush?.()) : ''
  expect(early + late).toBe('$ ')
})
