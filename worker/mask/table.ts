// A Table (meta.k8s.io/v1): its columns and cells. No I/O.

import type { RequestInfo } from '../context.ts'
import { concerns, type Field } from './fields.ts'
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
  /** Where in the object its cells come from; null: that is not said. */
  path: readonly string[] | null
  /** Times and switches. */
  plain: boolean
  /** It has been described. */
  told: boolean
}

/** Columns with the name of a Secret, or with how many there are. */
const OF_OBJECT = /^(?:secrets?|credentials?|tokens|.* secret)$/i
/** A cell that says how old something is. */
export const AGE = /^(?:<unknown>|<invalid>|[0-9]+[smhdy][0-9smhdy]*)$/
/** What printers put where nothing is. */
const NOTHING = /^(?:|-|<[a-z]+>|none|true|false)$/i

/** Whether a kind is no built-in one: whoever makes it says what its columns show. */
export function isCustom({ isResourceRequest, apiGroup }: RequestInfo): boolean {
  return isResourceRequest && apiGroup.includes('.') && !apiGroup.endsWith('.k8s.io')
}

const alwaysWorth = (): boolean => true

/** The columns, whose names are put into `columns`: watches tell them once, with the first event. */
export function columnsNode(any: Node, columns: Column[], scope: Scope): Node {
  /** A column is described before it is named: of which one that is said, is not known here. */
  let early = false
  scope.forget.push(() => {
    early = false
  })
  const name: Node = {
    ...any,
    worth: alwaysWorth,
    leaf: (token) => {
      if (token.kind === 'string') {
        const title = decodeString(token.raw)
        const secret = !OF_OBJECT.test(title) && scope.masking.finder.namesSecret(title)
        columns.push({ folded: fold(title).replace(/[^a-z0-9]/g, ''), secret, path: null, plain: false, told: false })
      }
      return any.leaf?.(token) ?? null
    },
  }
  const said = (say: (column: Column, text: string) => void): Node => ({
    ...any,
    worth: alwaysWorth,
    leaf: (token) => {
      const column = columns.at(-1)
      if (column === undefined) early = true
      else if (!early && token.kind === 'string') say(column, decodeString(token.raw))
      return any.leaf?.(token) ?? null
    },
  })
  const type = said((column, text) => {
    column.plain = text === 'date' || text === 'boolean'
  })
  const description = said((column, text) => {
    column.path = column.told ? null : pathIn(text)
    column.told = true
  })
  return {
    ...any,
    members: new Map([...(any.members ?? []), ['name', name], ['type', type], ['description', description]]),
  }
}

/** Where a custom kind's column comes from, as the API server describes it if nobody else does; null: it cannot be told. */
function pathIn(description: string): readonly string[] | null {
  const path = /\(in JSONPath format\): \{?\.?(?!\.)((?:[^.[\]{}\s]+|\.(?!\.)|\[[^[\]]*\])+)\}?$/.exec(description)?.[1]
  if (path === undefined) return null
  // Keys in brackets are quoted; places and conditions are not.
  const steps = [...path.matchAll(/\[(["'])(.*?)\1\]|\[[^\]]*\]|(?:\\.|[^.[\]\\])+/g)]
  return steps.flatMap(([all, , key]) => (key === undefined && all.startsWith('[') ? [] : [key ?? all])).map(unescaped)
}

function unescaped(step: string): string {
  return step.replace(/\\(.)/g, '$1')
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
  const objects = fields.filter(({ managed, steps }) => !managed && steps[0] !== 'metadata')
  /** The rule of the field that a column shows, or may. */
  const shownBy = ({ path, plain }: Column): string | undefined => {
    if (path !== null) return fields.find((field) => concerns(field, path))?.rule
    return isCustom(scope.info) && !plain ? objects[0]?.rule : undefined
  }
  const leaf: Leaf = (token) => {
    const { index } = token
    if (index === 0) return naming.leaf?.(token) ?? null
    const column = columns[index]
    const rule = last.get(column?.folded ?? '') ?? (column === undefined ? undefined : shownBy(column))
    const text = rule !== undefined && token.kind === 'string' ? decodeString(token.raw) : ''
    if (rule !== undefined && !(text !== '' && NOTHING.test(text)) && !(column?.folded === 'age' && AGE.test(text)))
      return maskWhole(scope, { rule })(token)
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
