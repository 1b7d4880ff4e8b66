import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { RequestInfo, Verb } from '../context.ts'
import { compilePolicies } from './compile.ts'
import { decide } from './decide.ts'

const load = (name: string) => ({
  name,
  revision: 1,
  document: parse(readFileSync(new URL(`../../demo/policies/${name}.yaml`, import.meta.url), 'utf8')),
})
const set = compilePolicies([load('coding-agents'), load('read-only')])

function effectOf(group: string, text: string) {
  const [verb = '', what = '', namespace = '-', name = ''] = text.split(' ')
  const isResourceRequest = !what.startsWith('/')
  const [head = '', subresource = ''] = what.split('/')
  const [resource = '', ...groups] = head.split('.')
  const info: RequestInfo = {
    isResourceRequest,
    path: what,
    query: '',
    verb: verb as Verb,
    apiPrefix: 'api',
    apiGroup: groups.join('.'),
    apiVersion: 'v1',
    namespace: namespace === '-' ? '' : namespace,
    resource,
    subresource,
    name,
    parts: [],
    streaming: false,
    dryRun: false,
  }
  const user = { username: 'agent', uid: '', groups: [group], extra: {} }
  const session = { id: 's', startedAt: 0, requests: 0, writes: 0, deletions: 0, secretReads: 0, execBytes: 0 }
  const verdict = decide(
    set,
    { identity: { user, issuer: '', expiresAt: 0 }, connection: 'demo', info, method: 'GET', bodyFormat: 'json' },
    { now: 0, session },
  )
  return verdict.decided ? verdict.decision.effect : [...verdict.needs].join(',')
}

describe('the starter policy for coding agents', () => {
  test.each([
    ['get /api', 'Allow'],
    ['get /apis', 'Allow'],
    ['get /apis/apps/v1', 'Allow'],
    ['get /openapi/v3', 'Allow'],
    ['get /version', 'Allow'],
    ['get /healthz', 'Allow'],
    ['get /metrics', 'Deny'],
    ['get /logs/x', 'Deny'],
    ['list pods -', 'Allow'],
    ['watch pods shop', 'Allow'],
    ['get pods/log shop p', 'Allow'],
    ['get secrets shop s', 'Allow'],
    ['create secrets shop', 'Allow'],
    ['update secrets shop sh.helm.release.v1.demo.v1', 'Allow'],
    ['list nodes -', 'Allow'],
    ['list nodes.metrics.k8s.io -', 'Allow'],
    ['list events shop', 'Allow'],
    ['list customresourcedefinitions.apiextensions.k8s.io -', 'Allow'],
    ['create customresourcedefinitions.apiextensions.k8s.io -', 'Allow'],
    ['create namespaces -', 'Allow'],
    ['patch deployments.apps/scale shop web', 'Allow'],
    ['delete pods/eviction shop p', 'Allow'],
    ['connect pods/exec shop p', 'Allow'],
    ['connect pods/attach shop p', 'Allow'],
    ['connect pods/portforward shop p', 'Allow'],
    ['patch pods/ephemeralcontainers shop p', 'Allow'],
    ['create selfsubjectaccessreviews.authorization.k8s.io -', 'Allow'],
    ['create selfsubjectreviews.authentication.k8s.io -', 'Allow'],
    ['delete namespaces shop shop', 'Deny'],
    ['update namespaces/finalize shop shop', 'Deny'],
    ['deletecollection namespaces -', 'Deny'],
    ['delete persistentvolumes - v', 'Deny'],
    ['create clusterrolebindings.rbac.authorization.k8s.io -', 'Deny'],
    ['patch roles.rbac.authorization.k8s.io shop r', 'Deny'],
    ['list roles.rbac.authorization.k8s.io shop', 'Allow'],
    ['patch nodes - n', 'Deny'],
    ['delete pods kube-system p', 'Deny'],
    ['connect pods/exec kube-system p', 'Deny'],
    ['deletecollection pods -', 'Deny'],
    ['get pods kube-system p', 'Allow'],
    ['connect nodes/proxy - n', 'Deny'],
    ['create serviceaccounts/token shop s', 'Deny'],
  ])('%s: %s', (text, effect) => {
    expect(effectOf('ai-agents', text)).toBe(effect)
  })
})

describe('the starter policy for readers', () => {
  test.each([
    ['get /api', 'Allow'],
    ['list pods -', 'Allow'],
    ['get pods/log shop p', 'Allow'],
    ['get secrets shop s', 'Deny'],
    ['list secrets -', 'Deny'],
    ['create pods shop', 'Deny'],
    ['connect pods/exec shop p', 'Deny'],
  ])('%s: %s', (text, effect) => {
    expect(effectOf('ai-readers', text)).toBe(effect)
  })
})
