// The finder of a session: patterns, known values and names, over every form a text can take. No I/O.

import type { Finder, FindOptions, Found, Hit, KnownValues, MaskRules } from '../contract.ts'
import { isBinary, mayHoldBinary } from './binary.ts'
import { Allowance, type Budget } from './budget.ts'
import { WORD } from './bytes.ts'
import { createCustomMatcher } from './custom.ts'
import { withoutGuesses } from './guesses.ts'
import { createMatcher } from './matcher.ts'
import { inOrder } from './overlap.ts'
import { outside, placeholdersIn, withoutPlaceholders } from './placeholders.ts'
import { isAssigned, isWord } from './values/searchable.ts'
import { searchableValues } from './values.ts'
import { MAX_WORD_BEFORE, mayHoldBase64, spanOfRun } from './views/base64.ts'
import { hexDigit } from './views/escapes.ts'
import { mayHoldNumbers } from './views/notation.ts'
import { JOINED_ALONE, JOINED_NOT, JOINED_WIDE, type Span, type View } from './views/view.ts'
import { viewsOf } from './views/views.ts'

/** Rules that go by a name and an operator: what they find goes on over a line's end only if that line was broken for its width. */
const GENERIC: ReadonlySet<string> = new Set(['password', 'secret', 'authorization'])

/** A hit of one view. Where several overlap the longest names them, then a known value, a specific rule, the deepest view. */
interface Candidate extends Hit {
  readonly known: boolean
  readonly depth: number
  /** How sure the lines it goes over belong together: `JOINED_…`. */
  readonly joined: number
}

/** What all views of a text show. */
interface Gathered {
  readonly candidates: Candidate[]
  /** Placeholders that only a view shows. */
  readonly placeholders: Span[]
  /** Whether a view may hold binary content, once somebody has asked. */
  readonly binary: Map<View, boolean>
  /** From where on the text must be kept. */
  keep: number
}

/** Makes a session's finder. */
export function createFinder(rules: MaskRules, values: KnownValues): Finder {
  const matcher = createMatcher(rules)
  const { layers } = rules
  const custom = layers.patterns ? createCustomMatcher(rules.patterns) : null
  const known = layers.values ? searchableValues(values) : null
  const allowance = new Allowance()

  /** What one view shows. Gives from where on in the text it is open. */
  const look = (view: View, text: Uint8Array, options: FindOptions, budget: Budget, found: Gathered): number => {
    const final = options.final || view.closed
    const walls = placeholdersIn(view.bytes)
    // Whatever else its characters may look like before its escapes are undone.
    if (view.depth > 0 && !view.inBase64) {
      for (const { start, end } of walls.spans) found.placeholders.push(view.span(start, end))
    }
    const bytes = withoutPlaceholders(view.bytes, walls.spans)
    let open = final ? bytes.length : walls.open
    const add = (start: number, end: number, rule: string, value: Uint8Array | null, base64: boolean): void => {
      for (const part of outside(start, end, walls.spans)) {
        if (part.end <= part.start || !view.isNew(part.start, part.end)) continue
        const whole = part.start === start && part.end === end
        found.candidates.push(candidate(view, part, { rule, value: whole ? value : null, base64 }))
        // What goes too far is found as far as its lines surely belong together.
        const unsure = view.firstUnsure(part.start, part.end)
        if (unsure > 0) found.candidates.push(candidate(view, { ...part, end: unsure }, { rule, value: null, base64 }))
      }
    }
    if (layers.patterns) {
      // Each piece by itself: a key that begins in one must not end in another.
      const matched = matcher.match(bytes, {
        final,
        budget,
        cuts: view.cuts,
        ...(view.depth === 0 && options.name !== undefined ? { name: options.name } : {}),
      })
      open = Math.min(open, matched.open)
      if (matched.keep < bytes.length)
        found.keep = Math.min(found.keep, view.span(matched.keep, matched.keep + 1).start)
      for (const { start, end, rule } of matched.hits) {
        if (
          GENERIC.has(rule) &&
          (goesOverNul(view, text, start, end) || standsInBinary(view, start, end, found.binary))
        )
          continue
        add(start, end, rule, null, false)
      }
    }
    if (custom !== null) {
      const matched = custom.match(bytes, final, budget)
      open = Math.min(open, matched.open)
      for (const { start, end, rule } of matched.hits) add(start, end, rule, null, false)
    }
    if (known !== null && known.size > 0) {
      budget.spend(bytes.length >> 2)
      const searched = known.search(bytes, final, budget)
      open = Math.min(open, searched.open)
      for (const hit of searched.hits) {
        if (!hit.base64 && isWord(known.text(hit)) && !isAssigned(bytes, hit.start)) continue
        const run = hit.base64 ? spanOfRun(bytes, hit.start, hit.end) : hit
        add(run.start, run.end, 'value', known.text(hit), hit.base64)
      }
    }
    return open >= bytes.length ? text.length : view.span(open, open + 1).start
  }

  return {
    suspect(bytes, start, end) {
      if (end <= start) return false
      if (isWrapped(bytes, start, end) || mayHoldBase64(bytes, start, end)) return true
      if (mayHoldNumbers(bytes, start, end)) return true
      if (layers.patterns && matcher.suspect(bytes, start, end)) return true
      return known?.suspect(bytes, start, end) === true || custom?.suspect(bytes, start, end) === true
    },
    find(text, options) {
      const budget = allowance.share(text.length, options.fresh ?? text.length)
      const found: Gathered = { candidates: [], placeholders: [], binary: new Map(), keep: text.length }
      let open = text.length
      for (const view of viewsOf(text, { final: options.final, budget })) {
        budget.depth = view.depth
        open = Math.min(
          open,
          view.open,
          view.bytes.length === 0 ? text.length : look(view, text, options, budget, found),
        )
      }
      const { hits, open: decided } = settled(
        text,
        united(text, found),
        options.final ? text.length : open,
        options.from ?? 0,
      )
      budget.found(hits.length)
      return { hits, open: decided, keep: found.keep }
    },
    namesSecret: (name) => matcher.namesSecret(name),
  }
}

/** Whether a view joined variables that NUL parts, as in /proc/1/environ; where the text itself is looked at they stand apart. */
function goesOverNul(view: View, text: Uint8Array, from: number, to: number): boolean {
  if (view.depth === 0) return false
  const { start, end } = view.span(from, to)
  const least = Math.max(0, start - 1)
  const stretch = text.subarray(least, end)
  for (let next = stretch.indexOf(0); next >= 0; next = stretch.indexOf(0, next + 1)) {
    const nul = least + next
    let at = nul + 1
    while (at < end && WORD[text[at]!] === 1) at++
    // In UTF-16 a single letter stands between two.
    if (at - nul > 2 && text[at] === 0x3d) return true
  }
  return false
}

/** Whether what was found stands in binary content: in this view, or in one that it was made of, whose controls it may leave out. */
function standsInBinary(view: View, start: number, end: number, known: Map<View, boolean>): boolean {
  let span: Span = { start, end }
  for (let at: View | null = view; at !== null; at = at.from) {
    let mayBe = known.get(at)
    if (mayBe === undefined) {
      mayBe = mayHoldBinary(at.bytes)
      known.set(at, mayBe)
    }
    if (mayBe && isBinary(at.bytes, span.start, span.end)) return true
    span = at.before(span.start, span.end)
  }
  return false
}

/** Whether raw JSON has escapes, percent-encoding or a control character in it. */
function isWrapped(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === 0x5c || byte === 0x7f || (byte === 0xc2 && bytes[i + 1] === 0x9b)) return true
    if (byte === 0x25 && i + 2 < end && hexDigit(bytes[i + 1]!) >= 0 && hexDigit(bytes[i + 2]!) >= 0) return true
  }
  return false
}

function candidate(
  view: View,
  part: { readonly start: number; readonly end: number },
  found: { readonly rule: string; readonly value: Uint8Array | null; readonly base64: boolean },
): Candidate {
  const { start, end } = view.span(part.start, part.end)
  const value = found.value ?? valueIn(view, part.start, part.end)
  const { depth } = view
  const joined = view.joined(part.start, part.end)
  const form = found.base64 || view.inBase64 ? 'base64' : 'plain'
  return { start, end, rule: found.rule, value, form, known: found.value !== null, depth, joined }
}

/** A find's bytes; of base64, which is masked as a whole, all that it holds, unless that is the find and blanks. */
function valueIn(view: View, start: number, end: number): Uint8Array {
  if (view.undone !== 'base64') return view.bytes.subarray(start, end)
  const piece = view.piece(start)
  let from = piece.start
  let to = piece.end
  while (from < start && isBlank(view.bytes[from]!)) from++
  while (to > end && isBlank(view.bytes[to - 1]!)) to--
  return view.bytes.subarray(Math.min(from, start), Math.max(to, end))
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

/**
 * Without what goes over the end of a line that may have been over: after a name and an operator the next line's first word is no
 * part of the value, and what is complete on its line does not go on on the next.
 */
function likely(all: readonly Candidate[]): Candidate[] {
  if (all.every(({ joined }) => joined === JOINED_NOT)) return [...all]
  const whole = all.filter(({ joined }) => joined === JOINED_NOT)
  const complete = new Set(whole.map(({ start }) => start))
  /** By its end, where a run of base64 begins that is complete on its line. */
  const runs = new Map(whole.filter(({ form }) => form === 'base64').map(({ start, end }) => [end, start]))
  return all.filter(({ known, joined, rule, start, end, form }) => {
    if (known || joined === JOINED_NOT) return true
    // The last word of the line before is no part of it.
    const run = form === 'base64' ? runs.get(end) : undefined
    if (run !== undefined && run > start && run - start <= MAX_WORD_BEFORE) return false
    if (joined === JOINED_ALONE) return true
    if (GENERIC.has(rule)) return false
    return joined === JOINED_WIDE || !complete.has(start)
  })
}

/** Candidates by place, those that overlap as one. */
function united(text: Uint8Array, { candidates, placeholders }: Gathered): Hit[] {
  const within = placeholders.length === 0 ? () => false : coveredBy(placeholders)
  const secret = candidates.filter(({ start, end, known }) => known || !within(start, end))
  const probable = withoutGuesses(text, likely(secret))
  const all = inOrder(probable) ? probable : probable.toSorted((a, b) => a.start - b.start || b.end - a.end)
  const hits: Hit[] = []
  let at = 0
  while (at < all.length) {
    const first = all[at]!
    let best = first
    let end = first.end
    for (at++; at < all.length && all[at]!.start < end; at++) {
      const next = all[at]!
      if (better(next, best)) best = next
      if (next.end > end) end = next.end
    }
    if (end <= first.start) continue
    const { rule, form } = best
    const whole = best.start === first.start && best.end === end
    hits.push({
      start: first.start,
      end,
      rule,
      form,
      value: (whole ? best.value : text.subarray(first.start, end)).slice(),
    })
  }
  return hits
}

/** Says whether a stretch lies within one of many. */
function coveredBy(spans: readonly Span[]): (start: number, end: number) => boolean {
  const sorted = [...spans].sort((a, b) => a.start - b.start)
  /** How far those reach that begin no later than each. */
  const reach: number[] = []
  for (const { end } of sorted) reach.push(Math.max(end, reach.at(-1) ?? 0))
  return (start, end) => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]!.start <= start) low = middle + 1
      else high = middle
    }
    return low > 0 && reach[low - 1]! >= end
  }
}

function better(a: Candidate, b: Candidate): boolean {
  const longer = a.end - a.start - (b.end - b.start)
  if (longer !== 0) return longer > 0
  // Of a run of base64 that a rule masks as a whole, a value known in a part of it must not tell.
  if (a.known !== b.known && a.value.length !== b.value.length) return a.value.length > b.value.length
  if (a.known !== b.known) return a.known
  const specific = Number(!GENERIC.has(a.rule)) - Number(!GENERIC.has(b.rule))
  if (specific !== 0) return specific > 0
  // What a run of base64 holds is told by the first view of it; of the rest, the deepest has the most undone.
  return a.form === 'base64' && b.form === 'base64' ? a.depth < b.depth : a.depth > b.depth
}

/** What is decided of the hits. */
function settled(text: Uint8Array, hits: readonly Hit[], from: number, passed: number): Pick<Found, 'hits' | 'open'> {
  let open = Math.min(from, text.length)
  for (let i = hits.length - 1; i >= 0; i--) {
    const hit = hits[i]!
    if (hit.start < open && hit.end > open) open = hit.start
  }
  return { hits: hits.filter(({ end }) => end <= open && end > passed), open }
}
