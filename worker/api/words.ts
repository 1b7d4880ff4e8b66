// Words that people write and others read: reasons, names. Bounded, and without characters that act on a terminal or
// reorder what stands beside them. No I/O.

import * as v from 'valibot'

/** Control characters (terminal escapes, line ends), bidirectional overrides and isolates, halves of surrogate pairs. */
const ACTS = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

/** Text of one line, at most `maxLength` UTF-16 units. */
export function words(maxLength: number) {
  return v.pipe(
    v.string(),
    v.maxLength(maxLength, `must have at most ${maxLength} characters`),
    v.check((value) => !ACTS.test(value), 'must hold no control characters'),
  )
}

/** A person's reason for an answer or a block. */
export const reason = words(1000)

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
