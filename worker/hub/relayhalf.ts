// What both halves of a relay know and do: why one stops, how a message is recorded and sent, what masking gave.

import type { Piece } from '../mask/stream.ts'
import type { EndStatus } from './channels.ts'
import type { RelayOptions } from './relay.ts'

/** Why one half of a relay stopped. */
export type Stop =
  | { readonly by: 'client'; readonly error: unknown }
  | { readonly by: 'upstream'; readonly error: unknown }
  | { readonly by: 'log'; readonly error: unknown }
  | { readonly by: 'mask'; readonly reason: string }
  | { readonly by: 'client-protocol'; readonly message: string }
  | { readonly by: 'ended' }

/** One half of a relay, and what both know. */
export interface Half extends RelayOptions {
  readonly over: () => boolean
  readonly seen: { status: EndStatus | null }
  /** Over once stdin is closed, or could not be masked. */
  readonly input: { over: boolean }
  /** A key that was typed alone, until its echo comes: nobody types the rest of a secret so fast that holding it back would help. */
  readonly typed: { key: Uint8Array | null; at: number }
}

export async function record({ recorder }: Half, channel: number, payload: Uint8Array): Promise<Stop | null> {
  try {
    await recorder.record(channel, payload)
    return null
  } catch (error) {
    return { by: 'log', error }
  }
}

export async function send(to: 'client' | 'upstream', half: Half, message: Uint8Array): Promise<Stop | null> {
  try {
    await half[to].write(message)
    return null
  } catch (error) {
    return { by: to, error }
  }
}

/** What masking gave, or the end that it is when it could not. */
export function masked(
  half: Half,
  what: () => readonly Piece[],
): {
  readonly pieces: readonly Piece[]
  readonly stop: Stop | null
} {
  try {
    return { pieces: what(), stop: null }
  } catch (error) {
    if (error instanceof Error && error.name === 'MaskError') {
      return { pieces: [], stop: { by: 'mask', reason: error.message } }
    }
    half.onBug?.(error)
    return { pieces: [], stop: { by: 'mask', reason: 'the gateway failed to mask it' } }
  }
}
