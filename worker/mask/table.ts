// A Table (meta.k8s.io/v1): its columns and cells. No I/O.

import type { Field } from './fields.ts'
import { fold } from './keys.ts'
import type { Node } from './node.ts'
import type { Nodes } from './nodes.ts'
import type { Scope } from './scope.ts'
import { decodeString } from './token.ts'
import { type Leaf, maskWhole } from './values.ts'

const alwaysWorth = (): boolean => true

/** The columns, whose names are put into `columns`: watches tell them once, with the first event. */
export function columnsNode(any: Node, columns: string[]): Node {
  const name: Node = {
    ...any,
    worth: alwaysWorth,
    leaf: (token) => {
      if (token.kind === 'string') columns.push(fold(decodeString(token.raw)).replace(/[^a-z0-9]/g, ''))
      return any.leaf?.(token) ?? null
    },
  }
  return { ...any, members: new Map([['name', name]]) }
}

/**
 * A Table's cells. The first is the object's name. A column that is called like a masked field shows it, and one whose name says
 * secret a secret.
 */
export function cellsNode(
  scope: Scope,
  { any, naming }: Nodes,
  fields: readonly Field[],
  columns: readonly string[],
): Node {
  const last = new Map(
    fields
      .filter(({ managed }) => !managed)
      .map(({ rule, steps }) => [(steps.at(-1) ?? '').replace(/[^a-z0-9]/g, ''), rule]),
  )
  const leaf: Leaf = (token) => {
    const { index } = token
    if (index === 0) return naming.leaf?.(token) ?? null
    const rule = last.get(columns[index] ?? '')
    return rule === undefined ? (any.leaf?.(token) ?? null) : maskWhole(scope, { rule })(token)
  }
  const element: Node = last.size === 0 ? { ...any, leaf } : { leaf }
  return { ...any, elements: element }
}
