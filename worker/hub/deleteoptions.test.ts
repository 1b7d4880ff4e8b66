import { expect, it } from 'vitest'
import { optionsOf } from './deleteoptions.ts'
import { pin } from './pin.ts'
import { authenticatedFor } from './testing.ts'

const POD = '/api/v1/namespaces/d/pods/p'
const infoOf = (method: string, target: string) => authenticatedFor(method, target).info

it.each<[name: string, method: string, target: string, body: unknown, options: unknown]>([
  ['a body', 'DELETE', `${POD}?gracePeriodSeconds=30`, { gracePeriodSeconds: 0 }, { gracePeriodSeconds: 0 }],
  ['an empty body, which passes over the query', 'DELETE', `${POD}?gracePeriodSeconds=0`, {}, {}],
  ['a query', 'DELETE', `${POD}?gracePeriodSeconds=0`, undefined, { gracePeriodSeconds: 0 }],
  ['a query with a sign', 'DELETE', `${POD}?gracePeriodSeconds=%2B0`, undefined, { gracePeriodSeconds: 0 }],
  [
    'a query that says much',
    'DELETE',
    `${POD}?propagationPolicy=Orphan&orphanDependents=1&uid=u&dryRun=All&pretty=true`,
    undefined,
    { propagationPolicy: 'Orphan', orphanDependents: true, preconditions: { uid: 'u' }, dryRun: ['All'] },
  ],
  ['a query that says nothing of it', 'DELETE', `${POD}?pretty=true`, undefined, undefined],
  ['a query, of many objects', 'DELETE', '/api/v1/pods?gracePeriodSeconds=0', undefined, { gracePeriodSeconds: 0 }],
  ['an eviction', 'POST', `${POD}/eviction`, { deleteOptions: { gracePeriodSeconds: 0 } }, { gracePeriodSeconds: 0 }],
  ['an eviction that says nothing', 'POST', `${POD}/eviction?gracePeriodSeconds=0`, { metadata: {} }, undefined],
  ['no deletion', 'PUT', `${POD}?gracePeriodSeconds=0`, { gracePeriodSeconds: 0 }, undefined],
])('the options of %s', (_name, method, target, body, options) => {
  expect(optionsOf(infoOf(method, target), body === undefined ? null : { value: body })).toEqual(options)
})

it('a deletion that is pinned says all that its query said', () => {
  const pinned = pin(infoOf('DELETE', `${POD}?uid=u&propagationPolicy=Orphan&dryRun=none`), null, '7')
  expect(pinned.kind === 'pinned' && JSON.parse(new TextDecoder().decode(pinned.bytes))).toEqual({
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: 'Orphan',
    dryRun: ['none'],
    preconditions: { uid: 'u', resourceVersion: '7' },
  })
})
