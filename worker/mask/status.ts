// The words of a Status. In: a message, and the values the request carried. Out: the message without them, without what the
// API server quotes of a Secret or of a secret field of any object, and without whatever the finder finds. No I/O.

import type { Finder } from './contract.ts'
import { concerns, type Field } from './fields.ts'
import { fold } from './keys.ts'
import { MAX_REQUEST_SECRETS, MAX_STATUS_CHARS } from './limits.ts'
import type { Node } from './node.ts'
import { PLACEHOLDER_START } from './placeholder.ts'
import { type Hiding, maskPairs } from './quoted.ts'
import type { Scope } from './scope.ts'
import { applyEdits, decodeString, stringToken } from './token.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/**
 * Texts that quote a value, which may be the live one: field.Error's of k8s.io/apimachinery/pkg/util/validation/field, and those of
 * structured-merge-diff, of a field whose type has changed.
 */
const QUOTES_VALUE =
  /(?:Invalid|Unsupported|Duplicate) value: |expected [a-z ()]{1,40}, got &?value\.valueUnstructured\{Value:/g

/** An element of a list in a path of structured-merge-diff: `.spec.users[name="a",n=5]`, `.spec.words[="a"]`. */
const ELEMENT = /\[[\w$-]*=(?:"(?:[^"\\]|\\.)*"|[^[\],"=]*)(?:,[\w$-]+=(?:"(?:[^"\\]|\\.)*"|[^[\],"=]*))*\]/g
const ELEMENT_KEY = /([\w$-]*)=("(?:[^"\\]|\\.)*"|[^[\],"=]*)/g
/** The field that a list is. */
const LIST_NAME = /[\w$-]*$/
const MAX_LIST_NAME_CHARS = 64

/** Fields whose value is a name and no secret: what a person needs to see to mend the request. */
const NAME_FIELD = /(?:^|[\s[,])metadata\.(?:name|generateName|namespace): $/

/** The field a quoted value is of. */
const FIELD_PATH = /(?:^|[\s[,])([^\s,]+): $/
/** The longest that is looked at. */
const MAX_PATH_CHARS = 512

/** Texts after which decoders quote the body: json-iterator's, and the YAML decoder's. */
const QUOTES_BODY = /error found in #|bigger context |\.\.\.\||yaml: /

/** The first of them: the parts of an object that stand around where it could not be read. */
const QUOTES_OBJECT = /error found in #|bigger context \.\.\.\|/

/** An object in a message, as JSON or as Go prints a map, behind a quote or not. */
const OBJECT = /^"?(?:\s|\\[nrt])*(?:[{[]|map\[)/

/** A Secret among what is quoted in Go's syntax or as JSON. */
const SECRET_KIND = /\bkind\\*"?:\s*\\*"?Secret/i

/** What the tag of something is made of that is part of a secret, or holds one among much else: the same whatever it is. */
const WITHHELD = encoder.encode('quoted')

/** What encoding/json says of the first character it cannot read: of a Secret’s docker config, that is one of the value. */
const QUOTES_CHARACTER = /\b(invalid character) '(?:[^'\\]|\\.)*'/g

const PLACEHOLDER = /(⟦masked:[^⟦⟧]*⟧)/

/** Where a message stands. */
export interface MessageOptions {
  /** It answers a Secrets request: whatever it quotes of the object is masked. */
  readonly strict: boolean
  readonly at: string
  /** What is quoted and may be seen, or not: `message` tells it, `details.causes`, which comes after it, repeats it. */
  readonly told?: Told
  /** Fields that are masked by structure: what is quoted of them is. */
  readonly fields?: readonly Field[]
}

/** Quoted values, quotes included, that a message has said what they are. */
interface Told {
  readonly shown: Set<string>
  readonly hidden: Set<string>
}

/** Masks a Status message. */
export function maskMessage(text: string, scope: Scope, options: MessageOptions): string {
  const { strict, at, told = nothingTold(), fields = [] } = options
  const { requestSecrets } = scope
  const hide = (value: string): string => scope.masker.placeholder(encoder.encode(value), 'secret', at)
  // The tag of a part could be compared with guesses of it, letter by letter: who writes chooses where the part begins.
  const withhold = (): string => scope.masker.placeholder(WITHHELD, 'secret', at)
  const isLong = text.length > MAX_STATUS_CHARS
  if ((isLong && (strict || requestSecrets.length > 0)) || requestSecrets.length > MAX_REQUEST_SECRETS)
    return withhold()
  let masked = text
  if (strict) {
    masked = maskBody(masked, QUOTES_BODY, withhold).replace(QUOTES_CHARACTER, '$1')
    masked = maskQuoted(masked, { hide, withhold }, (before, quoted) => {
      if (NAME_FIELD.test(before)) told.shown.add(quoted)
      return told.shown.has(quoted)
    })
    // Go's raw-quoted words; one fixed text of the API server has one that is no value.
    masked = masked.replace(/`([^`]*)`/g, (all, inner: string) => (inner === 'immutable' ? all : hide(inner)))
  } else if (scope.masking.rules.layers.structure) {
    const { namesSecret } = scope.masking.finder
    masked = maskQuoted(masked, { hide, withhold }, (before, quoted) =>
      isOpen(before, quoted, { told, fields, namesSecret }),
    )
    masked = maskBody(masked, QUOTES_OBJECT, withhold)
    const secretName = (name: string): boolean =>
      name !== '' && (namesSecret(name) || fields.some(({ steps }) => steps.at(-1) === fold(name)))
    masked = maskElements(masked, secretName, hide)
    masked = maskPairs(masked, { namesSecret, hide, withhold })
  }
  masked = maskFound(masked, scope, at)
  // Last, and around what is masked: an agent's guess in a value as it stands would part it, and tell.
  // The longest first: one value may be part of another.
  for (const value of [...requestSecrets].sort((a, b) => b.length - a.length)) {
    for (const form of formsOf(value)) {
      if (!masked.includes(form)) continue
      masked = masked
        .split(PLACEHOLDER)
        .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(form, () => hide(value))))
        .join('')
    }
  }
  return masked
}

/** Without what the finder finds. */
function maskFound(text: string, scope: Scope, at: string): string {
  const bytes = encoder.encode(text)
  const { hits } = scope.masking.finder.find(bytes, { final: true })
  if (hits.length === 0) return text
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
export function statusLeaf(
  scope: Scope,
  { strict, fields = [] }: Pick<MessageOptions, 'strict' | 'fields'>,
): NonNullable<Node['leaf']> {
  const told = nothingTold()
  scope.forget.push(() => {
    told.shown.clear()
    told.hidden.clear()
  })
  return (token) => {
    const { at } = token
    if (token.kind !== 'string') {
      return strict && token.raw[0] !== 0x6e
        ? stringToken(scope.masker.placeholder(token.raw.slice(), 'secret', at))
        : null
    }
    const before = decodeString(token.raw)
    const after = maskMessage(before, scope, { strict, at, told, fields })
    return after === before ? null : stringToken(after)
  }
}

function nothingTold(): Told {
  return { shown: new Set(), hidden: new Set() }
}

/** Whether what is quoted of a field of any object may be seen. @param before what stands in front of it */
function isOpen(
  before: string,
  quoted: string,
  { told, fields, namesSecret }: Required<Pick<MessageOptions, 'told' | 'fields'>> & Pick<Finder, 'namesSecret'>,
): boolean {
  // A patch that cannot be applied is answered with all of the object, live.
  if (quoted.startsWith('"') ? OBJECT.test(quoted) : SECRET_KIND.test(quoted)) return false
  const [, path] = FIELD_PATH.exec(before) ?? []
  // A cause says which field it is about behind its message.
  if (path === undefined) return !told.hidden.has(quoted) && (fields.length === 0 || told.shown.has(quoted))
  const steps = stepsOf(path)
  const secret = namesSecret(steps.at(-1) ?? '') || fields.some((field) => concerns(field, steps))
  const set = secret ? told.hidden : told.shown
  set.add(quoted)
  return !secret
}

/** The members a path of field.Path names; places in lists are passed over, as fields do. */
function stepsOf(path: string): readonly string[] {
  return [...path.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)]
    .map(([all, key]) => key ?? all)
    .filter((step) => !/^\d+$/.test(step))
}

/** A value as it may stand in a message: plain, or as Go and JSON escape it. Short ones only within quotes. */
function formsOf(value: string): string[] {
  const quoted = JSON.stringify(value)
  return value.length < 4 ? [quoted] : [value, quoted.slice(1, -1)]
}

/** Masks what the path of an element says of a field that is secret. */
function maskElements(text: string, isSecret: (name: string) => boolean, hide: (value: string) => string): string {
  return text.replace(ELEMENT, (all, at: number) => {
    const [list = ''] = LIST_NAME.exec(text.slice(Math.max(0, at - MAX_LIST_NAME_CHARS), at)) ?? []
    return all.replace(ELEMENT_KEY, (key, name: string, value: string) => {
      const isOpen = value === '' || value.includes(PLACEHOLDER_START) || !isSecret(name === '' ? list : name)
      return isOpen ? key : `${name}="${hide(value.replace(/^"|"$/g, ''))}"`
    })
  })
}

function maskBody(text: string, quotes: RegExp, withhold: () => string): string {
  const match = quotes.exec(text)
  if (match === null) return text
  const from = match.index + match[0].length
  const rest = text.slice(from)
  return rest === '' ? text : text.slice(0, from) + withhold()
}

function maskQuoted(
  text: string,
  { hide, withhold }: Pick<Hiding, 'hide' | 'withhold'>,
  isOpen: (before: string, quoted: string) => boolean,
): string {
  let out = ''
  let at = 0
  QUOTES_VALUE.lastIndex = 0
  for (let match = QUOTES_VALUE.exec(text); match !== null; match = QUOTES_VALUE.exec(text)) {
    const from = match.index + match[0].length
    if (match.index < at) continue
    const before = text.slice(Math.max(at, match.index - MAX_PATH_CHARS), match.index)
    const end = quotedEnd(text, from)
    if (end === null) {
      const rest = text.slice(from)
      if (rest === '' || isOpen(before, rest)) continue
      // A map or list in Go's syntax: where it ends cannot be told.
      return out + text.slice(at, from) + withhold()
    }
    const quoted = text.slice(from, end)
    const shown = isOpen(before, quoted) ? quoted : `"${OBJECT.test(quoted) ? withhold() : hide(quoted.slice(1, -1))}"`
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
