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
  /** True when the text replaced ends with a line break that must stay (block scalars). */
  readonly line: boolean
}

/** Words and means by which a document could come to say `kind: Secret`: plainly, by an escape or by a tag. */
const SUSPECT = /secret|\\[xuU\r\n]|!/i

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
      if (!SUSPECT.test(part)) continue
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
function collect(node: unknown, part: string, base: number, values: ManifestValue[]): void {
  if (isAlias(node)) throw new Unreadable()
  if (!isMap(node)) return
  let isSecret = false
  for (const pair of node.items) {
    const key = keyOf(pair)
    if (key === 'kind') {
      const kind = pair.value
      if (kind === null) continue
      if (!isScalar(kind) || kind.tag !== undefined) throw new Unreadable()
      if (String(kind.value).toLowerCase() === 'secret') isSecret = true
    } else if (key === 'items') {
      if (isAlias(pair.value)) throw new Unreadable()
      if (isSeq(pair.value)) for (const item of pair.value.items) collect(item, part, base, values)
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
      keyOf(entry)
      if (isEmpty(entry.value)) continue
      if (!isScalar(entry.value)) throw new Unreadable()
      values.push(valueAt(entry.value, field, part, base))
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

function valueAt(scalar: Scalar, field: ManifestValue['field'], part: string, base: number): ManifestValue {
  if (scalar.tag !== undefined || scalar.anchor !== undefined || !scalar.range) throw new Unreadable()
  const [start, end] = scalar.range
  const text = typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value))
  const plain = encoder.encode(text)
  const bytes = field === 'data' ? (decodeBase64(encoder.encode(text.replace(/\s/g, ''))) ?? plain) : plain
  return { start: base + start, end: base + end, bytes, field, line: part.slice(start, end).endsWith('\n') }
}
