// A file of configuration documents, as `sallyport apply -f` sends it. In: YAML text. Out: documents that may be stored, or
// every problem with its line and column. All or nothing: one bad document refuses the file. No I/O.

import { type Document, isNode, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import { isBlock, parseBlock } from './decide/block.ts'
import { parsePolicy } from './decide/policy.ts'
import { type Problem, pathText } from './document/problem.ts'
import { placeInFile } from './document/textplace.ts'
import { isMaskPolicy, parseMaskPolicy } from './mask/policy.ts'

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

/** The kinds that say who may do what. */
export const DECIDING_KINDS = ['AccessPolicy', 'Block'] as const

/** Whether a document has a say in who may do what; MaskPolicies have none. */
export function decides({ kind }: Pick<ParsedDocument, 'kind'>): boolean {
  return DECIDING_KINDS.some((deciding) => deciding === kind)
}

/** A file of policies is a few kilobytes. Stops a parser being kept busy. */
const MAX_FILE_CHARS = 1024 * 1024
const MAX_DOCUMENTS = 200

/** Parses and checks a file of one or more documents. Never throws for a bad file. */
export function parseDocuments(text: string): ParsedDocuments {
  if (text.length > MAX_FILE_CHARS)
    return { ok: false, errors: [`the file is longer than ${MAX_FILE_CHARS} characters`] }
  const documents: ParsedDocument[] = []
  const errors: string[] = []
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, { uniqueKeys: true, strict: true, prettyErrors: true, lineCounter: lines })
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
    const result = parseOne(value)
    if (!result.ok) {
      errors.push(...result.problems.map((problem) => `${where}${inFile(text, lines, document, problem)}`))
      continue
    }
    const { kind, name } = result
    if (documents.some((other) => other.kind === kind && other.name === name)) {
      errors.push(`${where}${kind} ${name} is in the file twice`)
      continue
    }
    const [start, , end] = document.range
    documents.push({ kind, name, document: value, source: text.slice(start, end).trim() })
  }
  if (errors.length > 0) return { ok: false, errors }
  if (documents.length === 0) return { ok: false, errors: ['the file holds no document'] }
  return { ok: true, documents }
}

type Parsed =
  | { readonly ok: true; readonly kind: string; readonly name: string }
  | { readonly ok: false; readonly problems: readonly Problem[] }

function parseOne(value: unknown): Parsed {
  if (isBlock(value)) {
    const parsed = parseBlock(value)
    return parsed.ok ? { ok: true, kind: 'Block', name: parsed.block.name } : parsed
  }
  if (isMaskPolicy(value)) {
    const parsed = parseMaskPolicy(value)
    return parsed.ok ? { ok: true, kind: 'MaskPolicy', name: parsed.policy.metadata.name } : parsed
  }
  const parsed = parsePolicy(value)
  return parsed.ok ? { ok: true, kind: 'AccessPolicy', name: parsed.policy.metadata.name } : parsed
}

/** One problem of a document, with its place in the file: of an expression the place within it, else of the nearest value that is there. */
export function inFile(file: string, lines: LineCounter, document: Document, { path, message, at }: Problem): string {
  const said = `${pathText(path)}: ${message}`
  const offset = offsetOf(file, document, path, at)
  if (offset === null) return said
  const { line, col } = lines.linePos(offset)
  return `line ${line}, column ${col}: ${said}`
}

function offsetOf(file: string, document: Document, path: Problem['path'], at: Problem['at']): number | null {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true)
    if (!isNode(node)) continue
    if (at !== undefined && depth === path.length && isScalar(node) && typeof node.value === 'string') {
      return placeInFile(file, node, indexOf(node.value, at))
    }
    return node.range?.[0] ?? null
  }
  return null
}

/** The offset of a line and column, both from 1. */
function indexOf(text: string, { line, column }: NonNullable<Problem['at']>): number {
  let start = 0
  for (let passed = 1; passed < line; passed += 1) {
    const end = text.indexOf('\n', start)
    if (end < 0) break
    start = end + 1
  }
  return start + column - 1
}
