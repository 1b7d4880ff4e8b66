// The words of a Status. In: a message, and the values the request carried. Out: the message without them, without what the
// API server quotes of a Secret or of a secret field of any object, and without whatever the finder finds. No I/O.

import { MAX_REQUEST_SECRETS, MAX_STATUS_CHARS } from './limits.ts'
import type { Node } from './node.ts'
import type { Scope } from './scope.ts'
import { applyEdits, decodeString, stringToken } from './token.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** field.Error texts of k8s.io/apimachinery/pkg/util/validation/field that quote the value that was sent. */
const QUOTES_VALUE = /(?:Invalid|Unsupported|Duplicate) value: /g

/** Fields whose value is a name and no secret: what a person needs to see to mend the request. */
const NAME_FIELD = /(?:^|[\s[,])metadata\.(?:name|generateName|namespace): $/

/** Texts after which decoders quote the body: json-iterator's, and the YAML decoder's. */
const QUOTES_BODY = /error found in #|bigger context |\.\.\.\||yaml: /

/** Go's `%#v` and cmp.Diff of an object: a name and a value side by side. */
const GO_PAIR = /\bName:\s*"((?:[^"\\]|\\.)*)",\s*[-+]?\s*Value:\s*("(?:[^"\\]|\\.)*")/g
/** The same of a map: `"password":"hunter2"`. */
const GO_ENTRY = /"((?:[^"\\]|\\.){1,253})":\s*("(?:[^"\\]|\\.)*")/g

/** Where a message stands. */
export interface MessageOptions {
  /** It answers a Secrets request: whatever it quotes of the object is masked. */
  readonly strict: boolean
  readonly at: string
  /** Values that are names and may be seen: `message` tells them, `details.causes`, which comes after it, repeats them. */
  readonly names?: Set<string>
}

/** Masks a Status message. */
export function maskMessage(text: string, scope: Scope, options: MessageOptions): string {
  const { strict, at, names = new Set<string>() } = options
  const { requestSecrets } = scope
  const hide = (value: string): string => scope.masker.placeholder(encoder.encode(value), 'secret', at)
  const isLong = text.length > MAX_STATUS_CHARS
  if ((isLong && (strict || requestSecrets.length > 0)) || requestSecrets.length > MAX_REQUEST_SECRETS)
    return hide(text)
  let masked = text
  // The longest first: one value may be part of another.
  for (const value of [...requestSecrets].sort((a, b) => b.length - a.length)) {
    for (const form of formsOf(value)) {
      if (masked.includes(form)) masked = masked.replaceAll(form, () => hide(value))
    }
  }
  if (strict) {
    masked = maskBody(masked, hide)
    masked = maskQuoted(masked, hide, names)
    // Go's raw-quoted words; one fixed text of the API server has one that is no value.
    masked = masked.replace(/`([^`]*)`/g, (all, inner: string) => (inner === 'immutable' ? all : hide(inner)))
  } else if (!isLong && scope.masking.rules.layers.structure) masked = maskPairs(masked, scope, hide)
  const bytes = encoder.encode(masked)
  const { hits } = scope.masking.finder.find(bytes, { final: true })
  if (hits.length === 0) return masked
  return decoder.decode(
    applyEdits(
      bytes,
      hits.map(({ start, end, value, rule }) => ({
        start,
        end,
        bytes: encoder.encode(scope.masker.placeholder(value, rule, at)),
      })),
    ),
  )
}

/** Leaf for the message of a Status. */
export function statusLeaf(scope: Scope, strict: boolean): NonNullable<Node['leaf']> {
  const names = new Set<string>()
  scope.forget.push(() => names.clear())
  return (token) => {
    const { at } = token
    if (token.kind !== 'string') {
      return strict && token.raw[0] !== 0x6e
        ? stringToken(scope.masker.placeholder(token.raw.slice(), 'secret', at))
        : null
    }
    const before = decodeString(token.raw)
    const after = maskMessage(before, scope, { strict, at, names })
    return after === before ? null : stringToken(after)
  }
}

/** Values that an object printed in Go's syntax has under a name that says secret. */
function maskPairs(text: string, scope: Scope, hide: (value: string) => string): string {
  if (!text.includes('"')) return text
  const { finder } = scope.masking
  const replace = (all: string, name: string, quoted: string): string => {
    const value = quoted.slice(1, -1)
    if (value === '' || !finder.namesSecret(name)) return all
    return `${all.slice(0, all.length - quoted.length)}"${value.startsWith('⟦masked:') ? value : hide(value)}"`
  }
  return text.replace(GO_PAIR, replace).replace(GO_ENTRY, replace)
}

/** A value as it may stand in a message: plain, or as Go and JSON escape it. Short ones only within quotes. */
function formsOf(value: string): string[] {
  const quoted = JSON.stringify(value)
  return value.length < 4 ? [quoted] : [value, quoted.slice(1, -1)]
}

function maskBody(text: string, hide: (value: string) => string): string {
  const match = QUOTES_BODY.exec(text)
  if (match === null) return text
  const from = match.index + match[0].length
  const rest = text.slice(from)
  return rest === '' ? text : text.slice(0, from) + hide(rest)
}

function maskQuoted(text: string, hide: (value: string) => string, names: Set<string>): string {
  let out = ''
  let at = 0
  QUOTES_VALUE.lastIndex = 0
  for (let match = QUOTES_VALUE.exec(text); match !== null; match = QUOTES_VALUE.exec(text)) {
    const from = match.index + match[0].length
    if (match.index < at) continue
    const end = quotedEnd(text, from)
    if (end === null) {
      // A map or list in Go's syntax: where it ends cannot be told.
      const rest = text.slice(from)
      return out + text.slice(at, from) + (rest === '' ? '' : hide(rest))
    }
    const quoted = text.slice(from, end)
    if (NAME_FIELD.test(text.slice(Math.max(0, match.index - 64), match.index))) names.add(quoted)
    const shown = names.has(quoted) ? quoted : `"${hide(quoted.slice(1, -1))}"`
    out += text.slice(at, from) + shown
    at = end
  }
  return out + text.slice(at)
}

/** Where a Go-quoted string (`%q`) that begins at `from` ends; null when none begins there or it never ends. */
function quotedEnd(text: string, from: number): number | null {
  if (text[from] !== '"') return null
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '"') return i + 1
    if (text[i] === '\\') i++
  }
  return null
}
