// What else a request touches, for whoever approves it: counted at the API server, as the agent itself may see it.
// In: a held request and its objects. Out: a Reach. What cannot be counted is said, never guessed.

import type { Reach } from '../../protocol/review.ts'
import type { Decided, RequestInfo } from '../context.ts'
import { readObject } from '../decide/cel/json.ts'
import type { Passage } from './passage.ts'
import { ask, type Question } from './preparatory.ts'

/** Objects asked for at once; the API server says how many more there are. */
const MAX_LISTED = 500
const MAX_EXAMPLES = 20

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)

/** @param objects as `readObject` gives them; null: none */
export async function reachOf(
  passage: Passage,
  decided: Decided,
  objects: { readonly object: unknown; readonly oldObject: unknown },
): Promise<Reach> {
  const { info } = decided
  const { verb, resource, apiGroup, namespace, name } = info
  const one = (pods: number, ...examples: readonly string[]): Reach => ({ objects: 1, pods, examples })
  if (!info.isResourceRequest) return { objects: 0, pods: 0, examples: [] }
  if (verb === 'deletecollection') {
    const query = info.query
      .split('&')
      .filter((part) => /^(labelSelector|fieldSelector)=/.test(part))
      .join('&')
    const listed = await list(passage, decided, info.path, query, info)
    return {
      ...listed,
      pods: resource === 'pods' && apiGroup === '' ? listed.objects : null,
      ...noted(listed, NOT_FOLLOWED),
    }
  }
  if (verb === 'get' || verb === 'list' || verb === 'watch') return { objects: 0, pods: 0, examples: [] }
  if (resource === 'pods' && apiGroup === '') return one(1, name === '' ? 'pod' : `pod/${name}`)
  const subject = objects.oldObject ?? objects.object
  if (resource === 'namespaces' && verb === 'delete') {
    const pods = await listPods(passage, decided, name, '')
    return {
      objects: null,
      pods: pods.objects,
      examples: pods.examples,
      note: 'everything in the namespace goes with it',
    }
  }
  if (info.subresource === 'scale' || replicasOf(objects.object) !== null || replicasOf(objects.oldObject) !== null) {
    const most = Math.max(replicasOf(objects.object) ?? 0, replicasOf(objects.oldObject) ?? 0)
    const labels = labelsOf(subject)
    if (labels === null || objects.oldObject === null) return one(most)
    const pods = await listPods(passage, decided, namespace, labels)
    return {
      objects: 1,
      pods: pods.objects === null ? null : Math.max(most, pods.objects),
      examples: pods.examples,
      ...noted(pods),
    }
  }
  if (apiGroup === '' && USED_BY_PODS.has(resource)) {
    return { objects: 1, pods: null, examples: [], note: 'the pods that use it are not counted' }
  }
  const labels = labelsOf(subject)
  if (labels === null) return one(0)
  const pods = await listPods(passage, decided, namespace, labels)
  return { objects: 1, pods: pods.objects, examples: pods.examples, ...noted(pods) }
}

/** What pods read: which of them do stands in the pods. */
const USED_BY_PODS: ReadonlySet<string> = new Set([
  ...['configmaps', 'secrets', 'serviceaccounts', 'persistentvolumeclaims'],
])

const NOT_FOLLOWED = 'what these objects own goes with them and is not counted'

function noted(counted: Pick<Reach, 'objects' | 'note'>, otherwise?: string): { readonly note?: string } {
  const note = counted.note ?? otherwise
  return note === undefined ? {} : { note }
}

function replicasOf(object: unknown): number | null {
  const replicas = at(object, 'spec', 'replicas')
  return typeof replicas === 'bigint' || typeof replicas === 'number' ? Number(replicas) : null
}

/** The label selector of a workload, a Scale or a Service, for a query; null when it selects nothing. */
function labelsOf(object: unknown): string | null {
  const text = at(object, 'status', 'selector')
  if (typeof text === 'string' && text !== '') return text
  const labels = at(object, 'spec', 'selector', 'matchLabels') ?? at(object, 'spec', 'selector')
  if (!isRecord(labels)) return null
  const pairs = Object.entries(labels).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return pairs.length === 0 || pairs.length !== Object.keys(labels).length
    ? null
    : pairs.map(([key, value]) => `${key}=${value}`).join(',')
}

function listPods(passage: Passage, decided: Decided, namespace: string, labels: string): Promise<Reach> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
  const query = labels === '' ? '' : `labelSelector=${encodeURIComponent(labels)}`
  const info: RequestInfo = {
    ...decided.info,
    apiPrefix: 'api',
    apiGroup: '',
    apiVersion: 'v1',
    resource: 'pods',
    namespace,
  }
  return list(passage, decided, path, query, info)
}

/** Counts by names alone: metadata is all that is asked for. */
async function list(passage: Passage, decided: Decided, path: string, query: string, of: RequestInfo): Promise<Reach> {
  const question: Question = {
    kind: 'reach',
    method: 'GET',
    target: `${path}?${query === '' ? '' : `${query}&`}limit=${MAX_LISTED}`,
    headers: [['accept', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1']],
    body: null,
    info: { ...of, verb: 'list', name: '', subresource: '', path, query, streaming: false, dryRun: false },
  }
  const answer = await ask(passage, decided, question)
  const unknown = (note: string): Reach => ({ objects: null, pods: null, examples: [], note })
  if (!answer.ok) return unknown(`it could not be counted: ${answer.refusal.message}`)
  if (answer.value.status >= 300 || answer.value.masked === null) {
    return unknown(`it could not be counted: the API server answered ${answer.value.status}`)
  }
  const parsed = readObject(answer.value.masked)
  const items = parsed.ok ? at(parsed.value, 'items') : null
  if (!Array.isArray(items)) return unknown('it could not be counted: the API server gave no list')
  const rest = parsed.ok ? at(parsed.value, 'metadata', 'remainingItemCount') : null
  const names = items
    .slice(0, MAX_EXAMPLES)
    .map((item: unknown) => `${of.resource}/${String(at(item, 'metadata', 'name'))}`)
  const objects = items.length + (typeof rest === 'bigint' ? Number(rest) : 0)
  return { objects, pods: of.resource === 'pods' ? objects : null, examples: names }
}
