// get, list and watch. In: a call. Out: objects, pages, or a stream of watch events that waits for its client.

import { failure } from '../../../protocol/status.ts'
import type { JsonObject, KubeObject } from '../json.ts'
import { at, isObject, parseJson } from '../json.ts'
import { apiVersionOf } from '../kinds.ts'
import { notFound, Refusal, refuse } from '../refusal.ts'
import type { DemoResponse } from '../request.ts'
import { pinnedName, type Selector, selectorOf } from '../selectors.ts'
import { type Change, shelfOf } from '../store.ts'
import { answer, type Call, json, shown, shownList } from './call.ts'
import { metricsObjects } from './metrics.ts'

/** Watch events that may wait for a slow client; past it the watch is ended and the client starts anew. */
const MAX_QUEUED_EVENTS = 4096

/** How often an idle watch with `allowWatchBookmarks` hears where it stands. */
const BOOKMARK_INTERVAL_MS = 60_000

/** A watch without `timeoutSeconds` ends after this. */
const DEFAULT_WATCH_SECONDS = 1800

/** Characters of an object list in one page at most, whatever the client asks. */
const MAX_PAGE = 10_000

const expired = (why: string) => new Refusal(failure('Expired', why))

/** The stored object a call names, or 404. */
export function found(call: Call): KubeObject {
  const { cluster, resource, info } = call
  const object =
    resource.group === 'metrics.k8s.io'
      ? metricsObjects(cluster, resource, info.namespace).find((item) => item.metadata.name === info.name)
      : cluster.store.get(shelfOf(resource), resource.namespaced ? info.namespace : '', info.name)
  if (object === undefined) throw notFound(resource.plural, resource.group, info.name)
  return object
}

/** GET of one object. */
export function getOne(call: Call): DemoResponse {
  return answer(call, 200, found(call))
}

function selector(call: Call): Selector {
  const { query } = call.info
  return selectorOf(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '', call.resource.kind)
}

/** The selected objects of a list call, in key order. */
export function selected(call: Call): KubeObject[] {
  const { cluster, resource, info } = call
  const all =
    resource.group === 'metrics.k8s.io'
      ? metricsObjects(cluster, resource, info.namespace)
      : cluster.store.list(shelfOf(resource), resource.namespaced ? info.namespace : '')
  return all.filter(selector(call))
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** GET of a collection. */
export function list(call: Call): DemoResponse {
  const { cluster, info } = call
  const limit = Math.min(Number(info.query.get('limit') ?? '0') || MAX_PAGE, MAX_PAGE)
  let objects = selected(call)
  let version = String(cluster.store.version)
  const token = info.query.get('continue') ?? ''
  if (token !== '') {
    const parsed = parseJson(Buffer.from(token, 'base64url').toString('utf8'))
    const start = isObject(parsed) ? parsed.start : undefined
    if (typeof start !== 'string') throw refuse('BadRequest', 'continue key is not valid')
    objects = objects.filter((object) => keyOf(object) > start)
    version = String(at(parsed, 'rv') ?? version)
  }
  const page = objects.slice(0, limit)
  const last = page.at(-1)
  const more = objects.length > page.length && last !== undefined
  const metadata: JsonObject = {
    resourceVersion: version,
    ...(more
      ? {
          continue: Buffer.from(JSON.stringify({ v: 'demo', rv: version, start: keyOf(last) })).toString('base64url'),
          remainingItemCount: objects.length - page.length,
        }
      : {}),
  }
  return json(200, shownList(call, page, metadata))
}

interface WatchEvent {
  readonly type: string
  readonly object: JsonObject
}

/** GET of a collection with `watch`. */
export function watch(call: Call): DemoResponse {
  const { cluster, resource, info } = call
  const { query } = info
  const shelf = shelfOf(resource)
  const wanted = selector(call)
  const name = info.name || pinnedName(query.get('fieldSelector') ?? '')
  const mine = (object: KubeObject) =>
    (!resource.namespaced || info.namespace === '' || object.metadata.namespace === info.namespace) &&
    (name === undefined || object.metadata.name === name) &&
    wanted(object)
  const bookmarks = ['1', 'true'].includes(query.get('allowWatchBookmarks') ?? '')
  const initial = query.get('sendInitialEvents')
  const from = query.get('resourceVersion') ?? ''
  if (initial !== null && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw new Refusal(
      failure(
        'Invalid',
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
        { details: { kind: 'ListOptions', group: 'meta.k8s.io' } },
      ),
    )
  }
  if (from !== '' && !/^\d+$/.test(from))
    throw refuse('BadRequest', `Invalid value: "${from}": strconv.ParseUint: parsing "${from}": invalid syntax`)
  const replay = initial === 'true' ? false : initial === 'false' || (from !== '' && from !== '0')
  const queue: WatchEvent[] = []
  let first = true
  let ended = false
  let wake: () => void = () => {}
  const push = (event: WatchEvent) => {
    if (queue.length >= MAX_QUEUED_EVENTS) ended = true
    else queue.push(event)
    wake()
  }
  const tell = (type: string, object: KubeObject) => {
    push({ type, object: shown(call, object, first) })
    first = false
  }
  const bookmark = (annotations?: Record<string, string>) => {
    const metadata = {
      name: '',
      resourceVersion: String(cluster.store.version),
      ...(annotations === undefined ? {} : { annotations }),
    }
    const object: KubeObject = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata }
    push({
      type: 'BOOKMARK',
      object:
        call.negotiated.view === 'Table'
          ? {
              kind: 'Table',
              apiVersion: `meta.k8s.io/${call.negotiated.version}`,
              metadata: { resourceVersion: metadata.resourceVersion },
              columnDefinitions: [],
              rows: annotations === undefined ? [] : [{ cells: [], object }],
            }
          : object,
    })
  }
  const onChange = (change: Change) => {
    const before = change.before !== undefined && mine(change.before)
    const after = change.type !== 'DELETED' && mine(change.object)
    if (before && after) tell('MODIFIED', change.object)
    else if (after) tell('ADDED', change.object)
    else if (before) tell('DELETED', change.object)
  }
  if (replay && from !== '' && from !== '0') {
    const start = Number(from)
    if (start < cluster.store.forgotten(shelf))
      throw expired(`too old resource version: ${from} (${cluster.store.forgotten(shelf)})`)
    if (start > cluster.store.version)
      throw new Refusal(failure('Timeout', `Too large resource version: ${from}, current: ${cluster.store.version}`))
    cluster.store.changesAfter(shelf, start).forEach(onChange)
  } else if (initial !== 'false') {
    for (const object of cluster.store.list(shelf, resource.namespaced ? info.namespace : ''))
      if (mine(object)) tell('ADDED', object)
    if (initial === 'true' && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' })
  }
  const stop: (() => void)[] = [cluster.store.subscribe(shelf, onChange)]
  const seconds = Number(query.get('timeoutSeconds') ?? '0') || DEFAULT_WATCH_SECONDS
  const end = () => {
    ended = true
    wake()
  }
  stop.push(cluster.clock.after(seconds * 1000, end))
  const beat = () => {
    if (ended) return
    bookmark()
    stop.push(cluster.clock.after(BOOKMARK_INTERVAL_MS, beat))
  }
  if (bookmarks) stop.push(cluster.clock.after(BOOKMARK_INTERVAL_MS, beat))
  call.request.signal.addEventListener('abort', end, { once: true })

  async function* events(): AsyncGenerator<string> {
    try {
      while (true) {
        const event = queue.shift()
        if (event !== undefined) yield `${JSON.stringify(event)}\n`
        else if (ended || call.request.signal.aborted) return
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
            if (queue.length > 0 || ended) resolve()
          })
        }
      }
    } finally {
      for (const off of stop) off()
      call.request.signal.removeEventListener('abort', end)
    }
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: events() }
}
