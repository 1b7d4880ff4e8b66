// Row 35 of the abuse cases: a placeholder that comes back in a write. In the field it was read from it is the value again, and all
// else of the body goes on byte for byte; anywhere else the write is refused. The value is nowhere but in what the API server gets.

import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RawAnswer } from './raw.ts'
import { json, type Seen } from './upstream.ts'
import { type AskOptions, RUNTIMES, startWorld, type World } from './world.ts'

const NS = '/api/v1/namespaces/d'
const S = `${NS}/secrets/s`
const WEB = '/apis/apps/v1/namespaces/d/deployments/web'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const typed = (method: string, type: string, body: string | Uint8Array): AskOptions => ({
  method,
  body,
  headers: [['content-type', type]],
})
const put = (body: string): AskOptions => typed('PUT', 'application/json', body)
const patch = (kind: string, body: unknown): AskOptions =>
  typed('PATCH', `application/${kind}`, typeof body === 'string' ? body : JSON.stringify(body))

/** Values that the objects hold, and what they are seen as: the same text with other values. */
interface Values {
  readonly pw: string
  readonly other: string
  readonly env: string
}

const field = (number: number, value: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2]), length(value.length), value])
function length(of: number): Buffer {
  return of < 128 ? Buffer.from([of]) : Buffer.from([(of % 128) | 128, of >> 7])
}

/** A Secret in protobuf, as a typed client updates it; a field that nobody here knows stays in it. */
function protobuf(pw: string): Buffer {
  const entry = Buffer.concat([field(1, Buffer.from('pw')), field(2, Buffer.from(pw))])
  const meta = Buffer.concat([field(1, Buffer.from('s')), field(15, Buffer.from('kept'))])
  const secret = Buffer.concat([field(1, meta), field(2, entry), field(3, Buffer.from('Opaque'))])
  const type = Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from('Secret'))])
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, secret)])
}

interface Write {
  readonly name: string
  readonly target: string
  /** What is asked with placeholders in it; the same with values is what must come to the API server. */
  readonly ask: (of: Values) => AskOptions
}

const applied = ({ pw }: Values): string => JSON.stringify({ kind: 'Secret', stringData: { pw } })

const RESTORED: readonly Write[] = [
  {
    name: 'an update, its other bytes as they came',
    target: S,
    ask: ({ pw }) =>
      put(`{ "kind":"Secret", "x": 9007199254740993, "\\u0061":"\\u0042",\n "data":{"pw":"${base64(pw)}"} }\n`),
  },
  {
    name: 'a merge patch',
    target: S,
    ask: ({ pw }) => patch('merge-patch+json', { data: { pw: base64(pw), more: 'eA==' } }),
  },
  {
    name: 'a strategic merge patch of stringData, with words around it',
    target: S,
    ask: ({ pw, other }) => patch('strategic-merge-patch+json', { stringData: { pw: `a ${pw} b`, other } }),
  },
  {
    name: 'a JSON patch',
    target: S,
    ask: ({ pw }) =>
      patch('json-patch+json', [
        { op: 'test', path: '/data/pw', value: base64(pw) },
        { op: 'add', path: '/stringData', value: { pw } },
      ]),
  },
  {
    name: 'the annotation that kubectl apply writes',
    target: S,
    ask: (of) => patch('merge-patch+json', { metadata: { annotations: { [LAST_APPLIED]: applied(of) } } }),
  },
  {
    name: 'an apply in JSON',
    target: `${S}?fieldManager=m`,
    ask: ({ pw }) => patch('apply-patch+yaml', { apiVersion: 'v1', kind: 'Secret', data: { pw: base64(pw) } }),
  },
  {
    name: 'a dry run',
    target: `${S}?dryRun=All`,
    ask: ({ pw }) => patch('merge-patch+json', { data: { pw: base64(pw) } }),
  },
  {
    name: 'a variable of a container, at another place of the list',
    target: WEB,
    ask: ({ env }) => patch('strategic-merge-patch+json', deployment([{ name: 'PASSWORD', value: env }])),
  },
  {
    name: 'protobuf',
    target: S,
    ask: ({ pw }) => typed('PUT', 'application/vnd.kubernetes.protobuf', protobuf(pw)),
  },
]

interface Refused {
  readonly name: string
  readonly target: string
  readonly ask: (seen: Values) => AskOptions
  /** Absent: the object is read first. */
  readonly unread?: true
}

const FORGED = '⟦masked:secret:0123456789ab⟧'

const REFUSED: readonly Refused[] = [
  { name: 'another key', target: S, ask: ({ pw }) => patch('merge-patch+json', { data: { other: base64(pw) } }) },
  { name: 'a key that is not there', target: S, ask: ({ pw }) => patch('merge-patch+json', { stringData: { x: pw } }) },
  {
    name: 'another object',
    target: `${NS}/secrets/t`,
    ask: ({ pw }) => patch('merge-patch+json', { stringData: { pw } }),
  },
  {
    name: 'another namespace',
    target: '/api/v1/namespaces/e/secrets/s',
    ask: ({ pw }) => patch('merge-patch+json', { stringData: { pw } }),
  },
  {
    name: 'an object that is not there',
    target: `${NS}/secrets/absent`,
    ask: ({ pw }) => put(JSON.stringify({ kind: 'Secret', stringData: { pw } })),
  },
  {
    name: 'a new object',
    target: `${NS}/secrets`,
    ask: ({ pw }) => typed('POST', 'application/json', JSON.stringify({ kind: 'Secret', stringData: { pw } })),
    unread: true,
  },
  {
    name: 'an annotation',
    target: S,
    ask: ({ pw }) => patch('merge-patch+json', { metadata: { annotations: { note: pw } } }),
  },
  { name: 'a pod’s argv', target: WEB, ask: ({ env }) => patch('merge-patch+json', argv(env)) },
  {
    name: 'a variable of another name',
    target: WEB,
    ask: ({ env }) => patch('strategic-merge-patch+json', deployment([{ name: 'HOST', value: env }])),
  },
  { name: 'a forged tag', target: S, ask: () => patch('merge-patch+json', { stringData: { pw: FORGED } }) },
  {
    name: 'a forged tag, escaped',
    target: S,
    ask: () => put(`{"stringData":{"pw":"\\u27E6masked:secret:0123456789ab\\u27e7"}}`),
  },
  {
    name: 'a forged tag in YAML',
    target: S,
    ask: () => patch('apply-patch+yaml', `kind: Secret\nstringData: {pw: "\\u27e6masked:secret:0123456789ab⟧"}\n`),
  },
  { name: 'as a key', target: S, ask: ({ pw }) => patch('merge-patch+json', { data: { [pw]: 'eA==' } }) },
  {
    name: 'another index of a list',
    target: WEB,
    ask: ({ env }) =>
      patch('json-patch+json', [{ op: 'replace', path: '/spec/template/spec/containers/0/env/1/value', value: env }]),
  },
  {
    name: 'protobuf, where nobody knows the field',
    target: S,
    ask: ({ pw }) => typed('PUT', 'application/vnd.kubernetes.protobuf', unknown(pw)),
  },
]

function unknown(pw: string): Buffer {
  const type = Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from('Secret'))])
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, field(9, Buffer.from(pw)))])
}

function deployment(env: unknown): unknown {
  return { spec: { template: { spec: { containers: [{ name: 'app', env }] } } } }
}

function argv(value: string): unknown {
  return { spec: { template: { spec: { containers: [{ name: 'app', args: ['sh', '-c', `echo ${value}`] }] } } } }
}

function secret(name: string, pw: string, other: string): Record<string, unknown> {
  const metadata = { name, annotations: { [LAST_APPLIED]: applied({ pw, other, env: '' }) } }
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: { pw: base64(pw), other: base64(other) }, type: 'Opaque' }
}

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  const live: Values = { pw: made(), other: made(), env: made() }
  let seen: Values
  /** What came to the API server since. */
  const since = (before: number): Seen[] => world.upstream.seen.slice(before)

  beforeAll(async () => {
    world = await startWorld(runtime)
    world.upstream.on(S, json(secret('s', live.pw, live.other)))
    world.upstream.on(`${NS}/secrets/t`, json(secret('t', live.other, live.pw)))
    world.upstream.on('/api/v1/namespaces/e/secrets/s', json(secret('s', live.other, live.pw)))
    const env = [
      { name: 'PASSWORD', value: live.env },
      { name: 'HOST', value: 'h' },
    ]
    world.upstream.on(WEB, json({ apiVersion: 'apps/v1', kind: 'Deployment', ...Object(deployment(env)) }))
    seen = await given({})
  })
  afterAll(() => world?.close())

  async function given(options: AskOptions): Promise<Values> {
    const { data } = JSON.parse((await world.ask(S, options)).text)
    const [app] = JSON.parse((await world.ask(WEB, options)).text).spec.template.spec.containers
    const plain = (value: string): string => Buffer.from(value, 'base64').toString()
    return { pw: plain(data.pw), other: plain(data.other), env: app.env[0].value }
  }

  function expectNothing(where: string, bytes: Uint8Array): void {
    const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const value of Object.values(live))
      for (const form of [value, base64(value).slice(0, -4)])
        expect(haystack.includes(form), `${form} in ${where}`).toBe(false)
  }

  it('what the agent is given are placeholders', () => {
    for (const value of Object.values(seen)) expect(value).toMatch(/^⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧$/)
  })

  it.each(RESTORED)('$name: the value is put back', async ({ target, ask }) => {
    const before = world.upstream.seen.length
    const reply = await world.ask(target, ask(seen))
    expect(reply.status, reply.text).toBe(200)
    expectNothing('the reply', reply.bytes)
    const [read, ...writes] = since(before)
    expect([read?.method, read?.url]).toEqual(['GET', target.split('?')[0]])
    // A protobuf body is tried first, and that is a write as well.
    const want = Buffer.from(ask(live).body ?? '')
    expect(writes.length).toBeGreaterThan(0)
    for (const { body } of writes) expect(body.toString('latin1')).toBe(want.toString('latin1'))
    const { text } = await world.api(`/api/v1/requests/${String(writes.at(-1)?.headers['audit-id'])}/body?kind=request`)
    expect(text).toMatch(/masked|4p\+mbWFza2Vk/)
  })

  it('YAML goes on as JSON', async () => {
    const before = world.upstream.seen.length
    const yaml = `apiVersion: v1\nkind: Secret # ${seen.pw}\nstringData:\n  pw: ${seen.pw}\n`
    const reply = await world.ask(S, patch('apply-patch+yaml', yaml))
    expect(reply.status, reply.text).toBe(200)
    const [, write] = since(before)
    expect(JSON.parse(String(write?.body))).toEqual({ apiVersion: 'v1', kind: 'Secret', stringData: { pw: live.pw } })
  })

  it.each(REFUSED)('$name: refused, and nothing is written', async ({ target, ask, unread }) => {
    const before = world.upstream.seen.length
    const reply = await world.ask(target, ask(seen))
    expect(reply.status, reply.text).toBe(403)
    expect(JSON.parse(reply.text)).toMatchObject({ kind: 'Status', reason: 'Forbidden' })
    expect(reply.text).toMatch(/placeholder.*nothing was sent/)
    expectNothing('the reply', reply.bytes)
    expect(since(before).map(({ method }) => method)).toEqual(unread === true ? [] : ['GET'])
  })

  it.each<[name: string, target: string, operation: object]>([
    ['a copy of a value', S, { op: 'copy', from: '/data/pw', path: '/metadata/annotations/note' }],
    ['a move of a value', S, { op: 'move', from: '/data/pw', path: '/data/open' }],
    [
      'another name for a variable',
      WEB,
      { op: 'replace', path: '/spec/template/spec/containers/0/env/0/name', value: 'OPEN' },
    ],
  ])('%s without a placeholder: refused, and nothing is written', async (_name, target, operation) => {
    const before = world.upstream.seen.length
    const reply = await world.ask(target, patch('json-patch+json', [operation]))
    expect(reply.status, reply.text).toBe(403)
    expect(reply.text).toContain('nothing was sent')
    expect(since(before).map(({ method }) => method)).toEqual(['GET'])
  })

  it('a tag of another session says nothing here', async () => {
    const token = await world.issuer.sign({ sub: 'someone-else' })
    const theirs = await given({ token })
    expect(theirs.pw).not.toBe(seen.pw)
    const reply = await world.ask(S, patch('merge-patch+json', { stringData: { pw: theirs.pw } }))
    expect(reply.status).toBe(403)
  })

  it('a wrong tag and a field that is not there sound alike', async () => {
    const told = async (of: Record<string, string>): Promise<string> => {
      const { text } = await world.ask(S, patch('merge-patch+json', { stringData: of }))
      return JSON.parse(text).message.replace(/stringData\.\w+|\(request .*\)/g, '')
    }
    const messages = [await told({ pw: FORGED }), await told({ pw: seen.other }), await told({ nothere: seen.pw })]
    expect(new Set(messages).size).toBe(1)
  })

  it('a value that has changed since is not overwritten', async () => {
    const path = `${NS}/secrets/rotated`
    world.upstream.on(path, json(secret('rotated', live.other, live.other)))
    const reply = await world.ask(path, patch('merge-patch+json', { stringData: { pw: seen.pw } }))
    expect(reply.status).toBe(403)
  })

  describe('a value that changes between the look and the write', () => {
    /** A Secret that is stored anew, once, when the first write arrives. */
    const racing = (name: string, change: (data: Record<string, string>) => Record<string, string>) => {
      const path = `${NS}/secrets/${name}`
      const { data, ...rest } = secret(name, live.pw, live.other)
      let now = { version: '7', data: data as Record<string, string> }
      const writes: string[] = []
      world.upstream.on(path, (request, response) => {
        const metadata = { name, resourceVersion: now.version }
        const answer = json({ ...rest, metadata, data: now.data })
        if (request.method === 'GET') return answer(request, response)
        if (now.version === '7') now = { version: '8', data: change(now.data) }
        const body = String(request.body)
        writes.push(body)
        const conflict = json({ kind: 'Status', status: 'Failure', reason: 'Conflict', code: 409 }, 409)
        return (body.includes(`"${now.version}"`) ? answer : conflict)(request, response)
      })
      return { path, writes }
    }
    const kinds: readonly [string, (of: Values) => AskOptions][] = [
      ['a merge patch', ({ pw }) => patch('merge-patch+json', { stringData: { pw } })],
      ['a JSON patch', ({ pw }) => patch('json-patch+json', [{ op: 'replace', path: '/data/pw', value: base64(pw) }])],
      ['an update', ({ pw }) => put(JSON.stringify({ kind: 'Secret', data: { pw: base64(pw) } }))],
    ]
    it.each(kinds)('%s is not written over it', async (name, ask) => {
      const { path, writes } = racing(`race-${name.replace(/\W/g, '').toLowerCase()}`, (data) => ({
        ...data,
        pw: base64('the next one'),
      }))
      const reply = await world.ask(path, ask(seen))
      expect(reply.status, reply.text).toBe(403)
      expect(writes).toHaveLength(1)
      expect(writes[0]).toContain('"7"')
    })
    it.each(kinds)('%s is written again where it was another', async (name, ask) => {
      const { path, writes } = racing(`again-${name.replace(/\W/g, '').toLowerCase()}`, (data) => ({
        ...data,
        other: base64('the next one'),
      }))
      const reply = await world.ask(path, ask(seen))
      expect(reply.status, reply.text).toBe(200)
      expect(writes.map((body) => /"[78]"/.exec(body)?.[0])).toEqual(['"7"', '"8"'])
    })
    it('a patch that carries what was open is tried as it was looked at, dry run or not', async () => {
      for (const query of ['', '?dryRun=All']) {
        const { path, writes } = racing(`carry${query.length}`, (data) => ({ ...data, open: base64(live.pw) }))
        const copy = { op: 'copy', from: '/data/open', path: '/metadata/annotations/note' }
        const reply = await world.ask(`${path}${query}`, patch('json-patch+json', [copy]))
        expect(reply.status, reply.text).toBe(403)
        expect(writes).toHaveLength(1)
      }
    })
  })

  it('what policy denies is denied by policy, and nothing is read', async () => {
    const before = world.upstream.seen.length
    const reply = await world.ask(
      '/api/v1/namespaces/forbidden/secrets/s',
      patch('merge-patch+json', { stringData: { pw: seen.pw } }),
    )
    expect(reply.status).toBe(403)
    expect(reply.text).toContain('This namespace is closed.')
    expect(since(before)).toEqual([])
  })

  it('an object that the agent may not read', async () => {
    const path = `${NS}/secrets/unreadable`
    world.upstream.on(path, json({ kind: 'Status', status: 'Failure', code: 403 }, 403))
    const reply = await world.ask(path, patch('merge-patch+json', { stringData: { pw: seen.pw } }))
    expect(reply.status).toBe(403)
    expect(reply.text).toMatch(/answered 403.*nothing was sent/)
  })

  it('a Status that quotes the value is masked', async () => {
    const path = `${NS}/secrets/quoted`
    const message = `Secret "quoted" is invalid: data.pw: Invalid value: "${live.pw}"`
    world.upstream.on(path, (request, response) =>
      request.method === 'GET'
        ? json(secret('quoted', live.pw, live.other))(request, response)
        : json({ kind: 'Status', status: 'Failure', reason: 'Invalid', message, code: 422 }, 422)(request, response),
    )
    const reply = await world.ask(path, patch('merge-patch+json', { stringData: { pw: seen.pw } }))
    expect(reply.status).toBe(422)
    expectNothing('the reply', reply.bytes)
  })

  it('no value is anywhere: recordings, the gateway’s output, the database’s files', async () => {
    const look = async (path: string): Promise<RawAnswer> => {
      const answer = await world.api(path)
      expect(answer.status, `${path}: ${answer.text}`).toBe(200)
      expectNothing(path, answer.bytes)
      return answer
    }
    const sessions: { items: { id: string }[] } = JSON.parse((await look('/api/v1/sessions')).text)
    let reads = 0
    for (const { id } of sessions.items) {
      const listed = (await look(`/api/v1/sessions/${id}/requests?limit=500`)).text
      reads += listed.split('"preparatory":"read"').length - 1
      await look(`/api/v1/sessions/${id}/export?format=ndjson`)
      const { items }: { items: { id: string; bodies: { kind: string }[] }[] } = JSON.parse(listed)
      for (const { id: request, bodies } of items)
        for (const { kind } of bodies) await look(`/api/v1/requests/${request}/body?kind=${kind}`)
    }
    expect(reads).toBeGreaterThan(RESTORED.length)
    expectNothing('the gateway’s output', Buffer.from(world.output()))
    const files = await readdir(world.folder, { recursive: true, withFileTypes: true })
    for (const file of files.filter((each) => each.isFile())) {
      const path = join(file.parentPath, file.name)
      expectNothing(path, await readFile(path))
    }
  })
})

/** A value nobody has seen. */
function made(): string {
  return `pw-${randomBytes(18).toString('hex')}`
}
