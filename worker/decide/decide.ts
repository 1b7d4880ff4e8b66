// The decision: may this identity do this on this connection? Deny beats Allow, and nothing matched is Deny.
// In: a PolicySet and a classified, authenticated request. Out: a Decision. No I/O, no clock.

import type { Authenticated, Decision, Effect, RequestInfo } from '../context.ts'
import { ANY_OR_NONE, type Bucket, type CompiledRule, type PolicySet, packMessage, resourceKey } from './compile.ts'
import { PACK_POLICY, UNKNOWN_CONNECT } from './pack.ts'

/** The part of a request that is judged. */
export type Judged = Pick<Authenticated, 'identity' | 'connection' | 'info' | 'bodyFormat'>

/** One thing that must be allowed. */
interface Target {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
}

/** Kinds of Kubernetes' own groups that live in no namespace: a Deny for a namespace says nothing about them. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  ...['/nodes', '/namespaces', '/persistentvolumes', '/componentstatuses', 'metrics.k8s.io/nodes'],
  ...['rbac.authorization.k8s.io/clusterroles', 'rbac.authorization.k8s.io/clusterrolebindings'],
  ...['storage.k8s.io/storageclasses', 'storage.k8s.io/volumeattachments', 'storage.k8s.io/csidrivers'],
  ...['storage.k8s.io/csinodes', 'networking.k8s.io/ingressclasses', 'node.k8s.io/runtimeclasses'],
  ...['apiextensions.k8s.io/customresourcedefinitions', 'apiregistration.k8s.io/apiservices'],
  ...['admissionregistration.k8s.io/validatingwebhookconfigurations', 'scheduling.k8s.io/priorityclasses'],
  ...['admissionregistration.k8s.io/mutatingwebhookconfigurations', 'flowcontrol.apiserver.k8s.io/flowschemas'],
  ...['admissionregistration.k8s.io/validatingadmissionpolicies', 'certificates.k8s.io/certificatesigningrequests'],
  ...['admissionregistration.k8s.io/validatingadmissionpolicybindings', 'policy/podsecuritypolicies'],
  ...['flowcontrol.apiserver.k8s.io/prioritylevelconfigurations'],
])
/** Verbs on many objects at once. */
const COLLECTIVE: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])
/** Subresources of other API groups that hand over a connection (virtual machine consoles among them). */
const CONSOLES: ReadonlySet<string> = new Set(['console', 'vnc', 'usbredir', 'ssh', 'shell', 'terminal', 'tunnel'])
const CORE_CONNECT: ReadonlySet<string> = new Set([
  ...['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy', 'nodes/proxy'],
])

/**
 * Judges a request. An Allow may carry `requires: 'exists'`: a PUT or an apply by one who may update but not create
 * holds only for an object that is there.
 */
export function decide(set: PolicySet, request: Judged): Decision {
  if (set.broken !== null) return made(set, 'Deny', '', '', set.broken)
  const { info } = request
  if (!info.isResourceRequest) return decidePath(set, request)
  const unknown = unknownConnect(set, info)
  if (unknown !== null) return unknown
  const { required, also } = targets(info)
  let allowed: CompiledRule | null = null
  for (const target of [...required, ...also]) {
    const rule = find(set, request, target, 'Deny')
    if (rule !== null) return byRule(set, rule)
  }
  for (const target of required) {
    const rule = find(set, request, target, 'Allow')
    if (rule === null) return nothingAllows(set, target)
    allowed ??= rule
  }
  if (allowed === null) return made(set, 'Deny', '', '', 'no policy allows it')
  return mayCreate(request) ? orExists(set, request, allowed) : byRule(set, allowed)
}

/** What a request amounts to: all of `required` must be allowed, and neither those nor `also` denied. */
function targets(info: RequestInfo): { readonly required: readonly Target[]; readonly also: readonly Target[] } {
  const { verb, apiGroup: group, resource, subresource } = info
  const own = { verb, group, resource, subresource }
  if (group !== '' || resource !== 'pods') return { required: [own], also: [] }
  if (subresource === 'eviction' && verb === 'delete') {
    return { required: [{ ...own, subresource: '' }], also: [own, { ...own, verb: 'create' }] }
  }
  if (subresource === 'ephemeralcontainers' && (verb === 'update' || verb === 'patch')) {
    return { required: [own, { ...own, verb: 'connect', subresource: 'exec' }], also: [] }
  }
  return { required: [own], also: [] }
}

/** PUT and apply create what is not there. The other patches answer 404. */
function mayCreate({ info, bodyFormat }: Judged): boolean {
  return info.subresource === '' && (info.verb === 'update' || (info.verb === 'patch' && bodyFormat === 'apply-patch'))
}

function orExists(set: PolicySet, request: Judged, allowed: CompiledRule): Decision {
  const { apiGroup: group, resource, subresource } = request.info
  const create = { verb: 'create', group, resource, subresource }
  const denied = find(set, request, create, 'Deny') !== null
  if (!denied && find(set, request, create, 'Allow') !== null) return byRule(set, allowed)
  return { ...byRule(set, allowed), requires: 'exists' }
}

function unknownConnect(set: PolicySet, info: RequestInfo): Decision | null {
  const core = info.apiGroup === '' && CORE_CONNECT.has(`${info.resource}/${info.subresource}`)
  const console = info.apiGroup !== '' && CONSOLES.has(info.subresource)
  if ((info.verb !== 'connect' || core) && !console) return null
  const message = packMessage(set, UNKNOWN_CONNECT.name)
  return message === null ? null : made(set, 'Deny', PACK_POLICY, UNKNOWN_CONNECT.name, message)
}

/** The first rule of an effect that matches. */
function find(set: PolicySet, request: Judged, target: Target, effect: 'Allow' | 'Deny'): CompiledRule | null {
  for (const bucket of bucketsOf(set, target)) {
    for (const rule of bucket[effect]) {
      if (matches(rule, request, target.verb)) return rule
    }
  }
  return null
}

/** The rules whose patterns can stand for the target: a look-up for each pattern there can be. */
function bucketsOf(set: PolicySet, { verb, group, resource, subresource }: Target): readonly Bucket[] {
  const buckets: Bucket[] = []
  const add = (someVerb: string, someGroup: string, someResource: string, some: string) => {
    const bucket = set.byResource.get(resourceKey(someVerb, someGroup, someResource, some))
    if (bucket !== undefined) buckets.push(bucket)
  }
  for (const someVerb of [verb, '*']) {
    for (const someGroup of [group, '*']) {
      add(someVerb, someGroup, resource, subresource)
      add(someVerb, someGroup, '*', ANY_OR_NONE)
      if (subresource === '') continue
      add(someVerb, someGroup, '*', subresource)
      add(someVerb, someGroup, resource, '*')
      add(someVerb, someGroup, '*', '*')
    }
  }
  return buckets
}

/** Cheapest check first: a thousand rules on one resource are told apart by namespace in a few microseconds. */
function matches(rule: CompiledRule, request: Judged, verb: string): boolean {
  return inNamespace(rule, request.info, verb) && hasName(rule, request.info, verb) && isSubject(rule, request)
}

function isSubject(rule: CompiledRule, { identity, connection }: Judged): boolean {
  if (rule.connections !== null && !rule.connections.has(connection)) return false
  if (rule.users === null || rule.users.has(identity.user.username)) return true
  for (const group of identity.user.groups) {
    if (rule.groups.has(group)) return true
  }
  return false
}

/** A Deny for a namespace also covers a list, watch or deletecollection over all namespaces: it would reach into it. */
function inNamespace(rule: CompiledRule, info: RequestInfo, verb: string): boolean {
  if (rule.namespaces === null || rule.namespaces.has(info.namespace)) return true
  if (rule.effect === 'Allow' || info.namespace !== '' || !COLLECTIVE.has(verb)) return false
  return !CLUSTER_SCOPED.has(`${info.apiGroup}/${info.resource}`)
}

/** A Deny for a name also covers a list, watch or deletecollection, which names nothing and reaches everything. */
function hasName(rule: CompiledRule, info: RequestInfo, verb: string): boolean {
  if (rule.names === null) return true
  if (info.name !== '') return rule.names.has(info.name)
  return rule.effect === 'Deny' && COLLECTIVE.has(verb)
}

/** Non-resource paths are judged decoded, as the API server sees them. */
function decidePath(set: PolicySet, request: Judged): Decision {
  const { verb } = request.info
  const path = request.info.path.includes('%') ? decodeURIComponent(request.info.path) : request.info.path
  const entries = [...(set.byPath.get(verb) ?? []), ...(set.byPath.get('*') ?? [])].filter(
    ({ pattern, rule }) => pathMatches(pattern, path) && isSubject(rule, request),
  )
  const found = entries.find(({ rule }) => rule.effect === 'Deny') ?? entries[0]
  if (found !== undefined) return byRule(set, found.rule)
  return made(set, 'Deny', '', '', `no policy allows ${verb} on the path ${path}`)
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

function nothingAllows(set: PolicySet, { verb, group, resource, subresource }: Target): Decision {
  const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`
  return made(set, 'Deny', '', '', `no policy allows ${verb} on ${what}`)
}

function byRule(set: PolicySet, rule: CompiledRule): Decision {
  const words = rule.effect === 'Allow' ? 'allowed' : 'denied'
  return made(set, rule.effect, rule.policy, rule.rule, rule.message === '' ? `${words} by policy` : rule.message)
}

function made(set: PolicySet, effect: Effect, policy: string, rule: string, reason: string): Decision {
  return { effect, policy, rule, reason, revision: set.revision }
}
