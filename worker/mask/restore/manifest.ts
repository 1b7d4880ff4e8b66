// The objects in a release's manifest. In: YAML of many documents. Out: one object as JSON. Only documents that may be the one
// that is looked for are parsed. No I/O.

import { parseDocument } from 'yaml'

/** A line that begins a document. */
const SEPARATOR = /^---(?=[ \t\r\n]|$)/m

/** The documents of a manifest, as they stand. */
export function documentsIn(manifest: string): string[] {
  return manifest.split(SEPARATOR)
}

/**
 * The object of a document as JSON, if it is the one that is looked for.
 * @param budget characters that may still be parsed; what is parsed is taken off
 */
export function objectIn(
  document: string,
  { kind, name }: { readonly kind: string; readonly name: string },
  budget: { chars: number },
): string | null {
  if (!document.includes(kind) || !document.includes(name)) return null
  budget.chars -= document.length
  if (budget.chars < 0) return null
  try {
    const parsed = parseDocument(document, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
    if (parsed.errors.length > 0) return null
    const object: unknown = parsed.toJS({ maxAliasCount: 0 })
    return isNamed(object, kind, name) ? JSON.stringify(object) : null
  } catch {
    return null
  }
}

function isNamed(object: unknown, kind: string, name: string): boolean {
  if (typeof object !== 'object' || object === null || !('kind' in object) || object.kind !== kind) return false
  const metadata = 'metadata' in object ? object.metadata : null
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata && metadata.name === name
}
