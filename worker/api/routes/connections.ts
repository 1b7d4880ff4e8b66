// Connections and the connectors that serve them: list, register, enrol, revoke. Every change is an event first.

import * as v from 'valibot'
import type { Store } from '../../ports.ts'
import { apiEntry } from '../event.ts'
import { json, problem } from '../problem.ts'
import { type Call, callerOf, param, type Route, readJson } from '../route.ts'
import type { ConnectionSummary, ConnectorSummary, Enrolled, Enrolment } from '../types.ts'

/** A DNS label (RFC 1123): a connection's name stands in paths and host names. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Time to carry a code from one terminal to another. */
const ENROLMENT_MS = 15 * 60 * 1000
/** Enough for a code and a key. */
const MAX_JSON_BYTES = 16 * 1024

const connectionRequest = v.object({ description: v.optional(v.pipe(v.string(), v.maxLength(200)), '') })
const noConnection = () => problem(404, 'There is no connection of this name.')
const at = (call: Call): string => new Date(call.deps.clock.now()).toISOString()

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
  const body = await readJson(call, MAX_JSON_BYTES)
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
  const { store, log } = call.deps
  const caller = callerOf(call)
  // A later connection of this name must not be served by the connectors of this one.
  const bound = (await store.connectors()).filter(
    ({ revokedAt, connections }) => revokedAt === undefined && connections.includes(name),
  )
  const entries = [
    apiEntry(call.deps, 'connection.change', caller, { change: 'delete' }, name),
    ...bound.map(({ id }) =>
      apiEntry(call.deps, 'connector.change', caller, { change: 'revoke', connector: id }, name),
    ),
  ]
  await log.append(entries, 'fsynced')
  await store.deleteConnection(name)
  for (const connector of bound) {
    const others = connector.connections.filter((other) => other !== name)
    if (others.length === 0) await store.revokeConnector(connector.id, at(call))
    else await store.putConnector({ ...connector, connections: others })
    // What is open on it ends now.
    await call.deps.connectorRevoked?.(connector)
  }
  return new Response(null, { status: 204 })
}

async function createEnrolment(call: Call): Promise<Response> {
  const connection = param(call, 'name')
  if (!(await known(call, connection))) return noConnection()
  const { deps } = call
  const expiresAt = new Date(deps.clock.now() + ENROLMENT_MS).toISOString()
  const change = { change: 'enrolment-code', expiresAt }
  await deps.log.append([apiEntry(deps, 'connector.change', callerOf(call), change, connection)], 'fsynced')
  const code = await deps.createEnrolmentCode(deps, [connection], ENROLMENT_MS)
  return json({ code, connection, expiresAt } satisfies Enrolment, 201)
}

async function enrol(call: Call): Promise<Response> {
  const body = await readJson(call, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const { deps } = call
  const { store, clock, random, log } = deps
  // What the enrolment stores is recorded first, and only what it stores: a wrong code leaves no event, so that nobody
  // without one can fill the log. The connector speaks for itself; the code was the administrator's word.
  const recording: Pick<Store, 'takeCode' | 'putCode' | 'putConnector' | 'connectors'> = {
    takeCode: (sha256, purpose, now) => store.takeCode(sha256, purpose, now),
    putCode: (sha256, code) => store.putCode(sha256, code),
    connectors: () => store.connectors(),
    async putConnector(record) {
      const actor = { username: `connector:${record.id}`, groups: [], issuer: deps.config.url }
      const entries = record.connections.map((connection) =>
        apiEntry(deps, 'connector.change', actor, { change: 'enrol', connector: record.id }, connection),
      )
      await log.append(entries, 'fsynced')
      await store.putConnector(record)
    },
  }
  const enrolled = await deps.enrol({ store: recording, clock, random }, body.value)
  if (enrolled.ok) return json(enrolled.value satisfies Enrolled, 201)
  return problem(enrolled.refusal.kind === 'malformed' ? 422 : 403, enrolled.refusal.message)
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
    summary: 'Takes a connection out of service: its connectors lose their place. What was recorded of it stays.',
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
