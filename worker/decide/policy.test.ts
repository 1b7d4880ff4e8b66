import { describe, expect, test } from 'vitest'
import { problemText } from '../document/problem.ts'
import { parsePolicy } from './policy.ts'

const RULE = { name: 'r', effect: 'Allow', verbs: ['get'], resources: ['pods'] }
function document(rule: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) {
  return {
    apiVersion: 'sallyport/v1',
    kind: 'AccessPolicy',
    metadata: { name: 'p' },
    spec: { subjects: [{ groups: ['g'] }], connections: ['*'], rules: [{ ...RULE, ...rule }], ...spec },
  }
}

test('a policy is parsed', () => {
  expect(parsePolicy(document())).toEqual({ ok: true, policy: document() })
})

const LIMIT = { name: 'l', count: 'writes', per: 'session', max: 3 }
const hold = (approval: unknown) => document({ effect: 'Hold', approval })
const limit = (fields: Record<string, unknown>) => document({}, { limits: [{ ...LIMIT, ...fields }] })

describe('what is left out is filled in', () => {
  const approvalOf = (value: unknown) => {
    const parsed = parsePolicy(value)
    if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'))
    return parsed.policy.spec.rules[0]?.approval
  }
  const DEFAULT = { by: { users: [], groups: [] }, count: 1, holdForMs: 600_000, validForMs: 300_000, grant: null }
  test.each<[string, unknown, unknown]>([
    ['nothing said', {}, DEFAULT],
    ['the shortest', { holdFor: '10s', validFor: '10s' }, { ...DEFAULT, holdForMs: 10_000, validForMs: 10_000 }],
    [
      'the longest',
      { holdFor: '24h', validFor: '1440m' },
      { ...DEFAULT, holdForMs: 86_400_000, validForMs: 86_400_000 },
    ],
    ['the most people', { count: 10 }, { ...DEFAULT, count: 10 }],
    ['a grant', { grant: { maxFor: '30m' } }, { ...DEFAULT, grant: { maxForMs: 1_800_000 } }],
    [
      'groups and users',
      { by: [{ groups: ['sre', 'dba'] }, { users: ['alice'] }] },
      { ...DEFAULT, by: { groups: ['sre', 'dba'], users: ['alice'] } },
    ],
  ])('%s', (_name, approval, expected) => {
    expect(approvalOf(hold(approval))).toEqual(expected)
  })
  test('a Hold may leave its approval out', () => {
    expect(parsePolicy(document({ effect: 'Hold' })).ok).toBe(true)
  })
  test('conditions are compiled, on any effect', () => {
    for (const effect of ['Allow', 'Deny', 'Hold']) {
      const parsed = parsePolicy(document({ effect, when: 'object.spec.replicas <= 10' }))
      if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'))
      expect(parsed.policy.spec.rules[0]?.when?.uses).toEqual(new Set(['object']))
    }
  })
  test('a limit is parsed', () => {
    const parsed = parsePolicy(limit({ per: 'identity', within: '24h', approval: { count: 2 } }))
    expect(parsed).toMatchObject({
      ok: true,
      policy: { spec: { limits: [{ name: 'l', max: 3, within: 86_400_000, approval: { ...DEFAULT, count: 2 } }] } },
    })
  })
})

describe('a policy is refused, and the path says where', () => {
  test.each<[string, unknown, string]>([
    ['no document', null, '(document)'],
    ['a list', [], 'apiVersion: is missing'],
    ['another version', { ...document(), apiVersion: 'sallyport/v2' }, 'apiVersion'],
    ['another kind', { ...document(), kind: 'Policy' }, 'kind'],
    ['no name', { ...document(), metadata: {} }, 'metadata.name'],
    ['the name of the pack', { ...document(), metadata: { name: 'built-in' } }, 'metadata.name'],
    ['an unknown key', document({ verb: ['get'] }), 'spec.rules.0.verb: is not a known key'],
    ['an unknown key in spec', document({}, { rule: [] }), 'spec.rule: is not a known key'],
    ['a misspelt verb', document({ verbs: ['lst'] }), 'spec.rules.0.verbs.0'],
    ['no verbs', document({ verbs: [] }), 'spec.rules.0.verbs'],
    ['a misspelt effect', document({ effect: 'allow' }), 'spec.rules.0.effect'],
    ['a condition that is no text', document({ when: true }), 'spec.rules.0.when: must be text'],
    ['a condition that does not parse', document({ when: 'a ==' }), 'spec.rules.0.when: line 1, column '],
    [
      'a condition with a misspelt field',
      document({ when: "request.nmspace == 'shop'" }),
      'spec.rules.0.when: line 1, column ',
    ],
    ['a condition that is no bool', document({ when: '1 + 1' }), 'spec.rules.0.when: line 1, column 1: '],
    ['a condition that never ends', document({ when: `'${'x'.repeat(8200)}' == ''` }), 'must not be longer than 8192'],
    ['an approval on an Allow', document({ approval: {} }), 'spec.rules.0: must not have an approval'],
    ['an approval on a Deny', document({ effect: 'Deny', approval: {} }), 'spec.rules.0: must not have an approval'],
    ['an unknown key in approval', hold({ who: [] }), 'spec.rules.0.approval.who: is not a known key'],
    ['nobody who may approve', hold({ by: [] }), 'spec.rules.0.approval.by'],
    ['an approver that is nobody', hold({ by: [{}] }), 'spec.rules.0.approval.by.0: must have either users or groups'],
    ['everybody as approver', hold({ by: [{ users: ['*'] }] }), 'leave `by` out for every approver'],
    ['no approvals', hold({ count: 0 }), 'spec.rules.0.approval.count: must be a whole number between 1 and 10'],
    ['eleven approvals', hold({ count: 11 }), 'spec.rules.0.approval.count'],
    ['half an approval', hold({ count: 1.5 }), 'spec.rules.0.approval.count'],
    ['a duration as number', hold({ holdFor: 600 }), 'spec.rules.0.approval.holdFor: must be a duration between 10s'],
    ['a duration without unit', hold({ holdFor: '600' }), 'spec.rules.0.approval.holdFor'],
    ['a duration of two parts', hold({ holdFor: '1h30m' }), 'spec.rules.0.approval.holdFor'],
    ['a duration of nothing', hold({ holdFor: '0s' }), 'spec.rules.0.approval.holdFor'],
    ['a hold too short', hold({ holdFor: '9s' }), 'spec.rules.0.approval.holdFor'],
    ['a hold too long', hold({ holdFor: '25h' }), 'spec.rules.0.approval.holdFor'],
    ['an approval valid too long', hold({ validFor: '1441m' }), 'spec.rules.0.approval.validFor'],
    ['a grant without an end', hold({ grant: {} }), 'spec.rules.0.approval.grant.maxFor: is missing'],
    ['limits that are no list', document({}, { limits: {} }), 'spec.limits'],
    ['a limit on something else', limit({ count: 'reads' }), 'spec.limits.0.count: must be one of requests'],
    ['a limit per something else', limit({ per: 'group' }), 'spec.limits.0.per: must be session or identity'],
    ['a limit below nothing', limit({ max: -1 }), 'spec.limits.0.max: must be a whole number'],
    ['a limit as text', limit({ max: '3' }), 'spec.limits.0.max: must be a whole number'],
    ['a limit per identity for ever', limit({ per: 'identity' }), 'spec.limits.0: must have within'],
    ['a limit over two days', limit({ within: '48h' }), 'spec.limits.0.within'],
    ['a limit with an effect', limit({ effect: 'Deny' }), 'spec.limits.0.effect: is not a known key'],
    ['a limit named like a rule', limit({ name: 'r' }), 'spec: limits must not be named like rules'],
    ['two limits of one name', document({}, { limits: [LIMIT, LIMIT] }), 'spec.limits: must have names that differ'],
    ['resources and paths', document({ paths: ['/x'] }), 'spec.rules.0: must have either resources or paths'],
    ['neither resources nor paths', document({ resources: undefined }), 'spec.rules.0'],
    ['names beside paths', document({ resources: undefined, paths: ['/x'], names: ['y'] }), 'spec.rules.0'],
    ['a resource in upper case', document({ resources: ['Pods'] }), 'spec.rules.0.resources.0'],
    ['a resource with two subresources', document({ resources: ['pods/a/b'] }), 'spec.rules.0.resources.0'],
    ['a path with a * inside', document({ resources: undefined, paths: ['/a*b'] }), 'spec.rules.0.paths.0'],
    ['a path with an escape', document({ resources: undefined, paths: ['/%41'] }), 'spec.rules.0.paths.0'],
    ['an empty namespace', document({ namespaces: [''] }), 'spec.rules.0.namespaces.0'],
    ['no namespaces at all', document({ namespaces: [] }), 'spec.rules.0.namespaces'],
    ['two rules of one name', document({}, { rules: [RULE, RULE] }), 'spec.rules: must have names that differ'],
    ['no subjects', document({}, { subjects: [] }), 'spec.subjects'],
    ['an empty subject', document({}, { subjects: [{}] }), 'spec.subjects.0: must have either users or groups'],
    ['no connections', document({}, { connections: undefined }), 'spec.connections'],
  ])('%s', (_name, value, problem) => {
    const parsed = parsePolicy(value)
    expect(parsed.ok).toBe(false)
    if (!parsed.ok) expect(parsed.problems.map(problemText).join('\n')).toContain(problem)
  })
})
