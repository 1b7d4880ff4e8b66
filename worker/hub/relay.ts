// An accepted upgrade: messages between the client and the API server, recorded on the way.
// exec and attach are parsed channel by channel; port-forward is relayed as bytes and only counted.
// Ends with a Status on the error channel whatever happens, so that kubectl prints a sentence and not a close code.

import { CHANNEL, decodeChannel, encodeChannel, halfClosed } from '../../protocol/exec.ts'
import { failure, type Status } from '../../protocol/status.ts'
import type { MessageSocket, Refusal, RequestInfo } from '../context.ts'

/** Where messages are recorded. Both reject when the log cannot be written. */
export interface RelayRecorder {
  /** Resolves when there is room for more. */
  record(channel: number, payload: Uint8Array): Promise<void>
}

/** How the stream ended. */
export interface RelayEnd {
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'unknown'
  readonly reason?: string
  readonly message?: string
  readonly exitCode?: number
  readonly bytesIn: number
  readonly bytesOut: number
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The Status message that ends a session on the error channel. v4 and v5 alike. */
export function statusMessage(status: Status): Uint8Array {
  return encodeChannel(CHANNEL.status, encoder.encode(JSON.stringify(status)))
}

/** What a Status on channel 3 says about the end: the exit code where there is one. */
export function readStatus(payload: Uint8Array): { exitCode?: number; reason?: string; message?: string } {
  let parsed: unknown
  try {
    parsed = JSON.parse(decoder.decode(payload))
  } catch {
    return { reason: 'Unknown', message: 'the API server ended the stream with something that is not a Status' }
  }
  if (typeof parsed !== 'object' || parsed === null) return {}
  const status = 'status' in parsed ? parsed.status : undefined
  if (status === 'Success') return { exitCode: 0 }
  const reason = 'reason' in parsed && typeof parsed.reason === 'string' ? parsed.reason : 'Failure'
  const message = 'message' in parsed && typeof parsed.message === 'string' ? parsed.message : ''
  const details = 'details' in parsed && typeof parsed.details === 'object' ? parsed.details : null
  const causes = details !== null && 'causes' in details && Array.isArray(details.causes) ? details.causes : []
  for (const cause of causes as unknown[]) {
    if (typeof cause !== 'object' || cause === null) continue
    if (!('reason' in cause) || cause.reason !== 'ExitCode' || !('message' in cause)) continue
    const exitCode = Number(cause.message)
    if (Number.isInteger(exitCode)) return { exitCode, reason, message }
  }
  return { reason, message }
}

/** Why one half of a relay stopped. */
type Stop =
  | { readonly by: 'client'; readonly error: unknown }
  | { readonly by: 'upstream'; readonly error: unknown }
  | { readonly by: 'log'; readonly error: unknown }
  | { readonly by: 'client-protocol'; readonly message: string }
  | { readonly by: 'ended' }

/** What a relay is given. */
export interface RelayOptions {
  readonly info: RequestInfo
  readonly client: MessageSocket
  readonly upstream: MessageSocket
  /** For port-forward it counts only. */
  readonly recorder: RelayRecorder
  /** Aborts when access ends or the client has gone. */
  readonly signal: AbortSignal
  /** Why access ended, once it has. */
  readonly ended: () => Refusal | null
  /** True once the recorder has failed: whatever ended first, that is why. Absent: only its rejections tell. */
  readonly unrecorded?: () => boolean
  /** Counted in the audit id at the end of every message a person reads. */
  readonly id: string
}

/** Runs until either side ends, then ends the other. Never rejects. */
export async function relay(options: RelayOptions): Promise<RelayEnd> {
  const { client, upstream, recorder, info } = options
  const interactive = info.subresource !== 'portforward'
  let bytesIn = 0
  let bytesOut = 0
  const seen: { status: { exitCode?: number; reason?: string; message?: string } | null } = { status: null }

  const record = async (channel: number, payload: Uint8Array): Promise<Stop | null> => {
    try {
      await recorder.record(channel, payload)
      return null
    } catch (error) {
      return { by: 'log', error }
    }
  }

  const inbound = async (): Promise<Stop> => {
    for (;;) {
      let message: Uint8Array | null
      try {
        message = await client.read()
      } catch (error) {
        return { by: 'client', error }
      }
      if (message === null) return { by: 'client', error: null }
      bytesIn += message.length
      if (interactive) {
        const refused = refuseClientMessage(message, client.protocol, info.exec?.stdin ?? false)
        if (refused !== null) return { by: 'client-protocol', message: refused }
        const split = decodeChannel(message)
        if (split !== null && split.channel !== CHANNEL.close) {
          // Recorded before it is forwarded, as every request is.
          const stop = await record(split.channel, split.payload)
          if (stop !== null) return stop
        }
      } else {
        const stop = await record(CHANNEL.stdin, message)
        if (stop !== null) return stop
      }
      try {
        await upstream.write(message)
      } catch (error) {
        return { by: 'upstream', error }
      }
    }
  }

  const outbound = async (): Promise<Stop> => {
    for (;;) {
      let message: Uint8Array | null
      try {
        message = await upstream.read()
      } catch (error) {
        return { by: 'upstream', error }
      }
      if (message === null) return { by: 'ended' }
      bytesOut += message.length
      if (interactive) {
        const split = decodeChannel(message)
        if (split !== null && split.payload.length > 0) {
          if (split.channel === CHANNEL.status) seen.status = readStatus(split.payload)
          const stop = await record(split.channel, split.payload)
          if (stop !== null) return stop
        }
      } else {
        const stop = await record(CHANNEL.stdout, message)
        if (stop !== null) return stop
      }
      try {
        await client.write(message)
      } catch (error) {
        return { by: 'client', error }
      }
    }
  }

  const gone = new Promise<Stop>((resolve) => {
    const onAbort = (): void => resolve({ by: 'client', error: null })
    if (options.signal.aborted) onAbort()
    else options.signal.addEventListener('abort', onAbort, { once: true })
  })
  const first = await Promise.race([inbound(), outbound(), gone])
  // A recorder that fails between two messages closes the upstream, which must not be told as the cluster's doing.
  const stop: Stop = options.unrecorded?.() === true ? { by: 'log', error: null } : first
  const counts = { bytesIn, bytesOut }
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
    return { outcome: 'failed', reason: 'Forbidden', message: access.message, ...counts }
  }
  // A client that closes once it has the Status was served to the end, whoever closes first.
  if (stop.by === 'ended' || (seen.status !== null && stop.by !== 'log')) {
    upstream.close(1000, '')
    client.close(1000, '')
    const end = seen.status ?? {}
    const failed = end.reason !== undefined && end.exitCode === undefined
    return { outcome: failed ? 'failed' : 'ok', ...end, ...counts }
  }
  switch (stop.by) {
    case 'client':
      upstream.close(1000, '')
      client.close(1000, '')
      return { outcome: 'cancelled', ...counts }
    case 'client-protocol':
      upstream.close(1000, '')
      tell(failure('BadRequest', `${stop.message} (request ${options.id})`))
      return { outcome: 'failed', reason: 'BadRequest', message: stop.message, ...counts }
    case 'log': {
      const message =
        "the session was ended: it can no longer be recorded, and nothing passes unrecorded; try again when the gateway's database is back"
      upstream.close(1011, 'not recorded')
      tell(failure('ServiceUnavailable', `${message} (request ${options.id})`))
      return { outcome: 'failed', reason: 'ServiceUnavailable', message, ...counts }
    }
    case 'upstream': {
      const why = stop.error instanceof Error ? stop.error.message : 'the stream broke off'
      const message = `the stream to the cluster was lost: ${why}; the command may still be running in the container`
      upstream.close(1001, '')
      tell(failure('ServiceUnavailable', `${message} (request ${options.id})`))
      return { outcome: 'unknown', reason: 'ServiceUnavailable', message, ...counts }
    }
  }
}

/** What a client may send: stdin if it asked for it, resize, and (v5) the half-close of stdin. Returns what is wrong. */
function refuseClientMessage(message: Uint8Array, protocol: string, stdin: boolean): string | null {
  const channel = message[0]
  if (channel === undefined) return null
  if (channel === CHANNEL.resize) return null
  if (channel === CHANNEL.stdin) {
    return stdin || message.length === 1 ? null : 'input was sent to a command that was started without stdin'
  }
  if (channel === CHANNEL.close && protocol === 'v5.channel.k8s.io') {
    return halfClosed(message) === CHANNEL.stdin ? null : 'only stdin can be closed by the client'
  }
  return `channel ${channel} is not the client's to write to`
}
