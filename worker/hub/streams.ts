// The requests a connection has in flight: counted per identity, and judged again while they last.
// In: authenticated requests. Out: a handle with a signal that aborts when access ends. No I/O.

import type { Authenticated, Facts, Outcome, Refusal, Release } from '../context.ts'
import type { MaskRules } from '../mask/contract.ts'
import type { Clock } from '../ports.ts'

/** Reason of the signal's abort when access ended, and not the client's patience. */
export const ACCESS_ENDED = 'access-ended'

/** Ten thousand watches judged at a stretch would hold up everybody else for half a second. */
const LOOKS_PER_TURN = 50

/** Under what a request was let through, so that it can be judged again. */
export interface Admitted {
  readonly facts: Facts
  /** What let it pass where the decision was Hold. */
  readonly release: Release | null
}

/** One request in flight. */
export interface OpenStream {
  /** Aborts when the client has gone or access ended. */
  readonly signal: AbortSignal
  /** Why access ended, or null while it has not. */
  readonly ended: Refusal | null
  /** The session, once it is known, so that it can be ended as a whole. */
  session: string
  /** True once the session's first entry is in the log ahead of the request's own. */
  opened: boolean
  /** Null while it is not decided, or waits for people. */
  admitted: Admitted | null
  /** What it is masked by, once it is known. */
  masks: MaskRules | null
  /** Counts bytes of its body; they count until it leaves. False when the identity's requests hold too many. */
  takes(bytes: number): boolean
  /** Must be called once, when the request is over. */
  leave(): void
}

export interface Streams {
  /** Counts the request in, or refuses it when the identity has too many in flight. */
  enter(request: Authenticated): Outcome<OpenStream>
  /** Ends all streams for which the predicate gives a refusal. */
  end(why: (request: Authenticated, session: string) => Refusal | null): number
  /** Judges all of them again now. */
  rejudge(): void
  /** Requests in flight. */
  readonly size: number
}

/**
 * @param options.rejudge called for every open stream at least every `everyMs`: a refusal ends the stream
 */
export function createStreams(options: {
  readonly clock: Clock
  readonly maxPerIdentity: number
  /** Of bodies. */
  readonly maxBytesPerIdentity: number
  readonly everyMs: number
  /** Called once before each round of looks. */
  readonly round?: () => void
  readonly rejudge: (request: Authenticated, stream: OpenStream) => Refusal | null
}): Streams {
  interface Slot {
    readonly request: Authenticated
    readonly stream: OpenStream
    readonly stop: (refusal: Refusal) => void
  }
  const slots = new Set<Slot>()
  const perIdentity = new Map<string, { count: number; bytes: number }>()
  let ticking = false

  const sweep = (
    why: (request: Authenticated, stream: OpenStream) => Refusal | null,
    those: Iterable<Slot> = slots,
  ): number => {
    let count = 0
    for (const slot of those) {
      if (slot.stream.ended !== null) continue
      const refusal = why(slot.request, slot.stream)
      if (refusal === null) continue
      slot.stop(refusal)
      count += 1
    }
    return count
  }

  /** The first few now, the others in turns of their own. */
  const lookAtAll = (then: () => void): void => {
    const all = [...slots]
    const turn = (from: number): void => {
      const some = all.slice(from, from + LOOKS_PER_TURN)
      sweep(
        options.rejudge,
        some.filter((slot) => slots.has(slot)),
      )
      if (from + LOOKS_PER_TURN >= all.length) then()
      else options.clock.after(0, () => turn(from + LOOKS_PER_TURN))
    }
    turn(0)
  }

  const tick = (): void => {
    if (ticking || slots.size === 0) return
    ticking = true
    options.clock.after(options.everyMs, () => {
      options.round?.()
      lookAtAll(() => {
        ticking = false
        tick()
      })
    })
  }

  return {
    enter(request) {
      const who = `${request.identity.issuer}\n${request.identity.user.username}`
      const all = perIdentity.get(who) ?? { count: 0, bytes: 0 }
      const { count } = all
      if (count >= options.maxPerIdentity) {
        return {
          ok: false,
          refusal: {
            kind: 'too-many',
            message: `${request.identity.user.username} has ${count} requests in flight on connection ${request.connection}, which is the limit; end some watches or wait for requests to finish`,
            retryAfterS: 2,
          },
        }
      }
      all.count += 1
      perIdentity.set(who, all)
      let taken = 0
      const controller = new AbortController()
      let ended: Refusal | null = null
      const onGone = (): void => controller.abort()
      if (request.signal.aborted) controller.abort()
      else request.signal.addEventListener('abort', onGone, { once: true })
      const stream: OpenStream = {
        signal: controller.signal,
        get ended() {
          return ended
        },
        session: '',
        opened: false,
        admitted: null,
        masks: null,
        takes(bytes) {
          if (all.bytes + bytes > options.maxBytesPerIdentity) return false
          if (!slots.has(slot)) return true
          taken += bytes
          all.bytes += bytes
          return true
        },
        leave() {
          if (!slots.delete(slot)) return
          request.signal.removeEventListener('abort', onGone)
          all.count -= 1
          all.bytes -= taken
          if (all.count === 0) perIdentity.delete(who)
        },
      }
      const slot: Slot = {
        request,
        stream,
        stop(refusal) {
          ended = refusal
          controller.abort(ACCESS_ENDED)
        },
      }
      slots.add(slot)
      tick()
      return { ok: true, value: stream }
    },
    end: (why) => sweep((request, stream) => why(request, stream.session)),
    rejudge() {
      lookAtAll(() => undefined)
    },
    get size() {
      return slots.size
    },
  }
}
