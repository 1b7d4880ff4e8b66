// Shapes of credentials, compiled. In: the rule language of rule.ts. Out: steps for shapematch.ts, and the literals that a shape is
// found by. No I/O.

import { type Part, parseShape, type Sequence } from './grammar.ts'

/** Literals that one shape may be found by: the product of its alternatives. */
const MAX_LITERALS = 512
/** A class of at most so many bytes is spelled out where that makes a longer literal (`gh[pousr]_`). */
const MAX_SPELLED = 8
/** The shortest literal that a shape should be found by; one of two bytes is taken where there is no other. */
const GOOD_LITERAL = 3
const MIN_LITERAL = 2

/** A step of a compiled shape. `next` is null at the end. */
export interface Step {
  readonly kind: 'literal' | 'class' | 'choice' | 'open' | 'close' | 'end'
  readonly bytes: Uint8Array
  readonly set: Uint8Array
  readonly min: number
  readonly max: number
  readonly options: readonly Step[]
  readonly next: Step | null
}

const NOTHING = new Uint8Array(0)
const END: Step = { kind: 'end', bytes: NOTHING, set: NOTHING, min: 0, max: 0, options: [], next: null }

function link(sequence: Sequence, next: Step, backwards: boolean): Step {
  const parts = backwards ? sequence : [...sequence].reverse()
  return parts.reduce<Step>((after, part) => step(part, after, backwards), next)
}

function step(part: Part, next: Step, backwards: boolean): Step {
  if (part.kind === 'literal') return { ...END, kind: 'literal', bytes: Uint8Array.from(part.bytes), next }
  if (part.kind === 'class') return { ...END, kind: 'class', set: part.set, min: part.min, max: part.max, next }
  if (part.kind !== 'group') return { ...END, kind: part.kind, next }
  let after = next
  for (let times = part.max; times > 0; times--) {
    const options = part.options.map((option) => link(option, after, backwards))
    if (times > part.min) options.push(next)
    after = options.length === 1 ? options[0]! : { ...END, kind: 'choice', options, next: null }
  }
  return after
}

/** Bytes that a step may begin with; null when it may be empty. */
function firstOf(step: Step, fold: boolean): Uint8Array | null {
  switch (step.kind) {
    case 'end':
      return null
    case 'open':
    case 'close':
      return step.next === null ? null : firstOf(step.next, fold)
    case 'literal': {
      const set = new Uint8Array(256)
      const byte = step.bytes[0]!
      set[byte] = 1
      if (fold && byte >= 0x61 && byte <= 0x7a) set[byte & 0xdf] = 1
      return set
    }
    case 'class': {
      if (step.min > 0) return step.set
      const rest = step.next === null ? null : firstOf(step.next, fold)
      return rest === null ? null : step.set.map((has, byte) => has | rest[byte]!)
    }
    case 'choice': {
      const set = new Uint8Array(256)
      for (const option of step.options) {
        const first = firstOf(option, fold)
        if (first === null) return null
        for (let byte = 0; byte < 256; byte++) set[byte] = set[byte]! | first[byte]!
      }
      return set
    }
  }
}

function longest(sequence: Sequence): number {
  return sequence.reduce((sum, part) => {
    if (part.kind === 'literal') return sum + part.bytes.length
    if (part.kind === 'class') return sum + part.max
    if (part.kind === 'group') return sum + part.max * Math.max(0, ...part.options.map(longest))
    return sum
  }, 0)
}

function shortest(sequence: Sequence): number {
  return sequence.reduce((sum, part) => {
    if (part.kind === 'literal') return sum + part.bytes.length
    if (part.kind === 'class') return sum + part.min
    if (part.kind === 'group') return sum + part.min * Math.min(...part.options.map(shortest))
    return sum
  }, 0)
}

/** All texts a part can be, when these are few. */
function spellings(part: Part): readonly (readonly number[])[] | null {
  if (part.kind === 'literal') return [part.bytes]
  if (part.kind === 'class') {
    if (part.min !== 1 || part.max !== 1) return null
    const bytes = [...part.set.keys()].filter((byte) => part.set[byte] === 1)
    return bytes.length <= MAX_SPELLED ? bytes.map((byte) => [byte]) : null
  }
  if (part.kind !== 'group' || part.min !== 1 || part.max !== 1) return null
  const all: (readonly number[])[] = []
  for (const option of part.options) {
    const texts = spell(option)
    if (texts === null) return null
    all.push(...texts)
  }
  return all
}

function spell(sequence: Sequence): readonly (readonly number[])[] | null {
  let texts: (readonly number[])[] = [[]]
  for (const part of sequence) {
    const next = spellings(part)
    if (next === null || texts.length * next.length > MAX_LITERALS) return null
    texts = texts.flatMap((text) => next.map((more) => [...text, ...more]))
  }
  return texts
}

/** A way to find a shape: by literals that stand behind `before` and in front of `after`. */
export interface Anchored {
  readonly literals: readonly Uint8Array[]
  /** Whether it begins with its literal. */
  readonly begins: boolean
  /** Matched backwards from where the literal begins; null when the shape begins with it. */
  readonly before: Step | null
  /** Matched forwards from where the literal ends. */
  readonly after: Step
  /** All of it, forwards. */
  readonly whole: Step
  /** Bytes it may begin with; null when that cannot be told. */
  readonly first: Uint8Array | null
  /** Bytes it may have. */
  readonly alphabet: Uint8Array
  readonly fold: boolean
  /** Bytes it has at least and at most. */
  readonly shortest: number
  readonly longest: number
  /** Whether it has a masked part of its own, and whether this begins in front of the literal, with it, or behind it. */
  readonly marked: boolean
  readonly maskFrom: 'before' | 'literal' | 'after'
}

interface Span {
  readonly from: number
  readonly to: number
  readonly texts: readonly (readonly number[])[]
}

/** The stretch of parts with the longest shortest spelling. */
function bestSpan(sequence: Sequence): Span | null {
  let best: Span | null = null
  let bestLength = 0
  for (let from = 0; from < sequence.length; from++) {
    for (let to = from + 1; to <= sequence.length; to++) {
      const texts = spell(sequence.slice(from, to))
      if (texts === null) break
      const shortest = Math.min(...texts.map((text) => text.length))
      // More literals for a longer one only as long as it is short.
      const worth = Math.min(shortest, 8) * 1000 - Math.min(texts.length, 999)
      if (shortest > 0 && worth > bestLength) {
        best = { from, to, texts }
        bestLength = worth
      }
    }
  }
  return best
}

function shortestText(span: Span): number {
  return Math.min(...span.texts.map((text) => text.length))
}

/** With the first group that has more than one way written out as shapes of their own. */
function unfolded(sequence: Sequence): readonly Sequence[] | null {
  const at = sequence.findIndex((part) => part.kind === 'group' && part.max === 1)
  const part = sequence[at]
  if (part?.kind !== 'group') return null
  const options = part.min === 0 ? [...part.options, []] : part.options
  return options.map((option) => [...sequence.slice(0, at), ...option, ...sequence.slice(at + 1)])
}

/** Most shapes are never come across: their steps are made when they are first tried. */
class LazyAnchored implements Anchored {
  readonly literals: readonly Uint8Array[]
  readonly fold: boolean
  readonly shortest: number
  readonly longest: number
  readonly marked: boolean
  readonly maskFrom: Anchored['maskFrom']
  readonly #sequence: Sequence
  readonly #from: number
  readonly #to: number
  #before: Step | null = null
  #after: Step | null = null
  #whole: Step | null = null
  #first: Uint8Array | null | undefined = undefined
  #alphabet: Uint8Array | null = null

  constructor(sequence: Sequence, span: Span | null, fold: boolean) {
    const open = sequence.findIndex(({ kind }) => kind === 'open')
    this.#sequence = sequence
    this.#from = span?.from ?? 0
    this.#to = span?.to ?? 0
    this.literals = (span?.texts ?? []).map((text) => Uint8Array.from(text))
    this.fold = fold
    this.shortest = shortest(sequence)
    this.longest = longest(sequence)
    this.marked = open >= 0
    if (open > this.#from || (open >= 0 && open >= this.#to)) this.maskFrom = 'after'
    else this.maskFrom = maskedBefore(sequence, open, this.#from) ? 'before' : 'literal'
  }

  get begins(): boolean {
    return this.#from === 0
  }

  get before(): Step | null {
    if (this.#from === 0) return null
    this.#before ??= link(this.#sequence.slice(0, this.#from), END, true)
    return this.#before
  }

  get after(): Step {
    this.#after ??= link(this.#sequence.slice(this.#to), END, false)
    return this.#after
  }

  get whole(): Step {
    this.#whole ??= link(this.#sequence, END, false)
    return this.#whole
  }

  get first(): Uint8Array | null {
    if (this.#first === undefined) this.#first = firstOf(this.whole, this.fold)
    return this.#first
  }

  get alphabet(): Uint8Array {
    if (this.#alphabet === null) {
      this.#alphabet = new Uint8Array(256)
      collect(this.#sequence, this.fold, this.#alphabet)
    }
    return this.#alphabet
  }
}

function collect(sequence: Sequence, fold: boolean, into: Uint8Array): void {
  const add = (byte: number): void => {
    into[byte] = 1
    if (fold && byte >= 0x61 && byte <= 0x7a) into[byte & 0xdf] = 1
  }
  for (const part of sequence) {
    if (part.kind === 'literal') part.bytes.forEach(add)
    else if (part.kind === 'class') for (let byte = 0; byte < 256; byte++) into[byte]! |= part.set[byte]!
    else if (part.kind === 'group') for (const option of part.options) collect(option, fold, into)
  }
}

/** Whether some of what stands in front of part `from` is masked. */
function maskedBefore(sequence: Sequence, open: number, from: number): boolean {
  return sequence.slice(Math.max(open, 0), from).some(({ kind }) => kind !== 'open' && kind !== 'close')
}

function merged(sequence: Sequence): Sequence {
  const out: Part[] = []
  for (const part of sequence) {
    const last = out.at(-1)
    if (part.kind === 'literal' && last?.kind === 'literal') {
      out[out.length - 1] = { kind: 'literal', bytes: [...last.bytes, ...part.bytes] }
    } else out.push(part)
  }
  return out
}

/**
 * Compiles a shape to the ways it is found by a literal.
 * @throws {SyntaxError} it is not of the language, or has no literal to find it by
 */
export function compileAnchored(match: string, fold: boolean): readonly Anchored[] {
  let waiting: readonly Sequence[] = [parseShape(match, fold)]
  const done: Anchored[] = []
  for (let round = 0; waiting.length > 0; round++) {
    const next: Sequence[] = []
    for (const sequence of waiting) {
      const flat = merged(sequence)
      const span = bestSpan(flat)
      const length = span === null ? 0 : shortestText(span)
      const more = length >= GOOD_LITERAL ? null : unfolded(flat)
      if (more !== null && round < 6 && more.length * waiting.length <= 64) next.push(...more)
      else if (span !== null && length >= MIN_LITERAL) done.push(new LazyAnchored(flat, span, fold))
      else throw new SyntaxError(`shape ${match}: no literal of ${GOOD_LITERAL} bytes to find it by`)
    }
    waiting = next
  }
  return done
}

/** Compiles a shape that is tried at every place near a word. @throws {SyntaxError} it is not of the language */
export function compileFree(match: string, fold: boolean): Anchored {
  return new LazyAnchored(parseShape(match, fold), null, fold)
}
