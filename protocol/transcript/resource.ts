// Names of resources as people and kubectl write them, and what a recorded target says.
// In: plural resource names, targets. Out: `deploy`, `deployment.apps/web`, query parameters. No I/O.

import type { RecordedRequest } from '../log/event.ts'

/** The short names people type most. */
const SHORT: Readonly<Record<string, string>> = {
  configmaps: 'cm',
  cronjobs: 'cj',
  daemonsets: 'ds',
  deployments: 'deploy',
  endpoints: 'endpoints',
  events: 'events',
  horizontalpodautoscalers: 'hpa',
  namespaces: 'ns',
  networkpolicies: 'netpol',
  persistentvolumeclaims: 'pvc',
  persistentvolumes: 'pv',
  replicasets: 'rs',
  replicationcontrollers: 'rc',
  serviceaccounts: 'sa',
  services: 'svc',
  statefulsets: 'sts',
}

/** Words that end in `s` in the singular. */
const ALREADY_SINGULAR: ReadonlySet<string> = new Set(['endpoints', 'podmetrics', 'nodemetrics'])

/** `deployments` → `deployment`, `ingresses` → `ingress`, `networkpolicies` → `networkpolicy`. */
export function singular(resource: string): string {
  if (ALREADY_SINGULAR.has(resource)) return resource
  if (resource.endsWith('ies')) return `${resource.slice(0, -3)}y`
  if (/(?:ss|x|ch|sh)es$/.test(resource)) return resource.slice(0, -2)
  return resource.endsWith('s') ? resource.slice(0, -1) : resource
}

/** As typed for one object: `deploy`, `pod`, `widget`. */
export function typedOne(resource: string): string {
  return SHORT[resource] ?? singular(resource)
}

/** As typed for a list: `deploy`, `pods`, `widgets`. */
export function typedMany(resource: string): string {
  return SHORT[resource] ?? resource
}

/** As kubectl prints an object: `pod/web-0`, `deployment.apps/web`. */
export function printed(request: Pick<RecordedRequest, 'resource' | 'group'>, name: string): string {
  return `${printedKind(request)}/${name}`
}

/** `pod`, `deployment.apps`. */
export function printedKind(request: Pick<RecordedRequest, 'resource' | 'group'>): string {
  const kind = singular(request.resource)
  return request.group === '' ? kind : `${kind}.${request.group}`
}

/** The target without its query. */
export function pathOf(request: Pick<RecordedRequest, 'target'>): string {
  const end = request.target.indexOf('?')
  return end === -1 ? request.target : request.target.slice(0, end)
}

/** The target's query parameters. */
export function queryOf(request: Pick<RecordedRequest, 'target'>): URLSearchParams {
  const end = request.target.indexOf('?')
  return new URLSearchParams(end === -1 ? '' : request.target.slice(end + 1))
}

/** Requests by which a client learns what the API server offers: nothing a person asked for. */
export function isDiscovery(request: RecordedRequest): boolean {
  if (request.method !== 'GET') return false
  return /^\/(?:api(?:\/[^/]+)?|apis(?:\/[^/]+){0,2}|openapi(?:\/.*)?|version|swagger[^/]*)\/?$/.test(pathOf(request))
}

/** The kubectl subcommand (`get`, `rollout status`) the client claims; '' when it claims none. */
export function subcommandOf(requests: readonly RecordedRequest[]): string {
  for (const { kubectlCommand } of requests) {
    const match = /^(?:kubectl|kubectl-[\w-]+)\s+(.+)$/.exec(kubectlCommand ?? '')
    if (match?.[1]) return match[1].trim()
  }
  return ''
}

/** True when helm made these requests. */
export function isHelm(requests: readonly RecordedRequest[]): boolean {
  return requests.some((request) => /^helm\//i.test(request.userAgent))
}
