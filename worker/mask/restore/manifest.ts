// The objects in a release's manifest. In: YAML of many documents. Out: an object as JSON. No I/O.

import { parseDocument } from 'yaml'

/** Between documents. Joined with `---` they are the manifest again. */
const SEPARATOR = /^---(?=[ \t\r\n]|$)/m

const BUILT_IN_GROUP = /^[^.]*$|\.k8s\.io$/

/** What an object is called. */
export interface Named {
  /** Of the API; '' for the core. */
  readonly group: string
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
    if (typeof kind !== 'string' || typeof name !== 'string') return null
    return { group: groupOf(memberIn(object, 'apiVersion')), kind, name, json: JSON.stringify(object) }
  } catch {
    return null
  }
}

/** Whether two names are of one object. Kubernetes' own kinds have changed their group; those of others may only be called alike. */
export function isSame(one: Named, other: Named): boolean {
  const ofKubernetes = BUILT_IN_GROUP.test(one.group) && BUILT_IN_GROUP.test(other.group)
  return one.kind === other.kind && one.name === other.name && (one.group === other.group || ofKubernetes)
}

function groupOf(apiVersion: unknown): string {
  const slash = typeof apiVersion === 'string' ? apiVersion.indexOf('/') : -1
  return typeof apiVersion === 'string' && slash >= 0 ? apiVersion.slice(0, slash) : ''
}

function memberIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
