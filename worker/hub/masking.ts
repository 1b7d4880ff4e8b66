// What masks the requests of a session: its key, the values masked in it so far, its finder. One for each session, in memory
// only, for as many sessions as are kept in mind. No I/O.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Finder, KnownValues, Masking, MaskRules } from '../mask/contract.ts'
import { createFinder } from '../mask/find/finder.ts'
import { createKnownValues } from '../mask/find/values.ts'

/** Sessions whose masked values are kept in mind, the last used ones: each may hold some megabytes. */
const MAX_SESSIONS = 256

/** The masking of a hub's sessions. */
export interface Maskings {
  /** The same values for the same session; a new finder when the rules have changed. */
  of(session: string, rules: MaskRules): Masking
}

interface Kept {
  readonly key: Uint8Array
  readonly values: KnownValues
  rules: MaskRules
  finder: Finder
}

/** @param secret the gateway's secret from which each session's key is derived */
export function createMaskings(secret: Uint8Array): Maskings {
  const sessions = new Map<string, Kept>()
  return {
    of(session, rules) {
      const known = sessions.get(session)
      const kept = known ?? fresh(secret, session, rules)
      if (kept.rules !== rules) {
        if (kept.rules.revision !== rules.revision) kept.finder = createFinder(rules, kept.values)
        kept.rules = rules
      }
      // Last used, last in the map.
      sessions.delete(session)
      sessions.set(session, kept)
      if (sessions.size > MAX_SESSIONS) for (const oldest of [...sessions.keys()].slice(0, 1)) sessions.delete(oldest)
      return { key: kept.key, rules, values: kept.values, finder: kept.finder }
    },
  }
}

function fresh(secret: Uint8Array, session: string, rules: MaskRules): Kept {
  const values = createKnownValues()
  const key = hmac(sha256, secret, new TextEncoder().encode(`mask\n${session}`))
  return { key, values, rules, finder: createFinder(rules, values) }
}
