// Who waits for a hold: clients in the middle of a request, and those told to repeat it. In: clients coming and going.
// Out: when nobody is left. It knows nothing of what they wait for.

import type { Clock } from '../ports.ts'
import { AWAY_MS } from './limits.ts'

/** Why a wait is over. `woken`: something may have changed. `time`: it took as long as asked. `gone`: the client has left. */
export type Woken = 'woken' | 'time' | 'gone'

export interface Waiting {
  /** Clients, whether they wait, are on their way back, or were told to run their command again. */
  readonly size: number
  /** The clients that were told to repeat their request and have not come back. */
  away(): readonly string[]
  /** A client's request joins. */
  join(client: string): void
  /** It leaves for good: it passed, was refused, or its client has gone. True: nobody is left. */
  leave(client: string): boolean
  /**
   * It has waited long enough: counts its tries. `repeat`: it is told to come back, and counts as gone after AWAY_MS.
   * `tell`: it was told so `maxRepeats` times, and is now told to run the command again; the hold stays for it.
   */
  timedOut(client: string, maxRepeats: number): 'repeat' | 'tell'
  /** Waits for a wake, the time (null: none) or the client's going. */
  wait(ms: number | null, signal: AbortSignal): Promise<Woken>
  wake(): void
  /** Cancels all timers. */
  dispose(): void
}

interface Client {
  waiting: number
  repeats: number
  told: boolean
  cancelAway: (() => void) | null
}

/** `deserted`: a client that was to come back has not, and nobody else is left. */
export function createWaiting(clock: Clock, deserted: () => void): Waiting {
  const clients = new Map<string, Client>()
  const wakers = new Set<() => void>()
  const back = (client: Client) => {
    client.cancelAway?.()
    client.cancelAway = null
  }
  return {
    get size() {
      return clients.size
    },
    away: () => [...clients].filter(([, { cancelAway }]) => cancelAway !== null).map(([name]) => name),
    join(name) {
      const client = clients.get(name) ?? { waiting: 0, repeats: 0, told: false, cancelAway: null }
      clients.set(name, client)
      back(client)
      client.waiting += 1
    },
    leave(name) {
      const client = clients.get(name)
      if (client === undefined) return clients.size === 0
      client.waiting -= 1
      if (client.waiting <= 0 && client.cancelAway === null && !client.told) clients.delete(name)
      return clients.size === 0
    },
    timedOut(name, maxRepeats) {
      const client = clients.get(name)
      if (client === undefined) return 'tell'
      client.waiting -= 1
      if (client.repeats >= maxRepeats) {
        client.repeats = 0
        client.told = true
        return 'tell'
      }
      client.repeats += 1
      back(client)
      client.cancelAway = clock.after(AWAY_MS, () => {
        client.cancelAway = null
        if (client.waiting > 0 || client.told) return
        clients.delete(name)
        if (clients.size === 0) deserted()
      })
      return 'repeat'
    },
    wait(ms, signal) {
      return new Promise((resolve) => {
        if (signal.aborted) {
          resolve('gone')
          return
        }
        const done = (why: Woken) => {
          wakers.delete(woken)
          cancel?.()
          signal.removeEventListener('abort', gone)
          resolve(why)
        }
        const woken = () => done('woken')
        const gone = () => done('gone')
        const cancel = ms === null ? null : clock.after(Math.max(0, ms), () => done('time'))
        wakers.add(woken)
        signal.addEventListener('abort', gone, { once: true })
      })
    },
    wake() {
      for (const waker of [...wakers]) waker()
    },
    dispose() {
      for (const client of clients.values()) back(client)
    },
  }
}
