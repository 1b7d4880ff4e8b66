// login: a person logs in to a gateway from the command line. OIDC code flow with PKCE and a loopback redirect (RFC 8252),
// or an identity provider's token; either is exchanged for a gateway token, which is kept in cli.json.

import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import process from 'node:process'
import { text as readAll } from 'node:stream/consumers'
import { decodeJwt } from 'jose'
import * as v from 'valibot'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { exchange } from '../exchange.ts'
import { call } from '../http.ts'
import { print } from '../output.ts'
import { writeCliState } from '../state.ts'

/** Time to log in, in the browser. */
const LOGIN_MS = 5 * 60 * 1000

const options = v.object({
  cli: v.optional(v.object({ issuer: v.string(), clientId: v.string(), scopes: v.array(v.string()) })),
})
const metadata = v.object({ issuer: v.string(), authorization_endpoint: v.string(), token_endpoint: v.string() })
const tokens = v.object({ id_token: v.string() })

const secret = () => randomBytes(32).toString('base64url')

async function getJson<T>(url: string, ca: string | undefined, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const answer = await call(url, { ca })
  const text = await answer.text()
  if (answer.status !== 200) throw new Failure(`${url} answered ${answer.status}`)
  try {
    return v.parse(schema, JSON.parse(text))
  } catch {
    throw new Failure(`${url} answered with something else than expected`)
  }
}

interface Callback {
  readonly redirectUri: string
  /** The query the browser came back with. */
  readonly answer: Promise<URLSearchParams>
  readonly close: () => void
}

/** Listens on a loopback port for the browser to come back, once, with the right state. */
async function listenForCallback(state: string): Promise<Callback> {
  let answered: (query: URLSearchParams) => void = () => undefined
  let failed: (error: Error) => void = () => undefined
  const answer = new Promise<URLSearchParams>((resolve, reject) => {
    answered = resolve
    failed = reject
  })
  const server = createServer((request, response) => {
    const target = new URL(request.url ?? '/', 'http://127.0.0.1')
    const ours =
      request.method === 'GET' && target.pathname === '/callback' && target.searchParams.get('state') === state
    response.writeHead(ours ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end(ours ? 'You can close this page and go back to the terminal.\n' : 'Nothing here.\n')
    if (ours) answered(target.searchParams)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const timer = setTimeout(() => failed(new Failure('nobody logged in within five minutes')), LOGIN_MS)
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    answer,
    close() {
      clearTimeout(timer)
      server.close()
    },
  }
}

/** Opens the browser if there is one; the address is printed anyway. */
function openBrowser(url: string): void {
  const command = process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open'
  const child = spawn(command, [url], { stdio: 'ignore', detached: true })
  child.on('error', () => undefined)
  child.unref()
}

async function idTokenByBrowser(gateway: string, ca: string | undefined): Promise<string> {
  const { cli } = await getJson(`${gateway}/api/v1/login-options`, ca, options)
  if (cli === undefined) throw new Failure('this gateway offers no login for the command line; use --token-file')
  const provider = await getJson(`${cli.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, ca, metadata)
  if (provider.issuer !== cli.issuer) throw new Failure('the identity provider names another issuer')
  const [state, nonce, verifier] = [secret(), secret(), secret()]
  const callback = await listenForCallback(state)
  try {
    const target = new URL(provider.authorization_endpoint)
    const parameters = {
      response_type: 'code',
      client_id: cli.clientId,
      redirect_uri: callback.redirectUri,
      scope: cli.scopes.join(' '),
      state,
      nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
    process.stderr.write(`Log in at:\n\n  ${target.href}\n\n`)
    openBrowser(target.href)
    const query = await callback.answer
    const answeredBy = query.get('iss')
    const code = query.get('code')
    if (code === null || (answeredBy !== null && answeredBy !== cli.issuer)) {
      throw new Failure(
        `the identity provider refused: ${query.get('error_description') ?? query.get('error') ?? 'no code'}`,
      )
    }
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback.redirectUri,
      client_id: cli.clientId,
      code_verifier: verifier,
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await call(provider.token_endpoint, { method: 'POST', headers, body: form.toString(), ca })
    const text = await answer.text()
    const parsed = v.safeParse(tokens, answer.status === 200 ? JSON.parse(text) : null)
    if (!parsed.success) throw new Failure(`the identity provider gave no token (${answer.status})`)
    if (decodeJwt(parsed.output.id_token).nonce !== nonce) throw new Failure('the token was made for another login')
    return parsed.output.id_token
  } finally {
    callback.close()
  }
}

export async function login(invocation: Invocation): Promise<number> {
  const url = (invocation.positionals[0] ?? '').replace(/\/+$/, '')
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') throw new UsageError('URL must be https://…')
  const caFile = invocation.option('ca')
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  const tokenFile = invocation.option('token-file')
  const idToken =
    tokenFile === undefined
      ? await idTokenByBrowser(url, ca)
      : (tokenFile === '-' ? await readAll(process.stdin) : await readFile(tokenFile, 'utf8')).trim()
  const granted = await exchange({ url, ca }, idToken, `${url}/api`)
  const expiresAt = new Date(granted.expiresAt).toISOString()
  await writeCliState(resolve(invocation.data), {
    url,
    ...(ca === undefined ? {} : { ca }),
    token: granted.token,
    expiresAt,
  })
  print(`logged in to ${url} until ${expiresAt}\n`)
  return 0
}
