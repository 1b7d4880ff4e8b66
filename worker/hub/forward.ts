// From the tunnel's answer to the client's: plan the mask, open the recorder, answer.
// In: what was recorded and what the API server said. Out: a Reply. Upgrades end in the relay, all else in respond.

import type { RecordedResult } from '../../protocol/log/event.ts'
import { joinMasks, worthTelling } from '../../protocol/log/masks.ts'
import type { MessageSocket, Recorded, Refusal, Reply } from '../context.ts'
import { MAX_CLIENT_MESSAGE_BYTES, WHOLE_RESPONSE_BYTES } from '../limits.ts'
import { planResponseMask } from '../mask/response.ts'
import { LogUnavailable, type UpstreamReply } from '../ports.ts'
import { createBodyRecorder } from '../record/body.ts'
import { createStreamRecorder } from '../record/stream.ts'
import { checkUpstream } from '../reply/headers.ts'
import { reasonOf } from '../reply/status.ts'
import { createExecMasks } from './execmasks.ts'
import { answerHeaders } from './headers.ts'
import type { Passage } from './passage.ts'
import { relay } from './relay.ts'
import { type ResponseRecorder, respond, type Transform } from './respond.ts'

/**
 * How long a client has, once it is told that its exec or attach was accepted, before anything is sent to it: kubectl 1.29 to
 * 1.33 reads before it knows its own channels, and throws away what comes sooner (kubernetes/kubernetes#131189).
 */
export const CLIENT_STARTS_MS = 50

const NOTHING = new Uint8Array(0)
const PASS: Transform = {
  push: (chunk) => chunk,
  end: () => NOTHING,
  report: () => ({ count: 0, rules: {} }),
}

/** Answers an ordinary response. */
export function respondTo(
  passage: Passage,
  recorded: Recorded,
  reply: Extract<UpstreamReply, { kind: 'response' }>,
  refuse: (refusal: Refusal) => Extract<Reply, { kind: 'response' }>,
): Promise<Reply> | Reply {
  const { hub, stream, masking, requestSecrets, leftovers } = passage
  const { info } = recorded
  const stop = (refusal: Refusal, withheld?: string): Reply => {
    reply.body.cancel(refusal.message)
    const answer = refuse(refusal)
    const result = {
      outcome: 'failed',
      code: answer.status,
      reason: reasonOf(refusal.kind).reason,
      message: refusal.message,
    } as const
    leftovers.record(recorded, result, withheld === undefined ? undefined : { count: 0, rules: {}, withheld })
    passage.leave()
    return answer
  }

  const unfit = checkUpstream(reply.status)
  if (unfit !== null) return stop(unfit)
  const plan = planResponseMask({ info, status: reply.status, headers: reply.headers, masking, requestSecrets })
  if (plan.kind === 'withhold') {
    return stop(
      { kind: 'withheld', message: `the cluster’s answer was withheld because it cannot be masked: ${plan.reason}` },
      plan.reason,
    )
  }
  const transform = plan.kind === 'transform' ? plan.transform : PASS
  const mediaType = reply.headers.find(([name]) => name === 'content-type')?.[1] ?? 'application/octet-stream'
  return respond({
    status: reply.status,
    headers: answerHeaders(passage, recorded, reply.headers),
    body: reply.body,
    transform,
    recorder: bodyRecorder(passage, recorded, mediaType, transform),
    clock: hub.clock,
    streaming: info.streaming && recorded.upgrade === null && reply.status < 300,
    watch: info.verb === 'watch' && reply.status < 300,
    // "It is not there" is an answer: kubectl asks before it creates.
    outcome: reply.status < 400 || (reply.status === 404 && info.verb === 'get') ? 'ok' : 'failed',
    wholeBytes: WHOLE_RESPONSE_BYTES,
    signal: stream.signal,
    ended: () => stream.ended,
    refuse,
    leave: passage.leave,
    onBug: (error) => hub.onBug(error, recorded.id),
  })
}

function bodyRecorder(passage: Passage, recorded: Recorded, mediaType: string, transform: Transform): ResponseRecorder {
  const { hub, leftovers } = passage
  const { session, command, id: ref, receivedAt, info } = recorded
  const inner = createBodyRecorder({
    log: hub.log,
    clock: hub.clock,
    ids: hub.newId,
    ref,
    session,
    command,
    mediaType,
    streaming: info.streaming,
    masked: () => transform.report(),
  })
  return {
    write: (chunk) => inner.write(chunk),
    finish(result, mask) {
      const told = worthTelling(mask)
      const durationMs = Math.max(0, hub.clock.now() - receivedAt)
      // The reply does not wait: the intent is recorded, and what was sent is in the recorder.
      inner.end({ ...result, durationMs }, told).catch(() => leftovers.record(recorded, result, inner.untold(told)))
    },
  }
}

/** Answers an accepted exec, attach or port-forward. */
export async function answerUpgrade(passage: Passage, recorded: Recorded, upstream: MessageSocket): Promise<Reply> {
  const { hub, stream, leftovers } = passage
  const { session, command, id, info } = recorded
  const { counting } = passage
  const kind = info.subresource === 'portforward' ? 'portforward' : info.subresource === 'attach' ? 'attach' : 'exec'
  let unrecorded = false
  const masks = kind === 'portforward' ? null : createExecMasks(info, passage.masking)
  const recorder = createStreamRecorder({
    log: hub.log,
    clock: hub.clock,
    ids: hub.newId,
    ref: id,
    session,
    command,
    kind,
    masked: () => masks?.report(),
    onFailure: () => {
      unrecorded = true
      upstream.close(1011, 'not recorded')
    },
  })
  try {
    await recorder.open()
  } catch (error) {
    upstream.close(1011, 'not recorded')
    if (error instanceof LogUnavailable)
      leftovers.record(recorded, { outcome: 'failed', code: 503, reason: 'ServiceUnavailable' })
    throw error
  }
  const end = async (result: Omit<RecordedResult, 'bytes' | 'durationMs'>, withheld?: string): Promise<void> => {
    const stopped = withheld === undefined ? undefined : { count: 0, rules: {}, withheld }
    const mask = worthTelling(joinMasks(masks?.report(), stopped))
    try {
      await recorder.close(result, mask)
    } catch {
      leftovers.record(recorded, result, recorder.untold(mask))
    }
    passage.leave()
  }
  let started = false
  // A client that went away during the handshake never comes to `run`.
  const onAbort = (): void => {
    if (started) return
    started = true
    upstream.close(1000, '')
    end({ outcome: 'cancelled', code: 0 }).catch((error: unknown) => hub.onBug(error, id))
  }
  if (stream.signal.aborted) onAbort()
  else stream.signal.addEventListener('abort', onAbort, { once: true })

  return {
    kind: 'upgrade',
    protocol: recorded.upgrade?.protocols[0] ?? upstream.protocol,
    maxMessageBytes: MAX_CLIENT_MESSAGE_BYTES,
    async run(client) {
      if (started) {
        client.close(1001, '')
        return
      }
      started = true
      if (kind !== 'portforward') await new Promise<void>((resolve) => hub.clock.after(CLIENT_STARTS_MS, resolve))
      const { withheld, ...result } = await relay({
        info,
        client,
        upstream,
        clock: hub.clock,
        recorder,
        masks,
        passed: (bytes) => counting.add('execBytes', bytes),
        signal: stream.signal,
        ended: () => stream.ended,
        unrecorded: () => unrecorded,
        onBug: (error) => hub.onBug(error, id),
        id,
      })
      await end({ ...result, code: 101 }, withheld)
    },
  }
}
