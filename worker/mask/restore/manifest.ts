// The objects in a release's manifest. In: YAML of many documents. Out: an object as JSON. No I/O.

import { parseDocument } from 'yaml'

/** Between documents. Joined with `---` they are the manifest again. */
const SEPARATOR = /^---(?=[ \t\r\n]|$)/m

/** What an object is called. */
export interface Named {
  readonly kind: string
  readonly name: string
}

export interface ManifestObject extends Named {
  readonly json: string
}

/** The documents of a manifest, as they stand. */
export function documentsIn(manifest: string): string[] {
  return manifest.split(SEPARATOR)
}

/** The other way round. */
export function joined(documents: readonly string[]): string {
  return documents.join('---')
}

/** A cheap first look: false only if the document is not this object. */
export function mayBe(document: string, { kind, name }: Named): boolean {
  return document.includes(kind) && document.includes(name)
}

/**
 * The object of a document; null when it is none that has a name, or cannot be read for certain.
 * @param budget characters that may still be parsed; what is parsed is taken off
 */
export function objectIn(document: string, budget: { chars: number }): ManifestObject | null {
  budget.chars -= document.length
  if (budget.chars < 0) return null
  try {
    const parsed = parseDocument(document, { prettyErrors: false, logLevel: 'silent' })
    if (parsed.errors.length > 0 || parsed.warnings.length > 0) return null
    const object: unknown = parsed.toJS({ maxAliasCount: 0 })
    const [kind, metadata] = [memberIn(object, 'kind'), memberIn(object, 'metadata')]
    const name = memberIn(metadata, 'name')
    return typeof kind === 'string' && typeof name === 'string' ? { kind, name, json: JSON.stringify(object) } : null
  } catch {
    return null
  }
}

function memberIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
