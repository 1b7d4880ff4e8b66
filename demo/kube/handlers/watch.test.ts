import { describe, expect, it } from 'vitest'
import { at, isObject, type Json, type JsonObject, parseJson, textAt } from '../json.ts'
import { HISTORY_PER_RESOURCE } from '../store.ts'
import { testCluster } from '../testing.ts'

const CM = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string, labels: Record<string, string> = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
})

function reader(body: unknown): () => Promise<JsonObject | undefined> {
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) throw new Error('not a stream')
  const stream: AsyncIterable<string> = body as AsyncIterable<string>
  const iterator = stream[Symbol.asyncIterator]()
  return async () => {
    const next = await iterator.next()
    const parsed: Json | undefined = next.done === true ? undefined : parseJson(next.value)
    return isObject(parsed) ? parsed : undefined
  }
}

const brief = (event: JsonObject | undefined) =>
  event === undefined ? 'end' : `${textAt(event, 'type')} ${textAt(event, 'object', 'metadata', 'name')}`

describe('watch', () => {
  it('starts with what is there and goes on with what changes', async () => {
    const { ask, send } = testCluster()
    const next = reader(send(`${CM}?watch=1`).body)
    expect(brief(await next())).toBe('ADDED kube-root-ca.crt')
    ask(CM, { method: 'POST', body: configMap('a') })
    ask(`${CM}/a`, { method: 'PATCH', body: { data: { x: '1' } }, type: 'application/merge-patch+json' })
    ask(`${CM}/a`, { method: 'DELETE' })
    expect([brief(await next()), brief(await next()), brief(await next())]).toEqual([
      'ADDED a',
      'MODIFIED a',
      'DELETED a',
    ])
  })
  it('replays from a resourceVersion', async () => {
    const { ask, send } = testCluster()
    const version = textAt(ask(CM).body, 'metadata', 'resourceVersion')
    ask(CM, { method: 'POST', body: configMap('a') })
    expect(brief(await reader(send(`${CM}?watch=1&resourceVersion=${version}`).body)())).toBe('ADDED a')
  })
  it('answers 410 when the version is forgotten', () => {
    const { ask } = testCluster()
    const version = textAt(ask(CM, { method: 'POST', body: configMap('a') }).body, 'metadata', 'resourceVersion')
    for (let i = 0; i <= HISTORY_PER_RESOURCE + 1; i++)
      ask(`${CM}/a`, { method: 'PATCH', body: { data: { x: String(i) } }, type: 'application/merge-patch+json' })
    expect(ask(`${CM}?watch=1&resourceVersion=${version}`).body).toMatchObject({ code: 410, reason: 'Expired' })
  })
  it('turns a change out of the selection into DELETED, and back into ADDED', async () => {
    const { ask, send } = testCluster()
    ask(CM, { method: 'POST', body: configMap('a', { on: 'y' }) })
    const next = reader(send(`${CM}?watch=1&labelSelector=on`).body)
    expect(brief(await next())).toBe('ADDED a')
    ask(`${CM}/a`, { method: 'PATCH', body: { metadata: { labels: null } }, type: 'application/merge-patch+json' })
    ask(`${CM}/a`, {
      method: 'PATCH',
      body: { metadata: { labels: { on: 'z' } } },
      type: 'application/merge-patch+json',
    })
    expect([brief(await next()), brief(await next())]).toEqual(['DELETED a', 'ADDED a'])
  })
  it('marks the end of the initial events', async () => {
    const { send } = testCluster()
    const next = reader(
      send(`${CM}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`).body,
    )
    expect(brief(await next())).toBe('ADDED kube-root-ca.crt')
    const mark = await next()
    expect(mark?.type).toBe('BOOKMARK')
    expect(at(mark, 'object', 'metadata', 'annotations')).toEqual({ 'k8s.io/initial-events-end': 'true' })
  })
  it('demands resourceVersionMatch with sendInitialEvents', () => {
    expect(testCluster().ask(`${CM}?watch=1&sendInitialEvents=true`).status).toBe(422)
  })
  it('ends after timeoutSeconds, and when the client goes', async () => {
    const { send, clock } = testCluster()
    const timed = reader(send(`${CM}?watch=1&timeoutSeconds=5`).body)
    const aborter = new AbortController()
    const left = reader(send(`${CM}?watch=1`, { signal: aborter.signal }).body)
    await timed()
    await left()
    clock.advance(5000)
    aborter.abort()
    expect([brief(await timed()), brief(await left())]).toEqual(['end', 'end'])
  })
  it('sends Tables, the columns once', async () => {
    const { ask, send } = testCluster()
    const next = reader(
      send(`${CM}?watch=1`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } }).body,
    )
    const first = await next()
    ask(CM, { method: 'POST', body: configMap('a') })
    const second = await next()
    expect(at(first, 'object', 'columnDefinitions', 0, 'name')).toBe('Name')
    expect(at(second, 'object', 'columnDefinitions')).toEqual([])
    expect(at(second, 'object', 'rows', 0, 'cells', 0)).toBe('a')
  })
})
