// Ways past the door that were found by trying, each kept as a test: what the API server does that one would not expect, and
// what a hostile one, or a hostile connector, can send back.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HranaServer, startHrana } from '../hrana.ts'
import { openRaw } from './raw.ts'
import { handshake } from './socket.ts'
import { json } from './upstream.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

const NS = '/api/v1/namespaces/d'

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld(runtime)
  }, 120_000)
  afterAll(() => world.close())

  it('looks first although a PUT names a resourceVersion: the API server creates roles and leases from it', async () => {
    const narrow = await world.issuer.sign({ sub: 'narrow', groups: [] })
    const target = `${NS}/configmaps/absent`
    world.upstream.on(target, json({ kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 }, 404))
    const before = world.upstream.seen.length
    const answer = await world.ask(target, {
      method: 'PUT',
      token: narrow,
      headers: [['content-type', 'application/json']],
      body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'absent', resourceVersion: '5' } }),
    })
    expect(answer.status, answer.text).toBe(403)
    expect(world.upstream.seen.slice(before).map(({ method }) => method)).toEqual(['GET'])
  })

  it('masks the warnings of a refused dry run like those of the request itself', async () => {
    const target = `${NS}/secrets`
    world.upstream.on(target, (_request, response) => {
      response.writeHead(422, {
        'content-type': 'application/json',
        warning: '299 - "data.password: Invalid value: \\"hunter2-in-a-warning\\": too short"',
      })
      response.end(
        '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":"Invalid","code":422}',
      )
    })
    const answer = await world.ask(target, {
      method: 'POST',
      headers: [['content-type', 'application/vnd.kubernetes.protobuf']],
      body: protobuf('v1', 'Secret'),
    })
    expect(answer.status).toBe(422)
    expect(world.upstream.seen.at(-1)?.url).toBe(`${target}?dryRun=All`)
    expect(answer.headers.get('warning')).toContain('masked:secret')
    expect(answer.headers.get('warning')).not.toContain('hunter2')
  })

  it('ends a watch and an exec whose client takes nothing any more when their token does', async () => {
    const token = await world.issuer.sign({ sub: 'stalled', exp: Math.floor(Date.now() / 1000) + 3 })
    const watched = `${NS}/events`
    const executed = `${NS}/pods/flood/exec`
    let gone = 0
    world.upstream.on(watched, (_request, response) => {
      response.on('close', () => {
        gone += 1
      })
      response.writeHead(200, { 'content-type': 'application/json' })
      const event = `{"type":"ADDED","object":{"kind":"Event","message":"${'x'.repeat(64 * 1024)}"}}\n`
      const more = (): void => {
        while (response.write(event));
      }
      response.on('drain', more)
      more()
    })
    world.upstream.onUpgrade(executed, 'v5.channel.k8s.io', async (socket) => {
      const flood = new Uint8Array(32 * 1024).fill(1)
      try {
        for (;;) await socket.write(flood)
      } catch {
        gone += 1
      }
    })
    const watch = openRaw({
      port: world.port,
      ca: world.ca,
      target: `/clusters/test${watched}?watch=true`,
      headers: [['authorization', `Bearer ${token}`]],
    })
    const exec = await handshake(world, `${executed}?command=yes`, { token })
    expect(exec.status).toBe(101)
    watch.pause()
    try {
      await until('the API server is rid of both', () => gone === 2)
      const ids = world.upstream.seen.slice(-2).map(({ headers }) => String(headers['audit-id']))
      for (const id of ids) {
        await until('the end is recorded', async () => {
          const { result } = JSON.parse((await world.api(`/api/v1/requests/${id}`)).text) as { result?: unknown }
          return result !== undefined && result !== null
        })
      }
    } finally {
      watch.destroy()
      exec.raw.destroy()
    }
  })

  // On workerd the body goes on as a stream.
  it.skipIf(runtime === 'workerd')('does not gather an endless answer to an upgrade', async () => {
    const target = `${NS}/pods/endless/exec`
    let sent = 0
    let closed = false
    world.upstream.onRawUpgrade(target, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n')
      const piece = Buffer.alloc(256 * 1024, 'x')
      const more = (): void => {
        while (!closed && sent < ENOUGH_BYTES) {
          sent += piece.length
          if (!socket.write(piece)) break
        }
      }
      socket.on('drain', more)
      socket.on('close', () => {
        closed = true
      })
      more()
    })
    const answer = handshake(world, `${target}?command=id`).then(
      ({ status }) => status,
      () => 'cut',
    )
    await until('the API server is told to stop, or has sent too much', () => closed || sent >= ENOUGH_BYTES)
    expect(sent).toBeLessThan(ENOUGH_BYTES)
    expect(await answer).not.toBe(101)
  })

  // Last: it takes the connection away.
  it('ends what is open on a deleted connection, and keeps its connectors from a new one of that name', async () => {
    world.upstream.on(`${NS}/pods`, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"type":"ADDED","object":{"kind":"Pod"}}\n')
    })
    const watch = openRaw({
      port: world.port,
      ca: world.ca,
      target: `/clusters/test${NS}/pods?watch=true`,
      headers: [['authorization', `Bearer ${world.token}`]],
    })
    let text = ''
    let over = false
    watch.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    watch.on('close', () => {
      over = true
    })
    await until('the watch is open', () => text.includes('ADDED'))
    expect((await world.api('/api/v1/connections/test', { method: 'DELETE' })).status).toBe(204)
    await until('the watch has ended', () => over)
    const put = { method: 'PUT', body: '{}', headers: { 'content-type': 'application/json' } }
    expect((await world.api('/api/v1/connections/test', put)).status).toBe(200)
    const { items } = JSON.parse((await world.api('/api/v1/connectors')).text) as {
      items: { live: boolean; revokedAt?: string }[]
    }
    expect(items).toMatchObject([{ live: false, revokedAt: expect.any(String) }])
    expect((await world.ask('/version')).status).toBe(503)
  })
})

/** More than any buffer on the way may hold. */
const ENOUGH_BYTES = 96 * 1024 * 1024

/** An object in Kubernetes' protobuf envelope, without content. */
function protobuf(apiVersion: string, kind: string): Uint8Array {
  const text = (field: number, value: string) => [(field << 3) | 2, value.length, ...Buffer.from(value)]
  const type = [...text(1, apiVersion), ...text(2, kind)]
  return Uint8Array.from([0x6b, 0x38, 0x73, 0x00, 0x0a, type.length, ...type, 0x12, 0x00])
}

/** Embedded databases can be read when they cannot be written; one over the network can do neither. */
describe('with a database over the network, bun', () => {
  let hrana: HranaServer
  let folder: string
  let world: World
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-review-'))
    hrana = await startHrana({ file: join(folder, 'log.db') })
    world = await startWorld('bun', { config: { database: { url: hrana.url } } })
  }, 120_000)
  afterAll(async () => {
    await world.close()
    await hrana.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('says that the database is away, and not that it has a bug, when it cannot ask for a connection', async () => {
    hrana.fault = () => 'refuse'
    const answer = await world.ask('/version', { prefix: '/clusters/elsewhere' })
    expect(answer.status, answer.text).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable' })
    hrana.fault = null
    expect((await world.ask('/version', { prefix: '/clusters/elsewhere' })).status).toBe(404)
    expect((await world.ask('/version')).status).toBe(200)
  })
})
