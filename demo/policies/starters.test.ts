import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseDocuments } from '../../worker/documents.ts'
import { testPolicies } from '../../worker/policycases.ts'

const FOLDER = import.meta.dirname
const read = (file: string) => ({ file, text: readFileSync(`${FOLDER}/${file}`, 'utf8') })
const starters = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'))

test('there are the starters the documentation names', () => {
  expect(starters.toSorted()).toEqual([
    'break-glass.yaml',
    'coding-agents.yaml',
    'developer-with-holds.yaml',
    'masks.yaml',
    'read-only.yaml',
  ])
})

test('masks.yaml is a policy', () => {
  expect(parseDocuments(read('masks.yaml').text)).toMatchObject({ ok: true, documents: [{ kind: 'MaskPolicy' }] })
})

// A mask policy decides nothing, and so has no cases.
describe.each(starters.filter((file) => file !== 'masks.yaml'))('%s', (file) => {
  // Beside every other starter: none of them may open what this one keeps shut.
  const tested = testPolicies(starters.map(read), [read(file.replace(/\.yaml$/, '.test.yaml'))])
  test('is a policy with cases', () => expect(tested.ok ? [] : tested.errors).toEqual([]))
  const results = tested.ok ? tested.results : []
  test.each(results.map((result) => [result.name, result] as const))('%s', (_name, { passed, expected, decided }) => {
    expect({ passed, expected, decided }).toMatchObject({ passed: true })
  })
})
