// Label and field selectors: text to a test over objects, as `metav1.LabelSelector` and list options mean them.
// Pure. Refuses what it cannot read.

import { at, type JsonObject, type KubeObject, listAt, objectsAt, stringsAt, textAt } from './json.ts'
import { refuse } from './refusal.ts'

/** A test of one object. */
export type Selector = (object: KubeObject) => boolean

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean

function splitTop(text: string): string[] {
  const out: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')') depth--
    else if (text[i] === ',' && depth === 0) {
      out.push(text.slice(start, i))
      start = i + 1
    }
  }
  out.push(text.slice(start))
  return out.map((part) => part.trim()).filter((part) => part !== '')
}

function labelTest(part: string): LabelTest {
  const set = /^([\w./-]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part)
  if (set !== null) {
    const [, key = '', op, list = ''] = set
    const values = new Set(list.split(',').map((value) => value.trim()))
    if (op === 'in') return (labels) => labels[key] !== undefined && values.has(labels[key])
    return (labels) => labels[key] === undefined || !values.has(labels[key])
  }
  const comparison = /^([\w./-]+)\s*(==|=|!=|>|<)\s*([\w.-]*)$/.exec(part)
  if (comparison !== null) {
    const [, key = '', op, value = ''] = comparison
    if (op === '!=') return (labels) => labels[key] !== value
    if (op === '>') return (labels) => Number(labels[key]) > Number(value)
    if (op === '<') return (labels) => Number(labels[key]) < Number(value)
    return (labels) => labels[key] === value
  }
  const presence = /^(!?)\s*([\w./-]+)$/.exec(part)
  if (presence !== null) {
    const [, not, key = ''] = presence
    return not === '!' ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined
  }
  throw refuse('BadRequest', `unable to parse requirement: found '${part}', expected: a label selector`)
}

/** A label selector's text (`app=web,tier in (a,b),!old`) as a test. Empty text selects everything. */
export function labelSelector(text: string): Selector {
  const tests = splitTop(text).map(labelTest)
  return (object) => {
    const labels = object.metadata.labels ?? {}
    return tests.every((test) => test(labels))
  }
}

/** A `metav1.LabelSelector` object as a test of labels. An empty one selects everything, an absent one nothing. */
export function objectSelector(selector: JsonObject | undefined): LabelTest {
  if (selector === undefined) return () => false
  const wanted = Object.entries(stringsAt(selector, 'matchLabels'))
  const expressions = objectsAt(selector, 'matchExpressions')
  return (labels) =>
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every((expression) => {
      const value = labels[textAt(expression, 'key')]
      const values = listAt(expression, 'values')
      switch (textAt(expression, 'operator')) {
        case 'In':
          return value !== undefined && values.includes(value)
        case 'NotIn':
          return value === undefined || !values.includes(value)
        case 'Exists':
          return value !== undefined
        case 'DoesNotExist':
          return value === undefined
        default:
          return false
      }
    })
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.nominatedNodeName'],
  Event: ['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion', 'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type'],
  Secret: ['type'],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  ReplicaSet: ['status.replicas'],
  ReplicationController: ['status.replicas'],
  Job: ['status.successful'],
  CertificateSigningRequest: ['spec.signerName'],
} // biome-ignore format: one row per kind

/** A field selector's text (`metadata.name=a,status.phase!=Running`) as a test for objects of `kind`. */
export function fieldSelector(text: string, kind: string): Selector {
  const tests = text
    .split(',')
    .filter((part) => part !== '')
    .map((part): Selector => {
      const match = /^([\w.]+)\s*(==|=|!=)\s*(.*)$/.exec(part)
      const [, field = '', op, value = ''] = match ?? []
      if (match === null) throw refuse('BadRequest', `invalid selector: '${part}'; can't understand '${part}'`)
      const known = field === 'metadata.name' || field === 'metadata.namespace' || (FIELDS[kind] ?? []).includes(field)
      if (!known) throw refuse('BadRequest', `field label not supported: ${field}`)
      const path = field === 'source' ? ['source', 'component'] : field.split('.')
      return (object) => {
        const found = at(object, ...path)
        const text =
          found === undefined || found === null ? (field === 'spec.unschedulable' ? 'false' : '') : String(found)
        return op === '!=' ? text !== value : text === value
      }
    })
  return (object) => tests.every((test) => test(object))
}

/** Both selectors of a list or watch. */
export function selectorOf(label: string, field: string, kind: string): Selector {
  const byLabel = labelSelector(label)
  const byField = fieldSelector(field, kind)
  return (object) => byLabel(object) && byField(object)
}

/** The value `metadata.name=` asks for, when a field selector pins one object. */
export function pinnedName(field: string): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(field)?.[1]
}
