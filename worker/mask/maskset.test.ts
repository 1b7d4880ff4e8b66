import { describe, expect, test } from 'vitest'
import type { Identity } from '../context.ts'
import { compileMasks, type MaskSet } from './maskset.ts'
import { DEFAULT_MASK_RULES } from './rules.ts'
import { infoOf } from './testing.ts'

function policy(name: string, spec: Record<string, unknown>) {
  return { name, document: { apiVersion: 'sallyport/v1', kind: 'MaskPolicy', metadata: { name }, spec } }
}
const AGENT = who('agent', 'ai-agents')
function who(username: string, ...groups: string[]): Identity {
  return { user: { username, uid: '', groups, extra: {} }, issuer: 'i', expiresAt: 0 }
}
const rulesOf = (set: MaskSet, identity = AGENT) => set.rulesFor(identity, 'prod')
const only = (...specs: Record<string, unknown>[]) =>
  rulesOf(compileMasks(specs.map((spec, index) => policy(`p${index}`, spec))))
const pin = (name: string) => ({ patterns: [{ name, match: 'pin-[0-9]{4}' }] })

describe('a policy is about', () => {
  const OTHER = who('bob', 'people')
  test.each<[string, Record<string, unknown>, Identity, string, boolean]>([
    ['everybody, where it names nobody', {}, OTHER, 'dev', true],
    ['a group it names', { subjects: [{ groups: ['x', 'ai-agents'] }] }, AGENT, 'prod', true],
    ['no other group', { subjects: [{ groups: ['ai-agents'] }] }, OTHER, 'prod', false],
    ['a user it names', { subjects: [{ groups: ['x'] }, { users: ['bob'] }] }, OTHER, 'prod', true],
    ['no group that is called like a user', { subjects: [{ users: ['people'] }] }, OTHER, 'prod', false],
    ['every user', { subjects: [{ users: ['*'] }] }, OTHER, 'prod', true],
    ['every group', { subjects: [{ groups: ['*'] }] }, who('lone'), 'prod', true],
    ['a connection it names', { connections: ['dev', 'prod'] }, AGENT, 'prod', true],
    ['no other connection', { connections: ['dev'] }, AGENT, 'prod', false],
    ['every connection', { connections: ['*'] }, AGENT, 'prod', true],
  ])('%s', (_name, spec, identity, connection, expected) => {
    const rules = compileMasks([policy('p', { ...spec, ...pin('pin') })]).rulesFor(identity, connection)
    expect(rules.patterns.length > 0).toBe(expected)
  })
})

test('where no policy speaks the built-in rules hold', () => {
  expect(rulesOf(compileMasks([]))).toBe(DEFAULT_MASK_RULES)
  expect(rulesOf(compileMasks([policy('p', { connections: ['dev'] })]))).toBe(DEFAULT_MASK_RULES)
})

test('whoever the same policies speak of has the same rules', () => {
  const set = compileMasks([policy('p', pin('a')), policy('q', { subjects: [{ groups: ['people'] }], ...pin('b') })])
  expect(rulesOf(set, who('x'))).toBe(rulesOf(set, who('y')))
  expect(rulesOf(set, who('x'))).not.toBe(rulesOf(set, who('x', 'people')))
})

describe('the revision', () => {
  const revision = (...specs: Record<string, unknown>[]) => only(...specs).revision
  test('is the same for the same content, compiled again', () => {
    expect(revision(pin('a'))).toBe(revision(pin('a')))
    expect(revision(pin('a'))).toBe(revision({ ...pin('a'), connections: ['prod'] }))
    expect(Number.isSafeInteger(revision(pin('a')))).toBe(true)
  })
  test.each<[string, Record<string, unknown>[]]>([
    ['the built-in rules', []],
    ['a policy that says nothing', [{}]],
    ['another name', [pin('b')]],
    ['one more policy', [pin('a'), {}]],
    ['a switch', [{ ...pin('a'), layers: { values: false } }]],
    ['a field', [{ ...pin('a'), fields: [{ name: 'f', resources: ['x'], paths: ['a.b'] }] }]],
    ['an exception', [{ ...pin('a'), onUnreadable: [{ paths: ['/x'], do: 'pass' }] }]],
  ])('differs from that of %s', (_name, specs) => {
    expect(revision(...specs)).not.toBe(revision(pin('a')))
  })
})

describe('a layer', () => {
  test.each<[string, unknown[], boolean]>([
    ['is on, where nobody says', [undefined], true],
    ['is off, where one says so', [undefined, false], false],
    ['is on, where one says on', [false, true], true],
    ['is off, where all say so', [false, false], false],
  ])('%s', (_name, said, expected) => {
    const rules = only(...said.map((patterns) => ({ layers: patterns === undefined ? {} : { patterns } })))
    expect(rules.layers).toEqual({ structure: true, patterns: expected, values: true })
  })
})

test('fields, names, patterns and what is off unite', () => {
  const rules = only(
    { ...pin('a'), names: ['^x$', '^y$'], off: ['card-number'] },
    { ...pin('b'), names: ['^y$', '^z$'], off: ['jwt'] },
  )
  expect(rules.patterns.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(rules.names).toEqual(['^x$', '^y$', '^z$'])
  expect([...rules.off]).toEqual(['card-number', 'jwt'])
})

describe('the fields of', () => {
  const field = (name: string, ...resources: string[]) => ({ name, resources, paths: ['spec.a', 'spec.b[*].c'] })
  const rules = only(
    { fields: [field('vault', 'vaults.acme.io'), field('map', 'configmaps')] },
    { fields: [field('acme', '*.acme.io'), field('core', '*.core'), field('any-vault', 'vaults.*')] },
  )
  const names = (apiGroup: string, resource: string, more = {}) =>
    new Set(rules.fields(infoOf({ apiGroup, resource, ...more })).map(({ name }) => name))
  test.each([
    ['a resource of a group', 'acme.io', 'vaults', ['vault', 'acme', 'any-vault']],
    ['another of the group', 'acme.io', 'safes', ['acme']],
    ['its namesake in another group', 'other.io', 'vaults', ['any-vault']],
    ['the core group', '', 'configmaps', ['map', 'core']],
    ['a namesake of the core group’s', 'x.io', 'configmaps', []],
  ])('%s', (_name, group, resource, expected) => {
    expect(names(group, resource)).toEqual(new Set(expected))
  })
  test('a subresource are those of its resource', () => {
    expect(names('acme.io', 'vaults', { subresource: 'status' })).toContain('vault')
  })
  test('a path that is no resource are none', () => {
    expect(rules.fields(infoOf({ isResourceRequest: false, resource: '', path: '/openapi/v2' }))).toEqual([])
  })
  test('every resource', () => {
    const all = only({ fields: [field('all', '*')] })
    expect(all.fields(infoOf({ apiGroup: 'x.io', resource: 'y' }))).toEqual([
      { name: 'all', path: ['spec', 'a'] },
      { name: 'all', path: ['spec', 'b', '[*]', 'c'] },
    ])
  })
})

describe('what cannot be read', () => {
  const path = (at: string) => infoOf({ isResourceRequest: false, resource: '', path: at })
  const pods = infoOf({ resource: 'pods' })
  const pass = (of: Record<string, unknown>) => ({ onUnreadable: [{ ...of, do: 'pass' }] })
  const withhold = (of: Record<string, unknown>) => ({ onUnreadable: [{ ...of, do: 'withhold' }] })
  test.each<[string, Record<string, unknown>[], ReturnType<typeof infoOf>, 'withhold' | 'pass']>([
    ['is withheld where nobody says', [{}], pods, 'withhold'],
    ['passes where one says so', [{}, pass({ resources: ['pods'] })], pods, 'pass'],
    ['passes where another says not', [pass({ resources: ['pods'] }), withhold({ resources: ['*'] })], pods, 'pass'],
    ['is withheld for other resources', [pass({ resources: ['nodes'] })], pods, 'withhold'],
    ['is withheld where a path is named', [pass({ paths: ['/*'] })], pods, 'withhold'],
    ['passes under a prefix', [pass({ paths: ['/x/*'] })], path('/x/y'), 'pass'],
    ['is withheld beside a path', [pass({ paths: ['/x'] })], path('/x/y'), 'withhold'],
    ['passes at a path', [pass({ paths: ['/x'] })], path('/x'), 'pass'],
    ['is withheld of Secrets', [pass({ resources: ['*', '*.core'] })], infoOf({ resource: 'secrets' }), 'withhold'],
    [
      'passes of what is only called so',
      [pass({ resources: ['*'] })],
      infoOf({ resource: 'secrets', apiGroup: 'x' }),
      'pass',
    ],
    [
      'is as the first word of a policy',
      [
        {
          onUnreadable: [
            { resources: ['pods'], do: 'withhold' },
            { resources: ['*'], do: 'pass' },
          ],
        },
      ],
      pods,
      'withhold',
    ],
  ])('%s', (_name, specs, info, expected) => {
    expect(only(...specs).onUnreadable(info)).toBe(expected)
  })
})

test('one policy that cannot be used breaks all of them, and says which', () => {
  const set = compileMasks([policy('good', {}), policy('bad', { feilds: [] })])
  expect(set.broken).toBe('mask policy bad cannot be used: spec.feilds: is not a known key')
  expect(() => rulesOf(set)).toThrow()
})
