// Long answers and upgraded connections: watches, logs, exec, attach, port-forward. What passes, when, how much of it waits
// where, what is recorded of it, and how it ends.

import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeRecords } from '../../protocol/recording.ts'
import { openRaw } from './raw.ts'
import { handshake, openSocket, readAll } from './socket.ts'
import { json, noise } from './upstream.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

const NS = '/api/v1/namespaces/d'
const EXEC = `${NS}/pods/p/exec`
const event = (version: string): string =>
  `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","resourceVersion":"${version}"}}}\n`
const message = (channel: number, text: string): Uint8Array => Buffer.concat([Buffer.of(channel), Buffer.from(text)])
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const EXIT_3 = JSON.stringify({
  metadata: {},
  status: 'Failure',
  reason: 'NonZeroExitCode',
  message: 'command terminated with exit code 3',
  details: { causes: [{ reason: 'ExitCode', message: '3' }] },
})

/** What came on a raw connection so far, and its end. */
class Reading {
  #bytes = Buffer.alloc(0)
  ended = false
  readonly socket: TLSSocket
  constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
    })
    socket.on('close', () => {
      this.ended = true
    })
  }
  get text(): string {
    return this.#bytes.toString()
  }
  async has(what: string): Promise<void> {
    await until(`${what} arrives`, () => {
      if (this.ended && !this.text.includes(what)) throw new Error(`ended without ${what}: ${this.text}`)
      return this.text.includes(what)
    })
  }
}

interface Recorded {
  readonly result?: {
    readonly outcome: string
    readonly code: number
    readonly exitCode?: number
    readonly bytes: number
  }
  readonly bodies: readonly { readonly kind: string; readonly bytes: number }[]
}

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld(runtime)
  })
  afterAll(() => world?.close())

  const open = (target: string, token = world.token): Reading =>
    new Reading(
      openRaw({
        port: world.port,
        ca: world.ca,
        target: `/clusters/test${target}`,
        headers: [['authorization', `Bearer ${token}`]],
      }),
    )
  /** Answers a path with headers only; the test writes the rest. */
  const hold = (path: string, type = 'application/json'): ServerResponse[] => {
    const held: ServerResponse[] = []
    world.upstream.on(path, (_request, response) => {
      response.writeHead(200, { 'content-type': type })
      response.flushHeaders()
      held.push(response)
    })
    return held
  }
  const heldOne = async (held: readonly ServerResponse[]): Promise<ServerResponse> => {
    await until('the request reaches the API server', () => held.length > 0)
    const [response] = held
    if (response === undefined) throw new Error('unreachable')
    return response
  }
  /** The record of the request upstream saw last at a path, once it has its result. */
  const recordAt = async (path: string): Promise<Recorded & { id: string }> => {
    const id = String(world.upstream.seen.findLast(({ url }) => url.split('?')[0] === path)?.headers['audit-id'])
    let record: Recorded | null = null
    await until('the result is recorded', async () => {
      const answer = await world.api(`/api/v1/requests/${id}`)
      record = answer.status === 200 ? (JSON.parse(answer.text) as Recorded) : null
      return record?.result !== undefined
    })
    if (record === null) throw new Error('unreachable')
    return { ...(record as Recorded), id }
  }

  describe('watch', () => {
    it('sends the headers before the first event, and each event when it comes', async () => {
      const held = hold(`${NS}/pods`)
      const reading = open(`${NS}/pods?watch=true`)
      await reading.has('\r\n\r\n')
      expect(reading.text).toMatch(/^HTTP\/1\.1 200 /)
      const response = await heldOne(held)
      for (const version of ['1', '2', '3']) {
        expect(reading.text).not.toContain(`"resourceVersion":"${version}"`)
        response.write(event(version))
        await reading.has(`"resourceVersion":"${version}"`)
      }
      // An event cut in two is still one, once its end has come.
      const cut = event('4')
      response.write(cut.slice(0, 40))
      response.write(cut.slice(40))
      await reading.has('"resourceVersion":"4"')
      response.end()
      await until('the watch ends', () => reading.ended)
      const record = await recordAt(`${NS}/pods`)
      expect(record.result).toMatchObject({ outcome: 'ok', code: 200 })
      const body = await world.api(`/api/v1/requests/${record.id}/body?kind=response`)
      expect(body.text).toBe(['1', '2', '3', '4'].map(event).join(''))
    })

    it('a client that goes away ends the API server’s watch, and the gateway serves on', async () => {
      const held = hold(`${NS}/services`)
      const reading = open(`${NS}/services?watch=true`)
      await reading.has('\r\n\r\n')
      const response = await heldOne(held)
      let closed = false
      response.on('close', () => {
        closed = true
      })
      reading.socket.destroy()
      await until('the API server’s watch is closed', () => {
        // workerd notices at the next bytes.
        if (runtime === 'workerd' && !closed) response.write(event('9'))
        return closed
      })
      expect((await recordAt(`${NS}/services`)).result).toMatchObject({ outcome: 'cancelled' })
      expect((await world.ask('/version')).status).toBe(200)
    })

    it('an API server that breaks off in mid-watch is told as an ERROR event', async () => {
      const held = hold(`${NS}/endpoints`)
      const reading = open(`${NS}/endpoints?watch=true`)
      const response = await heldOne(held)
      response.write(event('1'))
      await reading.has('"resourceVersion":"1"')
      response.destroy()
      await reading.has('"type":"ERROR"')
      expect(reading.text).toContain('"kind":"Status"')
      expect((await recordAt(`${NS}/endpoints`)).result?.outcome).not.toBe('ok')
    })
  })

  it('a slow client slows the API server, and nothing is lost', async () => {
    const chunk = noise(48 * 1024).toString('hex')
    const total = 512
    const hash = createHash('sha256')
    let written = 0
    let blocked = false
    world.upstream.on(`${NS}/pods/p/log`, async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      for (let at = 0; at < total; at += 1) {
        const line = `${at} ${chunk}\n`
        hash.update(line)
        const room = response.write(line)
        written += line.length
        if (room) continue
        blocked = true
        await new Promise((done) => response.once('drain', done))
        blocked = false
      }
      response.end()
    })
    const socket = openRaw({
      port: world.port,
      ca: world.ca,
      target: `/clusters/test${NS}/pods/p/log?follow=true`,
      headers: [['authorization', `Bearer ${world.token}`]],
    })
    socket.pause()
    let before = -1
    let same = 0
    await until('no more is taken from the API server', () => {
      same = blocked && written > 0 && written === before ? same + 1 : 0
      before = written
      return same >= 20
    })
    // Buffers of four sockets, the windows and the recorder: far from the 50 MB that were offered.
    expect(written).toBeLessThan(24 * 1024 * 1024)
    let received = Buffer.alloc(0)
    let body = false
    const arrived = createHash('sha256')
    let pending = 0
    const dechunk = (): void => {
      for (;;) {
        if (pending > 0) {
          const part = received.subarray(0, pending)
          arrived.update(part)
          pending -= part.length
          received = received.subarray(part.length)
          if (pending > 0) return
          continue
        }
        if (received.length < 3) return
        const from = received[0] === 13 ? 2 : 0
        const eol = received.indexOf('\r\n', from)
        if (eol === -1) return
        pending = Number.parseInt(received.subarray(from, eol).toString('latin1'), 16)
        received = received.subarray(eol + 2)
        if (pending === 0) return
      }
    }
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data])
      if (!body) {
        const end = received.indexOf('\r\n\r\n')
        if (end === -1) return
        body = true
        received = received.subarray(end + 4)
      }
      dechunk()
    })
    const ended = new Promise((done) => socket.once('close', done))
    socket.resume()
    await ended
    expect(arrived.digest('hex')).toBe(hash.digest('hex'))
    expect((await recordAt(`${NS}/pods/p/log`)).result).toMatchObject({ outcome: 'ok', bytes: written })
  })

  describe('ordinary answers', () => {
    it('20 MB pass unchanged, large numbers included', async () => {
      const items = Array.from({ length: 20 }, (_, at) => ({
        metadata: { name: `p${at}` },
        x: 'y'.repeat(1024 * 1024),
      }))
      const list = JSON.stringify({ kind: 'PodList', apiVersion: 'v1', items }).replace(
        '"items":',
        '"big":9007199254740993,"fraction":1.10,"exponent":1E400,"items":',
      )
      world.upstream.on(`${NS}/replicationcontrollers`, json(list))
      const answer = await world.ask(`${NS}/replicationcontrollers`)
      expect(answer.status).toBe(200)
      expect(answer.bytes.length).toBe(list.length)
      expect(answer.bytes.equals(Buffer.from(list))).toBe(true)
    })

    it('keeps Warning headers, one by one, and drops cookies', async () => {
      world.upstream.on(`${NS}/pods/warned`, (_request, response) => {
        response.writeHead(200, [
          ...['content-type', 'application/json'],
          ...['warning', '299 - "first, with a comma"', 'warning', '299 - "second"'],
          ...['set-cookie', 'a=b', 'x-inside', 'secret'],
        ])
        response.end('{}')
      })
      const { headers, status } = await world.ask(`${NS}/pods/warned`)
      expect(status).toBe(200)
      expect(headers.get('warning')).toBe('299 - "first, with a comma", 299 - "second"')
      expect(headers.has('set-cookie')).toBe(false)
      expect(headers.has('x-inside')).toBe(false)
    })

    it('a 401 from the API server is about the connector, not about the agent', async () => {
      world.upstream.on(`${NS}/pods/unauthorized`, json({ kind: 'Status', code: 401, message: 'inside' }, 401))
      const answer = await world.ask(`${NS}/pods/unauthorized`)
      expect(answer.status).toBe(502)
      expect(answer.headers.has('www-authenticate')).toBe(false)
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', message: expect.stringContaining('connector') })
    })

    it('a 409 passes as the API server wrote it', async () => {
      const status =
        '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","message":"m","code":409}'
      world.upstream.on(`${NS}/pods/conflict`, json(status, 409))
      const answer = await world.ask(`${NS}/pods/conflict`)
      expect([answer.status, answer.text]).toEqual([409, status])
    })

    it.each(['HEAD', 'OPTIONS'])('%s is passed as it is', async (method) => {
      world.upstream.on('/version', (request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', allow: 'GET' })
        response.end(request.method === 'HEAD' ? undefined : '{}')
      })
      const before = world.upstream.seen.length
      const allowed = method === 'HEAD' ? `${NS}/pods/head` : '/version'
      world.upstream.on(`${NS}/pods/head`, json({ kind: 'Pod' }))
      const answer = await world.ask(allowed, { method })
      const sent = world.upstream.seen.slice(before).map(({ method: each }) => each)
      // The policy of the suite allows get on resources; other methods on paths are denied by default.
      if (method === 'HEAD') {
        expect(answer.status).toBe(200)
        expect(answer.bytes).toHaveLength(0)
        expect(sent).toEqual(['HEAD'])
      } else {
        expect(answer.status).toBe(403)
        expect(sent).toEqual([])
      }
    })
  })

  describe('exec', () => {
    const upstreamGot: Buffer[] = []
    beforeAll(() => {
      world.upstream.onUpgrade(EXEC, 'v5.channel.k8s.io', async (socket) => {
        upstreamGot.length = 0
        for (let each = await socket.read(); each !== null; each = await socket.read()) {
          upstreamGot.push(Buffer.from(each))
          if (each[0] === 0) await socket.write(message(1, `out:${text(each.subarray(1))}`))
          if (each[0] === 255) {
            await socket.write(message(2, 'warned'))
            await socket.write(message(3, EXIT_3))
            socket.close(1000, '')
            return
          }
        }
      })
    })

    it('stdin, stdout, stderr, resize, half-close and the exit code pass, and are recorded with their times', async () => {
      const socket = await openSocket(world, `${EXEC}?command=cat&stdin=true&stdout=true&stderr=true&container=c`)
      expect(socket.protocol).toBe('v5.channel.k8s.io')
      await socket.write(message(4, '{"Width":80,"Height":24}'))
      await socket.write(message(0, 'hello\n'))
      expect(text((await socket.read()) ?? Buffer.alloc(0))).toBe('\x01out:hello\n')
      await socket.write(Buffer.of(255, 0))
      const { messages, error } = await readAll(socket)
      expect(error).toBeNull()
      expect(messages.map(text)).toEqual(['\x02warned', `\x03${EXIT_3}`])
      expect(upstreamGot.map(String)).toEqual(['\x04{"Width":80,"Height":24}', '\0hello\n', String(Buffer.of(255, 0))])

      const record = await recordAt(EXEC)
      expect(record.result).toMatchObject({ outcome: 'ok', code: 101, exitCode: 3 })
      const stream = await world.api(`/api/v1/requests/${record.id}/stream`)
      const records = [...decodeRecords(stream.bytes)]
      expect(records.map(({ channel, payload }) => [channel, text(payload)])).toEqual([
        [4, '{"Width":80,"Height":24}'],
        [0, 'hello\n'],
        [1, 'out:hello\n'],
        [2, 'warned'],
        [3, EXIT_3],
      ])
      const times = records.map(({ t }) => t)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
    })

    it('60 KB of arguments pass', async () => {
      const long = 'x'.repeat(60 * 1024)
      const target = `${EXEC}?command=echo&command=${long}&stdin=true`
      const socket = await openSocket(world, target)
      expect(world.upstream.seen.at(-1)?.url).toBe(target)
      await socket.write(Buffer.of(255, 0))
      expect((await readAll(socket)).error).toBeNull()
    })

    it('20 MB of output pass in order', async () => {
      const block = noise(32 * 1024 - 1)
      const sent = createHash('sha256')
      world.upstream.onUpgrade(`${NS}/pods/big/exec`, 'v5.channel.k8s.io', async (socket) => {
        for (let at = 0; at < 640; at += 1) {
          const payload = Buffer.concat([Buffer.of(at & 255), block])
          sent.update(payload)
          await socket.write(Buffer.concat([Buffer.of(1), payload]))
        }
        await socket.write(message(3, '{"status":"Success"}'))
        socket.close(1000, '')
      })
      const socket = await openSocket(world, `${NS}/pods/big/exec?command=x&stdout=true`)
      const received = createHash('sha256')
      let bytes = 0
      for (let each = await socket.read(); each !== null; each = await socket.read()) {
        if (each[0] !== 1) continue
        received.update(each.subarray(1))
        bytes += each.length - 1
      }
      expect(bytes).toBe(640 * 32 * 1024)
      expect(received.digest('hex')).toBe(sent.digest('hex'))
      expect((await recordAt(`${NS}/pods/big/exec`)).result).toMatchObject({ outcome: 'ok', exitCode: 0 })
    })

    it('a client that goes away ends the API server’s exec', async () => {
      let ended = false
      world.upstream.onUpgrade(`${NS}/pods/left/exec`, 'v5.channel.k8s.io', async (upstream) => {
        await readAll(upstream)
        ended = true
      })
      const socket = await openSocket(world, `${NS}/pods/left/exec?command=x&stdin=true`)
      socket.raw.destroy()
      await until('the API server’s exec ends', () => ended)
      expect((await recordAt(`${NS}/pods/left/exec`)).result).toMatchObject({ outcome: 'cancelled' })
    })

    it('an answer that is no upgrade is passed as the Status it is', async () => {
      const status =
        '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","message":"no pod","code":404}'
      world.upstream.onRawUpgrade(`${NS}/pods/gone/exec`, (socket) => {
        socket.end(
          `HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: ${status.length}\r\n\r\n${status}`,
        )
      })
      const answer = await handshake(world, `${NS}/pods/gone/exec?command=x`)
      expect([answer.status, answer.text]).toEqual([404, status])
    })

    it.each([
      ['garbage', 'SSH-2.0-OpenSSH_9.9\r\n'],
      [
        'an upgrade to something else',
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: Upgrade\r\n\r\n',
      ],
      [
        'a wrong accept key',
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n',
      ],
    ])('%s in answer to an upgrade is a Status', async (_what, bytes) => {
      world.upstream.onRawUpgrade(`${NS}/pods/odd/exec`, (socket) => socket.end(bytes))
      const answer = await handshake(world, `${NS}/pods/odd/exec?command=x`)
      expect(answer.status).toBe(502)
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure', code: 502 })
    })
  })

  it('attach passes and is recorded', async () => {
    world.upstream.onUpgrade(`${NS}/pods/p/attach`, 'v5.channel.k8s.io', async (socket) => {
      await socket.write(message(1, 'attached'))
      await socket.write(message(3, '{"status":"Success"}'))
      socket.close(1000, '')
    })
    const socket = await openSocket(world, `${NS}/pods/p/attach?stdout=true`)
    expect((await readAll(socket)).messages.map(text)).toEqual(['\x01attached', '\x03{"status":"Success"}'])
    const record = await recordAt(`${NS}/pods/p/attach`)
    const stream = await world.api(`/api/v1/requests/${record.id}/stream`)
    expect([...decodeRecords(stream.bytes)].map(({ payload }) => text(payload))).toEqual([
      'attached',
      '{"status":"Success"}',
    ])
  })

  it('port-forward passes bytes both ways, counts them and records none', async () => {
    const protocol = 'SPDY/3.1+portforward.k8s.io'
    world.upstream.onUpgrade(`${NS}/pods/p/portforward`, protocol, async (socket) => {
      for (let each = await socket.read(); each !== null; each = await socket.read()) {
        await socket.write(Buffer.concat([Buffer.from('echo '), each]))
      }
    })
    const socket = await openSocket(world, `${NS}/pods/p/portforward?ports=80`, { protocols: [protocol] })
    expect(socket.protocol).toBe(protocol)
    await socket.write(Buffer.from('private-content-of-a-connection'))
    expect(text((await socket.read()) ?? Buffer.alloc(0))).toBe('echo private-content-of-a-connection')
    socket.close(1000, '')
    const record = await recordAt(`${NS}/pods/p/portforward`)
    expect(record.result).toMatchObject({ bytes: 31 + 36 })
    expect(record.bodies.filter(({ kind }) => kind === 'stream')).toEqual([])
  })

  it('access that ends, by expiry or by policy, ends open watches and execs in words within 10 s', async () => {
    const leaver = await world.issuer.sign({ sub: 'leaver', groups: [] })
    await world.apply(`
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: leaver}
spec:
  subjects: [{users: [leaver]}]
  connections: [test]
  rules: [{name: w, effect: Allow, verbs: [get, list, watch, connect], resources: ["*"], namespaces: [d]}]
`)
    world.upstream.on(`${NS}/pods/p`, json({ kind: 'Pod' }))
    await until('the policy is in force', async () => {
      return (await world.ask(`${NS}/pods/p`, { token: leaver })).status === 200
    })
    hold(`${NS}/limitranges`)
    world.upstream.onUpgrade(`${NS}/pods/long/exec`, 'v5.channel.k8s.io', async (socket) => {
      await readAll(socket)
    })
    const soon = await world.issuer.sign({ exp: Math.floor(Date.now() / 1000) + 3 })
    const watches = [soon, leaver, world.token].map((token) => open(`${NS}/limitranges?watch=true`, token))
    const execs = await Promise.all(
      [soon, leaver].map((token) => openSocket(world, `${NS}/pods/long/exec?command=x`, { token })),
    )
    for (const watch of watches) await watch.has('\r\n\r\n')
    const started = Date.now()
    const deleted = await world.api('/api/v1/documents/AccessPolicy/leaver', { method: 'DELETE' })
    expect(deleted.status).toBeLessThan(300)
    const ends = await Promise.all(execs.map(readAll))
    await watches[0]?.has('"type":"ERROR"')
    await watches[1]?.has('"type":"ERROR"')
    // Ten seconds, from the expiry three seconds on, and a second for a busy machine.
    expect(Date.now() - started).toBeLessThan(14_000)
    expect(watches[0]?.text).toMatch(/expired/)
    expect(watches[1]?.text).toMatch(/access ended/)
    for (const [at, says] of [/expired/, /access ended/].entries()) {
      const last = ends[at]?.messages.at(-1)
      expect(last?.[0]).toBe(3)
      expect(JSON.parse(text(last?.subarray(1) ?? Buffer.alloc(0)))).toMatchObject({
        status: 'Failure',
        reason: 'Forbidden',
      })
      expect(text(last ?? Buffer.alloc(0))).toMatch(says)
      expect(ends[at]?.error).toBeNull()
    }
    // One agent's trouble is its own.
    expect(watches[2]?.ended).toBe(false)
    watches[2]?.socket.destroy()
  })
})
