// The hub's writing to the log: the intent before anything is sent, the refusal of what is not.
// In: what was decided and the request's body. Out: a Recorded, or the refusal's reply. Bodies are masked here first.

import type { RecordedMask, RecordedRequest } from '../../protocol/log/event.ts'
import { joinMasks, worthTelling } from '../../protocol/log/masks.ts'
import type { Decided, Recorded, Refusal } from '../context.ts'
import type { Masking } from '../mask/contract.ts'
import { maskRequestBody } from '../mask/request.ts'
import { type Durability, type Entry, LogUnavailable } from '../ports.ts'
import { intentEntry, type RecordedBody, recordedRequest, refusalEntries } from '../record/entries.ts'
import { reasonOf } from '../reply/status.ts'
import type { TakenBody } from './body.ts'
import { type Passage, type Response, refuse } from './passage.ts'
import { createWords } from './words.ts'

/** An answer that is not the refusal's own Status, and whose it is: the API server's, or one of ours from before. */
export interface GivenAnswer {
  readonly by: 'cluster' | 'gateway'
  /** Masked. */
  readonly answer: Response
}

/**
 * Records a refusal (intent and result together), then answers it.
 * @param given absent: the refusal's own Status. Else the record says what that answer says.
 */
export async function refuseRecorded(
  passage: Passage,
  decided: Decided,
  refusal: Refusal,
  body: TakenBody | null,
  given?: GivenAnswer,
): Promise<Response> {
  const { hub, visit, stream, masking } = passage
  const reply = given?.answer ?? refuse(decided, refusal)
  const told = given === undefined ? null : statusIn(reply)
  const masked = maskForRecord(decided, body, masking)
  const recordedBody = masked.ok ? masked.body : null
  const words = createWords(masking)
  const message = words.text(told?.message ?? refusal.message, 'message')
  // A denial says what was asked for in the agent's words.
  const decision = { ...decided.decision, reason: words.text(decided.decision.reason, 'reason') }
  const entries = refusalEntries({ ...decided, decision }, visit, {
    id: hub.newId(),
    at: hub.clock.now(),
    outcome: given?.by === 'cluster' ? 'failed' : 'refused',
    code: reply.status,
    reason: told?.reason ?? reasonOf(refusal.kind).reason,
    message,
    request: masked.request,
    body: recordedBody,
    mask: worthTelling(joinMasks(masked.report, words.report())),
    ...(refusal.hold === undefined ? {} : { data: { hold: refusal.hold } }),
  })
  await hub.log.append(
    visit.open === null || stream.opened ? entries : [opening(visit.open, masking), ...entries],
    'committed',
  )
  passage.leave()
  return reply
}

/** Reason and message of a Status that is answered; null when the answer is none. */
function statusIn(reply: Response): { readonly reason: string; readonly message: string } | null {
  if (!(reply.body instanceof Uint8Array)) return null
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(reply.body))
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null || !('kind' in parsed) || parsed.kind !== 'Status') return null
  const reason = 'reason' in parsed && typeof parsed.reason === 'string' ? parsed.reason : ''
  const message = 'message' in parsed && typeof parsed.message === 'string' ? parsed.message : ''
  return { reason, message }
}

/** A request as it may be recorded, and what it held. */
export type MaskedForRecord =
  | {
      readonly ok: true
      readonly request: RecordedRequest
      readonly body: RecordedBody | null
      /** What was masked; absent: nothing. */
      readonly report: RecordedMask | undefined
      readonly secrets: readonly string[]
    }
  /** `request` without the words that cannot be recorded. */
  | { readonly ok: false; readonly reason: string; readonly request: RecordedRequest; readonly report: RecordedMask }

/** Masks a request and its body for the record. What cannot be recorded may not be sent. */
export function maskForRecord(decided: Decided, body: TakenBody | null, masking: Masking): MaskedForRecord {
  const words = createWords(masking)
  const request = recordedRequest(decided, words)
  const spoken = words.report()
  const no = (reason: string): MaskedForRecord => ({
    ok: false,
    reason,
    request,
    report: { ...spoken, withheld: reason },
  })
  if (words.unreadable !== null) return no(`the request cannot be recorded: ${words.unreadable}`)
  if (body === null) return { ok: true, request, body: null, report: worthTelling(spoken), secrets: [] }
  const seen = body.restored?.from ?? body
  const masked = maskRequestBody({ info: decided.info, format: seen.format, bytes: seen.bytes, masking })
  if (!masked.ok) return no(`the request body cannot be recorded: ${masked.reason}`)
  const { mediaType, masked: bytes, report } = masked
  const secrets = [...masked.secrets, ...(body.restored?.values ?? [])]
  return { ok: true, request, body: { mediaType, bytes }, report: worthTelling(joinMasks(spoken, report)), secrets }
}

/** Reads: committed. Whatever changes or connects to something: fsynced. */
export function durabilityOf({ info }: Decided): Durability {
  const reads =
    info.verb === 'get' ||
    info.verb === 'list' ||
    info.verb === 'watch' ||
    info.verb === 'head' ||
    info.verb === 'options'
  return reads ? 'committed' : 'fsynced'
}

/** A session's first entry, with what its client says of itself masked. */
function opening({ event, ...rest }: Entry, masking: Masking): Entry {
  const words = createWords(masking)
  const data = Object.entries(event.data ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? words.text(value, name) : value,
  ])
  const mask = worthTelling(words.report())
  return { ...rest, event: { ...event, data: Object.fromEntries(data), ...(mask === undefined ? {} : { mask }) } }
}

/** The session's first entry, where something is recorded before the request's own intent. */
export async function openSession(passage: Passage): Promise<void> {
  const { visit, hub } = passage
  if (visit.open !== null && !passage.stream.opened) {
    await hub.log.append([opening(visit.open, passage.masking)], 'committed')
    passage.stream.opened = true
  }
}

/** What let a held request pass, as the intent says it. */
function releaseFacts({ release }: Decided): Readonly<Record<string, string>> {
  if (release === undefined) return {}
  if (release.kind === 'plan') return { release: 'plan' }
  const { kind, hold, approvers } = release
  return { release: kind, hold, approvers: approvers.join(', '), ...(kind === 'grant' ? { grant: release.grant } : {}) }
}

/**
 * Records the intent; `pinned` is the resourceVersion it is sent with. The receipt is what the connector asks for.
 * @throws {LogUnavailable} nothing may be sent
 */
export async function recordIntent(
  passage: Passage,
  decided: Decided,
  send: Uint8Array | null,
  masked: Extract<MaskedForRecord, { ok: true }>,
  pinned = '',
): Promise<Recorded> {
  const { visit, hub, stream, masking } = passage
  const data = { ...releaseFacts(decided), ...(pinned === '' ? {} : { pinned }) }
  const intent = intentEntry(decided, visit, {
    request: masked.request,
    body: masked.body,
    mask: masked.report,
    ...(Object.keys(data).length === 0 ? {} : { data }),
  })
  const entries = visit.open === null || stream.opened ? [intent] : [opening(visit.open, masking), intent]
  const receipts = await hub.log.append(entries, durabilityOf(decided))
  const receipt = receipts[receipts.length - 1]
  if (receipt === undefined) throw new LogUnavailable('the log gave no receipt')
  return { ...decided, receipt, session: visit.session, command: visit.command, bodyBytes: send }
}
