import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { decodeJwt, importJWK, jwtVerify } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { makeServer } from '../demo/certificates.ts'
import { TunnelSession } from '../protocol/tunnel/session.ts'
import { acceptKey, fromDuplex, type MessageSocket } from '../protocol/websocket.ts'
import type { LogLine } from './log.ts'
import { type Connector, main, type RunOptions, runConnector } from './main.ts'
import { backoffMs } from './run.ts'
import { fakeApi, requestHead, statusOf, textOf } from './testing.ts'

let cert: string
let key: string
let ca: string
beforeAll(async () => {
  ;({ cert, key, ca } = await makeServer('gateway', ['127.0.0.1']))
})

/** A gateway that lets everyone in and keeps what was shown to it. */
interface FakeGateway {
  readonly url: string
  readonly enrolments: { code: string; publicKey: { x: string }; name: string }[]
  readonly tokens: string[]
  readonly targets: string[]
  readonly sessions: TunnelSession[]
  readonly sockets: MessageSocket[]
  /** Status for the next dials; 101 by default. */
  status: number
  /** Resolves when the nth connector (from 1) is connected. */
  connected(n: number): Promise<TunnelSession>
  close(): Promise<void>
}

async function fakeGateway(): Promise<FakeGateway> {
  const raw = new Set<Duplex>()
  const waiting: { n: number; resolve: (session: TunnelSession) => void }[] = []
  const server: Server = createServer({ cert, key }, (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const posted: FakeGateway['enrolments'][number] = JSON.parse(Buffer.concat(chunks).toString())
      gateway.enrolments.push(posted)
      if (posted.code === 'used-code-used-code') response.writeHead(401).end('the code was used')
      else response.end(JSON.stringify({ id: `id-${gateway.enrolments.length}`, connections: ['prod'] }))
    })
  })
  server.on('secureConnection', (socket) => raw.add(socket))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    gateway.tokens.push((request.headers.authorization ?? '').replace('Bearer ', ''))
    gateway.targets.push(request.url ?? '')
    if (gateway.status !== 101) {
      socket.end(
        `HTTP/1.1 ${gateway.status} No\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"message":"why"}`,
      )
      return
    }
    const accept = acceptKey(request.headers['sec-websocket-key'] ?? '')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: sallyport.tunnel.v1\r\n\r\n`,
    )
    const ws = fromDuplex(socket, { role: 'server', protocol: 'sallyport.tunnel.v1', head, maxMessageBytes: 1 << 22 })
    const session = new TunnelSession({
      role: 'gateway',
      send: (message) => ws.write(message),
      schedule: (task) => void setImmediate(task),
      after: () => () => undefined,
      onClosed: () => ws.close(1001, ''),
    })
    gateway.sessions.push(session)
    gateway.sockets.push(ws)
    void (async () => {
      try {
        for (let message = await ws.read(); message !== null; message = await ws.read()) session.receive(message)
      } catch {
        // broken off
      }
      session.close('ended')
    })()
    for (const { n, resolve } of waiting) if (n === gateway.sessions.length) resolve(session)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gateway: FakeGateway = {
    url: `https://127.0.0.1:${port}`,
    enrolments: [],
    tokens: [],
    targets: [],
    sessions: [],
    sockets: [],
    status: 101,
    connected: (n) => {
      const there = gateway.sessions[n - 1]
      return there === undefined ? new Promise((resolve) => waiting.push({ n, resolve })) : Promise.resolve(there)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of raw) socket.destroy()
      }),
  }
  return gateway
}

let dir: string
let gateway: FakeGateway
let lines: { level: string; message: string; fields: unknown }[]
const running: Connector[] = []
const log: LogLine = (level, message, fields) => lines.push({ level, message, fields })

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connector-main-'))
  gateway = await fakeGateway()
  lines = []
})
afterEach(async () => {
  for (const connector of running.splice(0)) {
    connector.close()
    await connector.closed.catch(() => undefined)
  }
  await gateway.close()
  await rm(dir, { recursive: true })
})

async function kubeconfig(server: string): Promise<string> {
  const path = join(dir, 'kubeconfig')
  await writeFile(
    path,
    stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: { token: 'cluster-secret' } }],
    }),
  )
  return path
}

async function start(over: Partial<RunOptions> = {}): Promise<Connector> {
  const unreachable = 'kubeconfig' in over ? '' : await kubeconfig('http://127.0.0.1:1')
  const connector = runConnector({
    gateway: gateway.url,
    connection: 'prod',
    gatewayCa: ca,
    state: join(dir, 'state'),
    code: 'code-code-code-code',
    kubeconfig: unreachable,
    allowInsecureCluster: true,
    log,
    ...over,
  })
  running.push(connector)
  connector.closed.catch(() => undefined)
  return connector
}

test('from enrolment to an answer of the API server, over TLS', async () => {
  const api = await fakeApi((request, response) => response.end(`hello ${request.headers['impersonate-user']}`))
  await start({ kubeconfig: await kubeconfig(`http://127.0.0.1:${api.port}`) })
  const session = await gateway.connected(1)
  const stream = session.open(requestHead(), null)
  expect(stream === null ? 0 : statusOf(await stream.response)).toBe(200)
  expect(stream === null ? '' : await textOf(stream)).toBe('hello agent')
  expect(gateway.targets[0]).toMatch(/^\/connect\?connection=prod&instance=[0-9a-f]{32}$/)
  await api.close()
})

test('its key is private to its folder and signs a short-lived token per dial', async () => {
  await start()
  await gateway.connected(1)
  const file = join(dir, 'state', 'connector.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const [enrolment] = gateway.enrolments
  expect(enrolment).toMatchObject({ code: 'code-code-code-code', publicKey: { kty: 'OKP', crv: 'Ed25519' } })
  expect(enrolment?.publicKey).not.toHaveProperty('d')
  const publicKey = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: enrolment?.publicKey.x ?? '' }, 'EdDSA')
  const { payload } = await jwtVerify(gateway.tokens[0] ?? '', publicKey, {
    audience: gateway.url,
    subject: 'id-1',
    issuer: 'id-1',
  })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(60)
  gateway.sockets[0]?.close(1001, '')
  await gateway.connected(2)
  expect(decodeJwt(gateway.tokens[1] ?? '').jti).not.toBe(payload.jti)
})

test('it enrols once; the next start needs no code', async () => {
  const first = await start()
  await gateway.connected(1)
  first.close()
  await first.closed
  const before = await readFile(join(dir, 'state', 'connector.json'), 'utf8')
  const connector = runConnector({
    gateway: gateway.url,
    connection: 'prod',
    gatewayCa: ca,
    state: join(dir, 'state'),
    kubeconfig: join(dir, 'kubeconfig'),
    allowInsecureCluster: true,
    log,
  })
  running.push(connector)
  await gateway.connected(2)
  expect(gateway.enrolments).toHaveLength(1)
  expect(await readFile(join(dir, 'state', 'connector.json'), 'utf8')).toBe(before)
})

test('when the tunnel ends it dials again, as the same instance', async () => {
  await start()
  await gateway.connected(1)
  gateway.sockets[0]?.close(1001, 'restart')
  await gateway.connected(2)
  expect(gateway.targets[1]).toBe(gateway.targets[0])
})

test('when the gateway breaks the protocol the tunnel ends, and a new one is dialled', async () => {
  await start()
  await gateway.connected(1)
  await gateway.sockets[0]?.write(Uint8Array.of(1, 2, 3))
  await gateway.connected(2)
  expect(lines.some(({ message }) => message === 'disconnected')).toBe(true)
})

test('close lets open streams finish', async () => {
  const asked = Promise.withResolvers<ServerResponse>()
  const api = await fakeApi((_request, response) => asked.resolve(response))
  const connector = await start({ kubeconfig: await kubeconfig(`http://127.0.0.1:${api.port}`) })
  const session = await gateway.connected(1)
  const stream = session.open(requestHead(), null)
  const response = await asked.promise
  connector.close()
  response.end('late')
  expect(stream === null ? '' : await textOf(stream)).toBe('late')
  await connector.closed
  await api.close()
})

describe('it does not start', () => {
  test.each<[string, Partial<RunOptions>, RegExp]>([
    ['with a code that was used', { code: 'used-code-used-code' }, /refused the enrolment \(401\): the code was used/],
    ['for a connection it is not enrolled for', { connection: 'other' }, /enrolled for prod/],
    ['without a target', { kubeconfig: undefined as never }, /--kubeconfig/],
    [
      'with a gateway whose certificate it cannot verify',
      { gatewayCa: undefined as never },
      /cannot connect|certificate/,
    ],
  ])('%s', async (_name, over, words) => {
    const connector = await start(over)
    await expect(connector.closed).rejects.toThrow(words)
  })

  test('without a code the first time', async () => {
    const connector = runConnector({
      gateway: gateway.url,
      connection: 'prod',
      gatewayCa: ca,
      state: join(dir, 'state'),
      kubeconfig: await kubeconfig('http://127.0.0.1:1'),
      allowInsecureCluster: true,
      log,
    })
    await expect(connector.closed).rejects.toThrow(/--code/)
  })
})

test('nothing it logs holds a credential', async () => {
  gateway.status = 403
  await start()
  await expect.poll(() => lines.length).toBeGreaterThan(0)
  const said = JSON.stringify(lines)
  expect(said).toContain('why')
  const { d } = JSON.parse(await readFile(join(dir, 'state', 'connector.json'), 'utf8')).key
  for (const secret of ['code-code-code-code', 'cluster-secret', d, gateway.tokens[0] ?? '?']) {
    expect(said).not.toContain(secret)
  }
})

test('the wait before dialling again doubles up to a bound, and is anywhere below it', () => {
  const most = (below: number) => below - 1
  expect([0, 1, 2, 3].map((n) => backoffMs(n, most))).toEqual([299, 549, 1049, 2049])
  expect(backoffMs(50, most)).toBe(30_049)
  expect(backoffMs(50, () => 0)).toBe(50)
})

test.each([
  ['no flags', [], 2],
  ['an unknown flag', ['--nope'], 2],
  ['no target', ['--gateway', 'https://g', '--connection', 'c', '--state', 's'], 2],
  [
    'two targets',
    ['--gateway', 'https://g', '--connection', 'c', '--state', 's', '--in-cluster', '--kubeconfig', 'f'],
    2,
  ],
  ['a gateway that is not https', ['--gateway', 'http://g', '--connection', 'c', '--state', 's', '--in-cluster'], 2],
])('%s: usage', async (_name, argv, code) => {
  expect(await main(argv)).toBe(code)
})
