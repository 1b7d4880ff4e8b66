import { describe, expect, test } from 'vitest'
import type { RecordedRequest, RecordedResult } from '../log/event.ts'
import { bodiesWanted, type Exchange, MAX_TEXT, renderCommand } from './render.ts'

const ok: RecordedResult = { outcome: 'ok', code: 200, durationMs: 1, bytes: 1 }

function request(subcommand: string, change: Partial<RecordedRequest> = {}): RecordedRequest {
  return {
    method: 'GET',
    target: '/api/v1/namespaces/shop/pods?limit=500',
    verb: 'list',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    namespace: 'shop',
    name: '',
    userAgent: 'kubectl/v1.35.2 (linux/amd64)',
    kubectlCommand: `kubectl ${subcommand}`,
    ...change,
  }
}

function exchange(of: RecordedRequest, body: unknown, result: Partial<RecordedResult> = {}): Exchange {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { request: of, result: { ...ok, ...result }, response: new TextEncoder().encode(text) }
}

const show = (...exchanges: Exchange[]) =>
  renderCommand(exchanges)
    .map((chunk) => (chunk.note ? `# ${chunk.text}` : chunk.text))
    .join('')

const column = (name: string, priority = 0) => ({ name, type: 'string', format: '', description: '', priority })
const row = (cells: unknown[], namespace = 'shop') => ({ cells, object: { metadata: { namespace } } })
const table = (columns: unknown[], rows: unknown[]) => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  columnDefinitions: columns,
  rows,
})
const failure = (code: number, reason: string, message: string, details = {}) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message,
  reason,
  code,
  details,
})
const one = (subcommand: string, change: Partial<RecordedRequest>) =>
  request(subcommand, { verb: 'get', name: 'web', resource: 'deployments', group: 'apps', target: '/x', ...change })

describe('tables', () => {
  test('columns are padded as kubectl pads them, wide ones left out', () => {
    const pods = table(
      [column('Name'), column('Age'), column('IP', 1)],
      [row(['web-0', '5m', '10.0.0.1']), row(['a', '5m', ''])],
    )
    expect(show(exchange(request('get'), pods))).toBe('NAME    AGE\nweb-0   5m\na       5m\n')
  })

  test('a column is at least six wide; cells may be numbers or nothing', () => {
    const counts = table([column('A'), column('B'), column('C')], [row([1, null, 'x'])])
    expect(show(exchange(request('get'), counts))).toBe('A     B     C\n1           x\n')
  })

  test('all namespaces show theirs', () => {
    const pods = table([column('Name')], [row(['web-0']), row(['dns'], 'kube-system')])
    const all = request('get', { namespace: '', target: '/api/v1/pods' })
    expect(show(exchange(all, pods))).toBe('NAMESPACE     NAME\nshop          web-0\nkube-system   dns\n')
  })

  test('several kinds get their kind before the name and a blank line between', () => {
    const text = show(
      exchange(request('get'), table([column('Name')], [row(['web-0'])])),
      exchange(
        request('get', { resource: 'deployments', group: 'apps', target: '/d' }),
        table([column('Name')], [row(['web'])]),
      ),
      exchange(request('get', { resource: 'jobs', group: 'batch', target: '/j' }), table([column('Name')], [])),
    )
    expect(text).toBe('NAME\npod/web-0\n\nNAME\ndeployment.apps/web\n')
  })

  test('nothing found is said once', () => {
    expect(show(exchange(request('get'), table([column('Name')], [])))).toBe('No resources found in shop namespace.\n')
  })

  test('a watch appends rows under the same widths, whatever line was cut', () => {
    const columns = [column('Name'), column('Status')]
    const event = (type: string, object: unknown) => JSON.stringify({ type, object })
    const stream = [
      event('MODIFIED', table(columns, [row(['web-0', 'Pending'])])),
      event('BOOKMARK', { kind: 'Pod', metadata: {} }),
      event('MODIFIED', table([], [row(['web-0', 'Running'])])),
      '{"type":"MOD',
    ].join('\n')
    const watch = request('get', { verb: 'watch', target: '/api/v1/namespaces/shop/pods?watch=true' })
    const list = exchange(request('get'), table(columns, [row(['web-0-long', 'New'])]))
    expect(show(list, exchange(watch, stream)).split('\n').slice(0, 2)).toEqual([
      'NAME         STATUS',
      'web-0-long   New',
    ])
    expect(show(list, exchange(watch, stream))).toContain('web-0        Running\n')
    expect(show(list, exchange(watch, stream)).match(/NAME/g)).toHaveLength(1)
  })

  test('a cell with a line end is cut there; control characters are visible', () => {
    const rows = [row(['a\nb']), row(['\u001b]0;x\u0007'])]
    expect(show(exchange(request('get'), table([column('Name')], rows)))).toBe('NAME\na...\n\\x1b]0;x\\x07\n')
  })
})

describe('what is not a table', () => {
  test('an object is YAML without managedFields', () => {
    const pod = { kind: 'Pod', metadata: { name: 'web-0', managedFields: [{}] } }
    expect(show(exchange(request('get', { verb: 'get', name: 'web-0' }), pod))).toBe(
      'kind: Pod\nmetadata:\n  name: web-0\n',
    )
  })

  test('describe shows the object once and its events', () => {
    const pod = exchange(request('describe', { verb: 'get', name: 'web-0' }), { kind: 'Pod' })
    const events = exchange(request('describe', { resource: 'events' }), {
      kind: 'EventList',
      items: [{ reason: 'Pulled' }],
    })
    expect(show(pod, pod, events)).toBe(
      'kind: Pod\n---\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Event\n  reason: Pulled\nkind: List\nmetadata:\n  resourceVersion: ""\n',
    )
  })

  test('a log is the exact bytes, escape sequences and all', () => {
    const log = request('logs', { verb: 'get', name: 'web-0', subresource: 'log' })
    const pod = exchange(request('logs', { verb: 'get', name: 'web-0' }), { kind: 'Pod' })
    expect(renderCommand([pod, exchange(log, '\u001b[31mred\u001b[0m\n')])).toEqual([
      { text: '\u001b[31mred\u001b[0m\n', kind: 'exact' },
    ])
  })

  test('top sums the containers', () => {
    const usage = (cpu: string, memory: string) => ({ usage: { cpu, memory } })
    const list = {
      kind: 'PodMetricsList',
      items: [{ metadata: { name: 'web-0' }, containers: [usage('1500000n', '2048Ki'), usage('3m', '10Mi')] }],
    }
    expect(show(exchange(request('top pod'), list))).toBe(
      'NAME    CPU(cores)   MEMORY(bytes)\nweb-0   5m           12Mi\n',
    )
  })

  test('can-i is yes or no', () => {
    const review = one('auth can-i', {
      method: 'POST',
      target: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    })
    expect(show(exchange(review, { status: { allowed: true } }))).toBe('yes\n')
    expect(show(exchange(review, { status: { allowed: false } }))).toBe('no\n')
  })

  test('discovery alone is a note', () => {
    const discovery = request('api-resources', { target: '/apis?timeout=32s', resource: '' })
    expect(renderCommand([exchange(discovery, {})])).toEqual([
      { text: 'asked only what the API server offers (1 request)\n', kind: 'reconstructed', note: true },
    ])
  })

  test('a body that is not kept is said', () => {
    expect(show({ request: request('get'), result: ok })).toBe(
      '# the answer to /api/v1/namespaces/shop/pods?limit=500 is not kept\n',
    )
  })
})

const WRITES: readonly [string, Partial<RecordedRequest>, Partial<RecordedResult>, string][] = [
  [
    'apply',
    { method: 'PATCH', target: '/x?fieldManager=kubectl-client-side-apply' },
    {},
    'deployment.apps/web configured\n',
  ],
  [
    'apply',
    { method: 'PATCH', target: '/x?fieldManager=kubectl&force=false' },
    {},
    'deployment.apps/web serverside-applied\n',
  ],
  ['apply', { method: 'POST', name: '' }, { code: 201 }, 'deployment.apps/new created\n'],
  ['apply', { method: 'PATCH', target: '/x?dryRun=All' }, {}, 'deployment.apps/web configured (server dry run)\n'],
  ['scale', { method: 'PATCH', subresource: 'scale' }, {}, 'deployment.apps/web scaled\n'],
  ['patch', { method: 'PATCH' }, {}, 'deployment.apps/web patched\n'],
  ['label', { method: 'PATCH', resource: 'pods', group: '' }, {}, 'pod/web labeled\n'],
  ['rollout undo', { method: 'PATCH' }, {}, 'deployment.apps/web rolled back\n'],
  [
    'create',
    { method: 'POST', name: '', resource: 'ingresses', group: 'networking.k8s.io' },
    {},
    'ingress.networking.k8s.io/new created\n',
  ],
  ['delete', { method: 'DELETE', resource: 'pods', group: '' }, {}, 'pod "web" deleted from shop namespace\n'],
  ['delete', { method: 'DELETE', userAgent: 'kubectl/v1.30.0' }, {}, 'deployment.apps "web" deleted\n'],
  ['drain', { method: 'POST', resource: 'pods', group: '', subresource: 'eviction' }, {}, 'pod/web evicted\n'],
  ['cordon', { method: 'PATCH', resource: 'nodes', group: '' }, {}, 'node/web cordoned\n'],
]

describe('writes', () => {
  test.each(WRITES)('%s %o', (subcommand, change, result, text) => {
    expect(show(exchange(one(subcommand, change), { metadata: { name: 'new' } }, result))).toBe(text)
  })

  test('an apply that only reads changed nothing', () => {
    expect(show(exchange(one('apply', {}), { kind: 'Deployment' }))).toBe('deployment.apps/web unchanged\n')
  })

  test('waiting reads are not printed, their end is', () => {
    expect(show(exchange(one('rollout status', {}), {}))).toBe('deployment "web" successfully rolled out\n')
    expect(show(exchange(one('wait', { resource: 'pods', group: '' }), {}))).toBe('pod/web condition met\n')
  })
})

const FAILURES: readonly [string, unknown, string][] = [
  ['a refusal', failure(403, 'Forbidden', 'no\nask'), 'Error from server (Forbidden): no\nask\n'],
  ['no reason', failure(500, '', 'broke'), 'Error from server: broke\n'],
  [
    'an ended login',
    failure(401, 'Unauthorized', 'Unauthorized'),
    'error: You must be logged in to the server (Unauthorized)\n',
  ],
  [
    'one cause',
    failure(422, 'Invalid', 'm', { kind: 'Pod', name: 'x', causes: [{ field: 'spec', message: 'bad' }] }),
    'The Pod "x" is invalid: spec: bad\n',
  ],
  [
    'two causes',
    failure(422, 'Invalid', 'm', {
      kind: 'Pod',
      name: 'x',
      causes: [
        { field: 'a', message: '1' },
        { field: 'b', message: '2' },
      ],
    }),
    'The Pod "x" is invalid: \n* a: 1\n* b: 2\n',
  ],
  ['text', '<html>\u001b[2J', '<html>\\x1b[2J\n'],
]

describe('failures', () => {
  test.each(FAILURES)('%s', (_, body, text) => {
    const code = 403
    expect(show(exchange(request('get'), body, { code, outcome: 'refused' }))).toBe(text)
  })

  test('a 404 without a body says what the API server says', () => {
    const result: RecordedResult = { ...ok, outcome: 'failed', code: 404 }
    expect(show({ request: one('exec', {}), result })).toBe(
      'Error from server (NotFound): deployments.apps "web" not found\n',
    )
  })

  test('a refusal that was recorded without a body speaks from the result', () => {
    const result: RecordedResult = { ...ok, outcome: 'refused', code: 403, reason: 'Forbidden', message: 'no' }
    expect(show({ request: request('get'), result })).toBe('Error from server (Forbidden): no\n')
  })

  test('the second try of a refused exec says something else, which kubectl does not print', () => {
    const exec = request('exec', { subresource: 'exec', name: 'web-0' })
    const refused = (reason: string, message: string): Exchange => ({
      request: exec,
      result: { ...ok, outcome: 'refused', code: 403, reason, message },
    })
    expect(show(refused('forbidden', 'no'), refused('unsupported-client', 'the same'))).toBe(
      'Error from server (Forbidden): no\n',
    )
  })

  test('a watch that brought nothing says nothing', () => {
    const watch = request('get', { verb: 'watch', target: '/api/v1/namespaces/shop/pods?watch=true' })
    expect(show({ request: watch, result: { ...ok, bytes: 0 } })).toBe('')
  })

  test('exec tries twice and complains once', () => {
    const exec = exchange(request('exec', { subresource: 'exec', name: 'web-0' }), failure(403, 'Forbidden', 'no'), {
      code: 403,
      outcome: 'refused',
    })
    expect(show(exec, exec)).toBe('Error from server (Forbidden): no\n')
  })

  test('a 404 before an apply is not a failure, before a get it is', () => {
    const missing = failure(404, 'NotFound', 'x not found')
    const created = exchange(one('apply', { method: 'POST', name: '' }), { metadata: { name: 'web' } }, { code: 201 })
    expect(show(exchange(one('apply', {}), missing, { code: 404, outcome: 'failed' }), created)).toBe(
      'deployment.apps/web created\n',
    )
    expect(show(exchange(one('get', {}), missing, { code: 404, outcome: 'failed' }))).toBe(
      'Error from server (NotFound): x not found\n',
    )
  })

  test.each([
    ['cancelled', 'the client went away before the end'],
    ['unknown', 'how this ended is not known'],
  ] as const)('%s is said', (outcome, text) => {
    expect(show(exchange(request('get'), table([column('Name')], [row(['a'])]), { outcome }))).toBe(
      `NAME\na\n# ${text}\n`,
    )
  })
})

describe('limits', () => {
  const log = (length: number) => exchange(request('logs', { subresource: 'log' }), 'x'.repeat(length))

  test('at the limit everything is shown, one past it is cut and said', () => {
    expect(show(log(MAX_TEXT))).toHaveLength(MAX_TEXT)
    const chunks = renderCommand([log(MAX_TEXT + 1), log(10)])
    expect(chunks.map((chunk) => chunk.text.length)).toEqual([MAX_TEXT, chunks[1]?.text.length])
    expect(chunks[1]?.text).toContain('the rest is not shown')
  })

  test('a list that was cut is not half a list', () => {
    expect(show({ ...exchange(request('get'), '{"kind":"Table'), cut: true })).toContain('too large to show')
  })

  const wanted = (...requests: RecordedRequest[]) => bodiesWanted(requests.map((one) => ({ request: one, result: ok })))

  test('only bodies that are shown are wanted', () => {
    const discovery = request('apply', { target: '/apis' })
    expect(wanted(discovery, one('apply', {}), one('apply', { method: 'PATCH' }))).toEqual([false, false, true])
    expect(wanted(request('get'), request('get', { preparatory: 'dry-run' }))).toEqual([true, false])
    expect(wanted(request('logs'), request('logs', { subresource: 'log' }))).toEqual([false, true])
    expect(wanted(request('exec', { subresource: 'exec' }))).toEqual([false])
  })

  test('a failure is wanted even where success is not', () => {
    const missing: RecordedResult = { ...ok, outcome: 'failed', code: 404 }
    expect(bodiesWanted([{ request: request('exec', { verb: 'get', name: 'x' }), result: missing }])).toEqual([true])
    expect(bodiesWanted([{ request: request('exec', { subresource: 'exec' }), result: missing }])).toEqual([true])
  })
})
