// What the channels of exec and attach say beside the bytes: the Status that ends them, and what a client may send. No I/O.

import { CHANNEL, encodeChannel, halfClosed } from '../../protocol/exec.ts'
import type { Status } from '../../protocol/status.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The Status message that ends a session on the error channel. v4 and v5 alike. */
export function statusMessage(status: Status): Uint8Array {
  return encodeChannel(CHANNEL.status, encoder.encode(JSON.stringify(status)))
}

/** What a Status on channel 3 says about the end: the exit code where there is one. */
export interface EndStatus {
  readonly exitCode?: number
  readonly reason?: string
  readonly message?: string
}

export function readStatus(payload: Uint8Array): EndStatus {
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

/** What a client may send: stdin if it asked for it, resize, and (v5) the half-close of stdin. Returns what is wrong. */
export function refuseClientMessage(message: Uint8Array, protocol: string, stdin: boolean): string | null {
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
