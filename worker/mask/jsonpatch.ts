// A JSON patch (RFC 6902) as it may be recorded. In: its operations. Out: a tree that masks each `value` as the place its `path`
// names would be. No I/O.

import { fold } from './keys.ts'
import type { Node, Token } from './node.ts'
import { Scanner } from './scanner.ts'
import type { Scope } from './scope.ts'
import { applyEdits } from './token.ts'
import { isSecrets, treeFor } from './tree.ts'
import { maskWhole } from './values.ts'

/** Paths of a Secret whose values are no secrets. All others are masked. */
const OPEN_PATH =
  /^\/(?:type|immutable|metadata\/(?:labels|finalizers|ownerReferences|name|namespace|resourceVersion|uid)(?:\/.*)?)$/s

/** The tree for a patch. @param operations as they were read */
export function patchTree(scope: Scope, operations: unknown): Node {
  const tree = treeFor(scope)
  const paths = Array.isArray(operations) ? operations.map(pathOf) : []
  if (isSecrets(scope.info) && scope.masking.rules.layers.structure) {
    const open = paths.every((path) => path !== null && OPEN_PATH.test(path))
    const value: Node = open ? tree : { leaf: maskWhole(scope, { rule: 'secret', decode: true }) }
    return { ...anyOf(tree), members: new Map([['value', value]]) }
  }
  return { elements: { leaf: (token) => maskOperation(token, scope, tree, paths[token.index] ?? '') } }
}

function pathOf(operation: unknown): string | null {
  if (typeof operation !== 'object' || operation === null || !('path' in operation)) return null
  return typeof operation.path === 'string' ? operation.path : null
}

/** The part of a tree that is for any place. */
function anyOf(tree: Node): Node {
  return tree.others ?? {}
}

function maskOperation(token: Token, scope: Scope, tree: Node, path: string): Uint8Array | null {
  if (token.kind !== 'subtree') return null
  const any = anyOf(tree)
  const operation: Node = { ...any, members: new Map([['value', nodeAt(tree, path, scope)]]) }
  const scanner = new Scanner(operation, { keys: scope.keys, at: token.at })
  scanner.push(token.raw)
  scanner.end()
  return scanner.edits.length === 0 ? null : applyEdits(token.raw, scanner.edits)
}

/** The node for what stands at a path: numbers and `-` are places in an array, which is passed through. */
function nodeAt(tree: Node, path: string, scope: Scope): Node {
  let node: Node = tree
  for (const step of path.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (/^(?:\d+|-)$/.test(name) && !node.members?.has(name)) continue
    node = node.members?.get(fold(name)) ?? node.others ?? {}
    // What its neighbours say cannot be known: of a `value` it is taken that its name says secret, of `data` that it is no Secret's.
    if (node.asks !== undefined) node = node.asks.node(node.asks.question === 'name' ? node.asks.from : 0)
  }
  const { tells: _tells, ...rest } = node
  return namedBy(rest, path, scope)
}

/** A leaf that is judged by its key takes it from the path. */
function namedBy(node: Node, path: string, scope: Scope): Node {
  const last = path
    .slice(path.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
  const { leaf, worth } = node
  if (leaf === undefined || last === '') return node
  const bytes = new TextEncoder().encode(JSON.stringify(last))
  const name = scope.keys.at(bytes, 0, bytes.length)
  return {
    ...node,
    ...(worth === undefined
      ? {}
      : { worth: (text, start, end, _name, escaped) => worth(text, start, end, name, escaped) }),
    leaf: (token) =>
      leaf({
        kind: token.kind,
        raw: token.raw,
        key: token.key === 'value' ? last : token.key,
        name: token.key === 'value' ? name : token.name,
        called: token.called,
        index: token.index,
        at: token.at,
        owner: token.owner,
      }),
  }
}
