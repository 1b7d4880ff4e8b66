// The same in both languages: an RBAC rule as a rule of an AccessPolicy, a request's attributes as the HTTP request they
// come from. In: cases. Out: documents, method and path. No I/O.

import type { Attributes, RbacRule } from './cases.ts'

/** `RESOURCE[.GROUP][/SUBRESOURCE]` of one API group and one resource of an RBAC rule. */
function pattern(group: string, resource: string): string {
  const [head = '', ...rest] = resource.split('/')
  const tail = rest.length === 0 ? '' : `/${rest.join('/')}`
  if (group === '*') return head === '*' ? `*${tail}` : `${head}.*${tail}`
  if (group === '') return head === '*' ? `*.core${tail}` : `${head}${tail}`
  return `${head}.${group}${tail}`
}

/** Rules of an AccessPolicy. `namespace` null: everywhere. Paths count only where the binding is for the whole cluster. */
export function accessRules(rules: readonly RbacRule[], namespace: string | null): Record<string, unknown>[] {
  return rules.flatMap((rule, index): Record<string, unknown>[] => {
    const common = { name: `rule-${index}`, effect: 'Allow', verbs: rule.verbs }
    if (rule.nonResourceURLs !== undefined)
      return namespace === null ? [{ ...common, paths: rule.nonResourceURLs }] : []
    const resources = (rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).map((resource) => pattern(group, resource)),
    )
    return [
      {
        ...common,
        resources,
        ...(rule.resourceNames === undefined ? {} : { names: rule.resourceNames }),
        ...(namespace === null ? {} : { namespaces: [namespace] }),
      },
    ]
  })
}

const METHODS: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
}

/** The request that an API server reads these attributes from. */
export function httpRequest(asked: Attributes): { readonly method: string; readonly target: string } {
  const { verb, path, group, resource, subresource, namespace, name } = asked
  if (path !== '') return { method: verb.toUpperCase(), target: path }
  const parts = [
    group === '' ? '/api/v1' : `/apis/${group}/v1`,
    ...(namespace === '' || resource === 'namespaces' ? [] : ['namespaces', namespace]),
    ...[resource, name, subresource].filter((part) => part !== ''),
  ]
  return { method: METHODS[verb] ?? '', target: `${parts.join('/')}${verb === 'watch' ? '?watch=true' : ''}` }
}

/** A `SubjectAccessReview` for them. */
export function accessReview(
  asked: Attributes,
  subject: { readonly user: string; readonly groups: readonly string[] },
) {
  const { path, ...resource } = asked
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      ...subject,
      ...(path === ''
        ? { resourceAttributes: { ...resource, version: 'v1' } }
        : { nonResourceAttributes: { path, verb: asked.verb } }),
    },
  }
}
