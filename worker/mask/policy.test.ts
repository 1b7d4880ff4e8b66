import { describe, expect, test } from 'vitest'
import { problemText } from '../document/problem.ts'
import { isMaskPolicy, parseMaskPolicy } from './policy.ts'

function document(spec: Record<string, unknown> = {}) {
  return { apiVersion: 'sallyport/v1', kind: 'MaskPolicy', metadata: { name: 'p' }, spec }
}
const FIELD = { name: 'f', resources: ['vaults.acme.io'], paths: ['spec.token'] }
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))
const field = (over: Record<string, unknown>) => document({ fields: [{ ...FIELD, ...over }] })
const pattern = (match: unknown, name: unknown = 'p') => document({ patterns: [{ name, match }] })

const digits = (count: number) =>
  document({ patterns: many(count, (n) => ({ name: `d${n}`, match: `[0-9]{${n + 4}}` })) })

test('a whole policy is parsed, its paths as steps', () => {
  const spec = {
    subjects: [{ groups: ['ai-agents'] }, { users: ['bot'] }],
    connections: ['prod'],
    layers: { structure: true, patterns: false },
    fields: [{ ...FIELD, paths: ['spec.token', 'spec.accounts[*].password', 'metadata.annotations["a.b/c"]'] }],
    names: ['(?i)^acme_.*_pin$'],
    patterns: [{ name: 'acme-key', match: 'acme_[0-9a-f]{32}' }],
    off: ['card-number', 'private-key', 'aws-access-key-id'],
    onUnreadable: [
      { paths: ['/openapi/*'], do: 'pass' },
      { resources: ['nodes'], do: 'withhold' },
    ],
  }
  const paths = [
    ['spec', 'token'],
    ['spec', 'accounts', '[*]', 'password'],
    ['metadata', 'annotations', 'a.b/c'],
  ]
  const policy = document({ ...spec, fields: [{ ...FIELD, paths }] })
  expect(parseMaskPolicy(document(spec))).toEqual({ ok: true, policy })
})
test('one that says nothing is a policy', () => {
  expect(parseMaskPolicy(document()).ok).toBe(true)
})
test('is told by its kind', () => {
  expect([document(), { kind: 'Block' }, null, 'MaskPolicy'].map(isMaskPolicy)).toEqual([true, false, false, false])
})

describe('a policy is taken with', () => {
  test.each([
    ['any resource', field({ resources: ['*'] })],
    ['a group', field({ resources: ['*.acme.io', 'configmaps.core', 'pods'] })],
    ['the longest pattern', pattern(`x${'a'.repeat(999)}`)],
    ['as many fields as there may be', document({ fields: many(200, (n) => ({ ...FIELD, name: `f${n}` })) })],
    ['a name of one character', field({ name: 'x' })],
    ['the longest name', field({ name: 'x'.repeat(63) })],
    ['as many patterns without a literal as there may be', digits(4)],
    ['every resource unreadable', document({ onUnreadable: [{ resources: ['*'], do: 'pass' }] })],
  ])('%s', (_name, value) => {
    const parsed = parseMaskPolicy(value)
    expect(parsed.ok ? '' : parsed.problems.map(problemText).join('\n')).toBe('')
  })
})

describe('a policy is refused for', () => {
  test.each<[string, unknown, string]>([
    ['a misspelt key', document({ feilds: [] }), 'spec.feilds: is not a known key'],
    ['another version', { ...document(), apiVersion: 'v1' }, 'apiVersion'],
    ['no spec', { ...document(), spec: undefined }, 'spec'],
    ['a name that is none', { ...document(), metadata: { name: 'A' } }, 'metadata.name: must be a DNS name'],
    ['subjects of nobody', document({ subjects: [] }), 'spec.subjects'],
    ['a subject of both', document({ subjects: [{ users: ['a'], groups: ['b'] }] }), 'either users or groups'],
    ['a layer there is not', document({ layers: { names: true } }), 'spec.layers.names: is not a known key'],
    ['a layer that is no switch', document({ layers: { patterns: 'off' } }), 'spec.layers.patterns'],
    ['a field without a name', document({ fields: [{ ...FIELD, name: undefined }] }), 'spec.fields.0.name'],
    ['a name a placeholder could not hold', field({ name: 'Vault Token' }), 'spec.fields.0.name: must be lower-case'],
    ['a name too long', field({ name: 'x'.repeat(64) }), 'at most 63'],
    ['two fields of one name', document({ fields: [FIELD, FIELD] }), 'spec.fields: must have names that differ'],
    ['a subresource', field({ resources: ['pods/log'] }), 'without a subresource'],
    ['fields of Secrets', field({ resources: ['secrets'] }), 'masked already'],
    ['no paths', field({ paths: [] }), 'spec.fields.0.paths'],
    ['a path that is none', field({ paths: ['spec.x', 'spec[0]'] }), 'spec.fields.0.paths.1: must be steps'],
    ['too many fields', document({ fields: many(201, (n) => ({ ...FIELD, name: `f${n}` })) }), 'at most 200'],
    ['a pattern that is none', pattern('a('), 'spec.patterns.0.match: the pattern is not in the syntax of RE2'],
    ['look-around', pattern('(?<=a)b'), 'RE2'],
    ['a back-reference', pattern('(a)\\1'), 'RE2'],
    ['a pattern that is everywhere', pattern('a*'), 'matches the empty text'],
    ['an empty pattern', pattern(''), 'spec.patterns.0.match'],
    ['a pattern too long', pattern('a'.repeat(1001)), 'longer than 1000 characters'],
    ['a pattern that repeats too much', pattern('(a{600}){600}'), 'spec.patterns.0.match: the pattern'],
    ['a pattern YAML read as a number', pattern(7), 'put the pattern in quotes'],
    ['two patterns of one name', document({ patterns: many(2, () => ({ name: 'x', match: 'y' })) }), 'differ'],
    ['too many patterns', document({ patterns: many(101, (n) => ({ name: `x${n}`, match: 'y' })) }), 'at most 100'],
    ['a name that is no pattern', document({ names: ['['] }), 'spec.names.0: the pattern is not in the syntax'],
    ['a rule that is none', document({ off: ['card-numbers'] }), 'spec.off.0: is not the name of a built-in'],
    ['too many patterns without a literal', digits(5), 'at most 4 without a literal'],
    ['too many names', document({ names: many(51, () => 'x') }), 'at most 50'],
    ['Secrets passing unread', document({ onUnreadable: [{ resources: ['secrets'], do: 'pass' }] }), 'withheld'],
    [
      'Secrets under their other name',
      document({ onUnreadable: [{ resources: ['secrets.core'], do: 'pass' }] }),
      'with',
    ],
    ['an exception for nothing', document({ onUnreadable: [{ do: 'pass' }] }), 'either resources or paths'],
    ['one for both', document({ onUnreadable: [{ paths: ['/a'], resources: ['pods'], do: 'pass' }] }), 'either'],
    ['one for a path that is none', document({ onUnreadable: [{ paths: ['a'], do: 'pass' }] }), 'starts with /'],
    ['one that does neither', document({ onUnreadable: [{ paths: ['/a'], do: 'mask' }] }), 'withhold or pass'],
  ])('%s', (_name, value, message) => {
    const parsed = parseMaskPolicy(value)
    expect(parsed.ok ? 'taken' : parsed.problems.map(problemText).join('\n')).toContain(message)
  })
})
