// A gateway in one process, on Bun or Deno: the edge and every connection's hub, the app's files and the tunnels' way in.
// In: settings. Out: a running server. The only place where the chain meets node's clock, randomness and files.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { openDatabase } from '../../db/embedded.ts'
import type { Sha256 } from '../../protocol/log/leaf.ts'
import { isApiPath } from '../api/api.ts'
import { securityHeaders } from '../api/headers.ts'
import { assembleEdge, assembleHubs, type ConnectionHub, type Foundation } from '../assemble.ts'
import type { Received, Reply } from '../context.ts'
import { createGateway, unknownConnection } from '../gateway.ts'
import { createFinder } from '../mask/find/finder.ts'
import { createKnownValues } from '../mask/find/values.ts'
import { DEFAULT_MASK_RULES } from '../mask/rules.ts'
import type { Clock } from '../ports.ts'
import { reapUnfinished } from '../record/reaper.ts'
import { createIds } from '../record/uuid.ts'
import { statusOf } from '../reply/status.ts'
import { createAdmission } from '../tunnel/admission.ts'
import { MAX_CONNECTOR_MESSAGE_BYTES, TUNNEL_PROTOCOL } from '../tunnel/tunnel.ts'
import { fromWebResponse, toWebRequest } from '../web.ts'
import { factsOf } from './bug.ts'
import { fetchWithCa } from './fetch.ts'
import { type Files, loadFiles } from './files.ts'
import { type NodeServer, serveNode } from './node.ts'
import type { ProcessSettings } from './processconfig.ts'

const clock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    if (ms <= 0) {
      // A timer of no time takes a millisecond: a long answer rests several times.
      const turn = setImmediate(callback)
      return () => clearImmediate(turn)
    }
    const timer = setTimeout(callback, ms)
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}
const sha256: Sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

/** One line of JSON on stderr. Errors are named, never printed whole: their text may quote what passed through. */
function note(level: 'info' | 'error', event: string, facts: Record<string, string | number> = {}): void {
  process.stderr.write(`${JSON.stringify({ ts: new Date().toISOString(), level, event, ...facts })}\n`)
}

function onBug(error: unknown, where: string): void {
  note('error', 'bug', { where, ...factsOf(error) })
}

function nothingHere(): Reply {
  const body = new TextEncoder().encode('There is nothing here.\n')
  return { kind: 'response', status: 404, headers: [['content-type', 'text/plain; charset=utf-8']], body }
}

/** Starts it. @throws when the database, the certificate or the port cannot be had */
export async function startGateway(settings: ProcessSettings): Promise<NodeServer> {
  const { config, listen, appDir } = settings
  const tls = { cert: await readFile(listen.certFile, 'utf8'), key: await readFile(listen.keyFile, 'utf8') }
  const files: Files | null = appDir === undefined ? null : await loadFiles(appDir, Object.entries(securityHeaders()))
  const database = await openDatabase({ ...config.database, clock, random })
  const { log, store, holds, usage, recordings } = database
  const foundation: Foundation = { config, clock, random, log, store, holds, usage, fetch: fetchWithCa, onBug, sha256 }
  const ids = createIds(clock, random)
  reapUnfinished({ unfinished: database.unfinished, log, clock, ids }).then(
    (found) => found > 0 && note('info', 'reaped', { requests: found }),
    (error: unknown) => onBug(error, 'reaper'),
  )

  const { newHub } = assembleHubs({ ...foundation, schedule: setImmediate })
  const hubs = new Map<string, ConnectionHub>()
  const hubOf = (connection: string): ConnectionHub => {
    let found = hubs.get(connection)
    if (found === undefined) {
      found = newHub(connection)
      hubs.set(connection, found)
    }
    return found
  }
  // Questions that were open run on, and end in time, also where no request comes.
  for (const { name } of await store.connections()) hubOf(name).resume()
  const edge = assembleEdge({
    ...foundation,
    recordings,
    answerHold: (connection, id, vote) => hubOf(connection).holds.answer(id, vote),
    endGrant: async (connection, id, by) => {
      const ended = await hubOf(connection).holds.endGrant(id, by)
      await hubOf(connection).hub.rejudge()
      return ended
    },
    documentsChanged: async () => {
      await Promise.all([...hubs.values()].map(({ hub }) => hub.rejudge()))
    },
    tunnelStatus: async (connection) =>
      (hubs.get(connection)?.tunnel.connectors() ?? []).map(({ id, since }) => ({
        id,
        since: new Date(since).toISOString(),
      })),
    connectorRevoked: async (connector) => {
      for (const { tunnel } of hubs.values()) tunnel.detach(connector.id, 'the connector was revoked')
    },
  })

  const refuse = (received: Received, refusal: Parameters<typeof statusOf>[0]): Reply => ({
    kind: 'response',
    ...statusOf(refusal, { id: received.id, target: received.target }),
  })

  const admit = createAdmission({ store, clock, url: config.url })
  const connect = async (received: Received): Promise<Reply> => {
    const admitted = await admit(received)
    if (!admitted.ok) return refuse(received, admitted.refusal)
    const { connection, connectorId, instance } = admitted.value
    if (!(await edge.knows(connection))) {
      return refuse(received, unknownConnection(connection))
    }
    return {
      kind: 'upgrade',
      protocol: TUNNEL_PROTOCOL,
      maxMessageBytes: MAX_CONNECTOR_MESSAGE_BYTES,
      async run(socket) {
        note('info', 'connector.attached', { connection, connector: connectorId })
        await hubOf(connection).tunnel.attach({ connectorId, instance, socket })
        note('info', 'connector.detached', { connection, connector: connectorId })
      },
    }
  }

  const api = async (received: Received): Promise<Reply> => {
    const path = received.target.split('?', 1)[0] ?? ''
    if (!isApiPath(path)) return files?.(received.method, path) ?? nothingHere()
    const request = toWebRequest(received, config.url)
    if (request === null)
      return refuse(received, { kind: 'malformed', message: 'the request is not one the API takes' })
    return fromWebResponse(await edge.api(request))
  }

  const handle = createGateway<Reply>({
    origin: new URL(config.url).origin,
    ...(config.connectionHostSuffix === undefined ? {} : { connectionHostSuffix: config.connectionHostSuffix }),
    authenticate: (request) => edge.authenticator.authenticate(request),
    knows: (connection) => edge.knows(connection),
    hub: (request) => hubOf(request.connection).hub.handle(request),
    connect,
    api,
    refuse,
    onBug: (error, received) => onBug(error, received.id),
  })
  // The rules are compiled once, when first they are needed: not while somebody waits.
  createFinder(DEFAULT_MASK_RULES, createKnownValues()).find(new TextEncoder().encode('password=x'), { final: true })
  const server = await serveNode({ ...listen, tls, handle, newId: ids, now: clock.now })
  return {
    port: server.port,
    async close(graceMs) {
      for (const { hub, close } of hubs.values()) {
        close()
        hub.end(() => ({ kind: 'connector-unavailable', message: 'the gateway is shutting down; try again' }))
      }
      await server.close(graceMs)
      await database.close()
    },
  }
}
