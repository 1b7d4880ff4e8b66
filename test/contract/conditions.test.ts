// Rules about what would be stored: whatever verb, patch type or subresource a change comes by, it meets the same rule, and
// before the decision nothing reaches the cluster but reads and dry runs, each recorded before it is sent.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../demo/kube/json.ts'
import { expectRefused } from './judge.ts'
import type { Kube } from './kube.ts'
import { changing, reached } from './people.ts'
import { handshake } from './socket.ts'
import { FORBIDDEN, post } from './tricks.ts'
import type { Seen } from './upstream.ts'
import { type AskOptions, RUNTIMES, startWorld, type World } from './world.ts'

const APPS = '/apis/apps/v1/namespaces/shop/deployments'
const PODS = '/api/v1/namespaces/shop/pods'
const IMAGE = 'registry.demo.invalid/shop/web:2.4.1'

const POLICY = `
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: version}
spec:
  subjects: [{groups: [ai-agents]}]
  connections: [test]
  rules: [{name: paths, effect: Allow, verbs: [get], paths: ["*"]}]
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: scaling}
spec:
  subjects: [{users: [scaler]}]
  connections: [test]
  rules:
  - {name: look, effect: Allow, verbs: [get], resources: [deployments.apps], namespaces: [shop]}
  - name: few
    effect: Allow
    verbs: [create, update, patch]
    resources: [deployments.apps, deployments.apps/scale]
    namespaces: [shop]
    when: object.spec.replicas <= 10
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: building}
spec:
  subjects: [{users: [builder]}]
  connections: [test]
  rules:
  - name: build
    effect: Allow
    verbs: [create, update, patch, connect]
    resources: [pods, pods/ephemeralcontainers, pods/exec, deployments.apps, jobs.batch, cronjobs.batch]
    namespaces: [shop]
  - name: no-secrets
    effect: Deny
    verbs: [create, update, patch]
    resources: ["*"]
    when: podSpec.secretNames().size() > 0
  - name: no-account
    effect: Deny
    verbs: [create, update, patch]
    resources: ["*"]
    when: podSpec.?serviceAccountName.orValue('default') != 'default'
  - name: no-privileges
    effect: Deny
    verbs: [create, update, patch]
    resources: ["*", "*/*"]
    when: podSpec.privileged()
  - name: our-images
    effect: Deny
    verbs: [create, update, patch]
    resources: ["*", "*/*"]
    when: "!podSpec.images().all(image, image.startsWith('registry.demo.invalid/'))"
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: patching}
spec:
  subjects: [{users: [patcher]}]
  connections: [test]
  rules: [{name: only-patch, effect: Allow, verbs: [patch], resources: [pods/ephemeralcontainers], namespaces: [shop]}]
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: pinning}
spec:
  subjects: [{users: [pinner]}]
  connections: [test]
  rules:
  - name: unlocked
    effect: Allow
    verbs: [update, patch, delete]
    resources: ["*"]
    namespaces: [shop]
    when: oldObject.metadata.?labels.?locked.orValue('no') != 'yes'
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: commands}
spec:
  subjects: [{users: [runner]}]
  connections: [test]
  rules:
  - name: list-files
    effect: Allow
    verbs: [connect]
    resources: [pods/exec]
    namespaces: [shop]
    when: exec.argv == ['ls', '-l'] && !exec.stdin && !exec.tty
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: everything}
spec:
  subjects: [{users: [anything]}]
  connections: [test]
  rules:
  - {name: all, effect: Allow, verbs: ["*"], resources: ["*", "*/*"]}
  - {name: hold-all, effect: Hold, verbs: ["*"], resources: ["*", "*/*"]}
`

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  let kube: Kube
  const tokens = new Map<string, string>()
  let before = 0

  beforeAll(async () => {
    world = await startWorld(runtime, { upstream: 'demo', policy: POLICY })
    if (world.kube === null) throw new Error('no cluster')
    kube = world.kube
    for (const sub of ['scaler', 'builder', 'patcher', 'pinner', 'runner', 'anything', 'nobody']) {
      tokens.set(sub, await world.issuer.sign({ sub, groups: ['ai-agents'] }))
    }
  })
  afterAll(() => world?.close())
  beforeEach(() => {
    before = world.upstream.seen.length
    world.upstream.onArrival = null
  })

  const as = (sub: string) => ({ token: tokens.get(sub) ?? '' })
  const patch = (type: string, body: unknown): AskOptions => ({
    method: 'PATCH',
    headers: [['content-type', `application/${type}`]],
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const put = (body: unknown): AskOptions => ({ ...post(JSON.stringify(body)), method: 'PUT' })
  const stored = (kind: string, name: string): KubeObject => {
    const found = kube.get(kind, 'shop', name)
    if (found === undefined) throw new Error(`${kind} ${name} is not stored`)
    return found
  }
  const deployment = (name: string, replicas = 1): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: IMAGE }] } },
    },
  })
  /** A workload whose controller has nothing to do for it. */
  const seed = (name: string): KubeObject => {
    const object = deployment(name, 0)
    const spec = { ...(object.spec as object), revisionHistoryLimit: 3 }
    return kube.put('deployments.apps', { ...object, metadata: { ...object.metadata, uid: name }, spec })
  }

  describe('row 21: one rule about replicas', () => {
    interface Way {
      readonly way: string
      readonly target: (name: string) => string
      readonly ask: (name: string, replicas: number, now: KubeObject) => AskOptions
    }
    const whole = (name: string) => `${APPS}/${name}`
    const scale = (name: string) => `${APPS}/${name}/scale`
    const spec = (now: KubeObject, replicas: number) => ({ ...(now.spec as object), replicas })
    const ways: readonly Way[] = [
      {
        way: 'update',
        target: whole,
        ask: (name, replicas, now) => put({ ...now, metadata: { name, namespace: 'shop' }, spec: spec(now, replicas) }),
      },
      {
        way: 'apply',
        target: (name) => `${APPS}/${name}?fieldManager=m&force=true`,
        ask: (name, replicas) => patch('apply-patch+yaml', deployment(name, replicas)),
      },
      {
        way: 'merge patch',
        target: whole,
        ask: (_name, replicas) => patch('merge-patch+json', { spec: { replicas } }),
      },
      {
        way: 'strategic patch',
        target: whole,
        ask: (_name, replicas) => patch('strategic-merge-patch+json', { spec: { replicas } }),
      },
      {
        way: 'strategic patch that replaces',
        target: whole,
        ask: (_name, replicas, now) =>
          patch('strategic-merge-patch+json', { spec: { $patch: 'replace', ...spec(now, replicas) } }),
      },
      {
        way: 'JSON patch',
        target: whole,
        ask: (_name, value) => patch('json-patch+json', [{ op: 'replace', path: '/spec/replicas', value }]),
      },
      {
        way: 'JSON patch that copies',
        target: whole,
        ask: (_name, value) =>
          patch('json-patch+json', [
            { op: 'add', path: '/spec/revisionHistoryLimit', value },
            { op: 'copy', from: '/spec/revisionHistoryLimit', path: '/spec/replicas' },
          ]),
      },
      {
        way: 'JSON patch that moves',
        target: whole,
        ask: (_name, value) =>
          patch('json-patch+json', [
            { op: 'replace', path: '/spec/revisionHistoryLimit', value },
            { op: 'move', from: '/spec/revisionHistoryLimit', path: '/spec/replicas' },
          ]),
      },
      {
        way: 'JSON patch of the whole spec',
        target: whole,
        ask: (_name, replicas, now) =>
          patch('json-patch+json', [{ op: 'replace', path: '/spec', value: spec(now, replicas) }]),
      },
      {
        way: 'scale by update',
        target: scale,
        ask: (name, replicas) =>
          put({
            apiVersion: 'autoscaling/v1',
            kind: 'Scale',
            metadata: { name, namespace: 'shop' },
            spec: { replicas },
          }),
      },
      {
        way: 'scale by patch',
        target: scale,
        ask: (_name, replicas) => patch('merge-patch+json', { spec: { replicas } }),
      },
    ]

    it.each(ways)('$way: ten pass, eleven do not', async ({ way, target, ask }) => {
      const name = way.toLowerCase().replaceAll(' ', '-')
      const now = seed(name)
      const no = await world.ask(target(name), { ...ask(name, 11, now), ...as('scaler') })
      expect(no.status, no.text).toBe(403)
      expect(JSON.parse(no.text)).toMatchObject({ kind: 'Status', reason: 'Forbidden' })
      expect(changing(world, before)).toEqual([])
      expect(reached(world, before).length).toBeGreaterThan(0)
      expect(stored('deployments.apps', name).spec).toMatchObject({ replicas: 0 })
      const yes = await world.ask(target(name), { ...ask(name, 10, now), ...as('scaler') })
      expect(yes.status, yes.text).toBe(200)
      expect(stored('deployments.apps', name).spec).toMatchObject({ replicas: 10 })
      kube.remove('deployments.apps', 'shop', name)
    })

    it.each([
      ['create', APPS, (object: KubeObject) => post(JSON.stringify(object))],
      ['apply', `${APPS}/made-by-apply?fieldManager=m`, (object: KubeObject) => patch('apply-patch+yaml', object)],
    ] as const)('%s of one that is not there', async (way, target, ask) => {
      const name = `made-by-${way}`
      const no = await world.ask(target, { ...ask(deployment(name, 11)), ...as('scaler') })
      expect(no.status, no.text).toBe(403)
      expect(changing(world, before)).toEqual([])
      expect(kube.get('deployments.apps', 'shop', name)).toBeUndefined()
      const yes = await world.ask(target, { ...ask(deployment(name, 0)), ...as('scaler') })
      expect(yes.status, yes.text).toBe(201)
      expect(stored('deployments.apps', name).spec).toMatchObject({ replicas: 0 })
    })
  })

  describe('rows 14 and 23: what a Pod would be', () => {
    const container = { name: 'c', image: IMAGE }
    const fine = { containers: [container] }
    const bad: readonly (readonly [string, string, object])[] = [
      ['a secret volume', 'no-secrets', { ...fine, volumes: [{ name: 'v', secret: { secretName: 'api-keys' } }] }],
      [
        'a projected secret',
        'no-secrets',
        { ...fine, volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'api-keys' } }] } }] },
      ],
      ['envFrom', 'no-secrets', { containers: [{ ...container, envFrom: [{ secretRef: { name: 'api-keys' } }] }] }],
      [
        'env of an init container',
        'no-secrets',
        {
          ...fine,
          initContainers: [
            {
              ...container,
              name: 'i',
              env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'api-keys', key: 'JWT_SIGNING_KEY' } } }],
            },
          ],
        },
      ],
      ['another account', 'no-account', { ...fine, serviceAccountName: 'api' }],
      ['privileged', 'no-privileges', { containers: [{ ...container, securityContext: { privileged: true } }] }],
      ['hostPath', 'no-privileges', { ...fine, volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
      ['hostNetwork', 'no-privileges', { ...fine, hostNetwork: true }],
      ['an image from elsewhere', 'our-images', { containers: [{ ...container, image: 'docker.io/evil:1' }] }],
      [
        'an init image from elsewhere',
        'our-images',
        { ...fine, initContainers: [{ name: 'i', image: 'docker.io/evil:1' }] },
      ],
    ]
    const job = (spec: object) => ({ template: { spec: { restartPolicy: 'Never', ...spec } } })
    const kinds = {
      Pod: { path: PODS, kind: 'pods.', version: 'v1', spec: (pod: object) => pod },
      Deployment: {
        path: APPS,
        kind: 'deployments.apps',
        version: 'apps/v1',
        spec: (pod: object) => ({
          replicas: 0,
          selector: { matchLabels: { app: 'x' } },
          template: { metadata: { labels: { app: 'x' } }, spec: pod },
        }),
      },
      Job: { path: '/apis/batch/v1/namespaces/shop/jobs', kind: 'jobs.batch', version: 'batch/v1', spec: job },
      CronJob: {
        path: '/apis/batch/v1/namespaces/shop/cronjobs',
        kind: 'cronjobs.batch',
        version: 'batch/v1',
        spec: (pod: object) => ({ schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: job(pod) } }),
      },
    } as const
    const object = (kind: keyof typeof kinds, name: string, pod: object) => ({
      apiVersion: kinds[kind].version,
      kind,
      metadata: { name, namespace: 'shop' },
      spec: kinds[kind].spec(pod),
    })
    const names = ['Pod', 'Deployment', 'Job', 'CronJob'] as const

    it.each(names)('%s by create and by apply', async (kind) => {
      const { path, kind: shelf } = kinds[kind]
      const name = `pod-spec-${kind.toLowerCase()}`
      for (const [what, rule, pod] of bad) {
        const body = object(kind, name, pod)
        const ways = [
          await world.ask(path, { ...post(JSON.stringify(body)), ...as('builder') }),
          await world.ask(`${path}/${name}?fieldManager=m`, { ...patch('apply-patch+yaml', body), ...as('builder') }),
        ]
        for (const answer of ways) {
          expect(answer.status, `${what}: ${answer.text}`).toBe(403)
          expect(answer.text, what).toContain(rule)
        }
      }
      expect(changing(world, before)).toEqual([])
      expect(kube.get(shelf, 'shop', name)).toBeUndefined()
      const answer = await world.ask(path, { ...post(JSON.stringify(object(kind, name, fine))), ...as('builder') })
      expect(answer.status, answer.text).toBe(201)
    })

    it.each([
      ['merge-patch+json', { spec: { template: { spec: { serviceAccountName: 'api' } } } }, 'no-account'],
      ['strategic-merge-patch+json', { spec: { template: { spec: { hostPID: true } } } }, 'no-privileges'],
      [
        'strategic-merge-patch+json',
        { spec: { template: { spec: { containers: [{ $patch: 'replace' }, { name: 'c', image: 'docker.io/x' }] } } } },
        'our-images',
      ],
      [
        'json-patch+json',
        [{ op: 'copy', from: '/metadata/annotations/image', path: '/spec/template/spec/containers/0/image' }],
        'our-images',
      ],
      [
        'json-patch+json',
        [
          { op: 'add', path: '/spec/template/spec/volumes', value: [] },
          {
            op: 'add',
            path: '/spec/template/spec/volumes/-',
            value: { name: 'v', secret: { secretName: 'api-keys' } },
          },
        ],
        'no-secrets',
      ],
    ] as const)('a Deployment by %s: %j', async (type, body, rule) => {
      const now = deployment('patched', 0)
      kube.put('deployments.apps', {
        ...now,
        metadata: { ...now.metadata, annotations: { image: 'docker.io/evil:1' } },
      })
      const answer = await world.ask(`${APPS}/patched`, { ...patch(type, body), ...as('builder') })
      expect(answer.status, answer.text).toBe(403)
      expect(answer.text).toContain(rule)
      expect(changing(world, before)).toEqual([])
    })

    it('a debug container needs connect to the pod, and meets the rules about images and privileges', async () => {
      const made = await world.ask(PODS, { ...post(JSON.stringify(object('Pod', 'debugged', fine))), ...as('builder') })
      expect(made.status, made.text).toBe(201)
      before = world.upstream.seen.length
      const debug = (more: object) =>
        patch('strategic-merge-patch+json', {
          spec: { ephemeralContainers: [{ name: 'debug', image: IMAGE, ...more }] },
        })
      const target = `${PODS}/debugged/ephemeralcontainers`
      const without = await world.ask(target, { ...debug({}), ...as('patcher') })
      expectRefused(world, without, { ...FORBIDDEN, says: /connect/ }, before)
      for (const [rule, more] of [
        ['our-images', { image: 'docker.io/evil:1' }],
        ['no-privileges', { securityContext: { privileged: true } }],
      ] as const) {
        const answer = await world.ask(target, { ...debug(more), ...as('builder') })
        expect(answer.status, answer.text).toBe(403)
        expect(answer.text).toContain(rule)
      }
      expect(changing(world, before)).toEqual([])
      const answer = await world.ask(target, { ...debug({}), ...as('builder') })
      expect(answer.status, answer.text).toBe(200)
      expect(stored('pods.', 'debugged').spec).toMatchObject({ ephemeralContainers: [{ name: 'debug', image: IMAGE }] })
    })
  })

  describe('row 19: patches that say one thing and do another', () => {
    it('one of 20,000 operations is refused', async () => {
      const operations = Array.from({ length: 20_000 }, () => ({ op: 'test', path: '/spec/replicas', value: 3 }))
      const answer = await world.ask(`${APPS}/web`, { ...patch('json-patch+json', operations), ...as('scaler') })
      expectRefused(world, answer, { status: 400, reason: 'BadRequest' }, before)
    })

    it('$deleteFromPrimitiveList and $patch: delete are judged by what is left', async () => {
      const name = 'left-over'
      const now = seed(name)
      kube.put('deployments.apps', { ...now, spec: { ...(now.spec as object), replicas: 12 } })
      for (const body of [
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['x'] } },
        {
          spec: {
            template: {
              spec: {
                containers: [
                  { name: 'other', image: IMAGE },
                  { $patch: 'delete', name: 'c' },
                ],
              },
            },
          },
        },
      ]) {
        const answer = await world.ask(`${APPS}/${name}`, {
          ...patch('strategic-merge-patch+json', body),
          ...as('scaler'),
        })
        expect(answer.status, answer.text).toBe(403)
      }
      expect(changing(world, before)).toEqual([])
      kube.remove('deployments.apps', 'shop', name)
    })
  })

  describe('row 25: the whole argv', () => {
    const target = (query: string) => `${PODS}/absent/exec?${query}`
    it.each([
      ['another command behind it', 'command=ls&command=-l&command=%3Bid'],
      ['only its first word', 'command=ls'],
      ['the words as one', 'command=ls%20-l'],
      ['an empty word', 'command=ls&command=-l&command='],
      ['a shell', 'command=sh&command=-c&command=ls%20-l'],
      ['stdin', 'command=ls&command=-l&stdin=true'],
      ['a terminal', 'command=ls&command=-l&tty=true'],
      ['no command', 'stdout=true'],
    ])('%s is refused', async (_what, query) => {
      const answer = await handshake(world, target(query), as('runner'))
      expectRefused(world, answer, FORBIDDEN, before)
    })
    it('the very command passes', async () => {
      const answer = await handshake(world, target('command=ls&command=-l&stdout=true'), as('runner'))
      expect(answer.status).not.toBe(403)
      expect(reached(world, before)).toEqual([`GET ${target('command=ls&command=-l&stdout=true')}`])
    })
  })

  describe('row 24: what the built-in pack forbids is not held either', () => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'r' },
      rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['escalate'] }],
    }
    it.each([
      ['CSR approval', '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval', put({ kind: 'x' })],
      ['a webhook', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', post('{}')],
      ['an APIService', '/apis/apiregistration.k8s.io/v1/apiservices', post('{}')],
      ['a role that escalates', '/apis/rbac.authorization.k8s.io/v1/clusterroles', post(JSON.stringify(role))],
      ['a token', '/api/v1/namespaces/shop/serviceaccounts/api/token', post('{}')],
    ] as const)('%s', async (_what, target, ask) => {
      const answer = await world.ask(target, { ...ask, ...as('anything') })
      expectRefused(world, answer, { ...FORBIDDEN, says: /built-in/ }, before)
    })
  })

  describe('before the decision', () => {
    it('each read and dry run is recorded before it is sent, as who asked and for which request', async () => {
      const now = seed('recorded')
      const recorded: unknown[] = []
      world.upstream.onArrival = async ({ method, url, headers }) => {
        const { text } = await world.api(`/api/v1/requests/${String(headers['audit-id'])}`)
        const record = JSON.parse(text) as { of?: string; request?: { preparatory?: string } }
        recorded.push([method, url.includes('dryRun=All'), record.request?.preparatory, typeof record.of])
        expect(headers['impersonate-user']).toBe('scaler')
      }
      const answer = await world.ask(`${APPS}/recorded?fieldManager=m`, {
        ...patch('merge-patch+json', { spec: { replicas: 2 } }),
        ...as('scaler'),
      })
      expect(answer.status, answer.text).toBe(200)
      expect(recorded).toEqual([
        ['PATCH', true, 'dry-run', 'string'],
        ['PATCH', false, undefined, 'undefined'],
      ])
      expect(now.metadata.name).toBe('recorded')
    })

    it.each([
      ['nobody', APPS, post(JSON.stringify({}))],
      ['nobody', `${APPS}/web`, patch('merge-patch+json', { spec: { replicas: 1 } })],
      ['scaler', `${PODS}/p`, patch('merge-patch+json', { spec: {} })],
      ['pinner', '/api/v1/namespaces/payments/configmaps/c', { method: 'DELETE' }],
    ] as const)('nothing at all for whom no rule could let pass: %s %s', async (sub, target, ask) => {
      expectRefused(world, await world.ask(target, { ...ask, ...as(sub) }), FORBIDDEN, before)
    })

    it('what the dry run refuses is the answer, in the cluster’s words', async () => {
      const answer = await world.ask(`${APPS}/not-there`, {
        ...patch('merge-patch+json', { spec: { replicas: 2 } }),
        ...as('scaler'),
      })
      expect(answer.status).toBe(404)
      expect(answer.text).toContain('not-there')
      expect(changing(world, before)).toEqual([])
    })
  })

  describe('pins', () => {
    const MAPS = '/api/v1/namespaces/shop/configmaps'
    const config = (name: string, labels: Record<string, string> = {}): KubeObject =>
      kube.put('configmaps.', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'shop', uid: name, labels },
        data: { a: 'b' },
      })
    const last = (): Seen => {
      const found = world.upstream.seen.findLast(({ method }) => method !== 'GET')
      if (found === undefined) throw new Error('nothing was written')
      return found
    }

    it.each([
      ['merge-patch+json', '{"data":{"a":"c"}}', '{"metadata":{"resourceVersion":"V"},"data":{"a":"c"}}'],
      [
        'merge-patch+json',
        ' {"big": 9007199254740993, "metadata" : { "annotations":{"x":"1e400"}}}',
        ' {"big": 9007199254740993, "metadata" : {"resourceVersion":"V", "annotations":{"x":"1e400"}}}',
      ],
      [
        'json-patch+json',
        '[{"op":"add","path":"/data/a","value":"c"}]',
        '[{"op":"test","path":"/metadata/resourceVersion","value":"V"},{"op":"add","path":"/data/a","value":"c"}]',
      ],
    ])('%s carries the version it was judged by, and nothing else of it changes: %s', async (type, body, sent) => {
      const now = config('pinned')
      await world.ask(`${MAPS}/pinned`, { ...patch(type, body), ...as('pinner') })
      expect(last().body.toString()).toBe(sent.replace('"V"', JSON.stringify(now.metadata.resourceVersion)))
      expect(last().headers['content-type']).toBe(`application/${type}`)
    })

    it('a deletion without a body gets preconditions', async () => {
      const now = config('deleted')
      const answer = await world.ask(`${MAPS}/deleted`, { method: 'DELETE', ...as('pinner') })
      expect(answer.status, answer.text).toBe(200)
      expect(JSON.parse(last().body.toString())).toMatchObject({
        kind: 'DeleteOptions',
        preconditions: { resourceVersion: now.metadata.resourceVersion },
      })
      expect(kube.get('configmaps.', 'shop', 'deleted')).toBeUndefined()
    })

    it('the client’s own precondition is kept', async () => {
      const now = config('own-version')
      const body = JSON.stringify({ metadata: { resourceVersion: String(now.metadata.resourceVersion) }, data: {} })
      await world.ask(`${MAPS}/own-version`, { ...patch('merge-patch+json', body), ...as('pinner') })
      expect(last().body.toString()).toBe(body)
      const stale = '{"metadata":{"resourceVersion":"1"},"data":{}}'
      const answer = await world.ask(`${MAPS}/own-version`, { ...patch('merge-patch+json', stale), ...as('pinner') })
      expect(answer.status).toBe(409)
      expect(last().body.toString()).toBe(stale)
    })

    it('an object that changes between the look and the write is judged anew, and passes if it still fits', async () => {
      config('moving')
      let changes = 0
      world.upstream.onArrival = ({ method }) => {
        if (method !== 'PATCH' || changes > 0) return
        changes += 1
        config('moving', { changed: 'yes' })
      }
      const answer = await world.ask(`${MAPS}/moving`, {
        ...patch('merge-patch+json', { data: { a: 'c' } }),
        ...as('pinner'),
      })
      expect(answer.status, answer.text).toBe(200)
      expect(stored('configmaps.', 'moving')).toMatchObject({
        data: { a: 'c' },
        metadata: { labels: { changed: 'yes' } },
      })
      expect(reached(world, before).map((line) => line.split(' ')[0])).toEqual(['GET', 'PATCH', 'GET', 'PATCH'])
    })

    it.each([
      ['patch', patch('merge-patch+json', { data: { a: 'c' } })],
      ['JSON patch', patch('json-patch+json', [{ op: 'add', path: '/data/a', value: 'c' }])],
      ['delete', { method: 'DELETE' }],
    ] as const)('an object that changes and no longer fits is left alone: %s', async (_way, ask) => {
      config('locking')
      let changes = 0
      world.upstream.onArrival = ({ method }) => {
        if (method === 'GET' || changes > 0) return
        changes += 1
        config('locking', { locked: 'yes' })
      }
      const answer = await world.ask(`${MAPS}/locking`, { ...ask, ...as('pinner') })
      expect(answer.status, answer.text).toBe(403)
      expect(stored('configmaps.', 'locking')).toMatchObject({
        data: { a: 'b' },
        metadata: { labels: { locked: 'yes' } },
      })
    })

    it('replicas that another one raises in between are seen', async () => {
      const name = 'raised'
      const now = seed(name)
      let raised = false
      world.upstream.onArrival = ({ method, url }) => {
        if (raised || method === 'GET' || url.includes('dryRun=All')) return
        raised = true
        kube.put('deployments.apps', { ...now, spec: { ...(now.spec as object), replicas: 50 } })
      }
      const answer = await world.ask(`${APPS}/${name}`, {
        ...patch('merge-patch+json', { spec: { paused: true } }),
        ...as('scaler'),
      })
      expect(answer.status, answer.text).toBe(403)
      expect(stored('deployments.apps', name).spec).not.toHaveProperty('paused')
      kube.remove('deployments.apps', 'shop', name)
    })
  })
})
