// Where a Secret's data stands: in a Secret, SecretList, Table, watch event, PartialObjectMetadata and Status, told from
// their places and not from `kind`, which comes after the data. Out: the tree the scanner walks. No I/O.

import { MAX_EMBEDDED } from './limits.ts'
import { documentEdits } from './look.ts'
import type { Node, Token } from './node.ts'
import type { Scope } from './scope.ts'
import { statusLeaf } from './status.ts'
import { AGE } from './table.ts'
import { decodeString, Text } from './token.ts'
import { type Leaf, maskData, maskFieldsBelow, maskWhole } from './values.ts'

/** A Table's cells of a Secret: name, type, number of keys, age (k8s.io/kubernetes/pkg/printers). Others are not known. */
const NAME_CELL = 0
const TYPE_CELL = 1
const COUNT_CELL = 2
const AGE_CELL = 3

/** The annotation that holds the whole object as `kubectl apply` sent it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** What packed content begins with, in base64: gzip, zip, zstd, bzip2, xz. Some tools keep the applied object so. */
const PACKED = /^\s*(?:H4sI|UEsD|KLUv|QlpoO|\/Td6W)/
/** What a Secret in YAML has, which need not say its kind here. */
const YAML_DATA = /^\s*["']?(?:string)?data["']?\s*:/im

/** What the tree for Secrets is made of besides. */
export interface Around {
  /** What is done with everything else in them. */
  readonly any: Node
  /** What is done with `metadata` of any object. */
  readonly meta: Node
  /** What is done with names of objects. */
  readonly naming: Node
  /** The tree for a document that stands in a string. */
  readonly document: (scope: Scope) => Node
}

/** The tree for any answer to, or body of, a Secrets request. */
export function secretObject(scope: Scope, around: Around): Node {
  const { any, meta, naming } = around
  const plain = maskWhole(scope, { rule: 'secret' })
  const base64 = maskData(scope)
  const text: Node = { leaf: statusLeaf(scope, { strict: true }) }
  const fields = maskFieldsBelow(scope, 'secret')
  const own: Node = {
    ...meta,
    members: new Map<string, Node>([
      ...(meta.members ?? []),
      [
        'annotations',
        {
          ...(meta.members?.get('annotations') ?? {}),
          others: { leaf: (token) => maskAnnotation(token, scope, plain, around) },
          leaf: plain,
        },
      ],
      ['managedfields', { ...(meta.members?.get('managedfields') ?? {}), members: new Map([['fieldsv1', fields]]) }],
    ]),
  }
  const row: Node = { ...any }
  const members = new Map<string, Node>([
    ...(any.members ?? []),
    ['data', { others: { leaf: base64 }, leaf: base64 }],
    ['stringdata', { others: { leaf: plain }, leaf: plain }],
    ['metadata', own],
    ['message', text],
    [
      'details',
      {
        ...naming,
        members: new Map([
          ...(naming.members ?? []),
          ['causes', { ...naming, members: new Map([...(naming.members ?? []), ['message', text]]) }],
        ]),
      },
    ],
    ['rows', row],
  ])
  const object: Node = { ...any, members }
  members.set('items', object)
  members.set('object', object)
  row.members = new Map<string, Node>([
    ...(any.members ?? []),
    ['object', object],
    ['cells', { elements: { leaf: (token) => maskCell(token, plain) }, leaf: plain }],
  ])
  return object
}

function maskCell(token: Token, plain: Leaf): Uint8Array | null {
  switch (token.index) {
    case NAME_CELL:
    case TYPE_CELL:
      return token.kind === 'subtree' ? plain(token) : null
    case COUNT_CELL:
      return token.kind === 'primitive' ? null : plain(token)
    case AGE_CELL:
      return token.kind === 'string' && AGE.test(decodeString(token.raw)) ? null : plain(token)
    default:
      return plain(token)
  }
}

/** An annotation that holds the object, or one like it: masked inside; one that cannot be read: masked whole. */
function maskAnnotation(token: Token, scope: Scope, plain: Leaf, { any, document }: Around): Uint8Array | null {
  if (token.kind !== 'string') return plain(token)
  const text = new Text(token.raw)
  const decoded = decodeString(token.raw)
  const isLastApplied = token.key.toLowerCase() === LAST_APPLIED
  if (PACKED.test(decoded) || YAML_DATA.test(decoded)) return plain(token)
  if (!isLastApplied && !/^\s*[{[]/.test(decoded)) return any.leaf?.(token) ?? null
  if (scope.embedded >= MAX_EMBEDDED) return plain(token)
  const edits = documentEdits(text.bytes, scope, document, token.at)
  if (edits !== null) return edits.length === 0 ? null : text.replaced(edits)
  const mayHoldData = isLastApplied || /data/i.test(decoded) || decoded.includes('\\')
  return mayHoldData ? plain(token) : (any.leaf?.(token) ?? null)
}
