import { describe, expect, test } from 'vitest'
import type { RecordedRequest } from '../log/event.ts'
import observed from './observed.json' with { type: 'json' }
import { type ObservedRun, recordedOf } from './observed.ts'
import { titleOf } from './title.ts'

const RUNS: readonly ObservedRun[] = observed

/** Other spellings of the same thing, and what is shown instead of what is not sent. */
const SAME: Readonly<Record<string, string>> = { '--follow': '-f' }
/** Where the requests cannot tell: a file's objects, a default the API server fills in, another read of the same release. */
const DIFFERS: ReadonlySet<string> = new Set([
  'kubectl get pods --watch-only -o json',
  'kubectl get --raw /api/v1/namespaces/default/pods?limit=1',
  'kubectl get --raw /healthz?verbose',
  'kubectl delete -f fx/cm-existing.json',
  'kubectl attach -it web-0',
  'helm history demo',
  'helm get manifest demo',
])

describe('titleOf observed runs', () => {
  test.each(RUNS)('$command', (run) => {
    expect(titleOf(recordedOf(run))).toBe(run.title)
  })

  test.each(RUNS.filter((run) => !DIFFERS.has(run.command)))('says nothing that was not typed: $command', (run) => {
    const typed = new Set(run.command.split(' ').map((word) => SAME[word] ?? word))
    const said = run.title.replace(/ # .*$/, '').split(' ')
    const invented = said.filter((word) => !typed.has(word) && !word.includes('…'))
    expect(invented).toEqual([])
  })

  test('most titles are what was typed, but for output flags, files and values', () => {
    const exact = RUNS.filter((run) => run.title === run.command)
    expect(exact.length).toBeGreaterThan(RUNS.length / 3)
  })
})

const request = (change: Partial<RecordedRequest>): RecordedRequest => ({
  method: 'GET',
  target: '/api/v1/namespaces/shop/pods',
  verb: 'list',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'shop',
  name: '',
  userAgent: 'kubectl/v1.35.2 (linux/amd64) kubernetes/fdc9d74',
  kubectlCommand: 'kubectl get',
  ...change,
})

const ROWS: readonly [name: string, requests: readonly RecordedRequest[], title: string][] = [
  ['no requests', [], ''],
  ['a namespace that is not the default', [request({})], 'kubectl get pods -n shop'],
  [
    'a namespaced resource without a namespace',
    [request({ namespace: '', target: '/api/v1/pods' })],
    'kubectl get pods -A',
  ],
  ['a cluster-scoped resource', [request({ namespace: '', resource: 'nodes' })], 'kubectl get nodes'],
  ['several objects of one kind', [request({ name: 'a' }), request({ name: 'b' })], 'kubectl get pod a b -n shop'],
  [
    'objects of several kinds',
    [request({ name: 'a' }), request({ name: 'b', resource: 'services' })],
    'kubectl get pod/a svc/b -n shop',
  ],
  [
    'a namespace that is only looked up because nothing was found there',
    [
      request({ verb: 'get', name: 'a' }),
      request({
        verb: 'get',
        resource: 'namespaces',
        namespace: 'shop',
        name: 'shop',
        target: '/api/v1/namespaces/shop',
      }),
    ],
    'kubectl get pod a -n shop',
  ],
  [
    'a selector a shell would split',
    [request({ target: '/api/v1/namespaces/shop/pods?labelSelector=a%20in%20%28b%2Cc%29' })],
    "kubectl get pods -n shop -l 'a in (b,c)'",
  ],
  [
    "the gateway's own requests are not the client's",
    [request({ preparatory: 'dry-run', method: 'POST' }), request({})],
    'kubectl get pods -n shop',
  ],
  [
    'a request that waits for people is told by what was asked on its way',
    [
      request({
        preparatory: 'read',
        method: 'GET',
        verb: 'delete',
        resource: 'secrets',
        name: 's',
        target: '/api/v1/namespaces/shop/secrets/s',
        kubectlCommand: 'kubectl delete',
      }),
      request({
        preparatory: 'reach',
        verb: 'delete',
        resource: 'secrets',
        name: 's',
        kubectlCommand: 'kubectl delete',
      }),
    ],
    'kubectl delete secret s -n shop',
  ],
  [
    'a patch that waits is no dry run',
    [
      request({
        preparatory: 'dry-run',
        method: 'PATCH',
        verb: 'patch',
        resource: 'configmaps',
        name: 'a',
        target: '/api/v1/namespaces/shop/configmaps/a?dryRun=All',
        kubectlCommand: 'kubectl label',
      }),
    ],
    'kubectl label cm a -n shop …',
  ],
  [
    'many applied objects are counted',
    ['a', 'b', 'c', 'd', 'e'].map((name) =>
      request({ method: 'PATCH', verb: 'patch', resource: 'configmaps', name, kubectlCommand: 'kubectl apply' }),
    ),
    'kubectl apply -f … -n shop # cm/a, cm/b, cm/c and 2 more',
  ],
  [
    'a namespace that is only looked up is not applied',
    [
      request({ verb: 'get', resource: 'configmaps', name: 'a', kubectlCommand: 'kubectl apply' }),
      request({ verb: 'get', resource: 'namespaces', name: 'shop' }),
      request({ method: 'POST', verb: 'create', resource: 'configmaps' }),
    ],
    'kubectl apply -f … -n shop # cm/a',
  ],
  [
    'argv from the recorded exec, quoted',
    [
      request({
        verb: 'connect',
        name: 'web-0',
        subresource: 'exec',
        kubectlCommand: 'kubectl exec',
        exec: { argv: ['sh', '-c', "echo 'hi' > /tmp/x"], container: 'app', stdin: true, tty: true },
      }),
    ],
    "kubectl exec -it web-0 -n shop -- sh -c 'echo '\\''hi'\\'' > /tmp/x'",
  ],
  [
    'control characters are made visible',
    [request({ name: 'a\x1b]0;x\x07', verb: 'get' })],
    "kubectl get pod 'a\\x1b]0;x\\x07' -n shop",
  ],
  [
    'kubectl that does not say its subcommand',
    [{ ...request({ userAgent: 'kubectl/v1.20.0' }), kubectlCommand: 'x' }],
    'kubectl get pods -n shop',
  ],
  [
    'another program',
    [{ ...request({ userAgent: 'k9s/v0.50.6' }), kubectlCommand: '' }],
    'k9s: GET /api/v1/namespaces/shop/pods',
  ],
  [
    'a helm release in a namespace',
    [
      request({
        resource: 'secrets',
        name: 'sh.helm.release.v1.my.app.v3',
        userAgent: 'Helm/4.1.4',
        method: 'DELETE',
      }),
    ],
    'helm uninstall my.app -n shop',
  ],
]

describe('titleOf', () => {
  test.each(ROWS)('%s', (_, requests, title) => {
    expect(titleOf(requests)).toBe(title)
  })

  test('a title has at most 500 characters', () => {
    const long = request({ name: 'x'.repeat(700) })
    expect(titleOf([long])).toHaveLength(500)
    expect(titleOf([long]).endsWith('…')).toBe(true)
  })
})
