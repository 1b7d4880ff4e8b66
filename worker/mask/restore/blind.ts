// Whether it depends on a value alone, and on nothing of what it is, that it would be masked among the words that were written around
// it. An agent could else learn how long a value is: behind `ghp_` and more and more letters, until it has the shape of a token. In: a
// body as it came and restored, and one with made-up values, masked as it would be read. Out: yes or no. No I/O.

import { decodeBase64, encodeBase64 } from '../base64.ts'
import { binaryOf, binaryOfText, bytesOf, textOfBinary } from './binary.ts'
import type { Part } from './covered.ts'
import { decodedWithPlaceholder } from './field.ts'
import { type Edit, edited, type JsonNode, type JsonString, rawOf, readJson, stringToken } from './json.ts'
import { openRelease } from './release.ts'
import { placeholdersIn, stretchesOf, type Tags } from './stretches.ts'

/** Looks made, and has the shape of nobody's credential: none is of such signs. */
const MADE_UP = 'Zk7!vQ2~mX9pLr4TbN8'
/** Longer than most values: what masks only what is short enough must not tell how long one is. */
const LONG = `${MADE_UP}${MADE_UP.repeat(12)}`
const ascii = new TextDecoder('latin1')
/** How one begins in base64: of its first 18 bytes. */
const MADE_IN_BASE64 = inBase64(MADE_UP.slice(0, 18))
const MADE = new RegExp(`(?:${MADE_UP})+[0-9]+x|${MADE_IN_BASE64}[A-Za-z0-9+/]*={0,2}`, 'g')

/**
 * The body with another value for each placeholder that stands in it, plain or in base64.
 * @param long values of some 250 characters
 */
export function madeUp(came: string, long = false): string {
  let count = 0
  const name = (): string => `${long ? LONG : MADE_UP}${count++}x`
  const inText = (binary: string): string => {
    let out = ''
    let at = 0
    for (const { start, end, inBase64: encoded } of placeholdersIn(binary)) {
      out += binary.slice(at, start) + (encoded ? inBase64(name()) : name())
      at = end
    }
    return out + binary.slice(at)
  }
  const inString = (text: string): string => {
    const decoded = decodedWithPlaceholder(text)
    if (decoded !== null) return inBase64(inText(decoded))
    const inner = readJson(text)
    if (inner?.kind === 'object') return inDocument(text, inner)
    return textOfBinary(inText(binaryOfText(text))) ?? text
  }
  const inDocument = (json: string, root: JsonNode): string => {
    const edits: Edit[] = []
    const visit = (node: JsonNode): void => {
      if (node.kind === 'string') {
        const made = inString(node.value)
        if (made !== node.value) edits.push({ start: node.start, end: node.end, token: stringToken(made) })
      }
      if (node.kind === 'object') for (const { value } of node.members) visit(value)
      if (node.kind === 'array') node.elements.forEach(visit)
    }
    visit(root)
    return edited(json, edits)
  }
  const root = readJson(came)
  return root === null ? came : inDocument(came, root)
}

function inBase64(binary: string): string {
  return ascii.decode(encodeBase64(bytesOf(binary)))
}

/** Of a value, as text, and the line it stands in: that it is masked wherever it stands, or read by anybody, or stood so before. */
export type Stays = (value: string, line: string) => boolean

/**
 * @param made what {@link madeUp} gave
 * @param again the same as it would be read
 */
export function isHeldByWords(
  { came, restored }: Part,
  made: string,
  again: string,
  tags: Tags,
  stays: Stays,
): boolean {
  const nodes = [came, restored, made, again].map(readJson)
  const [one, two, three, four] = nodes
  if (one == null || two == null || three == null || four == null) return false
  return held({ came: one, restored: two, made: three, again: four }, tags, stays)
}

interface Place {
  readonly came: JsonNode
  readonly restored: JsonNode
  readonly made: JsonNode
  readonly again: JsonNode
}

function held({ came, restored, made, again }: Place, tags: Tags, stays: Stays): boolean {
  if (rawOf(came) === rawOf(restored) || rawOf(came) === rawOf(made)) return true
  if (came.kind === 'string') {
    if (made.kind !== 'string') return false
    return again.kind !== 'string'
      ? namesIn(made.value).every((name) => !rawOf(again).includes(name))
      : isStringHeld({ came, restored, made, again }, tags, stays)
  }
  const all = [came, restored, made, again].map(childrenOf)
  const [first = []] = all
  return first.every((child, index) => {
    const [, two, three, four] = all.map((children) => children[index])
    // Masked as a whole.
    if (four === undefined) return !rawOf(again).includes(MADE_UP) && !rawOf(again).includes(MADE_IN_BASE64)
    return (
      two !== undefined &&
      three !== undefined &&
      held({ came: child, restored: two, made: three, again: four }, tags, stays)
    )
  })
}

function childrenOf(node: JsonNode): readonly JsonNode[] {
  if (node.kind === 'array') return node.elements
  return node.kind === 'object' ? node.members.map(({ value }) => value) : []
}

function isStringHeld(
  { came, restored, made, again }: { came: JsonString; restored: JsonNode; made: JsonString; again: JsonString },
  tags: Tags,
  stays: Stays,
): boolean {
  // YAML may say a password as a number.
  if (restored.kind !== 'string')
    return namesIn(made.value).every((name) => !again.value.includes(name)) || stays(rawOf(restored), rawOf(restored))
  if (openRelease(restored.value) !== null) return true
  const inside = [came, restored, made, again].map(({ value }) => readJson(value))
  const [one, two, three, four] = inside
  if (one?.kind === 'object' && two != null && three != null && four != null)
    return held({ came: one, restored: two, made: three, again: four }, tags, stays)
  const decoded = decodedWithPlaceholder(came.value)
  const of = ({ value }: JsonString): string => (decoded === null ? binaryOfText(value) : decodedOf(value))
  const [was, text, names] = [decoded ?? of(came), of(restored), namesIn(of(made))]
  const shown = of(again)
  if (names.every((name) => !shown.includes(name))) return true
  const stretches = stretchesOf(text, was, tags)
  if (stretches === null || stretches.length !== names.length) return false
  return stretches.every(({ start, original }, index) => {
    if (!shown.includes(names[index] ?? '')) return true
    const value = textOfBinary(original)
    if (decoded !== null) return value !== null && stays(value, restored.value)
    const from = text.lastIndexOf('\n', start - 1) + 1
    const to = text.indexOf('\n', start + original.length)
    const line = textOfBinary(text.slice(start === 0 ? 0 : from, to < 0 ? text.length : to))
    return value !== null && line !== null && stays(value, line)
  })
}

/** The made-up values in a text, in order. */
function namesIn(text: string): readonly string[] {
  return text.match(MADE) ?? []
}

/** The bytes of base64, one character a byte; of what is none, the text. */
function decodedOf(text: string): string {
  const bytes = decodeBase64(bytesOf(binaryOfText(text)))
  return bytes === null ? binaryOfText(text) : binaryOf(bytes)
}
