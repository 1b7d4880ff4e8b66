// Secrets in what passes as a stream: exec and attach, logs, watches; and in the words of requests. Masked in what the client
// gets, at once where nothing is open, and nowhere else to be found. Every value here is made up anew.

import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeRecords } from '../../protocol/recording.ts'
import { openRaw, type RawAnswer } from './raw.ts'
import { handshake, type OpenSocket, openSocket, readAll } from './socket.ts'
import { json, noise } from './upstream.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

const NS = '/api/v1/namespaces/d'
const PLACEHOLDER = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/
const SUCCESS = '{"metadata":{},"status":"Success"}'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const message = (channel: number, text: string | Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of(channel), Buffer.from(text)])
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** What a client got on its channels, each as one text. */
const channels = (messages: readonly Uint8Array[]): Record<number, string> => {
  const all: Record<number, Buffer> = {}
  for (const each of messages) {
    const channel = each[0] ?? 0
    all[channel] = Buffer.concat([all[channel] ?? Buffer.alloc(0), each.subarray(1)])
  }
  return Object.fromEntries(Object.entries(all).map(([channel, bytes]) => [channel, text(bytes)]))
}

/** The forms in which a value could be found. */
const forms = (value: string): readonly string[] => [value, base64(value).slice(0, -4), encodeURIComponent(value)]

interface Recorded {
  readonly id: string
  readonly session: string
  readonly request: { readonly target: string; readonly userAgent: string; readonly exec?: { readonly argv: string[] } }
  readonly mask?: {
    readonly count: number
    readonly rules: Record<string, number>
    readonly places?: readonly { readonly rule: string; readonly at: string; readonly count: number }[]
  }
  readonly result?: { readonly outcome: string; readonly message?: string }
}

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  const values: string[] = []
  const noted = <T extends string>(value: T): T => {
    values.push(value)
    return value
  }
  const letters = (length: number): string =>
    Array.from(
      randomBytes(length),
      (byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789'[byte % 55],
    ).join('')
  /** A token whose vendor gives it a shape. */
  const token = (): string => noted(['gh', 'p_', letters(36)].join(''))
  /** A service account's token. */
  const jwt = (): string => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const header = part({ alg: 'RS256', kid: letters(20) })
    const claims = part({
      iss: 'https://kubernetes.default.svc',
      sub: 'system:serviceaccount:d:web',
      exp: 1_900_000_000,
    })
    return noted(`${header}.${claims}.${randomBytes(256).toString('base64url')}`)
  }
  /** A value without a shape, which the session has read in a Secret. */
  const readSecret = async (): Promise<string> => {
    const value = noted(`pw-${randomBytes(18).toString('hex')}`)
    const name = letters(8).toLowerCase()
    const kind = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { phrase: base64(value) } }
    world.upstream.on(`${NS}/secrets/${name}`, json(kind))
    const answer = await world.ask(`${NS}/secrets/${name}`)
    expect(answer.status, answer.text).toBe(200)
    return value
  }
  const expectNone = (where: string, bytes: Uint8Array): void => {
    const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const value of values) {
      for (const form of forms(value)) expect(haystack.includes(form), `${where} holds ${form}`).toBe(false)
    }
  }
  /** The record of the request upstream saw last at a path, once it has its result. */
  const recordAt = async (path: string): Promise<Recorded> => {
    const id = String(world.upstream.seen.findLast(({ url }) => url.split('?')[0] === path)?.headers['audit-id'])
    return recordOf(id)
  }
  const recordOf = async (id: string): Promise<Recorded> => {
    let record: Recorded | null = null
    await until('the result is recorded', async () => {
      const answer = await world.api(`/api/v1/requests/${id}`)
      record = answer.status === 200 ? (JSON.parse(answer.text) as Recorded) : null
      return record?.result !== undefined
    })
    if (record === null) throw new Error('unreachable')
    return record
  }
  const recordingOf = async ({ id }: Recorded): Promise<readonly Uint8Array[]> => {
    const { bytes } = await world.api(`/api/v1/requests/${id}/stream`)
    return [...decodeRecords(bytes)].map(({ channel, payload }) => message(channel, payload))
  }

  beforeAll(async () => {
    world = await startWorld(runtime)
  })
  afterAll(() => world?.close())

  /** An exec that writes these messages and ends well. @returns what the client got */
  const execOf = async (name: string, messages: readonly Uint8Array[], query = 'command=env&stdout=true') => {
    const path = `${NS}/pods/${name}/exec`
    world.upstream.onUpgrade(path, 'v5.channel.k8s.io', async (socket) => {
      for (const each of messages) await socket.write(each)
      await socket.write(message(3, SUCCESS))
      socket.close(1000, '')
    })
    const socket = await openSocket(world, `${path}?${query}`)
    const { messages: got, error } = await readAll(socket)
    expect(error).toBeNull()
    return { path, got, said: channels(got) }
  }

  describe('row 15: what a command prints of secrets', () => {
    it('env: by the name, by the shape, and because a Secret held it', async () => {
      const [known, shaped] = [await readSecret(), token()]
      const named = noted(letters(24))
      const env = [
        'HOSTNAME=web-1',
        `PHRASE=${known}`,
        `DB_PASSWORD=${named}`,
        `GITHUB_TOKEN=${shaped}`,
        'PATH=/usr/bin',
      ]
      const { path, said } = await execOf('env', [message(1, `${env.join('\n')}\n`)])
      const lines = said[1]?.split('\n') ?? []
      expect(lines.map((line) => line.split('=')[0])).toEqual([
        'HOSTNAME',
        'PHRASE',
        'DB_PASSWORD',
        'GITHUB_TOKEN',
        'PATH',
        '',
      ])
      expect(lines[0]).toBe('HOSTNAME=web-1')
      expect(lines[4]).toBe('PATH=/usr/bin')
      for (const at of [1, 2, 3]) expect(lines[at]).toMatch(PLACEHOLDER)
      expect(said[3]).toBe(SUCCESS)
      const record = await recordAt(path)
      expect(record.mask).toMatchObject({ count: 3 })
      expect(record.mask?.places?.map(({ at }) => at)).toEqual(expect.arrayContaining(['stdout']))
      expect(channels(await recordingOf(record))).toEqual(said)
    })

    it('cat token: a service account’s JWT, and another in base64', async () => {
      const { said } = await execOf('cat', [message(1, `${jwt()}\n`), message(2, `again: ${base64(jwt())}\n`)])
      expect(said[1]).toMatch(PLACEHOLDER)
      expect(said[2]).toMatch(/^again: /)
      expectNone('what the client got', Buffer.from(JSON.stringify(said)))
    })

    it('attach is masked as exec is', async () => {
      const path = `${NS}/pods/p/attach`
      const shaped = token()
      world.upstream.onUpgrade(path, 'v5.channel.k8s.io', async (socket) => {
        await socket.write(message(1, `token ${shaped}\n`))
        await socket.write(message(3, SUCCESS))
        socket.close(1000, '')
      })
      const { messages } = await readAll(await openSocket(world, `${path}?stdout=true`))
      expect(channels(messages)[1]).toMatch(PLACEHOLDER)
      expect((await recordAt(path)).mask).toMatchObject({ count: 1, places: [{ at: 'stdout', count: 1 }] })
    })

    it('the Status that ends it', async () => {
      const shaped = token()
      const status = {
        kind: 'Status',
        status: 'Failure',
        reason: 'InternalError',
        message: `exec: "${shaped}": not found`,
      }
      const path = `${NS}/pods/failing/exec`
      world.upstream.onUpgrade(path, 'v5.channel.k8s.io', async (socket) => {
        await socket.write(message(3, JSON.stringify(status)))
        socket.close(1000, '')
      })
      const { messages } = await readAll(await openSocket(world, `${path}?command=x&stdout=true`))
      expect(JSON.parse(channels(messages)[3] ?? '')).toMatchObject({ message: expect.stringMatching(PLACEHOLDER) })
      expect((await recordAt(path)).result?.message).toMatch(PLACEHOLDER)
    })

    it('bytes that are no text pass as they are', async () => {
      const bytes = noise(256 * 1024)
      const parts = [0, 1, 2, 3].map((at) => message(1, bytes.subarray(at * 65_536, (at + 1) * 65_536)))
      const { got } = await execOf('tar', parts, 'command=tar&command=cf&command=-&stdout=true')
      const out = Buffer.concat(got.filter((each) => each[0] === 1).map((each) => each.subarray(1)))
      expect(out.equals(bytes)).toBe(true)
    })
  })

  describe('row 29: a secret that comes in parts', () => {
    it.each([2, 3])('over %i frames', async (parts) => {
      const shaped = token()
      const line = `x=1 token ${shaped} y=2\n`
      const cuts = Array.from({ length: parts - 1 }, (_, at) => 10 + Math.floor(((at + 1) * shaped.length) / parts))
      const frames = [0, ...cuts].map((from, at) => message(1, line.slice(from, cuts[at])))
      const { said } = await execOf(`frames-${parts}`, frames)
      expect(said[1]).toMatch(/^x=1 token ⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧ y=2\n$/)
    })

    it('byte by byte', async () => {
      const shaped = token()
      const { said } = await execOf(
        'bytes',
        [...`t ${shaped}\n`].map((sign) => message(1, sign)),
      )
      expect(said[1]).toMatch(/^t ⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧\n$/)
    })

    it('half to stdout, half to stderr', async () => {
      const shaped = token()
      const { said } = await execOf('halves', [message(1, `t ${shaped.slice(0, 20)}`), message(2, shaped.slice(20))])
      for (const value of [shaped.slice(0, 20), shaped.slice(20)]) expect(JSON.stringify(said)).not.toContain(value)
    })

    it('with colours inside', async () => {
      const shaped = token()
      const { said } = await execOf('colours', [
        message(1, `${shaped.slice(0, 9)}\x1b[1;31m${shaped.slice(9)}\x1b[0m\n`),
      ])
      expect(said[1]).toMatch(PLACEHOLDER)
      expect(said[1]).not.toContain(shaped.slice(9))
    })

    it('over chunks of a log, of another pod than the one whose Secret it is', async () => {
      const [known, shaped] = [await readSecret(), token()]
      const body = `first ${known} line\nsecond ${shaped} line\nthird\n`
      world.upstream.on(`${NS}/pods/other/log`, async (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' })
        for (const cut of [body.slice(0, 12), body.slice(12, 50), body.slice(50)]) {
          response.write(cut)
          await new Promise((done) => setImmediate(done))
        }
        response.end()
      })
      const { status, text: log } = await world.ask(`${NS}/pods/other/log`)
      expect(status).toBe(200)
      const lines = log.split('\n')
      expect(lines[0]).toMatch(/^first ⟦masked:value:[0-9a-f]{12}⟧ line$/)
      expect(lines[1]).toMatch(/^second ⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧ line$/)
      expect(lines.slice(2)).toEqual(['third', ''])
      const record = await recordAt(`${NS}/pods/other/log`)
      expect(record.mask).toMatchObject({ count: 2 })
      expect(record.mask?.places?.map(({ at }) => at)).toEqual(['log', 'log'])
    })

    it('in the lines of a watch', async () => {
      const shaped = token()
      const line = (at: number): string =>
        `${JSON.stringify({ type: 'ADDED', object: { kind: 'Pod', apiVersion: 'v1', metadata: { name: `p${at}`, annotations: { note: `t ${shaped} u` } } } })}\n`
      world.upstream.on('/api/v1/namespaces/watched/pods', (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const body = line(1) + line(2)
        const at = body.indexOf(shaped) + 7
        response.write(body.slice(0, at))
        response.end(body.slice(at))
      })
      const { text: events } = await world.ask('/api/v1/namespaces/watched/pods?watch=true')
      const notes = events
        .trimEnd()
        .split('\n')
        .map(
          (each) =>
            (JSON.parse(each) as { object: { metadata: { annotations: { note: string } } } }).object.metadata
              .annotations.note,
        )
      expect(notes).toHaveLength(2)
      for (const note of notes) expect(note).toMatch(/^t ⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧ u$/)
    })
  })

  describe('what is held back', () => {
    /** An exec whose output a test writes. */
    const interactive = async (
      name: string,
    ): Promise<{ client: OpenSocket; write(words: string): Promise<void>; end(): Promise<void> }> => {
      const path = `${NS}/pods/${name}/exec`
      let opened:
        | ((socket: { write(bytes: Uint8Array): Promise<void>; close(code: number, reason: string): void }) => void)
        | undefined
      const upstream = new Promise<Parameters<NonNullable<typeof opened>>[0]>((resolve) => {
        opened = resolve
      })
      world.upstream.onUpgrade(path, 'v5.channel.k8s.io', async (socket) => {
        opened?.(socket)
        await readAll(socket)
      })
      const client = await openSocket(world, `${path}?command=sh&stdin=true&stdout=true&tty=true`)
      const socket = await upstream
      return {
        client,
        write: (words) => socket.write(message(1, words)),
        async end() {
          await socket.write(message(3, SUCCESS))
          socket.close(1000, '')
        },
      }
    }
    const readUntil = async (client: OpenSocket, done: (said: string) => boolean): Promise<string> => {
      let said = ''
      while (!done(said)) {
        const each = await client.read()
        if (each === null) throw new Error(`ended after ${said}`)
        if (each[0] === 1) said += text(each.subarray(1))
      }
      return said
    }

    it('a lone prompt arrives though nothing follows it', async () => {
      const { client, write, end } = await interactive('prompt')
      for (const prompt of ['$ ', 'Password: ', 'Enter the token=']) {
        await write(prompt)
        expect(await readUntil(client, (said) => said.length >= prompt.length)).toBe(prompt)
      }
      await end()
      await readAll(client)
    })

    it('a line that could become a secret arrives in part, and what follows of the secret is masked', async () => {
      const shaped = token()
      const { client, write, end } = await interactive('slow')
      await write(`t ${shaped.slice(0, 8)}`)
      // As documented: a secret that is written slower than the hold-back shows its beginning.
      expect(await readUntil(client, (said) => said.length >= 10)).toBe(`t ${shaped.slice(0, 8)}`)
      await write(`${shaped.slice(8)} done\n`)
      const rest = await readUntil(client, (said) => said.includes('done'))
      expect(rest).toMatch(/^⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧ done\n$/)
      await end()
      await readAll(client)
    })

    it('a followed log shows a partial line while the API server is silent', async () => {
      const shaped = token()
      world.upstream.on(`${NS}/pods/followed/log`, (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' })
        response.write(`a ${shaped}\nwaiting for`)
      })
      const socket = openRaw({
        port: world.port,
        ca: world.ca,
        target: `/clusters/test${NS}/pods/followed/log?follow=true`,
        headers: [['authorization', `Bearer ${world.token}`]],
      })
      let received = ''
      socket.on('data', (chunk: Buffer) => {
        received += String(chunk)
      })
      // In one chunk or in two.
      await until('the partial line arrives', () => /waiting (?:\r\n3\r\n)?for/.test(received))
      expect(received).toMatch(PLACEHOLDER)
      socket.destroy()
    })
  })

  describe('masks of a stream are counted while it lasts', () => {
    interface Counted {
      readonly masks: number
      readonly maskRules?: Record<string, number>
    }
    const get = async <T>(path: string): Promise<T> => {
      const answer = await world.api(path)
      expect(answer.status, answer.text).toBe(200)
      return JSON.parse(answer.text) as T
    }
    /** The request upstream saw last at a path, as it stands now, with its session's and its command's counts. */
    const counted = async (path: string) => {
      const id = String(world.upstream.seen.findLast(({ url }) => url.split('?')[0] === path)?.headers['audit-id'])
      const record = await get<Recorded & { command: string }>(`/api/v1/requests/${id}`)
      const session = await get<Counted>(`/api/v1/sessions/${record.session}`)
      const { items } = await get<{ items: (Counted & { id: string })[] }>(
        `/api/v1/sessions/${record.session}/commands?limit=500`,
      )
      const command = items.find((one) => one.id === record.command)
      return { record, session, masks: command?.masks }
    }
    /** What the leaves of an export say of a request. */
    const exported = async ({ id, session }: Recorded): Promise<readonly (readonly [string, number])[]> => {
      const { text: lines } = await world.api(`/api/v1/sessions/${session}/export?format=ndjson`)
      return lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; ref?: string; mask?: { count: number } })
        .filter(({ ref, mask }) => ref === id && mask !== undefined)
        .map(({ type, mask }) => [type, mask?.count ?? 0])
    }
    const run = (uuid: string) => [
      ['kubectl-session', uuid] as const,
      ['kubectl-command', 'kubectl logs'] as const,
      ['user-agent', 'kubectl/v1.35.2 (linux/amd64)'] as const,
    ]

    it('a followed log', async () => {
      const path = `${NS}/pods/counted/log`
      const bearer = await world.issuer.sign({ sub: 'counts-logs' })
      let go: (words: string) => void = () => {}
      let finish: () => void = () => {}
      world.upstream.on(path, (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' })
        response.write(`a ${token()}\nb ${token()}\n`)
        go = (words) => response.write(words)
        finish = () => response.end()
      })
      const answer = world.ask(`${path}?follow=true`, {
        token: bearer,
        headers: run('44444444-4444-4444-8444-444444444444'),
      })
      await until('the log runs', () => world.upstream.seen.some(({ url }) => url.startsWith(path)))
      await until('what was masked so far is seen', async () => (await counted(path)).masks === 2)
      const running = await counted(path)
      expect(running.record.result).toBeUndefined()
      expect(running.record.mask).toMatchObject({ count: 2, places: [{ at: 'log', count: 2 }] })
      expect(running.session.masks).toBe(2)
      go(`c ${token()}\n`)
      await until('what came later is seen as well', async () => (await counted(path)).masks === 3)
      go(`d ${token()}\n`)
      finish()
      expect((await answer).status).toBe(200)
      const record = await recordAt(path)
      expect(record.mask).toMatchObject({ count: 4, places: [{ at: 'log', count: 4 }] })
      const ended = await counted(path)
      expect([ended.masks, ended.session.masks]).toEqual([4, 4])
      expect(Object.values(ended.session.maskRules ?? {})).toEqual([4])
      const told = await exported(record)
      expect(told.slice(0, 2)).toEqual([
        ['stream.segment', 2],
        ['stream.segment', 1],
      ])
      expect(told.reduce((sum, [, count]) => sum + count, 0)).toBe(4)
    })

    it('an exec, both ways', async () => {
      const path = `${NS}/pods/counted/exec`
      const [printed, typed, last] = [token(), token(), token()]
      world.upstream.onUpgrade(path, 'v5.channel.k8s.io', async (socket) => {
        await socket.write(message(1, `t ${printed}\n`))
        await socket.read()
        await socket.write(message(1, `u ${last}\n`))
        await socket.write(message(3, SUCCESS))
        socket.close(1000, '')
      })
      const socket = await openSocket(world, `${path}?command=sh&stdin=true&stdout=true`, {
        token: await world.issuer.sign({ sub: 'counts-exec' }),
        headers: run('55555555-5555-4555-8555-555555555555'),
      })
      await until('what was masked so far is seen', async () => (await counted(path)).masks === 1)
      expect((await counted(path)).record).toMatchObject({ mask: { count: 1, places: [{ at: 'stdout', count: 1 }] } })
      await socket.write(message(0, `login ${typed}\n`))
      await readAll(socket)
      const record = await recordAt(path)
      expect(record.mask).toMatchObject({ count: 3 })
      expect(record.mask?.places?.map(({ at, count }) => [at, count])).toEqual(
        expect.arrayContaining([
          ['stdout', 2],
          ['stdin', 1],
        ]),
      )
      const ended = await counted(path)
      expect([ended.masks, ended.session.masks]).toEqual([3, 3])
      expect((await exported(record)).reduce((sum, [, count]) => sum + count, 0)).toBe(3)
    })
  })

  describe('row 8 of what must work: what an agent sends', () => {
    it('stdin is sent as it is, and recorded masked', async () => {
      const shaped = token()
      const path = `${NS}/pods/stdin/exec`
      const sent: Buffer[] = []
      world.upstream.onUpgrade(path, 'v5.channel.k8s.io', async (socket) => {
        for (let each = await socket.read(); each !== null; each = await socket.read()) {
          sent.push(Buffer.from(each))
          if (each[0] !== 255) continue
          await socket.write(message(3, SUCCESS))
          socket.close(1000, '')
          return
        }
      })
      const socket = await openSocket(world, `${path}?command=sh&stdin=true&stdout=true`)
      const line = `login ${shaped}\n`
      for (const cut of [line.slice(0, 15), line.slice(15)]) await socket.write(message(0, cut))
      await socket.write(Buffer.of(255, 0))
      await readAll(socket)
      expect(channels(sent)[0]).toBe(line)
      const record = await recordAt(path)
      expect(channels(await recordingOf(record))[0]).toMatch(/^login ⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧\n$/)
      expect(record.mask?.places).toMatchObject([{ at: 'stdin', count: 1 }])
    })

    it('argv, query, and what the client says of itself are sent as they are, and recorded masked', async () => {
      const [shaped, named, agent] = [token(), noted(letters(12)), token()]
      const path = `${NS}/pods/argv/exec`
      world.upstream.onUpgrade(path, 'v5.channel.k8s.io', async (socket) => {
        await socket.write(message(3, SUCCESS))
        socket.close(1000, '')
      })
      const query = `command=psql&command=--password&command=${named}&command=${encodeURIComponent(`echo ${shaped}`)}&stdout=true`
      const socket = await openSocket(world, `${path}?${query}`, { headers: [['user-agent', `client ${agent}`]] })
      await readAll(socket)
      expect(world.upstream.seen.at(-1)?.url).toBe(`${path}?${query}`)
      const record = await recordAt(path)
      const argv = record.request.exec?.argv ?? []
      expect(argv.slice(0, 2)).toEqual(['psql', '--password'])
      expect(argv[2]).toMatch(PLACEHOLDER)
      expect(argv[3]).toMatch(/^echo ⟦masked:/)
      expect(record.request.target).toContain(`command=psql&command=--password&command=${argv[2]}`)
      expect(record.request.userAgent).toMatch(/^client ⟦masked:/)
      expect(record.mask).toMatchObject({ count: 3 })
    })

    it('a refused request as well', async () => {
      const shaped = token()
      const target = `/api/v1/namespaces/forbidden/pods/p/exec?command=login&command=${shaped}&stdout=true`
      const answer = await handshake(world, target)
      expect(answer.status).toBe(403)
      const record = await recordOf(String(answer.headers.get('audit-id')))
      expect(record.request.exec?.argv[1]).toMatch(PLACEHOLDER)
      expect(record.result?.outcome).toBe('refused')
    })
  })

  it('counts masks for the session, by rule', async () => {
    const record = await recordAt(`${NS}/pods/argv/exec`)
    const { masks, maskRules } = JSON.parse((await world.api(`/api/v1/sessions/${record.session}`)).text) as {
      masks: number
      maskRules: Record<string, number>
    }
    expect(masks).toBeGreaterThan(15)
    expect(Object.values(maskRules).reduce((sum, count) => sum + count, 0)).toBe(masks)
    for (const rule of Object.keys(record.mask?.rules ?? {})) expect(maskRules[rule]).toBeGreaterThan(0)
  })

  it('no value is anywhere: recordings, exports, the gateway’s output, the database’s files', async () => {
    expect(values.length).toBeGreaterThan(15)
    const look = async (path: string): Promise<RawAnswer> => {
      const answer = await world.api(path)
      expect(answer.status, `${path}: ${answer.text}`).toBe(200)
      expectNone(path, answer.bytes)
      return answer
    }
    const sessions = JSON.parse((await look('/api/v1/sessions')).text) as { items: { id: string }[] }
    expect(sessions.items.length).toBeGreaterThan(0)
    for (const { id } of sessions.items) {
      await look(`/api/v1/sessions/${id}/commands`)
      await look(`/api/v1/sessions/${id}/export?format=ndjson`)
      await look(`/api/v1/sessions/${id}/export?format=asciicast`)
      await look(`/api/v1/sessions/${id}/requests?limit=500`)
    }
    expectNone('the gateway’s output', Buffer.from(world.output()))
    let leaves = 0
    for (const file of await readdir(world.folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const path = join(file.parentPath, file.name)
      const bytes = await readFile(path)
      if (bytes.includes('"type":"request.intent"')) leaves += 1
      expectNone(path, bytes)
    }
    // The files are readable as they lie there: a search that finds nothing says something.
    expect(leaves).toBeGreaterThan(0)
  })
})
