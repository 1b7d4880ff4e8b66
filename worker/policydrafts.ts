// Policies that are not in force: a draft, alone or in place of those of the same name. In: YAML text. Out: a PolicySet, or
// what is wrong with the text. Documents that decide nothing are checked and left out. No I/O.

import { type CompileOptions, compilePolicies, type PolicySet } from './decide/compile.ts'
import { decides, parseDocuments } from './documents.ts'
import type { StoredDocument } from './ports.ts'

type InForce = Pick<StoredDocument, 'kind' | 'name' | 'revision' | 'document'>

export type Drafted =
  | { readonly ok: true; readonly set: PolicySet }
  | { readonly ok: false; readonly errors: readonly string[] }

/** @param inForce what the draft's documents stand beside; those of the same kind and name are replaced */
export function draftSet(text: string, inForce: readonly InForce[], options: CompileOptions = {}): Drafted {
  const parsed = parseDocuments(text)
  if (!parsed.ok) return parsed
  const replaced = new Set(parsed.documents.map(({ kind, name }) => `${kind} ${name}`))
  const kept = inForce.filter(({ kind, name }) => !replaced.has(`${kind} ${name}`))
  const drafted = parsed.documents.filter(decides).map(({ name, document }) => ({ name, document, revision: 0 }))
  return { ok: true, set: compilePolicies([...kept, ...drafted], options) }
}
