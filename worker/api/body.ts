// Bodies that come in as JSON: nothing but the keys that are known, and what is said of one that is not well formed. No I/O.

import * as v from 'valibot'

/** An object of these keys and no others. A list is none, even where every key may be left out. */
export function strictBody<const E extends v.ObjectEntries>(entries: E) {
  return v.pipe(
    v.unknown(),
    v.check((value) => !Array.isArray(value), 'must be an object'),
    v.strictObject(entries),
  )
}

/** What is wrong with a body, one line per problem: the path, and what is expected. Never repeats a value. */
export function problemsOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  return issues
    .slice(0, 20)
    .map((issue) => `${v.getDotPath(issue) ?? 'the body'}: ${said(issue)}`)
    .join('\n')
}

function said(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'check' || issue.type === 'max_length') return issue.message
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'is not a known key'
  return issue.expected === null ? 'is not well formed' : `must be ${issue.expected}`
}
