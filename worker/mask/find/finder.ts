// The finder of a session: patterns, known values and names, over every form a text can take. No I/O.

import type { Finder, FindOptions, Found, Hit, KnownValues, MaskRules } from '../contract.ts'
import { type Budget, budgetFor } from './budget.ts'
import { createCustomMatcher } from './custom.ts'
import { createMatcher } from './matcher.ts'
import { outside, placeholdersIn, withoutPlaceholders } from './placeholders.ts'
import { searchableValues } from './values.ts'
import { mayHoldBase64, spanOfRun } from './views/base64.ts'
import type { View } from './views/view.ts'
import { viewsOf } from './views/views.ts'

/** Rules that go by a name and an operator: what they find goes on over a line's end only if that line was broken for its width. */
const GENERIC: ReadonlySet<string> = new Set(['password', 'secret', 'authorization'])

/** A hit, and how sure its value is: the longest wins, then a known value, then the deepest view. */
interface Candidate extends Hit {
  readonly known: boolean
  readonly depth: number
}

/** Makes a session's finder. */
export function createFinder(rules: MaskRules, values: KnownValues): Finder {
  const matcher = createMatcher(rules)
  const { layers } = rules
  const custom = layers.patterns ? createCustomMatcher(rules.patterns) : null
  const known = layers.values ? searchableValues(values) : null

  /** What one view shows. Gives from where on in the text it is open. */
  const look = (view: View, text: Uint8Array, options: FindOptions, budget: Budget, all: Candidate[]): number => {
    const final = options.final || view.closed
    const walls = placeholdersIn(view.bytes)
    const bytes = withoutPlaceholders(view.bytes, walls.spans)
    let open = final ? bytes.length : walls.open
    const add = (start: number, end: number, rule: string, value: Uint8Array | null, base64: boolean): void => {
      for (const part of outside(start, end, walls.spans)) {
        if (part.end <= part.start || !view.isNew(part.start, part.end)) continue
        const whole = part.start === start && part.end === end
        all.push(candidate(view, text, part, { rule, value: whole ? value : null, base64 }))
      }
    }
    if (layers.patterns) {
      const plain = view.depth === 0
      const found = matcher.match(bytes, {
        final,
        budget,
        ...(plain && options.name !== undefined ? { name: options.name } : {}),
      })
      open = Math.min(open, found.open)
      for (const { start, end, rule } of found.hits) add(start, end, rule, null, false)
    }
    if (custom !== null) {
      const found = custom.match(bytes, final, budget)
      open = Math.min(open, found.open)
      for (const { start, end, rule } of found.hits) add(start, end, rule, null, false)
    }
    if (known !== null && known.size > 0) {
      budget.spend(bytes.length >> 2)
      const found = known.search(bytes, final, budget)
      open = Math.min(open, found.open)
      for (const hit of found.hits) {
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
      if (layers.patterns && matcher.suspect(bytes, start, end)) return true
      return known?.suspect(bytes, start, end) === true || custom?.suspect(bytes, start, end) === true
    },
    find(text, options) {
      const budget = budgetFor(text.length)
      const all: Candidate[] = []
      let open = text.length
      for (const view of viewsOf(text, { final: options.final, budget })) {
        open = Math.min(open, view.open, view.bytes.length === 0 ? text.length : look(view, text, options, budget, all))
      }
      return settled(text, united(text, all), options.final ? text.length : open, options.from ?? 0)
    },
    namesSecret: (name) => matcher.namesSecret(name),
  }
}

/** Whether raw JSON has escapes, percent-encoding or a control character in it. */
function isWrapped(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === 0x5c || byte === 0x25 || byte === 0x7f || (byte === 0xc2 && bytes[i + 1] === 0x9b)) return true
  }
  return false
}

function candidate(
  view: View,
  text: Uint8Array,
  part: { readonly start: number; readonly end: number },
  found: { readonly rule: string; readonly value: Uint8Array | null; readonly base64: boolean },
): Candidate {
  const { start, end } = view.span(part.start, part.end)
  const { depth } = view
  const form = found.base64 || view.inBase64 ? 'base64' : 'plain'
  // A run of base64 is masked as a whole: its value is all it holds, unless that is the secret and blanks.
  const value = found.value ?? view.bytes.subarray(part.start, part.end)
  return { start, end: Math.max(end, start), rule: found.rule, value, form, known: found.value !== null, depth }
}

/** Candidates by place, those that overlap as one. */
function united(text: Uint8Array, all: Candidate[]): Hit[] {
  all.sort((a, b) => a.start - b.start || b.end - a.end)
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

function better(a: Candidate, b: Candidate): boolean {
  const longer = a.end - a.start - (b.end - b.start)
  if (longer !== 0) return longer > 0
  if (a.known !== b.known) return a.known
  const specific = Number(!GENERIC.has(a.rule)) - Number(!GENERIC.has(b.rule))
  return specific !== 0 ? specific > 0 : a.depth > b.depth
}

/** What is decided of the hits. */
function settled(text: Uint8Array, hits: readonly Hit[], from: number, passed: number): Found {
  let open = Math.min(from, text.length)
  for (let i = hits.length - 1; i >= 0; i--) {
    const hit = hits[i]!
    if (hit.start < open && hit.end > open) open = hit.start
  }
  return { hits: hits.filter(({ end }) => end <= open && end > passed), open }
}
