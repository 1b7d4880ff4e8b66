// Where values may come from: an object as it stands beside the same object as the session sees it. Both have one shape, so that
// a place in one is the same place in the other. In: two JSON texts. Out: pairs of places. No I/O.

import { type JsonNode, readJson } from './json.ts'

/** A place in an object as it stands, and the same place masked. */
export interface Source {
  readonly live: JsonNode
  readonly masked: JsonNode
  /** How a Secret's value stands: `data` in base64, `stringData` plain, and both are one field. `other`: no value of a Secret. */
  readonly form: Form
}

export type Form = 'base64' | 'plain' | 'other'

/** Members that tell elements of lists apart, in the order in which they are tried (patchMergeKey of k8s.io/api). */
const MERGE_KEYS = [
  'name',
  'mountPath',
  'devicePath',
  'containerPort',
  'port',
  'ip',
  'uid',
  'topologyKey',
  'type',
  'key',
]

/** A place by two JSON texts; null when one of them is none. */
export function sourceOf(live: string, masked: string): Source | null {
  const one = readJson(live)
  const other = readJson(masked)
  return one === null || other === null ? null : { live: one, masked: other, form: 'other' }
}

/** A member of every source that has it. The key is the masked one: what the session has seen. */
export function membersIn(sources: readonly Source[], key: string): Source[] {
  const found: Source[] = []
  for (const { live, masked, form } of sources) {
    if (live.kind !== 'object' || masked.kind !== 'object') continue
    const index = masked.members.findLastIndex((member) => member.key === key)
    const one = live.members[index]
    const other = masked.members[index]
    if (one !== undefined && other !== undefined) found.push({ live: one.value, masked: other.value, form })
  }
  return found
}

/** The key as it stands of a member whose key is masked; null when there is none. */
export function keyIn(sources: readonly Source[], key: string): string | null {
  for (const { live, masked } of sources) {
    if (live.kind !== 'object' || masked.kind !== 'object') continue
    const index = masked.members.findLastIndex((member) => member.key === key)
    const one = live.members[index]
    if (one !== undefined) return live.text.slice(one.keyStart, one.keyEnd)
  }
  return null
}

/**
 * The elements that an element of a written list stands for: those of the same name (or other merge key), else the one at the same
 * place, and of plain values also those that read the same.
 */
export function elementsIn(sources: readonly Source[], element: JsonNode, index: number): Source[] {
  const found: Source[] = []
  for (const source of sources) {
    const { live, masked, form } = source
    if (live.kind !== 'array' || masked.kind !== 'array') continue
    for (const at of placesOf(masked.elements, element, index)) {
      const one = live.elements[at]
      const other = masked.elements[at]
      if (one !== undefined && other !== undefined) found.push({ live: one, masked: other, form })
    }
  }
  return found
}

function placesOf(elements: readonly JsonNode[], element: JsonNode, index: number): number[] {
  if (element.kind === 'string') {
    const same = elements.flatMap((each, at) => (each.kind === 'string' && each.value === element.value ? [at] : []))
    return same.includes(index) ? same : [index, ...same]
  }
  const key = mergeKeyOf(elements)
  if (key === null || element.kind !== 'object') return [index]
  const own = identityOf(element, key)
  return own === null ? [] : elements.flatMap((each, at) => (identityOf(each, key) === own ? [at] : []))
}

/** The member by which the elements are told apart; null: they are not. */
export function mergeKeyOf(elements: readonly JsonNode[]): string | null {
  if (elements.length === 0) return null
  return MERGE_KEYS.find((key) => elements.every((element) => identityOf(element, key) !== null)) ?? null
}

/** What an element is told apart by: ports of one number may differ in their protocol. */
function identityOf(element: JsonNode, key: string): string | null {
  const of = (name: string): string | null => {
    if (element.kind !== 'object') return null
    const value = element.members.findLast((member) => member.key === name)?.value
    if (value === undefined || value.kind === 'object' || value.kind === 'array') return null
    return value.kind === 'string' ? value.value : value.text.slice(value.start, value.end)
  }
  const own = of(key)
  if (own === null || (key !== 'containerPort' && key !== 'port')) return own
  return `${own}/${of('protocol') ?? 'TCP'}`
}

/** The one element at an index of a list, for pointers. */
export function elementAt(sources: readonly Source[], index: number): Source[] {
  return sources.flatMap(({ live, masked, form }): Source[] => {
    if (live.kind !== 'array' || masked.kind !== 'array') return []
    const one = live.elements[index]
    const other = masked.elements[index]
    return one === undefined || other === undefined ? [] : [{ live: one, masked: other, form }]
  })
}
