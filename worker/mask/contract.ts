// What the parts of masking agree on: what a finder finds, what a session keeps, what MaskPolicies say. Types only.

import type { RequestInfo } from '../context.ts'

/** A stretch of a text that is secret. Offsets are bytes into the text that was given. */
export interface Hit {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** The rule that found it, as it stands in the placeholder: `[a-z0-9-]+`. `value` when it was found by value. */
  readonly rule: string
  /**
   * What its tag is made of: the stretch with what is wrapped around it undone (escapes, base64, colours), so that one secret
   * has one tag wherever it stands.
   */
  readonly value: Uint8Array
  /** `base64` when the stretch is base64: where it fills a whole string, its placeholder is base64 too, for typed clients. */
  readonly form: 'plain' | 'base64'
}

/** What was found in a text. */
export interface Found {
  /** By place; they do not overlap. */
  readonly hits: readonly Hit[]
  /**
   * Everything before is decided, whatever comes. From here on more text could change what is found. The text's length when nothing
   * is open; never inside a hit.
   */
  readonly open: number
  /** From here on the text must be kept, even what of it has gone on: a Secret's object, whose values more text may bring. Absent: nowhere. */
  readonly keep?: number
}

/** How a text is searched. */
export interface FindOptions {
  /** No more text comes: nothing stays open. */
  readonly final: boolean
  /** The name the text stands under (a JSON key, a variable): what follows a name that says secret is judged by it. Absent: none. */
  readonly name?: string
  /** Everything before was let go already and is only looked back at: hits that end at or before it are left out. Default 0. */
  readonly from?: number
  /** How many bytes, at the end, no search has seen yet: what a session may cost is counted by them. Default: all. */
  readonly fresh?: number
}

/**
 * Looks for credentials by pattern, and for known values. Sees through escapes, URL encoding, base64, wrapped lines and
 * terminal sequences. One for each session; find() keeps nothing between two texts.
 */
export interface Finder {
  /** A cheap first look at `bytes[start..end)`, raw as it stands in JSON: false only if find() would find nothing in it. */
  suspect(bytes: Uint8Array, start: number, end: number): boolean
  /**
   * @param text UTF-8, or any bytes
   * @throws {MaskError} the work budget is spent, or it cannot be told: the text must be withheld
   */
  find(text: Uint8Array, options: FindOptions): Found
  /** Whether a name (a key, a variable) says that its value is a secret. */
  namesSecret(name: string): boolean
}

/** The values that structure masked in a session, to be found again by value. In memory only; bounded. */
export interface KnownValues {
  /**
   * Notes a value that was masked by structure. Those too short or too ordinary to be told from other text are passed over.
   * @param name the key it stood under
   * @throws {MaskError} there are more than can be kept: what would have come out with it must be withheld
   */
  note(value: Uint8Array, name: string): void
  /** How many are kept. */
  readonly size: number
}

/** A field that is masked by structure, as a MaskPolicy names it. */
export interface FieldRule {
  /** As it stands in the placeholder. */
  readonly name: string
  /** Steps from the object: a member by name, `*` any member, `[*]` each element. */
  readonly path: readonly string[]
}

/** A pattern of a MaskPolicy. */
export interface CustomPattern {
  readonly name: string
  /** RE2 syntax. With a group, the first group is masked, else all of it. */
  readonly match: string
}

/** What the MaskPolicies say for one identity on one connection. */
export interface MaskRules {
  /** Changes when any of it does. */
  readonly revision: number
  readonly layers: { readonly structure: boolean; readonly patterns: boolean; readonly values: boolean }
  /** Fields masked besides the built-in ones. */
  fields(info: RequestInfo): readonly FieldRule[]
  /** Names of variables and keys that say secret besides the built-in ones: RE2 syntax. */
  readonly names: readonly string[]
  readonly patterns: readonly CustomPattern[]
  /** Built-in pattern rules that are switched off. */
  readonly off: ReadonlySet<string>
  /** What is done with content that cannot be read. Never `pass` for Secrets. */
  onUnreadable(info: RequestInfo): 'withhold' | 'pass'
}

/** Everything that masks one request of a session. */
export interface Masking {
  /** The session's HMAC key, 32 bytes: of its tags. */
  readonly key: Uint8Array
  readonly rules: MaskRules
  readonly values: KnownValues
  readonly finder: Finder
}
