// A Table (meta.k8s.io/v1): its columns and cells. No I/O.

import type { Field } from './fields.ts'
import { fold } from './keys.ts'
import type { Node } from './node.ts'
import type { Nodes } from './nodes.ts'
import type { Scope } from './scope.ts'
import { decodeString } from './token.ts'
import { type Leaf, maskWhole } from './values.ts'

/** What is known of a column by its name. */
export interface Column {
  /** Letters and digits of it, in lower case. */
  readonly folded: string
  readonly secret: boolean
}

/** Columns with the name of a Secret, or with how many there are. */
const OF_OBJECT = /^(?:secrets?|credentials?|tokens|.* secret)$/i
/** What printers put where nothing is. */
const NOTHING = /^(?:|-|<[a-z]+>|none|true|false)$/i

const alwaysWorth = (): boolean => true

/** The columns, whose names are put into `columns`: watches tell them once, with the first event. */
export function columnsNode(any: Node, columns: Column[], scope: Scope): Node {
  const name: Node = {
    ...any,
    worth: alwaysWorth,
    leaf: (token) => {
      if (token.kind === 'string') {
        const title = decodeString(token.raw)
        const secret = !OF_OBJECT.test(title) && scope.masking.finder.namesSecret(title)
        columns.push({ folded: fold(title).replace(/[^a-z0-9]/g, ''), secret })
      }
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
  columns: readonly Column[],
): Node {
  const last = new Map(
    fields
      .filter(({ managed }) => !managed)
      .map(({ rule, steps }) => [(steps.at(-1) ?? '').replace(/[^a-z0-9]/g, ''), rule]),
  )
  const leaf: Leaf = (token) => {
    const { index } = token
    if (index === 0) return naming.leaf?.(token) ?? null
    const column = columns[index]
    const rule = last.get(column?.folded ?? '')
    if (rule !== undefined) return maskWhole(scope, { rule })(token)
    if (column?.secret === true && token.kind === 'string' && !NOTHING.test(decodeString(token.raw))) {
      return maskWhole(scope, { rule: 'secret' })(token)
    }
    return any.leaf?.(token) ?? null
  }
  const worth: NonNullable<Node['worth']> = (bytes, start, end, name, escaped) =>
    columns.some(({ secret }) => secret) || any.worth?.(bytes, start, end, name, escaped) === true
  const element: Node = last.size === 0 ? { ...any, worth, leaf } : { leaf }
  return { ...any, elements: element }
}
