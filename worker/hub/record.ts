// The hub's writing to the log: the intent before anything is sent, the refusal of what is not.
// In: what was decided and the request's body. Out: a Recorded, or the refusal's reply. Bodies are masked here first.

import type { Decided, Recorded, Refusal } from '../context.ts'
import { maskRequestBody } from '../mask/request.ts'
import { type Durability, LogUnavailable } from '../ports.ts'
import { intentEntry, type RecordedBody, refusalEntries } from '../record/entries.ts'
import { reasonOf } from '../reply/status.ts'
import type { TakenBody } from './body.ts'
import { type Passage, type Response, refuse } from './passage.ts'

/**
 * Records a refusal (intent and result together), then answers it.
 * @param reply absent: the refusal's own Status
 */
export async function refuseRecorded(
  passage: Passage,
  decided: Decided,
  refusal: Refusal,
  body: TakenBody | null,
  reply: Response = refuse(decided, refusal),
): Promise<Response> {
  const { hub, visit, stream, key } = passage
  const masked = maskForRecord(decided, body, key)
  const recordedBody = masked.ok ? masked.body : null
  const mask = masked.ok ? masked.report : { count: 0, rules: {}, withheld: masked.reason }
  const entries = refusalEntries(decided, visit, refusal, {
    id: hub.newId(),
    at: hub.clock.now(),
    code: reply.status,
    reason: reasonOf(refusal.kind).reason,
    body: recordedBody,
    mask,
  })
  await hub.log.append(visit.open === null || stream.opened ? entries : [visit.open, ...entries], 'committed')
  passage.leave()
  return reply
}

/** A request body as it may be recorded, and what it held. */
export type MaskedForRecord =
  | {
      readonly ok: true
      readonly body: RecordedBody | null
      readonly report: { count: number; rules: Readonly<Record<string, number>> } | undefined
      readonly secrets: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

/** Masks a body for the record. No body: nothing. */
export function maskForRecord(decided: Decided, body: TakenBody | null, key: Uint8Array): MaskedForRecord {
  if (body === null) return { ok: true, body: null, report: undefined, secrets: [] }
  const masked = maskRequestBody({ info: decided.info, format: body.format, bytes: body.bytes, key })
  if (!masked.ok) return { ok: false, reason: `the request body cannot be recorded: ${masked.reason}` }
  const { mediaType, masked: bytes, report, secrets } = masked
  return { ok: true, body: { mediaType, bytes }, report: report.count === 0 ? undefined : report, secrets }
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

/** The session's first entry, where something is recorded before the request's own intent. */
export async function openSession(passage: Passage): Promise<void> {
  const { visit, hub } = passage
  if (visit.open !== null && !passage.stream.opened) {
    await hub.log.append([visit.open], 'committed')
    passage.stream.opened = true
  }
}

/** Records the intent; the receipt is what the connector asks for. @throws {LogUnavailable} nothing may be sent */
export async function recordIntent(
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
