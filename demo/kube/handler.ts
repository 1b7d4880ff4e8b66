// The API server without a socket: one request in, one answer out. server.ts puts TLS and upgrades around it.
// Errors: a Refusal is answered as its Status; anything else is a 500 Status that says nothing of the inside.

import { failure } from '../../protocol/status.ts'
import { authenticate } from './auth/authenticate.ts'
import { authorize } from './auth/rbac.ts'
import type { Cluster, User } from './cluster.ts'
import { aggregated, groupList, legacyVersions, oneGroup, resourceList } from './discovery.ts'
import { type Call, json } from './handlers/call.ts'
import { create, evict, patch, remove, removeAll, update } from './handlers/change.ts'
import { found, getOne, list, watch } from './handlers/read.ts'
import { review, tokenRequest } from './handlers/reviews.ts'
import { scaleOf } from './handlers/scale.ts'
import type { JsonObject } from './json.ts'
import { type Negotiated, negotiate } from './negotiate.ts'
import { openapiV2, openapiV3, openapiV3Index } from './openapi.ts'
import { podLog } from './pods/logs.ts'
import type { PodRuntime } from './pods/runtime.ts'
import { noSuchPath, Refusal, refuse } from './refusal.ts'
import { type DemoRequest, type DemoResponse, header, type RequestInfo, requestInfo } from './request.ts'
import { VERSION_INFO } from './version.ts'

/** Paths anyone may read. */
const PUBLIC = new Set(['/healthz', '/livez', '/readyz', '/version'])

/** A refusal (or a bug) as an answer. */
export function refusalAnswer(error: unknown): DemoResponse {
  if (error instanceof Refusal)
    return json(
      error.status.code,
      {
        ...error.status,
        details:
          error.status.details === undefined
            ? undefined
            : { ...error.status.details, causes: error.status.details.causes?.map((cause) => ({ ...cause })) },
      },
      error.headers,
    )
  return json(500, {
    ...failure('InternalError', 'Internal error occurred: the demo cluster could not handle this'),
    details: {},
  })
}

function text(body: string): DemoResponse {
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

function health(path: string, verbose: boolean): DemoResponse {
  const name = path.slice(1)
  return text(verbose ? `[+]ping ok\n[+]log ok\n[+]demo-in-memory-store ok\n${name} check passed\n` : 'ok')
}

function document(value: JsonObject | undefined, contentType = 'application/json'): DemoResponse {
  if (value === undefined) throw noSuchPath()
  return json(200, value, { 'content-type': contentType })
}

function nonResource(cluster: Cluster, request: DemoRequest, info: RequestInfo): DemoResponse {
  const path = info.path.length > 1 && info.path.endsWith('/') ? info.path.slice(0, -1) : info.path
  const parts = path.split('/').slice(1)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw refuse('MethodNotAllowed', `the server does not allow this method on the requested resource`)
  if (/^\/(healthz|livez|readyz)(\/.*)?$/.test(path)) return health(path, info.query.has('verbose'))
  const negotiated: Negotiated = negotiate(header(request, 'accept'), info.query)
  const { kinds } = cluster
  if (path === '/version') return document(VERSION_INFO)
  if (path === '/openapi/v2') return document(openapiV2(kinds))
  if (path === '/openapi/v3') return document(openapiV3Index(kinds))
  if (path.startsWith('/openapi/v3/')) return document(openapiV3(kinds, path.slice('/openapi/v3/'.length)))
  if (path === '/api' || path === '/apis') {
    const core = path === '/api'
    const version = negotiated.version === 'v2' ? 'v2' : 'v2beta1'
    if (negotiated.view === 'APIGroupDiscoveryList')
      return document(aggregated(kinds, core, version), negotiated.contentType)
    return document(core ? legacyVersions(header(request, 'host')) : groupList(kinds))
  }
  if (parts[0] === 'api' && parts.length === 2) return document(resourceList(kinds, '', parts[1] ?? ''))
  if (parts[0] === 'apis' && parts.length === 2) return document(oneGroup(kinds, parts[1] ?? ''))
  if (parts[0] === 'apis' && parts.length === 3) return document(resourceList(kinds, parts[1] ?? '', parts[2] ?? ''))
  if (path === '' || path === '/') {
    const groups = [
      ...new Set(kinds.all().map((r) => (r.group === '' ? `/api/${r.version}` : `/apis/${r.group}/${r.version}`))),
    ]
    return document({
      paths: ['/api', '/apis', ...groups, '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
    })
  }
  throw noSuchPath()
}

const notAllowed = () => refuse('MethodNotAllowed', 'the server does not allow this method on the requested resource')

function subresource(call: Call, runtime: PodRuntime): DemoResponse {
  const { info, request } = call
  switch (info.subresource) {
    case 'status':
    case 'ephemeralcontainers':
    case 'approval':
      if (request.method === 'GET') return getOne(call)
      return request.method === 'PUT' ? update(call) : patch(call)
    case 'scale':
      if (request.method === 'GET') return json(200, scaleOf(found(call)))
      return request.method === 'PUT' ? update(call) : patch(call)
    case 'finalize':
      return update(call)
    case 'log':
      return podLog(call, runtime)
    case 'eviction':
      return evict(call)
    case 'token':
      return tokenRequest(call)
    case 'exec':
    case 'attach':
    case 'portforward':
      throw refuse('BadRequest', 'Upgrade request required')
    default:
      throw refuse('ServiceUnavailable', 'the demo cluster has no network behind its services to proxy to')
  }
}

function resourceCall(call: Call, runtime: PodRuntime): DemoResponse {
  const { info, resource } = call
  if (info.subresource !== '') {
    const sub = resource.subresources[info.subresource]
    if (sub === undefined) throw noSuchPath()
    if (!sub.verbs.includes(info.verb)) throw notAllowed()
    return subresource(call, runtime)
  }
  if (!resource.verbs.includes(info.verb)) throw notAllowed()
  if (resource.group === 'authorization.k8s.io' || resource.group === 'authentication.k8s.io') return review(call)
  if (info.name === '' && (info.verb === 'update' || info.verb === 'patch')) throw notAllowed()
  switch (info.verb) {
    case 'get':
      return getOne(call)
    case 'list':
      return list(call)
    case 'watch':
      return watch(call)
    case 'create':
      if (info.name !== '') throw notAllowed()
      return create(call)
    case 'update':
      return update(call)
    case 'patch':
      return patch(call)
    case 'delete':
      return remove(call)
    case 'deletecollection':
      return removeAll(call)
    default:
      throw notAllowed()
  }
}

/** A request that passed authentication and authorisation. */
export function admitted(
  cluster: Cluster,
  request: DemoRequest,
  peer: User | undefined,
): { info: RequestInfo; user: User } {
  const info = requestInfo(request.method, request.target)
  const user = authenticate(cluster, request, peer)
  authorize(cluster, user, info)
  return { info, user }
}

/**
 * The pure part of the API server.
 * @returns a function from a request (and the user of a client certificate, if any) to its answer. It never throws.
 */
export function createDemoHandler(
  cluster: Cluster,
  runtime: PodRuntime,
): (request: DemoRequest, peer?: User) => DemoResponse {
  const handle = (request: DemoRequest, peer: User | undefined): DemoResponse => {
    const path = request.target.split('?')[0] ?? ''
    if (PUBLIC.has(path) && header(request, 'authorization') === '')
      return nonResource(cluster, request, requestInfo(request.method, request.target))
    const { info, user } = admitted(cluster, request, peer)
    if (!info.isResource) return nonResource(cluster, request, info)
    const resource = cluster.kinds.byPath(info.group, info.version, info.plural)
    if (resource === undefined || (!resource.namespaced && info.namespace !== '' && resource.plural !== 'namespaces'))
      throw noSuchPath()
    const streamed = info.subresource === 'log'
    const negotiated: Negotiated = streamed
      ? { view: 'object', version: '', include: 'None', contentType: 'text/plain' }
      : negotiate(header(request, 'accept'), info.query)
    const scoped = resource.namespaced ? info : { ...info, namespace: '' }
    return resourceCall({ cluster, user, request, info: scoped, resource, negotiated, warnings: [] }, runtime)
  }
  return (request, peer) => {
    const audit = header(request, 'audit-id')
    let answer: DemoResponse
    try {
      answer = handle(request, peer)
    } catch (error) {
      answer = refusalAnswer(error)
    }
    return audit === '' ? answer : { ...answer, headers: { ...answer.headers, 'audit-id': audit } }
  }
}
