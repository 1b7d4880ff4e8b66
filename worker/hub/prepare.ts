// What must be known of a request before its intent is recorded: what a protobuf body means, whether what is written is
// forbidden by the built-in pack, and whether an object exists where that decides. In: Decided. Out: Prepared.

import { join } from '../bytes.ts'
import { upstreamHeaders } from '../classify/headers.ts'
import { streamProtocols } from '../classify/upgrade.ts'
import type { Decided, Decision, Outcome, Refusal } from '../context.ts'
import { judgeBody } from '../decide/body.ts'
import type { PolicySet } from '../decide/compile.ts'
import { forbidden } from '../decide/explain.ts'
import { findPlaceholder, placeholderMessage } from '../mask/find.ts'
import { planResponseMask } from '../mask/response.ts'
import { MaskError } from '../mask/scanner.ts'
import { strictBody } from '../mask/strict.ts'
import { checkUpstream } from '../reply/headers.ts'
import type { TakenBody } from './body.ts'
import { answerHeaders } from './headers.ts'
import { type Passage, type Response, refuse } from './passage.ts'
import { type Answer, ask, dryRunTarget } from './preparatory.ts'
import { type GivenAnswer, openSession } from './record.ts'

/** The API server's refusal of a dry run, masked, as the answer to the request it was run for. */
function passOn(passage: Passage, decided: Decided, answer: Answer): Response {
  const { info } = decided
  const { key } = passage
  const unfit = checkUpstream(answer.status)
  if (unfit !== null) return refuse(decided, unfit)
  const plan = planResponseMask({ info, status: answer.status, headers: answer.headers, key })
  const withheld = (reason: string) =>
    refuse(decided, {
      kind: 'withheld',
      message: `the cluster’s answer was withheld because it cannot be masked: ${reason}`,
    })
  if (plan.kind === 'withhold') return withheld(plan.reason)
  const headers = answerHeaders(passage, decided, answer.headers)
  if (plan.kind === 'pass') return { kind: 'response', status: answer.status, headers, body: answer.bytes }
  try {
    const body = join([plan.transform.push(answer.bytes), plan.transform.end()])
    return { kind: 'response', status: answer.status, headers, body }
  } catch (error) {
    if (error instanceof MaskError) return withheld(error.message)
    throw error
  }
}

/** What may go on to be recorded and sent, or why not. */
export type Prepared =
  | { readonly ok: true; readonly decided: Decided; readonly body: TakenBody | null; readonly send: Uint8Array | null }
  | {
      readonly ok: false
      readonly decided: Decided
      readonly body: TakenBody | null
      readonly refusal: Refusal
      /** The API server's own refusal, which the client gets instead of ours. */
      readonly given?: GivenAnswer
    }

/** What must be known before the intent: what a protobuf body means, and whether the object exists where that matters. */
export async function prepare(
  passage: Passage,
  decided: Decided,
  taken: TakenBody | null,
  set: PolicySet,
): Promise<Prepared> {
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
      return {
        ...no({ kind: 'upstream', message: 'the API server refused it' }),
        given: { by: 'cluster', answer: passOn(passage, decided, answer.value) },
      }
    const read = readDryRun(decided, answer.value)
    if (!read.ok) return no(read.refusal)
    body = read.value
  }
  if (body !== null) {
    const judged = judgeBody(set, decided.info, body.value)
    if (judged !== null) return no(forbidden(judged, decided), judged)
  }
  if (decided.decision.requires === 'exists') {
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
      return no(forbidden(decision, decided), decision)
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
