// The connection's half of the chain: decide → hold → record intent → tunnel → mask → record result → reply.
// In: an Authenticated request. Out: a Reply. One hub per connection, where limits, order and open streams live.
// Nothing is forwarded before its intent is recorded; what cannot be decided, recorded or masked is refused.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { join } from './bytes.ts'
import { upstreamHeaders } from './classify/headers.ts'
import { streamProtocols } from './classify/upgrade.ts'
import type { Authenticated, Decided, Decision, Outcome, Recorded, Refusal, Reply } from './context.ts'
import { judgeBody } from './decide/body.ts'
import type { PolicyCache } from './decide/cache.ts'
import type { PolicySet } from './decide/compile.ts'
import { decide } from './decide/decide.ts'
import { type TakenBody, takeBody } from './hub/body.ts'
import { refusalOfFailure } from './hub/failure.ts'
import { answerUpgrade, respondTo } from './hub/forward.ts'
import { createLeftovers, type Leftovers } from './hub/leftovers.ts'
import { type Answer, ask, dryRunTarget } from './hub/preparatory.ts'
import { createStreams, type OpenStream } from './hub/streams.ts'
import { MAX_STREAMS_PER_IDENTITY, REJUDGE_EVERY_MS } from './limits.ts'
import { findPlaceholder, placeholderMessage } from './mask/find.ts'
import { maskRequestBody } from './mask/request.ts'
import { planResponseMask } from './mask/response.ts'
import { MaskError } from './mask/scanner.ts'
import { strictBody } from './mask/strict.ts'
import { type Clock, type Durability, type Log, LogUnavailable, type Tunnel } from './ports.ts'
import { intentEntry, type RecordedBody, refusalEntries } from './record/entries.ts'
import type { Sessions, Visit } from './record/sessions.ts'
import { checkUpstream, clientHeaders } from './reply/headers.ts'
import { statusOf } from './reply/status.ts'

/** What a hub is made of. */
export interface HubOptions {
  readonly clock: Clock
  readonly log: Log
  readonly tunnel: Tunnel
  readonly policies: PolicyCache
  readonly sessions: Sessions
  readonly newId: () => string
  /** Secret of the gateway from which each session's masking key is derived. */
  readonly maskingSecret: Uint8Array
  readonly maxStreamsPerIdentity?: number
  /** Tells the operator of a bug. Never given a header or a body. */
  readonly onBug: (error: unknown, id: string) => void
}

export interface Hub {
  /** Never rejects. */
  handle(request: Authenticated): Promise<Reply>
  /** Ends open streams for which the predicate gives a refusal; returns how many. */
  end(why: (request: Authenticated, session: string) => Refusal | null): number
  /** Requests in flight. */
  readonly inFlight: number
}

/** What the hub's stages share while one request passes. */
export interface Passage {
  readonly hub: HubOptions
  readonly leftovers: Leftovers
  readonly stream: OpenStream
  readonly visit: Visit
  /** The session's masking key. */
  readonly key: Uint8Array
  /** Values of the request that its answer's Status might quote. */
  readonly requestSecrets: readonly string[]
  /** Frees the stream and the command; idempotent. */
  readonly leave: () => void
}

export function createHub(options: HubOptions): Hub {
  const { clock, policies } = options
  let inForce: PolicySet | null = null
  const leftovers = createLeftovers(options)
  const streams = createStreams({
    clock,
    maxPerIdentity: options.maxStreamsPerIdentity ?? MAX_STREAMS_PER_IDENTITY,
    everyMs: REJUDGE_EVERY_MS,
    rejudge: (request) => {
      // The next look sees what this one asked for: access ends within two looks, and those within 10 s.
      policies.current().then(
        (set) => {
          inForce = set
        },
        (error: unknown) => options.onBug(error, request.id),
      )
      return accessEnded(request, inForce, clock.now())
    },
  })

  async function pass(request: Authenticated, stream: OpenStream): Promise<Reply> {
    const set = await policies.current()
    inForce = set
    const decision = decide(set, request)
    const taken = await takeBody(request, clock)
    const visit = options.sessions.enter(request)
    stream.session = visit.session
    const leave = (): void => {
      visit.leave()
      stream.leave()
    }
    let passage: Passage = {
      hub: options,
      leftovers,
      stream,
      visit,
      key: hmac(sha256, options.maskingSecret, new TextEncoder().encode(`mask\n${visit.session}`)),
      requestSecrets: [],
      leave,
    }
    try {
      let decided: Decided = { ...request, decision }
      if (!taken.ok) return await refuseRecorded(passage, decided, taken.refusal, null)
      let body = taken.value
      if (decision.effect !== 'Allow') return await refuseRecorded(passage, decided, refusalOf(decided), body)

      const prepared = await prepare(passage, decided, body, set)
      if (!prepared.ok)
        return await refuseRecorded(passage, prepared.decided, prepared.refusal, prepared.body, prepared.answer)
      decided = prepared.decided
      body = prepared.body

      const masked = maskForRecord(decided, body, passage.key)
      if (!masked.ok) return await refuseRecorded(passage, decided, { kind: 'malformed', message: masked.reason }, null)
      passage = { ...passage, requestSecrets: masked.secrets }
      const recorded = await recordIntent(passage, decided, prepared.send, masked)
      return await forward(passage, recorded)
    } catch (error) {
      leave()
      if (error instanceof LogUnavailable) {
        visit.failed()
        return refuse(request, LOG_UNAVAILABLE)
      }
      throw error
    }
  }

  return {
    async handle(request) {
      const entered = streams.enter(request)
      if (!entered.ok) return refuse(request, entered.refusal)
      try {
        return await pass(request, entered.value)
      } catch (error) {
        entered.value.leave()
        options.onBug(error, request.id)
        return refuse(request, { kind: 'internal', message: 'the gateway could not handle this request' })
      }
    },
    end: (why) => streams.end(why),
    get inFlight() {
      return streams.size
    },
  }
}

const LOG_UNAVAILABLE: Refusal = {
  kind: 'log-unavailable',
  message:
    'the request could not be recorded, and nothing passes unrecorded, so it was not sent; try again when the gateway’s database can be written',
}

function refuse(request: Authenticated, refusal: Refusal): Extract<Reply, { kind: 'response' }> {
  return { kind: 'response', ...statusOf(refusal, { id: request.id, info: request.info }) }
}

function refusalOf(decided: Decided): Refusal {
  const { decision, identity, connection } = decided
  const by = decision.policy === '' ? '' : ` (rule ${decision.rule} of ${decision.policy})`
  const hint = decision.policy === '' ? '; ask the people who keep this connection’s policies if you need it' : ''
  return {
    kind: 'forbidden',
    message: `${identity.user.username} may not do this on connection ${connection}: ${decision.reason}${by}${hint}`,
    decision,
  }
}

/** Why an open stream must end now: its token has expired, or policy no longer allows it. */
function accessEnded(request: Authenticated, set: PolicySet | null, now: number): Refusal | null {
  if (request.identity.expiresAt * 1000 <= now) {
    return { kind: 'unauthenticated', message: 'the token of this stream has expired; run the command again' }
  }
  if (set === null) return null
  const decision = decide(set, request)
  if (decision.effect === 'Allow') return null
  return { kind: 'forbidden', message: `access ended: ${decision.reason}`, decision }
}

/** Records a refusal (intent and result together), then answers it. */
async function refuseRecorded(
  passage: Passage,
  decided: Decided,
  refusal: Refusal,
  body: TakenBody | null,
  answer?: Answer,
): Promise<Reply> {
  const { hub, visit, key } = passage
  const reply = answer === undefined ? refuse(decided, refusal) : passOn(decided, answer, key)
  const masked = maskForRecord(decided, body, key)
  const recordedBody = masked.ok ? masked.body : null
  const mask = masked.ok ? masked.report : { count: 0, rules: {}, withheld: masked.reason }
  const entries = refusalEntries(decided, visit, refusal, {
    id: hub.newId(),
    at: hub.clock.now(),
    code: reply.status,
    body: recordedBody,
    mask,
  })
  await hub.log.append(visit.open === null ? entries : [visit.open, ...entries], 'committed')
  passage.leave()
  return reply
}

/** The API server's refusal of a dry run, masked, as the answer to the request it was run for. */
function passOn(decided: Decided, answer: Answer, key: Uint8Array): Extract<Reply, { kind: 'response' }> {
  const { info } = decided
  const unfit = checkUpstream(answer.status)
  if (unfit !== null) return refuse(decided, unfit)
  const plan = planResponseMask({ info, status: answer.status, headers: answer.headers, key })
  const withheld = (reason: string) =>
    refuse(decided, {
      kind: 'withheld',
      message: `the cluster’s answer was withheld because it cannot be masked: ${reason}`,
    })
  if (plan.kind === 'withhold') return withheld(plan.reason)
  const headers = clientHeaders(answer.headers, { masked: true, info })
  if (plan.kind === 'pass') return { kind: 'response', status: answer.status, headers, body: answer.bytes }
  try {
    const body = join([plan.transform.push(answer.bytes), plan.transform.end()])
    return { kind: 'response', status: answer.status, headers, body }
  } catch (error) {
    if (error instanceof MaskError) return withheld(error.message)
    throw error
  }
}

type Prepared =
  | { readonly ok: true; readonly decided: Decided; readonly body: TakenBody | null; readonly send: Uint8Array | null }
  | {
      readonly ok: false
      readonly decided: Decided
      readonly body: TakenBody | null
      readonly refusal: Refusal
      /** The API server's own refusal, which the client gets instead of ours. */
      readonly answer?: Answer
    }

/** What must be known before the intent: what a protobuf body means, and whether the object exists where that matters. */
async function prepare(passage: Passage, decided: Decided, taken: TakenBody | null, set: PolicySet): Promise<Prepared> {
  const { hub, visit, stream } = passage
  const no = (refusal: Refusal, decision?: Decision): Extract<Prepared, { ok: false }> => ({
    ok: false,
    decided: decision === undefined ? decided : { ...decided, decision },
    body: taken?.format === 'protobuf' ? null : taken,
    refusal,
  })
  if (decided.upgrade !== null) {
    // Only now: kubectl repeats a refused WebSocket as SPDY and shows the second answer, so both are judged alike first.
    const protocols = streamProtocols(decided)
    if (!protocols.ok) return no(protocols.refusal)
  }
  let body = taken
  const headers = upstreamHeaders(decided)
  if (taken !== null && taken.format === 'protobuf' && !isDeleteOptions(taken.value)) {
    await openSession(passage)
    const accept = headers.map(([name, value]): readonly [string, string] => [
      name,
      name === 'accept' ? 'application/json' : value,
    ])
    const question = {
      kind: 'dry-run',
      method: decided.method,
      target: dryRunTarget(decided),
      headers: accept,
      body: taken.bytes,
    } as const
    const answer = await ask(hub, decided, visit, question, stream.signal)
    if (!answer.ok) return no(answer.refusal)
    // It would refuse the request itself in the same words.
    if (answer.value.status >= 300)
      return { ...no({ kind: 'upstream', message: 'the API server refused it' }), answer: answer.value }
    const read = readDryRun(decided, answer.value)
    if (!read.ok) return no(read.refusal)
    body = read.value
  }
  if (body !== null) {
    const judged = judgeBody(set, decided.info, body.value)
    if (judged !== null) return no(refusalOf({ ...decided, decision: judged }), judged)
  }
  if (decided.decision.requires === 'exists' && !mustExist(decided, body)) {
    await openSession(passage)
    const target = decided.info.path
    const question = {
      kind: 'exists',
      method: 'GET',
      target,
      headers: [['accept', 'application/json']] as const,
      body: null,
    } as const
    const answer = await ask(hub, decided, visit, question, stream.signal)
    if (!answer.ok) return no(answer.refusal)
    if (answer.value.status === 404) {
      const reason = 'it would create an object, and no policy allows create here'
      const decision: Decision = { ...decided.decision, effect: 'Deny', policy: '', rule: '', reason }
      return no(refusalOf({ ...decided, decision }), decision)
    }
    if (answer.value.status >= 300) {
      return no({
        kind: 'upstream',
        message: `whether the object exists could not be found out: the API server answered ${answer.value.status}`,
      })
    }
  }
  return { ok: true, decided, body, send: taken?.bytes ?? null }
}

function isDeleteOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'DeleteOptions'
}

/** A PUT that names a resourceVersion cannot create: the API server answers 404 or 409. */
function mustExist(decided: Decided, body: TakenBody | null): boolean {
  if (decided.info.verb !== 'update') return false
  const value = body?.value
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false
  const { metadata } = value
  if (typeof metadata !== 'object' || metadata === null || !('resourceVersion' in metadata)) return false
  return (
    typeof metadata.resourceVersion === 'string' && metadata.resourceVersion !== '' && metadata.resourceVersion !== '0'
  )
}

/** The JSON the API server made of a protobuf body. */
function readDryRun(decided: Decided, answer: Answer): Outcome<TakenBody> {
  const strict = strictBody('json', answer.bytes)
  if (!strict.ok) {
    return {
      ok: false,
      refusal: { kind: 'upstream', message: 'the API server’s dry run did not answer JSON; nothing was changed' },
    }
  }
  const placeholder = findPlaceholder({ info: decided.info, format: 'json', bytes: answer.bytes })
  if (placeholder !== null)
    return { ok: false, refusal: { kind: 'forbidden', message: placeholderMessage(placeholder.where) } }
  return { ok: true, value: { bytes: answer.bytes, format: 'json', value: strict.value } }
}

type MaskedForRecord =
  | {
      readonly ok: true
      readonly body: RecordedBody | null
      readonly report: { count: number; rules: Readonly<Record<string, number>> } | undefined
      readonly secrets: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

function maskForRecord(decided: Decided, body: TakenBody | null, key: Uint8Array): MaskedForRecord {
  if (body === null) return { ok: true, body: null, report: undefined, secrets: [] }
  const masked = maskRequestBody({ info: decided.info, format: body.format, bytes: body.bytes, key })
  if (!masked.ok) return { ok: false, reason: `the request body cannot be recorded: ${masked.reason}` }
  const { mediaType, masked: bytes, report, secrets } = masked
  return { ok: true, body: { mediaType, bytes }, report: report.count === 0 ? undefined : report, secrets }
}

/** Reads: committed. Whatever changes or connects to something: fsynced. */
function durabilityOf({ info }: Decided): Durability {
  const reads =
    info.verb === 'get' ||
    info.verb === 'list' ||
    info.verb === 'watch' ||
    info.verb === 'head' ||
    info.verb === 'options'
  return reads ? 'committed' : 'fsynced'
}

/** The session's first entry, where something is recorded before the request's own intent. */
async function openSession(passage: Passage): Promise<void> {
  const { visit, hub } = passage
  if (visit.open !== null && !passage.stream.opened) {
    await hub.log.append([visit.open], 'committed')
    passage.stream.opened = true
  }
}

async function recordIntent(
  passage: Passage,
  decided: Decided,
  send: Uint8Array | null,
  masked: Extract<MaskedForRecord, { ok: true }>,
): Promise<Recorded> {
  const { visit, hub, stream } = passage
  const intent = intentEntry(decided, visit, { body: masked.body, mask: masked.report })
  const entries = visit.open === null || stream.opened ? [intent] : [visit.open, intent]
  const receipts = await hub.log.append(entries, durabilityOf(decided))
  const receipt = receipts[receipts.length - 1]
  if (receipt === undefined) throw new LogUnavailable('the log gave no receipt')
  return { ...decided, receipt, session: visit.session, command: visit.command, bodyBytes: send }
}

/** Sends what was recorded, and answers with what came back. */
async function forward(passage: Passage, recorded: Recorded): Promise<Reply> {
  const { hub, stream } = passage
  const { info, upgrade } = recorded
  const reads = durabilityOf(recorded) === 'committed'
  const opened = await hub.tunnel.open(
    {
      id: recorded.id,
      receipt: recorded.receipt,
      method: upgrade === null ? recorded.method : 'GET',
      target: info.query === '' ? info.path : `${info.path}?${info.query}`,
      headers: upstreamHeaders(recorded),
      user: recorded.identity.user,
      body: recorded.bodyBytes,
      repeatable: reads && recorded.bodyBytes === null,
      ...(upgrade === null ? {} : { upgrade: { protocols: upgrade.protocols } }),
    },
    stream.signal,
  )
  if (!opened.ok) {
    const refusal = refusalOfFailure(opened.failure, reads)
    const reply = refuse(recorded, refusal)
    const outcome =
      opened.failure.kind === 'cancelled' ? 'cancelled' : opened.failure.sent && !reads ? 'unknown' : 'failed'
    passage.leftovers.record(recorded, { outcome, code: reply.status, reason: refusal.kind, message: refusal.message })
    passage.leave()
    return reply
  }
  return opened.reply.kind === 'upgrade'
    ? answerUpgrade(passage, recorded, opened.reply.socket)
    : respondTo(passage, recorded, opened.reply, (refusal) => refuse(recorded, refusal))
}
