// What masks the requests of a session: its key, the values masked in it so far, its finder. One for each session, in memory
// only: a gateway that starts anew knows no values of before, while keys and tags stay the same. Bounded: an identity pushes out
// only its own, only what has rested, and never in silence. No I/O.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Identity, Outcome } from '../context.ts'
import type { Finder, Masking, MaskRules } from '../mask/contract.ts'
import { MaskError } from '../mask/error.ts'
import { createFinder } from '../mask/find/finder.ts'
import { createKnownValues, type MakeRoom, type SearchableValues } from '../mask/find/values.ts'
import type { Clock } from '../ports.ts'

/** Sessions without values that are kept in mind at once, the last used ones: nothing is lost with one, it only costs time to make. */
const MAX_EMPTY_SESSIONS = 1024
/** Memory for the values of all sessions of a connection. Stops agents that read Secrets for hours from filling the hub's. */
const MAX_BYTES = 64 * 1024 * 1024
/** The same for those of one identity: half, so that one alone never takes all. A thousand ordinary Secrets take 3 MiB. */
const MAX_IDENTITY_BYTES = 32 * 1024 * 1024
/** What a session with values takes besides them. */
const SESSION_COST_BYTES = 8 * 1024
/** What it takes to remember that a session has given way, besides its name. */
const GONE_COST_BYTES = 128
/** A session that nobody has used for so long gives way where there is no room: an agent's next one is mostly another. */
export const GIVES_WAY_AFTER_MS = 30 * 60_000
/** A session that nobody has used for so long cannot be continued: its last token has ended more than a day ago. */
export const FORGOTTEN_AFTER_MS = 26 * 3_600_000

/** What a session is called here: two identities that name their sessions alike share neither tags nor values. */
function maskingName({ issuer, user }: Identity, connection: string, session: string): string {
  return JSON.stringify([issuer, user.username, connection, session])
}

/** A request's part in its session's masking. */
export interface Entered {
  readonly masking: Masking
  /** The request is over: the session may rest. Idempotent. */
  leave(): void
}

/** The masking of a hub's sessions. */
export interface Maskings {
  /**
   * The same values for the same session; a new finder when the rules have changed.
   * Refused: the session has read secrets that are no longer kept, and what it asks for next could hold them.
   */
  enter(identity: Identity, connection: string, session: string, rules: MaskRules): Outcome<Entered>
  /** Sessions that are kept in mind. */
  readonly size: number
  /** Memory that their values take, at most. */
  readonly bytes: number
}

/** Bounds, for tests. */
export interface MaskingLimits {
  readonly bytes: number
  readonly identityBytes: number
}

/** All that an identity keeps. */
interface Owner {
  bytes: number
  sessions: number
  /** Sessions that have given way and may come back, by when they were last used; the longest unused first. */
  readonly gone: Map<string, number>
}

interface Kept {
  readonly owner: Owner
  readonly key: Uint8Array
  readonly values: SearchableValues
  rules: MaskRules
  finder: Finder
  /** Bytes that are counted for it. */
  bytes: number
  usedAt: number
  /** Requests in flight. */
  inUse: number
}

/**
 * The masking of one session by itself, without bounds over several.
 * @param secret the gateway's secret from which each session's key is derived
 */
export function createMasking(secret: Uint8Array, session: string, rules: MaskRules): Masking {
  const values = createKnownValues()
  return { key: keyOf(secret, session), rules, values, finder: createFinder(rules, values) }
}

/** @param secret the gateway's secret from which each session's key is derived */
export function createMaskings(
  secret: Uint8Array,
  clock: Pick<Clock, 'now'>,
  limits: MaskingLimits = { bytes: MAX_BYTES, identityBytes: MAX_IDENTITY_BYTES },
): Maskings {
  // In order of use: the last used is the last.
  const sessions = new Map<string, Kept>()
  const owners = new Map<string, Owner>()
  let bytes = 0
  let empty = 0

  function count(owner: Owner, more: number): void {
    owner.bytes += more
    bytes += more
  }

  function drop(name: string, kept: Kept): void {
    sessions.delete(name)
    kept.owner.sessions--
    count(kept.owner, -kept.bytes)
    if (kept.bytes === 0) empty--
  }

  /** The longest unused session of an identity gives way; false when none may. */
  function giveWay(owner: Owner, now: number): boolean {
    for (const [name, kept] of sessions) {
      if (now - kept.usedAt < GIVES_WAY_AFTER_MS) return false
      if (kept.owner !== owner || kept.inUse > 0 || kept.bytes === 0) continue
      drop(name, kept)
      owner.gone.set(name, kept.usedAt)
      count(owner, goneCost(name))
      return true
    }
    return false
  }

  /** One gives way for an identity: of another only if that one keeps more, so that a flood takes nothing from others. */
  function giveWayFor(owner: Owner, needed: number, now: number): boolean {
    const larger = [...owners.values()].filter((one) => one !== owner && one.bytes > owner.bytes + needed)
    return [...larger.sort((a, b) => b.bytes - a.bytes), owner].some((one) => giveWay(one, now))
  }

  function roomFor(kept: () => Kept): MakeRoom {
    return (asked) => {
      const session = kept()
      const { owner } = session
      const needed = asked + (session.bytes === 0 ? SESSION_COST_BYTES : 0)
      const now = clock.now()
      while (owner.bytes + needed > limits.identityBytes)
        if (!giveWay(owner, now)) throw full('the sessions of this identity')
      while (bytes + needed > limits.bytes) if (!giveWayFor(owner, needed, now)) throw full('all agents')
      if (session.bytes === 0) empty--
      session.bytes += needed
      count(owner, needed)
    }
  }

  /** Forgets what cannot be asked for again, and sessions of which nothing is lost. */
  function forget(now: number): void {
    for (const [name, kept] of sessions) {
      const over = now - kept.usedAt >= FORGOTTEN_AFTER_MS
      if (!over && empty <= MAX_EMPTY_SESSIONS) break
      if (kept.inUse === 0 && (over || kept.bytes === 0)) drop(name, kept)
    }
    for (const [name, owner] of owners) {
      for (const [session, usedAt] of owner.gone) {
        if (now - usedAt < FORGOTTEN_AFTER_MS) break
        owner.gone.delete(session)
        count(owner, -goneCost(session))
      }
      if (owner.sessions === 0 && owner.gone.size === 0) owners.delete(name)
    }
  }

  function ownerOf({ issuer, user }: Identity): Owner {
    const name = JSON.stringify([issuer, user.username])
    const owner = owners.get(name) ?? { bytes: 0, sessions: 0, gone: new Map() }
    owners.set(name, owner)
    return owner
  }

  function fresh(name: string, owner: Owner, rules: MaskRules, usedAt: number): Kept {
    const values = createKnownValues(roomFor(() => kept))
    const finder = createFinder(rules, values)
    const kept: Kept = { owner, key: keyOf(secret, name), values, rules, finder, bytes: 0, usedAt, inUse: 0 }
    empty++
    owner.sessions++
    return kept
  }

  return {
    enter(identity, connection, session, rules) {
      const now = clock.now()
      forget(now)
      const name = maskingName(identity, connection, session)
      const known = sessions.get(name)
      const owner = known?.owner ?? ownerOf(identity)
      if (owner.gone.has(name)) return { ok: false, refusal: { kind: 'ended', message: GONE } }
      const kept = known ?? fresh(name, owner, rules, now)
      if (kept.rules !== rules) {
        if (kept.rules.revision !== rules.revision) kept.finder = createFinder(rules, kept.values)
        kept.rules = rules
      }
      const use = (): void => {
        kept.usedAt = clock.now()
        sessions.delete(name)
        sessions.set(name, kept)
      }
      use()
      kept.inUse++
      let inside = true
      const leave = (): void => {
        if (!inside) return
        inside = false
        kept.inUse--
        use()
      }
      const { key, values, finder } = kept
      return { ok: true, value: { masking: { key, rules, values, finder }, leave } }
    },
    get size() {
      return sessions.size
    },
    get bytes() {
      return bytes
    },
  }
}

function goneCost(name: string): number {
  return GONE_COST_BYTES + 2 * name.length
}

const GONE =
  'this session has rested for so long that the secrets it has read are no longer kept in mind, and would not be masked where they turn up again; begin a new session (start the agent anew)'

function full(whose: string): MaskError {
  return new MaskError(
    `${whose} on this connection have read more secrets within half an hour than can be kept in mind to mask them elsewhere; read fewer Secrets, by name, or wait: sessions that nobody has used for 30 minutes make room`,
  )
}

function keyOf(secret: Uint8Array, session: string): Uint8Array {
  return hmac(sha256, secret, new TextEncoder().encode(`mask\n${session}`))
}
