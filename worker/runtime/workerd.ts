// Cloudflare workerd: the edge is a stateless worker, each connection's hub a Durable Object, the app's API another.
// In: web Requests, whose URL is used only cut off after the checked host. Out: Responses. Known gaps: docs/runtimes.md.

import { DurableObject, waitUntil } from 'cloudflare:workers'
import { base64url } from 'jose'
import { type Database, openDatabase } from '../../db/remote.ts'
import { isApiPath } from '../api/api.ts'
import { securityHeaders } from '../api/headers.ts'
import { assembleEdge, assembleHubs, type ConnectionHub, type Foundation, knownConnections } from '../assemble.ts'
import { type Authenticator, createAuthenticator } from '../authenticate/authenticator.ts'
import { fromStream, toStream } from '../bytes.ts'
import { type GatewayConfig, parseConfig } from '../config.ts'
import type { Authenticated, Received, Refusal, Reply, UpgradeOffer } from '../context.ts'
import { createGateway, unknownConnection } from '../gateway.ts'
import type { Answered, Vote } from '../hold/holds.ts'
import type { Clock } from '../ports.ts'
import { reapUnfinished } from '../record/reaper.ts'
import { createIds } from '../record/uuid.ts'
import { statusOf } from '../reply/status.ts'
import { connectionAsked, createAdmission } from '../tunnel/admission.ts'
import { MAX_CONNECTOR_MESSAGE_BYTES, TUNNEL_PROTOCOL } from '../tunnel/tunnel.ts'
import { factsOf } from './bug.ts'
import { fromWebSocket } from './workerdsocket.ts'

/** The worker's bindings; wrangler.toml declares them. */
interface Env {
  /** The configuration as JSON: a secret, since it holds the signing key. */
  readonly SALLYPORT_CONFIG: string
  readonly HUB: DurableObjectNamespace<ConnectionHubObject>
  readonly API: DurableObjectNamespace<GatewayApi>
  /** The built app; absent in tests. */
  readonly ASSETS?: { fetch(request: Request): Promise<Response> }
}

const clock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))
const ids = createIds(clock, random)

/** host[:port] (RFC 9110, section 7.2). */
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]{0,253})|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/
/** What the edge found out, on its way to the hub: JSON in base64url. Never taken from a client: the edge sets it anew. */
const CONTEXT_HEADER = 'x-sallyport-context'

function onBug(error: unknown, where: string): void {
  console.error(
    JSON.stringify({ ts: new Date().toISOString(), level: 'error', event: 'bug', where, ...factsOf(error) }),
  )
}

function offerOf(request: Request): UpgradeOffer | null {
  const upgrade = request.headers.get('upgrade')
  if (upgrade === null) return null
  if (upgrade.toLowerCase() !== 'websocket') return { kind: 'spdy', protocols: [upgrade] }
  const offered = request.headers.get('sec-websocket-protocol') ?? ''
  const protocols = offered
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '')
  return { kind: 'websocket', protocols }
}

/** workerd gives a POST without a body an empty one. */
function isEmpty(request: Request): boolean {
  return request.headers.get('content-length') === '0' && request.headers.get('transfer-encoding') === null
}

/** Null when the host is malformed, or the URL is not what the host says. */
function receive(request: Request): Received | null {
  const host = (request.headers.get('host') ?? '').toLowerCase()
  if (!HOST.test(host)) return null
  const rest = request.url.replace(/^https?:\/\//, '')
  if (rest.slice(0, host.length).toLowerCase() !== host) return null
  const target = rest.slice(host.length)
  return {
    id: ids(),
    receivedAt: clock.now(),
    method: request.method,
    target: target.startsWith('/') ? target : `/${target}`,
    host,
    headers: [...request.headers].filter(([name]) => name !== CONTEXT_HEADER),
    body: request.body === null || isEmpty(request) ? null : fromStream(request.body),
    upgrade: offerOf(request),
    remote: request.headers.get('cf-connecting-ip') ?? '',
    signal: request.signal,
  }
}

function respond(reply: Reply): Response {
  if (reply.kind === 'response') {
    const headers = new Headers()
    for (const [name, value] of reply.headers) headers.append(name, value)
    // Nothing on the way may compress or transform a stream: it would be held back.
    const body = reply.body === null || reply.body instanceof Uint8Array ? reply.body : toStream(reply.body)
    const empty = reply.status === 204 || reply.status === 304
    return new Response(empty ? null : body, { status: reply.status, headers, encodeBody: 'manual' })
  }
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept()
  const socket = fromWebSocket(server, reply.protocol, reply.maxMessageBytes)
  reply.run(socket).catch((error: unknown) => {
    onBug(error, 'upgrade')
    socket.close(1011, '')
  })
  return new Response(null, { status: 101, webSocket: client, headers: { 'sec-websocket-protocol': reply.protocol } })
}

function refuse(received: Pick<Received, 'id'>, refusal: Refusal): Response {
  return respond({ kind: 'response', ...statusOf(refusal, { id: received.id }) })
}

function encodeContext(value: unknown): string {
  return base64url.encode(new TextEncoder().encode(JSON.stringify(value)))
}

function decodeContext<T>(text: string): T {
  // Written by the edge a moment ago, in the same deployment.
  return JSON.parse(new TextDecoder().decode(base64url.decode(text))) as T
}

/** The request for a Durable Object: what is known as a header, the body as it comes. */
function handOver(received: Received, request: Request): Request {
  const { body: _body, signal: _signal, ...known } = received
  const headers = new Headers({ [CONTEXT_HEADER]: encodeContext(known) })
  for (const name of [
    'upgrade',
    'connection',
    'sec-websocket-key',
    'sec-websocket-version',
    'sec-websocket-protocol',
  ]) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  const upgraded = received.upgrade !== null
  return new Request(`https://hub/${upgraded ? 'upgrade' : 'request'}`, {
    method: received.method,
    headers,
    body: received.body === null ? null : toStream(received.body),
    signal: request.signal,
  })
}

/** The runtime's own message would quote the configuration, which holds the signing key. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('SALLYPORT_CONFIG is not JSON')
  }
}

/** One isolate's edge: parsed once, used by every request. Keeps results between requests, never a request's own I/O. */
interface EdgeState {
  readonly config: GatewayConfig
  readonly authenticator: Authenticator
}
let state: EdgeState | null = null

function edgeOf(env: Env): EdgeState {
  if (state !== null) return state
  const config = parseConfig(parseJson(env.SALLYPORT_CONFIG))
  const authenticator = createAuthenticator({
    config,
    clock,
    fetch: (url, init) => {
      const answer = fetch(url, init)
      // Others may wait for the same keys: the fetch must outlive the request that began it.
      waitUntil(
        answer.then(
          () => undefined,
          () => undefined,
        ),
      )
      return answer
    },
  })
  state = { config, authenticator }
  return state
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const received = receive(request)
    if (received === null) return new Response('The Host header is missing or malformed.\n', { status: 400 })
    let edge: EdgeState
    try {
      edge = edgeOf(env)
    } catch (error) {
      // The message names fields, never their values.
      const message = error instanceof Error ? error.message : 'unknown'
      console.error(JSON.stringify({ ts: new Date().toISOString(), level: 'fatal', message }))
      return refuse(received, {
        kind: 'internal',
        message: 'the gateway is not configured; its log says what is wrong',
      })
    }
    const { config, authenticator } = edge
    const hub = (connection: string, what: Received): Promise<Response> =>
      env.HUB.get(env.HUB.idFromName(connection)).fetch(handOver(what, request))
    const gateway = createGateway<Response>({
      origin: new URL(config.url).origin,
      ...(config.connectionHostSuffix === undefined ? {} : { connectionHostSuffix: config.connectionHostSuffix }),
      authenticate: (classified) => authenticator.authenticate(classified),
      // The hub's own object asks the database; an object for a name that is not registered refuses.
      knows: async () => true,
      hub: (authenticated) => hub(authenticated.connection, authenticated),
      connect: async (dialling) => {
        const connection = connectionAsked(dialling)
        if (connection === null)
          return refuse(dialling, { kind: 'malformed', message: 'not a connector of this gateway' })
        return hub(connection, dialling)
      },
      api: async (asked) => {
        const path = asked.target.split('?', 1)[0] ?? ''
        if (isApiPath(path)) return env.API.get(env.API.idFromName('api')).fetch(request)
        return serveApp(request, env)
      },
      refuse,
      onBug: (error, broken) => onBug(error, broken.id),
    })
    return gateway(received)
  },
}

async function serveApp(request: Request, env: Env): Promise<Response> {
  if (env.ASSETS === undefined) return new Response('There is nothing here.\n', { status: 404 })
  const file = await env.ASSETS.fetch(request)
  const headers = new Headers(file.headers)
  for (const [name, value] of Object.entries(securityHeaders())) headers.set(name, value)
  return new Response(file.body, { status: file.status, headers })
}

async function lay(env: Env): Promise<{ foundation: Foundation; database: Database }> {
  const config = parseConfig(JSON.parse(env.SALLYPORT_CONFIG))
  const database = await openDatabase({ ...config.database, clock, random })
  const { log, store, holds, usage } = database
  const foundation: Foundation = {
    config,
    clock,
    random,
    log,
    store,
    holds,
    usage,
    fetch: (url, init) => fetch(url, init),
    onBug,
  }
  return { foundation, database }
}

/** A promise made once, and made anew after it failed: a database that was away must not break the object for good. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null
      throw error
    })
    return made
  }
}

/** What a connection's object is made of. */
interface HubParts extends ConnectionHub {
  readonly database: Database
  readonly admit: ReturnType<typeof createAdmission>
  readonly knows: (connection: string) => Promise<boolean>
}

/** One connection: its tunnels, its streams, its order of recording. */
export class ConnectionHubObject extends DurableObject<Env> {
  /** For the one connection this object is of; its name comes with every call. */
  readonly #parts: (connection: string) => Promise<HubParts>
  #woken = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    let name = ''
    const made = once(async () => {
      const { foundation, database } = await lay(env)
      const { store, config } = foundation
      const { newHub } = assembleHubs({ ...foundation, schedule: (callback) => setTimeout(callback, 0) })
      const admit = createAdmission({ store, clock, url: config.url })
      return { ...newHub(name), database, admit, knows: knownConnections(store, clock) }
    })
    this.#parts = (connection) => {
      name = connection
      return made()
    }
  }

  override async fetch(request: Request): Promise<Response> {
    const known = decodeContext<Omit<Authenticated, 'body' | 'signal'> | Omit<Received, 'body' | 'signal'>>(
      request.headers.get(CONTEXT_HEADER) ?? '',
    )
    const rest = { body: request.body === null ? null : fromStream(request.body), signal: request.signal }
    try {
      if (!('identity' in known)) return respond(await this.#connect({ ...known, ...rest }))
      const parts = await this.#parts(known.connection)
      if (!(await parts.knows(known.connection))) return refuse(known, unknownConnection(known.connection))
      this.#wake(parts, known.connection)
      return respond(await parts.hub.handle({ ...known, ...rest }))
    } catch (error) {
      onBug(error, 'hub')
      return refuse(known, {
        kind: 'log-unavailable',
        message: 'the gateway’s database cannot be reached; nothing was sent',
      })
    }
  }

  /**
   * Takes up what an earlier life of this object left: requests whose end is unknown, open questions, notices. Once, of this
   * connection only, and for a connection that is registered.
   */
  #wake({ database, resume }: HubParts, connection: string): void {
    if (this.#woken) return
    this.#woken = true
    resume()
    const { unfinished, log } = database
    reapUnfinished({ unfinished, log, clock, ids, connection }).catch((error: unknown) => {
      this.#woken = false
      onBug(error, 'reaper')
    })
  }

  async #connect(received: Received): Promise<Reply> {
    // The edge found this object by it.
    const parts = await this.#parts(connectionAsked(received) ?? '')
    const { admit, tunnel } = parts
    const admitted = await admit(received)
    if (!admitted.ok) return { kind: 'response', ...statusOf(admitted.refusal, { id: received.id }) }
    const { connection, connectorId, instance } = admitted.value
    if (await parts.knows(connection)) this.#wake(parts, connection)
    return {
      kind: 'upgrade',
      protocol: TUNNEL_PROTOCOL,
      maxMessageBytes: MAX_CONNECTOR_MESSAGE_BYTES,
      run: (socket) => tunnel.attach({ connectorId, instance, socket }),
    }
  }

  /** The live connectors, for the API. */
  async connectors(connection: string): Promise<readonly { readonly id: string; readonly since: string }[]> {
    const { tunnel } = await this.#parts(connection)
    return tunnel.connectors().map(({ id, since }) => ({ id, since: new Date(since).toISOString() }))
  }

  /** Ends a connector's tunnels. */
  async detach(connection: string, connectorId: string, reason: string): Promise<void> {
    const { tunnel } = await this.#parts(connection)
    tunnel.detach(connectorId, reason)
  }

  /** A person's answer to a hold. */
  async answerHold(connection: string, id: string, vote: Vote): Promise<Answered> {
    const { holds } = await this.#parts(connection)
    return holds.answer(id, vote)
  }

  async endGrant(connection: string, id: string, by: string): Promise<boolean> {
    const { holds, hub } = await this.#parts(connection)
    const ended = await holds.endGrant(id, by)
    await hub.rejudge()
    return ended
  }

  /** Policies or blocks have changed. */
  async rejudge(connection: string): Promise<void> {
    const { hub } = await this.#parts(connection)
    await hub.rejudge()
  }
}

/** The JSON API, the OAuth and the login routes. One object: it owns a writer of the log. */
export class GatewayApi extends DurableObject<Env> {
  readonly #edge: () => Promise<ReturnType<typeof assembleEdge>>

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const hub = (connection: string) => env.HUB.get(env.HUB.idFromName(connection))
    this.#edge = once(async () => {
      const { foundation, database } = await lay(env)
      return assembleEdge({
        ...foundation,
        recordings: database.recordings,
        tunnelStatus: async (connection) => hub(connection).connectors(connection),
        answerHold: async (connection, id, vote) => hub(connection).answerHold(connection, id, vote),
        endGrant: async (connection, id, by) => hub(connection).endGrant(connection, id, by),
        documentsChanged: async () => {
          const names = (await foundation.store.connections()).map(({ name }) => name)
          await Promise.all(names.map((name) => hub(name).rejudge(name)))
        },
        connectorRevoked: async (connector) => {
          for (const connection of connector.connections) {
            await hub(connection).detach(connection, connector.id, 'the connector was revoked')
          }
        },
      })
    })
  }

  override async fetch(request: Request): Promise<Response> {
    try {
      return await (await this.#edge()).api(request)
    } catch (error) {
      onBug(error, 'api')
      return new Response('The gateway’s database cannot be reached.\n', { status: 503 })
    }
  }
}
