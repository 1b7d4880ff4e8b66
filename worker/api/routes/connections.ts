// Connections and the connectors that serve them: list, register, enrol, revoke. Every change is an event first.

import * as v from 'valibot'
import { apiEntry } from '../event.ts'
import { json, problem } from '../problem.ts'
import { type Call, callerOf, param, type Route, readJson } from '../route.ts'
import { newSecret, storedAs } from '../secret.ts'
import type { ConnectionSummary, ConnectorSummary, Enrolled, Enrolment } from '../types.ts'

/** A DNS label (RFC 1123): a connection's name stands in paths and host names. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Time to carry a code from one terminal to another. */
const ENROLMENT_MS = 15 * 60 * 1000
/** Enough for a code and a key. */
const MAX_JSON_BYTES = 16 * 1024

const connectionRequest = v.object({ description: v.optional(v.pipe(v.string(), v.maxLength(200)), '') })
const enrolRequest = v.object({
  code: v.pipe(v.string(), v.minLength(20), v.maxLength(200)),
  publicKey: v.object({
    kty: v.literal('OKP'),
    crv: v.literal('Ed25519'),
    /** 32 bytes, base64url. */
    x: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
  }),
  name: v.optional(v.string()),
})
const enrolPayload = v.object({ connection: v.string() })

const noConnection = () => problem(404, 'There is no connection of this name.')
const at = (call: Call): string => new Date(call.deps.clock.now()).toISOString()

/** RFC 7638: the thumbprint of the key is the connector's id, so one key is one connector. */
function connectorId(x: string): string {
  return storedAs(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).slice(0, 32)
}

async function known(call: Call, name: string): Promise<boolean> {
  return NAME.test(name) && (await call.deps.store.connections()).some((connection) => connection.name === name)
}

async function listConnections(call: Call): Promise<Response> {
  const { store, tunnelStatus } = call.deps
  const [connections, connectors] = await Promise.all([store.connections(), store.connectors()])
  const items: ConnectionSummary[] = []
  for (const { name, description, createdAt } of connections) {
    const live = new Map((await tunnelStatus(name)).map((entry) => [entry.id, entry.since]))
    const mine = connectors.filter((one) => one.revokedAt === undefined && one.connections.includes(name))
    items.push({
      name,
      description,
      createdAt,
      connectors: mine.map(({ id }) => {
        const since = live.get(id)
        return since === undefined ? { id, live: false } : { id, live: true, since }
      }),
    })
  }
  return json({ items })
}

async function putConnection(call: Call): Promise<Response> {
  const name = param(call, 'name')
  if (!NAME.test(name))
    return problem(422, 'A connection’s name is a DNS label: a-z, 0-9 and -, at most 63 characters.')
  const body = await readJson(call.request, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const parsed = v.safeParse(connectionRequest, body.value)
  if (!parsed.success) return problem(422, 'The body must be {"description": …} with at most 200 characters.')
  const { store, log } = call.deps
  const before = (await store.connections()).find((connection) => connection.name === name)
  const connection = { name, description: parsed.output.description, createdAt: before?.createdAt ?? at(call) }
  if (before === undefined || before.description !== connection.description) {
    const change = before === undefined ? 'create' : 'update'
    await log.append([apiEntry(call.deps, 'connection.change', callerOf(call), { change }, name)], 'fsynced')
    await store.putConnection(connection)
  }
  return json({ ...connection, connectors: [] } satisfies ConnectionSummary)
}

async function deleteConnection(call: Call): Promise<Response> {
  const name = param(call, 'name')
  if (!(await known(call, name))) return noConnection()
  await call.deps.log.append(
    [apiEntry(call.deps, 'connection.change', callerOf(call), { change: 'delete' }, name)],
    'fsynced',
  )
  await call.deps.store.deleteConnection(name)
  return new Response(null, { status: 204 })
}

async function createEnrolment(call: Call): Promise<Response> {
  const connection = param(call, 'name')
  if (!(await known(call, connection))) return noConnection()
  const { store, clock, random, log } = call.deps
  const code = newSecret(random)
  const expiresAt = clock.now() + ENROLMENT_MS
  await log.append(
    [apiEntry(call.deps, 'connector.change', callerOf(call), { change: 'enrolment-code' }, connection)],
    'fsynced',
  )
  await store.putCode(storedAs(code), { purpose: 'enrol', payload: JSON.stringify({ connection }), expiresAt })
  return json({ code, connection, expiresAt: new Date(expiresAt).toISOString() } satisfies Enrolment, 201)
}

async function enrol(call: Call): Promise<Response> {
  const body = await readJson(call.request, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const parsed = v.safeParse(enrolRequest, body.value)
  if (!parsed.success) return problem(422, 'The body must be {"code", "publicKey": an Ed25519 JWK}.')
  const { store, clock, log } = call.deps
  const { kty, crv, x } = parsed.output.publicKey
  const id = connectorId(x)
  const before = await store.connector(id)
  if (before?.revokedAt !== undefined) return problem(403, 'This key has been revoked. Enrol with a new one.')
  const taken = await store.takeCode(storedAs(parsed.output.code), 'enrol', clock.now())
  if (taken === null) return problem(403, 'The enrolment code is unknown, used or expired. Ask for a new one.')
  const { connection } = v.parse(enrolPayload, JSON.parse(taken.payload))
  if (!(await known(call, connection))) return noConnection()
  const connections = [...new Set([...(before?.connections ?? []), connection])]
  // The connector speaks for itself here: the code was the administrator's word.
  const actor = { username: `connector:${id}`, groups: [], issuer: call.deps.config.url }
  await log.append(
    [apiEntry(call.deps, 'connector.change', actor, { change: 'enrol', connector: id }, connection)],
    'fsynced',
  )
  await store.putConnector({
    id,
    publicKey: { kty, crv, x },
    connections,
    createdAt: before?.createdAt ?? at(call),
  })
  return json({ id, connections } satisfies Enrolled, 201)
}

async function listConnectors(call: Call): Promise<Response> {
  const connectors = await call.deps.store.connectors()
  const names = new Set(connectors.flatMap((connector) => connector.connections))
  const live = new Set<string>()
  for (const name of names) for (const entry of await call.deps.tunnelStatus(name)) live.add(entry.id)
  const items = connectors.map(({ id, connections, createdAt, revokedAt }): ConnectorSummary => {
    const summary = { id, connections, createdAt, live: live.has(id) }
    return revokedAt === undefined ? summary : { ...summary, revokedAt }
  })
  return json({ items })
}

async function revokeConnector(call: Call): Promise<Response> {
  const { store, log } = call.deps
  const connector = await store.connector(param(call, 'id'))
  if (connector === null) return problem(404, 'There is no connector of this id.')
  if (connector.revokedAt === undefined) {
    await log.append(
      [apiEntry(call.deps, 'connector.change', callerOf(call), { change: 'revoke', connector: connector.id })],
      'fsynced',
    )
    await store.revokeConnector(connector.id, at(call))
    await call.deps.connectorRevoked?.(connector)
  }
  return new Response(null, { status: 204 })
}

/** The rows. */
export const CONNECTION_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/connections',
    access: 'viewer',
    operationId: 'listConnections',
    summary: 'Connections and their connectors.',
    response: { status: 200, schema: 'ConnectionPage' },
    handle: listConnections,
  },
  {
    method: 'PUT',
    path: '/api/v1/connections/{name}',
    access: 'admin',
    operationId: 'putConnection',
    summary: 'Registers a connection, or changes its description.',
    body: { mediaType: 'application/json', schema: 'ConnectionRequest', maxBytes: MAX_JSON_BYTES },
    response: { status: 200, schema: 'ConnectionSummary' },
    handle: putConnection,
  },
  {
    method: 'DELETE',
    path: '/api/v1/connections/{name}',
    access: 'admin',
    operationId: 'deleteConnection',
    summary: 'Takes a connection out of service. What was recorded of it stays.',
    response: { status: 204 },
    handle: deleteConnection,
  },
  {
    method: 'POST',
    path: '/api/v1/connections/{name}/enrolments',
    access: 'admin',
    operationId: 'createEnrolment',
    summary: 'A one-time code with which a connector binds its key to this connection.',
    response: { status: 201, schema: 'Enrolment' },
    handle: createEnrolment,
  },
  {
    method: 'POST',
    path: '/api/v1/enrol',
    access: 'anyone',
    operationId: 'enrol',
    summary: 'A connector trades its one-time code for a place. The code is the proof.',
    body: { mediaType: 'application/json', schema: 'EnrolRequest', maxBytes: MAX_JSON_BYTES },
    response: { status: 201, schema: 'Enrolled' },
    handle: enrol,
  },
  {
    method: 'GET',
    path: '/api/v1/connectors',
    access: 'viewer',
    operationId: 'listConnectors',
    summary: 'Connectors, revoked ones too.',
    response: { status: 200, schema: 'ConnectorPage' },
    handle: listConnectors,
  },
  {
    method: 'DELETE',
    path: '/api/v1/connectors/{id}',
    access: 'admin',
    operationId: 'revokeConnector',
    summary: 'Revokes a connector’s key. Its tunnels close.',
    response: { status: 204 },
    handle: revokeConnector,
  },
]
