// The gateway's own questions to the API server before a request may pass: what would be stored (a dry run that answers
// JSON), how the object stands, what else it reaches. Each is recorded as an intent of its own before it is sent, as everything
// is, and its answer masked.

import type { RecordedMask, RecordedRequest } from '../../protocol/log/event.ts'
import { worthTelling } from '../../protocol/log/masks.ts'
import { join, readWhole } from '../bytes.ts'
import type { Decided, HeaderList, Outcome, Refusal, RequestInfo } from '../context.ts'
import { BODY_DEADLINE_MS, MAX_DRY_RUN_BYTES } from '../limits.ts'
import type { Masking } from '../mask/contract.ts'
import { planResponseMask } from '../mask/response.ts'
import { MaskError } from '../mask/scanner.ts'
import { LogUnavailable } from '../ports.ts'
import { intentEntry, recordedRequest, resultEntry } from '../record/entries.ts'
import { refusalOfFailure } from './failure.ts'
import type { Passage } from './passage.ts'
import { createWords } from './words.ts'

/** The API server's answer, whole. */
export interface Answer {
  readonly status: number
  readonly headers: HeaderList
  /** Unmasked: must not leave the hub. */
  readonly bytes: Uint8Array
  /** As people and the database may see it; null when it cannot be masked. */
  readonly masked: Uint8Array | null
}

/** What is asked. */
export interface Question {
  readonly kind: NonNullable<RecordedRequest['preparatory']>
  readonly method: string
  readonly target: string
  readonly headers: HeaderList
  readonly body: Uint8Array | null
  /** What the answer holds, so that it is masked as an answer to that; absent: the request's own. */
  readonly info?: RequestInfo
}

/** The same target with `dryRun=All`, which reaches every stage of the API server but storage. */
export function dryRunTarget(decided: Decided): string {
  const { path, query, dryRun } = decided.info
  if (dryRun) return `${path}?${query}`
  return query === '' ? `${path}?dryRun=All` : `${path}?${query}&dryRun=All`
}

/**
 * Records and sends one.
 * @throws {LogUnavailable} the intent could not be recorded, and nothing was sent; or its result could not, which is tried again
 */
export async function ask(passage: Passage, decided: Decided, question: Question): Promise<Outcome<Answer>> {
  const { hub: asking, visit: place, masking, leftovers } = passage
  const reads = question.method === 'GET'
  const id = asking.newId()
  const at = asking.clock.now()
  const words = createWords(masking)
  const request = recordedRequest(decided, words, { method: question.method, target: question.target })
  if (words.unreadable !== null) {
    return refuse({ kind: 'malformed', message: `the request cannot be recorded: ${words.unreadable}` })
  }
  const [receipt] = await asking.log.append(
    [
      intentEntry(decided, place, {
        request,
        mask: worthTelling(words.report()),
        preparatory: question.kind,
        id,
        at,
      }),
    ],
    reads ? 'committed' : 'fsynced',
  )
  if (receipt === undefined) throw new LogUnavailable('the log gave no receipt')
  let finished = false
  const finish: Finish = (outcome, code, bytes, message, answer) => {
    finished = true
    const recorded = asking.log.append(
      [
        resultEntry(
          {
            outcome,
            code,
            durationMs: Math.max(0, asking.clock.now() - at),
            bytes,
            ...(message === undefined ? {} : { message }),
          },
          {
            ...place,
            id: asking.newId(),
            at: asking.clock.now(),
            ref: id,
            ...(answer === undefined || (answer.mask.count === 0 && answer.mask.withheld === undefined)
              ? {}
              : { mask: answer.mask }),
            ...(answer === undefined || answer.masked === null || answer.masked.length === 0
              ? {}
              : { body: { mediaType: 'application/json', bytes: answer.masked, seq: 0 } }),
          },
        ),
      ],
      'committed',
    )
    return recorded.catch((error: unknown) => {
      // Without what was answered, which may be long.
      const said = { outcome, code, bytes, ...(message === undefined ? {} : { message }) }
      leftovers.record({ ...place, id, receivedAt: at }, said, answer?.mask)
      throw error
    })
  }
  try {
    return await answerTo(passage, decided, question, { id, receipt }, finish)
  } catch (error) {
    if (!finished) leftovers.record({ ...place, id, receivedAt: at }, { outcome: 'unknown', code: 0 })
    throw error
  }
}

/** Records what came of it, once. */
type Finish = (
  outcome: 'ok' | 'failed',
  code: number,
  bytes: number,
  message?: string,
  answer?: { readonly mask: RecordedMask; readonly masked: Uint8Array | null },
) => Promise<unknown>

/** Sends what was recorded, and takes the answer. */
async function answerTo(
  { hub, masking, stream }: Passage,
  decided: Decided,
  question: Question,
  { id, receipt }: { readonly id: string; readonly receipt: { readonly id: string; readonly leaf: string } },
  finish: Finish,
): Promise<Outcome<Answer>> {
  const reads = question.method === 'GET'
  const opened = await hub.tunnel.open(
    {
      id,
      receipt,
      method: question.method,
      target: question.target,
      headers: question.headers,
      user: decided.identity.user,
      body: question.body,
      repeatable: reads,
    },
    stream.signal,
  )
  if (!opened.ok) {
    const refusal = refusalOfFailure(opened.failure, true)
    await finish('failed', 0, 0, refusal.message)
    return { ok: false, refusal }
  }
  if (opened.reply.kind === 'upgrade') {
    opened.reply.socket.close(1002, '')
    await finish('failed', 101, 0)
    return refuse({ kind: 'upstream', message: 'the API server upgraded a connection that did not ask for it' })
  }
  const { status, headers, body } = opened.reply
  const read = await readWhole(body, { maxBytes: MAX_DRY_RUN_BYTES, deadlineMs: BODY_DEADLINE_MS }, hub.clock)
  if (!read.ok) {
    await finish('failed', status, 0, read.trouble)
    return refuse({
      kind: 'upstream',
      message: `the API server's answer to a dry run could not be read (${read.trouble}); nothing was changed`,
    })
  }
  const info = question.info ?? decided.info
  const answer = maskAnswer({ info, status, headers, masking }, read.bytes)
  // "It is not there" is an answer.
  const outcome = status < 400 || (reads && status === 404) ? 'ok' : 'failed'
  await finish(outcome, status, answer.masked?.length ?? 0, undefined, answer)
  return { ok: true, value: { status, headers, bytes: read.bytes, masked: answer.masked } }
}

function maskAnswer(
  of: { info: RequestInfo; status: number; headers: HeaderList; masking: Masking },
  bytes: Uint8Array,
): { readonly mask: RecordedMask; readonly masked: Uint8Array | null } {
  const withheld = (reason: string) => ({ mask: { count: 0, rules: {}, withheld: reason }, masked: null })
  const plan = planResponseMask(of)
  if (plan.kind === 'withhold') return withheld(plan.reason)
  if (plan.kind === 'pass') return { mask: { count: 0, rules: {} }, masked: bytes }
  try {
    const masked = join([plan.transform.push(bytes), plan.transform.end()])
    return { mask: plan.transform.report(), masked }
  } catch (error) {
    if (error instanceof MaskError) return withheld(error.message)
    throw error
  }
}

function refuse(refusal: Refusal): Outcome<never> {
  return { ok: false, refusal }
}
