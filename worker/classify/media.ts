// Media types: what the client accepts, narrowed to what can be masked, and how its body is encoded. No I/O.

import type { AcceptPlan, BodyFormat, HeaderList, Outcome, RequestInfo } from '../context.ts'
import { values } from './headers.ts'
import { ACCEPT_CLAUSES } from './limits.ts'
import { accept, malformed, refuse } from './refusal.ts'

interface MediaType {
  /** `type/subtype`, lower case. */
  readonly essence: string
  readonly parameters: ReadonlyMap<string, string>
}

const META = { group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] } as const
const DISCOVERY = { group: 'apidiscovery.k8s.io', versions: ['v2', 'v2beta1'] } as const
/** Conversions a client may ask for by `as`. Each can be masked, or holds no secrets. */
const CONVERSIONS: Readonly<Record<string, { readonly group: string; readonly versions: readonly string[] }>> = {
  Table: META,
  PartialObjectMetadata: META,
  PartialObjectMetadataList: META,
  APIGroupDiscoveryList: DISCOVERY,
}
const OPENAPI_PROTOBUF = /^application\/com\.github\.proto-openapi\.spec\.v[23](?:@v1\.0|\.v1\.0)?\+protobuf$/

/**
 * Narrows `Accept` to what the gateway can mask: JSON, and its Table, PartialObjectMetadata and discovery forms; text
 * where text is served; OpenAPI's protobuf, which holds no secrets. What is left keeps the client's order of preference.
 */
export function planAccept(headers: HeaderList, info: RequestInfo): Outcome<AcceptPlan> {
  // Old API servers answer 406 to an upgrade that does not take everything; JSON first keeps their refusals a Status.
  if (info.exec !== undefined) return accept({ upstream: 'application/json,*/*' })
  const clauses = values(headers, 'accept').flatMap((value) => value.split(','))
  if (clauses.length > ACCEPT_CLAUSES) return malformed(`Accept has more than ${ACCEPT_CLAUSES} clauses`)
  const wanted: { readonly form: string; readonly quality: number }[] = []
  let named = false
  for (const clause of clauses) {
    if (clause.trim() === '') continue
    named = true
    const media = parseMediaType(clause)
    if (media === null) continue
    const quality = media.parameters.has('q') ? Number(media.parameters.get('q')) : 1
    const form = acceptable(media, info)
    if (form !== null && quality > 0 && !wanted.some((other) => other.form === form)) wanted.push({ form, quality })
  }
  if (!named) return accept({ upstream: servesText(info) ? '*/*' : 'application/json' })
  if (wanted.length === 0) {
    return refuse(
      'not-acceptable',
      'the gateway answers in JSON, so that it can mask secrets: accept application/json as well',
    )
  }
  const ordered = wanted.toSorted((one, other) => other.quality - one.quality)
  return accept({ upstream: ordered.map(({ form }) => form).join(',') })
}

/** The form in which a clause is asked upstream; null when it cannot be masked. */
function acceptable(media: MediaType, info: RequestInfo): string | null {
  const { essence, parameters } = media
  if (essence === 'application/json') {
    const as = parameters.get('as')
    if (as === undefined) return 'application/json'
    const known = Object.hasOwn(CONVERSIONS, as) ? CONVERSIONS[as] : undefined
    const version = parameters.get('v') ?? ''
    if (known === undefined || parameters.get('g') !== known.group || !known.versions.includes(version)) return null
    const profile = parameters.get('profile') === 'nopeer' ? ';profile=nopeer' : ''
    return `application/json;g=${known.group};v=${version};as=${as}${profile}`
  }
  const text = servesText(info)
  if (essence === '*/*') return text ? '*/*' : 'application/json'
  if (essence === 'application/*') return 'application/json'
  if (!text) return null
  if (essence === 'text/plain' || essence === 'text/*') return essence
  if (essence === 'application/openmetrics-text') {
    const version = parameters.get('version')
    return version !== undefined && /^[0-9.]{1,8}$/.test(version) ? `${essence};version=${version}` : essence
  }
  return info.path.startsWith('/openapi/') && OPENAPI_PROTOBUF.test(essence) ? essence : null
}

/** Logs, proxied answers and everything outside the API groups (healthz, metrics, version, OpenAPI). */
function servesText(info: RequestInfo): boolean {
  if (info.isResourceRequest) return info.subresource === 'log' || info.verb === 'connect'
  return info.parts[0] !== 'api' && info.parts[0] !== 'apis'
}

const PATCH_FORMATS: Readonly<Record<string, BodyFormat>> = {
  'application/json-patch+json': 'json-patch',
  'application/merge-patch+json': 'merge-patch',
  'application/strategic-merge-patch+json': 'strategic-merge-patch',
  'application/apply-patch+yaml': 'apply-patch',
}
const OBJECT_FORMATS: Readonly<Record<string, BodyFormat>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
}

/**
 * How the body is encoded. Without a `Content-Type` an object is JSON, as it is to the API server; a patch must say.
 * @returns 415 for encodings that cannot be judged (CBOR, forms, anything unknown), 400 for a body where none belongs
 */
export function bodyFormat(headers: HeaderList, method: string, hasBody: boolean): Outcome<BodyFormat> {
  if (!hasBody) return accept('none')
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') {
    return malformed(`a ${method} request must not have a body`)
  }
  const header = values(headers, 'content-type')[0]
  const patch = method === 'PATCH'
  if (header === undefined && !patch) return accept('json')
  const media = header === undefined ? null : parseMediaType(header)
  const formats = patch ? PATCH_FORMATS : OBJECT_FORMATS
  const format = media !== null && Object.hasOwn(formats, media.essence) ? formats[media.essence] : undefined
  const charset = media?.parameters.get('charset')?.toLowerCase() ?? 'utf-8'
  const others = [...(media?.parameters.keys() ?? [])].some((name) => name !== 'charset')
  if (format === undefined || charset !== 'utf-8' || others) {
    return refuse(
      'unsupported-media-type',
      `the body's media type cannot be judged; send ${Object.keys(formats).join(', ')}`,
    )
  }
  return accept(format)
}

/** RFC 9110 media type with parameters; null when it is not one. */
function parseMediaType(text: string): MediaType | null {
  const [head = '', ...rest] = text.split(';')
  const essence = head.trim().toLowerCase()
  if (!/^[!#$%&'*+.^_`|~0-9a-z@-]+\/[!#$%&'*+.^_`|~0-9a-z@-]+$/.test(essence)) return null
  const parameters = new Map<string, string>()
  for (const parameter of rest) {
    if (parameter.trim() === '') continue
    const match = /^\s*([A-Za-z0-9_-]+)\s*=\s*(?:"([^"\\]*)"|([^\s"]*))\s*$/.exec(parameter)
    const name = match?.[1]?.toLowerCase()
    if (name === undefined || parameters.has(name)) return null
    parameters.set(name, match?.[2] ?? match?.[3] ?? '')
  }
  return { essence, parameters }
}
