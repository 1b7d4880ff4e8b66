// Abuse cases a Kubernetes door must survive: the trick, and the safe answer, by their row in the list of them. One table,
// on every runtime. What is refused is a Status with an id, and nothing of it reaches the API server.

import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused } from './judge.ts'
import { openRaw } from './raw.ts'
import { handshake, openSocket } from './socket.ts'
import { accept, CONFIG_MAP, FORBIDDEN, JSON_TYPE, NS, post, REFUSED, UNAUTHORIZED } from './tricks.ts'
import { json, type Seen } from './upstream.ts'
import { type AskOptions, RUNTIMES, startWorld, until, type World } from './world.ts'

const MAX_BODY_BYTES = 3 * 1024 * 1024

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  let narrow: string
  const seen = (): number => world.upstream.seen.length
  const latest = (): Seen => {
    const last = world.upstream.seen.at(-1)
    if (last === undefined) throw new Error('nothing reached the API server')
    return last
  }

  beforeAll(async () => {
    world = await startWorld(runtime, { config: { limits: { streamsPerIdentity: 5, bodyDeadlineMs: 700 } } })
    narrow = await world.issuer.sign({ sub: 'narrow', groups: [] })
    const pod = json({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } })
    world.upstream.on(`${NS}/pods/p`, pod)
    world.upstream.onUpgrade(`${NS}/pods/p/exec`, 'v5.channel.k8s.io', async (socket) => {
      for (let message = await socket.read(); message !== null; message = await socket.read());
    })
  })
  afterAll(() => world?.close())

  it.each(REFUSED)('$name', async ({ target, ask, upgrade, as, is }) => {
    const before = seen()
    const who = as === undefined ? {} : { token: narrow }
    const answer =
      upgrade === undefined
        ? await world.ask(target, { ...who, ...ask })
        : await handshake(world, target, { ...who, ...upgrade })
    expectRefused(world, answer, is, before)
  })

  it('row 3: X-Forwarded-User, X_Remote_Group and X-Original-URL are never looked at nor passed on', async () => {
    const answer = await world.ask(`${NS}/pods/p`, {
      headers: [
        ['x-forwarded-user', 'admin'],
        ['x_remote_group', 'system:masters'],
        ['x-remote-user', 'admin'],
        ['x-original-url', `${NS}/secrets/s`],
        ['x-forwarded-host', 'other'],
      ],
    })
    expect(answer.status).toBe(200)
    expect(latest().url).toBe(`${NS}/pods/p`)
    expect(latest().headers['impersonate-user']).toBe('agent')
    expect(Object.keys(latest().headers).filter((name) => /^x[-_]/.test(name))).toEqual([])
    expect(latest().rawHeaders.join('\n')).not.toMatch(/masters|admin/)
  })

  it('row 2: identity headers are ours, once each, and the token stays here', async () => {
    await world.ask(`${NS}/pods/p`)
    const { rawHeaders } = latest()
    const of = (name: string): string[] =>
      rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
    expect(of('impersonate-user')).toEqual(['agent'])
    expect(of('impersonate-group')).toEqual(['ai-agents'])
    expect(of('authorization')).toEqual(['Bearer the-connectors-own-credential'])
    expect(of('audit-id')).toHaveLength(1)
  })

  it.each([301, 302, 307, 308])(
    'row 5: a redirect (%i) from upstream is not followed and not passed on',
    async (code) => {
      const elsewhere = `https://127.0.0.1:${world.upstream.port}/elsewhere`
      world.upstream.on(`${NS}/services/redirect`, (_request, response) => {
        response.writeHead(code, { location: elsewhere })
        response.end('moved')
      })
      const before = seen()
      const answer = await world.ask(`${NS}/services/redirect`)
      expect(answer.status).toBe(502)
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'InternalError' })
      expect([...answer.headers.keys()]).not.toContain('location')
      expect(answer.text).not.toContain('elsewhere')
      expect(world.upstream.seen.slice(before).map(({ url }) => url)).toEqual([`${NS}/services/redirect`])
    },
  )

  it('row 5: a redirect in answer to an upgrade', async () => {
    world.upstream.onRawUpgrade(`${NS}/pods/moved/exec`, (socket) => {
      socket.end('HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n')
    })
    const answer = await handshake(world, `${NS}/pods/moved/exec?command=id`)
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'InternalError' })
    expect(answer.headers.has('location')).toBe(false)
  })

  it('row 9: the old watch prefix passes as the watch it is', async () => {
    world.upstream.on('/api/v1/watch/namespaces/d/secrets', json('{"type":"BOOKMARK","object":{}}\n'))
    const answer = await world.ask('/api/v1/watch/namespaces/d/secrets')
    expect(answer.status).toBe(200)
    const recorded = await recordOf(answer.headers, world)
    expect(recorded.request.verb).toBe('watch')
  })

  it('row 11: get on the one name passes where the list did not', async () => {
    world.upstream.on(`${NS}/secrets/s`, json({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }))
    expect((await world.ask(`${NS}/secrets/s`, { token: narrow })).status).toBe(200)
    expectRefused(world, await world.ask(`${NS}/secrets/t`, { token: narrow }), FORBIDDEN, seen())
  })

  it.each([
    ['protobuf first', 'application/vnd.kubernetes.protobuf,application/json', 'application/json'],
    [
      'a Table with protobuf',
      'application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1,application/json;as=Table;g=meta.k8s.io;v=v1',
      'application/json;g=meta.k8s.io;v=v1;as=Table',
    ],
    [
      'metadata only',
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
      'application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadataList,application/json',
    ],
    ['an unknown conversion', 'application/json;as=Other;g=x;v=v1,application/json', 'application/json'],
    ['everything', '*/*', 'application/json'],
  ])('row 17: JSON is asked for upstream: %s', async (_what, given, asked) => {
    await world.ask(`${NS}/pods/p`, accept(given))
    expect(latest().headers.accept).toBe(asked)
  })

  it('row 17: an answer that is not JSON all the same is withheld', async () => {
    world.upstream.on(`${NS}/secrets/pb`, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.kubernetes.protobuf' })
      response.end('k8s\0not-for-anyones-eyes')
    })
    const answer = await world.ask(`${NS}/secrets/pb`)
    expect(answer.status).toBe(502)
    expect(answer.text).not.toContain('not-for-anyones-eyes')
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', message: expect.stringContaining('withheld') })
  })

  describe('row 20: a write that would create, without create', () => {
    const target = `${NS}/configmaps/c`
    const ways: readonly (readonly [string, AskOptions])[] = [
      ['PUT', { method: 'PUT', body: CONFIG_MAP, headers: JSON_TYPE }],
      ['apply', { method: 'PATCH', body: CONFIG_MAP, headers: [['content-type', 'application/apply-patch+yaml']] }],
    ]
    const query = '?fieldManager=m'

    it.each(ways)('%s on what is not there is refused after one look', async (_way, ask) => {
      world.upstream.on(target, json({ kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 }, 404))
      const before = seen()
      const answer = await world.ask(`${target}${query}`, { ...ask, token: narrow })
      expect(answer.status).toBe(403)
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'Forbidden' })
      expect(JSON.parse(answer.text).message).toMatch(/create/)
      expect(world.upstream.seen.slice(before).map(({ method, url }) => [method, url])).toEqual([['GET', target]])
    })

    it.each(ways)('%s on what is there passes', async (_way, ask) => {
      world.upstream.on(target, json(CONFIG_MAP))
      const before = seen()
      const answer = await world.ask(`${target}${query}`, { ...ask, token: narrow })
      expect(answer.status).toBe(200)
      expect(world.upstream.seen.slice(before).map(({ method, url }) => [method, url])).toEqual([
        ['GET', target],
        [ask.method, `${target}${query}`],
      ])
      expect(latest().body.toString()).toBe(CONFIG_MAP)
    })

    it.each(ways)('%s where the look fails is refused', async (_way, ask) => {
      world.upstream.on(target, json({ kind: 'Status' }, 500))
      const before = seen()
      const answer = await world.ask(`${target}${query}`, { ...ask, token: narrow })
      expect(answer.status).toBe(502)
      expect(world.upstream.seen.slice(before).map(({ method }) => method)).toEqual(['GET'])
    })

    it.each(ways)('%s by one who may create needs no look', async (_way, ask) => {
      world.upstream.on(target, json(CONFIG_MAP, 201))
      const before = seen()
      expect((await world.ask(`${target}${query}`, ask)).status).toBe(201)
      expect(world.upstream.seen.slice(before).map(({ method }) => method)).toEqual([ask.method])
    })
  })

  it('row 22: an eviction passes for one who may delete the pod', async () => {
    const target = '/api/v1/namespaces/evict/pods/p/eviction'
    world.upstream.on(target, json({ kind: 'Status', status: 'Success' }, 201))
    const body = '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}}'
    const answer = await world.ask(target, { ...post(body), token: narrow })
    expect(answer.status, answer.text).toBe(201)
    expect(latest().method).toBe('POST')
    expect((await recordOf(answer.headers, world)).request.verb).toBe('delete')
  })

  it('row 28: a token in the subprotocol is a bearer like any other, and goes nowhere else', async () => {
    const token = await world.issuer.sign({ sub: 'from-a-browser' })
    const encoded = Buffer.from(token).toString('base64url')
    const socket = await openSocket(world, `${NS}/pods/p/exec?command=id`, {
      token: null,
      protocols: [`base64url.bearer.authorization.k8s.io.${encoded}`, 'v5.channel.k8s.io'],
      headers: [['origin', `https://127.0.0.1:${world.port}`]],
    })
    expect(socket.protocol).toBe('v5.channel.k8s.io')
    const { rawHeaders, headers } = latest()
    expect(headers['impersonate-user']).toBe('from-a-browser')
    expect(rawHeaders.join('\n')).not.toContain('base64url.bearer')
    expect(rawHeaders.join('\n')).not.toContain(token)
    socket.close(1000, '')
    expect(world.output()).not.toContain(encoded.slice(0, 40))
    expect(world.output()).not.toContain(token.slice(0, 40))
  })

  describe('row 33: tokens', () => {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
      iss: world.issuer.url,
      aud: 'sallyport',
      sub: 'agent',
      groups: ['ai-agents'],
      exp: Math.floor(Date.now() / 1000) + 600,
      ...over,
    })
    const unsigned = (header: unknown, payload: unknown): string => `${encode(header)}.${encode(payload)}`
    const now = (): number => Math.floor(Date.now() / 1000)
    const forged: readonly (readonly [string, () => string | null | Promise<string>])[] = [
      ['no token', () => null],
      ['something that is no JWT', () => 'abc'],
      ['alg none', () => `${unsigned({ alg: 'none' }, claims())}.`],
      ['alg None with the kid', () => `${unsigned({ alg: 'None', kid: 'k1' }, claims())}.`],
      [
        'HS256 with the public key as the secret',
        () => {
          const input = unsigned({ alg: 'HS256', kid: 'k1' }, claims())
          return `${input}.${createHmac('sha256', world.issuer.publicPem).update(input).digest('base64url')}`
        },
      ],
      ['another audience', () => world.issuer.sign({ aud: 'somebody-else' })],
      ['an issuer that is not configured', () => world.issuer.sign({ iss: 'https://issuer.example' })],
      ['an expired token', () => world.issuer.sign({ exp: now() - 600 })],
      ['one that is not valid yet', () => world.issuer.sign({ nbf: now() + 600 })],
      ['no expiry', () => world.issuer.sign({ exp: undefined })],
      ['no subject', () => world.issuer.sign({ sub: undefined })],
      ['a subject that is a list', () => world.issuer.sign({ sub: ['agent'] as never })],
      [
        'a key of its own in the header',
        () => {
          const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
          const input = unsigned({ alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) }, claims())
          const signature = signBytes('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
          return `${input}.${signature.toString('base64url')}`
        },
      ],
      ['a kid that is a URL', () => world.issuer.sign({}, { kid: `${world.issuer.url}/other-keys` })],
      ['a jku', () => world.issuer.sign({}, { kid: 'k2', jku: `${world.issuer.url}/other-keys` })],
      ['a token of the gateway’s own that is for the API', () => adminStyle()],
      [
        'a changed payload',
        async () => {
          const [header, , signature] = (await world.issuer.sign({})).split('.')
          return `${header}.${encode(claims({ sub: 'admin' }))}.${signature}`
        },
      ],
    ]
    const adminStyle = (): string => {
      const input = unsigned(
        { alg: 'EdDSA', kid: 'gateway', typ: 'at+jwt' },
        claims({ iss: `https://127.0.0.1:${world.port}`, aud: `https://127.0.0.1:${world.port}/clusters/test` }),
      )
      return `${input}.${Buffer.alloc(64).toString('base64url')}`
    }
    it.each(forged)('%s', async (_name, make) => {
      const before = seen()
      const answer = await world.ask(`${NS}/pods/p`, { token: await make() })
      expectRefused(world, answer, UNAUTHORIZED, before)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    })

    it('a basic login is no token', async () => {
      const answer = await world.ask(`${NS}/pods/p`, { token: null, headers: [['authorization', 'Basic YTpi']] })
      expectRefused(world, answer, UNAUTHORIZED, seen())
    })

    it('100 unknown kids cost at most one look at the keys', async () => {
      const fetches = world.issuer.keyFetches
      const tokens = await Promise.all(
        Array.from({ length: 100 }, (_, at) => world.issuer.sign({ n: at }, { kid: `unknown-${at}` })),
      )
      for (let at = 0; at < tokens.length; at += 10) {
        const batch = tokens.slice(at, at + 10)
        const answers = await Promise.all(batch.map((token) => world.ask(`${NS}/pods/p`, { token })))
        expect(answers.map(({ status }) => status)).toEqual(batch.map(() => 401))
      }
      expect(world.issuer.keyFetches - fetches).toBeLessThanOrEqual(1)
    })
  })

  describe('row 34: limits', () => {
    /** A ConfigMap of exactly this many bytes. */
    const sized = (bytes: number): string => {
      const empty = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '' } })
      return empty.replace('"a":""', `"a":"${'x'.repeat(bytes - empty.length)}"`)
    }

    it('a body of 3 MiB passes unchanged', async () => {
      world.upstream.on(`${NS}/configmaps`, json(CONFIG_MAP, 201))
      const body = sized(MAX_BODY_BYTES)
      const answer = await world.ask(`${NS}/configmaps`, post(body))
      expect(answer.status, answer.text.slice(0, 500)).toBe(201)
      expect(latest().body.toString() === body).toBe(true)
    })

    it.each([
      ['with its length', (body: string): AskOptions => post(body)],
      [
        'in chunks',
        (body: string): AskOptions => ({
          method: 'POST',
          headers: [...JSON_TYPE, ['transfer-encoding', 'chunked']],
          body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
        }),
      ],
    ])('one byte more is 413, %s', async (_how, ask) => {
      const before = seen()
      const answer = await world.ask(`${NS}/configmaps`, ask(sized(MAX_BODY_BYTES + 1)))
      expectRefused(world, answer, { status: 413, reason: 'RequestEntityTooLarge' }, before)
    })

    it('a body that drips in is a time-out', async () => {
      const before = seen()
      const answer = await world.ask(`${NS}/configmaps`, {
        method: 'POST',
        headers: [...JSON_TYPE, ['content-length', '100']],
        body: '{"kind":',
      })
      expectRefused(world, answer, { status: 504, reason: 'Timeout' }, before)
    })

    it('one identity has its limit of streams and not one more; others are not touched', async () => {
      const watches: ServerResponse[] = []
      world.upstream.on(`${NS}/pods`, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.flushHeaders()
        watches.push(response)
      })
      const greedy = await world.issuer.sign({ sub: 'greedy' })
      const before = seen()
      const sockets = Array.from({ length: 5 }, () =>
        openRaw({
          port: world.port,
          ca: world.ca,
          target: `/clusters/test${NS}/pods?watch=true`,
          headers: [['authorization', `Bearer ${greedy}`]],
        }),
      )
      await until('five watches are open', () => seen() === before + 5)
      const refused = await world.ask(`${NS}/pods/p`, { token: greedy })
      expectRefused(world, refused, { status: 429, reason: 'TooManyRequests' }, before + 5)
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/)
      expect((await world.ask(`${NS}/pods/p`)).status).toBe(200)
      for (const socket of sockets) socket.destroy()
      await until('one may pass again', async () => {
        // workerd notices that a client has gone when something is written to it.
        for (const watch of watches) if (!watch.destroyed) watch.write('{"type":"BOOKMARK","object":{}}\n')
        return (await world.ask(`${NS}/pods/p`, { token: greedy })).status === 200
      })
    })

    it('headers without end are refused, and the next request is served', async () => {
      const answer = await world
        .ask(`${NS}/pods/p`, { headers: [['x-long', 'x'.repeat(2 * 1024 * 1024)]] })
        .catch(() => null)
      if (answer !== null) expect([400, 413, 431]).toContain(answer.status)
      expect((await world.ask(`${NS}/pods/p`)).status).toBe(200)
    })
  })
})

interface Recorded {
  readonly request: { readonly verb: string; readonly target: string }
}

/** What was recorded of a request, by the Audit-ID of its answer. */
async function recordOf(headers: ReadonlyMap<string, string>, world: World): Promise<Recorded> {
  const last = world.upstream.seen.at(-1)
  const id = headers.get('audit-id') ?? last?.headers['audit-id']
  const answer = await world.api(`/api/v1/requests/${String(id)}`)
  expect(answer.status, answer.text).toBe(200)
  return JSON.parse(answer.text) as Recorded
}
