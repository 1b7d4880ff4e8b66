// Prints what kubectl says after a change: `deployment.apps/web scaled`. In: one exchange and the subcommand. Out: one line. No I/O.

import { visible } from './escape.ts'
import type { Exchange } from './exchange.ts'
import { fields, parseJSON, text } from './json.ts'
import { pathOf, printed, printedKind, queryOf, singular } from './resource.ts'

/** The past tense of each subcommand; what is not here speaks by its HTTP method. */
const DONE: Readonly<Record<string, string>> = {
  annotate: 'annotated',
  autoscale: 'autoscaled',
  'certificate approve': 'approved',
  'certificate deny': 'denied',
  cordon: 'cordoned',
  edit: 'edited',
  expose: 'exposed',
  label: 'labeled',
  patch: 'patched',
  replace: 'replaced',
  'rollout pause': 'paused',
  'rollout restart': 'restarted',
  'rollout resume': 'resumed',
  'rollout undo': 'rolled back',
  scale: 'scaled',
  'set env': 'env updated',
  'set image': 'image updated',
  'set resources': 'resource requirements updated',
  'set serviceaccount': 'serviceaccount updated',
  taint: 'tainted',
  uncordon: 'uncordoned',
}

const BY_METHOD: Readonly<Record<string, string>> = { POST: 'created', PUT: 'replaced', PATCH: 'patched' }

/** The line for one successful write; '' for writes the client says nothing about. */
export function writeText(exchange: Exchange, subcommand: string, body: string): string {
  const { request } = exchange
  const answer = fields(parseJSON(body))
  const name = visible(request.name || text(fields(answer.metadata).name) || '…')
  const dryRun = queryOf(request).get('dryRun') === 'All' ? ' (server dry run)' : ''
  if (request.method === 'DELETE') return deleted(exchange, name, dryRun)
  if (request.subresource === 'eviction') return `pod/${name} evicted\n`
  if (request.subresource === 'token') return `${visible(text(fields(answer.status).token))}\n`
  if (subcommand === 'drain') return `${printed(request, name)} cordoned\n`
  return `${printed(request, name)} ${past(exchange, subcommand)}${dryRun}\n`
}

function past(exchange: Exchange, subcommand: string): string {
  if (subcommand === 'apply') return applied(exchange)
  if (subcommand === 'auth reconcile') return 'reconciled'
  return DONE[subcommand] ?? BY_METHOD[exchange.request.method] ?? 'changed'
}

function applied({ request, result }: Exchange): string {
  const query = queryOf(request)
  if (query.has('force') && !query.get('fieldManager')?.includes('client-side')) return 'serverside-applied'
  return request.method === 'POST' || result?.code === 201 ? 'created' : 'configured'
}

/** Since 1.34 kubectl names the namespace. */
function deleted({ request }: Exchange, name: string, dryRun: string): string {
  const minor = /^kubectl\/v1\.(\d+)/.exec(request.userAgent)?.[1]
  const tells =
    minor !== undefined && Number(minor) >= 34 && request.namespace !== '' && request.resource !== 'namespaces'
  const what = request.group === '' ? singular(request.resource) : printedKind(request)
  return `${what} "${name}" deleted${tells ? ` from ${visible(request.namespace)} namespace` : ''}${dryRun}\n`
}

/** Writes that only ask: nothing changed, and the answer is what is printed. */
export function isReview(exchange: Exchange): boolean {
  return /\/(?:self)?subject(?:access|rules)?reviews$/.test(pathOf(exchange.request))
}
