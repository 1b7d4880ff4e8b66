// The bytes of a review and their hash, bounded. In: what the hub found out, masked. Out: exactly what people are shown and
// the log keeps. No I/O.

import type { Review, ReviewedRequest } from '../../protocol/review.ts'
import { digest } from './key.ts'
import { MAX_DIFF_LINES, MAX_REVIEWED_BYTES, MAX_TITLE_LENGTH } from './limits.ts'
import { plain, visible } from './words.ts'

const utf8 = new TextEncoder()
/** What stays of a body and of a diff's lines where the whole is too much. */
const CUT_BODY = 16 * 1024
const CUT_LINES = 200

export interface ReviewText {
  readonly text: string
  readonly bytes: Uint8Array
  /** Hex; an approval must name it. */
  readonly sha256: string
}

export function reviewText(requests: readonly ReviewedRequest[]): ReviewText {
  const review: Review = { v: 1, requests }
  const text = JSON.stringify(review)
  const bytes = utf8.encode(text)
  return { text, bytes, sha256: digest(bytes) }
}

/**
 * A request as it may be shown: every unseen character written out, and cut where it is too long, which it then says.
 * Null when the request itself (an argv, a path) is too long to be shown whole: what people cannot see they cannot approve.
 */
export function boundedReview(reviewed: ReviewedRequest): { reviewed: ReviewedRequest; bytes: number } | null {
  const shown = readable(reviewed)
  for (const candidate of [shown, cut(shown)]) {
    const bytes = utf8.encode(JSON.stringify(candidate)).length
    if (bytes <= MAX_REVIEWED_BYTES) return { reviewed: candidate, bytes }
  }
  return null
}

/** Field by field, so that a new one has to be thought of here. */
function readable({ title, request, body, diff, reach }: ReviewedRequest): ReviewedRequest {
  const { exec } = request
  return {
    title: plain(title, MAX_TITLE_LENGTH),
    request: {
      ...request,
      target: visible(request.target),
      group: visible(request.group),
      version: visible(request.version),
      resource: visible(request.resource),
      subresource: visible(request.subresource),
      namespace: visible(request.namespace),
      name: visible(request.name),
      userAgent: visible(request.userAgent),
      ...(request.kubectlCommand === undefined ? {} : { kubectlCommand: visible(request.kubectlCommand) }),
      ...(exec === undefined
        ? {}
        : { exec: { ...exec, argv: exec.argv.map(visible), container: visible(exec.container) } }),
    },
    ...(body === undefined ? {} : { body: { ...body, text: visible(body.text) } }),
    diff: diff.kind === 'none' ? diff : { ...diff, lines: diff.lines.map(([mark, text]) => [mark, visible(text)]) },
    reach: { ...reach, examples: reach.examples.map(visible) },
  }
}

function cut(reviewed: ReviewedRequest): ReviewedRequest {
  const { body, diff } = reviewed
  return {
    ...reviewed,
    ...(body === undefined || body.text.length <= CUT_BODY
      ? {}
      : { body: { ...body, text: body.text.slice(0, CUT_BODY).toWellFormed(), cut: true } }),
    ...(diff.kind === 'lines' && diff.lines.length > CUT_LINES
      ? { diff: { ...diff, lines: diff.lines.slice(0, Math.min(CUT_LINES, MAX_DIFF_LINES)), cut: true } }
      : {}),
  }
}
