// What is wrong with a document: where and what. In: issues of a schema. Out: Problems and their text. No I/O.

import * as v from 'valibot'

/** One thing that is wrong. `at`: the place within the text at `path`, both from 1, where that text is an expression. */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly at?: { readonly line: number; readonly column: number }
}

/** `spec.rules.0.when: line 1, column 5: no such field`. */
export function problemText({ path, message, at }: Problem): string {
  const place = at === undefined ? '' : `line ${at.line}, column ${at.column}: `
  return `${pathText(path)}: ${place}${message}`
}

export function pathText(path: Problem['path']): string {
  return path.length === 0 ? '(document)' : path.join('.')
}

/** The problems a schema found. */
export function problemsOf(issues: readonly v.BaseIssue<unknown>[]): readonly Problem[] {
  return issues.map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)))
    if (issue.type === 'strict_object' && issue.expected === 'never') return { path, message: 'is not a known key' }
    if (issue.type === 'strict_object' && issue.received === 'undefined') return { path, message: 'is missing' }
    return { path, message: issue.message }
  })
}

/** A document's name: it is part of an address, and shown to people. */
export const documentName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be a DNS name in lower case'),
)
/** A name, a username or a group: short, and not empty. */
export const text = v.pipe(v.string(), v.minLength(1), v.maxLength(253))
export const texts = v.pipe(v.array(text), v.minLength(1))
