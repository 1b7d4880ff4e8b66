// A request's entries: the intent before it is forwarded, the result after. In: what was decided, what became of it.
// Out: entries for the log. Bodies must be masked before they come here. No I/O.

import type { LogEvent, RecordedMask, RecordedRequest, RecordedResult } from '../../protocol/log/event.ts'
import type { Authenticated, Decided, Decision } from '../context.ts'
import type { Entry } from '../ports.ts'

/** Where a request was put. */
export interface Place {
  readonly session: string
  readonly command: string
}

/** A body as it is recorded: masked. */
export interface RecordedBody {
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** Headers and names come from clients: what is longer is cut, so that one request cannot bloat the log. */
const MAX_CLAIM_LENGTH = 512

/**
 * The intent. Its id is the request's own, which becomes `Audit-ID` upstream.
 * A null body: there is none, or it may not be recorded (then `mask.withheld` says why).
 */
export function intentEntry(
  decided: Decided,
  place: Place,
  options: {
    /** What is asked, masked. */
    readonly request: RecordedRequest
    readonly body?: RecordedBody | null
    readonly mask?: RecordedMask | undefined
    readonly preparatory?: RecordedRequest['preparatory']
    /** Another id than the request's, for a preparatory request of the gateway's own. */
    readonly id?: string
    /** Milliseconds since the epoch; absent: when the request came. */
    readonly at?: number
    /** What let it pass, and to which version it was pinned. */
    readonly data?: LogEvent['data']
  },
): Entry {
  const { identity, connection, decision } = decided
  const { username, groups, uid } = identity.user
  const event: LogEvent = {
    v: 1,
    type: 'request.intent',
    id: options.id ?? decided.id,
    ts: timestamp(options.at ?? decided.receivedAt),
    session: place.session,
    command: place.command,
    actor: { username, groups, issuer: identity.issuer, ...(uid === '' ? {} : { uid }) },
    connection,
    request: {
      ...options.request,
      ...(options.preparatory === undefined ? {} : { preparatory: options.preparatory }),
    },
    decision: recordedDecision(decision),
    ...(options.mask === undefined ? {} : { mask: options.mask }),
    ...(options.preparatory === undefined || options.id === undefined ? {} : { ref: decided.id }),
    ...(options.data === undefined ? {} : { data: options.data }),
  }
  const body = options.body ?? null
  return body === null ? { event } : { event, body: { kind: 'request', seq: 0, ...body } }
}

/**
 * The result of the intent `ref`. `body` is one segment of the response (`seq` as the body recorder counted), or absent.
 */
export function resultEntry(
  result: RecordedResult,
  options: Place & {
    readonly id: string
    /** Milliseconds since the epoch. */
    readonly at: number
    /** The intent's id. */
    readonly ref: string
    readonly mask?: RecordedMask | undefined
    readonly body?: (RecordedBody & { readonly seq: number }) | null
  },
): Entry {
  const { id, at, ref, session, command, mask, body } = options
  const event: LogEvent = {
    v: 1,
    type: 'request.result',
    id,
    ts: timestamp(at),
    session,
    command,
    ...(mask === undefined ? {} : { mask }),
    res: result,
    ref,
  }
  return body === undefined || body === null ? { event } : { event, body: { kind: 'response', ...body } }
}

/**
 * A refused request: intent and result, to be appended together. Only for requests of a proven identity; those without
 * are not recorded one by one, since any stranger could fill the log with them.
 */
export function refusalEntries(
  decided: Decided,
  place: Place,
  options: {
    readonly id: string
    readonly at: number
    /** `refused`: by the gateway. `failed`: by the API server, in the dry run before the request. */
    readonly outcome: 'refused' | 'failed'
    /** HTTP status, Status reason and message as the client got them. */
    readonly code: number
    readonly reason: string
    readonly message: string
    /** What was asked, masked. */
    readonly request: RecordedRequest
    readonly body?: RecordedBody | null
    readonly mask?: RecordedMask | undefined
    readonly data?: LogEvent['data']
  },
): readonly Entry[] {
  const { id, at, outcome, code, reason, message, request, body, mask, data } = options
  const result: RecordedResult = {
    outcome,
    code,
    reason,
    message: message.slice(0, MAX_CLAIM_LENGTH),
    durationMs: Math.max(0, at - decided.receivedAt),
    bytes: 0,
  }
  const intent = intentEntry(decided, place, {
    request,
    body: body ?? null,
    mask,
    ...(data === undefined ? {} : { data }),
  })
  const { session, command } = place
  return [intent, resultEntry(result, { session, command, id, at, ref: decided.id })]
}

/** Masks the words of a request, whoever wrote them. */
export interface RequestWords {
  /** @param at what it is, for the record of what was masked */
  text(words: string, at: string): string
  argv(argv: readonly string[]): readonly string[]
  /** @param argv masked: what the query says as `command` */
  target(path: string, query: string, argv: readonly string[]): string
}

/**
 * What was asked, from what was parsed, in masked words.
 * @param given another method or target than the client's, for a preparatory request
 */
export function recordedRequest(
  { method, info, client }: Pick<Authenticated, 'method' | 'info' | 'client'>,
  words: RequestWords,
  given: { readonly method?: string; readonly target?: string } = {},
): RecordedRequest {
  const { exec } = info
  const [path = '', ...query] = given.target?.split('?') ?? [info.path, info.query]
  const argv = words.argv(exec?.argv ?? [])
  return {
    method: given.method ?? method,
    target: words.target(path, query.join('?'), argv),
    verb: info.verb,
    group: kind(info.apiGroup, 'group', words),
    version: kind(info.apiVersion, 'version', words),
    resource: kind(info.resource, 'resource', words),
    subresource: kind(info.subresource, 'subresource', words),
    namespace: words.text(info.namespace, 'namespace'),
    name: words.text(info.name, 'name'),
    userAgent: words.text(client.userAgent, 'user agent').slice(0, MAX_CLAIM_LENGTH),
    ...(client.command === ''
      ? {}
      : { kubectlCommand: words.text(client.command, 'command').slice(0, MAX_CLAIM_LENGTH) }),
    ...(exec === undefined || info.subresource === 'portforward'
      ? {}
      : { exec: { argv, container: words.text(exec.container, 'container'), stdin: exec.stdin, tty: exec.tty } }),
  }
}

/**
 * What a path says in place of a group, version or resource may be anything. What looks like one is left, whatever values a session
 * knows: limits are counted by it.
 */
function kind(said: string, at: string, words: RequestWords): string {
  return KIND.test(said) ? said : words.text(said, at)
}

const KIND = /^(?:[a-z]{0,40}|v[0-9]{1,2}(?:(?:alpha|beta)[0-9]{1,2})?)$/

/** RFC 3339 in UTC with milliseconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString()
}

function recordedDecision({ effect, policy, rule, reason, revision }: Decision) {
  return { effect, policy, rule, reason, revision }
}
