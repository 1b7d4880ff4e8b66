import { describe, expect, it } from 'vitest'
import type { RequestInfo, Verb } from '../context.ts'
import { canBeTried, isDryRun } from './dryrun.ts'

const info = (verb: Verb, dryRun: boolean, subresource = ''): RequestInfo => ({
  isResourceRequest: true,
  path: '/api/v1/namespaces/d/pods/p',
  query: dryRun ? 'dryRun=All' : '',
  verb,
  apiPrefix: 'api',
  apiGroup: '',
  apiVersion: 'v1',
  namespace: 'd',
  resource: 'pods',
  subresource,
  name: 'p',
  parts: [],
  streaming: false,
  dryRun,
})

describe('what the API server takes as a dry run', () => {
  const rows: readonly (readonly [name: string, request: RequestInfo, body: unknown, dry: boolean])[] = [
    ['a create by its query', info('create', true), {}, true],
    ['a create whose body says so', info('create', false), { dryRun: ['All'] }, false],
    ['a read, which passes over it', info('get', true), undefined, false],
    ['a list', info('list', true), undefined, false],
    ['an exec', info('connect', true, 'exec'), undefined, false],
    ['a delete by its query, without a body', info('delete', true), undefined, true],
    [
      'a delete by its query, with a body that says nothing of it',
      info('delete', true),
      { kind: 'DeleteOptions' },
      false,
    ],
    ['a delete by its body', info('delete', false), { dryRun: ['All'] }, true],
    ['a delete with an empty list', info('delete', true), { dryRun: [] }, false],
    ['a delete with a text for a list', info('delete', true), { dryRun: 'All' }, false],
    ['a delete of many by its body', info('deletecollection', false), { dryRun: ['All'] }, true],
    ['an eviction by its query', info('delete', true, 'eviction'), {}, true],
  ]
  it.each(rows)('%s', (_name, request, value, dry) => {
    const body = value === undefined ? null : { bytes: new Uint8Array(), format: 'json' as const, value }
    expect(isDryRun(request, body)).toBe(dry)
  })
})

describe('what passes over a dry run', () => {
  const at = (apiGroup: string, resource: string, subresource = ''): RequestInfo => ({
    ...info('create', true, subresource),
    apiGroup,
    resource,
  })
  it.each<[what: string, request: RequestInfo, tried: boolean, dry: boolean]>([
    ['a pod', at('', 'pods'), true, true],
    ['a scale', at('apps', 'deployments', 'scale'), true, true],
    ['a custom resource and its status', at('shop.example', 'carts', 'status'), true, true],
    ['a token, which is minted all the same', at('', 'serviceaccounts', 'token'), false, false],
    ['a subresource of an extension', at('subresources.kubevirt.io', 'virtualmachines', 'start'), false, false],
    ['a question, whose dry run is the answer', at('authentication.k8s.io', 'tokenreviews'), true, false],
    ['another question', at('authorization.k8s.io', 'subjectaccessreviews'), true, false],
  ])('%s', (_what, request, tried, dry) => {
    expect(canBeTried(request)).toBe(tried)
    expect(isDryRun(request, { bytes: new Uint8Array(), format: 'json', value: {} })).toBe(dry)
  })
})
