// Fields that are masked by structure, laid over a tree. In: a tree, paths. Out: the tree with those places masked. No I/O.

import { fold } from './keys.ts'
import type { Node } from './node.ts'

/** A field. */
export interface Field {
  /** As it stands in the placeholder. */
  readonly rule: string
  /** Members, folded; `*` is any. Arrays are passed through. */
  readonly steps: readonly string[]
  /** It is what managedFields say of the field. */
  readonly managed: boolean
}

/** Whether a path, without places in lists, leads to a field, into it, or to what it stands in. */
export function concerns({ steps, managed }: Field, path: readonly string[]): boolean {
  if (managed) return false
  return steps.slice(0, path.length).every((step, at) => step === '*' || step === fold(path[at] ?? ''))
}

/**
 * A tree that masks, besides what it does already, some fields.
 * @param masked the node for what stands in such a field
 * @param inElement the place is an element of a list as managedFields names it: `k:{"name":"a"}`
 */
export function extend(base: Node, fields: readonly Field[], masked: (field: Field) => Node, inElement = false): Node {
  const here = fields.find(({ steps }) => steps.length === 0)
  if (here !== undefined) return masked(here)
  if (fields.length === 0) return base
  if (base.asks !== undefined) return extendAsking(base, base.asks, fields, masked)
  const below = (name: string | null): readonly Field[] =>
    fields
      .filter(({ steps }) => steps[0] === '*' || steps[0] === name)
      .map(({ steps, ...field }) => ({ ...field, steps: steps.slice(1) }))
  const named = new Set([...(base.members?.keys() ?? []), ...fields.flatMap(({ steps }) => steps.slice(0, 1))])
  named.delete('*')
  const members = new Map<string, Node>()
  for (const name of named) {
    members.set(name, extend(base.members?.get(name) ?? base.others ?? {}, below(name), masked))
  }
  // What managedFields say of a list has its elements between it and their fields.
  const managed = inElement ? [] : fields.filter((field) => field.managed && /^(?:f:|\*$)/.test(field.steps[0] ?? ''))
  const others = extend(base.others ?? {}, [...below(null), ...managed], masked, managed.length > 0)
  const rekey = managed.length === 0 ? base.rekey : elementRekey(base.rekey, managed, masked)
  return {
    ...base,
    ...(rekey === undefined ? {} : { rekey }),
    members,
    ...(base.others === undefined && below(null).length + managed.length === 0 ? {} : { others }),
  }
}

/** Masks an element's key that holds a masked field: `k:{"token":"…"}`. */
function elementRekey(
  other: Node['rekey'],
  fields: readonly Field[],
  masked: (field: Field) => Node,
): NonNullable<Node['rekey']> {
  return (key, where) => {
    const [field] = key.text.startsWith('k:') ? fields.filter(({ steps }) => holdsMember(key.text, steps[0] ?? '')) : []
    return (field === undefined ? other : masked(field).rekey)?.(key, where) ?? null
  }
}

function holdsMember(elementKey: string, step: string): boolean {
  try {
    const key: unknown = JSON.parse(elementKey.slice(2))
    if (typeof key !== 'object' || key === null) return true
    return step === '*' || Object.keys(key).some((name) => `f:${fold(name)}` === step)
  } catch {
    return true
  }
}

/** Of a place that depends on another member, every answer is extended. */
function extendAsking(
  base: Node,
  asks: NonNullable<Node['asks']>,
  fields: readonly Field[],
  masked: (field: Field) => Node,
): Node {
  const extended = new Map<Node, Node>()
  const node = (verdict: number): Node => {
    const plain = asks.node(verdict)
    const known = extended.get(plain)
    if (known !== undefined) return known
    const made = extend(plain, fields, masked)
    extended.set(plain, made)
    return made
  }
  return { ...base, asks: { ...asks, node } }
}
