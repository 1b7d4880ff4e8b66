// Leaves for values that are masked by structure: whole, whatever they hold. No I/O.

import { decodeBase64 } from './base64.ts'
import { maskRelease } from './helm.ts'
import type { Node, Token } from './node.ts'
import { Scanner } from './scanner.ts'
import type { Scope } from './scope.ts'
import { applyEdits, decodeString, stringToken } from './token.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** A leaf of a node. */
export type Leaf = NonNullable<Node['leaf']>

/** How a value is masked. */
interface Form {
  /** As it stands in the placeholder. */
  readonly rule: string
  /** The value is base64, or may be: its tag is that of what it stands for. */
  readonly decode?: boolean
  /** Its placeholder is base64 as well, for typed clients. */
  readonly base64?: boolean
}

/** Leaf for a value that is masked whole. Empty strings and null stay. */
export function maskWhole(scope: Scope, { rule, decode = false, base64 = false }: Form): Leaf {
  const { masker } = scope
  return (token) => {
    const value = bytesOf(token, scope, decode)
    if (value === null) return null
    masker.keep(value, token.called?.text ?? token.key)
    const { at } = token
    return stringToken(base64 ? masker.base64Placeholder(value, rule, at) : masker.placeholder(value, rule, at))
  }
}

/** Leaf for a value of a Secret's `data`: base64, the placeholder as well; Helm's releases are opened. */
export function maskData(scope: Scope): Leaf {
  const whole = maskWhole(scope, { rule: 'secret', decode: true, base64: true })
  return (token) => {
    if (token.key === 'release' && token.kind === 'string') {
      const packed = decodeBase64(encoder.encode(decodeString(token.raw)))
      const release =
        packed === null || packed.length === 0
          ? 'unreadable'
          : maskRelease(packed, scope.masker, token.at, lookInRelease(scope, token.at))
      if (release === 'unchanged') return null
      if (release !== 'unreadable') return stringToken(release)
    }
    return whole(token)
  }
}

/** What the finder finds in the texts of a release: its values and manifests hold more than Secrets. */
export function lookInRelease(scope: Scope, at: string): (text: string, name: string) => string | null {
  const { finder } = scope.masking
  return (text, name) => {
    const bytes = encoder.encode(text)
    const { hits } = finder.find(bytes, { final: true, name })
    if (hits.length === 0) return null
    const edits = hits.map(({ start, end, value, rule }) => ({
      start,
      end,
      bytes: encoder.encode(scope.masker.placeholder(value, rule, at)),
    }))
    return decoder.decode(applyEdits(bytes, edits))
  }
}

/** A node for a value whose every string, number and literal is masked; its shape and keys stay. */
export function maskBelow(scope: Scope, form: Form): Node {
  const node: Node = { leaf: maskWhole(scope, form) }
  node.others = node
  return node
}

/** A node for what managedFields say of a secret field: names stay, values go. */
export function maskFieldsBelow(scope: Scope, rule: string): Node {
  const node: Node = {
    leaf: maskWhole(scope, { rule }),
    rekey: (key, where) => maskFieldKey(key.text, scope, where.at, rule),
  }
  node.others = node
  return node
}

/** `f:` keys are field names and stay; `v:` and `k:` keys hold values. Null: the key stays. */
export function maskFieldKey(key: string, { masker }: Scope, at: string, rule: string): Uint8Array | null {
  if (key === '.' || key.startsWith('f:') || /^i:[0-9]+$/.test(key)) return null
  const placeholder = masker.placeholder(encoder.encode(key), rule, at)
  if (key.startsWith('k:')) return stringToken(`k:${JSON.stringify({ masked: placeholder })}`)
  return stringToken(`v:${JSON.stringify(placeholder)}`)
}

/** The bytes a token stands for; null when there is nothing to mask. */
function bytesOf(token: Token, scope: Scope, base64: boolean): Uint8Array | null {
  const { masker } = scope
  if (token.kind === 'primitive') return token.raw[0] === 0x6e ? null : token.raw.slice()
  if (token.kind === 'subtree') {
    masker.note(decoder.decode(token.raw))
    noteStrings(token.raw, scope)
    return token.raw.slice()
  }
  const text = decodeString(token.raw)
  if (text === '') return null
  masker.note(text)
  const bytes = encoder.encode(text)
  const decoded = base64 ? decodeBase64(bytes) : null
  if (decoded === null) return bytes
  masker.note(decoder.decode(decoded))
  return decoded
}

/** Notes every string inside a subtree that is masked whole. */
function noteStrings(raw: Uint8Array, scope: Scope): void {
  const visit: Node = {}
  visit.others = visit
  visit.leaf = (token) => {
    if (token.kind === 'string') {
      const value = bytesOf(token, scope, true)
      if (value !== null) scope.masker.keep(value, token.key)
    }
    return null
  }
  new Scanner(visit, { keys: scope.keys }).push(raw.slice())
}
