import { describe, expect, test } from 'vitest'
import { compileText, environment } from './language.ts'
import { podSpecOf } from './podspec.ts'
import { Failure } from './values.ts'

const SPEC = { containers: [{ name: 'a', image: 'a:1' }] }

describe('the Pod specification is found in', () => {
  test.each<[string, unknown]>([
    ['a Pod', { kind: 'Pod', spec: SPEC }],
    ['a Deployment', { spec: { replicas: 1n, template: { spec: SPEC } } }],
    ['a CronJob', { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: SPEC } } } } }],
    ['a PodTemplate', { template: { spec: SPEC } }],
    ['a custom resource of the same form', { kind: 'Rollout', spec: { template: { spec: SPEC } } }],
  ])('%s', (_name, object) => {
    expect(podSpecOf(object)).toBe(SPEC)
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['a ConfigMap', { data: {} }],
    ['a Service', { spec: { ports: [] } }],
    ['a Scale', { spec: { replicas: 1n } }],
    ['a template of something else', { spec: { template: { spec: { secretName: 'x' } } } }],
    ['containers that are no list', { spec: { containers: 'all' } }],
    ['a list', [SPEC]],
    ['a text', 'spec'],
    ['a key of the prototype', Object.create({ spec: SPEC })],
  ])('not in %s', (_name, object) => {
    expect(podSpecOf(object)).toBeNull()
  })

  test('the debug containers of a Pod, as API servers before 1.22 keep them', () => {
    const object = { kind: 'EphemeralContainers', metadata: {}, ephemeralContainers: [{ name: 'd', image: 'd:1' }] }
    expect(podSpecOf(object)).toBe(object)
  })

  test('no one place where an object has two, of which either could be the decoy', () => {
    const decoy = { containers: [] }
    expect(() => podSpecOf({ spec: { ...decoy, template: { spec: SPEC } } })).toThrow(Failure)
    expect(() => podSpecOf({ spec: { template: { spec: decoy } }, template: { spec: SPEC } })).toThrow(Failure)
  })

  test('a Pod that has debug containers only', () => {
    const spec = { ephemeralContainers: [] }
    expect(podSpecOf({ spec })).toBe(spec)
  })
})

const ENVIRONMENT = environment().registerVariable('spec', 'dyn')

function evaluate(text: string, spec: unknown): unknown {
  const compiled = compileText(ENVIRONMENT, text)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  const outcome = compiled.program.run(() => spec)
  if (!outcome.ok) throw new Error(outcome.reason)
  return outcome.value
}

const FULL = {
  initContainers: [
    { name: 'init', image: 'init:1', envFrom: [{ secretRef: { name: 'from-env' } }, { configMapRef: { name: 'no' } }] },
  ],
  containers: [
    {
      name: 'a',
      image: 'a:1',
      env: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 'from-key', key: 'k' } } },
        { name: 'B', value: 'no' },
      ],
    },
    { name: 'b', image: 'a:1' },
  ],
  ephemeralContainers: [{ name: 'debug', image: 'busybox' }],
  imagePullSecrets: [{ name: 'pull' }],
  volumes: [
    { name: 'v1', secret: { secretName: 'volume' } },
    { name: 'v2', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'no' } }] } },
    { name: 'v3', csi: { driver: 'd', nodePublishSecretRef: { name: 'csi' } } },
    { name: 'v4', azureFile: { secretName: 'azure' } },
    { name: 'v5', cephfs: { secretRef: { name: 'ceph' } } },
    { name: 'v6', image: { reference: 'image:2' } },
    { name: 'v7', emptyDir: {} },
  ],
}

test('all containers, images and Secrets of a Pod, each once', () => {
  expect(evaluate('spec.allContainers().map(c, c.name)', FULL)).toEqual(['init', 'a', 'b', 'debug'])
  expect(evaluate('spec.images()', FULL)).toEqual(['init:1', 'a:1', 'busybox', 'image:2'])
  expect(evaluate('spec.secretNames().sort()', FULL)).toEqual([
    'azure',
    'ceph',
    'csi',
    'from-env',
    'from-key',
    'projected',
    'pull',
    'volume',
  ])
  expect(evaluate('spec.privileged()', FULL)).toBe(false)
})

describe('nothing is found, and nothing fails, in', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['an empty map', {}],
    [
      'things of the wrong form',
      {
        containers: [1n, null, 'a', [], { image: 3n, env: {}, ports: 'x', securityContext: [] }],
        volumes: { a: 1n },
        imagePullSecrets: [null],
      },
    ],
  ])('%s', (_name, spec) => {
    expect(evaluate('[spec.images(), spec.secretNames()]', spec)).toEqual([[], []])
    expect(evaluate('spec.privileged()', spec)).toBe(false)
    expect(evaluate('spec.podSpec() == null || spec.podSpec().images() == []', spec)).toBe(true)
  })
})

describe('privileged', () => {
  const container = (rest: object) => ({ containers: [{ name: 'a' }, { name: 'b', ...rest }] })
  test.each<[string, unknown, boolean]>([
    ['a privileged container', container({ securityContext: { privileged: true } }), true],
    ['a privileged init container', { initContainers: [{ securityContext: { privileged: true } }] }, true],
    ['a privileged debug container', { ephemeralContainers: [{ securityContext: { privileged: true } }] }, true],
    [
      'one that says it is not',
      container({ securityContext: { privileged: false, allowPrivilegeEscalation: false } }),
      false,
    ],
    ['one that may gain privileges', container({ securityContext: { allowPrivilegeEscalation: true } }), true],
    ['one that adds a capability', container({ securityContext: { capabilities: { add: ['NET_ADMIN'] } } }), true],
    ['one that drops all', container({ securityContext: { capabilities: { drop: ['ALL'], add: [] } } }), false],
    ['one that uses a port of the node', container({ ports: [{ containerPort: 80n, hostPort: 80n }] }), true],
    ['one with a port', container({ ports: [{ containerPort: 80n }, { containerPort: 81n, hostPort: 0n }] }), false],
    ['a path of the node', { ...SPEC, volumes: [{ name: 'v', hostPath: { path: '/' } }] }, true],
    ['an empty volume', { ...SPEC, volumes: [{ name: 'v', emptyDir: {} }] }, false],
    ['the network of the node', { ...SPEC, hostNetwork: true }, true],
    ['the processes of the node', { ...SPEC, hostPID: true }, true],
    ['the IPC of the node', { ...SPEC, hostIPC: true }, true],
    ['users of the node, as almost every Pod', { ...SPEC, hostUsers: true }, false],
    ['a host process of Windows', { ...SPEC, securityContext: { windowsOptions: { hostProcess: true } } }, true],
    [
      'a host process in one container',
      container({ securityContext: { windowsOptions: { hostProcess: true } } }),
      true,
    ],
    ['a plain Pod', SPEC, false],
  ])('%s', (_name, spec, privileged) => {
    expect(evaluate('spec.privileged()', spec)).toBe(privileged)
  })
})
