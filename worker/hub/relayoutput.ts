// From the API server to the client. Of an exec or attach: masked, recorded, and only then sent. Of a port-forward: bytes, both ways.

import { CHANNEL, decodeChannel, encodeChannel, halfClosed } from '../../protocol/exec.ts'
import { HOLD_BACK_MS } from '../mask/limits.ts'
import type { Piece } from '../mask/stream.ts'
import { readStatus } from './channels.ts'
import { createHoldBack } from './holdback.ts'
import { createPace } from './pace.ts'
import type { RelayMasks } from './relay.ts'
import { type Half, masked, record, type Stop, send } from './relayhalf.ts'
import { isEcho } from './relayinput.ts'

/** stdout, stderr and the Status, from the API server: masked, recorded, and only then the client's. */
export async function outputOf(half: Half, masks: RelayMasks): Promise<Stop> {
  const { upstream, clock, seen } = half
  const { output } = masks
  const pace = createPace(clock)
  const holdBack = createHoldBack(() => upstream.read(), clock, HOLD_BACK_MS)
  /** @param whole the message as it came, which needs no copy if all of it passes */
  const put = async (what: () => readonly Piece[], whole?: Uint8Array): Promise<Stop | null> => {
    const { pieces, stop } = pace.work(whole?.length ?? 0, () => masked(half, what))
    await pace.rest()
    for (const { channel, bytes } of pieces) {
      // What is not sent any more is not recorded either.
      if (half.over()) return { by: 'ended' }
      const failed =
        (await record(half, channel, bytes)) ?? (await send('client', half, messageOf(channel, bytes, whole)))
      if (failed !== null) return failed
    }
    holdBack.held(stop === null && output.holding, pieces.length > 0)
    return stop
  }
  for (;;) {
    let message: Uint8Array | null
    try {
      const got = await holdBack.next()
      if (half.over()) return { by: 'ended' }
      if (got === 'long enough') {
        const stop = await put(() => output.flush())
        if (stop !== null) return stop
        continue
      }
      message = got.item
    } catch (error) {
      return (await put(() => output.end())) ?? { by: 'upstream', error }
    }
    if (message === null) return (seen.status === null ? await put(() => output.end()) : null) ?? { by: 'ended' }
    half.passed?.(Math.max(0, message.length - 1))
    const split = decodeChannel(message)
    if (split === null || split.payload.length === 0) {
      const stop = await send('client', half, message)
      if (stop !== null) return stop
      continue
    }
    const { channel, payload } = split
    // Nothing comes after the Status.
    if (seen.status !== null) return { by: 'ended' }
    let stop: Stop | null
    if (channel === CHANNEL.stdout || channel === CHANNEL.stderr) {
      stop = await put(() => output.push(channel, payload), message)
      if (stop === null && output.holding && isEcho(half, payload)) stop = await put(() => output.flush())
    } else if (channel === CHANNEL.status) {
      stop = await put(() => output.end())
      if (stop !== null) return stop
      const status = masks.status(payload)
      seen.status = readStatus(status)
      stop = await put(() => [{ channel, bytes: status }], message)
    } else if (halfClosed(message) !== null) {
      stop = await send('client', half, message)
    } else {
      return { by: 'upstream', error: new Error(`the API server sent something on channel ${channel}`) }
    }
    if (stop !== null) return stop
  }
}

/** A piece as a message; the one it came in when it is all of that, untouched. */
function messageOf(channel: number, bytes: Uint8Array, whole: Uint8Array | undefined): Uint8Array {
  const same =
    whole !== undefined &&
    whole[0] === channel &&
    bytes.buffer === whole.buffer &&
    bytes.byteOffset === whole.byteOffset + 1 &&
    bytes.length === whole.length - 1
  return same ? whole : encodeChannel(channel, bytes)
}

/** What a client sends through a port-forward. */
export async function bytesIn(half: Half): Promise<Stop> {
  return bytes(half, 'client', 'upstream', CHANNEL.stdin)
}

/** What the API server sends through a port-forward. */
export async function bytesOut(half: Half): Promise<Stop> {
  return bytes(half, 'upstream', 'client', CHANNEL.stdout)
}

async function bytes(
  half: Half,
  from: 'client' | 'upstream',
  to: 'client' | 'upstream',
  channel: number,
): Promise<Stop> {
  for (;;) {
    let message: Uint8Array | null
    try {
      message = await half[from].read()
    } catch (error) {
      return { by: from, error }
    }
    if (message === null) return from === 'client' ? { by: 'client', error: null } : { by: 'ended' }
    half.passed?.(message.length)
    const stop = (await record(half, channel, message)) ?? (await send(to, half, message))
    if (stop !== null) return stop
  }
}
