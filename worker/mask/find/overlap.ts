// Stretches that were found by several rules, put together. In: what each rule found. Out: stretches by place without overlaps. No I/O.

import type { Matched } from './matcher.ts'

/** Higher wins where two overlap. */
export const SPECIFIC = 2
export const GENERIC = 1

/** What one rule found. */
export interface Candidate {
  readonly start: number
  readonly end: number
  readonly rule: string
  readonly rank: number
}

/** A stretch of a text. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** Shorter remains beside a placeholder are left as they stand. */
const MIN_BESIDE = 8

/** A candidate without the placeholders in it; `masked` is by place. */
function around(candidate: Candidate, masked: readonly Stretch[], first: number): readonly Candidate[] {
  const pieces: Candidate[] = []
  let { start } = candidate
  for (let n = first; n < masked.length && masked[n]!.start < candidate.end; n++) {
    const placeholder = masked[n]!
    if (placeholder.start - start >= MIN_BESIDE) pieces.push({ ...candidate, start, end: placeholder.start })
    start = Math.max(start, placeholder.end)
  }
  if (first < masked.length && start > candidate.start && candidate.end - start < MIN_BESIDE) return pieces
  if (start < candidate.end) pieces.push({ ...candidate, start })
  return pieces
}

/** Whether stretches are sorted by their start, the longer first. Most are found so. */
export function inOrder(stretches: readonly Stretch[]): boolean {
  for (let n = 1; n < stretches.length; n++) {
    const { start, end } = stretches[n]!
    const before = stretches[n - 1]!
    if (start < before.start || (start === before.start && end > before.end)) return false
  }
  return true
}

/** Puts what overlaps together: the more specific rule names it, all of it is covered. Placeholders are left as they are. */
export function resolve(found: Candidate[], masked: readonly Stretch[]): Matched[] {
  if (found.length === 0) return []
  let candidates: readonly Candidate[] = inOrder(found)
    ? found
    : found.sort((a, b) => a.start - b.start || b.end - a.end)
  if (masked.length > 0) {
    let first = 0
    candidates = candidates
      .flatMap((candidate) => {
        while (first < masked.length && masked[first]!.end <= candidate.start) first++
        return around(candidate, masked, first)
      })
      .sort((a, b) => a.start - b.start || b.end - a.end)
  }
  const hits: Matched[] = []
  for (let n = 0; n < candidates.length; ) {
    let best = candidates[n++]!
    const { start } = best
    let { end } = best
    for (; n < candidates.length && candidates[n]!.start < end; n++) {
      const next = candidates[n]!
      if (next.rank > best.rank || (next.rank === best.rank && next.end - next.start > best.end - best.start))
        best = next
      if (next.end > end) end = next.end
    }
    hits.push({ start, end, rule: best.rule })
  }
  return hits
}
