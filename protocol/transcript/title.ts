// The command as a person would have typed it, made again from one invocation's requests.
// In: what was recorded of each request. Out: one line. What was never sent (files, flags that only change the output)
// is shown as `…` or left out; nothing is invented. No I/O.

import type { RecordedRequest } from '../log/event.ts'
import { visible } from './escape.ts'
import { helmTitle } from './helm.ts'
import { isDiscovery, isHelm, queryOf, subcommandOf, typedMany, typedOne } from './resource.ts'
import { duration, objectsComment, shellWord, targetWord } from './words.ts'

/** A title longer than this is cut: an argv may have 60 KB. */
const MAX_TITLE = 500

/** The command line. Empty only for no requests. */
export function titleOf(requests: readonly RecordedRequest[]): string {
  const own = requests.filter((request) => request.preparatory === undefined)
  const asked = own.filter((request) => !isDiscovery(request))
  const waiting = asked.length === 0 ? waitingIn(requests) : []
  const title = visible(line([...own, ...waiting], [...asked, ...waiting]))
  return title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title
}

/** While people are asked about a request, only what the gateway itself asked on its way is recorded: it tells of the request. */
function waitingIn(requests: readonly RecordedRequest[]): readonly RecordedRequest[] {
  const asking = requests.find((request) => request.preparatory !== undefined)
  if (asking === undefined) return []
  const { preparatory: _its, target, ...request } = asking
  const [path = '', query = ''] = target.split('?', 2)
  const rest = query.split('&').filter((part) => part !== '' && part !== 'dryRun=All')
  return [{ ...request, target: rest.length === 0 ? path : `${path}?${rest.join('&')}` }]
}

function line(own: readonly RecordedRequest[], asked: readonly RecordedRequest[]): string {
  const first = own[0]
  if (!first) return ''
  if (isHelm(own)) return helmTitle(asked)
  const subcommand = subcommandOf(own) || guess(asked[0])
  if (subcommand === '') return rawTitle(asked[0] ?? first)
  const words = asked.length === 0 ? withoutRequests(subcommand, own) : wordsOf(subcommand, asked)
  return ['kubectl', ...words].filter((word) => word !== '').join(' ')
}

/** kubectl before 1.22 does not say its subcommand. */
function guess(request: RecordedRequest | undefined): string {
  if (!request || !/^kubectl/.test(request.userAgent)) return ''
  if (request.subresource === 'exec' || request.subresource === 'attach') return request.subresource
  if (request.subresource === 'log') return 'logs'
  return (
    { get: 'get', list: 'get', watch: 'get', delete: 'delete', create: 'create', patch: 'patch' }[request.verb] ?? ''
  )
}

/** Any other program: what it did, in one line. */
function rawTitle(request: RecordedRequest): string {
  const program = /^[^\s/]+/.exec(request.userAgent)?.[0] ?? 'client'
  return `${program}: ${request.method} ${request.target}`
}

/** Commands that ask only what the API server offers, or whose question is not in the requests. */
function withoutRequests(subcommand: string, own: readonly RecordedRequest[]): string[] {
  if (subcommand === 'get' && own.every((request) => !queryOf(request).has('timeout'))) {
    return ['get', '--raw', shellWord(own[0]?.target ?? '/')]
  }
  const asks = !['api-resources', 'api-versions', 'version', 'cluster-info'].includes(subcommand)
  return [subcommand, asks ? '…' : '']
}

type Writer = (asked: readonly RecordedRequest[], subcommand: string) => string[]

/** One row per subcommand; what is not here is `kubectl SUBCOMMAND OBJECT …`. */
const WRITERS: Readonly<Record<string, Writer>> = {
  get: getWords,
  describe: (asked) => [
    'describe',
    ...readWords(asked.slice(0, 1)),
    ...namespaceWords(asked.slice(0, 1)),
    ...selectorWords(asked[0]),
  ],
  events: (asked) => ['events', ...namespaceWords(asked)],
  apply: fileWords,
  create: fileWords,
  diff: fileWords,
  replace: fileWords,
  'auth reconcile': fileWords,
  delete: deleteWords,
  logs: logWords,
  exec: execWords,
  attach: (asked) => ['attach', ...terminalFlags(asked), podWord(asked), ...namespaceWords(asked)],
  cp: copyWords,
  'port-forward': (asked) => ['port-forward', slashed(asked[0]), ...namespaceWords(asked), '…'],
  scale: (asked) => ['scale', slashed(asked[0]), ...namespaceWords(asked), '--replicas=…'],
  autoscale: (asked) => ['autoscale', ...objectWords(asked), ...namespaceWords(asked), '…'],
  wait: (asked) => ['wait', slashed(asked[0]), ...namespaceWords(asked), '--for=…'],
  run: runWords,
  debug: debugWords,
  edit: (asked) => ['edit', ...objectWords(asked), ...namespaceWords(asked)],
  patch: (asked) => [
    'patch',
    ...objectWords(asked),
    ...namespaceWords(asked),
    ...subresourceWords(asked),
    ...dryRunWords(asked),
    '-p',
    '…',
  ],
  'auth can-i': (asked) =>
    asked.some((request) => request.resource === 'selfsubjectrulesreviews')
      ? ['auth can-i', '--list']
      : ['auth can-i', '…'],
  'auth whoami': () => ['auth whoami'],
  'cluster-info': () => ['cluster-info'],
  'top pod': (asked) => ['top', 'pods', ...namesOf(asked), ...namespaceWords(asked), ...selectorWords(asked[0])],
  'top node': (asked) => ['top', 'nodes', ...namesOf(asked)],
  'create token': (asked) => ['create token', shellWord(asked[0]?.name ?? ''), ...namespaceWords(asked)],
  'certificate approve': (asked, subcommand) => [subcommand, ...namesOf(asked)],
  'certificate deny': (asked, subcommand) => [subcommand, ...namesOf(asked)],
  cordon: (asked, subcommand) => [subcommand, ...namesOf(asked)],
  uncordon: (asked, subcommand) => [subcommand, ...namesOf(asked)],
  drain: (asked) => ['drain', ...namesOf(asked.filter((request) => request.resource === 'nodes'))],
  taint: (asked) => ['taint', 'nodes', ...namesOf(asked), '…'],
}

function wordsOf(subcommand: string, asked: readonly RecordedRequest[]): string[] {
  const writer = WRITERS[subcommand]
  if (writer) return writer(asked, subcommand)
  if (/^rollout (?:status|history|restart|undo|pause|resume)$/.test(subcommand)) {
    return [subcommand, slashed(asked[0]), ...namespaceWords(asked)]
  }
  if (subcommand.startsWith('create ')) {
    const name = subcommand === 'create namespace' ? asked[0]?.name : ''
    return [typedCreate(subcommand), name ? shellWord(name) : '…', ...namespaceWords(asked), ...dryRunWords(asked)]
  }
  if (subcommand.startsWith('set ')) return [subcommand, slashed(asked[0]), ...namespaceWords(asked), '…']
  const changed = asked.filter((request) => request.method !== 'GET')
  const target = asked[0]?.name ? objectWords(asked) : [typedMany(asked[0]?.resource ?? ''), ...selectorWords(asked[0])]
  return [subcommand, ...target, ...namespaceWords(asked), ...dryRunWords(changed), '…']
}

function typedCreate(subcommand: string): string {
  return subcommand === 'create namespace' ? 'create ns' : subcommand
}

/** `-n shop`, `-A`, or nothing for the default namespace and for what has none. */
function namespaceWords(asked: readonly RecordedRequest[]): string[] {
  const telling = asked.find((request) => request.namespace !== '' && request.resource !== 'namespaces')
  const namespace = telling?.namespace ?? ''
  return namespace === '' || namespace === 'default' ? [] : ['-n', shellWord(namespace)]
}

function selectorWords(request: RecordedRequest | undefined): string[] {
  if (!request) return []
  const query = queryOf(request)
  const label = query.get('labelSelector')
  const field = query.get('fieldSelector')
  return [...(label ? ['-l', shellWord(label)] : []), ...(field ? ['--field-selector', shellWord(field)] : [])]
}

function dryRunWords(asked: readonly RecordedRequest[]): string[] {
  return asked.some((request) => queryOf(request).get('dryRun') === 'All') ? ['--dry-run=server'] : []
}

function subresourceWords(asked: readonly RecordedRequest[]): string[] {
  const subresource = asked.find((request) => request.subresource !== '')?.subresource
  return subresource ? [`--subresource=${shellWord(subresource)}`] : []
}

/** `deploy/web`. */
function slashed(request: RecordedRequest | undefined): string {
  return request ? targetWord(request) : ''
}

/** `pod web-0`, `pod a b`, or `pod/a deploy/b` for objects of several kinds. */
function objectWords(asked: readonly RecordedRequest[]): string[] {
  const kind = asked[0]?.resource
  const same = asked.filter((request) => request.name !== '')
  if (!kind || same.length === 0) return kind ? [typedMany(kind)] : []
  const kinds = new Set(same.map((request) => request.resource))
  if (kinds.size > 1) return [...new Set(same.map(slashed))]
  return [typedOne(kind), ...namesOf(same)]
}

function namesOf(asked: readonly RecordedRequest[]): string[] {
  return [...new Set(asked.flatMap((request) => (request.name === '' ? [] : [shellWord(request.name)])))]
}

/** What `kubectl get all` lists. */
const ALL: readonly string[] = ['pods', 'services', 'deployments', 'replicasets', 'statefulsets', 'daemonsets', 'jobs']

function readWords(asked: readonly RecordedRequest[]): string[] {
  const listed = [...new Set(asked.filter((request) => request.name === '').map((request) => request.resource))]
  const single = asked.filter((request) => request.name !== '')
  if (ALL.every((resource) => listed.includes(resource))) return ['all']
  if (listed.length > 0 && single.length === 0) return [listed.map(typedMany).join(',')]
  return [...objectWords(single)]
}

/** Resources of which an empty namespace says nothing. */
function spansNamespaces(request: RecordedRequest): boolean {
  return request.namespace === '' && request.name === '' && NAMESPACED.test(request.resource)
}

/** The built-in namespaced resources; others (CRDs) may have no namespace at all. */
const NAMESPACED =
  /^(?:pods|services|endpoints|endpointslices|configmaps|secrets|events|serviceaccounts|deployments|replicasets|statefulsets|daemonsets|replicationcontrollers|jobs|cronjobs|ingresses|networkpolicies|persistentvolumeclaims|horizontalpodautoscalers|poddisruptionbudgets|roles|rolebindings|leases|limitranges|resourcequotas)$/

function getWords(asked: readonly RecordedRequest[]): string[] {
  const [first] = asked
  if (!first) return ['get']
  if (first.resource === '') return ['get', '--raw', shellWord(first.target)]
  const listed = asked.filter((request, at) => !isWatch(request) && !isLookUp(request, asked[at - 1]))
  const words = ['get', ...readWords(listed.length > 0 ? listed : asked)]
  if (asked.some(spansNamespaces)) words.push('-A')
  else words.push(...namespaceWords(asked))
  // A watch of one object is a list with a selector on its name.
  words.push(...selectorWords(first), ...subresourceWords(asked))
  if (queryOf(first).get('includeObject') === 'Object') words.push('--sort-by=…')
  if (asked.some(isWatch)) words.push('-w')
  return words
}

/** kubectl asks whether the namespace is there when an object in it is not. */
function isLookUp(request: RecordedRequest, before: RecordedRequest | undefined): boolean {
  if (request.resource !== 'namespaces' || before === undefined || before.resource === 'namespaces') return false
  return before.name !== '' && before.namespace === request.name
}

function isWatch(request: RecordedRequest): boolean {
  return request.verb === 'watch' || queryOf(request).get('watch') === 'true'
}

/** `-f …`, with the objects as a comment. */
function fileWords(asked: readonly RecordedRequest[], subcommand: string): string[] {
  const writes = asked.filter((request) => request.method !== 'GET')
  const serverSide = subcommand === 'apply' && writes.some(isServerSide)
  const force = subcommand === 'replace' && writes.some((request) => request.method === 'DELETE')
  return [
    subcommand,
    serverSide ? '--server-side' : '',
    force ? '--force' : '',
    ...dryRunWords(subcommand === 'diff' ? [] : writes),
    '-f',
    '…',
    ...namespaceWords(asked),
    objectsComment(asked),
  ]
}

function isServerSide(request: RecordedRequest): boolean {
  const query = queryOf(request)
  return request.method === 'PATCH' && query.has('force') && query.get('fieldManager') !== 'kubectl-client-side-apply'
}

function deleteWords(asked: readonly RecordedRequest[]): string[] {
  const deletes = asked.filter((request) => request.method === 'DELETE')
  const [first] = asked
  const list = first?.method === 'GET' && first.name === '' ? first : undefined
  if (list) {
    const selectors = selectorWords(list)
    const words = ['delete', typedMany(list.resource), ...(selectors.length > 0 ? selectors : ['--all'])]
    return [...words, ...(spansNamespaces(list) ? ['-A'] : namespaceWords(asked)), ...dryRunWords(deletes)]
  }
  const objects = deletes.length > 0 ? deletes : asked
  return ['delete', ...objectWords(objects), ...namespaceWords(asked), ...dryRunWords(deletes)]
}

function logWords(asked: readonly RecordedRequest[]): string[] {
  const logs = asked.filter((request) => request.subresource === 'log')
  const query = queryOf(logs[0] ?? asked[0] ?? { target: '' })
  const [first] = asked
  const byLabel = first?.resource === 'pods' && first.name === '' && queryOf(first).has('labelSelector')
  const target = byLabel ? selectorWords(first) : [podWord(asked)]
  const tail = query.get('tailLines')
  const since = query.get('sinceSeconds')
  const sinceTime = query.get('sinceTime')
  const limit = query.get('limitBytes')
  return [
    'logs',
    query.get('follow') === 'true' ? '-f' : '',
    query.get('previous') === 'true' ? '-p' : '',
    ...target,
    ...namespaceWords(asked),
    tail && !(byLabel && tail === '10') ? `--tail=${shellWord(tail)}` : '',
    since ? `--since=${duration(since)}` : '',
    sinceTime ? `--since-time=${shellWord(sinceTime)}` : '',
    limit ? `--limit-bytes=${shellWord(limit)}` : '',
    query.get('timestamps') === 'true' ? '--timestamps' : '',
  ]
}

/** The pod as typed: its name, or the workload that was looked up first. */
function podWord(asked: readonly RecordedRequest[]): string {
  const [first] = asked
  if (!first) return ''
  return first.resource === 'pods' ? shellWord(first.name) : targetWord(first)
}

function streamOf(asked: readonly RecordedRequest[]): RecordedRequest | undefined {
  return asked.find((request) => request.subresource === 'exec' || request.subresource === 'attach')
}

function terminalFlags(asked: readonly RecordedRequest[]): string[] {
  const stream = streamOf(asked)
  if (!stream) return []
  const query = queryOf(stream)
  const stdin = stream.exec?.stdin ?? query.get('stdin') === 'true'
  const tty = stream.exec?.tty ?? query.get('tty') === 'true'
  return stdin || tty ? [`-${stdin ? 'i' : ''}${tty ? 't' : ''}`] : []
}

function argvOf(stream: RecordedRequest | undefined): readonly string[] {
  return stream ? (stream.exec?.argv ?? queryOf(stream).getAll('command')) : []
}

function execWords(asked: readonly RecordedRequest[]): string[] {
  const argv = argvOf(streamOf(asked)).map(shellWord)
  return [
    'exec',
    ...terminalFlags(asked),
    podWord(asked),
    ...namespaceWords(asked),
    '--',
    ...(argv.length > 0 ? argv : ['…']),
  ]
}

/** cp is tar over exec. */
function copyWords(asked: readonly RecordedRequest[]): string[] {
  const streams = asked.filter((request) => request.subresource === 'exec')
  const pod = shellWord(streams[0]?.name ?? asked[0]?.name ?? '')
  const namespace = namespaceWords(asked)
  const from = streams.map(argvOf).find((argv) => argv[0] === 'tar' && argv[1] === 'cf')
  if (from) return ['cp', ...namespace, `${pod}:${shellWord(from.at(-1) ?? '')}`, '…']
  const to = streams.map(argvOf).find((argv) => argv[0] === 'tar' && argv.includes('-C'))
  const tested = streams.map(argvOf).find((argv) => argv[0] === 'test')
  const directory = to?.[to.indexOf('-C') + 1] ?? tested?.at(-1)
  return ['cp', ...namespace, '…', `${pod}:${shellWord(directory ?? '…')}`]
}

function runWords(asked: readonly RecordedRequest[]): string[] {
  const named = asked.find((request) => request.resource === 'pods' && request.name !== '')?.name
  const watched = asked.map((request) => /^metadata\.name=(.+)$/.exec(queryOf(request).get('fieldSelector') ?? '')?.[1])
  const name = named || watched.find((found) => found !== undefined)
  const removed = asked.some((request) => request.method === 'DELETE')
  return [
    'run',
    name ? shellWord(name) : '…',
    '--image=…',
    removed ? '--rm' : '',
    ...terminalFlags(asked),
    ...namespaceWords(asked),
  ]
}

function debugWords(asked: readonly RecordedRequest[]): string[] {
  const [first] = asked
  const target = first?.resource === 'nodes' ? targetWord(first) : shellWord(first?.name ?? '')
  return ['debug', ...terminalFlags(asked), target, ...namespaceWords(asked), '--image=…']
}
