// RBAC as the API server evaluates it, from the stored roles and bindings; group system:masters may do everything.
// In: user and request attributes. Out: allowed or not, and why.

import { failure } from '../../../protocol/status.ts'
import type { Cluster, User } from '../cluster.ts'
import { type JsonObject, type KubeObject, listAt, objectsAt, textAt } from '../json.ts'
import { forbidden, qualified, Refusal } from '../refusal.ts'
import type { RequestInfo } from '../request.ts'

/** What an authorizer looks at. */
export interface Attributes {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** Set for paths outside the resource API. */
  readonly path?: string
}

const RBAC = 'rbac.authorization.k8s.io'

function includes(rule: JsonObject, field: string, ...wanted: string[]): boolean {
  const have = listAt(rule, field)
  return have.includes('*') || wanted.some((value) => have.includes(value))
}

function ruleAllows(rule: JsonObject, asked: Attributes): boolean {
  if (!includes(rule, 'verbs', asked.verb)) return false
  if (asked.path !== undefined) {
    const path = asked.path
    return listAt(rule, 'nonResourceURLs').some(
      (url) =>
        typeof url === 'string' &&
        (url === path || url === '*' || (url.endsWith('*') && path.startsWith(url.slice(0, -1)))),
    )
  }
  if (!includes(rule, 'apiGroups', asked.group)) return false
  const full = asked.subresource === '' ? asked.resource : `${asked.resource}/${asked.subresource}`
  const wanted = asked.subresource === '' ? [full] : [full, `*/${asked.subresource}`]
  if (!includes(rule, 'resources', ...wanted)) return false
  const names = listAt(rule, 'resourceNames')
  return names.length === 0 || names.includes(asked.name)
}

function isSubject(subject: JsonObject, user: User, namespace: string): boolean {
  const name = textAt(subject, 'name')
  switch (textAt(subject, 'kind')) {
    case 'User':
      return name === user.username || name === '*'
    case 'Group':
      return user.groups.includes(name)
    case 'ServiceAccount':
      return user.username === `system:serviceaccount:${textAt(subject, 'namespace') || namespace}:${name}`
    default:
      return false
  }
}

function rulesOf(cluster: Cluster, binding: KubeObject): JsonObject[] {
  const name = textAt(binding, 'roleRef', 'name')
  const clusterRole = textAt(binding, 'roleRef', 'kind') === 'ClusterRole'
  const role = clusterRole
    ? cluster.store.get(`clusterroles.${RBAC}`, '', name)
    : cluster.store.get(`roles.${RBAC}`, binding.metadata.namespace ?? '', name)
  return objectsAt(role, 'rules')
}

/** Every rule that applies to a user in a namespace (`''`: cluster-wide rules only). */
export function rulesFor(cluster: Cluster, user: User, namespace: string): JsonObject[] {
  const everything: JsonObject[] = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ]
  if (user.groups.includes('system:masters')) return everything
  const bindings = [
    ...cluster.store.list(`clusterrolebindings.${RBAC}`),
    ...(namespace === '' ? [] : cluster.store.list(`rolebindings.${RBAC}`, namespace)),
  ]
  return bindings
    .filter((binding) =>
      objectsAt(binding, 'subjects').some((subject) => isSubject(subject, user, binding.metadata.namespace ?? '')),
    )
    .flatMap((binding) => rulesOf(cluster, binding))
}

/** True when RBAC allows what is asked. */
export function allows(cluster: Cluster, user: User, asked: Attributes): boolean {
  return rulesFor(cluster, user, asked.namespace).some((rule) => ruleAllows(rule, asked))
}

/** True when `user` may impersonate one user, group, uid or extra value. */
export function mayImpersonate(cluster: Cluster, user: User, group: string, resource: string, name: string): boolean {
  const [plural = '', subresource = ''] = resource.split(/\/(.*)/s)
  return allows(cluster, user, { verb: 'impersonate', group, resource: plural, subresource, namespace: '', name })
}

/** Refuses with 403, in the words of the real authorizer, what RBAC does not allow. */
export function authorize(cluster: Cluster, user: User, info: RequestInfo): void {
  if (!info.isResource) {
    const asked = {
      verb: info.verb,
      group: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
      path: info.path,
    }
    if (allows(cluster, user, asked)) return
    throw new Refusal(
      failure('Forbidden', `forbidden: User "${user.username}" cannot ${info.verb} path "${info.path}"`, {
        details: {},
      }),
    )
  }
  const asked = {
    verb: info.verb,
    group: info.group,
    resource: info.plural,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
  }
  if (allows(cluster, user, asked)) return
  const resource = info.subresource === '' ? info.plural : `${info.plural}/${info.subresource}`
  const where = info.namespace === '' ? 'at the cluster scope' : `in the namespace "${info.namespace}"`
  const what = `${qualified(info.plural, info.group)}${info.name === '' ? '' : ` "${info.name}"`}`
  throw forbidden(
    info.plural,
    info.group,
    info.name,
    `${what} is forbidden: User "${user.username}" cannot ${info.verb} resource "${resource}" in API group "${info.group}" ${where}`,
  )
}
