// The grammar of pattern rules (rule.ts says what it is). In: a shape as it is written. Out: its parts. No I/O.

import { lower } from './bytes.ts'

/** A part of a shape as it was written. Repeats are bounded. */
export type Part =
  | { readonly kind: 'literal'; readonly bytes: readonly number[] }
  | { readonly kind: 'class'; readonly set: Uint8Array; readonly min: number; readonly max: number }
  | { readonly kind: 'group'; readonly options: readonly Sequence[]; readonly min: number; readonly max: number }
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
export type Sequence = readonly Part[]

const MAX_REPEAT = 4096
/** Repeats of a group, which are written out. */
const MAX_UNROLLED = 64

const ESCAPED_CLASSES: Readonly<Record<string, string>> = { d: '0-9', w: 'A-Za-z0-9_', h: '0-9a-f', s: ' \t' }
const ESCAPED_BYTES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

const classTables = new Map<string, Uint8Array>()

class Parser {
  readonly #text: string
  readonly #fold: boolean
  #at = 0

  constructor(text: string, fold: boolean) {
    this.#text = text
    this.#fold = fold
  }

  parse(): Sequence {
    const [only, ...more] = this.#alternatives()
    if (this.#at < this.#text.length) this.#fail('an unexpected )')
    if (only !== undefined && more.length === 0) return only
    return [{ kind: 'group', options: only === undefined ? [] : [only, ...more], min: 1, max: 1 }]
  }

  #fail(what: string): never {
    throw new SyntaxError(`shape ${this.#text}: ${what} at ${this.#at}`)
  }

  #alternatives(): Sequence[] {
    const options: Sequence[] = [this.#sequence()]
    while (this.#text[this.#at] === '|') {
      this.#at++
      options.push(this.#sequence())
    }
    return options
  }

  #sequence(): Sequence {
    const parts: Part[] = []
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!
      if (char === '|' || char === ')') break
      this.#at++
      if (char === '<') parts.push({ kind: 'open' })
      else if (char === '>') parts.push({ kind: 'close' })
      else if (char === '(') {
        if (this.#text.startsWith('?:', this.#at)) this.#at += 2
        const options = this.#alternatives()
        if (this.#text[this.#at++] !== ')') this.#fail('no )')
        const { min, max } = this.#repeat()
        if (max > MAX_UNROLLED) this.#fail(`a group repeated more than ${MAX_UNROLLED} times`)
        parts.push({ kind: 'group', options, min, max })
      } else if (char === '[') parts.push({ kind: 'class', set: this.#classSet(), ...this.#repeat() })
      else if (char === '\\' && ESCAPED_CLASSES[this.#text[this.#at] ?? ''] !== undefined) {
        const set = new Uint8Array(256)
        this.#add(set, ESCAPED_CLASSES[this.#text[this.#at++]!]!)
        parts.push({ kind: 'class', set, ...this.#repeat() })
      } else if ('*+.?{^$'.includes(char)) this.#fail(`${char} is not of the language`)
      else this.#literal(parts, char === '\\' ? this.#escaped() : char)
    }
    return parts
  }

  #literal(parts: Part[], char: string): void {
    const bytes = [...new TextEncoder().encode(char)].map((byte) => (this.#fold ? lower(byte) : byte))
    const { min, max } = this.#repeat()
    const last = parts.at(-1)
    if (min === 1 && max === 1) {
      if (last?.kind === 'literal') parts[parts.length - 1] = { kind: 'literal', bytes: [...last.bytes, ...bytes] }
      else parts.push({ kind: 'literal', bytes })
      return
    }
    if (max > MAX_UNROLLED) this.#fail(`a sign repeated more than ${MAX_UNROLLED} times`)
    parts.push({ kind: 'group', options: [[{ kind: 'literal', bytes }]], min, max })
  }

  #escaped(): string {
    const char = this.#text[this.#at++]
    if (char === undefined) this.#fail('nothing after \\')
    if (/[A-Za-z0-9]/.test(char) && ESCAPED_BYTES[char] === undefined) this.#fail(`\\${char} is not of the language`)
    return ESCAPED_BYTES[char] ?? char
  }

  /** The class behind `[`. Classes that are written alike are one table. */
  #classSet(): Uint8Array {
    const from = this.#at
    const set = this.#readClass()
    const written = `${this.#fold ? 'i' : ''}${this.#text.slice(from, this.#at)}`
    const known = classTables.get(written)
    if (known !== undefined) return known
    classTables.set(written, set)
    return set
  }

  #readClass(): Uint8Array {
    const set = new Uint8Array(256)
    const negated = this.#text[this.#at] === '^'
    if (negated) this.#at++
    let spelled = ''
    for (;;) {
      const char = this.#text[this.#at++]
      if (char === undefined) this.#fail('no ]')
      if (char === ']') break
      if (char !== '\\') spelled += char
      else if (ESCAPED_CLASSES[this.#text[this.#at] ?? ''] !== undefined)
        this.#add(set, ESCAPED_CLASSES[this.#text[this.#at++]!]!)
      else {
        const sign = this.#escaped()
        if (spelled.at(-1) === '-' && spelled.length > 1) spelled += sign
        else this.#addByte(set, sign.charCodeAt(0))
      }
    }
    this.#add(set, spelled)
    return negated ? set.map((has) => 1 - has) : set
  }

  /** Adds single characters and ranges. */
  #add(set: Uint8Array, spelled: string): void {
    for (let i = 0; i < spelled.length; i++) {
      const from = spelled.charCodeAt(i)
      let to = from
      if (spelled[i + 1] === '-' && i + 2 < spelled.length) {
        to = spelled.charCodeAt(i + 2)
        i += 2
      }
      if (to < from || to > 255) this.#fail('a class that is none')
      for (let byte = from; byte <= to; byte++) this.#addByte(set, byte)
    }
  }

  #addByte(set: Uint8Array, byte: number): void {
    set[byte] = 1
    if (!this.#fold) return
    if (byte >= 0x41 && byte <= 0x5a) set[byte | 0x20] = 1
    if (byte >= 0x61 && byte <= 0x7a) set[byte & 0xdf] = 1
  }

  #repeat(): { min: number; max: number } {
    const char = this.#text[this.#at]
    if (char === '?') {
      this.#at++
      return { min: 0, max: 1 }
    }
    if (char === '*' || char === '+') this.#fail(`${char} has no bound`)
    if (char !== '{') return { min: 1, max: 1 }
    const bounds = /^\{(\d+)(?:,(\d+))?\}/.exec(this.#text.slice(this.#at))
    if (bounds === null) this.#fail('bounds that are none')
    this.#at += bounds[0].length
    const min = Number(bounds[1])
    const max = bounds[2] === undefined ? min : Number(bounds[2])
    if (max < min || max > MAX_REPEAT) this.#fail('bounds that are none')
    return { min, max }
  }
}

/** Reads a shape. @throws {SyntaxError} it is not of the language */
export function parseShape(match: string, fold: boolean): Sequence {
  return new Parser(match, fold).parse()
}
