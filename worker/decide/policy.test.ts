import { describe, expect, test } from 'vitest'
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
    ['effect Hold', document({ effect: 'Hold' }), 'spec.rules.0.effect: Hold is not yet supported by this gateway'],
    ['a condition', document({ when: 'true' }), 'spec.rules.0.when: when is not yet supported by this gateway'],
    ['an approval', document({ approval: {} }), 'spec.rules.0.approval: approval is not yet supported'],
    ['limits', document({}, { limits: {} }), 'spec.limits: limits is not yet supported by this gateway'],
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
    if (!parsed.ok) expect(parsed.problems.join('\n')).toContain(problem)
  })
})
