// kubectl answers any refusal of a WebSocket by trying SPDY, and shows only the second answer. So the first one is kept for
// a moment and given again. In: refused upgrades. Out: the same reply to the same request over SPDY. Bounded, no I/O.

import type { Authenticated } from '../context.ts'
import type { Clock } from '../ports.ts'
import type { Response } from './passage.ts'

/** kubectl tries again at once. */
const KEPT_MS = 10_000
const MAX_KEPT = 1_000

export interface SecondTries {
  /** Keeps the refusal of an upgrade over WebSocket. Streams are not kept. */
  keep(request: Authenticated, reply: Response): void
  /** The refusal the same request got over WebSocket a moment ago; null when there was none. */
  recall(request: Authenticated): Response | null
}

export function createSecondTries(clock: Pick<Clock, 'now'>): SecondTries {
  const kept = new Map<string, { readonly reply: Response; readonly until: number }>()
  const keyOf = ({ identity, info, client }: Authenticated): string =>
    JSON.stringify([identity.issuer, identity.user.username, info.path, info.query, client.session])
  return {
    keep(request, reply) {
      if (request.upgrade?.kind !== 'websocket' || !(reply.body instanceof Uint8Array)) return
      const key = keyOf(request)
      kept.delete(key)
      kept.set(key, { reply, until: clock.now() + KEPT_MS })
      const [oldest] = kept.keys()
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
    },
    recall(request) {
      if (request.upgrade?.kind !== 'spdy') return null
      const key = keyOf(request)
      const found = kept.get(key)
      kept.delete(key)
      return found !== undefined && clock.now() <= found.until ? found.reply : null
    },
  }
}
