// An accepted upgrade: messages between the client and the API server, masked and recorded on the way.
// exec and attach are parsed channel by channel; port-forward is relayed as bytes and only counted.
// Ends with a Status on the error channel whatever happens, so that kubectl prints a sentence and not a close code.

import { failure, type Status } from '../../protocol/status.ts'
import type { MessageSocket, Refusal, RequestInfo } from '../context.ts'
import type { TextStream } from '../mask/stream.ts'
import type { Clock } from '../ports.ts'
import { type EndStatus, readStatus, statusMessage } from './channels.ts'
import type { Half, Stop } from './relayhalf.ts'
import { inputOf, recordInput } from './relayinput.ts'
import { bytesIn, bytesOut, outputOf } from './relayoutput.ts'

/** Where messages are recorded. */
export interface RelayRecorder {
  /** Resolves when there is room for more. Rejects when the log cannot be written. */
  record(channel: number, payload: Uint8Array): Promise<void>
}

/** Masks the text of some channels as it passes. */
export type TextMask = Omit<TextStream, 'report' | 'cut'>

/** What masks an exec or attach. */
export interface RelayMasks {
  /** stdout and stderr. */
  readonly output: TextMask
  /** What is recorded of stdin; it is sent as it is. */
  readonly input: TextMask
  /** The Status that ends it. Never throws: one that cannot be masked is replaced by one that says so. */
  status(payload: Uint8Array): Uint8Array
}

/** How the stream ended. */
export interface RelayEnd {
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'unknown'
  readonly reason?: string
  readonly message?: string
  readonly exitCode?: number
  /** Set when it ended because something could not be masked: why. */
  readonly withheld?: string
}

/** What a relay is given. */
export interface RelayOptions {
  readonly info: RequestInfo
  readonly client: MessageSocket
  readonly upstream: MessageSocket
  readonly clock: Clock
  /** For port-forward it counts only. */
  readonly recorder: RelayRecorder
  /** Null for port-forward: bytes of any protocol, which are not masked. */
  readonly masks: RelayMasks | null
  /** Told the length of every message as it came, its channel not counted. */
  readonly passed?: (bytes: number) => void
  /** Aborts when access ends or the client has gone. */
  readonly signal: AbortSignal
  /** Why access ended, once it has. */
  readonly ended: () => Refusal | null
  /** True once the recorder has failed: whatever ended first, that is why. Absent: only its rejections tell. */
  readonly unrecorded?: () => boolean
  /** Tells the operator of a bug. */
  readonly onBug?: (error: unknown) => void
  /** Counted in the audit id at the end of every message a person reads. */
  readonly id: string
}

/** Runs until either side ends, then ends the other. Never rejects. */
export async function relay(options: RelayOptions): Promise<RelayEnd> {
  let over = false
  const seen: { status: EndStatus | null } = { status: null }
  const half = {
    ...options,
    over: () => over,
    seen,
    input: { over: options.masks === null },
    typed: { key: null, at: Number.NEGATIVE_INFINITY },
  }
  const inbound = options.masks === null ? bytesIn(half) : inputOf(half, options.masks.input)
  const outbound = options.masks === null ? bytesOut(half) : outputOf(half, options.masks)
  const gone = new Promise<Stop>((resolve) => {
    const onAbort = (): void => resolve({ by: 'client', error: null })
    if (options.signal.aborted) onAbort()
    else options.signal.addEventListener('abort', onAbort, { once: true })
  })
  const first = await Promise.race([inbound, outbound, gone])
  over = true
  const end = conclude(half, first)
  const withheld = await recordInput(half)
  return withheld === null ? end : { withheld, ...end }
}

/** Tells both sides that it is over, and why. */
function conclude(half: Half, first: Stop): RelayEnd {
  const { client, upstream, seen, ...options } = half
  // A recorder that fails between two messages closes the upstream, which must not be told as the cluster's doing.
  const stop: Stop = options.unrecorded?.() === true ? { by: 'log', error: null } : first
  const interactive = options.masks !== null
  const access = options.ended()
  // The write is not waited for: a client that takes nothing any more must not keep its session open. One that has gone
  // cannot be told, and the end is recorded by the caller.
  const tell = (status: Status): void => {
    if (interactive) client.write(statusMessage(status)).catch(() => undefined)
    client.close(interactive ? 1000 : 1011, (status.message ?? '').slice(0, 100))
  }

  if (access !== null) {
    upstream.close(1001, 'access ended')
    tell(failure('Forbidden', `${access.message} (request ${options.id})`))
    return { outcome: 'failed', reason: 'Forbidden', message: access.message }
  }
  // A client that closes once it has the Status was served to the end, whoever closes first.
  if (stop.by === 'ended' || (seen.status !== null && stop.by !== 'log' && stop.by !== 'mask')) {
    upstream.close(1000, '')
    client.close(1000, '')
    const end = seen.status ?? {}
    const failed = end.reason !== undefined && end.exitCode === undefined
    return { outcome: failed ? 'failed' : 'ok', ...end }
  }
  switch (stop.by) {
    case 'client':
      upstream.close(1000, '')
      client.close(1000, '')
      return { outcome: 'cancelled' }
    case 'client-protocol':
      upstream.close(1000, '')
      tell(failure('BadRequest', `${stop.message} (request ${options.id})`))
      return { outcome: 'failed', reason: 'BadRequest', message: stop.message }
    case 'mask': {
      const message = `the session was ended because something in it cannot be masked: ${stop.reason}`
      upstream.close(1000, '')
      tell(
        failure(
          'InternalError',
          `${message}; the command may still be running in the container (request ${options.id})`,
        ),
      )
      return { outcome: 'failed', reason: 'InternalError', message, withheld: stop.reason }
    }
    case 'log': {
      const message =
        "the session was ended: it can no longer be recorded, and nothing passes unrecorded; try again when the gateway's database is back"
      upstream.close(1011, 'not recorded')
      tell(failure('ServiceUnavailable', `${message} (request ${options.id})`))
      return { outcome: 'failed', reason: 'ServiceUnavailable', message }
    }
    case 'upstream': {
      const message = `the stream to the cluster was lost${whyLost(half, stop.error)}; the command may still be running in the container`
      upstream.close(1001, '')
      tell(failure('ServiceUnavailable', `${message} (request ${options.id})`))
      return { outcome: 'unknown', reason: 'ServiceUnavailable', message }
    }
  }
}

/** The words of whoever closed the stream, which may be the API server's: masked as its Status is, and left out where nothing is. */
function whyLost({ masks }: Half, error: unknown): string {
  if (masks === null || !(error instanceof Error)) return ''
  const status = masks.status(encoder.encode(JSON.stringify(failure('ServiceUnavailable', error.message))))
  const { message = '' } = readStatus(status)
  return message === '' ? '' : `: ${message}`
}

const encoder = new TextEncoder()
