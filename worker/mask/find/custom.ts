// The patterns of MaskPolicies, in RE2's syntax: linear in the text, but slow, so that each runs only where a literal of its own
// stands. In: patterns, then bytes. Out: the stretches they match. No I/O.

import { RE2JS } from 're2js'
import type { CustomPattern } from '../contract.ts'
import type { Budget } from './budget.ts'
import type { Matched } from './matcher.ts'

/** A pattern is no longer than this. */
export const MAX_PATTERN_CHARS = 1000
/** Instructions it is compiled to at most. Stops `(a{1000}){1000}`, and bounds what a byte costs. */
export const MAX_PROGRAM = 3000
/** Literals shorter than this stand everywhere. */
export const MIN_LITERAL = 3
/** Patterns without a literal, in all policies that match together: each looks at every byte. */
export const MAX_WITHOUT_LITERAL = 4
/** What a pattern sees around its literal, in bytes, on either side: no match is longer. */
const REACH_BYTES = 4096
/** Held back in a stream for a pattern that may have begun. */
const MAX_OPEN_BYTES = 512
/** Instructions that cost one unit of the budget, for each byte. */
const INSTRUCTIONS_FOR_UNIT = 64

/** The patterns of a session. */
export interface CustomMatcher {
  suspect(bytes: Uint8Array, start: number, end: number): boolean
  match(bytes: Uint8Array, final: boolean, budget: Budget): { readonly hits: readonly Matched[]; readonly open: number }
}

interface Compiled {
  readonly name: string
  readonly re: RE2JS
  /** One of these stands in whatever it matches; null: unknown. */
  readonly literal: Literal | null
  readonly cost: number
}

/** Bytes that stand in every match. */
interface Literal {
  readonly bytes: Uint8Array
  /** Either case; the bytes are lower case. */
  readonly folded: boolean
  /** Every match begins with it. */
  readonly first: boolean
}

/**
 * Why a pattern cannot be used; null when it can. For whoever writes the policy.
 * @param match in RE2's syntax
 */
export function checkPattern(match: string): string | null {
  if (match.length > MAX_PATTERN_CHARS) return `the pattern is longer than ${MAX_PATTERN_CHARS} characters`
  let re: RE2JS
  try {
    re = compile(match)
  } catch {
    return 'the pattern is not in the syntax of RE2'
  }
  if (re.programSize() > MAX_PROGRAM) return 'the pattern is too large: lower its counts in { }'
  if (re.test('')) return 'the pattern matches the empty text'
  return null
}

/** Whether a pattern holds a literal of three bytes or more, so that it runs only where that stands. Others are limited in number. */
export function hasLiteral(match: string): boolean {
  return literalOf(match) !== null
}

/** A hundred take a tenth of a second to compile; all sessions of the same policies share them. */
const MATCHERS = new WeakMap<readonly CustomPattern[], CustomMatcher>()

/** Compiles patterns that passed checkPattern(). @throws {Error} one did not */
export function createCustomMatcher(patterns: readonly CustomPattern[]): CustomMatcher | null {
  if (patterns.length === 0) return null
  const known = MATCHERS.get(patterns)
  const matcher = known ?? matcherOf(patterns)
  if (known === undefined) MATCHERS.set(patterns, matcher)
  return matcher
}

function matcherOf(patterns: readonly CustomPattern[]): CustomMatcher {
  const all: Compiled[] = patterns.map(({ name, match }) => {
    const problem = checkPattern(match)
    if (problem !== null) throw new Error(`the pattern ${name}: ${problem}`)
    const re = compile(match)
    return { name, re, literal: literalOf(match), cost: Math.ceil(re.programSize() / INSTRUCTIONS_FOR_UNIT) + 4 }
  })
  return {
    suspect: (bytes, start, end) => {
      const part = bytes.subarray(start, end)
      return all.some(({ literal }) => literal === null || find(part, literal, 0) >= 0)
    },
    match(bytes, final, budget) {
      const hits: Matched[] = []
      let open = bytes.length
      for (const pattern of all) {
        for (const [from, to] of windows(bytes, pattern.literal)) {
          budget.spend((to - from) * pattern.cost)
          run(pattern, bytes, from, to, hits)
        }
        if (!final) open = Math.min(open, openOf(bytes, pattern.literal))
      }
      return { hits, open }
    },
  }
}

function compile(match: string): RE2JS {
  return RE2JS.compile(match)
}

/** One character a byte, so that offsets are the text's: a pattern of non-ASCII characters is made bytes as well. */
function run(pattern: Compiled, bytes: Uint8Array, from: number, to: number, hits: Matched[]): void {
  const matcher = pattern.re.matcher(bytes.subarray(from, to))
  const group = pattern.re.groupCount() > 0 ? 1 : 0
  let at = 0
  while (at < to - from && matcher.find(at)) {
    let start = matcher.start(group)
    let end = matcher.end(group)
    if (start < 0 || end <= start) {
      start = matcher.start(0)
      end = matcher.end(0)
    }
    if (end > start) hits.push({ start: from + start, end: from + end, rule: pattern.name })
    at = Math.max(matcher.end(0), at + 1)
  }
}

/** Where a pattern is tried: around its literals. */
function* windows(bytes: Uint8Array, literal: Literal | null): Generator<readonly [number, number]> {
  if (literal === null) {
    yield [0, bytes.length]
    return
  }
  let at = find(bytes, literal, 0)
  while (at >= 0) {
    const from = literal.first ? at : Math.max(0, at - REACH_BYTES)
    let to = Math.min(bytes.length, at + REACH_BYTES)
    at = find(bytes, literal, at + 1)
    while (at >= 0 && at - REACH_BYTES <= to) {
      to = Math.min(bytes.length, at + REACH_BYTES)
      at = find(bytes, literal, at + 1)
    }
    yield [from, to]
  }
}

/** From where on a match may have begun that more text completes. */
function openOf(bytes: Uint8Array, literal: Literal | null): number {
  const length = bytes.length
  const lowest = Math.max(0, length - MAX_OPEN_BYTES)
  // The word the text ends in.
  let word = length
  while (word > lowest && bytes[word - 1]! > 0x20) word--
  if (literal?.first !== true) return word
  for (let at = lowest; at < length; at++) {
    let i = 0
    while (i < literal.bytes.length && at + i < length && same(bytes[at + i]!, literal.bytes[i]!, literal.folded)) i++
    if (i === literal.bytes.length ? at >= word : at + i === length) return at
  }
  return length
}

function find(bytes: Uint8Array, literal: Literal, from: number): number {
  const { bytes: text, folded } = literal
  const first = text[0]!
  for (let at = from; at + text.length <= bytes.length; at++) {
    if (!folded) {
      at = bytes.indexOf(first, at)
      if (at < 0) return -1
    }
    let i = 0
    while (i < text.length && same(bytes[at + i] ?? 0, text[i]!, folded)) i++
    if (i === text.length) return at
  }
  return -1
}

function same(byte: number, wanted: number, folded: boolean): boolean {
  return byte === wanted || (folded && byte >= 0x41 && byte <= 0x5a && (byte | 0x20) === wanted)
}

/** The longest literal that stands in every match of a pattern; null when none of MIN_LITERAL bytes is certain. */
function literalOf(match: string): Literal | null {
  const flags = /^\(\?([a-zA-Z]+)\)/.exec(match)
  const folded = flags?.[1]?.includes('i') === true
  const body = match.slice(flags?.[0].length ?? 0)
  // Flags inside, and alternatives at the top, make nothing certain.
  if (/\(\?[a-zA-Z-]*[:)]/.test(body.replaceAll('(?:', '('))) return null
  let best = ''
  let bestFirst = false
  let literal = ''
  let start = true
  let literalStart = true
  const done = (): void => {
    if (literal.length > best.length) {
      best = literal
      bestFirst = literalStart
    }
    literal = ''
  }
  for (let i = 0; i < body.length; ) {
    const piece = pieceAt(body, i)
    if (piece === null || piece.kind === 'or') return null
    i = piece.end
    const count = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(body.slice(i))?.[0] ?? ''
    i += count.length
    if (piece.kind === 'empty') continue
    if (piece.kind === 'char' && count === '') {
      if (literal === '') literalStart = start
      literal += piece.char
    } else done()
    start = false
  }
  done()
  const text = folded ? best.toLowerCase() : best
  const bytes = new TextEncoder().encode(text)
  // Case folding beyond ASCII is RE2's own affair.
  if (bytes.length < MIN_LITERAL || (folded && /[^\0-\x7f]|[ks]/i.test(text) && /[^\0-\x7f]/.test(text))) return null
  return { bytes, folded, first: bestFirst }
}

type Piece =
  | { readonly kind: 'char'; readonly char: string; readonly end: number }
  | { readonly kind: 'other' | 'empty' | 'or'; readonly end: number }

/** The next piece of a pattern: a character, something else, or nothing that can be told. */
function pieceAt(body: string, at: number): Piece | null {
  const char = body[at]!
  if (char === '|') return { kind: 'or', end: at + 1 }
  if (char === '^' || char === '$') return { kind: 'empty', end: at + 1 }
  if (char === '.') return { kind: 'other', end: at + 1 }
  if (char === '[') {
    const end = classEnd(body, at)
    return end === null ? null : { kind: 'other', end }
  }
  if (char === '(') {
    const end = groupEnd(body, at)
    return end === null ? null : { kind: 'other', end }
  }
  if (char === '\\') {
    const next = body[at + 1] ?? ''
    if (next === 'b' || next === 'B' || next === 'A' || next === 'z') return { kind: 'empty', end: at + 2 }
    if (/[^A-Za-z0-9]/.test(next)) return { kind: 'char', char: next, end: at + 2 }
    if (next === 'p' || next === 'P') {
      const braced = /^\{\^?\w+\}/.exec(body.slice(at + 2))
      return { kind: 'other', end: at + 2 + (braced?.[0].length ?? 1) }
    }
    if (/[dDwWsSnrtfv]/.test(next)) return { kind: 'other', end: at + 2 }
    return null
  }
  return { kind: 'char', char, end: at + 1 }
}

function classEnd(body: string, at: number): number | null {
  let i = at + 1
  if (body[i] === '^') i++
  if (body[i] === ']') i++
  for (; i < body.length; i++) {
    if (body[i] === '\\') i++
    else if (body[i] === '[' && body[i + 1] === ':') i = Math.max(i, body.indexOf(':]', i) + 1)
    else if (body[i] === ']') return i + 1
  }
  return null
}

function groupEnd(body: string, at: number): number | null {
  let depth = 0
  for (let i = at; i < body.length; i++) {
    const char = body[i]
    if (char === '\\') i++
    else if (char === '[') {
      const end = classEnd(body, i)
      if (end === null) return null
      i = end - 1
    } else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return i + 1
  }
  return null
}
