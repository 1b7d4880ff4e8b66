// Requests that nobody sends: asked about by a person, written in a test case, or taken from the record. In: their words.
// Out: the request as `decide` takes it, and the whole judgement of it, limits and the pack's look at bodies included. No I/O.

import type { RecordedRequest } from '../../protocol/log/event.ts'
import type { BodyFormat, Facts, RequestInfo, Verb } from '../context.ts'
import { judgeBody } from './body.ts'
import { readObject } from './cel/json.ts'
import type { PolicySet } from './compile.ts'
import { decide, type Judged, type Verdict } from './decide.ts'
import { countedAs, judgeLimits, pastLimit } from './limits.ts'

const RESOURCE_VERBS: ReadonlySet<string> = new Set([
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'connect'],
])
const PATH_VERBS: ReadonlySet<string> = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options'])
/** Of other verbs the API server passes over `dryRun`. */
const DRY: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
const CONNECTS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy'])
const STREAMS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward'])
const METHODS: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  connect: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
}

/** What a person asks about. */
export interface Asked {
  readonly verb: string
  /** `RESOURCE[.GROUP][/SUBRESOURCE]`, or a path that starts with `/`. */
  readonly resource: string
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  /** Of an exec. */
  readonly argv?: readonly string[] | undefined
  readonly container?: string | undefined
  readonly stdin?: boolean | undefined
  readonly tty?: boolean | undefined
  /** Of a port-forward. */
  readonly ports?: readonly number[] | undefined
  /** A patch that is a server-side apply. */
  readonly apply?: boolean | undefined
  readonly dryRun?: boolean | undefined
}

export type AskedOutcome =
  | { readonly ok: true; readonly request: Pick<Judged, 'info' | 'method' | 'bodyFormat'> }
  | { readonly ok: false; readonly error: string }

/** Reads the words as the gateway reads a request: exec is `connect` whatever verb was written, an eviction `delete`. */
export function readAsked(asked: Asked): AskedOutcome {
  const { verb, resource: what } = asked
  const { namespace = '', name = '', dryRun = false } = asked
  if (what.startsWith('/')) {
    if (!PATH_VERBS.has(verb)) return no(`a path has one of the verbs ${[...PATH_VERBS].join(', ')}, not ${verb}`)
    const info = { ...NOTHING, isResourceRequest: false, path: what, verb: verb as Verb }
    return { ok: true, request: { info, method: verb.toUpperCase(), bodyFormat: 'none' } }
  }
  const pattern = /^([a-z0-9][a-z0-9-]*)(?:\.([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?))?(?:\/([a-z0-9][a-z0-9-]*))?$/.exec(
    what,
  )
  if (pattern === null) return no(`${JSON.stringify(what)} is not RESOURCE[.GROUP][/SUBRESOURCE] and not a path`)
  if (!RESOURCE_VERBS.has(verb)) return no(`a resource has one of the verbs ${[...RESOURCE_VERBS].join(', ')}`)
  const [, resource = '', group = '', subresource = ''] = pattern
  const apiGroup = group === 'core' ? '' : group
  const core = apiGroup === '' && resource === 'pods'
  const judged = CONNECTS.has(subresource)
    ? 'connect'
    : core && subresource === 'eviction' && verb === 'create'
      ? 'delete'
      : (verb as Verb)
  const info: RequestInfo = {
    ...NOTHING,
    path: pathOf(apiGroup, namespace, resource, name, subresource),
    verb: judged,
    apiPrefix: apiGroup === '' ? 'api' : 'apis',
    apiGroup,
    apiVersion: 'v1',
    namespace: resource === 'namespaces' && namespace === '' ? name : namespace,
    resource,
    subresource,
    name,
    streaming: judged === 'watch' || judged === 'connect',
    dryRun: dryRun && DRY.has(judged),
    ...(core && STREAMS.has(subresource) ? { exec: execOf(asked) } : {}),
  }
  const method = core && subresource === 'eviction' ? 'POST' : (METHODS[judged] ?? 'GET')
  return { ok: true, request: { info, method, bodyFormat: formatOf(judged, asked.apply === true) } }
}

function no(error: string): AskedOutcome {
  return { ok: false, error }
}

const NOTHING: RequestInfo = {
  isResourceRequest: true,
  path: '',
  query: '',
  verb: 'get',
  apiPrefix: '',
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  parts: [],
  streaming: false,
  dryRun: false,
}

function pathOf(group: string, namespace: string, resource: string, name: string, subresource: string): string {
  const start = group === '' ? ['api', 'v1'] : ['apis', group, 'v1']
  const where = namespace === '' || resource === 'namespaces' ? [] : ['namespaces', namespace]
  return `/${[...start, ...where, resource, name, subresource].filter((part) => part !== '').join('/')}`
}

function execOf({ argv = [], container = '', stdin = false, tty = false, ports = [] }: Asked) {
  return { argv, container, stdin, stdout: true, stderr: !tty, tty, ports }
}

function formatOf(verb: string, apply: boolean): BodyFormat {
  if (verb === 'create' || verb === 'update') return 'json'
  return verb === 'patch' ? (apply ? 'apply-patch' : 'merge-patch') : 'none'
}

/** A recorded request as it was judged, as far as the record tells. @param apply a server-side apply */
export function readRecorded(
  recorded: RecordedRequest,
  apply: boolean,
): Pick<Judged, 'info' | 'method' | 'bodyFormat'> {
  const { target, method, verb, group, version, resource, subresource, namespace, name } = recorded
  const [path = '', query = ''] = target.split('?', 2)
  const info: RequestInfo = {
    ...NOTHING,
    isResourceRequest: resource !== '',
    path,
    query,
    // Only verbs of RequestInfo are ever recorded.
    verb: verb as Verb,
    apiPrefix: resource === '' ? '' : group === '' ? 'api' : 'apis',
    apiGroup: group,
    apiVersion: version,
    namespace,
    resource,
    subresource,
    name,
    streaming: verb === 'watch' || verb === 'connect',
    dryRun: resource !== '' && DRY.has(verb) && /(?:^|&)dryRun=All(?:&|$)/.test(query),
    ...recordedExec(recorded, query),
  }
  return { info, method, bodyFormat: formatOf(verb, apply) }
}

/** Of a port-forward the record has only the target. */
function recordedExec(
  { exec, group, resource, subresource }: RecordedRequest,
  query: string,
): Pick<RequestInfo, 'exec'> {
  if (exec !== undefined) return { exec: { ...exec, stdout: true, stderr: !exec.tty, ports: [] } }
  if (group !== '' || resource !== 'pods' || !STREAMS.has(subresource)) return {}
  const ports = new URLSearchParams(query).getAll('ports').flatMap((value) => value.split(','))
  return { exec: execOf({ verb: '', resource: '', ports: ports.map(Number).filter(Number.isSafeInteger) }) }
}

/** An object that came as JSON, with integers as conditions want them. @throws never: what is no JSON is null */
export function exact(object: unknown): unknown {
  const read = readObject(new TextEncoder().encode(JSON.stringify(object) ?? 'null'))
  return read.ok ? read.value : null
}

/**
 * The whole judgement: the decision, the pack's look at what is stored, and limits, for which
 * the session's numbers stand for every time and for its identity as well.
 */
export function judgeAsked(set: PolicySet, request: Judged, facts: Facts): Verdict {
  const verdict = decide(set, request, facts)
  if (!verdict.decided || verdict.decision.effect === 'Deny') return verdict
  const { decision } = verdict
  if (facts.object !== undefined && facts.object !== null) {
    const forbidden = judgeBody(set, request.info, facts.object)
    if (forbidden !== null) return { decided: true, decision: forbidden }
  }
  if (countedAs(request).length === 0) return verdict
  const limited = judgeLimits(set, request, { total: (what) => facts.session[what] })
  return limited === null ? verdict : { decided: true, decision: pastLimit(decision, limited) }
}
