import { expect, test } from 'vitest'
import { defaultSpan, grantText, scopesOf, scopeText, spansOf } from './offer.ts'

const web = { group: 'apps', resource: 'deployments', name: 'web' }

test.each([
  [60, [60], 60],
  [300, [300], 300],
  [301, [300, 301], 301],
  [1800, [300, 900, 1800], 900],
  [3600, [300, 900, 1800, 3600], 900],
])('at most %i s', (maxForS, spans, chosen) => {
  const offer = { maxForS, namespace: 'shop' }
  expect([spansOf(offer), defaultSpan(offer)]).toEqual([spans, chosen])
})

test.each([
  ['namespace', 'shop', web, 'namespace "shop"'],
  ['namespace', '', undefined, 'everything in no namespace'],
  ['object', 'shop', web, 'deployments.apps "web" in namespace "shop"'],
  ['object', '', { group: '', resource: 'nodes', name: 'n1' }, 'nodes "n1"'],
] as const)('scope %s of %s', (scope, namespace, object, text) =>
  expect(scopeText({ namespace, ...(object && { object }) }, scope)).toBe(text),
)

test('one object is offered before a namespace, where there is one', () => {
  expect(scopesOf({ maxForS: 60, namespace: 'shop', object: web })).toEqual(['object', 'namespace'])
  expect(scopesOf({ maxForS: 60, namespace: 'shop' })).toEqual(['namespace'])
})

test('the sentence names who, what, where and how long', () => {
  const hold = { agent: { username: 'agent', groups: [], issuer: '' }, policy: 'p', rule: 'r' }
  const offer = { maxForS: 3600, namespace: 'shop', object: web }
  expect(grantText(hold, offer, 'namespace', 900)).toBe(
    'For 15 minutes "agent" may do whatever rule p/r holds in namespace "shop" without asking again.',
  )
  expect(grantText(hold, offer, 'object', 3600)).toBe(
    'For 1 hour "agent" may do whatever rule p/r holds on deployments.apps "web" in namespace "shop" without asking again.',
  )
})
