// What is done with any string: a cheap look at its bytes, and only if that finds something the search in what it says. Hits
// are put into the bytes as they came; a document in the string is masked as a document. No I/O.

import { decodeBase64, encodeBase64 } from './base64.ts'
import type { Hit } from './contract.ts'
import { MaskError } from './error.ts'
import { gunzipBounded } from './gunzip.ts'
import type { Key } from './keys.ts'
import { MAX_EMBEDDED, MAX_RELEASE_BYTES } from './limits.ts'
import { secretLines } from './manifestlines.ts'
import type { Node, Token, Worth } from './node.ts'
import { Scanner } from './scanner.ts'
import { inner, type Scope } from './scope.ts'
import { applyEdits, type Edit, narrowed, stringToken, Text } from './token.ts'

const encoder = new TextEncoder()
const ascii = new TextDecoder('latin1')
const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** Shorter strings hold no manifest of a Secret. Stops a body of a million tiny documents. */
const MIN_MANIFEST_BYTES = 32
/** Shorter documents hold no pair of a name and a value. */
const MIN_DOCUMENT_BYTES = 24
/** What unpacking costs at least, in bytes that could have been unpacked. */
const MIN_UNPACKED_BYTES = 64 * 1024
/** Base64 of gzip's magic and deflate. */
const GZIP_IN_BASE64 = 'H4sI'
const VALUE_RULE = 'value'
/** Rules that go by what a text is called. */
const BY_NAME: ReadonlySet<string> = new Set(['password', 'secret', 'authorization'])
/** Shorter numbers are no card, and no number that is searched for. */
const MIN_NUMBER_BYTES = 12
/** Words up to this length stand again and again: each is searched once. */
const MAX_WORD_BYTES = 80
const NOTHING_FOUND: readonly Hit[] = []

/** The parts of a node that look at strings. */
export interface Looking {
  readonly worth: NonNullable<Node['worth']>
  readonly leaf: NonNullable<Node['leaf']>
  readonly rekey: NonNullable<Node['rekey']>
}

/** Where a string stands. */
export interface LookOptions {
  /** What it holds is a name that the agent must be able to use: known values are not looked for. */
  readonly quiet?: boolean
  /** The name of an object or of a key in one: nor is it judged by what stands around it. */
  readonly reference?: boolean
  /** The tree for a document in it. */
  readonly document: (scope: Scope) => Node
}

/** How strings are looked at. */
export function looking(scope: Scope, options: LookOptions): Looking {
  const { quiet = false, reference = false } = options
  const { finder, values } = scope.masking
  const { structure } = scope.masking.rules.layers
  const { words } = scope
  const worth: Worth = (bytes, start, end, name, escaped) => {
    if (start >= end) return false
    if (!reference && name !== null && saysSecret(name, scope)) return true
    if (structure && mayBeDocument(bytes, start, end, escaped)) return true
    const word = end - start > MAX_WORD_BYTES ? null : words.again(bytes, start - 1, end + 1)
    if (word === null) return finder.suspect(bytes, start, end)
    if (word.known !== values.size) {
      word.hits = finder.suspect(bytes, start, end) ? undefined : NOTHING_FOUND
      word.known = values.size
    }
    if (word.hits !== NOTHING_FOUND) return true
    if (name !== null) {
      words.follow(name.last ?? null, word)
      name.last = word
    }
    return false
  }
  // The same bytes under the same name, and no more values known: the same answer. Names differ in nothing but what they say.
  worth.again = (bytes, start, name) => {
    const last = name?.last
    if (name === null || last === undefined) return -1
    // Lists of objects have the same words in the same order.
    const word = last.standsAt(bytes, start) ? last : last.next?.standsAt(bytes, start) ? last.next : null
    if (word === null || word.hits !== NOTHING_FOUND || word.known !== values.size) return -1
    if (!reference && saysSecret(name, scope)) return -1
    name.last = word
    return start + word.raw.length
  }
  return {
    worth,
    leaf: (token) =>
      token.kind === 'string'
        ? lookAt(token, scope, options)
        : token.kind === 'primitive'
          ? numberAt(token, scope)
          : null,
    rekey(key, where) {
      if (key.hits === NOTHING_FOUND && key.known === values.size) return null
      const hits = hitsIn(key, scope)
      return hits.length === 0 ? null : replaceKey(key, quiet || reference ? named(hits) : hits, scope, where)
    },
  }
}

/** Whether a name says that its value is a secret. */
export function saysSecret(name: Key, scope: Scope): boolean {
  name.secret ??= scope.masking.finder.namesSecret(name.text)
  return name.secret
}

function mayBeDocument(bytes: Uint8Array, start: number, end: number, escaped: boolean): boolean {
  const first = bytes[start]!
  // A shorter one holds nothing that the finder does not see in it.
  if (end - start < MIN_MANIFEST_BYTES) return false
  if (first === 0x7b || first === 0x5b) return true
  if (first === 0x48) return bytes[start + 1] === 0x34 && bytes[start + 2] === 0x73 && bytes[start + 3] === 0x49
  if (!escaped) return false
  // White space before a document, or a manifest of several lines.
  return first === 0x20 || first === 0x5c || holdsSecretWord(bytes, start, end)
}

/** Whether the word `Secret` stands in bytes, or an escape that could hide a letter of it. */
function holdsSecretWord(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end - 5; i++) {
    const byte = bytes[i]!
    if (byte === 0x53 && bytes[i + 1] === 0x65 && bytes[i + 2] === 0x63 && bytes[i + 3] === 0x72) return true
    if (byte === 0x5c && bytes[i + 1] === 0x75) return true
  }
  return false
}

/** A number that is a card's or a known value; its placeholder is a string. Others stay: most are counts and times. */
function numberAt(token: Token, scope: Scope): Uint8Array | null {
  const { raw } = token
  if (raw.length < MIN_NUMBER_BYTES) return null
  const { hits } = scope.masking.finder.find(raw.slice(), { final: true })
  const whole = hits.find(({ start, end }) => start === 0 && end === raw.length)
  return whole === undefined ? null : stringToken(scope.masker.placeholder(whole.value, whole.rule, token.at))
}

function lookAt(token: Token, scope: Scope, options: LookOptions & { readonly under?: string }): Uint8Array | null {
  const { document, reference = false } = options
  const { structure } = scope.masking.rules.layers
  const { raw } = token
  if (!(structure && mayBeDocument(raw, 1, raw.length - 1, raw.includes(0x5c))) && isKnownClean(token, scope, options))
    return null
  const text = new Text(raw)
  const { bytes } = text
  if (structure && scope.embedded < MAX_EMBEDDED) {
    const edits = documentEdits(bytes, scope, document, token.at)
    if (edits !== null) return edits.length === 0 ? null : text.replaced(edits)
  } else if (structure && looksLikeDocument(bytes) && holdsSecretWord(bytes, 0, bytes.length)) {
    // A document in a document in a document: nobody's but who hides a Secret in it.
    return stringToken(scope.masker.placeholder(bytes.slice(), 'secret', token.at))
  }
  if (structure && startsWithGzip(bytes)) {
    const whole = lookIntoGzip(bytes, scope, document, token)
    if (whole !== null) return whole
  }
  const edits = structure ? manifestEdits(bytes, scope, token.at) : []
  const name = options.under ?? (reference ? '' : (titleOf(token, scope)?.text ?? ''))
  const hits = scope.masking.finder.find(bytes, name === '' ? { final: true } : { final: true, name }).hits
  const kept = keptOf(hits, options)
  const [only] = kept
  if (only !== undefined && only.form === 'base64' && only.start === 0 && only.end === bytes.length) {
    return stringToken(scope.masker.base64Placeholder(only.value, only.rule, token.at))
  }
  const all = [...edits]
  for (const hit of kept) {
    if (edits.some((edit) => hit.start < edit.end && edit.start < hit.end)) continue
    all.push({
      start: hit.start,
      end: hit.end,
      bytes: encoder.encode(scope.masker.placeholder(hit.value, hit.rule, token.at)),
    })
  }
  return all.length === 0 ? null : text.replaced(all.sort((one, other) => one.start - other.start))
}

/** A string that stands under a name which is not its key's: an option in front of it. */
export function lookUnder(
  token: Token,
  under: string,
  scope: Scope,
  document: (scope: Scope) => Node,
): Uint8Array | null {
  return lookAt(token, scope, { document, under })
}

function keptOf(hits: readonly Hit[], { quiet, reference }: LookOptions): readonly Hit[] {
  if (reference === true) return hits.filter(({ rule }) => rule !== VALUE_RULE && !BY_NAME.has(rule))
  return quiet === true ? named(hits) : hits
}

/** What a string is called: by its key if that says secret (`{name: app, password: …}`), else by its object's name if it has one. */
function titleOf({ name, called }: Token, scope: Scope): Key | null {
  return called === null || (name !== null && saysSecret(name, scope)) ? name : called
}

function isKnownClean(token: Token, scope: Scope, options: { under?: string; reference?: boolean }): boolean {
  const { raw } = token
  if (raw.length - 2 > MAX_WORD_BYTES || options.under !== undefined) return false
  if (options.reference === true) return hitsIn(scope.words.at(raw, 0, raw.length), scope).length === 0
  const title = titleOf(token, scope)
  if (title !== null && saysSecret(title, scope)) return false
  return hitsIn(scope.words.at(raw, 0, raw.length), scope).length === 0
}

/** What is masked in a document in a string; null when the string is none. */
export function documentEdits(
  bytes: Uint8Array,
  scope: Scope,
  document: (scope: Scope) => Node,
  at: string,
): readonly Edit[] | null {
  if (bytes.length < MIN_DOCUMENT_BYTES || !looksLikeDocument(bytes)) return null
  const scanner = new Scanner(document(inner(scope)), { keys: scope.keys, at })
  try {
    scanner.push(bytes)
    const { edits } = scanner
    scanner.end()
    return edits.map((edit) => narrowed(bytes, edit))
  } catch (error) {
    if (!(error instanceof MaskError) || !error.unreadable) throw error
    if (--scope.budget.broken < 0)
      throw new MaskError('the body holds too many strings that look like documents and are none')
    return null
  }
}

/** True when the first byte that is not white space opens an object or array and the last closes one. */
function looksLikeDocument(bytes: Uint8Array): boolean {
  let start = 0
  while (isSpace(bytes[start])) start++
  let end = bytes.length - 1
  while (isSpace(bytes[end])) end--
  const first = bytes[start]
  return (first === 0x7b && bytes[end] === 0x7d) || (first === 0x5b && bytes[end] === 0x5d)
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function startsWithGzip(bytes: Uint8Array): boolean {
  return bytes.length > MIN_MANIFEST_BYTES && ascii.decode(bytes.subarray(0, 4)) === GZIP_IN_BASE64
}

/** Packed content that holds something to be masked is masked whole; null: it holds nothing. */
function lookIntoGzip(
  bytes: Uint8Array,
  scope: Scope,
  document: (scope: Scope) => Node,
  token: Token,
): Uint8Array | null {
  const gzip = decodeBase64(bytes)
  if (gzip === null) return null
  const left = Math.min(MAX_RELEASE_BYTES, scope.budget.unpacked)
  const plain = left <= 0 ? null : gunzipBounded(gzip, left)
  scope.budget.unpacked -= MIN_UNPACKED_BYTES + (plain?.length ?? left)
  const isClean = plain !== null && maskedText(plain, scope, document, token.at) === null
  return isClean ? null : stringToken(scope.masker.base64Placeholder(bytes.slice(), 'packed', token.at))
}

/** A text of any kind, masked; null when nothing in it is. */
export function maskedText(
  bytes: Uint8Array,
  scope: Scope,
  document: (scope: Scope) => Node,
  at: string,
): Uint8Array | null {
  const edits =
    (scope.embedded < MAX_EMBEDDED ? documentEdits(bytes, scope, document, at) : null) ?? textEdits(bytes, scope, at)
  return edits.length === 0 ? null : applyEdits(bytes, edits)
}

/** What is masked in a text that is no document: manifests of Secrets in it, and whatever the finder finds. */
function textEdits(bytes: Uint8Array, scope: Scope, at: string): readonly Edit[] {
  const edits = scope.masking.rules.layers.structure ? manifestEdits(bytes, scope, at) : []
  const all = [...edits]
  for (const hit of scope.masking.finder.find(bytes, { final: true }).hits) {
    if (edits.some((edit) => hit.start < edit.end && edit.start < hit.end)) continue
    const placeholder = scope.masker.placeholder(hit.value, hit.rule, at)
    all.push({ start: hit.start, end: hit.end, bytes: encoder.encode(placeholder) })
  }
  return all.sort((one, other) => one.start - other.start)
}

/** The values of Secrets whose manifests stand in a text. */
function manifestEdits(bytes: Uint8Array, scope: Scope, at: string): readonly Edit[] {
  if (bytes.length < MIN_MANIFEST_BYTES || !holdsSecretWord(bytes, 0, bytes.length)) return []
  const { masker } = scope
  return secretLines(utf8.decode(bytes), scope.budget).map(({ start, end, value, base64, key, line }) => {
    masker.keep(value, key)
    masker.note(utf8.decode(value))
    const placeholder = base64 ? masker.base64Placeholder(value, 'secret', at) : masker.placeholder(value, 'secret', at)
    return { start, end, bytes: encoder.encode(`"${placeholder}"${line ? '\n' : ''}`) }
  })
}

/** Hits by what they look like, not by their value. */
function named(hits: readonly Hit[]): readonly Hit[] {
  return hits.filter(({ rule }) => rule !== VALUE_RULE)
}

/** What is found in a name; remembered until more values are known. */
function hitsIn(key: Key, scope: Scope): readonly Hit[] {
  const { finder, values } = scope.masking
  if (key.hits !== undefined && key.known === values.size) return key.hits
  const { raw } = key
  // A name is judged by its shape alone: that it says `password` does not make it one.
  const found = finder.suspect(raw, 1, raw.length - 1) ? finder.find(new Text(raw).bytes, { final: true }).hits : []
  key.hits = found.length === 0 ? NOTHING_FOUND : found
  key.known = values.size
  return key.hits
}

function replaceKey(key: Key, hits: readonly Hit[], scope: Scope, where: { readonly at: string }): Uint8Array | null {
  if (hits.length === 0) return null
  const edits = hits.map(({ start, end, value, rule }) => ({
    start,
    end,
    bytes: encoder.encode(scope.masker.placeholder(value, rule, where.at)),
  }))
  return new Text(key.raw).replaced(edits)
}

/** Base64 that is a file: what is found in it is masked in it, so that the rest stays. Null: nothing is. */
export function lookIntoBase64(token: Token, scope: Scope, document: (scope: Scope) => Node): Uint8Array | null {
  const bytes = new Text(token.raw).bytes
  const file = decodeBase64(bytes)
  if (file === null) return lookAt(token, scope, { document })
  const masked = maskedText(file, scope, document, token.at)
  return masked === null ? null : stringToken(ascii.decode(encodeBase64(masked)))
}
