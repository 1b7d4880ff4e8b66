// What docs/policies.md shows must be true.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseDocuments } from '../documents.ts'
import { testPolicies } from '../policycases.ts'
import { compileCondition } from './cel/condition.ts'
import { PACK_NAMES } from './pack.ts'

const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text)
const documents = blocks.filter((text) => text.startsWith('apiVersion:'))
const cases = blocks.filter((text) => text.includes('cases:'))
const policies = documents.filter((text) => text.includes('kind: AccessPolicy'))

describe('docs/policies.md', () => {
  test('shows a policy and a block that are taken', () => {
    expect(documents).toHaveLength(2)
    for (const text of documents) expect(parseDocuments(text)).toMatchObject({ ok: true })
  })
  test('shows limits that are taken', () => {
    const limits = blocks.find((text) => text.startsWith('  limits:')) ?? ''
    expect(limits).toContain('per: identity')
    const [text = ''] = policies
    expect(parseDocuments(`${text.slice(0, text.indexOf('  limits:'))}${limits}`)).toMatchObject({ ok: true })
  })
  test('shows cases that pass', () => {
    expect(cases).toHaveLength(1)
    const tested = testPolicies([{ file: 'p', text: policies[0] ?? '' }], [{ file: 'c', text: cases[0] ?? '' }])
    if (!tested.ok) throw new Error(tested.errors.join('\n'))
    expect(tested.results.filter(({ passed }) => !passed)).toEqual([])
    expect(tested.results).toHaveLength(3)
  })
  test('shows a condition that is taken', () => {
    const [, text = ''] = /write `([^`]+)` for what may be missing/.exec(page) ?? []
    expect(compileCondition(text)).toMatchObject({ ok: true })
  })
  test('names every rule of the pack', () => {
    for (const name of PACK_NAMES) expect(page).toContain(`\`${name}\``)
  })
})
