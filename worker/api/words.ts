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
