// kubectl answers any refusal of a WebSocket by trying SPDY, and shows only the second answer. So the first one is kept for
// a moment and given again. In: refused upgrades. Out: the same reply to the same request over SPDY. Bounded, no I/O.

import type { Authenticated, Decision } from '../context.ts'
import type { Clock } from '../ports.ts'
import type { Response } from './passage.ts'

/** kubectl tries again at once. */
const KEPT_MS = 10_000
const MAX_KEPT = 1_000
/** Commands and answers kept, in bytes: either may be half a MiB long. Stops one agent's refused execs from filling memory. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024

export interface SecondTries {
  /** Keeps the refusal of an upgrade over WebSocket. Streams are not kept. */
  keep(request: Authenticated, decision: Decision, reply: Response): void
  /** The refusal the same request got over WebSocket a moment ago; null when there was none. */
  recall(request: Authenticated): { readonly decision: Decision; readonly reply: Response } | null
}

export function createSecondTries(clock: Pick<Clock, 'now'>): SecondTries {
  interface Kept {
    readonly decision: Decision
    readonly reply: Response
    readonly until: number
    readonly bytes: number
  }
  const kept = new Map<string, Kept>()
  let bytesKept = 0
  const keyOf = ({ identity, info, client }: Authenticated): string =>
    JSON.stringify([identity.issuer, identity.user.username, info.path, info.query, client.session])
  const take = (key: string): Kept | null => {
    const found = kept.get(key)
    if (found === undefined) return null
    kept.delete(key)
    bytesKept -= found.bytes
    return found
  }
  return {
    keep(request, decision, reply) {
      if (request.upgrade?.kind !== 'websocket' || !(reply.body instanceof Uint8Array)) return
      const key = keyOf(request)
      take(key)
      const bytes = key.length + reply.body.length
      kept.set(key, { decision, reply, until: clock.now() + KEPT_MS, bytes })
      bytesKept += bytes
      // The oldest stands first.
      for (const [oldest, { until }] of kept) {
        if (kept.size <= MAX_KEPT && bytesKept <= MAX_KEPT_BYTES && clock.now() <= until) break
        take(oldest)
      }
    },
    recall(request) {
      if (request.upgrade?.kind !== 'spdy') return null
      const found = take(keyOf(request))
      return found !== null && clock.now() <= found.until ? found : null
    },
  }
}
