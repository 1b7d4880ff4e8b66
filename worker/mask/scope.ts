// What the masking of one body works with. In: a session's masking and what was asked. No I/O.

import type { RequestInfo } from '../context.ts'
import type { Finder, Masking } from './contract.ts'
import { Keys } from './keys.ts'
import type { Node } from './node.ts'
import { Masker } from './placeholder.ts'

/** The masking of one body. */
export interface Scope {
  readonly masking: Masking
  readonly info: RequestInfo
  readonly masker: Masker
  /** Names met in the session. */
  readonly keys: Keys
  /** Short strings that were searched in the session. */
  readonly words: Keys
  /** Values of the request's body, which an answer's Status may quote. */
  readonly requestSecrets: readonly string[]
  /** How many JSON strings the document stands inside. */
  readonly embedded: number
  /** Bytes that may still be unpacked, characters that may still be parsed as YAML, strings that may still turn out to be no JSON. */
  readonly budget: { unpacked: number; yaml: number; broken: number }
  /** Trees made so far, by `embedded`. */
  readonly trees: Map<number, Node>
}

/** What a session has met belongs to its finder: that says which names say secret, and what is found in them. */
const MET = new WeakMap<Finder, Pick<Scope, 'keys' | 'words'>>()

/** Bytes of packed content that are unpacked in one body. Stops a body of small bombs. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024
/** Characters of one body that are parsed as YAML (some 1 MB/s). Stops a body from holding the event loop. */
const MAX_YAML_CHARS = 64 * 1024
/** Strings of one body that look like JSON and are not: each costs an exception. Some tools log in brackets. */
const MAX_BROKEN = 20_000

export function scopeOf(
  masking: Masking,
  info: RequestInfo,
  options: { readonly requestSecrets?: readonly string[]; readonly collect?: boolean } = {},
): Scope {
  const known = MET.get(masking.finder)
  const met = known ?? { keys: new Keys(), words: new Keys() }
  if (known === undefined) MET.set(masking.finder, met)
  return {
    ...met,
    masking,
    info,
    masker: new Masker(masking.key, options.collect ?? false, masking.rules.layers.values ? masking.values : null),
    requestSecrets: options.requestSecrets ?? [],
    embedded: 0,
    budget: { unpacked: MAX_UNPACKED_BYTES, yaml: MAX_YAML_CHARS, broken: MAX_BROKEN },
    trees: new Map(),
  }
}

/** The same for a document that stands in a string of this one. */
export function inner(scope: Scope): Scope {
  return { ...scope, embedded: scope.embedded + 1 }
}
