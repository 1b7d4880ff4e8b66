import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { parseInvocation } from '../command.ts'
import { writeAgentState } from '../state.ts'
import { COMMANDS } from './table.ts'
import { token } from './token.ts'

/** A gateway's token endpoint and an identity provider's, as far as the plugin sees them. */
interface Gateway {
  readonly server: Server
  readonly url: string
  readonly forms: URLSearchParams[]
  idTokens: number
  expiresIn: number
  refuseSessions: boolean
}

async function startGateway(): Promise<Gateway> {
  const forms: URLSearchParams[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const answer = (status: number, value: unknown) => response.writeHead(status).end(JSON.stringify(value))
    if (request.url === '/machine/token') {
      gateway.idTokens += 1
      answer(request.headers.authorization === 'Bearer s3cret' ? 200 : 401, { id_token: 'idp' })
      return
    }
    const form = new URLSearchParams(body)
    forms.push(form)
    if (gateway.refuseSessions && form.has('session_token')) {
      answer(400, { error: 'invalid_request', error_description: 'session_token proves no session' })
      return
    }
    answer(200, { access_token: `t${forms.length}`, expires_in: gateway.expiresIn, session: 's' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gateway: Gateway = {
    server,
    url: `http://127.0.0.1:${port}`,
    forms,
    idTokens: 0,
    expiresIn: 900,
    refuseSessions: false,
  }
  return gateway
}

let data = ''
let gateway: Gateway
let printed = ''
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-token-'))
  gateway = await startGateway()
  await writeAgentState(data, { url: gateway.url, machine: { url: `${gateway.url}/machine/token`, secret: 's3cret' } })
  vi.stubEnv('SALLYPORT_SESSION', 'run-1')
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed = String(text)
    return true
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  gateway.server.closeAllConnections()
  await new Promise((resolve) => gateway.server.close(resolve))
  await rm(data, { recursive: true, force: true })
})

async function run(...args: string[]): Promise<string> {
  const command = COMMANDS.find(({ words }) => words[0] === 'token')
  if (command === undefined) throw new Error('there is no command token')
  const invocation = parseInvocation(command, ['token', '--connection', 'demo', '--data', data, ...args])
  if (invocation === null) throw new Error('help')
  expect(await token(invocation)).toBe(0)
  return printed
}

it('prints an ExecCredential and asks for the connection with the purpose', async () => {
  const credential = JSON.parse(await run('--purpose', 'fix the shop'))
  expect(credential).toMatchObject({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 't1' },
  })
  expect(credential.status.expirationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(Object.fromEntries(gateway.forms[0] ?? [])).toMatchObject({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: 'idp',
    audience: `${gateway.url}/clusters/demo`,
    purpose: 'fix the shop',
  })
})

it('asks nobody while the kept token is good', async () => {
  await run()
  expect(JSON.parse(await run()).status.token).toBe('t1')
  expect(gateway.forms).toHaveLength(1)
  expect(gateway.idTokens).toBe(1)
})

it('keeps it for the owner alone', async () => {
  await run()
  const [file = ''] = await readdir(join(data, 'tokens'))
  expect((await stat(join(data, 'tokens', file))).mode & 0o777).toBe(0o600)
})

it('renews a token with less than a minute left, in the same session', async () => {
  gateway.expiresIn = 59
  await run()
  expect(JSON.parse(await run()).status.token).toBe('t2')
  expect(gateway.forms[1]?.get('session_token')).toBe('t1')
})

it('begins a new session when the old one is not taken any more', async () => {
  gateway.expiresIn = 59
  await run()
  gateway.refuseSessions = true
  expect(JSON.parse(await run()).status.token).toBe('t3')
  expect(gateway.forms[2]?.has('session_token')).toBe(false)
})

it('opens one session for many kubectl at once', async () => {
  await Promise.all(Array.from({ length: 5 }, () => run()))
  expect(gateway.forms).toHaveLength(1)
})

it.each([
  ['another run', () => vi.stubEnv('SALLYPORT_SESSION', 'run-2'), []],
  ['another purpose', () => undefined, ['--purpose', 'other']],
])('opens another session for %s', async (_, change, args) => {
  await run()
  change()
  await run(...args)
  expect(gateway.forms).toHaveLength(2)
  expect(gateway.forms[1]?.has('session_token')).toBe(false)
})

it('answers in the version the client asks for', async () => {
  vi.stubEnv('KUBERNETES_EXEC_INFO', '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"}')
  expect(JSON.parse(await run()).apiVersion).toBe('client.authentication.k8s.io/v1beta1')
  vi.stubEnv('KUBERNETES_EXEC_INFO', '{"apiVersion":"client.authentication.k8s.io/v9"}')
  await expect(run()).rejects.toThrow('v1 or v1beta1')
})

it('takes a token from the environment before the data folder’s', async () => {
  vi.stubEnv('SALLYPORT_ID_TOKEN', 'mine')
  await run()
  expect(gateway.forms[0]?.get('subject_token')).toBe('mine')
  expect(gateway.idTokens).toBe(0)
})
