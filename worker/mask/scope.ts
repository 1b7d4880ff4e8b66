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

/** What a session has met, and what was made for it. */
interface Met {
  readonly keys: Keys
  readonly words: Keys
  /** Scopes that wait for the next body, the last used last. They know the session's key: never another session's. */
  readonly waiting: { readonly what: string; readonly scope: Scope }[]
}

/** It belongs to the session's finder: that says which names say secret, and what is found in them. */
const MET = new WeakMap<Finder, Met>()
/** Sessions that something is remembered for, the last used last: a few megabytes each at most. The others are only slower. */
const MAX_SESSIONS = 64
const sessions: WeakRef<Finder>[] = []

function metBy(finder: Finder): Met {
  if (sessions.at(-1)?.deref() === finder) return MET.get(finder) ?? begin(finder)
  const at = sessions.findIndex((one) => one.deref() === finder)
  const [one] = at < 0 ? [] : sessions.splice(at, 1)
  sessions.push(one ?? new WeakRef(finder))
  if (sessions.length > MAX_SESSIONS) {
    const gone = sessions.shift()?.deref()
    if (gone !== undefined) MET.delete(gone)
  }
  return MET.get(finder) ?? begin(finder)
}

function begin(finder: Finder): Met {
  const met: Met = { keys: new Keys(), words: new Keys(), waiting: [] }
  MET.set(finder, met)
  return met
}

/** Bytes of packed content that are unpacked in one body. Stops a body of small bombs. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024
/** Characters of one body that are parsed as YAML (some 1 MB/s). Stops a body from holding the event loop. */
const MAX_YAML_CHARS = 64 * 1024
/** Strings of one body that look like JSON and are not: each costs an exception. Some tools log in brackets. */
const MAX_BROKEN = 20_000
const WHOLE_BUDGET = { unpacked: MAX_UNPACKED_BYTES, yaml: MAX_YAML_CHARS, broken: MAX_BROKEN } as const
/** Scopes kept for a session: some 40 KB each. An agent asks for one kind of object at a time, mostly. */
const MAX_WAITING = 4

export function scopeOf(
  masking: Masking,
  info: RequestInfo,
  options: { readonly requestSecrets?: readonly string[]; readonly collect?: boolean } = {},
): Scope {
  const { keys, words } = metBy(masking.finder)
  return {
    keys,
    words,
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

/** The scope for an answer whose request had no values, made ready for it, or a new one. */
export function lend(masking: Masking, info: RequestInfo): Lent {
  const what = kindOfTree(info)
  const { waiting } = metBy(masking.finder)
  const at = waiting.findLastIndex((one) => one.what === what)
  const [found] = at < 0 ? [] : waiting.splice(at, 1)
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
      waiting.push({ what, scope })
      if (waiting.length > MAX_WAITING) waiting.shift()
    },
  }
}

/** What trees go by: two requests for which it is the same have the same tree. */
function kindOfTree({ isResourceRequest, apiGroup, resource, subresource, path }: RequestInfo): string {
  // A path may be `/secrets/`.
  return isResourceRequest ? `${apiGroup}/${resource}/${subresource}` : ` ${path}`
}

/** The same for a document that stands in a string of this one. */
export function inner(scope: Scope): Scope {
  return { ...scope, embedded: scope.embedded + 1 }
}
