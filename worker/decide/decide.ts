// The decision: may this identity do this on this connection? Deny beats Hold beats Allow, and nothing matched is Deny.
// In: a PolicySet, a classified, authenticated request and what is known beside it. Out: a Decision, or what must be fetched
// first. What can be decided without the objects is decided without them. No I/O, no clock.

import type { Approval, Decision, Effect, Facts, RequestInfo } from '../context.ts'
import { strictest } from './approval.ts'
import { Asking, type Found, type Permit } from './asking.ts'
import { ANY_OR_NONE, type Bucket, type CompiledRule, type PolicySet, packMessage, resourceKey } from './compile.ts'
import { PACK_POLICY, UNKNOWN_CONNECT } from './pack.ts'
import type { Judged, Need } from './scope.ts'
import { isSubject } from './subject.ts'

export type { Judged, Need } from './scope.ts'

/** The decision, or what is missing for it: fetch all of `needs`, add them to the facts (null where there is none), ask again. */
export type Verdict =
  | { readonly decided: true; readonly decision: Decision }
  | { readonly decided: false; readonly needs: ReadonlySet<Need> }

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
  ...[
    'admissionregistration.k8s.io/mutatingadmissionpolicies',
    'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  ],
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
 * Judges a request. An Allow or a Hold may carry `requires: 'exists'`: a PUT or an apply by one who may update but not create
 * holds only for an object that is there. A Hold always carries its approval.
 */
export function decide(set: PolicySet, request: Judged, facts: Facts): Verdict {
  if (set.broken !== null) return decided(made(set, 'Deny', '', '', set.broken))
  const asking = new Asking(request, facts)
  return request.info.isResourceRequest ? decideResource(set, request, facts, asking) : decidePath(set, request, asking)
}

function decideResource(set: PolicySet, request: Judged, facts: Facts, asking: Asking): Verdict {
  const { info } = request
  const unknown = unknownConnect(set, info)
  if (unknown !== null) return decided(unknown)
  const { required, also } = targets(info)
  const needs = new Set<Need>()
  for (const target of [...required, ...also]) {
    const denied = asking.first(candidates(set, request, target, 'Deny'), needs)
    if (denied !== null) return decided(byRule(set, denied))
  }
  const permits: Permit[] = []
  for (const target of required) {
    const permit = permitFor(set, request, target, asking)
    if (asking.spent) return decided(tooCostly(set))
    if (permit.kind === 'none') return decided(nothingAllows(set, target))
    permits.push(permit)
  }
  const holding = permits.some((permit) => permit.kind === 'rule' && permit.found.rule.effect === 'Hold')
  for (const target of holding ? [] : also) {
    const hold = asking.permit(candidates(set, request, target, 'Hold'), [])
    if (hold.kind !== 'none') permits.push(hold)
  }
  for (const permit of permits) {
    if (permit.kind === 'unknown') for (const need of permit.needs) needs.add(need)
  }
  if (needs.size > 0) return { decided: false, needs }
  const creation = mayCreate(request) ? creationOf(set, request, permits, facts, asking) : null
  if (asking.spent) return decided(tooCostly(set))
  if (creation?.kind === 'unknown') return { decided: false, needs: new Set(creation.needs) }
  if (creation?.kind === 'none') {
    if (facts.oldObject === null) return decided(made(set, 'Deny', '', '', WOULD_CREATE))
    return decided(orExists(byPermits(set, permits)))
  }
  return decided(byPermits(set, creation === null ? permits : [creation]))
}

/**
 * What decides if the object has to be created, by a PUT or an apply. `none`: nothing allows that, so the object must exist.
 * Whether it exists is asked for only where create is not judged as the request itself is.
 */
function creationOf(set: PolicySet, request: Judged, permits: readonly Permit[], facts: Facts, asking: Asking): Permit {
  const { oldObject } = facts
  if (oldObject !== undefined && oldObject !== null) return NONE
  const { apiGroup: group, resource, subresource } = request.info
  const create = { verb: 'create', group, resource, subresource }
  const needs = new Set<Need>()
  if (asking.first(candidates(set, request, create, 'Deny'), needs) !== null) return NONE
  const permit = permitFor(set, request, create, asking)
  if (permit.kind === 'none') return NONE
  if (permit.kind === 'unknown') for (const need of permit.needs) needs.add(need)
  const [own = NONE] = permits
  const differs = permit.kind === 'rule' && permit.found.rule.effect === 'Hold' && !sameRule(own, permit)
  // A look at whether it exists is cheaper than a dry run.
  if (oldObject === undefined && (needs.size > 0 || differs)) return { kind: 'unknown', needs: ['oldObject'] }
  if (needs.size > 0) return { kind: 'unknown', needs: [...needs] }
  return differs ? permit : own
}

function sameRule(one: Permit, other: Permit): boolean {
  return one.kind === 'rule' && other.kind === 'rule' && one.found.rule === other.found.rule
}

const NONE: Permit = { kind: 'none' }
const WOULD_CREATE = 'it would create an object, and no policy allows create here'

function permitFor(set: PolicySet, request: Judged, target: Target, asking: Asking): Permit {
  return asking.permit(candidates(set, request, target, 'Hold'), () => candidates(set, request, target, 'Allow'))
}

/** Any Hold makes it a Hold. Of two different ones the first is named, and who answers must be able to answer both. */
function byPermits(set: PolicySet, permits: readonly Permit[]): Decision {
  const found = permits.flatMap((permit) => (permit.kind === 'rule' ? [permit.found] : []))
  const holds = found
    .filter(({ rule }) => rule.effect === 'Hold')
    .sort((one, other) => one.rule.order - other.rule.order)
  const [first] = holds
  if (first === undefined) {
    const [allow] = found
    return allow === undefined ? made(set, 'Deny', '', '', 'no policy allows it') : byRule(set, allow)
  }
  let approval: Approval | null = first.rule.approval
  for (const { rule } of holds.slice(1)) {
    if (rule === first.rule) continue
    approval = strictest(approval, rule.approval)
    if (approval === null) {
      const other = `policy ${rule.policy}, rule ${rule.rule}`
      const reason = `it is also held by ${other}, and nobody may answer both: give both rules an approver in common`
      return made(set, 'Deny', first.rule.policy, first.rule.rule, reason)
    }
  }
  return { ...byRule(set, first), approval }
}

function orExists(decision: Decision): Decision {
  return decision.effect === 'Deny' ? decision : { ...decision, requires: 'exists' }
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

function unknownConnect(set: PolicySet, info: RequestInfo): Decision | null {
  const core = info.apiGroup === '' && CORE_CONNECT.has(`${info.resource}/${info.subresource}`)
  const console = info.apiGroup !== '' && CONSOLES.has(info.subresource)
  if ((info.verb !== 'connect' || core) && !console) return null
  const message = packMessage(set, UNKNOWN_CONNECT.name)
  return message === null ? null : made(set, 'Deny', PACK_POLICY, UNKNOWN_CONNECT.name, message)
}

/**
 * Every rule that has a say in a request, whatever its condition says: Deny, then Hold, then Allow, each in their order. Of a
 * PUT or an apply also those for create.
 */
export function rulesAbout(set: PolicySet, request: Judged): readonly CompiledRule[] {
  const { info } = request
  const of = (effect: Effect): readonly CompiledRule[] => {
    if (!info.isResourceRequest) return pathRules(set, request, effect)
    const { required, also } = targets(info)
    const { apiGroup: group, resource, subresource } = info
    const create = mayCreate(request) ? [{ verb: 'create', group, resource, subresource }] : []
    const all = [...required, ...create, ...(effect === 'Allow' ? [] : also)]
    return inOrder(all.flatMap((target) => candidates(set, request, target, effect)))
  }
  return [...of('Deny'), ...of('Hold'), ...of('Allow')]
}

/** The rules of an effect that can match, in their order; conditions are not asked yet. */
function candidates(set: PolicySet, request: Judged, target: Target, effect: Effect): CompiledRule[] {
  const found: CompiledRule[] = []
  for (const bucket of bucketsOf(set, target)) {
    for (const rule of bucket[effect]) if (matches(rule, request, target.verb)) found.push(rule)
  }
  return inOrder(found)
}

/** A rule may be found under several keys. */
function inOrder(rules: CompiledRule[]): CompiledRule[] {
  if (rules.length < 2) return rules
  rules.sort((one, other) => one.order - other.order)
  return rules.filter((rule, index) => rule !== rules[index - 1])
}

/** Targets whose rules are remembered for a set. Stops a client that asks for made-up resources from filling the memory. */
const MAX_REMEMBERED = 1024
const remembered = new WeakMap<PolicySet, Map<string, readonly Bucket[]>>()

/** The rules whose patterns can stand for the target. A client asks for the same few things again and again. */
function bucketsOf(set: PolicySet, target: Target): readonly Bucket[] {
  const key = resourceKey(target.verb, target.group, target.resource, target.subresource)
  const known = remembered.get(set) ?? new Map<string, readonly Bucket[]>()
  let buckets = known.get(key)
  if (buckets === undefined) {
    buckets = findBuckets(set, target)
    if (known.size >= MAX_REMEMBERED) known.clear()
    remembered.set(set, known.set(key, buckets))
  }
  return buckets
}

/** A look-up for each pattern there can be. */
function findBuckets(set: PolicySet, { verb, group, resource, subresource }: Target): readonly Bucket[] {
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

/** A Deny or a Hold for a namespace also covers a list, watch or deletecollection over all namespaces: it would reach into it. */
function inNamespace(rule: CompiledRule, info: RequestInfo, verb: string): boolean {
  if (rule.namespaces === null || rule.namespaces.has(info.namespace)) return true
  if (rule.effect === 'Allow' || info.namespace !== '' || !COLLECTIVE.has(verb)) return false
  return !CLUSTER_SCOPED.has(`${info.apiGroup}/${info.resource}`)
}

/** A Deny or a Hold for a name also covers a list, watch or deletecollection, which names nothing and reaches everything. */
function hasName(rule: CompiledRule, info: RequestInfo, verb: string): boolean {
  if (rule.names === null) return true
  if (info.name !== '') return rule.names.has(info.name)
  return rule.effect !== 'Allow' && COLLECTIVE.has(verb)
}

function decidePath(set: PolicySet, request: Judged, asking: Asking): Verdict {
  const denied = asking.first(pathRules(set, request, 'Deny'), new Set())
  if (denied !== null) return decided(byRule(set, denied))
  const permit = asking.permit(pathRules(set, request, 'Hold'), pathRules(set, request, 'Allow'))
  if (asking.spent) return decided(tooCostly(set))
  if (permit.kind === 'rule') return decided(byPermits(set, [permit]))
  const { verb } = request.info
  return decided(made(set, 'Deny', '', '', `no policy allows ${verb} on the path ${pathOf(request.info)}`))
}

/** The rules of an effect that can match a path, in their order. */
function pathRules(set: PolicySet, request: Judged, effect: Effect): CompiledRule[] {
  const { verb } = request.info
  const path = pathOf(request.info)
  const found: CompiledRule[] = []
  for (const { pattern, rule } of [...(set.byPath.get(verb) ?? []), ...(set.byPath.get('*') ?? [])]) {
    if (rule.effect === effect && pathMatches(pattern, path) && isSubject(rule, request)) found.push(rule)
  }
  return inOrder(found)
}

/** Paths are judged decoded, as the API server sees them. */
function pathOf({ path }: RequestInfo): string {
  return path.includes('%') ? decodeURIComponent(path) : path
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

function nothingAllows(set: PolicySet, { verb, group, resource, subresource }: Target): Decision {
  const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`
  return made(set, 'Deny', '', '', `no policy allows ${verb} on ${what}`)
}

function tooCostly(set: PolicySet): Decision {
  return made(set, 'Deny', '', '', 'the conditions of the policies cost too much on this request')
}

const WORDS: Readonly<Record<Effect, string>> = {
  Allow: 'allowed by policy',
  Deny: 'denied by policy',
  Hold: 'held by policy',
}

function byRule(set: PolicySet, { rule, failed }: Found): Decision {
  const said = rule.message === '' ? WORDS[rule.effect] : rule.message
  return made(
    set,
    rule.effect,
    rule.policy,
    rule.rule,
    failed ? `${said} (its condition could not be evaluated)` : said,
  )
}

function made(set: PolicySet, effect: Effect, policy: string, rule: string, reason: string): Decision {
  return { effect, policy, rule, reason, revision: set.revision }
}

function decided(decision: Decision): Verdict {
  return { decided: true, decision }
}
