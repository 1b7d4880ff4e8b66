// The Block document, the kill switch: its parser. In: a parsed YAML document. Out: what is blocked, or what is wrong. No I/O.

import * as v from 'valibot'
import { documentName, type Problem, problemsOf, text } from '../document/problem.ts'

const KINDS = ['session', 'identity', 'connection'] as const

const block = v.strictObject({
  apiVersion: v.literal('sallyport/v1'),
  kind: v.literal('Block'),
  metadata: v.strictObject({ name: documentName }),
  spec: v.pipe(
    v.strictObject({
      session: v.optional(text),
      // As long as the API takes it: whatever an issuer calls an identity must be possible to stop.
      identity: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1024))),
      connection: v.optional(text),
      reason: v.optional(v.pipe(v.string(), v.maxLength(1000))),
    }),
    v.check(
      (spec) => KINDS.filter((kind) => spec[kind] !== undefined).length === 1,
      'must have one of session, identity and connection',
    ),
  ),
})

/** A kill switch that is thrown. `value`: a session's id, a username or a connection's name. */
export interface Block {
  readonly name: string
  readonly kind: (typeof KINDS)[number]
  readonly value: string
  readonly reason: string
}

export type ParsedBlock =
  | { readonly ok: true; readonly block: Block }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Parses one Block document (YAML or JSON, already parsed). */
export function parseBlock(document: unknown): ParsedBlock {
  const result = v.safeParse(block, document)
  if (!result.success) return { ok: false, problems: problemsOf(result.issues) }
  const { metadata, spec } = result.output
  const kind = KINDS.find((one) => spec[one] !== undefined) ?? 'session'
  return { ok: true, block: { name: metadata.name, kind, value: spec[kind] ?? '', reason: spec.reason ?? '' } }
}

/** True for a document that says it is a Block. */
export function isBlock(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'kind' in document && document.kind === 'Block'
}
