// What stood where a placeholder stands now. In: a text as it is and as it was masked, both as one character a byte. Out: the
// stretch behind each placeholder, exact, or null where that cannot be told. Work is bounded. No I/O.

import { decodeBase64 } from '../base64.ts'
import { undoEscapes } from '../escapes.ts'
import { Masker } from '../placeholder.ts'
import { binaryOf, bytesOf } from './binary.ts'

/** A masked stretch of a text. */
export interface Stretch {
  readonly tag: string
  /** Where it stands in the text as it is. */
  readonly start: number
  /** As it stood, one character a byte. */
  readonly original: string
  /** What its tag is made of, one character a byte; null when that could not be found out. */
  readonly value: string | null
}

/** A placeholder in a text of one character a byte. */
export const PLACEHOLDER = /\u00e2\u009f\u00a6masked:[a-z0-9-]+:([0-9a-f]{12})\u00e2\u009f\u00a7/g
const WHOLE = new RegExp(`^${PLACEHOLDER.source}$`)
/** How every placeholder begins, likewise. */
export const START = '\u00e2\u009f\u00a6masked:'

/** A placeholder in base64, as it stands where base64 is expected: its first nine bytes are `⟦masked`. */
const IN_BASE64 = /4p\+mbWFza2Vk[A-Za-z0-9+/]{16,400}={0,2}/g

/** Where a placeholder stands, and what it says. */
export interface Standing {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly tag: string
  readonly inBase64: boolean
}

/** The placeholders in a text of one character a byte, by place, plain and in base64. */
export function placeholdersIn(text: string): readonly Standing[] {
  const found: Standing[] = []
  for (const { 0: all, 1: tag = '', index } of text.matchAll(PLACEHOLDER))
    found.push({ start: index, end: index + all.length, tag, inBase64: false })
  for (const { 0: all, index } of text.matchAll(IN_BASE64)) {
    const bytes = decodeBase64(bytesOf(all))
    const tag = bytes === null ? null : WHOLE.exec(binaryOf(bytes))
    if (tag !== null) found.push({ start: index, end: index + all.length, tag: tag[1] ?? '', inBase64: true })
  }
  return found.sort((one, other) => one.start - other.start)
}

/** Bytes that may be hashed to tell stretches apart, for one request. Stops a text of many placeholders from holding the loop. */
const MAX_HASHED_BYTES = 16 * 1024 * 1024
/** Places that are tried for the end of one stretch, and the longest that is. */
const MAX_TRIED = 256
const MAX_TRIED_CHARS = 64 * 1024

/** Tells whether a stretch has a tag, by the session's key. */
export class Tags {
  readonly #masker: Masker
  #left = MAX_HASHED_BYTES

  /** @param key the session's HMAC key */
  constructor(key: Uint8Array) {
    this.#masker = new Masker(key)
  }

  /** What of a stretch has the tag: itself, or it with escapes, base64 or quotes undone. Null: nothing. */
  valueOf(tag: string, stretch: string): string | null {
    for (const form of formsOf(stretch)) {
      this.#left -= form.length + 64
      if (this.#left < 0) return null
      if (this.#masker.uncounted(bytesOf(form)).includes(`:${tag}\u27e7`)) return form
    }
    return null
  }
}

/** A stretch, and what may be wrapped in it. */
function* formsOf(stretch: string): Generator<string> {
  yield stretch
  const decoded = decodedOf(stretch)
  if (decoded !== null) yield decoded
  if (stretch.includes('\\')) yield binaryOf(undoEscapes(bytesOf(stretch)))
  const quoted = /^\s*(["'])([\s\S]*)\1\s*$/.exec(stretch)
  if (quoted !== null) {
    const [, quote = '', inner = ''] = quoted
    const plain = quote === '"' ? binaryOf(undoEscapes(bytesOf(inner))) : inner.replaceAll("''", "'")
    yield plain
    const inside = decodedOf(plain)
    if (inside !== null) yield inside
  }
  if (stretch.includes('%')) {
    const plain = stretch.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (plain !== stretch) yield plain
  }
}

/** What base64 stands for; white space in it is passed over. Null: it is none. */
function decodedOf(text: string): string | null {
  if (text.length < 4 || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return null
  const decoded = decodeBase64(bytesOf(text.replace(/\s+/g, '')))
  return decoded === null ? null : binaryOf(decoded)
}

/** The stretches behind the placeholders of a masked text, in order; null when they cannot be told for certain. */
export function stretchesOf(live: string, masked: string, tags: Tags): readonly Stretch[] | null {
  const placeholders = placeholdersIn(masked)
  const [first] = placeholders
  if (first === undefined || !live.startsWith(masked.slice(0, first.start))) return null
  const stretches: Stretch[] = []
  let at = first.start
  for (const [index, { end: after, tag }] of placeholders.entries()) {
    const next = placeholders[index + 1]
    const between = masked.slice(after, next?.start ?? masked.length)
    const found = next === undefined ? lastAt(live, at, between, tag, tags) : endAt(live, at, between, tag, tags)
    if (found === null) return null
    stretches.push({ tag, start: at, original: live.slice(at, found.end), value: found.value })
    at = found.end + between.length
  }
  return stretches
}

/** Where a stretch ends, and what of it has the tag. */
interface End {
  readonly end: number
  readonly value: string | null
}

/** The last stretch: what comes after it is the end of the text. */
function lastAt(live: string, at: number, rest: string, tag: string, tags: Tags): End | null {
  const end = live.length - rest.length
  if (end < at || !live.endsWith(rest)) return null
  return { end, value: tags.valueOf(tag, live.slice(at, end)) }
}

/** A stretch that is followed by `between`: by its tag, else where `between` stands only once. */
function endAt(live: string, at: number, between: string, tag: string, tags: Tags): End | null {
  const ends: number[] = []
  for (let end = live.indexOf(between, at); end >= 0; end = live.indexOf(between, end + 1)) {
    if (end - at > MAX_TRIED_CHARS || ends.length === MAX_TRIED) break
    ends.push(end)
  }
  for (const end of ends) {
    const value = tags.valueOf(tag, live.slice(at, end))
    if (value !== null) return { end, value }
  }
  const [only] = ends
  return ends.length === 1 && only !== undefined && between !== '' ? { end: only, value: null } : null
}
