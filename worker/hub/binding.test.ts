import { describe, expect, it } from 'vitest'
import { requestInfo } from '../classify/requestinfo.ts'
import { bindingOf, objectPath } from './binding.ts'

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
