import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import type { ByteSource } from '../worker/context.ts'
import { attachConnector, fakeApi, testTunnel, upstreamRequest } from './testing.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function readAll(body: ByteSource): Promise<string> {
  let text = ''
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) text += new TextDecoder().decode(chunk)
  return text
}

async function setUp(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const api = await fakeApi(handler)
  const tunnel = testTunnel()
  attachConnector(tunnel, api.target)
  closers.push(api.close)
  await new Promise((resolve) => setImmediate(resolve))
  return { api, tunnel }
}

test('a GET goes through: target byte for byte, identity and credentials last', async () => {
  const seen: string[][] = []
  const { tunnel } = await setUp((request, response) => {
    seen.push([request.url ?? '', ...request.rawHeaders])
    response.end('{"kind":"PodList"}')
  })
  const target = '/api/v1/namespaces/d/pods?labelSelector=a%3Db&limit=5'
  const outcome = await tunnel.open(
    upstreamRequest({
      target,
      user: { username: 'agent', uid: 'u1', groups: ['g1', 'g2'], extra: { 'example.com/Purpose': ['x'] } },
    }),
    new AbortController().signal,
  )
  if (!outcome.ok || outcome.reply.kind !== 'response') throw new Error(JSON.stringify(outcome))
  expect(outcome.reply.status).toBe(200)
  expect(await readAll(outcome.reply.body)).toBe('{"kind":"PodList"}')
  expect(seen[0]?.[0]).toBe(target)
  const fields = seen[0]?.slice(1) ?? []
  const pairs = fields.flatMap((_, i) => (i % 2 === 0 ? [`${fields[i]}: ${fields[i + 1]}`] : [])).slice(1)
  expect(pairs).toEqual([
    'accept: application/json',
    'Accept-Encoding: identity',
    'Audit-ID: 01890a5d-ac96-774b-bcce-b302099a8057',
    'Authorization: Bearer cluster-token',
    'Impersonate-User: agent',
    'Impersonate-Uid: u1',
    'Impersonate-Group: g1',
    'Impersonate-Group: g2',
    'Impersonate-Extra-example.com%2FPurpose: x',
  ])
})

test('a body arrives whole with its length', async () => {
  const bodies: string[] = []
  const { tunnel } = await setUp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(`${request.headers['content-length']} ${Buffer.concat(chunks).length}`)
      response.writeHead(201).end()
    })
  })
  const body = new Uint8Array(3 * 1024 * 1024).fill(120)
  const outcome = await tunnel.open(
    upstreamRequest({ method: 'POST', body, repeatable: false }),
    new AbortController().signal,
  )
  if (!outcome.ok || outcome.reply.kind !== 'response') throw new Error(JSON.stringify(outcome))
  expect(outcome.reply.status).toBe(201)
  expect(await outcome.reply.body.read()).toBeNull()
  expect(bodies).toEqual([`${body.length} ${body.length}`])
})
