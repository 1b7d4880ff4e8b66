// What masks the requests of a session: its key, the values masked in it so far, its finder. One for each session, in memory
// only: a gateway that starts anew knows no values of before, while keys and tags stay the same. No I/O.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Identity } from '../context.ts'
import type { Finder, Masking, MaskRules } from '../mask/contract.ts'
import { createFinder } from '../mask/find/finder.ts'
import { createKnownValues, type SearchableValues } from '../mask/find/values.ts'
import type { Clock } from '../ports.ts'

/** Sessions that are kept in mind at once, the last used ones. */
const MAX_SESSIONS = 1024
/** Values of all of them together; those of the longest unused sessions are forgotten first. Stops sessions that read Secrets for hours from filling memory. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024
/** What is kept of a value beside its bytes: lines of it, and where it is found. */
const VALUE_COST_BYTES = 256
/** A session that nobody has used for so long has ended: an agent's next one is another. */
export const FORGOTTEN_AFTER_MS = 12 * 3_600_000

/** What a session is called here: two identities that name their sessions alike share neither tags nor values. */
export function maskingName({ issuer, user }: Identity, connection: string, session: string): string {
  return JSON.stringify([issuer, user.username, connection, session])
}

/** The masking of a hub's sessions. */
export interface Maskings {
  /**
   * The same values for the same session; a new finder when the rules have changed.
   * @param session as {@link maskingName} calls it
   */
  of(session: string, rules: MaskRules): Masking
  /** Sessions that are kept in mind. */
  readonly size: number
}

interface Kept {
  readonly key: Uint8Array
  readonly values: SearchableValues
  rules: MaskRules
  finder: Finder
  usedAt: number
}

/**
 * @param secret the gateway's secret from which each session's key is derived
 * @param maxBytes of all values together
 */
export function createMaskings(
  secret: Uint8Array,
  clock: Pick<Clock, 'now'>,
  maxBytes: number = MAX_KEPT_BYTES,
): Maskings {
  // In order of use: the last used is the last.
  const sessions = new Map<string, Kept>()

  /** Forgets sessions that have ended, and the longest unused ones while there are too many values. */
  function forget(now: number): void {
    let kept = 0
    for (const { values } of sessions.values()) kept += costOf(values)
    for (const [session, { values, usedAt }] of sessions) {
      const over = sessions.size > MAX_SESSIONS || kept > maxBytes
      // The last one is the one that is asked for.
      if (sessions.size === 1 || (!over && now - usedAt < FORGOTTEN_AFTER_MS)) return
      sessions.delete(session)
      kept -= costOf(values)
    }
  }

  return {
    of(session, rules) {
      const now = clock.now()
      const kept = sessions.get(session) ?? fresh(secret, session, rules, now)
      if (kept.rules !== rules) {
        if (kept.rules.revision !== rules.revision) kept.finder = createFinder(rules, kept.values)
        kept.rules = rules
      }
      kept.usedAt = now
      sessions.delete(session)
      sessions.set(session, kept)
      forget(now)
      return { key: kept.key, rules, values: kept.values, finder: kept.finder }
    },
    get size() {
      return sessions.size
    },
  }
}

function costOf({ bytes, size }: SearchableValues): number {
  return bytes + size * VALUE_COST_BYTES
}

function fresh(secret: Uint8Array, session: string, rules: MaskRules, usedAt: number): Kept {
  const values = createKnownValues()
  const key = hmac(sha256, secret, new TextEncoder().encode(`mask\n${session}`))
  return { key, values, rules, finder: createFinder(rules, values), usedAt }
}
