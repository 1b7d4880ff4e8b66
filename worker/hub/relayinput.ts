// From the client of an exec or attach to the API server: sent as it is, recorded masked.

import { CHANNEL, decodeChannel, halfClosed } from '../../protocol/exec.ts'
import { HOLD_BACK_MS } from '../mask/limits.ts'
import type { Piece } from '../mask/stream.ts'
import { refuseClientMessage } from './channels.ts'
import { createHoldBack, HOLD_BACK_INPUT_MS } from './holdback.ts'
import type { TextMask } from './relay.ts'
import { type Half, masked, record, type Stop, send } from './relayhalf.ts'

/** stdin and resize, from the client. Recorded before they are sent, as every request is. */
export async function inputOf(half: Half, mask: TextMask): Promise<Stop> {
  const { client, clock, info } = half
  const holdBack = createHoldBack(() => client.read(), clock, HOLD_BACK_INPUT_MS)
  const put = async (what: () => readonly Piece[]): Promise<Stop | null> => {
    const { pieces, stop } = masked(half, what)
    if (stop !== null) half.input.over = true
    for (const { channel, bytes } of pieces) {
      const failed = await record(half, channel, bytes)
      if (failed !== null) return failed
    }
    // Every key that is typed makes it wait anew: nobody waits for the record.
    holdBack.held(stop === null && mask.holding, true)
    return stop
  }
  for (;;) {
    let message: Uint8Array | null
    try {
      const got = await holdBack.next()
      if (half.over()) return { by: 'ended' }
      if (got === 'long enough') {
        const stop = await put(() => mask.flush())
        if (stop !== null) return stop
        continue
      }
      message = got.item
    } catch (error) {
      return { by: 'client', error }
    }
    if (message === null) return { by: 'client', error: null }
    half.passed?.(Math.max(0, message.length - 1))
    const refused = refuseClientMessage(message, client.protocol, info.exec?.stdin ?? false)
    if (refused !== null) return { by: 'client-protocol', message: refused }
    const split = decodeChannel(message)
    let stop: Stop | null = null
    if (half.input.over && split?.channel === CHANNEL.stdin) {
      return { by: 'client-protocol', message: 'input came after stdin was closed' }
    }
    if (halfClosed(message) === CHANNEL.stdin) {
      if (!half.input.over) stop = await put(() => mask.end())
      half.input.over = true
    } else if (split?.channel === CHANNEL.stdin) {
      const { payload } = split
      stop = await put(() => mask.push(CHANNEL.stdin, payload))
      // Before the answer to it, for whoever reads the record.
      if (stop === null && mask.holding && endsEntry(payload)) stop = await put(() => mask.flush())
    } else if (split !== null && split.channel !== CHANNEL.close)
      stop = await record(half, split.channel, split.payload)
    if (split?.channel === CHANNEL.stdin) noteKey(half, split.payload)
    stop ??= await send('upstream', half, message)
    if (stop !== null) return stop
  }
}

/** Whether a message is what a person or a script types at a prompt up to Return. */
function endsEntry(payload: Uint8Array): boolean {
  const last = payload[payload.length - 1]
  return payload.length <= MAX_ENTRY_BYTES && (last === 0x0a || last === 0x0d)
}

const MAX_ENTRY_BYTES = 1024

/** A terminal shows a typed key by its echo, which must not wait. */
function noteKey({ info, clock, typed }: Half, payload: Uint8Array): void {
  const now = clock.now()
  const alone = now - typed.at >= HOLD_BACK_MS
  typed.at = now
  typed.key = info.exec?.tty === true && alone && payload.length <= MAX_KEY_BYTES ? payload : null
}

/** Whether output is the echo of the key that was typed last; once. */
export function isEcho({ typed }: Half, payload: Uint8Array): boolean {
  const { key } = typed
  if (key === null || key.length === 0 || payload.length > MAX_ECHO_BYTES) return false
  if (!key.every((byte, at) => payload[at] === byte)) return false
  typed.key = null
  return true
}

/** A key is one character; those of a word that was pasted are no keys. */
const MAX_KEY_BYTES = 4
/** An editor of lines writes what stands behind the cursor anew. */
const MAX_ECHO_BYTES = 256

/**
 * What was held back of the input has been sent long ago: it belongs in the record, however the stream ended.
 * @returns why it cannot be masked; null: it can
 */
export async function recordInput(half: Half): Promise<string | null> {
  const { masks } = half
  if (masks === null || half.input.over) return null
  half.input.over = true
  const { pieces, stop } = masked(half, () => masks.input.end())
  for (const { channel, bytes } of pieces) await record(half, channel, bytes)
  return stop?.by === 'mask' ? stop.reason : null
}
