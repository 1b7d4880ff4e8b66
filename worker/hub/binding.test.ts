import { describe, expect, it } from 'vitest'
import { requestInfo } from '../classify/requestinfo.ts'
import { asRead } from '../decide/testing.ts'
import { ABSENT, bindingOf, objectPath, versionOf } from './binding.ts'

function pathOf(method: string, path: string): string | null {
  const info = requestInfo(method, { path, query: '' })
  if (!info.ok) throw new Error(info.refusal.message)
  return objectPath(info.value)
}

const SHOP = '/api/v1/namespaces/shop'

describe('the object of a request is read without using what is asked for', () => {
  it.each<[method: string, path: string, object: string | null]>([
    ['PATCH', '/apis/apps/v1/namespaces/shop/deployments/web', '/apis/apps/v1/namespaces/shop/deployments/web'],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/shop/deployments/web/scale',
      '/apis/apps/v1/namespaces/shop/deployments/web/scale',
    ],
    ['DELETE', '/api/v1/namespaces/shop', '/api/v1/namespaces/shop'],
    ['POST', `${SHOP}/pods`, null],
    ['GET', `${SHOP}/pods/p/exec`, `${SHOP}/pods/p`],
    ['POST', `${SHOP}/pods/p/eviction`, `${SHOP}/pods/p`],
    ['GET', `${SHOP}/pods/p/proxy`, `${SHOP}/pods/p`],
    ['GET', '/api/v1/namespaces/pods/pods/exec/exec', '/api/v1/namespaces/pods/pods/exec'],
    ['POST', `${SHOP}/pods/p:8080/proxy/drop`, `${SHOP}/pods/p:8080`],
    ['GET', `${SHOP}/pods/p/proxy/shutdown/proxy`, `${SHOP}/pods/p`],
    ['GET', `${SHOP}/services/s/proxy/shutdown`, `${SHOP}/services/s`],
    ['GET', '/api/v1/nodes/n/proxy/run/shop/p/c', '/api/v1/nodes/n'],
    ['POST', `${SHOP}/serviceaccounts/a/token`, `${SHOP}/serviceaccounts/a`],
    [
      'PUT',
      '/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachines/vm/start',
      '/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachines/vm',
    ],
  ])('%s %s', (method, path, object) => {
    expect(pathOf(method, path)).toBe(object)
  })
})

describe('a binding', () => {
  const key = new Uint8Array(32)
  const at = (status: unknown, subresource: string): string =>
    bindingOf(key, { spec: { a: 1n }, status, metadata: { name: 'n', resourceVersion: '1' } }, { subresource })

  it('outlives what controllers write', () => {
    expect(at({ ready: 1n }, '')).toBe(at({ ready: 2n }, ''))
  })
  it('holds the status where that is what is written', () => {
    expect(at({ ready: 1n }, 'status')).not.toBe(at({ ready: 2n }, 'status'))
    expect(at({ approved: 1n }, 'approval')).not.toBe(at({ approved: 2n }, 'approval'))
  })
})

const KEY = new Uint8Array(32).fill(1)
const WHOLE = { subresource: '' }

describe('what an approval is bound to', () => {
  const object = {
    kind: 'Pod',
    metadata: { name: 'p', labels: { a: 'b' }, resourceVersion: '1', managedFields: [{ manager: 'x' }] },
    spec: { replicas: 3, big: 1 },
    status: { phase: 'Running' },
  }
  const of = (value: unknown): string => bindingOf(KEY, asRead(value), WHOLE)
  const same: readonly (readonly [string, unknown])[] = [
    ['its status', { ...object, status: { phase: 'Failed' } }],
    ['its version', { ...object, metadata: { ...object.metadata, resourceVersion: '2' } }],
    ['who manages what', { ...object, metadata: { ...object.metadata, managedFields: [] } }],
    ['the order of its keys', Object.fromEntries(Object.entries(object).reverse())],
  ]
  it.each(same)('%s may change', (_name, changed) => {
    expect(of(changed)).toBe(of(object))
  })
  const other: readonly (readonly [string, unknown])[] = [
    ['its spec', { ...object, spec: { ...object.spec, replicas: 4 } }],
    ['a label', { ...object, metadata: { ...object.metadata, labels: { a: 'c' } } }],
    ['its uid: another of the same name', { ...object, metadata: { ...object.metadata, uid: 'u' } }],
    ['a number that becomes text', { ...object, spec: { ...object.spec, replicas: '3' } }],
    ['a field that becomes null', { ...object, spec: { ...object.spec, more: null } }],
    ['a resourceVersion that is not the metadata’s', { ...object, spec: { ...object.spec, resourceVersion: '2' } }],
  ]
  it.each(other)('%s may not', (_name, changed) => {
    expect(of(changed)).not.toBe(of(object))
  })
  it('knows numbers beyond 2^53 apart', () => {
    const big = (digits: string) => bindingOf(KEY, { spec: { n: BigInt(digits) } }, WHOLE)
    expect(big('9007199254740993')).not.toBe(big('9007199254740992'))
  })
  it('cannot be made without the key', () => {
    expect(bindingOf(new Uint8Array(32), asRead(object), WHOLE)).not.toBe(of(object))
  })
  it('knows that there is none', () => {
    expect(bindingOf(KEY, null, WHOLE)).toBe(ABSENT)
  })
})

it.each([
  [{ metadata: { resourceVersion: '7' } }, '7'],
  [{ metadata: { resourceVersion: 7 } }, ''],
  [{ metadata: null }, ''],
  [[], ''],
  [null, ''],
])('the version of %j is %j', (object, version) => {
  expect(versionOf(object)).toBe(version)
})
