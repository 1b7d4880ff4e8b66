// Secrets inside the YAML text of a Helm release. In: a manifest. Out: where its Secrets' values stand and what they are,
// so that they can be replaced in place with the rest of the text left as it is. Never guesses: unsure is `unreadable`. No I/O.

import { isAlias, isMap, isScalar, isSeq, type Pair, parseDocument, type Scalar } from 'yaml'
import { decodeBase64 } from './base64.ts'
import { fold } from './scanner.ts'

/** A value of a Secret in a manifest. */
export interface ManifestValue {
  /** Where it stands, in UTF-16 units of the whole text. */
  readonly start: number
  readonly end: number
  /** The secret itself: of `data`, decoded from base64. */
  readonly bytes: Uint8Array
  readonly field: 'data' | 'stringData'
  /** Its key in there. */
  readonly key: string
  /** True when the text replaced ends with a line break that must stay (block scalars). */
  readonly line: boolean
}

const letter = (char: string) => {
  const hex = char.charCodeAt(0).toString(16)
  return `(?:${char}|\\\\x${hex}|\\\\u00${hex}|\\\\U000000${hex})(?:\\\\\\r?\\n[ \\t]*)*`
}

/** Ways by which a document could come to say `kind: Secret`: the word, in escapes too, or a tag that decodes something else. */
const SUSPECT = new RegExp(
  `(?<![A-Za-z])${[...'Secret'].map(letter).join('')}(?:List)?(?![A-Za-z])|binary|!<|![^\\s]*%|^%TAG`,
  'm',
)

/**
 * Lines at the left margin of a document whose root is a plain block mapping: simple keys and sequence items. In such a document a
 * `kind` of the root cannot stand anywhere but at the left margin.
 */
const SIMPLE_LINE = /^(?:[A-Za-z][A-Za-z0-9]*:(?:[ \t].*)?|-(?:[ \t].*)?|[ \t#].*|)$/
const BLANK_LINE = /^[ \t]*(?:#.*)?$/
const FIRST_KEY = /^[A-Za-z][A-Za-z0-9]*:/
const SIMPLE_KIND = /^kind:[ \t]+([A-Za-z]+)[ \t]*$/

/** True when a look at the lines is enough to say that a document is no Secret and no list. Large CRDs need no parsing so. */
function isOther(part: string): boolean {
  let hasKind = false
  let hasKey = false
  for (const raw of part.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (!SIMPLE_LINE.test(line) || line.startsWith('items:')) return false
    if (!hasKey && !BLANK_LINE.test(line)) {
      // The first key at the margin makes the root a block mapping; a flow mapping could hide a kind further in.
      if (!FIRST_KEY.test(line)) return false
      hasKey = true
    }
    if (!line.startsWith('kind:')) continue
    const kind = SIMPLE_KIND.exec(line)?.[1]
    if (kind === undefined || /^secret$/i.test(kind) || kind.endsWith('List')) return false
    hasKind = true
  }
  return hasKind
}

/** A document's start. `---` before anything but white space splits documents for Helm but not for YAML. */
const SEPARATOR = /(?:^|\n)---(?=[ \t\r\n]|$)/g
const DOUBTFUL_SEPARATOR = /(?:^|\n)---[^ \t\r\n]/

const encoder = new TextEncoder()

/** Thrown inside this file only. */
class Unreadable extends Error {}

/**
 * Finds the values of all Secrets in a manifest, Lists of Secrets included.
 * @param budget characters that may still be parsed; what is parsed is taken off
 */
export function secretsInManifest(text: string, budget: { chars: number }): ManifestValue[] | 'unreadable' {
  if (!SUSPECT.test(text)) return []
  if (DOUBTFUL_SEPARATOR.test(text) || /\r(?!\n)/.test(text)) return 'unreadable'
  const values: ManifestValue[] = []
  try {
    for (const { start, end } of documentsOf(text)) {
      const part = text.slice(start, end)
      if (!SUSPECT.test(part) || isOther(part)) continue
      budget.chars -= part.length
      if (budget.chars < 0) return 'unreadable'
      const document = parseDocument(part, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
      if (document.errors.length > 0 || document.warnings.length > 0) return 'unreadable'
      collect(document.contents, part, start, values)
    }
  } catch {
    return 'unreadable'
  }
  return values
}

function* documentsOf(text: string): Generator<{ start: number; end: number }> {
  let start = 0
  for (const match of text.matchAll(SEPARATOR)) {
    yield { start, end: match.index }
    start = match.index + match[0].length
  }
  yield { start, end: text.length }
}

/** Looks into one object. Keys may repeat: Go takes the last, here each counts. */
function collect(node: unknown, part: string, base: number, values: ManifestValue[], isItem = false): void {
  if (isAlias(node)) throw new Unreadable()
  if (!isMap(node)) return
  // An item without a kind takes it from its list.
  let isSecret = isItem
  for (const pair of node.items) {
    if (keyOf(pair) === 'kind' && isScalar(pair.value)) isSecret ||= /^secretlist$/i.test(String(pair.value.value))
  }
  const isList = isSecret
  for (const pair of node.items) {
    const key = keyOf(pair)
    if (key === 'kind') {
      const kind = pair.value
      if (kind === null) continue
      if (!isScalar(kind) || kind.tag !== undefined) throw new Unreadable()
      if (String(kind.value).toLowerCase() === 'secret') isSecret = true
    } else if (key === 'items') {
      if (isAlias(pair.value)) throw new Unreadable()
      if (isSeq(pair.value)) for (const item of pair.value.items) collect(item, part, base, values, isList)
    }
  }
  if (!isSecret) return
  for (const pair of node.items) {
    const key = keyOf(pair)
    if (key !== 'data' && key !== 'stringdata') continue
    const field = key === 'data' ? 'data' : 'stringData'
    if (isEmpty(pair.value)) continue
    if (!isMap(pair.value) || pair.value.tag !== undefined) throw new Unreadable()
    for (const entry of pair.value.items) {
      const name = keyOf(entry)
      if (isEmpty(entry.value)) continue
      if (!isScalar(entry.value)) throw new Unreadable()
      values.push(valueAt(entry.value, field, part, base, name))
    }
  }
}

function keyOf(pair: Pair): string {
  const key = pair.key
  if (!isScalar(key) || key.tag !== undefined || key.value === '<<') throw new Unreadable()
  return fold(String(key.value))
}

function isEmpty(value: unknown): boolean {
  return value === null || (isScalar(value) && (value.value === null || value.value === ''))
}

function valueAt(
  scalar: Scalar,
  field: ManifestValue['field'],
  part: string,
  base: number,
  key: string,
): ManifestValue {
  if (scalar.tag !== undefined || scalar.anchor !== undefined || !scalar.range) throw new Unreadable()
  const [start, end] = scalar.range
  const text = typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value))
  const plain = encoder.encode(text)
  const bytes = field === 'data' ? (decodeBase64(encoder.encode(text.replace(/\s/g, ''))) ?? plain) : plain
  return { start: base + start, end: base + end, bytes, field, key, line: part.slice(start, end).endsWith('\n') }
}
