// Ways around a rule about what is stored: another kind, another verb, another kind of patch. Each meets the rule.

import { describe, expect, test } from 'vitest'
import type { BodyFormat } from '../context.ts'
import { compilePolicies } from './compile.ts'
import { decide, type Judged } from './decide.ts'
import { facts, judged, policy, rule } from './testing.ts'

const GUARD = compilePolicies([
  policy('guard', [
    { ...rule('Allow', '*', '*'), name: 'work' },
    { ...rule('Deny', 'create update patch', '*', { when: 'podSpec.privileged()' }), name: 'privileged' },
    {
      ...rule('Deny', 'create update patch', '*', {
        when: "!podSpec.images().all(image, image.startsWith('registry.example.com/'))",
      }),
      name: 'registry',
    },
    {
      // What it mounts already it may keep.
      ...rule('Deny', 'create update patch', '*', {
        when: "podSpec.secretNames().exists(name, name != 'web')",
      }),
      name: 'secrets',
    },
    {
      ...rule('Deny', 'update patch', 'deployments.apps deployments.apps/scale', { when: 'object.spec.replicas > 10' }),
      name: 'replicas',
    },
  ]),
])

const SHELL = compilePolicies([
  policy('shell', [
    { ...rule('Allow', '*', '*'), name: 'work' },
    {
      ...rule('Deny', 'connect', 'pods/exec pods/attach', {
        when: "exec.stdin || exec.tty || exec.argv.exists(word, word.contains('curl'))",
      }),
      name: 'shell',
    },
  ]),
])

const GOOD = { name: 'web', image: 'registry.example.com/web:1' }
type Spec = Readonly<Record<string, unknown>>
const pod = (spec: Spec) => ({ kind: 'Pod', spec: { containers: [GOOD], ...spec } })
const workload = (spec: Spec) => ({ spec: { replicas: 1, template: { spec: { containers: [GOOD], ...spec } } } })
const cronJob = (spec: Spec) => ({
  spec: { jobTemplate: { spec: { template: { spec: { containers: [GOOD], ...spec } } } } },
})

function ruleOf(request: Judged, object: unknown, set = GUARD): string {
  const verdict = decide(set, request, facts({ object, oldObject: object }))
  if (!verdict.decided) throw new Error([...verdict.needs].join(' '))
  return verdict.decision.rule
}

describe('what Pods are made of is judged wherever it occurs', () => {
  const KINDS: readonly (readonly [string, (spec: Spec) => unknown])[] = [
    ['create pods shop', pod],
    ['update pods shop p', pod],
    ['patch pods/ephemeralcontainers shop p', pod],
    ['create deployments.apps shop', workload],
    ['patch deployments.apps shop web', workload],
    ['create statefulsets.apps shop', workload],
    ['create daemonsets.apps shop', workload],
    ['create replicasets.apps shop', workload],
    ['create replicationcontrollers shop', workload],
    ['create jobs.batch shop', workload],
    ['create cronjobs.batch shop', cronJob],
    ['patch rollouts.example.com shop web', workload],
  ]
  const SPECS: readonly (readonly [string, Spec, string])[] = [
    ['what is allowed', {}, 'work'],
    ['privileged', { containers: [{ ...GOOD, securityContext: { privileged: true } }] }, 'privileged'],
    [
      'privileged init container',
      { initContainers: [{ ...GOOD, securityContext: { privileged: true } }] },
      'privileged',
    ],
    ['hostPath', { volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'privileged'],
    ['host network', { hostNetwork: true }, 'privileged'],
    ['host PIDs', { hostPID: true }, 'privileged'],
    ['another image', { containers: [{ ...GOOD, image: 'evil.example.org/x' }] }, 'registry'],
    ['another image to begin with', { initContainers: [{ name: 'i', image: 'x' }] }, 'registry'],
    ['another image to debug with', { ephemeralContainers: [{ name: 'd', image: 'busybox' }] }, 'registry'],
    ['a Secret as volume', { volumes: [{ name: 'v', secret: { secretName: 'db' } }] }, 'secrets'],
    [
      'a projected Secret',
      { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'db' } }] } }] },
      'secrets',
    ],
    ['a Secret by envFrom', { containers: [{ ...GOOD, envFrom: [{ secretRef: { name: 'db' } }] }] }, 'secrets'],
    [
      'a Secret by env',
      { containers: [{ ...GOOD, env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'db', key: 'k' } } }] }] },
      'secrets',
    ],
    ['the Secret it may have', { volumes: [{ name: 'v', secret: { secretName: 'web' } }] }, 'work'],
  ]
  test.each(
    KINDS.flatMap(([text, make]) => SPECS.map(([name, spec, expected]) => [text, name, make(spec), expected] as const)),
  )('%s: %s', (text, _name, object, expected) => {
    expect(ruleOf(judged(text), object)).toBe(expected)
  })
})

describe('replicas meet one rule', () => {
  test.each<[string, string, BodyFormat]>([
    ['kubectl scale', 'patch deployments.apps/scale shop web', 'merge-patch'],
    ['PUT of the scale', 'update deployments.apps/scale shop web', 'json'],
    ['kubectl patch', 'patch deployments.apps shop web', 'strategic-merge-patch'],
    ['a JSON patch', 'patch deployments.apps shop web', 'json-patch'],
    ['apply', 'patch deployments.apps shop web', 'apply-patch'],
    ['edit and replace', 'update deployments.apps shop web', 'json'],
    ['a typed client', 'update deployments.apps shop web', 'protobuf'],
  ])('%s', (_name, text, bodyFormat) => {
    const ask = (replicas: number) => ruleOf(judged(text, { bodyFormat }), { spec: { replicas } })
    expect(ask(10)).toBe('work')
    expect(ask(11)).toBe('replicas')
    expect(decide(GUARD, judged(text, { bodyFormat }), facts()).decided).toBe(false)
  })
})

describe('an exec is judged by its whole argv, and by what it opens', () => {
  const exec = { argv: ['ls'], container: '', stdin: false, stdout: true, stderr: true, tty: false, ports: [] }
  test.each<[string, Partial<typeof exec>, string]>([
    ['what is allowed', {}, 'work'],
    ['a later word', { argv: ['sh', '-c', 'curl example.org'] }, 'shell'],
    ['stdin', { stdin: true }, 'shell'],
    ['a terminal', { tty: true }, 'shell'],
  ])('%s', (_name, more, expected) => {
    for (const subresource of ['exec', 'attach']) {
      const request = judged(`connect pods/${subresource} shop p`, { with: { exec: { ...exec, ...more } } })
      expect(ruleOf(request, {}, SHELL)).toBe(expected)
    }
  })
  test('a debug container says nothing of what will run in it, so a rule that looks at that stops it', () => {
    expect(ruleOf(judged('patch pods/ephemeralcontainers shop p'), pod({}), SHELL)).toBe('shell')
    const some = rule('Allow', 'connect', 'pods/exec', { when: "exec.argv[0] == 'ls'" })
    const only = compilePolicies([
      policy('p', [{ ...rule('Allow', 'patch', 'pods/ephemeralcontainers'), name: 'debug' }, some]),
    ])
    expect(ruleOf(judged('patch pods/ephemeralcontainers shop p'), pod({}), only)).toBe('')
  })
})
