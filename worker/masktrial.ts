// Trying masks: a text or a JSON object, masked as the gateway would mask it for whoever the policies are about. In: the texts of
// MaskPolicies and of what is to be masked. Out: the masked text and what was found. No I/O, no clock; the key is handed in.

import { join } from './bytes.ts'
import type { RequestInfo } from './context.ts'
import { parseDocuments } from './documents.ts'
import { createMasking } from './hub/masking.ts'
import type { MaskRules } from './mask/contract.ts'
import { uniteMasks } from './mask/maskset.ts'
import type { MaskReport } from './mask/placeholder.ts'
import { planResponseMask } from './mask/response.ts'
import { MaskError } from './mask/scanner.ts'
import type { SourceFile } from './policycases.ts'

/** As large as the parts in which the connector sends a response. */
const CHUNK_BYTES = 64 * 1024

export type Tried =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly report: MaskReport; readonly as: string }
  /** The policies or the resource cannot be used: each with its file and line. */
  | { readonly ok: false; readonly errors: readonly string[] }
  /** The gateway would withhold it: why. */
  | { readonly ok: false; readonly withheld: string }

/**
 * Masks `content` by the built-in rules and all MaskPolicies in the files, whoever they are about.
 * @param resource `RESOURCE[.GROUP]` of a JSON object; absent: by its own apiVersion and kind. What is no JSON object is masked as
 * a log.
 * @param secret makes the tags; 32 random bytes give other tags each time
 */
export function tryMasks(
  policies: readonly SourceFile[],
  content: Uint8Array,
  resource: string | undefined,
  secret: Uint8Array,
): Tried {
  const errors: string[] = []
  const documents = policies.flatMap(({ file, text }) => {
    const parsed = parseDocuments(text)
    if (parsed.ok) return parsed.documents.filter(({ kind }) => kind === 'MaskPolicy')
    errors.push(...parsed.errors.map((error) => `${file}: ${error}`))
    return []
  })
  const object = objectIn(content)
  const named = resource ?? (object === null ? 'pods' : resourceOf(object))
  if (!/^[a-z0-9-]+(\.[a-z0-9.-]+)?$/.test(named)) errors.push(`${named} is not RESOURCE[.GROUP]`)
  if (errors.length > 0) return { ok: false, errors }
  return mask(content, object === null ? LOG : infoOf(named), uniteMasks(documents), secret)
}

function mask(content: Uint8Array, info: RequestInfo, rules: MaskRules, secret: Uint8Array): Tried {
  const plan = planResponseMask({
    info,
    status: 200,
    headers: [['content-type', info.subresource === 'log' ? 'text/plain' : 'application/json']],
    masking: createMasking(secret, 'trial', rules),
  })
  if (plan.kind === 'withhold') return { ok: false, withheld: plan.reason }
  const as = info.subresource === 'log' ? 'log' : `${info.resource}${info.apiGroup === '' ? '' : `.${info.apiGroup}`}`
  if (plan.kind === 'pass') return { ok: true, bytes: content, report: { count: 0, rules: {} }, as }
  const { transform } = plan
  const parts: Uint8Array[] = []
  try {
    for (let at = 0; at < content.length; at += CHUNK_BYTES) {
      // A copy each: what a transform gives may be memory of its chunk.
      parts.push(transform.push(content.slice(at, at + CHUNK_BYTES)).slice())
    }
    parts.push(transform.end())
  } catch (error) {
    if (error instanceof MaskError) return { ok: false, withheld: error.message }
    throw error
  }
  return { ok: true, bytes: join(parts), report: transform.report(), as }
}

/** The JSON object a file holds; null for any other text. */
function objectIn(content: Uint8Array): object | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

/** The resource of an object by its apiVersion and kind; of a List, of its items if they are all of one. The plural is a guess. */
function resourceOf(object: object): string {
  const { apiVersion, kind, items } = { apiVersion: '', kind: '', items: undefined, ...object } as Readonly<
    Record<'apiVersion' | 'kind' | 'items', unknown>
  >
  if (kind === 'List' && Array.isArray(items)) {
    const all = new Set(
      items.map((item: unknown) => (typeof item === 'object' && item !== null ? resourceOf(item) : '')),
    )
    const [only = ''] = all
    return all.size === 1 && only !== '' ? only : ANY
  }
  if (typeof kind !== 'string' || kind === '' || typeof apiVersion !== 'string') return ANY
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : ''
  return `${plural(kind.replace(/List$/, '').toLowerCase())}${group}`
}

/** No kind of Kubernetes': whatever is told by `kind` is masked by it. */
const ANY = 'objects'

function plural(kind: string): string {
  if (kind === 'endpoints') return kind
  if (/[^aeiou]y$/.test(kind)) return `${kind.slice(0, -1)}ies`
  return /(s|x|ch|sh)$/.test(kind) ? `${kind}es` : `${kind}s`
}

function infoOf(named: string): RequestInfo {
  const dot = named.indexOf('.')
  const resource = dot < 0 ? named : named.slice(0, dot)
  const apiGroup = dot < 0 ? '' : named.slice(dot + 1)
  return { ...LOG, subresource: '', streaming: false, resource, apiGroup, apiPrefix: apiGroup === '' ? 'api' : 'apis' }
}

const LOG: RequestInfo = {
  isResourceRequest: true,
  path: '',
  query: '',
  verb: 'get',
  apiPrefix: 'api',
  apiGroup: '',
  apiVersion: 'v1',
  namespace: 'default',
  resource: 'pods',
  subresource: 'log',
  name: 'trial',
  parts: [],
  streaming: false,
  dryRun: false,
}
