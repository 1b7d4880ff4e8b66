// Roles with requests to ask of them, made from a seed: the same ones in every run. Half of the requests come from a rule of
// the role, some with one thing changed. In: a seed and a count. Out: cases. No I/O.
//
// Left out because RBAC cannot say it: `pods/*` (RBAC takes the star literally), Deny and Hold, conditions, connections.
// Left out because the two differ on purpose: what differences.ts lists.

import fc from 'fast-check'

/** `rbac/v1` PolicyRule. */
export interface RbacRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

/** What is asked, as Kubernetes' authorizer attributes name it. `path`: of no resource; then the rest is `''`. */
export interface Attributes {
  readonly verb: string
  readonly path: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}

export interface RoleCase {
  readonly bound: 'ClusterRoleBinding' | 'ClusterRole in a RoleBinding' | 'RoleBinding'
  readonly subject: 'user' | 'group'
  /** 0 or 1: of which of the two namespaces the role or its binding is. */
  readonly home: 0 | 1
  readonly rules: readonly RbacRule[]
  /** With namespaces `0`, `1` (of the run), `''` or `kube-system`. */
  readonly requests: readonly Attributes[]
}

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  '': ['pods', 'services', 'configmaps', 'secrets', 'serviceaccounts', 'namespaces', 'nodes', 'persistentvolumes'],
  apps: ['deployments', 'statefulsets', 'daemonsets'],
  batch: ['jobs', 'cronjobs'],
  'networking.k8s.io': ['ingresses', 'networkpolicies'],
  'rbac.authorization.k8s.io': ['roles', 'clusterroles'],
  'example.com': ['widgets', 'deployments', 'pods'],
}
const GROUP_NAMES = Object.keys(GROUPS)
const RESOURCES = [...new Set(Object.values(GROUPS).flat())]
const CLUSTER_SCOPED = new Set(['namespaces', 'nodes', 'persistentvolumes', 'clusterroles'])
const SUBRESOURCES = ['status', 'scale', 'log', 'token', 'finalize']
const NAMES = ['web', 'db-0', 'a.b.c', 'system:node', 'x']
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']
const PATHS = [
  ...['/', '/api', '/apis', '/apis/apps', '/apis/apps/v1', '/healthz', '/healthz/etcd', '/healthz/', '/livez'],
  ...['/metrics', '/metrics/cadvisor', '/version', '/version/', '/openapi/v2', '/openapi/v3/apis/apps/v1', '/logs/a/b'],
]
const PATTERNS = [
  ...['*', '/*', '/', '/api', '/api/*', '/apis/*', '/apis*', '/healthz', '/healthz/*', '/healthz*', '/metrics'],
  ...['/metrics/*', '/version', '/version/', '/open*', '/logs/a/*', '/logs/a', '/livez/*'],
]
const PATH_VERBS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']

const some = <T>(values: readonly T[], maxLength: number) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength })
const rarely = <T>(value: T, otherwise: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(value) }, { weight: 4, arbitrary: otherwise })

const resourcePattern = fc.oneof(
  { weight: 1, arbitrary: fc.constant('*') },
  { weight: 1, arbitrary: fc.constantFrom(...SUBRESOURCES).map((subresource) => `*/${subresource}`) },
  { weight: 6, arbitrary: fc.constantFrom(...RESOURCES) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...RESOURCES), fc.constantFrom(...SUBRESOURCES))
      .map(([resource, subresource]) => `${resource}/${subresource}`),
  },
)
const resourceRule: fc.Arbitrary<RbacRule> = fc.record(
  {
    verbs: rarely(['*'], some(VERBS, 4)),
    apiGroups: rarely(['*'], some(GROUP_NAMES, 3)),
    resources: fc.uniqueArray(resourcePattern, { minLength: 1, maxLength: 4 }),
    resourceNames: some(NAMES, 2),
  },
  { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
)
const pathRule: fc.Arbitrary<RbacRule> = fc.record({
  verbs: rarely(['*'], some(PATH_VERBS, 3)),
  nonResourceURLs: some(PATTERNS, 3),
})

const NONE = { path: '', group: '', resource: '', subresource: '', namespace: '', name: '' }
const NAMESPACES = ['0', '1', 'kube-system', '']

/** Makes attributes one request can have: what is cluster-scoped is in no namespace, a collection has no name… */
function possible(asked: Attributes): Attributes {
  const { verb, resource } = asked
  const onCollection = ['list', 'watch', 'deletecollection'].includes(verb)
  const subresource =
    onCollection || (resource === 'namespaces' && !['status', 'finalize'].includes(asked.subresource))
      ? ''
      : asked.subresource
  const named = !onCollection && (verb !== 'create' || subresource !== '')
  const name = named ? asked.name || 'x' : ''
  // A namespace is in itself, for RBAC as for us.
  if (resource === 'namespaces') return { ...asked, subresource, name, namespace: name }
  return { ...asked, subresource, name, namespace: CLUSTER_SCOPED.has(resource) ? '' : asked.namespace }
}

const anyRequest: fc.Arbitrary<Attributes> = fc
  .record({
    verb: fc.constantFrom(...VERBS),
    group: fc.constantFrom(...GROUP_NAMES),
    subresource: fc.constantFrom('', '', ...SUBRESOURCES),
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom(...NAMES),
    pick: fc.nat(),
  })
  .map(({ pick, ...rest }) => {
    const resources = GROUPS[rest.group] ?? []
    return possible({ ...NONE, ...rest, resource: resources[pick % resources.length] ?? '' })
  })
const anyPath: fc.Arbitrary<Attributes> = fc
  .record({ verb: fc.constantFrom(...PATH_VERBS), path: fc.constantFrom(...PATHS) })
  .map((asked) => ({ ...NONE, ...asked }))

const one = (values: readonly string[], pick: number): string => values[pick % values.length] ?? ''

/** A request the rule may well allow, with at most one thing changed. */
function near(
  rule: RbacRule,
  home: 0 | 1,
  everywhere: boolean,
  picks: readonly number[],
  other: Attributes,
): Attributes {
  const [verb = 0, group = 0, resource = 0, name = 0, change = 0, namespace = 0] = picks
  if (rule.nonResourceURLs !== undefined) {
    const pattern = one(rule.nonResourceURLs, resource)
    const paths = pattern.endsWith('*') ? PATHS.filter((path) => path.startsWith(pattern.slice(0, -1))) : [pattern]
    const path = one(paths.length === 0 ? PATHS : paths, name)
    const asked = { ...NONE, path, verb: rule.verbs[0] === '*' ? one(PATH_VERBS, verb) : one(rule.verbs, verb) }
    return change % 4 === 0 ? { ...asked, verb: one(PATH_VERBS, change) } : asked
  }
  const apiGroup = rule.apiGroups?.[0] === '*' ? one(GROUP_NAMES, group) : one(rule.apiGroups ?? [], group)
  const [head = '', tail = ''] = one(rule.resources ?? [], resource).split('/')
  const asked = {
    ...NONE,
    verb: rule.verbs[0] === '*' ? one(VERBS, verb) : one(rule.verbs, verb),
    group: apiGroup,
    resource: head === '*' ? one(GROUPS[apiGroup] ?? [], change) : head,
    subresource: tail === '' && head === '*' ? one(['', ...SUBRESOURCES], change) : tail,
    namespace: everywhere ? one(NAMESPACES, namespace) : String(home),
    name: one(rule.resourceNames ?? NAMES, name),
  }
  const keys = ['verb', 'group', 'resource', 'subresource', 'namespace', 'name'] as const
  const key = keys[change % (keys.length * 3)]
  return possible(key === undefined ? asked : { ...asked, [key]: other[key] })
}

const roleCase = (requests: number): fc.Arbitrary<RoleCase> =>
  fc
    .record({
      bound: fc.constantFrom<RoleCase['bound']>('ClusterRoleBinding', 'ClusterRole in a RoleBinding', 'RoleBinding'),
      subject: fc.constantFrom<RoleCase['subject']>('user', 'user', 'group'),
      home: fc.constantFrom<0 | 1>(0, 1),
      resourceRules: fc.array(resourceRule, { minLength: 1, maxLength: 3 }),
      pathRules: fc.array(pathRule, { maxLength: 1 }),
      asks: fc.array(
        fc.record({
          near: fc.nat(3),
          picks: fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }),
          any: anyRequest,
          path: anyPath,
        }),
        { minLength: requests, maxLength: requests },
      ),
    })
    .map(({ bound, subject, home, resourceRules, pathRules, asks }) => {
      // A Role cannot name paths.
      const rules = bound === 'RoleBinding' ? resourceRules : [...resourceRules, ...pathRules]
      const everywhere = bound === 'ClusterRoleBinding'
      const requests = asks.map(({ near: how, picks, any, path }) => {
        const rule = rules[(picks[5] ?? 0) % rules.length]
        if (how > 0 && rule !== undefined) return near(rule, home, everywhere, picks, any)
        return (picks[0] ?? 0) % 4 === 0 ? path : any
      })
      return { bound, subject, home, rules, requests }
    })

export function roleCases(options: {
  readonly seed: number
  readonly roles: number
  readonly requests: number
}): RoleCase[] {
  return fc.sample(roleCase(options.requests), { seed: options.seed, numRuns: options.roles })
}
