// Fields that are masked by structure, laid over a tree. In: a tree, paths. Out: the tree with those places masked. No I/O.

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

/** A tree that masks, besides what it does already, some fields. @param masked the node for what stands in such a field */
export function extend(base: Node, fields: readonly Field[], masked: (field: Field) => Node): Node {
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
  const others = extend(base.others ?? {}, below(null), masked)
  return { ...base, members, ...(base.others === undefined && below(null).length === 0 ? {} : { others }) }
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
