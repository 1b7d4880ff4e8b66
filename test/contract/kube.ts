// The demo Kubernetes as the API server of a world: it really stores, so that a test can say what became of a write. It lives in
// the test's own process, where its objects can be looked at and changed behind the gateway's back.

import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { createDemoHandler } from '../../demo/kube/handler.ts'
import type { KubeObject } from '../../demo/kube/json.ts'
import type { DemoRequest } from '../../demo/kube/request.ts'
import { createDemoCluster } from '../../demo/kube/server.ts'
import { handleUpgrade } from '../../demo/kube/streams/upgrade.ts'
import type { Behind, Seen } from './upstream.ts'

export interface Kube extends Behind {
  /** An object as it is stored; `kind` is `deployments.apps`, `pods.`. Absent: there is none. */
  get(kind: string, namespace: string, name: string): KubeObject | undefined
  /** Stores it as a client nobody watches would: under a new resourceVersion. */
  put(kind: string, object: KubeObject): KubeObject
  remove(kind: string, namespace: string, name: string): void
}

/** @param token the bearer token of the connector, which may do everything and impersonate anybody */
export function createKube(token: string): Kube {
  const { cluster, runtime, stop } = createDemoCluster({
    credentials: [{ token, user: { username: 'connector', groups: ['system:masters'] } }],
    caCert: 'PEM',
  })
  const handle = createDemoHandler(cluster, runtime)
  const closing = new AbortController()
  return {
    get: (kind, namespace, name) => cluster.store.get(kind, namespace, name),
    put: (kind, object) => cluster.store.put(kind, object),
    remove(kind, namespace, name) {
      cluster.store.remove(kind, namespace, name)
    },
    async request(seen, response) {
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      await send(handle(demoRequest(seen, AbortSignal.any([gone.signal, closing.signal]))), response, gone.signal)
    },
    upgrade(seen, socket: Duplex, head) {
      handleUpgrade(cluster, runtime, demoRequest(seen, closing.signal), undefined, socket, head)
    },
    close() {
      closing.abort()
      stop()
    },
  }
}

function demoRequest(seen: Seen, signal: AbortSignal): DemoRequest {
  return { method: seen.method, target: seen.url, headers: listed(seen.headers), body: seen.body, signal }
}

/** Repeated headers come joined by a comma, but those that count here are sent once. */
function listed(headers: IncomingHttpHeaders): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name] = typeof value === 'string' ? [value] : value
  }
  const groups = out['impersonate-group']?.flatMap((value) => value.split(', '))
  if (groups !== undefined) out['impersonate-group'] = groups
  return out
}

async function send(
  { status, headers, body }: ReturnType<ReturnType<typeof createDemoHandler>>,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, typeof value === 'string' ? value : [...value])
  }
  response.statusCode = status
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.end(body)
    return
  }
  response.flushHeaders()
  for await (const piece of body) {
    if (gone.aborted) return
    response.write(piece)
  }
  response.end()
}
