// One string of a write in which placeholders stand. In: the string, and the same field of the object as it stands and as the
// session sees it. Out: the token with what was masked there, or null: a placeholder stands for something else. No I/O.

import { decodeBase64, encodeBase64 } from '../base64.ts'
import { START_IN_BASE64 } from '../find.ts'
import { PLACEHOLDER_START } from '../placeholder.ts'
import { binaryOf, binaryOfText, bytesOf, textOfBinary } from './binary.ts'
import { type JsonNode, rawOf, stringToken } from './json.ts'
import type { Form, Source } from './source.ts'
import { PLACEHOLDER, placeholdersIn, START, type Stretch, stretchesOf, type Tags } from './stretches.ts'
import { occurrencesOf, type Placed, standsAlone } from './words.ts'

/** A string with its placeholders undone. */
export interface RestoredField {
  /** A JSON token. */
  readonly token: string
  /** What was put in, as text. In memory only. */
  readonly values: readonly string[]
  /** The string is no longer as it stood: whether it is masked when it is read again must be looked at. */
  readonly changed: boolean
}

/** Values by tag that may also be put in, where the field's own value holds them: of a Helm release. One character a byte. */
export type Dictionary = ReadonlyMap<string, string>

/** A value of the release this short would be part of anything. */
const MIN_PART_CHARS = 4
const decoder = new TextDecoder('utf-8')
const WHOLE = new RegExp(`^${PLACEHOLDER.source}$`)

/** True when text of one character a byte holds a placeholder that stands plain in it. */
export function holdsPlain(binary: string): boolean {
  return binary.includes(START)
}

/** The same of one that stands in base64 too. */
export function holds(binary: string): boolean {
  return holdsPlain(binary) || placeholdersIn(binary).length > 0
}

/** A quick look at a text: false only if it holds no placeholder, plain or in base64 from its beginning. */
export function mayHold(text: string): boolean {
  if (text.includes(PLACEHOLDER_START)) return true
  if (text.length < 20) return false
  const joined = text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text
  return START_IN_BASE64.some((form) => joined.includes(form))
}

/** The bytes of base64 that holds a placeholder, one character a byte; null: it is none, or holds none. */
export function decodedWithPlaceholder(text: string): string | null {
  if (text.length < 20 || !/^[A-Za-z0-9+/\r\n]+={0,2}[\r\n]*$/.test(text)) return null
  const bytes = decodeBase64(bytesOf(text))
  const binary = bytes === null ? '' : binaryOf(bytes)
  return holdsPlain(binary) ? binary : null
}

/** The field as it stands, where it was written back as it was seen. */
export function exactly(text: string, form: Form, sources: readonly Source[]): RestoredField | null {
  for (const source of sources) {
    const { live, masked } = source
    if (source.form !== form || masked.kind !== 'string' || masked.value !== text) continue
    const raw = rawOf(live)
    if (raw !== rawOf(masked)) return { token: raw, values: valuesOf(textIn(live)), changed: false }
  }
  return null
}

/** A value as text: of what is no string, its token. */
function textIn(node: JsonNode): string {
  return node.kind === 'string' ? node.value : rawOf(node)
}

/**
 * @param form how the field holds a Secret's value, if it does
 * @param sources the field's own places
 */
export function restoreField(
  text: string,
  form: Form,
  sources: readonly Source[],
  tags: Tags,
  dictionary: Dictionary,
): RestoredField | null {
  const same = exactly(text, form, sources)
  if (same !== null) return same
  const own = binaryOfText(text)
  const decoded = decodedWithPlaceholder(text)
  const [content, inBase64] = decoded === null ? [own, false] : [decoded, true]
  if (!holds(content)) return null
  const pairs = sources.flatMap((source) => contentsOf(source, form === 'other' ? inBase64 : null))
  const made = fill(content, pairs, tags, dictionary)
  if (made === null) return null
  const { filled, values } = made
  const isWhole = WHOLE.test(content)
  // A value written plain into `data` is meant as what it stands for; with more beside it, it would be decoded by the API server,
  // which says at which byte that fails.
  const encoded = inBase64 || (form === 'base64' && isWhole)
  if (form === 'base64' && !encoded) return null
  // Who has seen no words around it can change none; what a kind says of longer and longer ones would tell how long the value is.
  const stood = pairs.some(([live]) => live === filled)
  if (form === 'other' && !isWhole && !stood && pairs.every(([, masked]) => WHOLE.test(masked))) return null
  const result = encoded ? decoder.decode(encodeBase64(bytesOf(filled))) : textOfBinary(filled)
  return result === null ? null : { token: stringToken(result), values, changed: true }
}

/**
 * What a place holds, as it stands and masked, one character a byte.
 * @param inBase64 whether the written string is base64 of what is looked for; null: a Secret's value, whose form its place says
 */
function contentsOf({ live, masked, form }: Source, inBase64: boolean | null): (readonly [string, string])[] {
  // YAML may say a password as a number.
  if (masked.kind !== 'string' || (live.kind !== 'string' && live.kind !== 'primitive')) return []
  const text = textIn(live)
  if (text === masked.value) return []
  const decode = inBase64 ?? form === 'base64'
  if (!decode) return [[binaryOfText(text), binaryOfText(masked.value)]]
  const one = decodeBase64(bytesOf(binaryOfText(text)))
  const other = decodedWithPlaceholder(masked.value)
  return one === null || other === null ? [] : [[binaryOf(one), other]]
}

/** Puts in what the placeholders stand for in the field's own contents. */
function fill(
  content: string,
  pairs: readonly (readonly [string, string])[],
  tags: Tags,
  dictionary: Dictionary,
): { readonly filled: string; readonly values: readonly string[] } | null {
  const stretches = pairs.flatMap(([live, masked]) =>
    (stretchesOf(live, masked, tags) ?? []).map((stretch) => ({ ...stretch, live })),
  )
  const known = originalsOf(stretches)
  const parts = new Map<string, string | null>()
  const part = (tag: string, inBase64: boolean): string | null => {
    const key = `${tag}${inBase64}`
    const found = parts.get(key) ?? partOf(dictionary.get(tag), pairs, inBase64)
    parts.set(key, found)
    return found
  }
  const values: string[] = []
  const placed: Placed[] = []
  let out = ''
  let at = 0
  for (const { start, end, tag, inBase64 } of placeholdersIn(content)) {
    const own = known.get(tag)
    const original = own ?? part(tag, inBase64)
    if (original === null) return null
    out += content.slice(at, start)
    const stood =
      own === undefined ? occurrencesOf(original, pairs) : stretches.filter((stretch) => stretch.tag === tag)
    placed.push({ tag, start: out.length, original, stood })
    out += original
    at = end
    values.push(decoder.decode(bytesOf(original)))
  }
  out += content.slice(at)
  if (!standsAlone(out, placed)) return null
  const filled = asItStood(out, pairs)
  return holdsPlain(filled) ? null : { filled, values }
}

/** A block of YAML ends in one line break; where the value had one of its own, only one of them stood there. */
function asItStood(filled: string, pairs: readonly (readonly [string, string])[]): string {
  const without = filled.slice(0, -1)
  return filled.endsWith('\n\n') && pairs.some(([live]) => live === without) ? without : filled
}

/** What stands behind each tag in a field; not where different things do (one value in two spellings). */
function originalsOf(stretches: readonly Stretch[]): ReadonlyMap<string, string> {
  const originals = new Map<string, string>()
  const several = new Set<string>()
  for (const { tag, original } of stretches) {
    if ((originals.get(tag) ?? original) !== original) several.add(tag)
    originals.set(tag, original)
  }
  for (const tag of several) originals.delete(tag)
  return originals
}

/** A value of the release, if it stands in the field. */
function partOf(
  found: string | undefined,
  pairs: readonly (readonly [string, string])[],
  inBase64: boolean,
): string | null {
  if (found === undefined) return null
  const value = inBase64 ? decoder.decode(encodeBase64(bytesOf(found))) : found
  const whole = pairs.some(([live]) => live === value)
  return whole || (value.length >= MIN_PART_CHARS && pairs.some(([live]) => live.includes(value))) ? value : null
}

/** A value as it may be quoted: as it stands and, where it is base64, decoded. */
function valuesOf(text: string): string[] {
  const decoded = decodeBase64(bytesOf(binaryOfText(text)))
  return decoded === null ? [text] : [text, decoder.decode(decoded)]
}
