// What a person is shown before they answer a hold: computed by the gateway, masked, recorded as the body of `hold.open`.
// An answer names the SHA-256 of exactly these bytes, so that nobody approves what they did not see. Types only.

import type { RecordedRequest } from './log/event.ts'

/** One line of a diff: kept, added, left out, or a gap between hunks. */
export type DiffLine = readonly [mark: ' ' | '+' | '-' | '@', text: string]

/** What would change, as the API server's own dry run says. */
export type Diff =
  | {
      readonly kind: 'lines'
      readonly lines: readonly DiffLine[]
      readonly added: number
      readonly removed: number
      readonly cut: boolean
    }
  /** There is none to show (an exec, a deletion of many, a read): why. */
  | { readonly kind: 'none'; readonly why: string }

/** What else a request touches. Null: it could not be found out; `note` says why. */
export interface Reach {
  readonly objects: number | null
  readonly pods: number | null
  /** Up to 20 of them, `kind/name`. */
  readonly examples: readonly string[]
  readonly note?: string
}

/** One request, as it will be sent. Everything is masked. */
export interface ReviewedRequest {
  /** In the words of the API: `patch deployments.apps/scale "web" in namespace "shop"`. */
  readonly title: string
  readonly request: RecordedRequest
  readonly body?: { readonly mediaType: string; readonly text: string; readonly cut: boolean }
  readonly diff: Diff
  readonly reach: Reach
}

/** The whole question: one request, or the requests of a plan in the order in which they came. */
export interface Review {
  readonly v: 1
  readonly requests: readonly ReviewedRequest[]
}
