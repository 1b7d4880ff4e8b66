import { describe, expect, it } from 'vitest'
import bodies from './fixtures/protobuf-bodies.json' with { type: 'json' }
import { decodeProtobuf } from './protobuf.ts'
import { Refusal } from './refusal.ts'

const expected: Readonly<Record<string, object>> = {
  'kubectl create ns team-a': { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } },
  'kubectl create secret generic s2 --from-literal=password=hunter2': {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's2' },
    data: { password: 'aHVudGVyMg==' },
  },
  'kubectl create token sa1 --duration=1h': { kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  'kubectl auth can-i create deployments.apps --subresource=scale -n prod': {
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        namespace: 'prod',
        verb: 'create',
        group: 'apps',
        resource: 'deployments',
        subresource: 'scale',
      },
    },
  },
  'kubectl auth can-i --list': { kind: 'SelfSubjectRulesReview', spec: { namespace: 'default' } },
  'kubectl auth whoami': { kind: 'SelfSubjectReview' },
  'kubectl create deployment d2 --image=nginx': {
    kind: 'Deployment',
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'd2' } },
      template: { metadata: { labels: { app: 'd2' } }, spec: { containers: [{ name: 'nginx', image: 'nginx' }] } },
    },
  },
  'kubectl create job j1 --image=busybox -- date': {
    kind: 'Job',
    spec: {
      template: { spec: { containers: [{ name: 'j1', image: 'busybox', command: ['date'] }], restartPolicy: 'Never' } },
    },
  },
  'kubectl create clusterrolebinding crb1 --clusterrole=cluster-admin --user=bob': {
    kind: 'ClusterRoleBinding',
    roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'bob' }],
  },
  'kubectl autoscale deploy web --max=5': {
    apiVersion: 'autoscaling/v2',
    spec: { maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' } },
  },
  'kubectl auth reconcile -f fx/role.json': {
    kind: 'Role',
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  },
  'kubectl certificate deny csr1': {
    status: {
      conditions: [{ type: 'Denied', status: 'True', reason: 'KubectlDeny', lastUpdateTime: '2026-11-21T09:03:44Z' }],
    },
  },
  'kubectl debug web-0 --image=busybox --copy-to=dbg -- sleep 1': {
    kind: 'Pod',
    metadata: { name: 'dbg' },
    spec: {
      containers: [
        { name: 'app', ports: [{ containerPort: 80, protocol: 'TCP' }] },
        { image: 'busybox', command: ['sleep', '1'] },
      ],
    },
  },
  'helm uninstall demo': { kind: 'DeleteOptions' },
  'helm install demo chart': {
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: { name: 'sh.helm.release.v1.demo.v1', labels: { owner: 'helm', name: 'demo' } },
  },
}

const namespace = Buffer.from(bodies.find((row) => row.command === 'kubectl create ns team-a')?.body ?? '', 'base64')

describe('protobuf bodies as real clients send them', () => {
  it.each(bodies.map((row) => [row.command, row.method, row.body] as const))('%s (%s)', (command, _method, body) => {
    const wanted = expected[command]
    expect(wanted).toBeDefined()
    expect(decodeProtobuf(Buffer.from(body, 'base64'))).toMatchObject(wanted ?? {})
  })
  it('leaves out what Go sends for fields that were not set', () => {
    const row = bodies.find((item) => item.command.startsWith('kubectl create deployment'))
    const text = JSON.stringify(decodeProtobuf(Buffer.from(row?.body ?? '', 'base64')))
    for (const name of ['creationTimestamp', 'hostNetwork', 'stdin', 'generation']) expect(text).not.toContain(name)
  })
  it('refuses every body cut short', () => {
    for (let end = 0; end < namespace.length; end++) {
      try {
        const decoded = decodeProtobuf(namespace.subarray(0, end))
        expect(decoded.kind).toBe('Namespace')
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
      }
    }
    expect(() => decodeProtobuf(namespace.subarray(0, 20))).toThrow(Refusal)
  })
  it('refuses an unknown kind with 415', () => {
    const strange = Buffer.from(namespace.toString('latin1').replace('Namespace', 'Nonsense_'), 'latin1')
    expect(() => decodeProtobuf(strange)).toThrow(/send it as application\/json/)
  })
  it('takes a message that comes twice for one, as the API server does', () => {
    const field = (tag: number, value: string | Uint8Array): Buffer => {
      const bytes = Buffer.from(value)
      return Buffer.concat([Buffer.from([(tag << 3) | 2, bytes.length]), bytes])
    }
    const type = Buffer.concat([field(1, 'v1'), field(2, 'ConfigMap')])
    const label = Buffer.concat([field(1, 'owner'), field(2, 'helm')])
    const raw = Buffer.concat([
      field(1, Buffer.concat([field(1, 'a'), field(11, label)])),
      field(2, Buffer.concat([field(1, 'k'), field(2, 'v')])),
      field(1, field(6, '7')),
    ])
    expect(decodeProtobuf(Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, raw)]))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', labels: { owner: 'helm' }, resourceVersion: '7' },
      data: { k: 'v' },
    })
  })
})
