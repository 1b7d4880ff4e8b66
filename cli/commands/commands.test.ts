// The commands against the real API with its ports in memory, over HTTP.

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApi } from '../../worker/api/api.ts'
import { type Fakes, fakes, SESSION } from '../../worker/api/fakes.ts'
import { main } from '../main.ts'
import { writeCliState } from '../state.ts'
import { parseEvent } from './replay.ts'

let data = ''
let server: Server
let gateway: Fakes
let out = ''
let err = ''

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-cli-'))
  gateway = fakes()
  const api = createApi(gateway.deps)
  server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk)
    const headers = new Headers()
    for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value)
    const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }
    const answer = await api.request(`${gateway.deps.config.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      ...body,
    })
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await logIn('admins')
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(data, { recursive: true, force: true })
})

async function logIn(group: string): Promise<void> {
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  await writeCliState(data, { url, token: `token.root.${group}`, expiresAt: '2099-01-01T00:00:00.000Z' })
}

const run = (...argv: string[]) => main([...argv, '--data', data])

describe('documents', () => {
  it('are applied from files, listed, printed as they were applied, and deleted', async () => {
    const file = join(data, 'policy.yaml')
    await writeFile(file, 'agents\n')
    expect(await run('apply', '-f', file)).toBe(0)
    expect(out).toBe('accesspolicy/agents applied\n')
    out = ''
    expect(await run('get', 'policies', '-o', 'json')).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ items: [{ id: 'AccessPolicy/agents', revision: 1, appliedBy: 'root' }] })
    out = ''
    expect(await run('get', 'policy', 'agents')).toBe(0)
    expect(out).toBe('agents\n')
    expect(await run('delete', 'policy', 'agents')).toBe(0)
    expect(await run('get', 'policy', 'agents')).toBe(1)
    expect(err).toBe('sallyport: There is no document of this kind and name.\n')
  })

  it.each(['maskpolicies', 'maskpolicy', 'masks'])('of kind MaskPolicy are called %s', async (kind) => {
    const file = join(data, 'masks.yaml')
    const text = 'kind: MaskPolicy\nmetadata: {name: shop}\n'
    await writeFile(file, text)
    expect(await run('apply', '-f', file)).toBe(0)
    expect(out).toBe('maskpolicy/shop applied\n')
    out = ''
    expect(await run('get', kind)).toBe(0)
    expect(out).toMatch(/^NAME +REVISION.*\nshop +1 +root /)
    out = ''
    expect(await run('get', kind, 'shop')).toBe(0)
    expect(out).toBe(text)
    expect(await run('delete', kind, 'shop')).toBe(0)
    expect(await run('get', kind, 'shop')).toBe(1)
  })

  it('of a file that is refused leave its connections alone', async () => {
    const file = join(data, 'both.yaml')
    await writeFile(file, 'kind: Connection\nmetadata: {name: prod}\n---\nbad: policy\n')
    expect(await run('apply', '-f', file)).toBe(1)
    expect(err).toBe(`sallyport: ${file}: spec.rules: expected an array\n`)
    expect(await gateway.store.connections()).toEqual([])
  })

  it('are taken out of a file of several without their markers', async () => {
    const file = join(data, 'both.yaml')
    await writeFile(file, '# all\nkind: Connection\nmetadata: {name: prod}\n---\none: 1 # a\n---\ntwo: 2\n')
    expect(await run('apply', '-f', file)).toBe(0)
    expect((await gateway.store.documents('AccessPolicy'))[0]?.source).toBe('one: 1 # a\n\n---\ntwo: 2\n')
  })

  it('of kind Connection register a connection', async () => {
    const file = join(data, 'connection.yaml')
    await writeFile(file, 'kind: Connection\nmetadata: {name: prod}\nspec: {description: the big one}\n')
    expect(await run('apply', '-f', file, '-o', 'json')).toBe(0)
    expect(JSON.parse(out)).toEqual({ items: [{ id: 'Connection/prod', kind: 'Connection', name: 'prod' }] })
    out = ''
    expect(await run('get', 'connections')).toBe(0)
    expect(out).toMatch(/^NAME +CONNECTORS LIVE +CREATED +DESCRIPTION\nprod +0\/0 +2026-01-01 00:00:00 +the big one\n$/)
  })

  it('are not changed by one who may only look', async () => {
    await logIn('viewers')
    const file = join(data, 'policy.yaml')
    await writeFile(file, 'agents\n')
    expect(await run('apply', '-f', file)).toBe(1)
    expect(err).toBe('sallyport: This needs the role admin.\n')
  })
})

describe('sessions', () => {
  it('are listed for people and for programs', async () => {
    expect(await run('sessions', 'list')).toBe(0)
    expect(out).toMatch(/^ID +STARTED +AGENT/)
    expect(out).toMatch(/\ns1 +2026-01-01 00:00:00 +agent +demo +1 +0 +0 +0\n$/)
    out = ''
    expect(await run('sessions', 'list', '-o', 'json')).toBe(0)
    expect(JSON.parse(out)).toEqual({ items: [SESSION] })
  })

  it('are exported to a file for the owner alone', async () => {
    const file = join(data, 'out.ndjson')
    expect(await run('sessions', 'export', 's1', '-o', file)).toBe(0)
    expect(await readFile(file, 'utf8')).toBe('{"a":1}\n{"a":2}\n')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(gateway.log.events.map((event) => event.type)).toEqual(['export'])
  })

  it('are exported as an asciicast, and play', async () => {
    expect(await run('sessions', 'export', 's1', '--format', 'asciicast')).toBe(0)
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ version: 3, title: 'agent on demo' })
    expect(await run('sessions', 'replay', 's1')).toBe(0)
  })

  it.each([
    [['sessions', 'show', 's2'], 1, 'There is no session of this id.'],
    [['sessions', 'export', 's1', '--format', 'exe'], 2, '--format takes asciicast or ndjson'],
    [['sessions', 'replay', 's1', '--speed', '0'], 2, '--speed takes a positive number'],
    [['sessions', 'list', '--limit', 'x'], 2, '--limit takes a number'],
  ])('%j ends with %i', async (argv, code, words) => {
    expect(await run(...argv)).toBe(code)
    expect(err).toContain(words)
  })
})

describe('the command line', () => {
  it.each([
    [[], 2],
    [['--help'], 0],
    [['sessions'], 2],
    [['sessions', '--help'], 0],
    [['nothing'], 2],
    [['get'], 2],
    [['get', '--help'], 0],
    [['get', 'pods'], 2],
  ])('%j ends with %i', async (argv, code) => {
    expect(await main(argv)).toBe(code)
  })

  it('says what to do where nobody has logged in', async () => {
    expect(await main(['sessions', 'list', '--data', join(data, 'other')])).toBe(1)
    expect(err).toContain('`sallyport up`')
  })

  it('says that a gateway does not answer', async () => {
    await writeCliState(data, { url: 'http://127.0.0.1:1', token: 't', expiresAt: '' })
    expect(await run('sessions', 'list')).toBe(1)
    expect(err).toMatch(/^sallyport: http:\/\/127\.0\.0\.1:1 does not answer: /)
  })
})

it.each([
  ['[0.5,"o","x"]', { wait: 0.5, code: 'o', data: 'x' }],
  ['[-1,"o","x"]', null],
  ['["0","o","x"]', null],
  ['{"version":3}', null],
  ['# comment', null],
])('parseEvent(%s)', (line, expected) => {
  expect(parseEvent(line)).toEqual(expected)
})
