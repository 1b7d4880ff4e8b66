// What a scanner looks at: a tree of places in a document, and what it is told of a value there. Types only.

import type { Key } from './keys.ts'

/** A whole value in the stream. Good only while a leaf is called with it. */
export interface Token {
  readonly kind: 'string' | 'primitive' | 'subtree'
  /** The token's bytes as they came, quotes and escapes included. */
  readonly raw: Uint8Array
  /** The nearest object key, decoded; '' when there is none. */
  readonly key: string
  /** The same, with what is known of it. */
  readonly name: Key | null
  /** What the object calls itself by its member `name` or `key` (of `{name, value}`); null when nothing has been said. */
  readonly called: Key | null
  /** 0-based position in the array the value stands in; 0 in an object. */
  readonly index: number
  /** Where it stands: `items[].data.password`. */
  readonly at: string
  /** The key of the object it is a member of; null when that has none. */
  readonly owner: Key | null
}

/** What a member says of the object it stands in; the greatest counts. 0: nothing was said. */
export type Verdict = number

/** Something that a member says of its object, and others ask. */
export type Question = 'kind' | 'name'

/** A cheap look at a string, `bytes[start..end)` within its quotes: false when the leaf would leave it. */
export interface Worth {
  (bytes: Uint8Array, start: number, end: number, name: Key | null, escaped: boolean): boolean
  /**
   * Where the string that begins at `bytes[start]` ends, quote included, if it is the one that was last left under this name and
   * would be again; else -1. Stays behind when a node is given another look.
   */
  again?: (bytes: Uint8Array, start: number, name: Key | null) => number
}

/** What to do at a place in the document. A place without a node is passed over unread. */
export interface Node {
  /** By object key, decoded and folded by `fold`. Keys may repeat; each is looked at. */
  members?: ReadonlyMap<string, Node>
  /** For keys not in `members`. */
  others?: Node
  /** For elements of an array; absent: an array is passed through and its elements stand in its place. */
  elements?: Node
  /**
   * For a string or primitive: the bytes to put in its place, or null to leave it as it came.
   * A node with nothing but a leaf gets objects and arrays too, whole.
   */
  leaf?: (token: Token) => Uint8Array | null
  /** Absent: the leaf gets all strings. */
  worth?: Worth
  /** For each key of an object here: another JSON string token to put in its place, or null. */
  rekey?: (key: Key, where: Pick<Token, 'at' | 'owner'>) => Uint8Array | null
  /** A string here says something of the object it is a member of. */
  tells?: { readonly question: Question; readonly says: (value: Key) => Verdict }
  /** What is done here depends on what another member of the object says. The nodes asked for must not tell or ask themselves. */
  asks?: {
    readonly question: Question
    /** Whether the value waits for the answer, to the end of the object if need be; else it is taken as nothing was said. */
    readonly waits: boolean
    /** The least verdict by which the answer changes: it must not come once another was given. */
    readonly from: Verdict
    readonly node: (verdict: Verdict) => Node
  }
}
