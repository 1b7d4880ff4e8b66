// Properties of the decision, on made-up policies: against a model that is slow and simple, and against themselves.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Effect } from '../context.ts'
import { compilePolicies } from './compile.ts'
import { decide, type Judged } from './decide.ts'
import { facts, judged, policy, rule } from './testing.ts'

const SEED = { seed: 20261121, numRuns: 1_500 }
const OBJECT = { a: 1, spec: { replicas: 3 } }
const KNOWN = facts({ object: OBJECT, oldObject: OBJECT })

/** Conditions and what they say to {@link OBJECT}: true, false or an error. */
const CONDITIONS = new Map<string, boolean | 'error'>([
  ['1 == 1', true],
  ["request.namespace == 'nowhere'", false],
  ['object.a == 1', true],
  ['object.spec.replicas > 10', false],
  ['oldObject.a == 1 && object.a == 1', true],
  ['object.nosuch == 1', 'error'],
  ["identity.extra['nosuch'] == ['x']", 'error'],
])
const VERBS = ['get', 'list', 'create', 'patch', 'delete', 'connect']
const RESOURCES = ['pods', 'pods/exec', 'pods/eviction', 'deployments.apps', 'deployments.apps/scale', 'nodes/proxy']
const PATTERNS = ['*', '*/*', '*.apps', '*/scale', 'pods/*', 'pods.*', 'deployments.apps/*', ...RESOURCES]
const NAMESPACES = ['a', 'b']

interface RuleText {
  readonly effect: Effect
  readonly verbs: readonly string[]
  readonly resources: readonly string[]
  readonly namespaces?: readonly string[]
  readonly names?: readonly string[]
  readonly when?: string
}
const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
/** Often everything, so that requests are not all denied for want of a rule. */
const oftenAll = (values: readonly string[]) => fc.oneof(fc.constant(['*']), some(values))
const ruleText = (
  effects: readonly Effect[] = ['Allow', 'Allow', 'Allow', 'Allow', 'Deny', 'Hold'],
): fc.Arbitrary<RuleText> =>
  fc.record(
    {
      effect: fc.constantFrom(...effects),
      verbs: oftenAll([...VERBS, '*']),
      resources: oftenAll(PATTERNS),
      namespaces: oftenAll(NAMESPACES),
      names: some(['x', 'y']),
      when: fc.constantFrom(...CONDITIONS.keys()),
    },
    { requiredKeys: ['effect', 'verbs', 'resources'] },
  )
const rules = fc.array(ruleText(), { maxLength: 6 })
const request = fc
  .record({
    verb: fc.constantFrom(...VERBS),
    resource: fc.constantFrom(...RESOURCES),
    namespace: fc.constantFrom('-', ...NAMESPACES),
    name: fc.constantFrom('x', 'y'),
  })
  .map(({ verb, resource, namespace, name }) => {
    const named = verb === 'list' || verb === 'create' ? '' : name
    return judged(`${verb} ${resource} ${namespace} ${named}`, { bodyFormat: 'merge-patch' })
  })

const named = (list: readonly RuleText[]) => list.map((one, index) => ({ ...one, name: `r${index}` }))
/** Two policies, so that order is by name and place. */
function compiled(list: readonly RuleText[]) {
  const half = Math.ceil(list.length / 2)
  const parts = [named(list.slice(0, half)), named(list.slice(half))]
  return compilePolicies(parts.flatMap((part, index) => (part.length === 0 ? [] : [policy(`p${index}`, part)])))
}
function decision(list: readonly RuleText[], asked: Judged) {
  const verdict = decide(compiled(list), asked, KNOWN)
  if (!verdict.decided) throw new Error(`undecided: ${[...verdict.needs].join(' ')}`)
  return verdict.decision
}

/** RBAC's words, one at a time. */
function covers(pattern: string, group: string, resource: string, subresource: string): boolean {
  const [head = '', wantedSub = ''] = pattern.split('/')
  const [wanted = '', ...rest] = head.split('.')
  const wantedGroup = rest.length > 0 ? rest.join('.') : wanted === '*' ? '*' : ''
  if (wantedGroup !== '*' && wantedGroup !== group) return false
  if (wanted !== '*' && wanted !== resource) return false
  if (pattern.includes('/')) return subresource !== '' && (wantedSub === '*' || wantedSub === subresource)
  return wanted === '*' || subresource === ''
}

function says(one: RuleText, { info }: Judged, verb: string, subresource: string): boolean {
  if (!one.verbs.includes('*') && !one.verbs.includes(verb)) return false
  if (!one.resources.some((pattern) => covers(pattern, info.apiGroup, info.resource, subresource))) return false
  const collective = verb === 'list' && one.effect !== 'Allow'
  const everywhere = collective && info.namespace === '' && !(info.apiGroup === '' && info.resource === 'nodes')
  const { namespaces, names } = one
  if (namespaces !== undefined && !namespaces.includes('*') && !namespaces.includes(info.namespace) && !everywhere)
    return false
  if (names !== undefined && !names.includes(info.name) && !(collective && info.name === '')) return false
  if (one.when === undefined) return true
  const fits = fitting(one.when, info.verb)
  return fits === 'error' ? one.effect !== 'Allow' : fits
}

/** Without an object a condition on it is an error. */
function fitting(when: string, verb: string): boolean | 'error' {
  const known = CONDITIONS.get(when)
  if (known === undefined) throw new Error(when)
  const has = { create: ['object'], patch: ['object', 'oldObject'], delete: ['oldObject'], connect: ['oldObject'] }[
    verb
  ]
  const uses = ['object', 'oldObject'].filter((name) => new RegExp(`\\b${name}\\b`).test(when))
  // False on one side of && absorbs the error of the other; none of these conditions is false there.
  return uses.every((name) => (has ?? []).includes(name)) ? known : 'error'
}

function model(list: readonly RuleText[], asked: Judged): Effect {
  const { info } = asked
  if (info.resource === 'nodes' && info.subresource === 'proxy') return 'Deny'
  const any = (effect: Effect, verb: string, subresource: string) =>
    list.some((one) => one.effect === effect && says(one, asked, verb, subresource))
  // Not known to the gateway: a console of something.
  if (info.verb === 'connect' && !(info.resource === 'pods' && info.subresource === 'exec')) return 'Deny'
  if (info.subresource === 'eviction' && info.verb === 'delete') {
    const targets = [
      ['delete', ''],
      ['delete', 'eviction'],
      ['create', 'eviction'],
    ] as const
    if (targets.some(([verb, subresource]) => any('Deny', verb, subresource))) return 'Deny'
    const permitted = any('Hold', 'delete', '') || any('Allow', 'delete', '')
    if (!permitted) return 'Deny'
    return targets.some(([verb, subresource]) => any('Hold', verb, subresource)) ? 'Hold' : 'Allow'
  }
  if (any('Deny', info.verb, info.subresource)) return 'Deny'
  if (any('Hold', info.verb, info.subresource)) return 'Hold'
  return any('Allow', info.verb, info.subresource) ? 'Allow' : 'Deny'
}

const MORE: Readonly<Record<Effect, number>> = { Deny: 0, Hold: 1, Allow: 2 }

describe('decide', () => {
  test('agrees with a simple model', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(rules, request, (list, asked) => {
        const { effect } = decision(list, asked)
        seen.set(effect, (seen.get(effect) ?? 0) + 1)
        expect(effect).toBe(model(list, asked))
      }),
      { ...SEED, numRuns: 5_000 },
    )
    // The model is worth something only if every effect comes up often.
    for (const effect of ['Allow', 'Deny', 'Hold']) expect(seen.get(effect) ?? 0).toBeGreaterThan(300)
  })

  test('decides without the objects only what it decides with them', () => {
    let early = 0
    fc.assert(
      fc.property(rules, request, (list, asked) => {
        const verdict = decide(compiled(list), asked, facts())
        const known = decision(list, asked)
        if (!verdict.decided) return
        early += 1
        expect(verdict.decision.effect).toBe(known.effect)
        // Of a Deny another rule may be named: nothing is fetched only to find a name.
        if (known.effect !== 'Deny') expect(verdict.decision).toEqual(known)
      }),
      SEED,
    )
    expect(early).toBeGreaterThan(500)
  })

  test('asks only for what there is, and is content with it', () => {
    let asked = 0
    const writes = fc.constantFrom('patch pods a x', 'patch deployments.apps b y', 'delete pods a x', 'create pods a')
    const writing = writes.map((text) => judged(text, { bodyFormat: 'apply-patch' }))
    fc.assert(
      fc.property(rules, writing, fc.boolean(), (list, one, exists) => {
        const set = compiled(list)
        let known = facts()
        for (let round = 0; ; round += 1) {
          const verdict = decide(set, one, known)
          if (verdict.decided) return
          asked += 1
          expect(round).toBeLessThan(2)
          for (const need of verdict.needs) {
            expect(known[need]).toBeUndefined()
            const value = need === 'oldObject' && !exists ? null : OBJECT
            known = { ...known, [need]: facts({ [need]: value })[need] }
          }
        }
      }),
      SEED,
    )
    expect(asked).toBeGreaterThan(100)
  })

  test('never allows more when a Deny is added', () => {
    fc.assert(
      fc.property(rules, ruleText(['Deny']), fc.nat(8), request, (list, added, at, asked) => {
        const more = [...list.slice(0, at), added, ...list.slice(at)]
        expect(MORE[decision(more, asked).effect]).toBeLessThanOrEqual(MORE[decision(list, asked).effect])
      }),
      SEED,
    )
  })

  test('never lets a Hold that is added undo a Deny, or allow', () => {
    fc.assert(
      fc.property(rules, ruleText(['Hold']), fc.nat(8), request, (list, added, at, asked) => {
        const before = decision(list, asked)
        const after = decision([...list.slice(0, at), added, ...list.slice(at)], asked)
        if (before.effect === 'Deny' && before.policy !== '') expect(after.effect).toBe('Deny')
        if (before.effect !== 'Allow') expect(after.effect).not.toBe('Allow')
        if (before.effect === 'Hold') expect(after.effect).toBe('Hold')
      }),
      SEED,
    )
  })

  test('never allows or holds what the pack forbids', () => {
    const forbidden = fc.constantFrom(
      'create serviceaccounts/token a x',
      'update certificatesigningrequests.certificates.k8s.io/approval - x',
      'patch certificatesigningrequests.certificates.k8s.io/status - x',
      'connect nodes/proxy - x',
      'connect services/proxy a x',
      'connect pods/proxy a x',
      'create validatingwebhookconfigurations.admissionregistration.k8s.io -',
      'patch mutatingwebhookconfigurations.admissionregistration.k8s.io - x',
      'deletecollection apiservices.apiregistration.k8s.io -',
      'create pods/binding a x',
      'create bindings a',
      'connect virtualmachines.subresources.kubevirt.io/portforward a x',
      'get virtualmachineinstances.subresources.kubevirt.io/console a x',
    )
    const wide = rule('Allow', '*', '*')
    fc.assert(
      fc.property(rules, forbidden, fc.boolean(), (list, text, known) => {
        const verdict = decide(compiled([wide, ...list]), judged(text), known ? KNOWN : facts())
        expect(verdict).toMatchObject({ decided: true, decision: { effect: 'Deny' } })
      }),
      SEED,
    )
  })
})
