// Placeholders in text and in bytes for a terminal, so that they can be shown for what they are. In: text or bytes.
// Out: the pieces, or the bytes with the placeholders in reverse video. No I/O.

import { unwrapped } from '../approvals/placeholder.ts'
import { visible } from '../shell/visible.ts'

/** What is one, or may be one in base64: it stands so in `data` of Secrets, as kubectl prints it. */
const PLACEHOLDER = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧|4p\+mbWFza2Vk[A-Za-z0-9+/]{16,200}={0,2}/g
const WHOLE = /^⟦masked:([a-z0-9-]+):[0-9a-f]{12}⟧$/

/** A placeholder in a text. */
export interface Found {
  readonly index: number
  readonly length: number
  readonly rule: string
}

/** The placeholders in a text, in order, also those in base64. */
export function placeholdersIn(text: string): readonly Found[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(({ 0: found, index }) => {
    const rule = WHOLE.exec(unwrapped(found))?.[1]
    return rule === undefined ? [] : [{ index, length: found.length, rule }]
  })
}

export interface Piece {
  readonly text: string
  /** The rule, where the piece is a placeholder. */
  readonly rule?: string
}

/** Text cut at its placeholders. */
export function pieces(text: string): readonly Piece[] {
  const out: Piece[] = []
  let from = 0
  for (const { index, length, rule } of placeholdersIn(text)) {
    if (index > from) out.push({ text: text.slice(from, index) })
    out.push({ text: text.slice(index, index + length), rule })
    from = index + length
  }
  if (from < text.length) out.push({ text: text.slice(from) })
  return out
}

/** Marks in one text. More make a page that nobody reads and no browser scrolls; those behind them stand as text. */
const MAX_MARKS = 5000

/** The pieces of a text as they are shown: what cannot be seen, or changes how its neighbours look, is written out. */
export function shownPieces(text: string, max = MAX_MARKS): readonly Piece[] {
  const found = pieces(text)
  const first = found.slice(0, max)
  const rest = found.slice(max)
  const all = rest.length === 0 ? first : [...first, { text: rest.map((piece) => piece.text).join('') }]
  return all.map((piece) => (piece.rule === undefined ? { text: visible(piece.text, true) } : piece))
}

const START = new TextEncoder().encode('⟦masked:')
const END = new TextEncoder().encode('⟧')
/** Rule and tag are shorter than this. */
const MAX_PLACEHOLDER_BYTES = 128
/** Reverse video on and off: nothing else of what the program set is changed. */
const ON = new TextEncoder().encode('\x1b[7m')
const OFF = new TextEncoder().encode('\x1b[27m')

/** What a terminal is to be given. What holds no placeholder is given back as it is. */
export function reversed(data: string | Uint8Array): string | Uint8Array {
  if (typeof data === 'string') {
    return pieces(data)
      .map((piece) => (piece.rule === undefined ? piece.text : `\x1b[7m${piece.text}\x1b[27m`))
      .join('')
  }
  const out: Uint8Array[] = []
  let from = 0
  for (let at = find(data, START, 0); at !== -1; at = find(data, START, at + 1)) {
    const end = find(data.subarray(0, at + MAX_PLACEHOLDER_BYTES), END, at)
    if (end === -1) continue
    const past = end + END.length
    out.push(data.subarray(from, at), ON, data.subarray(at, past), OFF)
    from = past
    at = past - 1
  }
  if (out.length === 0) return data
  return joined([...out, data.subarray(from)])
}

function find(bytes: Uint8Array, what: Uint8Array, from: number): number {
  const [first = 0] = what
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (what.every((byte, i) => bytes[at + i] === byte)) return at
  }
  return -1
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
