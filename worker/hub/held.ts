// A held request as the holds know it: what it is bound to, what people are shown, and how it is looked at afresh before it
// passes. In: what was assessed. Out: a HeldRequest, and what came of asking. Everything people are shown is masked.

import type { RecordedRequest } from '../../protocol/log/event.ts'
import type { Diff, ReviewedRequest } from '../../protocol/review.ts'
import { join } from '../bytes.ts'
import type { Decided, Outcome, Refusal, RequestInfo } from '../context.ts'
import { readObject } from '../decide/cel/json.ts'
import { requestWords } from '../decide/explain.ts'
import { diffOf } from '../hold/diff.ts'
import type { HeldRequest } from '../hold/holds.ts'
import type { Masking } from '../mask/contract.ts'
import { readable } from '../mask/placeholder.ts'
import { recordedRequest } from '../record/entries.ts'
import { hasExpired } from './access.ts'
import { bindingOf, mayWriteStatus, NO_OBJECT, objectPath, versionOf } from './binding.ts'
import type { TakenBody } from './body.ts'
import { canBeTried } from './dryrun.ts'
import { type Gathered, type Gathering, gather, type Known } from './gather.ts'
import type { Passage } from './passage.ts'
import { reachOf } from './reach.ts'
import { type GivenAnswer, maskForRecord } from './record.ts'
import { createWords } from './words.ts'

/** Of a body, so much is shown; the record has all of it. */
const MAX_SHOWN_CHARS = 64 * 1024
const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch'])
const BOUND: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'connect'])

/** A held request, and what was learned on the way. */
export interface Held {
  readonly request: HeldRequest
  /** The API server's refusal of the dry run, which is the answer then. */
  readonly given: GivenAnswer | null
  /** The version of the object as it was when the request was let through; '' when there is none to pin to. */
  readonly version: string
}

/** Where the review or the look at the object was refused. */
export type Holding = { readonly ok: true; readonly held: Held } | Extract<Gathered, { ok: false }>

/**
 * @param recorded the body as it is recorded (JSON)
 * @param sent the body as it came, which is what would be sent
 */
export async function holdable(
  passage: Passage,
  decided: Decided,
  recorded: TakenBody | null,
  sent: TakenBody | null,
  gathering: Gathering,
): Promise<Holding> {
  const { hub, visit, masking } = passage
  const { info } = decided
  const bound = BOUND.has(info.verb) && objectPath(info) !== null
  let binding = NO_OBJECT
  let version = ''
  if (bound) {
    const now = await gathering.oldObject()
    if (!now.ok) return now
    binding = bindingOf(hub.bindingKey, now.value.value, info)
    version = versionOf(now.value.value)
  }
  let given: GivenAnswer | null = null

  const words = createWords(masking)
  const shownRequest = recordedRequest(decided, words)
  if (words.unreadable !== null) {
    return { ok: false, refusal: { kind: 'malformed', message: `the request cannot be shown: ${words.unreadable}` } }
  }

  async function review(): Promise<Outcome<ReviewedRequest>> {
    const old = bound ? await gathering.oldObject() : NOTHING
    if (!old.ok) return refusalOf(old)
    let object: Known = { value: null, masked: null }
    let untried: string | null = null
    if (WRITES.has(info.verb) && !canBeTried(info)) untried = 'the API server passes over dry runs of it'
    else if (WRITES.has(info.verb)) {
      const got = await gathering.object()
      if (got.ok) object = got.value
      else if ('given' in got && unsupported(gathering)) untried = 'a webhook of the cluster does not allow dry runs'
      else {
        if ('given' in got) given = got.given
        return refusalOf(got)
      }
    }
    const reach = await reachOf(passage, decided, { object: object.value, oldObject: old.value.value })
    return {
      ok: true,
      value: {
        title: words.text(requestWords(named(info, object.value)), 'title'),
        request: asSent(shownRequest),
        ...shownBody(decided, recorded, masking),
        diff: untried === null ? diff(decided, old.value, object) : { kind: 'none', why: untried },
        reach,
      },
    }
  }

  async function confirm(): Promise<Outcome<string>> {
    const over = expired(decided, hub.clock.now())
    if (over !== null) return { ok: false, refusal: over }
    if (!bound) return { ok: true, value: NO_OBJECT }
    const fresh = await gather(passage, decided, sent).oldObject()
    if (!fresh.ok) return refusalOf(fresh)
    version = versionOf(fresh.value.value)
    return { ok: true, value: bindingOf(hub.bindingKey, fresh.value.value, info) }
  }

  const request: HeldRequest = {
    id: decided.id,
    session: visit.session,
    command: visit.command,
    identity: {
      ...decided.identity,
      ...(decided.identity.purpose === undefined ? {} : { purpose: words.text(decided.identity.purpose, 'purpose') }),
    },
    connection: decided.connection,
    decision: decided.decision,
    request: shownRequest,
    dryRun: info.dryRun,
    client: decided.client.session === '' ? decided.client.userAgent : decided.client.session,
    handshake: decided.upgrade !== null,
    body: keyBody(decided, sent),
    path: info.path,
    query: info.query,
    method: decided.upgrade === null ? decided.method : 'GET',
    binding,
    review,
    confirm,
  }
  return {
    ok: true,
    held: {
      request,
      get given() {
        return given
      },
      get version() {
        return version
      },
    },
  }
}

/**
 * A token that ran out while people thought. A client that repeats a 429 comes back with a new one, and finds the answer
 * waiting; of an exec's client a person must do so.
 */
export function expired(decided: Decided, now: number): Refusal | null {
  if (!hasExpired(decided, now)) return null
  if (decided.upgrade === null) {
    const message = 'the token has expired while the request waited; it is repeated with a new one'
    return { kind: 'held', message, retryAfterS: 1 }
  }
  const message = 'the token has expired while the command waited; run it again: what was approved still is'
  return { kind: 'unauthenticated', message }
}

/** What is created has its name in the body. */
function named(info: RequestInfo, object: unknown): RequestInfo {
  if (info.name !== '' || typeof object !== 'object' || object === null || !('metadata' in object)) return info
  const { metadata } = object
  if (typeof metadata !== 'object' || metadata === null || !('name' in metadata)) return info
  return typeof metadata.name === 'string' ? { ...info, name: metadata.name } : info
}

/** A plan shows the requests that will pass, not the dry runs that told of them. */
function asSent(request: RecordedRequest): RecordedRequest {
  const [path, query] = request.target.split('?', 2)
  if (query === undefined) return request
  const rest = query.split('&').filter((part) => part !== 'dryRun=All')
  return { ...request, target: rest.length === 0 ? `${path}` : `${path}?${rest.join('&')}` }
}

const NOTHING: Gathered = { ok: true, value: { value: null, masked: null } }

function refusalOf(gathered: Extract<Gathered, { ok: false }>): Extract<Outcome<never>, { ok: false }> {
  if ('given' in gathered) return { ok: false, refusal: { kind: 'upstream', message: 'the API server refused it' } }
  return gathered
}

/** The API server's words for a webhook with side effects (k8s.io/apiserver, admission/plugin/webhook). */
function unsupported({ dryRun }: Gathering): boolean {
  if (dryRun === null || dryRun.status !== 400 || dryRun.masked === null) return false
  return new TextDecoder().decode(dryRun.masked).includes('does not support dry run')
}

/**
 * What the body is and its bytes: the same JSON means another thing as another kind of patch. A deletion says in its body
 * whether it is a dry run, and a plan's deletion and the real one must have one key; of protobuf only the bytes say what it is.
 */
function keyBody({ info }: Decided, sent: TakenBody | null): Uint8Array | null {
  if (sent === null) return null
  // With placeholders where values were put back: their tags stand for the values, and a hash of those could be tried out.
  const { format, value, bytes } = sent.restored?.from ?? sent
  const kind = new TextEncoder().encode(`${format}\n`)
  const deletes = info.verb === 'delete' || info.verb === 'deletecollection'
  if (!deletes || format === 'protobuf' || typeof value !== 'object' || value === null) return join([kind, bytes])
  const options = Object.entries(value)
    .filter(([name]) => name !== 'dryRun')
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return join([kind, new TextEncoder().encode(JSON.stringify(Object.fromEntries(options)))])
}

function shownBody(decided: Decided, body: TakenBody | null, masking: Masking): Pick<ReviewedRequest, 'body'> {
  const masked = maskForRecord(decided, body, masking)
  if (!masked.ok || masked.body === null) return {}
  const text = readable(new TextDecoder().decode(masked.body.bytes))
  const cut = text.length > MAX_SHOWN_CHARS
  return { body: { mediaType: masked.body.mediaType, text: cut ? text.slice(0, MAX_SHOWN_CHARS) : text, cut } }
}

function diff({ info }: Decided, old: Known, object: Known): Diff {
  const none = (why: string): Diff => ({ kind: 'none', why })
  switch (info.verb) {
    case 'connect':
      return none(
        info.subresource === 'portforward'
          ? 'nothing is written: a tunnel into a pod is opened; its ports are named within it, and may be any'
          : 'nothing is written: a connection into a pod is opened',
      )
    case 'deletecollection':
      return none('every object of the list is deleted')
    case 'create':
    case 'update':
    case 'patch':
    case 'delete': {
      const before = old.value === null ? null : shown(old)
      const after = object.value === null ? null : shown(object)
      if (before === undefined || after === undefined) return none('it cannot be masked, and so cannot be shown')
      if (before === null && after === null) return none('there is no object to compare')
      return diffOf(before, after, mayWriteStatus(info))
    }
    default:
      return none('nothing is written')
  }
}

/** The masked object; undefined when it could not be masked. */
function shown({ masked }: Known): unknown {
  if (masked === null) return undefined
  const read = readObject(new TextEncoder().encode(readable(new TextDecoder().decode(masked))))
  return read.ok ? read.value : undefined
}
