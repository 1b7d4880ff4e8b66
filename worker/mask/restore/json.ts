// JSON with the place of every token, so that a few of them can be replaced and all other text stays as it is. In: a text.
// Out: a tree, or null. No I/O.

import { MAX_BODY_DEPTH } from '../limits.ts'

/** Where a value stands in its text; `text.slice(start, end)` is the token as it came. */
interface Placed {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A member of an object; `keyStart` and `keyEnd` are those of the key's token, quotes included. */
export interface Member {
  readonly key: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly value: JsonNode
}

export interface JsonObject extends Placed {
  readonly kind: 'object'
  readonly members: readonly Member[]
}

export interface JsonArray extends Placed {
  readonly kind: 'array'
  readonly elements: readonly JsonNode[]
}

export interface JsonString extends Placed {
  readonly kind: 'string'
  readonly value: string
}

/** A number, `true`, `false` or `null`. */
export interface JsonPrimitive extends Placed {
  readonly kind: 'primitive'
}

export type JsonNode = JsonObject | JsonArray | JsonString | JsonPrimitive

/** A token that is put in the place of another. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly token: string
}

/** The token as it stands in its text. */
export function rawOf(node: JsonNode): string {
  return node.text.slice(node.start, node.end)
}

/** A member by its key; of several the last one, which is the one that counts. */
export function memberOf(node: JsonNode, key: string): JsonNode | undefined {
  return node.kind === 'object' ? node.members.findLast((member) => member.key === key)?.value : undefined
}

/** The text of a string that stands at a path of keys; undefined when there is none. */
export function textAt(node: JsonNode, path: readonly string[]): string | undefined {
  let at: JsonNode | undefined = node
  for (const key of path) at = at === undefined ? undefined : memberOf(at, key)
  return at?.kind === 'string' ? at.value : undefined
}

/** Puts tokens in place. The edits do not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  let out = ''
  let at = 0
  for (const { start, end, token } of [...edits].sort((one, other) => one.start - other.start)) {
    out += text.slice(at, start) + token
    at = end
  }
  return out + text.slice(at)
}

/** A string token as Go's encoder writes it, which clients and the API server use. */
export function stringToken(value: string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Reads a text that is one JSON value; null when it is none, or is nested too deeply. */
export function readJson(text: string): JsonNode | null {
  try {
    JSON.parse(text)
    const reader = new Reader(text)
    return reader.value(reader.space(0), 0)
  } catch {
    return null
  }
}

const PRIMITIVE = /[-+.0-9A-Za-z]+/y
const SPACE = /[ \t\n\r]*/y

/** Reads a text that JSON.parse has found valid. */
class Reader {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  space(at: number): number {
    SPACE.lastIndex = at
    SPACE.exec(this.#text)
    return SPACE.lastIndex
  }

  value(start: number, depth: number): JsonNode {
    const text = this.#text
    if (depth > MAX_BODY_DEPTH) throw new RangeError('too deep')
    switch (text[start]) {
      case '{':
        return this.#object(start, depth)
      case '[':
        return this.#array(start, depth)
      case '"': {
        const end = this.#stringEnd(start)
        return { kind: 'string', text, start, end, value: this.#decode(start, end) }
      }
      default: {
        PRIMITIVE.lastIndex = start
        PRIMITIVE.exec(text)
        return { kind: 'primitive', text, start, end: PRIMITIVE.lastIndex }
      }
    }
  }

  #object(start: number, depth: number): JsonObject {
    const text = this.#text
    const members: Member[] = []
    let at = this.space(start + 1)
    while (text[at] === '"') {
      const keyEnd = this.#stringEnd(at)
      const value = this.value(this.space(this.space(keyEnd) + 1), depth + 1)
      members.push({ key: this.#decode(at, keyEnd), keyStart: at, keyEnd, value })
      at = this.space(value.end)
      if (text[at] === ',') at = this.space(at + 1)
    }
    return { kind: 'object', text, start, end: at + 1, members }
  }

  #array(start: number, depth: number): JsonArray {
    const text = this.#text
    const elements: JsonNode[] = []
    let at = this.space(start + 1)
    while (text[at] !== ']') {
      const element = this.value(at, depth + 1)
      elements.push(element)
      at = this.space(element.end)
      if (text[at] === ',') at = this.space(at + 1)
    }
    return { kind: 'array', text, start, end: at + 1, elements }
  }

  #stringEnd(start: number): number {
    const text = this.#text
    let at = start + 1
    while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1
    return at + 1
  }

  #decode(start: number, end: number): string {
    const inner = this.#text.slice(start + 1, end - 1)
    if (!inner.includes('\\')) return inner
    const decoded: unknown = JSON.parse(this.#text.slice(start, end))
    return typeof decoded === 'string' ? decoded : ''
  }
}
