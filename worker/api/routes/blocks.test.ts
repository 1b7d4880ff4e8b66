import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createApi } from '../api.ts'
import type { ApiDeps } from '../deps.ts'
import { fakes, URL_OF_GATEWAY } from '../fakes.ts'

const viewer = { authorization: 'Bearer token.vic.viewers' }
const sam = { authorization: 'Bearer token.sam.sre' }
const admin = { authorization: 'Bearer token.root.admins' }
const DNS_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

async function setUp(extra: Partial<ApiDeps> = {}) {
  let changed = 0
  const all = fakes({ documentsChanged: async () => void changed++, ...extra })
  await all.store.putConnection({ name: 'demo', description: '', createdAt: '' })
  const api = createApi(all.deps)
  const send = (method: string, path: string, headers: Record<string, string>, body?: string) =>
    api.request(`${URL_OF_GATEWAY}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    })
  return {
    ...all,
    changes: () => changed,
    send,
    block: (body: unknown, headers: Record<string, string> = sam) =>
      send('POST', '/api/v1/blocks', headers, JSON.stringify(body)),
    list: async () => (await (await send('GET', '/api/v1/blocks', viewer)).json()).items,
  }
}

describe('throwing the kill switch', () => {
  it.each([
    ['session', 's1'],
    ['identity', 'agent'],
    ['identity', 'system:serviceaccount:shop:bot'],
    ['connection', 'demo'],
  ])('stores a block of the %s %s, recorded first and announced after', async (kind, value) => {
    const { block, list, log, store, changes } = await setUp()
    const answer = await block({ kind, value, reason: 'runs wild' })
    expect(answer.status).toBe(201)
    const summary = await answer.json()
    expect(summary).toMatchObject({ kind, value, reason: 'runs wild', by: 'sam', at: '2026-01-01T00:00:00.000Z' })
    expect(summary.name).toMatch(DNS_NAME)
    expect(await list()).toEqual([summary])
    expect(log.events).toMatchObject([
      { type: 'policy.change', data: { change: 'put', kind: 'Block', name: summary.name, [kind]: value } },
    ])
    expect(changes()).toBe(1)
    const [document] = await store.documents('Block')
    const expected = {
      apiVersion: 'sallyport/v1',
      kind: 'Block',
      metadata: { name: summary.name },
      spec: { [kind]: value, reason: 'runs wild' },
    }
    expect(document?.document).toEqual(expected)
    expect(parse(document?.source ?? '')).toEqual(expected)
  })

  it('is one block for the same thing, with the newest reason', async () => {
    const { block, list, log, changes } = await setUp()
    const first = await (await block({ kind: 'identity', value: 'agent', reason: 'a' })).json()
    const second = await (await block({ kind: 'identity', value: 'agent', reason: 'a' }, admin)).json()
    expect(second).toEqual(first)
    expect(log.events).toHaveLength(1)
    expect(changes()).toBe(2)
    const third = await (await block({ kind: 'identity', value: 'agent', reason: 'b' }, admin)).json()
    expect(third).toMatchObject({ name: first.name, reason: 'b', by: 'root' })
    expect(await list()).toEqual([third])
    expect(log.events).toHaveLength(2)
  })

  it('is another block for another kind of the same value', async () => {
    const { block, list } = await setUp()
    await block({ kind: 'identity', value: 'demo' })
    await block({ kind: 'connection', value: 'demo' })
    expect(await list()).toMatchObject([
      { kind: 'identity', reason: '' },
      { kind: 'connection', reason: '' },
    ])
  })

  it('puts a block back in place of a document that took its name', async () => {
    const { block, store } = await setUp()
    const { name } = await (await block({ kind: 'identity', value: 'agent' })).json()
    const document = { spec: { identity: 'someone-else' } }
    await store.putDocuments([{ kind: 'Block', name, document, source: '' }], 'root', '')
    expect(await (await block({ kind: 'identity', value: 'agent' })).json()).toMatchObject({ value: 'agent' })
    expect(await store.document('Block', name)).toMatchObject({ document: { spec: { identity: 'agent' } } })
  })

  it('stores nothing that cannot be recorded', async () => {
    const { block, list, log, changes } = await setUp()
    log.broken = true
    expect((await block({ kind: 'identity', value: 'agent' })).status).toBe(503)
    expect(await list()).toEqual([])
    expect(changes()).toBe(0)
  })

  it('stores nothing that could not be read back', async () => {
    const { block, list, log } = await setUp({ parseDocuments: () => ({ ok: false, errors: ['spec: is missing'] }) })
    expect((await block({ kind: 'identity', value: 'agent' })).status).toBe(422)
    expect(log.events).toEqual([])
    expect(await list()).toEqual([])
  })

  it.each<[string, unknown, number]>([
    ['a session that is not there', { kind: 'session', value: 's2' }, 422],
    ['a session that is no id', { kind: 'session', value: '../s1' }, 422],
    ['a connection that is not there', { kind: 'connection', value: 'prod' }, 422],
    ['nothing', { kind: 'identity', value: '' }, 422],
    ['a name of 1024 characters', { kind: 'identity', value: 'a'.repeat(1024) }, 201],
    ['a name of 1025 characters', { kind: 'identity', value: 'a'.repeat(1025) }, 422],
    ['a name with a line end', { kind: 'identity', value: 'agent\nspec: {}' }, 201],
    ['half a character', { kind: 'identity', value: 'agent\ud800' }, 422],
    ['another kind', { kind: 'namespace', value: 'shop' }, 422],
    ['an unknown key', { kind: 'identity', value: 'agent', name: 'mine' }, 422],
    ['a reason of 1001 characters', { kind: 'identity', value: 'agent', reason: 'r'.repeat(1001) }, 422],
    ['a reason with a terminal escape', { kind: 'identity', value: 'agent', reason: '\u009b2J' }, 422],
    ['no object', 7, 422],
  ])('%s', async (_name, body, status) => {
    const { block, log } = await setUp()
    expect((await block(body)).status).toBe(status)
    expect(log.events).toHaveLength(status === 201 ? 1 : 0)
  })

  it('is bounded: a thousand blocks, and then only those that are there already', async () => {
    const { block, store } = await setUp()
    const documents = Array.from({ length: 999 }, (_, at) => ({
      kind: 'Block',
      name: `b${at}`,
      document: { spec: { identity: `i${at}` } },
      source: '',
    }))
    await store.putDocuments(documents, 'root', '')
    expect((await block({ kind: 'identity', value: 'agent' })).status).toBe(201)
    expect((await block({ kind: 'identity', value: 'one-more' })).status).toBe(409)
    expect((await block({ kind: 'identity', value: 'agent', reason: 'still' })).status).toBe(201)
  })

  it('writes any value so that it reads back as itself', async () => {
    const { block, store } = await setUp()
    const value = fc.string({ minLength: 1, maxLength: 60, unit: 'binary' })
    const reason = fc.string({ unit: 'grapheme-ascii' })
    await fc.assert(
      fc.asyncProperty(value, reason, async (value, reason) => {
        const answer = await block({ kind: 'identity', value, reason })
        expect(answer.status).toBe(201)
        const stored = await store.document('Block', (await answer.json()).name)
        expect(parse(stored?.source ?? '').spec).toEqual({ identity: value, reason })
      }),
      { seed: 7, numRuns: 300 },
    )
  })
})

describe('taking a block away', () => {
  it('is recorded first and announced after', async () => {
    const { block, send, list, log, changes } = await setUp()
    const { name } = await (await block({ kind: 'identity', value: 'agent' })).json()
    expect((await send('DELETE', `/api/v1/blocks/${name}`, admin)).status).toBe(204)
    expect(await list()).toEqual([])
    expect(log.events[1]).toMatchObject({
      type: 'policy.change',
      actor: { username: 'root' },
      data: { change: 'delete', kind: 'Block', name },
    })
    expect(changes()).toBe(2)
    expect((await send('DELETE', `/api/v1/blocks/${name}`, admin)).status).toBe(404)
  })

  it('is not for approvers', async () => {
    const { block, send, list } = await setUp()
    const { name } = await (await block({ kind: 'identity', value: 'agent' })).json()
    expect((await send('DELETE', `/api/v1/blocks/${name}`, sam)).status).toBe(403)
    expect(await list()).toHaveLength(1)
  })

  it('leaves it in force when it cannot be recorded', async () => {
    const { block, send, list, log } = await setUp()
    const { name } = await (await block({ kind: 'identity', value: 'agent' })).json()
    log.broken = true
    expect((await send('DELETE', `/api/v1/blocks/${name}`, admin)).status).toBe(503)
    expect(await list()).toHaveLength(1)
  })

  it('takes no policy away', async () => {
    const { send, store } = await setUp()
    await store.putDocuments([{ kind: 'AccessPolicy', name: 'agents', document: {}, source: '' }], 'root', '')
    expect((await send('DELETE', '/api/v1/blocks/agents', admin)).status).toBe(404)
    expect(await store.document('AccessPolicy', 'agents')).not.toBeNull()
  })
})

it('lists no document that is no block', async () => {
  const { store, list } = await setUp()
  const put = (name: string, document: unknown) => ({ kind: 'Block', name, document, source: '' })
  await store.putDocuments(
    [put('a', null), put('b', { spec: {} }), put('c', { spec: { session: 's1' } })],
    'root',
    'then',
  )
  expect(await list()).toEqual([{ name: 'c', kind: 'session', value: 's1', reason: '', by: 'root', at: 'then' }])
})
