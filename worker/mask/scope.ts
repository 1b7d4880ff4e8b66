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
  /** How trees forget what they have seen of a body, before the next one: whatever a node remembers must be told here. */
  readonly forget: (() => void)[]
}

/** A scope that is used for one body after the other of the same session: its trees take longer to make than to walk. */
export interface Lent {
  readonly scope: Scope
  /** Called once, when the body is through; the report must have been taken by then. One that broke off is not given back. */
  giveBack(): void
}

/** What a session has met belongs to its finder: that says which names say secret, and what is found in them. */
const MET = new WeakMap<Finder, Pick<Scope, 'keys' | 'words'>>()

/** Bytes of packed content that are unpacked in one body. Stops a body of small bombs. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024
/** Characters of one body that are parsed as YAML (some 1 MB/s). Stops a body from holding the event loop. */
const MAX_YAML_CHARS = 64 * 1024
/** Strings of one body that look like JSON and are not: each costs an exception. Some tools log in brackets. */
const MAX_BROKEN = 20_000
const WHOLE_BUDGET = { unpacked: MAX_UNPACKED_BYTES, yaml: MAX_YAML_CHARS, broken: MAX_BROKEN } as const
/** Scopes kept for a session: some 30 KB each. An agent asks for one kind of object at a time, mostly. */
const MAX_WAITING = 4

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
    budget: { ...WHOLE_BUDGET },
    trees: new Map(),
    forget: [],
  }
}

/** Scopes that wait for the next body of their session, the last used last. They know its key: never another session's. */
const WAITING = new WeakMap<Finder, { readonly what: string; readonly scope: Scope }[]>()

/** The scope for an answer whose request had no values, made ready for it, or a new one. */
export function lend(masking: Masking, info: RequestInfo): Lent {
  const what = kindOfTree(info)
  const { finder } = masking
  const waiting = WAITING.get(finder)
  const at = waiting?.findLastIndex((one) => one.what === what) ?? -1
  const [found] = at < 0 ? [] : (waiting?.splice(at, 1) ?? [])
  const isSame =
    found !== undefined &&
    found.scope.masking.key === masking.key &&
    found.scope.masking.rules === masking.rules &&
    found.scope.masking.values === masking.values
  const scope = isSame ? found.scope : scopeOf(masking, info)
  return {
    scope,
    giveBack() {
      for (const forget of scope.forget) forget()
      scope.masker.forget()
      Object.assign(scope.budget, WHOLE_BUDGET)
      const others = WAITING.get(finder) ?? []
      others.push({ what, scope })
      if (others.length > MAX_WAITING) others.shift()
      WAITING.set(finder, others)
    },
  }
}

/** What trees go by: two requests for which it is the same have the same tree. */
function kindOfTree({ isResourceRequest, apiGroup, resource, subresource, path }: RequestInfo): string {
  return isResourceRequest ? `${apiGroup}/${resource}/${subresource}` : path
}

/** The same for a document that stands in a string of this one. */
export function inner(scope: Scope): Scope {
  return { ...scope, embedded: scope.embedded + 1 }
}
