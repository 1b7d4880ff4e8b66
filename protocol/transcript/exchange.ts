// One recorded request with what is known of its answer, the input of the transcript. No code but types and limits.

import type { RecordedRequest, RecordedResult } from '../log/event.ts'

export interface Exchange {
  readonly request: RecordedRequest
  /** Absent while it runs. */
  readonly result?: RecordedResult
  /** The masked response as recorded, or its first `MAX_BODY_BYTES`. Absent: there is none, or it was not loaded. */
  readonly response?: Uint8Array
  /** True when `response` is only the beginning. */
  readonly cut?: boolean
}

/** A piece of what the client showed. `exact`: the bytes the client saw. `reconstructed`: what it would have made of them. */
export interface Chunk {
  readonly text: string
  readonly kind: 'exact' | 'reconstructed'
  /** Said by us and not by the client: a viewer shows it muted. */
  readonly note?: true
}

/** What is read of one response. Attack: a 100 MB list makes the viewer parse it. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024

/** What is printed for one command, in UTF-16 units. Attack: a huge list freezes the page. */
export const MAX_TEXT = 2 * 1024 * 1024
