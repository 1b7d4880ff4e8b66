// Where values may come from: an object as it stands beside the same object as the session sees it. Both have one shape, so that
// a place in one is the same place in the other. In: two JSON texts. Out: pairs of places. No I/O.

import { type JsonArray, type JsonNode, type JsonObject, type Member, memberOf, rawOf, readJson } from './json.ts'

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
  return sources.flatMap(({ live, masked, form }) => {
    const [one, other] = memberPair(live, masked, key) ?? []
    return one === undefined || other === undefined ? [] : [{ live: one.value, masked: other.value, form }]
  })
}

/** The key as it stands of a member whose key is masked; null when there is none. */
export function keyIn(sources: readonly Source[], key: string): string | null {
  for (const { live, masked } of sources) {
    const [one] = memberPair(live, masked, key) ?? []
    if (one !== undefined) return live.text.slice(one.keyStart, one.keyEnd)
  }
  return null
}

function memberPair(live: JsonNode, masked: JsonNode, key: string): readonly (Member | undefined)[] | null {
  if (live.kind !== 'object' || masked.kind !== 'object') return null
  const index = keysOf(masked).get(key)
  return index === undefined ? null : [live.members[index], masked.members[index]]
}

/** What is looked up in an object or list many times is listed once: a body of many elements must not cost their square. */
const keys = new WeakMap<JsonObject, ReadonlyMap<string, number>>()
const elements = new WeakMap<JsonArray, Elements>()

function keysOf(object: JsonObject): ReadonlyMap<string, number> {
  let known = keys.get(object)
  if (known === undefined) {
    known = new Map(object.members.map(({ key }, index) => [key, index]))
    keys.set(object, known)
  }
  return known
}

/**
 * The elements that an element of a written list stands for: those of the same name (or other merge key), else the one at the same
 * place, and of plain values also those that read the same.
 */
export function elementsIn(sources: readonly Source[], element: JsonNode, index: number): Source[] {
  return sources.flatMap(({ live, masked, form }) => {
    if (live.kind !== 'array' || masked.kind !== 'array') return []
    return placesOf(masked, element, index).flatMap((at): Source[] => {
      const [one, other] = [live.elements[at], masked.elements[at]]
      return one === undefined || other === undefined ? [] : [{ live: one, masked: other, form }]
    })
  })
}

function placesOf(list: JsonArray, element: JsonNode, index: number): readonly number[] {
  const { key, places } = elementsOf(list)
  if (element.kind === 'string') {
    const same = places.get(element.value) ?? []
    return same.includes(index) ? same : [index, ...same]
  }
  if (key === null || element.kind !== 'object') return [index]
  const own = identityOf(element, key)
  return own === null ? [] : (places.get(own) ?? [])
}

/** How the elements of a list are told apart. */
interface Elements {
  /** The member that does it; null: their places do. */
  readonly key: string | null
  /** Where each is, by that member; strings by themselves. */
  readonly places: ReadonlyMap<string, readonly number[]>
}

/** One string, or one name, that stands so often tells nothing apart. */
const MAX_SAME = 16

function elementsOf(list: JsonArray): Elements {
  const known = elements.get(list)
  if (known !== undefined) return known
  const key = mergeKeyOf(list.elements)
  const places = new Map<string, number[]>()
  for (const [index, element] of list.elements.entries()) {
    const own = element.kind === 'string' ? element.value : key === null ? null : identityOf(element, key)
    if (own === null) continue
    const same = places.get(own)
    if (same === undefined) places.set(own, [index])
    else if (same.length < MAX_SAME) same.push(index)
  }
  const made = { key, places }
  elements.set(list, made)
  return made
}

/** The member by which the elements are told apart; null: they are not. */
function mergeKeyOf(list: readonly JsonNode[]): string | null {
  if (list.length === 0) return null
  return MERGE_KEYS.find((key) => list.every((element) => identityOf(element, key) !== null)) ?? null
}

/** What an element is told apart by: ports of one number may differ in their protocol. */
function identityOf(element: JsonNode, key: string): string | null {
  const of = (name: string): string | null => {
    const value = element.kind === 'object' ? memberOf(element, name) : undefined
    if (value === undefined || value.kind === 'object' || value.kind === 'array') return null
    return value.kind === 'string' ? value.value : rawOf(value)
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

/** All elements of the lists. */
export function everyElementOf(sources: readonly Source[]): Source[] {
  return sources.flatMap(({ live, masked, form }) => {
    if (live.kind !== 'array' || masked.kind !== 'array') return []
    return live.elements.flatMap((one, index) => {
      const other = masked.elements[index]
      return other === undefined ? [] : [{ live: one, masked: other, form }]
    })
  })
}
