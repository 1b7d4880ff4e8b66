// The language of the pattern rules, one rule a line. A rule is a shape with a literal to find it by, so that all rules together
// are one pass over the bytes. No I/O.

/** A check that a shape alone cannot make. */
export type Check = 'luhn' | 'jwt' | 'crc32-base62' | 'base64-json'

/** A kind of credential. */
export interface PatternRule {
  /** `[a-z0-9-]+`, unique: what stands in the placeholder. */
  readonly id: string
  /**
   * The shape, in a subset of regular expressions over bytes: literals, `\` escapes of signs (and `\n`, `\r`, `\t`), classes
   * (`[A-Za-z0-9_-]`, `[^"]`, `\d` = `[0-9]`, `\w` = `[A-Za-z0-9_]`, `\h` = `[0-9a-f]`, `\s` = blank or tab), repeats with bounds
   * (`{n}`, `{m,n}`, `?`; n ≤ 4096 of a class, ≤ 64 of a group or a sign), groups of alternatives `(a|b)` and `<…>` around the part that
   * is masked (absent: all of it). No `*`, no `+`, no `.`. A class matches as much as it can and gives back what the next piece needs;
   * of alternatives the first that fits is taken. The shape is found by the literal in it that is longest (several where it has
   * alternatives or a small class: `gh[pou]_`), wherever that stands, and then matched around it. Where no other stands, one of two bytes
   * is taken, which is slower.
   */
  readonly match: string
  /** Letters match in either case. */
  readonly ignoreCase: boolean
  /**
   * Words, in lower case (matched in either case), one of which must stand before the shape, on the same line or the one before, at
   * most 64 bytes away. A word of up to 4 bytes must stand by itself (`exa_key`,
   * not `example`). Empty: the shape must hold a literal of 3 bytes or more.
   */
  readonly near: readonly string[]
  /** Bits for each character that the masked part must have at least (Shannon); 0: none. */
  readonly entropy: number
  readonly check: Check | null
  /** The vendor's documentation that shape or use were taken from. */
  readonly source: string
}

interface Extra {
  readonly ignoreCase?: boolean
  readonly entropy?: number
  readonly check?: Check
}

/** A credential that is known by its own shape. Its first and last byte must not continue a word. */
export function shape(id: string, match: string, source: string, extra: Extra = {}): PatternRule {
  const { ignoreCase = false, entropy = 0, check = null } = extra
  return { id, match, ignoreCase, near: [], entropy, check, source }
}

/** A credential whose shape is ordinary, so that a word before it must say whose it is. */
export function near(id: string, words: string, match: string, source: string, extra: Extra = {}): PatternRule {
  const { ignoreCase = false, entropy = 3, check = null } = extra
  return { id, match, ignoreCase, near: words.split('|'), entropy, check, source }
}
