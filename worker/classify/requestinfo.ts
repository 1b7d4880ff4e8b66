// What is asked: Kubernetes' RequestInfo, as k8s.io/apiserver/pkg/endpoints/request computes it, plus the verb `connect`.
// In: method, canonical path and query. Out: RequestInfo, or a refusal. No I/O.

import type { Outcome, RequestInfo, Verb } from '../context.ts'
import { parseSegments, type Target } from './path.ts'
import { flag, parseQuery, type Query } from './query.ts'
import { accept, malformed, refuse } from './refusal.ts'

const RESOURCE_VERB: ReadonlyMap<string, Verb> = new Map([
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])
const NON_RESOURCE_VERB: ReadonlyMap<string, Verb> = new Map([
  ['GET', 'get'],
  ['HEAD', 'head'],
  ['POST', 'post'],
  ['PUT', 'put'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
  ['OPTIONS', 'options'],
])
/** Subresources of a namespace itself; anything else behind its name is a resource in it. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize'])
/** Subresources that hand over a connection, in whatever API group: judged as `connect` whatever the method. */
const CONNECT_SUBRESOURCES: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy'])

/**
 * Computes RequestInfo. It differs from Kubernetes' in four ways, all towards refusing more: a `metadata.name` field
 * selector does not become `name` (a list is a list); exec, attach, portforward and proxy are `connect`; an eviction is
 * `delete` (its subresource stays `eviction`); the deprecated `/proxy/` prefix is refused.
 */
export function requestInfo(method: string, target: Target): Outcome<RequestInfo> {
  const segments = parseSegments(target.path)
  if (!segments.ok) return segments
  const query = parseQuery(target.query)
  if (!query.ok) return query
  const trailing = segments.value.at(-1) === ''
  const parts = trailing ? segments.value.slice(0, -1) : segments.value
  const dryRun = query.value.get('dryRun')?.[0] === 'All'
  const grouped = parts[0] === 'apis'
  const isResource = (parts[0] === 'api' && parts.length >= 3) || (grouped && parts.length >= 4)
  if (!isResource) {
    const verb = NON_RESOURCE_VERB.get(method)
    if (verb === undefined) return refuse('method-not-allowed', 'this HTTP method is not used by Kubernetes')
    return accept({
      isResourceRequest: false,
      path: target.path,
      query: target.query,
      verb,
      apiPrefix: '',
      apiGroup: '',
      apiVersion: '',
      namespace: '',
      resource: '',
      subresource: '',
      name: '',
      parts,
      streaming: false,
      dryRun,
    })
  }
  if (trailing) return malformed('the path of a resource must not end with a slash')
  return resourceInfo(method, target, parts, query.value, dryRun)
}

function resourceInfo(
  method: string,
  target: Target,
  path: readonly string[],
  query: Query,
  dryRun: boolean,
): Outcome<RequestInfo> {
  let verb = RESOURCE_VERB.get(method)
  if (verb === undefined) return refuse('method-not-allowed', 'this HTTP method is not used on Kubernetes resources')
  const grouped = path[0] === 'apis'
  let parts = path.slice(grouped ? 3 : 2)
  if (parts[0] === 'proxy') return malformed('the /proxy/ path prefix is no longer part of Kubernetes')
  const legacyWatch = parts[0] === 'watch'
  if (legacyWatch) {
    if (parts.length < 2) return malformed('the /watch/ path names no resource')
    if (method !== 'GET') return refuse('method-not-allowed', 'a watch is a GET')
    verb = 'watch'
    parts = parts.slice(1)
  }
  let namespace = ''
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? ''
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2] ?? '')) parts = parts.slice(2)
  }
  const [resource = '', name = '', subresource = ''] = parts
  if (legacyWatch && subresource !== '') return malformed('a subresource cannot be watched by the /watch/ path')
  const core = !grouped
  if (CONNECT_SUBRESOURCES.has(subresource)) verb = 'connect'
  else if (core && resource === 'pods' && subresource === 'eviction' && verb === 'create') verb = 'delete'
  else if (name === '' && verb === 'get') verb = flag(query, 'watch') ? 'watch' : 'list'
  else if (name === '' && verb === 'delete') verb = 'deletecollection'
  const exec = core && resource === 'pods' && parts.length === 3 ? execOptions(subresource, query) : accept(undefined)
  if (!exec.ok) return exec
  const following = core && resource === 'pods' && subresource === 'log' && flag(query, 'follow')
  return accept({
    isResourceRequest: true,
    path: target.path,
    query: target.query,
    verb,
    apiPrefix: grouped ? 'apis' : 'api',
    apiGroup: grouped ? (path[1] ?? '') : '',
    apiVersion: path[grouped ? 2 : 1] ?? '',
    namespace,
    resource,
    subresource,
    name,
    parts,
    ...(exec.value === undefined ? {} : { exec: exec.value }),
    streaming: verb === 'watch' || verb === 'connect' || following,
    dryRun,
  })
}

/** PodExecOptions, PodAttachOptions and PodPortForwardOptions, from the query. argv is decoded exactly, in order. */
function execOptions(subresource: string, query: Query): Outcome<RequestInfo['exec']> {
  if (subresource !== 'exec' && subresource !== 'attach' && subresource !== 'portforward') return accept(undefined)
  const ports: number[] = []
  for (const port of (query.get('ports') ?? []).flatMap((value) => value.split(','))) {
    if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65535) return malformed('ports must be numbers up to 65535')
    ports.push(Number(port))
  }
  return accept({
    argv: subresource === 'exec' ? (query.get('command') ?? []) : [],
    container: query.get('container')?.[0] ?? '',
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    stderr: flag(query, 'stderr'),
    tty: flag(query, 'tty'),
    ports,
  })
}
