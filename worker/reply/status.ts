// Refusals as metav1.Status. In: a Refusal. Out: status code, headers and body of an answer kubectl prints well. No I/O.
// Says nothing of the inside: messages come from the stages, which write them for a person.

import { CODE_OF, failure, type Status, type StatusReason } from '../../protocol/status.ts'
import type { HeaderList, Refusal, RequestInfo } from '../context.ts'

/** What is known of the request when it is refused. */
export interface ReplyContext {
  /** The event id, shown so that the request can be looked up. */
  readonly id: string
  /** Names the object in the Status' details; absent when the request could not be classified. */
  readonly info?: RequestInfo | undefined
  /** The raw target, where there is no `info`. */
  readonly target?: string | undefined
}

export interface StatusReply {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array
}

/** Channel of the exec subprotocols on which the final Status travels. */
const ERROR_CHANNEL = 3

/** The answer to a refused request. */
export function statusOf(refusal: Refusal, context?: ReplyContext): StatusReply {
  const status = toStatus(refusal, context)
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-cache, private'],
    ['x-content-type-options', 'nosniff'],
  ]
  if (context !== undefined) headers.push(['audit-id', context.id])
  if (refusal.kind === 'unauthenticated') headers.push(['www-authenticate', 'Bearer realm="sallyport"'])
  if (isDiscovery(context)) headers.push(['warning', `299 - "${quotable(refusal.message)}"`])
  const retryAfter = retryAfterSeconds(refusal)
  if (retryAfter !== null) headers.push(['retry-after', String(retryAfter)])
  return { status: status.code, headers, body: new TextEncoder().encode(`${JSON.stringify(status)}\n`) }
}

/**
 * Aggregated discovery, the first thing a client with a cold cache asks. client-go throws the Status of a refusal there
 * away and prints `unknown`; a Warning it does print.
 */
function isDiscovery(context: ReplyContext | undefined): boolean {
  const path = context?.info?.path ?? context?.target?.replace(/^\/clusters\/[^/?]*/, '').split('?', 1)[0]
  return path === '/api' || path === '/apis'
}

/** Text for a quoted string in a header: printable ASCII. Without the request's id, since kubectl shows equal warnings once. */
function quotable(text: string): string {
  return text
    .replaceAll('’', "'")
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&')
}

/** A refusal inside a running exec or attach: the message for the error channel. Close with 1000 after it. */
export function statusFrame(refusal: Refusal, context?: ReplyContext): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(toStatus(refusal, context)))
  const frame = new Uint8Array(json.length + 1)
  frame[0] = ERROR_CHANNEL
  frame.set(json, 1)
  return frame
}

/** The Status of a refusal; its message ends with the request's id. */
function toStatus(refusal: Refusal, context?: ReplyContext): Status & { code: number } {
  const { reason, code } = reasonOf(refusal.kind)
  const message = context === undefined ? refusal.message : `${refusal.message} (request ${context.id})`
  const details = detailsOf(refusal, context?.info)
  return failure(reason, message, { code, ...(details === undefined ? {} : { details }) })
}

/** The Status reason and HTTP code of a refusal. */
export function reasonOf(kind: Refusal['kind']): { readonly reason: StatusReason; readonly code: number } {
  switch (kind) {
    case 'malformed':
    case 'unsupported-client':
      return pair('BadRequest')
    case 'unauthenticated':
      return pair('Unauthorized')
    case 'forbidden':
    case 'not-approved':
    case 'ended':
      return pair('Forbidden')
    case 'unknown-connection':
      return pair('NotFound')
    case 'method-not-allowed':
      return pair('MethodNotAllowed')
    case 'not-acceptable':
      return pair('NotAcceptable')
    case 'too-large':
      return pair('RequestEntityTooLarge')
    case 'unsupported-media-type':
      return pair('UnsupportedMediaType')
    case 'too-many':
    case 'held':
      return pair('TooManyRequests')
    case 'withheld':
    case 'upstream':
      return { reason: 'InternalError', code: 502 }
    case 'log-unavailable':
    case 'connector-unavailable':
      return pair('ServiceUnavailable')
    // Timeout is the reason that says "it may have been carried out".
    case 'connector-lost':
    case 'timeout':
      return pair('Timeout')
    case 'internal':
      return pair('InternalError')
    default:
      return kind satisfies never
  }
}

function pair(reason: StatusReason) {
  return { reason, code: CODE_OF[reason] }
}

/** Whole seconds, at least one: client-go understands no dates and repeats at once on zero. */
function retryAfterSeconds({ kind, retryAfterS }: Refusal): number | null {
  if (retryAfterS !== undefined && Number.isFinite(retryAfterS)) return Math.max(1, Math.ceil(retryAfterS))
  return kind === 'too-many' || kind === 'held' ? 1 : null
}

function detailsOf(refusal: Refusal, info: RequestInfo | undefined): Status['details'] | undefined {
  const retryAfter = retryAfterSeconds(refusal)
  const { decision } = refusal
  const details = {
    ...(info?.isResourceRequest !== true
      ? {}
      : { ...(info.name === '' ? {} : { name: info.name }), group: info.apiGroup, kind: info.resource }),
    ...(decision === undefined
      ? {}
      : {
          causes: [
            {
              reason: decision.effect,
              message: decision.reason,
              ...(decision.policy === '' ? {} : { field: `${decision.policy}/${decision.rule}` }),
            },
          ],
        }),
    ...(retryAfter === null ? {} : { retryAfterSeconds: retryAfter }),
  }
  return Object.keys(details).length === 0 ? undefined : details
}
