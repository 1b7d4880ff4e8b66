// The gateway's own questions to the API server before a request may pass: what a protobuf body means (a dry run that
// answers JSON), and whether an object exists. Each is recorded as an intent of its own before it is sent, as everything is.

import { readWhole } from '../bytes.ts'
import type { Decided, HeaderList, Outcome, Refusal } from '../context.ts'
import { BODY_DEADLINE_MS, MAX_DRY_RUN_BYTES } from '../limits.ts'
import { type Clock, type Log, LogUnavailable, type Tunnel } from '../ports.ts'
import { intentEntry, type Place, resultEntry } from '../record/entries.ts'
import { refusalOfFailure } from './failure.ts'

/** What a preparatory request needs. */
export interface Asking {
  readonly clock: Clock
  readonly newId: () => string
  readonly log: Log
  readonly tunnel: Tunnel
}

/** The API server's answer, whole and unmasked: it must not leave the hub. */
export interface Answer {
  readonly status: number
  readonly headers: HeaderList
  readonly bytes: Uint8Array
}

/** The same target with `dryRun=All`, which reaches every stage of the API server but storage. */
export function dryRunTarget(decided: Decided): string {
  const { path, query, dryRun } = decided.info
  if (dryRun) return `${path}?${query}`
  return query === '' ? `${path}?dryRun=All` : `${path}?${query}&dryRun=All`
}

/** Records and sends one. */
export async function ask(
  asking: Asking,
  decided: Decided,
  place: Place,
  question: {
    readonly kind: 'dry-run' | 'exists'
    readonly method: string
    readonly target: string
    readonly headers: HeaderList
    readonly body: Uint8Array | null
  },
  signal: AbortSignal,
): Promise<Outcome<Answer>> {
  const id = asking.newId()
  const at = asking.clock.now()
  const [receipt] = await asking.log.append(
    [
      intentEntry(decided, place, {
        preparatory: question.kind,
        id,
        method: question.method,
        target: question.target,
        at,
      }),
    ],
    question.kind === 'exists' ? 'committed' : 'fsynced',
  )
  if (receipt === undefined) throw new LogUnavailable('the log gave no receipt')
  const finish = (
    outcome: 'ok' | 'failed' | 'unknown',
    code: number,
    bytes: number,
    message?: string,
  ): Promise<unknown> =>
    asking.log.append(
      [
        resultEntry(
          {
            outcome,
            code,
            durationMs: Math.max(0, asking.clock.now() - at),
            bytes,
            ...(message === undefined ? {} : { message }),
          },
          { ...place, id: asking.newId(), at: asking.clock.now(), ref: id },
        ),
      ],
      'committed',
    )
  const opened = await asking.tunnel.open(
    {
      id,
      receipt,
      method: question.method,
      target: question.target,
      headers: question.headers,
      user: decided.identity.user,
      body: question.body,
      repeatable: question.kind === 'exists',
    },
    signal,
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
  const read = await readWhole(body, { maxBytes: MAX_DRY_RUN_BYTES, deadlineMs: BODY_DEADLINE_MS }, asking.clock)
  if (!read.ok) {
    await finish('failed', status, 0, read.trouble)
    return refuse({
      kind: 'upstream',
      message: `the API server's answer to a dry run could not be read (${read.trouble}); nothing was changed`,
    })
  }
  await finish(status < 400 ? 'ok' : 'failed', status, read.bytes.length)
  return { ok: true, value: { status, headers, bytes: read.bytes } }
}

function refuse(refusal: Refusal): Outcome<never> {
  return { ok: false, refusal }
}
