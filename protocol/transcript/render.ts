// What kubectl printed, made again from the recorded requests and responses of one command.
// In: exchanges, oldest first, bodies already masked. Out: chunks of text, each marked exact or reconstructed.
// Never: bytes of a control sequence, but for logs, which are what the client saw. No I/O.

import type { RecordedRequest } from '../log/event.ts'
import { visible } from './escape.ts'
import { type Chunk, type Exchange, MAX_TEXT } from './exchange.ts'
import { failureText } from './failure.ts'
import { type Fields, fields, items, parseJSON, text } from './json.ts'
import { isMetrics, metricsText } from './metrics.ts'
import { isDiscovery, isHelm, pathOf, printed, printedKind, queryOf, subcommandOf } from './resource.ts'
import { isTable, TablePrinter } from './table.ts'
import { isReview, writeText } from './writes.ts'
import { toYAML } from './yaml.ts'

export type { Chunk, Exchange } from './exchange.ts'
export { MAX_BODY_BYTES, MAX_TEXT } from './exchange.ts'

/** Subcommands that read before they write: what they read is not printed, and a 404 there is no error. */
const READS_FIRST: ReadonlySet<string> = new Set([
  'annotate',
  'apply',
  'attach',
  'auth reconcile',
  'autoscale',
  'certificate approve',
  'certificate deny',
  'cordon',
  'cp',
  'create',
  'debug',
  'delete',
  'diff',
  'drain',
  'edit',
  'exec',
  'expose',
  'label',
  'logs',
  'patch',
  'port-forward',
  'replace',
  'rollout pause',
  'rollout restart',
  'rollout resume',
  'rollout status',
  'rollout undo',
  'run',
  'scale',
  'set env',
  'set image',
  'set resources',
  'taint',
  'uncordon',
  'wait',
])

/**
 * Which response bodies `renderCommand` looks at, by position: a viewer need not load the others. A failure is always
 * looked at: it says why.
 */
export function bodiesWanted(exchanges: readonly Pick<Exchange, 'request' | 'result'>[]): readonly boolean[] {
  const requests = exchanges.map((exchange) => exchange.request)
  const subcommand = subcommandOf(requests)
  const quiet = READS_FIRST.has(subcommand) || isHelm(requests)
  return exchanges.map(({ request, result }) => {
    if (request.preparatory !== undefined) return false
    if ((result?.code ?? 0) >= 400) return true
    if (isStream(request)) return false
    if (isDiscovery(request)) return subcommand === 'version' || subcommand === 'get'
    return !(quiet && request.method === 'GET' && request.subresource !== 'log')
  })
}

/**
 * The command's output. Interactive streams (exec, attach) are not here: they have recordings of their own
 * (`protocol/recording.ts`); only their refusal is. At most `MAX_TEXT` characters: the rest is left out and that is said.
 */
export function renderCommand(exchanges: readonly Exchange[]): Chunk[] {
  const shown = exchanges.filter((exchange) => exchange.request.preparatory === undefined)
  const out = new Output()
  const asked = shown.filter((exchange) => !isDiscovery(exchange.request))
  const renderer = new Renderer(
    shown.map((exchange) => exchange.request),
    out,
  )
  if (asked.length === 0) renderer.discovery(shown)
  for (const exchange of asked) {
    if (out.full) break
    renderer.exchange(exchange)
  }
  renderer.end(asked)
  return out.chunks
}

class Output {
  readonly chunks: Chunk[] = []
  #length = 0
  full = false

  add(value: string, kind: Chunk['kind']): void {
    if (value === '' || this.full) return
    const room = MAX_TEXT - this.#length
    this.#length += value.length
    this.chunks.push({ text: value.slice(0, room), kind })
    if (value.length <= room) return
    this.full = true
    this.#push('\n… the rest is not shown: the output is longer than 2 MB')
  }

  note(value: string): void {
    if (!this.full) this.#push(value)
  }

  #push(value: string): void {
    this.chunks.push({ text: `${value}\n`, kind: 'reconstructed', note: true })
  }
}

class Renderer {
  readonly #out: Output
  readonly #subcommand: string
  readonly #helm: boolean
  readonly #kinds: number
  readonly #printers = new Map<string, TablePrinter>()
  readonly #failures = new Set<string>()
  #lists = 0
  #empty: string | undefined

  constructor(requests: readonly RecordedRequest[], out: Output) {
    this.#out = out
    this.#subcommand = subcommandOf(requests)
    this.#helm = isHelm(requests)
    const lists = requests.filter((request) => request.verb === 'list' && !isDiscovery(request))
    this.#kinds = new Set(lists.map((request) => printedKind(request))).size
  }

  discovery(exchanges: readonly Exchange[]): void {
    const version = exchanges.find((exchange) => pathOf(exchange.request) === '/version')
    const gitVersion = text(fields(parseJSON(decode(version?.response))).gitVersion)
    if (this.#subcommand === 'version' && gitVersion !== '') {
      this.#out.add(`Server Version: ${visible(gitVersion)}\n`, 'reconstructed')
    }
    for (const exchange of exchanges) this.#failed(exchange)
    const count = exchanges.length
    this.#out.note(`asked only what the API server offers (${count} ${count === 1 ? 'request' : 'requests'})`)
  }

  exchange(exchange: Exchange): void {
    const { request, result } = exchange
    if (result === undefined && exchange.response === undefined) return
    if (this.#failed(exchange)) return
    if (isStream(request)) this.#stream(exchange)
    else if (request.subresource === 'log') this.#log(exchange)
    else if (this.#helm && request.resource === 'secrets') return
    else if (request.method === 'GET') this.#read(exchange)
    else if (isReview(exchange)) this.#review(exchange)
    else this.#out.add(writeText(exchange, this.#subcommand, decode(exchange.response)), 'reconstructed')
  }

  end(exchanges: readonly Exchange[]): void {
    if (this.#empty !== undefined && this.#lists === 0) this.#out.add(this.#empty, 'reconstructed')
    this.#afterReads(exchanges)
    if (this.#helm) {
      const changed = this.#out.chunks.length > 0 ? '; above is what it changed' : ''
      this.#out.note(`helm's own words are not recorded${changed}`)
    }
    const last = exchanges.at(-1)
    if (last?.result?.outcome === 'cancelled') this.#out.note('the client went away before the end')
    if (last?.result?.outcome === 'unknown') this.#out.note('how this ended is not known')
  }

  /** What kubectl concludes from reads alone. */
  #afterReads(exchanges: readonly Exchange[]): void {
    const first = exchanges[0]
    if (!first || exchanges.some((exchange) => (exchange.result?.code ?? 0) >= 400)) return
    if (exchanges.some((exchange) => exchange.request.method !== 'GET')) return
    const { request } = first
    const done = exchanges.at(-1)?.result?.outcome === 'ok'
    if (this.#subcommand === 'apply') {
      for (const one of exchanges)
        this.#out.add(`${printed(one.request, visible(one.request.name))} unchanged\n`, 'reconstructed')
    }
    if (this.#subcommand === 'rollout status' && done) {
      this.#out.add(
        `${request.resource.replace(/s$/, '')} "${visible(request.name)}" successfully rolled out\n`,
        'reconstructed',
      )
    }
    if (this.#subcommand === 'wait' && done) {
      this.#out.add(`${printed(request, visible(request.name))} condition met\n`, 'reconstructed')
    }
  }

  /** True when the exchange failed; prints it once, unless this client does not take it for a failure. */
  #failed(exchange: Exchange): boolean {
    const { request, result } = exchange
    if (result === undefined || (result.code < 400 && result.code !== 0)) return false
    if (result.code === 0 && result.outcome !== 'refused' && result.outcome !== 'failed') return false
    const probe = request.method === 'GET' && !isStream(request) && request.subresource !== 'log'
    if (probe && result.code === 404 && (READS_FIRST.has(this.#subcommand) || this.#helm)) {
      if (
        !['apply', 'delete', 'replace', 'wait', 'drain', 'auth reconcile', 'run', 'create'].includes(this.#subcommand)
      ) {
        if (!this.#helm) this.#fail(exchange)
      }
      return true
    }
    this.#fail(exchange)
    return true
  }

  #fail({ request, result, response }: Exchange): void {
    const message = failureText(request, result, decode(response))
    // A refused exec is tried again over SPDY; kubectl tells of the first refusal only.
    const key = isStream(request) ? request.target : message
    if (this.#failures.has(key)) return
    this.#failures.add(key)
    this.#out.add(message, 'reconstructed')
  }

  #stream({ request, result }: Exchange): void {
    if (request.subresource === 'portforward') {
      this.#out.note(
        `a port of ${visible(request.name)} was forwarded (${result?.bytes ?? 0} bytes); its content is not shown`,
      )
    }
    if (this.#subcommand === 'cp') this.#out.note(`copied as a tar stream (${result?.bytes ?? 0} bytes)`)
  }

  #log({ request, result, response, cut }: Exchange): void {
    const body = decode(response)
    this.#out.add(body, 'exact')
    if (cut) this.#out.note('… the rest of the log is not shown')
    if (response === undefined && result?.bytes !== 0) this.#out.note(`the log of ${visible(request.name)} is not kept`)
  }

  #read(exchange: Exchange): void {
    const { request, response } = exchange
    if (READS_FIRST.has(this.#subcommand) || this.#helm) return
    const target = visible(request.target)
    const body = decode(response)
    if (response === undefined && exchange.result?.bytes === 0) return
    if (response === undefined) this.#out.note(`the answer to ${target} is not kept`)
    else if (isWatch(request)) this.#watch(exchange, body)
    else if (exchange.cut) this.#out.note(`the answer to ${target} is too large to show here`)
    else this.#document(exchange, body)
  }

  #document(exchange: Exchange, body: string): void {
    const object = fields(parseJSON(body))
    if (Object.keys(object).length === 0) this.#out.add(visible(body, true), 'reconstructed')
    else if (isTable(object)) this.#table(exchange, object)
    else if (isMetrics(object)) this.#out.add(metricsText(object, exchange.request.namespace === ''), 'reconstructed')
    else this.#object(exchange.request, object)
  }

  #object(request: RecordedRequest, object: Fields): void {
    if (this.#subcommand === 'describe' && this.#lists > 0 && request.verb === 'get') return
    if ('items' in object && items(object.items).length === 0) return
    this.#out.add((this.#lists > 0 ? '---\n' : '') + toYAML(tidy(object)), 'reconstructed')
    this.#lists++
  }

  #table({ request }: Exchange, table: Fields): void {
    const lines = this.#printer(request).print(table)
    if (lines === '') {
      const where = request.namespace === '' ? '' : ` in ${visible(request.namespace)} namespace`
      this.#empty = `No resources found${where}.\n`
      return
    }
    if (this.#lists > 0) this.#out.add('\n', 'reconstructed')
    this.#out.add(lines, 'reconstructed')
    this.#lists++
  }

  #printer(request: RecordedRequest): TablePrinter {
    const key = `${pathOf(request)}`
    let printer = this.#printers.get(key)
    if (printer === undefined) {
      const namespaces = request.namespace === '' && request.name === '' && this.#subcommand !== 'describe'
      printer = new TablePrinter({
        namespaces: namespaces && !CLUSTER_SCOPED.has(request.resource),
        prefix: this.#kinds > 1 ? `${printedKind(request)}/` : '',
      })
      this.#printers.set(key, printer)
    }
    return printer
  }

  /** Watch events, one JSON document a line; a last line that was cut is left out. */
  #watch({ request }: Exchange, body: string): void {
    for (const entry of body.split('\n')) {
      if (this.#out.full) return
      const event = fields(parseJSON(entry))
      const object = fields(event.object)
      if (event.type === 'ERROR')
        this.#out.add(failureText(request, undefined, JSON.stringify(object)), 'reconstructed')
      else if (isTable(object)) this.#out.add(this.#printer(request).print(object), 'reconstructed')
      else if (event.type !== 'BOOKMARK' && Object.keys(object).length > 0) {
        this.#out.add(`---\n${toYAML(tidy(object))}`, 'reconstructed')
      }
    }
  }

  #review({ response }: Exchange): void {
    const review = fields(parseJSON(decode(response)))
    const { allowed } = fields(review.status)
    if (typeof allowed === 'boolean') this.#out.add(allowed ? 'yes\n' : 'no\n', 'reconstructed')
    else this.#out.add(toYAML(review.status ?? review), 'reconstructed')
  }
}

/** Resources without a namespace that people list most: an empty namespace does not mean all of them. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'apiservices',
  'certificatesigningrequests',
  'clusterrolebindings',
  'clusterroles',
  'componentstatuses',
  'csidrivers',
  'csinodes',
  'customresourcedefinitions',
  'ingressclasses',
  'mutatingwebhookconfigurations',
  'namespaces',
  'nodes',
  'persistentvolumes',
  'priorityclasses',
  'runtimeclasses',
  'storageclasses',
  'validatingwebhookconfigurations',
  'volumeattachments',
])

function isWatch(request: RecordedRequest): boolean {
  return request.verb === 'watch' || queryOf(request).get('watch') === 'true'
}

function isStream(request: RecordedRequest): boolean {
  return request.subresource === 'exec' || request.subresource === 'attach' || request.subresource === 'portforward'
}

/** Lists within lists that are printed as such; no API has more. What is further down is printed as it is. */
const MAX_LISTS = 4

/** As kubectl prints it: without managedFields; a list as `List` whose items name their kind. */
function tidy(object: Fields, depth = 0): Fields {
  if ('items' in object && depth < MAX_LISTS) {
    const kind = text(object.kind).replace(/List$/, '')
    const own = kind === '' ? {} : { apiVersion: text(object.apiVersion) || 'v1', kind }
    const listed = items(object.items).map((item) => ({ ...own, ...tidy(fields(item), depth + 1) }))
    return { apiVersion: 'v1', items: listed, kind: 'List', metadata: { resourceVersion: '' } }
  }
  const { managedFields: _, ...metadata } = fields(object.metadata)
  return 'metadata' in object ? { ...object, metadata } : object
}

function decode(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder().decode(bytes)
}
