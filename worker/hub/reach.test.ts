import { describe, expect, it } from 'vitest'
import { asRead } from '../decide/testing.ts'
import { reachOf } from './reach.ts'
import { decidedFor, type PlayedApiServer, playedPassage } from './testing.ts'

/** The API server has pods with these names, whatever is asked, and `more` behind its limit. */
const pods =
  (count: number, more?: number): PlayedApiServer =>
  () => ({
    status: 200,
    body: {
      kind: 'PartialObjectMetadataList',
      metadata: more === undefined ? {} : { remainingItemCount: more, continue: 'x' },
      items: Array.from({ length: count }, (_, at) => ({ metadata: { name: `web-${at}` } })),
    },
  })
const SHOP = '/apis/apps/v1/namespaces/shop'
const WEB = { kind: 'Deployment', spec: { replicas: 3, selector: { matchLabels: { app: 'web', tier: 'front' } } } }

async function reach(
  method: string,
  target: string,
  objects: { readonly object?: unknown; readonly oldObject?: unknown } = {},
  api: PlayedApiServer = pods(3),
) {
  const played = playedPassage(api)
  const result = await reachOf(played.passage, decidedFor(method, target), {
    object: asRead(objects.object ?? null),
    oldObject: asRead(objects.oldObject ?? null),
  })
  return {
    result,
    sent: played.sent.map((one) => `${one.method} ${one.target}`),
    order: played.order,
    headers: played.sent[0]?.headers,
  }
}

describe('what else a request touches', () => {
  it('is counted by names alone, as the agent may see them, and recorded before it is asked', async () => {
    const { result, sent, order, headers } = await reach('PATCH', `${SHOP}/deployments/web`, {
      object: WEB,
      oldObject: WEB,
    })
    expect(result).toEqual({ objects: 1, pods: 3, examples: ['pods/web-0', 'pods/web-1', 'pods/web-2'] })
    expect(sent).toEqual(['GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb%2Ctier%3Dfront&limit=500'])
    expect(order).toEqual(['reach', 'sent', 'request.result'])
    expect(headers).toEqual([['accept', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1']])
  })

  const scale = (replicas: number) => ({ kind: 'Scale', spec: { replicas }, status: { selector: 'app=web' } })
  it.each([
    ['what it would be, where that is more', { object: scale(10), oldObject: scale(3) }, 10],
    ['what it is, where that is more', { object: scale(0), oldObject: scale(3) }, 3],
  ])('of a scale: %s', async (_name, objects, count) => {
    expect((await reach('PATCH', `${SHOP}/deployments/web/scale`, objects)).result).toMatchObject({
      objects: 1,
      pods: count,
    })
  })

  it.each([
    ['a pod', 'DELETE', '/api/v1/namespaces/shop/pods/p', { objects: 1, pods: 1, examples: ['pod/p'] }],
    ['an exec', 'GET', '/api/v1/namespaces/shop/pods/p/exec', { objects: 1, pods: 1, examples: ['pod/p'] }],
    [
      'a ConfigMap',
      'DELETE',
      '/api/v1/namespaces/shop/configmaps/c',
      { objects: 1, pods: null, examples: [], note: 'the pods that use it are not counted' },
    ],
    ['a read', 'GET', '/api/v1/namespaces/shop/secrets', { objects: 0, pods: 0, examples: [] }],
    ['a path', 'GET', '/metrics', { objects: 0, pods: 0, examples: [] }],
  ])('of %s is known without asking', async (_name, method, target, expected) => {
    const { result, sent } = await reach(method, target)
    expect(result).toEqual(expected)
    expect(sent).toEqual([])
  })

  it('of a workload that is made is what it would make', async () => {
    const { result, sent } = await reach('POST', `${SHOP}/deployments`, { object: WEB })
    expect(result).toMatchObject({ objects: 1, pods: 3 })
    expect(sent).toEqual([])
  })

  it('of a collection is what its selectors find, with what the API server says there is more', async () => {
    const { result, sent } = await reach(
      'DELETE',
      `${SHOP}/deployments?labelSelector=a%3Db&propagationPolicy=Background`,
      {},
      pods(500, 120),
    )
    expect(result).toMatchObject({ objects: 620, pods: null, note: expect.stringContaining('not counted') })
    expect(result.examples).toHaveLength(20)
    expect(sent).toEqual([`GET ${SHOP}/deployments?labelSelector=a%3Db&limit=500`])
  })

  it('of a namespace is everything in it', async () => {
    const { result, sent } = await reach('DELETE', '/api/v1/namespaces/shop')
    expect(result).toMatchObject({ objects: null, pods: 3, note: 'everything in the namespace goes with it' })
    expect(sent).toEqual(['GET /api/v1/namespaces/shop/pods?limit=500'])
  })

  it.each([
    ['may not list', 403, { kind: 'Status', status: 'Failure' }],
    ['gets no list', 200, { kind: 'Other' }],
  ])('is said to be unknown where the agent %s', async (_name, status, body) => {
    const { result } = await reach('PATCH', `${SHOP}/deployments/web`, { object: WEB, oldObject: WEB }, () => ({
      status,
      body,
    }))
    expect(result.pods).toBeNull()
    expect(result.note).toMatch(/could not be counted/)
  })

  it('cannot be talked into another selector by labels that are no text', async () => {
    const odd = { ...WEB, spec: { selector: { matchLabels: { app: { x: 'y' } } } } }
    const { result, sent } = await reach('PATCH', `${SHOP}/deployments/web`, { object: odd, oldObject: odd })
    expect(result).toMatchObject({ objects: 1, pods: 0 })
    expect(sent).toEqual([])
  })
})
