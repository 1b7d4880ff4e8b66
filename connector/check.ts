// What the connector checks of a request although the gateway judged it: defence in depth against a gateway gone wrong.
// In: a RequestHead. Out: null, or why it is refused. No I/O.

import type { RequestHead } from '../protocol/tunnel/head.ts'

/** The connector's own narrower limits. */
export interface OwnLimits {
  /** Only GET and HEAD, and no upgrades. */
  readonly readOnly: boolean
  /** Namespaces whose objects are refused. */
  readonly denyNamespaces: readonly string[]
}

/** Request headers that may be forwarded. Everything else is refused, not dropped: the gateway should not have sent it. */
const ALLOWED = new Set([
  'accept',
  'content-type',
  'content-length',
  'user-agent',
  'kubectl-command',
  'kubectl-session',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'x-stream-protocol-version',
])

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const READS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Origin form (RFC 9112, section 3.2.1): printable ASCII, no space, no fragment. */
const TARGET = /^\/[!-"$-~]*$/
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const LEAF = /^[0-9a-f]{64}$/
/** Field content (RFC 9110, section 5.5): no control characters. Latin-1 and above only as UTF-8, which identity headers need. */
const VALUE = /^[^\0-\x08\x0a-\x1f\x7f]*$/
const CONNECTING = new Set(['exec', 'attach', 'portforward'])

/** Decoded path segments; null when one does not decode, or hides a slash or a dot segment. */
function segmentsOf(path: string): readonly string[] | null {
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent)
    return parts.some((part) => part === '.' || part === '..' || /[/\\\0-\x1f\x7f]/.test(part)) ? null : parts
  } catch {
    return null
  }
}

/** What follows the API version: `namespaces`, NS, … or a plural; empty for what is no resource. The old `watch/` is skipped. */
function resourceParts(parts: readonly string[]): readonly string[] {
  const start = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : parts.length
  const old = parts[start] === 'watch' || parts[start] === 'proxy'
  return parts.slice(old ? start + 1 : start)
}

/** Why the request is refused; null when it is fit to be sent. */
export function checkRequest(head: RequestHead, limits: OwnLimits): string | null {
  if (!ID.test(head.id)) return 'the request has no well-formed id'
  if (head.receipt.id !== head.id || !LEAF.test(head.receipt.leaf)) {
    return 'the request carries no receipt of its recorded intent'
  }
  if (!METHODS.has(head.method)) return 'the method is not allowed'
  if (!TARGET.test(head.target)) return 'the request target is not in origin form'
  const path = head.target.split('?', 1)[0] ?? ''
  const parts = segmentsOf(path)
  if (path.includes('//') || parts === null) return 'the path is not canonical'
  for (const [name, value] of head.headers) {
    if (!ALLOWED.has(name)) return `the header ${JSON.stringify(name.slice(0, 60))} is not one that is forwarded`
    if (!VALUE.test(value)) return 'a header value holds control characters'
  }
  const { user } = head
  if (user.username === '') return 'there is nobody to impersonate'
  const extras = Object.entries(user.extra)
  for (const text of [user.username, user.uid, ...user.groups, ...extras.flatMap(([, values]) => values)]) {
    if (!VALUE.test(text)) return 'the identity holds control characters'
    // HTTP takes them off: what was judged as one name would arrive as another.
    if (/^[ \t]|[ \t]$/.test(text)) return 'the identity holds a name with a space at its end'
  }
  if (extras.some(([key]) => key === '')) return 'the identity has an extra without a name'
  if (head.upgrade !== undefined) {
    const last = parts.at(-1) ?? ''
    if (head.method !== 'GET' || !CONNECTING.has(last)) return 'only exec, attach and port-forward can be upgraded'
  }
  return checkLimits(head, parts, limits)
}

function checkLimits(head: RequestHead, parts: readonly string[], limits: OwnLimits): string | null {
  if (limits.readOnly) {
    const connects = parts.some((part) => CONNECTING.has(part) || part === 'proxy')
    if (!READS.has(head.method) || head.upgrade !== undefined || connects) {
      return 'this connector is read-only (--read-only)'
    }
  }
  if (limits.denyNamespaces.length === 0) return null
  const [first = '', namespace, subresource] = resourceParts(parts)
  // A node's kubelet runs commands in any pod of it, and knows no namespaces that could be denied.
  if (first === 'nodes' && subresource === 'proxy') {
    return 'this connector does not serve nodes/proxy, which reaches into every namespace (--deny-namespace)'
  }
  if (first === 'namespaces' && namespace !== undefined) {
    return limits.denyNamespaces.includes(namespace)
      ? `this connector does not serve the namespace ${namespace} (--deny-namespace)`
      : null
  }
  // A list over all namespaces would show what is denied one by one.
  if (first !== '' && !CLUSTER_SCOPED.has(first)) {
    return 'this connector does not serve requests over all namespaces (--deny-namespace); name one with -n'
  }
  return null
}

/** Cluster-scoped kinds that say nothing of what is inside a namespace. Anything unknown counts as namespaced. */
const CLUSTER_SCOPED = new Set([
  'nodes',
  'persistentvolumes',
  'namespaces',
  'componentstatuses',
  'storageclasses',
  'clusterroles',
  'clusterrolebindings',
  'customresourcedefinitions',
  'apiservices',
  'priorityclasses',
  'ingressclasses',
  'runtimeclasses',
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
])
