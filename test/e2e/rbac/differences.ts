// Where policies answer otherwise than RBAC, on purpose (docs/policies.md, "Verbs that differ"): each is left out of the
// comparison and has a row here, which RBAC allows. No I/O.

import type { Attributes, RbacRule } from './cases.ts'

export interface Difference {
  readonly name: string
  readonly rules: readonly RbacRule[]
  readonly asked: Attributes
  /** Appended to the request, which then names no object: what the API server reads `name` from all the same. */
  readonly query?: string
  /** With the built-in deny pack on. */
  readonly pack?: boolean
  readonly effect: 'Allow' | 'Deny'
  readonly requires?: 'exists'
}

const pods = (verb: string, subresource: string): Attributes => ({
  verb,
  path: '',
  group: '',
  resource: 'pods',
  subresource,
  namespace: 'default',
  name: 'p',
})
const rule = (verb: string, resource: string, resourceNames?: readonly string[]): readonly RbacRule[] => [
  { verbs: [verb], apiGroups: [''], resources: [resource], ...(resourceNames === undefined ? {} : { resourceNames }) },
]

export const DIFFERENCES: readonly Difference[] = [
  ...['exec', 'attach', 'portforward', 'proxy'].flatMap((subresource) =>
    ['get', 'create'].map(
      (verb): Difference => ({
        name: `${verb} on pods/${subresource} is no ${verb} but a connect`,
        rules: rule(verb, `pods/${subresource}`),
        asked: pods(verb, subresource),
        effect: 'Deny',
      }),
    ),
  ),
  {
    name: 'an eviction is a delete of the pod',
    rules: rule('create', 'pods/eviction'),
    asked: pods('create', 'eviction'),
    effect: 'Deny',
  },
  {
    name: 'a debug container needs connect on pods/exec too',
    rules: rule('patch', 'pods/ephemeralcontainers'),
    asked: pods('patch', 'ephemeralcontainers'),
    effect: 'Deny',
  },
  {
    name: 'a list by field selector names no object',
    rules: rule('list', 'pods', ['p']),
    asked: pods('list', ''),
    query: '?fieldSelector=metadata.name%3Dp',
    effect: 'Deny',
  },
  {
    name: 'a PUT by one who may not create holds for what exists',
    rules: rule('update', 'pods'),
    asked: pods('update', ''),
    effect: 'Allow',
    requires: 'exists',
  },
  {
    name: 'the built-in deny pack, which RBAC does not have',
    rules: rule('create', 'serviceaccounts/token'),
    asked: { ...pods('create', 'token'), resource: 'serviceaccounts' },
    pack: true,
    effect: 'Deny',
  },
]
