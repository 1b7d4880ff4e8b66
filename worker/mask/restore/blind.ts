// Whether it depends on a value alone, and on nothing of what it is, that it would be masked among the words that were written around
// it. An agent could else learn how long a value is: behind `ghp_` and more and more letters, until it has the shape of a token. In: a
// body as it came and restored, and one with made-up values, masked as it would be read. Out: yes or no. No I/O.

import { binaryOfText, textOfBinary } from './binary.ts'
import type { Part } from './covered.ts'
import { decodedWithPlaceholder } from './field.ts'
import { type JsonNode, type JsonString, rawOf, readJson } from './json.ts'
import { openRelease } from './release.ts'
import { placeholdersIn, stretchesOf, type Tags } from './stretches.ts'

const PLACEHOLDER = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g
/** Looks made, and has the shape of nobody's credential: none is of such signs. */
const MADE_UP = 'Zk7!vQ2~mX9pLr4TbN8'
const MADE = new RegExp(`${MADE_UP}[0-9]+x`, 'g')

/** The body with another value for each placeholder that stands plain in it. */
export function madeUp(came: string): string {
  let count = 0
  return came.replace(PLACEHOLDER, () => `${MADE_UP}${count++}x`)
}

/** Of a value, as text, and the line it stands in: that it is masked wherever it stands, or read by anybody, or stood so before. */
export type Stays = (value: string, line: string) => boolean

/**
 * @param again what {@link madeUp} gave, as it would be read
 */
export function isHeldByWords({ came, restored }: Part, again: string, tags: Tags, stays: Stays): boolean {
  const nodes = [came, restored, madeUp(came), again].map(readJson)
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
      ? !rawOf(again).includes(MADE_UP)
      : isStringHeld({ came, restored, made, again }, tags, stays)
  }
  const all = [came, restored, made, again].map(childrenOf)
  const [first = []] = all
  return first.every((child, index) => {
    const [, two, three, four] = all.map((children) => children[index])
    // Masked as a whole.
    if (four === undefined) return !rawOf(again).includes(MADE_UP)
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
  if (!again.value.includes(MADE_UP)) return true
  // YAML may say a password as a number.
  if (restored.kind !== 'string') return stays(rawOf(restored), rawOf(restored))
  if (openRelease(restored.value) !== null || decodedWithPlaceholder(came.value) !== null) return true
  const inside = [came, restored, made, again].map(({ value }) => readJson(value))
  const [one, two, three, four] = inside
  if (one?.kind === 'object' && two != null && three != null && four != null)
    return held({ came: one, restored: two, made: three, again: four }, tags, stays)
  const text = binaryOfText(restored.value)
  const stretches = stretchesOf(text, binaryOfText(came.value), tags)
  if (stretches === null) return false
  const plain = placeholdersIn(binaryOfText(came.value)).map(({ inBase64 }) => !inBase64)
  const names = made.value.match(MADE) ?? []
  let count = 0
  return stretches.every(({ start, original }, index) => {
    if (plain[index] !== true) return true
    const name = names[count++]
    if (name !== undefined && !again.value.includes(name)) return true
    const value = textOfBinary(original)
    const from = text.lastIndexOf('\n', start - 1) + 1
    const to = text.indexOf('\n', start + original.length)
    const line = textOfBinary(text.slice(start === 0 ? 0 : from, to < 0 ? text.length : to))
    return value !== null && line !== null && stays(value, line)
  })
}
