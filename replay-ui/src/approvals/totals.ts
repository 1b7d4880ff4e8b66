// A plan in one line, which of its requests are open at first, and what a reader cannot see of it. In: a review. Out: counts
// and text. No I/O.

import type { Review, ReviewedRequest } from '../../../protocol/review.ts'
import { countText } from '../shell/format.ts'

/** About two screens of diff: what more there is opens on request. */
const OPEN_LINES = 120

/** `12 requests: 8 create, 3 patch, 1 delete`. */
export function verbsText(review: Review): string {
  const counts = new Map<string, number>()
  for (const { request } of review.requests) counts.set(request.verb, (counts.get(request.verb) ?? 0) + 1)
  const verbs = [...counts].sort(([, a], [, b]) => b - a).map(([verb, count]) => `${count} ${verb}`)
  return `${countText(review.requests.length, 'request')}: ${verbs.join(', ')}`
}

/** Lines added and left out in all. */
export function linesOf(review: Review): { readonly added: number; readonly removed: number } {
  let [added, removed] = [0, 0]
  for (const { diff } of review.requests) {
    if (diff.kind !== 'lines') continue
    added += diff.added
    removed += diff.removed
  }
  return { added, removed }
}

/** `5 objects, 12 pods`; `at least` when some of it could not be found out; `nothing else`; '' when nothing is known. */
export function reachText(reaches: readonly Pick<ReviewedRequest['reach'], 'objects' | 'pods'>[]): string {
  let anything = false
  const parts = (['objects', 'pods'] as const).flatMap((what) => {
    const known = reaches.flatMap((reach) => reach[what] ?? [])
    if (known.length === 0) return []
    anything = true
    const total = known.reduce((sum, count) => sum + count, 0)
    if (total === 0 && known.length === reaches.length) return []
    const text = countText(total, what.slice(0, -1))
    return [known.length < reaches.length ? `at least ${text}` : text]
  })
  return parts.join(', ') || (anything ? 'nothing else' : '')
}

/** Positions of the requests that are open at first: in order, until two screens are full; the first always. */
export function openedAtFirst(review: Review): ReadonlySet<number> {
  const open = new Set<number>()
  let lines = 0
  for (const [at, { diff }] of review.requests.entries()) {
    lines += diff.kind === 'lines' ? diff.lines.length + 8 : 8
    if (at > 0 && lines > OPEN_LINES) break
    open.add(at)
  }
  return open
}

/** What an approver cannot see here, said before they answer. */
export function cautionsOf(review: Review): readonly string[] {
  const cut = review.requests.filter(({ diff }) => diff.kind === 'lines' && diff.cut).length
  const bodies = review.requests.filter(({ body }) => body?.cut === true).length
  const typed = review.requests.filter(({ request }) => request.exec?.stdin === true).length
  const many = review.requests.length > 1
  const of = (count: number) => (many ? ` (${count} of ${review.requests.length} requests)` : '')
  return [
    ...(cut > 0 ? [`The diff is longer than what is shown${of(cut)}.`] : []),
    ...(bodies > 0 ? [`The body is longer than what is shown${of(bodies)}.`] : []),
    ...(typed > 0 ? [`What will be typed or piped in is not known yet${of(typed)}.`] : []),
  ]
}
