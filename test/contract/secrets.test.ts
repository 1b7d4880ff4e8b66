// Secrets as the API server sends them, in every form they come in: masked in the reply, and nowhere else to be found.
// Every value here is made up anew and looked for, plain and in base64, in all that leaves the gateway or stays behind.

import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RawAnswer } from './raw.ts'
import { type Answer, json, type Seen } from './upstream.ts'
import { type AskOptions, RUNTIMES, startWorld, until, type World } from './world.ts'

const NS = '/api/v1/namespaces/d'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const JSON_TYPE = [['content-type', 'application/json']] as const

/** What kubectl 1.35 sends for `kubectl create secret generic s2 --from-literal=password=hunter2`. */
const PROTOBUF_SECRET = Buffer.from(
  'azhzAAoMCgJ2MRIGU2VjcmV0EisKEgoCczISABoAIgAqADIAOABCABITCghwYXNzd29yZBIHaHVudGVyMhoAGgAiAA==',
  'base64',
)

const secret = (name: string, value: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name },
        data: { key: base64(value) },
        stringData: { plain: value },
      }),
    },
    managedFields: [{ manager: 'm', operation: 'Apply', fieldsV1: { 'f:data': { 'f:key': {} } } }],
  },
  type: 'Opaque',
  data: { key: base64(value) },
})

interface Case {
  readonly name: string
  readonly path: string
  readonly query?: string
  readonly ask?: (value: string) => AskOptions
  /** What arrives upstream, where it is not what was sent byte for byte. */
  readonly sent?: (value: string) => string
  readonly answer: (value: string) => Answer
  readonly status: number
}

const CASES: readonly Case[] = [
  { name: 'a single Secret', path: `${NS}/secrets/s`, answer: (value) => json(secret('s', value)), status: 200 },
  {
    name: 'a List',
    path: `${NS}/secrets`,
    answer: (value) => json({ apiVersion: 'v1', kind: 'SecretList', items: [secret('a', value), secret('b', value)] }),
    status: 200,
  },
  {
    name: 'a Table with whole objects',
    path: '/api/v1/namespaces/table/secrets',
    ask: () => ({ headers: [['accept', 'application/json;as=Table;g=meta.k8s.io;v=v1']] }),
    answer: (value) =>
      json({
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        columnDefinitions: [{ name: 'Name', type: 'string' }],
        rows: [{ cells: ['s'], object: secret('s', value) }],
      }),
    status: 200,
  },
  {
    name: 'watch events',
    path: '/api/v1/namespaces/watched/secrets',
    query: '?watch=true',
    answer: (value) => (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const lines = ['ADDED', 'MODIFIED']
        .map((type) => `${JSON.stringify({ type, object: secret('s', value) })}\n`)
        .join('')
      // Cut in the middle of the value.
      const at = lines.indexOf(base64(value)) + 5
      response.write(lines.slice(0, at))
      response.end(lines.slice(at))
    },
    status: 200,
  },
  {
    name: 'the answer to a create',
    path: '/api/v1/namespaces/created/secrets',
    ask: (value) => ({ method: 'POST', body: JSON.stringify(secret('s', value)), headers: JSON_TYPE }),
    answer: (value) => json(secret('s', value), 201),
    status: 201,
  },
  {
    name: 'the answer to an update',
    path: `${NS}/secrets/updated`,
    ask: (value) => ({ method: 'PUT', body: JSON.stringify(secret('updated', value)), headers: JSON_TYPE }),
    answer: (value) => json(secret('updated', value)),
    status: 200,
  },
  {
    name: 'the answer to a patch',
    path: `${NS}/secrets/patched`,
    ask: (value) => ({
      method: 'PATCH',
      body: JSON.stringify({ stringData: { key: value } }),
      headers: [['content-type', 'application/merge-patch+json']],
    }),
    answer: (value) => json(secret('patched', value)),
    status: 200,
  },
  {
    name: 'the answer to a JSON patch',
    path: `${NS}/secrets/json-patched`,
    ask: (value) => ({
      method: 'PATCH',
      body: JSON.stringify([{ op: 'replace', path: '/data/key', value: base64(value) }]),
      headers: [['content-type', 'application/json-patch+json']],
    }),
    answer: (value) => json(secret('json-patched', value)),
    status: 200,
  },
  {
    name: 'the answer to an apply in YAML',
    path: `${NS}/secrets/applied`,
    query: '?fieldManager=m',
    ask: (value) => ({
      method: 'PATCH',
      body: `apiVersion: v1\nkind: Secret\nmetadata: {name: applied}\nstringData:\n  key: ${value}\n`,
      headers: [['content-type', 'application/apply-patch+yaml']],
    }),
    sent: (value) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'applied' }, stringData: { key: value } }),
    answer: (value) => json(secret('applied', value)),
    status: 200,
  },
  {
    name: 'a Status that quotes the request',
    path: `${NS}/secrets/invalid`,
    ask: (value) => ({ method: 'PUT', body: JSON.stringify(secret('invalid', value)), headers: JSON_TYPE }),
    answer: (value) =>
      json(
        {
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          reason: 'Invalid',
          message: `Secret "invalid" is invalid: data[key]: Invalid value: "${base64(value)}"`,
          details: { causes: [{ message: `Invalid value: "${base64(value)}"`, field: 'data[key]' }] },
          code: 422,
        },
        422,
      ),
    status: 422,
  },
]

/** The forms in which a value could be found. */
function forms(value: string): readonly Buffer[] {
  const inner = (padding: string): string => base64(padding + value).slice(padding.length === 0 ? 0 : 4, -4)
  return [value, base64(value).slice(0, -4), base64(base64(value)).slice(0, -6), inner('x'), inner('xx')].map((text) =>
    Buffer.from(text),
  )
}

function expectNone(where: string, bytes: Uint8Array, values: readonly string[]): void {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const value of values) {
    for (const form of forms(value)) expect(haystack.includes(form), `${where} holds ${String(form)}`).toBe(false)
  }
}

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  const values: string[] = []
  const fresh = (): string => {
    const value = `pw-${randomBytes(18).toString('hex')}`
    values.push(value)
    return value
  }
  beforeAll(async () => {
    world = await startWorld(runtime)
  })
  afterAll(() => world?.close())

  it.each(CASES)(
    '$name: masked in the reply, and sent upstream as it was',
    async ({ path, query, ask, sent, answer, status }) => {
      const value = fresh()
      world.upstream.on(path, answer(value))
      const options = ask?.(value) ?? {}
      const reply = await world.ask(`${path}${query ?? ''}`, options)
      expect(reply.status, reply.text).toBe(status)
      expectNone('the reply', reply.bytes, [value])
      if (options.body !== undefined)
        expect(world.upstream.seen.at(-1)?.body.toString()).toBe(sent?.(value) ?? String(options.body))
      // Masked, not dropped: the shape is there for whoever reads it.
      if (status < 300) expect(reply.text).toMatch(/masked|4p\+mbWFza2Vk/)
    },
  )

  it('a protobuf create: one dry run, one request, and the dry run’s JSON is what is recorded', async () => {
    const value = fresh()
    const path = '/api/v1/namespaces/protobuf/secrets'
    const seen: Seen[] = []
    world.upstream.on(path, (request, response) => {
      seen.push(request)
      return json(secret('s2', value), 201)(request, response)
    })
    const reply = await world.ask(`${path}?fieldManager=kubectl-create`, {
      method: 'POST',
      body: PROTOBUF_SECRET,
      headers: [
        ['content-type', 'application/vnd.kubernetes.protobuf'],
        ['accept', 'application/vnd.kubernetes.protobuf,application/json'],
      ],
    })
    expect(reply.status, reply.text).toBe(201)
    expectNone('the reply', reply.bytes, [value])
    expect(seen.map(({ method, url, headers }) => [method, url, headers.accept])).toEqual([
      ['POST', `${path}?fieldManager=kubectl-create&dryRun=All`, 'application/json'],
      ['POST', `${path}?fieldManager=kubectl-create`, 'application/json'],
    ])
    expect(seen.map(({ body }) => body.equals(PROTOBUF_SECRET))).toEqual([true, true])
    const id = String(seen[1]?.headers['audit-id'])
    expect(seen[0]?.headers['audit-id']).not.toBe(id)
    const body = await world.api(`/api/v1/requests/${id}/body?kind=request`)
    expect(JSON.parse(body.text)).toMatchObject({ kind: 'Secret', metadata: { name: 's2' } })
    expectNone('the recorded request', body.bytes, [value, 'hunter2'])
  })

  it('a protobuf body that the API server cannot read is refused with its words', async () => {
    const path = '/api/v1/namespaces/unreadable/secrets'
    const status = { kind: 'Status', status: 'Failure', reason: 'BadRequest', message: 'cannot decode', code: 400 }
    world.upstream.on(path, json(status, 400))
    const before = world.upstream.seen.length
    const reply = await world.ask(path, {
      method: 'POST',
      body: PROTOBUF_SECRET,
      headers: [['content-type', 'application/vnd.kubernetes.protobuf']],
    })
    expect(reply.status).toBe(400)
    expect(JSON.parse(reply.text)).toMatchObject(status)
    expect(world.upstream.seen.slice(before)).toHaveLength(1)
  })

  it('no value is anywhere: recordings, exports, the gateway’s output, the database’s files', async () => {
    expect(values.length).toBeGreaterThan(CASES.length)
    const pages: RawAnswer[] = []
    const look = async (path: string): Promise<RawAnswer> => {
      const answer = await world.api(path)
      expect(answer.status, `${path}: ${answer.text}`).toBe(200)
      pages.push(answer)
      expectNone(path, answer.bytes, values)
      return answer
    }
    const sessions = JSON.parse((await look('/api/v1/sessions')).text) as { items: { id: string }[] }
    expect(sessions.items.length).toBeGreaterThan(0)
    let bodies = 0
    for (const { id } of sessions.items) {
      await until('every result is recorded', async () => {
        const { text } = await world.api(`/api/v1/sessions/${id}/requests?limit=500`)
        const { items } = JSON.parse(text) as { items: { result?: unknown }[] }
        return items.every(({ result }) => result !== undefined)
      })
      await look(`/api/v1/sessions/${id}/commands`)
      await look(`/api/v1/sessions/${id}/export?format=ndjson`)
      await look(`/api/v1/sessions/${id}/export?format=asciicast`)
      const { items } = JSON.parse((await look(`/api/v1/sessions/${id}/requests?limit=500`)).text) as {
        items: { id: string; bodies: { kind: string }[] }[]
      }
      for (const request of items) {
        for (const { kind } of request.bodies) {
          await look(`/api/v1/requests/${request.id}/body?kind=${kind}`)
          bodies += 1
        }
      }
    }
    expect(bodies).toBeGreaterThan(CASES.length)
    expectNone('the gateway’s output', Buffer.from(world.output()), values)
    const files = (await readdir(world.folder, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    )
    expect(files.some(({ name }) => name === 'log.db')).toBe(true)
    let leaves = 0
    for (const file of files) {
      const path = join(file.parentPath, file.name)
      const bytes = await readFile(path)
      if (bytes.includes('"type":"request.intent"')) leaves += 1
      expectNone(path, bytes, values)
    }
    // The files are readable as they lie there: a search that finds nothing says something.
    expect(leaves).toBeGreaterThan(0)
  })
})
