// A diff as rows for the page: what changed within a line is set off, what is long is cut. In: lines of a review. Out: rows.
// No I/O.

import type { Diff, DiffLine } from '../../../protocol/review.ts'
import { unwrapped } from './placeholder.ts'

/** A stretch of a line; `changed`: not in the line it took the place of. */
export interface Span {
  readonly text: string
  readonly changed: boolean
}

export interface Row {
  readonly kind: 'kept' | 'added' | 'removed' | 'gap'
  readonly mark: string
  readonly spans: readonly Span[]
}

const KINDS: Readonly<Record<DiffLine[0], Row['kind']>> = { ' ': 'kept', '+': 'added', '-': 'removed', '@': 'gap' }
/** Pairing longer lines, or more of them, says nothing to a reader. */
const MAX_PAIRED_CHARS = 2000

/** What a gap says: the line at which what follows begins. One before the first line says nothing. */
function gapText(text: string): string {
  const line = /^(\d+) → \d+$/.exec(text)?.[1]
  return line === undefined ? text : `line ${line}`
}

/** Rows in the order of the lines. A run of removed lines followed by as many added ones is read as changes, line by line. */
export function rowsOf(given: readonly DiffLine[]): readonly Row[] {
  const first = given[0]
  const whole = first?.[0] === '@' && /^[01] → [01]$/.test(first[1]) ? given.slice(1) : given
  const lines = whole.map(([mark, text]): DiffLine => [mark, mark === '@' ? gapText(text) : unwrapped(text)])
  const rows: Row[] = lines.map(([mark, text]) => ({
    kind: KINDS[mark],
    mark,
    spans: [{ text, changed: false }],
  }))
  let at = 0
  while (at < lines.length) {
    const removed = runOf(lines, at, '-')
    const added = runOf(lines, at + removed, '+')
    if (removed > 0 && removed === added) {
      for (let i = at; i < at + removed; i++) pair(rows, lines, i, i + removed)
    }
    at += Math.max(1, removed + added)
  }
  return rows
}

function runOf(lines: readonly DiffLine[], from: number, mark: DiffLine[0]): number {
  let length = 0
  while (lines[from + length]?.[0] === mark) length++
  return length
}

function pair(rows: Row[], lines: readonly DiffLine[], removed: number, added: number): void {
  const before = lines[removed]?.[1] ?? ''
  const after = lines[added]?.[1] ?? ''
  const spans = changeOf(before, after)
  if (!spans) return
  rows[removed] = { kind: 'removed', mark: '-', spans: spans.before }
  rows[added] = { kind: 'added', mark: '+', spans: spans.after }
}

/** Where two lines differ, between what they begin and end with; null when they have too little in common to say. */
function changeOf(before: string, after: string): { before: readonly Span[]; after: readonly Span[] } | null {
  if (before === after || before.length > MAX_PAIRED_CHARS || after.length > MAX_PAIRED_CHARS) return null
  // Whole characters: a pair of surrogates is never cut in two.
  const [a, b] = [Array.from(before), Array.from(after)]
  const shorter = Math.min(a.length, b.length)
  let head = 0
  while (head < shorter && a[head] === b[head]) head++
  let tail = 0
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const common =
    a.slice(0, head).join('').trim().length +
    a
      .slice(a.length - tail)
      .join('')
      .trim().length
  if (common === 0) return null
  return { before: spansOf(a, head, tail), after: spansOf(b, head, tail) }
}

function spansOf(chars: readonly string[], head: number, tail: number): readonly Span[] {
  const end = chars.length - tail
  return [
    { text: chars.slice(0, head).join(''), changed: false },
    { text: chars.slice(head, end).join(''), changed: true },
    { text: chars.slice(end).join(''), changed: false },
  ].filter((span) => span.text !== '')
}

/** `+3 −1`, or why there is no diff. */
export function diffText(diff: Diff): string {
  return diff.kind === 'none' ? diff.why : `+${diff.added} −${diff.removed}`
}
