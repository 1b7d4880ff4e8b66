// What an approver is looking at must not change under their hand. In: what is shown and the newest answer of the API.
// Out: what to show now. No I/O.

import type { HoldDetail } from '../../../worker/api/types.ts'

export interface Shown {
  readonly hold: HoldDetail
  /** The request is another one by now. The old one stays on the page, and cannot be answered, until the reader asks for the new one. */
  readonly changed: boolean
}

/** State, votes and times are always the newest; the request itself only while nobody could be answering it. */
export function reconcile(shown: Shown | undefined, latest: HoldDetail): Shown {
  const before = shown?.hold
  if (!before || before.id !== latest.id || before.reviewSha256 === latest.reviewSha256) {
    return { hold: latest, changed: false }
  }
  if (!before.mayAnswer || latest.state !== 'pending') return { hold: latest, changed: false }
  const { review, reviewSha256, title, requests } = before
  return { hold: { ...latest, review, reviewSha256, title, requests }, changed: true }
}
