// A file of configuration documents, as `sallyport apply -f` sends it. In: YAML text. Out: documents that may be stored, or
// every problem with its line. All or nothing: one bad document refuses the file. No I/O.

import { parseAllDocuments } from 'yaml'
import { parsePolicy } from './policy.ts'

/** One document as it is stored. */
export interface ParsedDocument {
  readonly kind: string
  readonly name: string
  readonly document: unknown
  /** The text of this document alone. */
  readonly source: string
}

export type ParsedDocuments =
  | { readonly ok: true; readonly documents: readonly ParsedDocument[] }
  | { readonly ok: false; readonly errors: readonly string[] }

/** A file of policies is a few kilobytes. Stops a parser being kept busy. */
const MAX_FILE_CHARS = 1024 * 1024
const MAX_DOCUMENTS = 200

/** Parses and checks a file of one or more documents. Never throws for a bad file. */
export function parseDocuments(text: string): ParsedDocuments {
  if (text.length > MAX_FILE_CHARS)
    return { ok: false, errors: [`the file is longer than ${MAX_FILE_CHARS} characters`] }
  const documents: ParsedDocument[] = []
  const errors: string[] = []
  const parsed = parseAllDocuments(text, { uniqueKeys: true, strict: true, prettyErrors: true })
  if (!Array.isArray(parsed)) return { ok: false, errors: ['the file holds no document'] }
  if (parsed.length > MAX_DOCUMENTS)
    return { ok: false, errors: [`the file holds more than ${MAX_DOCUMENTS} documents`] }
  for (const [index, document] of parsed.entries()) {
    const where = parsed.length === 1 ? '' : `document ${index + 1}: `
    if (document.errors.length > 0) {
      errors.push(...document.errors.map((error) => `${where}${error.message}`))
      continue
    }
    let value: unknown
    try {
      value = document.toJS({ maxAliasCount: 0 })
    } catch {
      errors.push(`${where}anchors and aliases are not allowed`)
      continue
    }
    // An empty document is what a stray `---` leaves.
    if (value === null) continue
    const result = parsePolicy(value)
    if (!result.ok) {
      errors.push(...result.problems.map((error) => `${where}${error}`))
      continue
    }
    const { kind, metadata } = result.policy
    if (documents.some((other) => other.kind === kind && other.name === metadata.name)) {
      errors.push(`${where}${kind} ${metadata.name} is in the file twice`)
      continue
    }
    const [start, , end] = document.range
    documents.push({ kind, name: metadata.name, document: value, source: text.slice(start, end).trim() })
  }
  if (errors.length > 0) return { ok: false, errors }
  if (documents.length === 0) return { ok: false, errors: ['the file holds no document'] }
  return { ok: true, documents }
}
