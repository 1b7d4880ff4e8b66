// Matching, compared case by case with Kubernetes RBAC on a real cluster: roles made from a seed, each bound for a subject
// of its own; what a SubjectAccessReview says of a request, `decide` must say of the same request under the same rules.
// Runs only where KUBECONFIG names a real cluster, as its administrator.

import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseTarget } from '../../worker/classify/path.ts'
import { requestInfo } from '../../worker/classify/requestinfo.ts'
import type { Decision, Facts } from '../../worker/context.ts'
import { compilePolicies } from '../../worker/decide/compile.ts'
import { decide } from '../../worker/decide/decide.ts'
import { PACK_NAMES } from '../../worker/decide/pack.ts'
import { type Api, openApi } from './rbac/api.ts'
import { type Attributes, type RbacRule, type RoleCase, roleCases } from './rbac/cases.ts'
import { DIFFERENCES } from './rbac/differences.ts'
import { accessReview, accessRules, httpRequest } from './rbac/translate.ts'

const KUBECONFIG = process.env.KUBECONFIG ?? ''
const SEED = 20_260_401
const REQUESTS = 8
const CASES = roleCases({ seed: SEED, roles: 250, requests: REQUESTS })
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
const PREFIX = `sallyport-rbac-${process.pid}`
const HOMES = [`${PREFIX}-0`, `${PREFIX}-1`] as const
/** How long the API server's authorizer may take to hear of a new binding. */
const HEARD_MS = 30_000

const FACTS: Facts = {
  now: 0,
  session: { id: 's', startedAt: 0, requests: 0, writes: 0, deletions: 0, secretReads: 0, execBytes: 0 },
}

interface Subject {
  readonly user: string
  readonly groups: readonly string[]
}

const meta = (name: string) => ({ name, labels: { [PREFIX]: 'yes' } })
const subjectOf = (index: number, role: Pick<RoleCase, 'subject'>): Subject =>
  role.subject === 'user'
    ? { user: `${PREFIX}-u${index}`, groups: [] }
    : { user: 'someone', groups: [`${PREFIX}-g${index}`] }
const inRun = (asked: Attributes): Attributes =>
  asked.namespace === '0' || asked.namespace === '1'
    ? { ...asked, namespace: HOMES[Number(asked.namespace)] ?? '' }
    : asked

/** Makes a role and binds it. */
async function bind(
  api: Api,
  name: string,
  role: Pick<RoleCase, 'bound' | 'home' | 'rules'>,
  subject: Subject,
): Promise<void> {
  const inHome = `${RBAC}/namespaces/${HOMES[role.home]}`
  const kind = role.bound === 'RoleBinding' ? 'Role' : 'ClusterRole'
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const rules = role.rules
  await api.post(kind === 'Role' ? `${inHome}/roles` : `${RBAC}/clusterroles`, {
    apiVersion,
    kind,
    metadata: meta(name),
    rules,
  })
  const group = subject.groups[0]
  const subjects = [
    {
      apiGroup: 'rbac.authorization.k8s.io',
      ...(group === undefined ? { kind: 'User', name: subject.user } : { kind: 'Group', name: group }),
    },
  ]
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name }
  const everywhere = role.bound === 'ClusterRoleBinding'
  await api.post(everywhere ? `${RBAC}/clusterrolebindings` : `${inHome}/rolebindings`, {
    apiVersion,
    kind: everywhere ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: meta(name),
    subjects,
    roleRef,
  })
}

async function rbacAllows(api: Api, asked: Attributes, subject: Subject): Promise<boolean> {
  const answer = await api.post(REVIEWS, accessReview(asked, subject))
  const { status } = Object(answer)
  if (typeof status?.allowed !== 'boolean') throw new Error(`no answer in ${JSON.stringify(answer)}`)
  return status.allowed
}

/** What the policy that says the same as the role says of the request that has these attributes. */
function decision(
  role: Pick<RoleCase, 'bound' | 'home' | 'rules'>,
  asked: Attributes,
  subject: Subject,
  pack: boolean,
  query = '',
): Decision {
  const rules = accessRules(role.rules, role.bound === 'ClusterRoleBinding' ? null : HOMES[role.home])
  const group = subject.groups[0]
  const document = {
    apiVersion: 'sallyport/v1',
    kind: 'AccessPolicy',
    metadata: { name: 'compared' },
    spec: {
      subjects: [group === undefined ? { users: [subject.user] } : { groups: [group] }],
      connections: ['*'],
      rules,
    },
  }
  const set = compilePolicies([{ name: 'compared', revision: 1, document }], { denyPackExcept: pack ? [] : PACK_NAMES })
  expect(set.broken).toBeNull()
  const { method, target } = httpRequest(asked)
  const parsed = parseTarget(target + query)
  const info = parsed.ok ? requestInfo(method, parsed.value) : parsed
  if (!info.ok) throw new Error(`${method} ${target}: ${info.refusal.message}`)
  const identity = {
    user: { username: subject.user, uid: '', groups: subject.groups, extra: {} },
    issuer: 'test',
    expiresAt: 0,
  }
  const bodyFormat = method === 'PATCH' ? 'merge-patch' : 'json'
  const verdict = decide(set, { identity, connection: 'prod', method, info: info.value, bodyFormat }, FACTS)
  if (!verdict.decided) throw new Error('a policy without conditions needs no object')
  return verdict.decision
}

describe.skipIf(KUBECONFIG === '')('policies match as Kubernetes RBAC does', () => {
  let api: Api
  beforeAll(async () => {
    api = await openApi(KUBECONFIG)
    for (const name of HOMES)
      await api.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: meta(name) })
    await Promise.all(CASES.map((role, index) => bind(api, `${PREFIX}-${index}`, role, subjectOf(index, role))))
    await Promise.all(
      DIFFERENCES.map(({ rules }, index) =>
        bind(
          api,
          `${PREFIX}-d${index}`,
          { bound: 'ClusterRoleBinding', home: 0, rules },
          { user: `${PREFIX}-d${index}`, groups: [] },
        ),
      ),
    )
    // The authorizer hears of objects of one kind in their order: once it knows the last, it knows all.
    const rules: readonly RbacRule[] = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]
    const asked = { verb: 'get', path: '', group: '', resource: 'pods', subresource: '', namespace: '0', name: 'x' }
    const last = (['RoleBinding', 'ClusterRole in a RoleBinding', 'ClusterRoleBinding'] as const).map(
      async (bound, index) => {
        const subject = { user: `${PREFIX}-last${index}`, groups: [] }
        await bind(api, `${PREFIX}-last${index}`, { bound, home: 0, rules }, subject)
        const giveUpAt = Date.now() + HEARD_MS
        while (!(await rbacAllows(api, inRun(asked), subject))) {
          if (Date.now() > giveUpAt) throw new Error('the API server does not hear of new roles')
          await wait(50)
        }
      },
    )
    await Promise.all(last)
  })
  afterAll(async () => {
    if (api === undefined) return
    const chosen = `?labelSelector=${PREFIX}`
    await api.remove(`${RBAC}/clusterrolebindings${chosen}`)
    await api.remove(`${RBAC}/clusterroles${chosen}`)
    for (const name of HOMES) await api.remove(`/api/v1/namespaces/${name}`)
    api.close()
  })

  const seen = { allowed: 0, denied: 0 }
  const named = CASES.map(
    (role, index) => [`${index}: ${role.bound}, ${role.rules.length} rules`, index, role] as const,
  )
  test.each(named)('role %s', async (_name, index, role) => {
    const subject = subjectOf(index, role)
    const answers = await Promise.all(
      role.requests.map(inRun).map(async (asked) => {
        const rbac = await rbacAllows(api, asked, subject)
        seen[rbac ? 'allowed' : 'denied'] += 1
        return { asked, rbac, ours: decision(role, asked, subject, false).effect === 'Allow' }
      }),
    )
    const differ = answers.filter(({ rbac, ours }) => rbac !== ours)
    expect(differ, `differ under ${JSON.stringify(role.rules, null, 1)}`).toEqual([])
  })

  test('and the cases were fair: many allowed, many denied', () => {
    const all = seen.allowed + seen.denied
    expect(all).toBe(CASES.length * REQUESTS)
    expect(seen.allowed).toBeGreaterThan(all / 4)
    expect(seen.denied).toBeGreaterThan(all / 4)
  })

  test.each(DIFFERENCES.map((difference, index) => [difference.name, index, difference] as const))(
    'except, as documented: %s',
    async (_name, index, { rules, asked, query, pack, effect, requires }) => {
      const subject = { user: `${PREFIX}-d${index}`, groups: [] }
      expect(await rbacAllows(api, asked, subject)).toBe(true)
      const request = query === undefined ? asked : { ...asked, name: '' }
      const ours = decision({ bound: 'ClusterRoleBinding', home: 0, rules }, request, subject, pack === true, query)
      expect({ effect: ours.effect, requires: ours.requires }).toEqual({ effect, requires })
    },
  )
})
