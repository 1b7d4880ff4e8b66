// All pattern rules over flat text in one pass. In: bytes, and how they stand. Out: the stretches that are secret, and from where on
// more text could change that. Escapes, base64 and wrapped lines are undone before it. No I/O.

import { RE2JS } from 're2js'
import type { MaskRules } from '../contract.ts'
import { MaskError } from '../error.ts'
import { type Budget, budgetFor } from './budget.ts'
import { latin } from './bytes.ts'
import { mayHoldCard } from './card.ts'
import { type Compiled, compiledOf } from './compiled.ts'
import { type NameKind, nameKind } from './names.ts'
import { resolve } from './overlap.ts'
import { Pass, Tried } from './pass.ts'
import type { PatternRule } from './rule.ts'
import { PATTERN_RULES } from './rules/index.ts'
import { suspicionOf } from './suspect.ts'

/** A stretch that is secret. Offsets are bytes of the text. */
export interface Matched {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly rule: string
}

/** How a text is matched. */
export interface MatchOptions {
  /** No more text comes. */
  readonly final: boolean
  /** The name that the text stands under: all of it is the value then. */
  readonly name?: string
  /** What stands before was let go and is only looked back at. */
  readonly from?: number
  /** Offsets in order at which the text is cut: each piece is matched by itself, and only the last may go on. */
  readonly cuts?: readonly number[]
  readonly budget: Budget
}

/** Matches the built-in rules. */
export interface Matcher {
  /** False only if match() would find nothing in this JSON string (without its quotes), nor in any form it could be decoded to. */
  suspect(bytes: Uint8Array, start: number, end: number): boolean
  /**
   * @returns `hits` by place, without overlaps, those beyond `open` too: they are what is found if nothing more comes. `open` may lie
   * before `from`: from there on the text must be kept to be looked back at.
   * @throws {MaskError} the budget is spent
   */
  match(
    bytes: Uint8Array,
    options: MatchOptions,
  ): {
    readonly hits: readonly Matched[]
    readonly open: number
    /** From where on the text must be kept, however much of it is let go. */
    readonly keep: number
  }
  namesSecret(name: string): boolean
}

/**
 * Bytes in front of what is open that decide about it and must be kept to be looked back at: a name, its operator, blanks and quotes;
 * the words near a shape.
 */
export const LOOK_BACK_BYTES = 1024

/** The rules that are no shape, by the names that a MaskPolicy switches them off by. */
export const BUILT_IN_RULES = [
  'private-key',
  'jwt',
  'url-password',
  'password',
  'secret',
  'authorization',
  'card-number',
] as const

const MAX_NAMES = 1024
/** Pieces of a text that are remembered, and how long they may be. */
const MAX_REMEMBERED = 4096
const MAX_REMEMBERED_BYTES = 512

/** Says what names mean: the built-in judgement, and the names of MaskPolicies. */
function judgeOf(names: readonly string[]): (name: string) => NameKind {
  if (names.length === 0) return nameKind
  const patterns = names.map((pattern) => RE2JS.compile(pattern))
  const known = new Map<string, NameKind>()
  return (name) => {
    let kind = known.get(name)
    if (kind === undefined) {
      kind = patterns.some((pattern) => pattern.matcher(name).find()) ? 'password' : nameKind(name)
      if (known.size >= MAX_NAMES) known.clear()
      known.set(name, kind)
    }
    return kind
  }
}

/** Before the first stretch, by place, that what is open lies in. */
function openOf(stretches: readonly Matched[], open: number): number {
  return stretches.reduce((at, { start, end }) => (start < at && end > at ? start : at), open)
}

/**
 * Makes a matcher. What does not depend on the rules of a session is compiled once for each table, when it is first needed.
 * @throws {RE2JSSyntaxException} a name of the rules is not RE2
 */
export function createMatcher(
  rules: Pick<MaskRules, 'off' | 'names'>,
  table: readonly PatternRule[] = PATTERN_RULES,
): Matcher {
  const judge = judgeOf(rules.names)
  const { off } = rules
  let parts: Compiled | null = null
  let tried: Tried | null = null
  const cards = !off.has('card-number')
  /** What pieces with something in them hold, by their bytes: most views of a text show the same pieces again. */
  const remembered = new Map<string, readonly Matched[]>()
  /** What they were remembered for: views of one text share a budget. */
  let spent: Budget | null = null

  const passOf = (bytes: Uint8Array, start: number, end: number, final: boolean, budget: Budget): Pass => {
    parts ??= compiledOf(table)
    tried ??= new Tried(parts.rules)
    // Also what a pass that threw left there.
    tried.clear()
    const piece = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
    return new Pass(piece, parts, off, judge, tried, budget, final)
  }

  /** Matches each piece by itself. Most hold no literal: they cost a look, and nothing is made for them. */
  const matchPieces = (
    bytes: Uint8Array,
    { final, cuts = [], budget }: MatchOptions,
    name: string | undefined,
  ): { hits: Matched[]; open: number; keep: number } => {
    parts ??= compiledOf(table)
    tried ??= new Tried(parts.rules)
    const { scan } = parts
    if (budget !== spent) remembered.clear()
    spent = budget
    const hits: Matched[] = []
    let open = bytes.length
    let keep = bytes.length
    let start = 0
    let more = scan.begin(bytes)
    /** How many of the scan's literals are done. */
    let done = 0
    for (let piece = 0; piece <= cuts.length; piece++) {
      const last = piece === cuts.length
      const end = last ? bytes.length : cuts[piece]!
      const closed = final || !last
      let pass: Pass | null = null
      let key: string | null = null
      let known: readonly Matched[] | undefined
      for (;;) {
        if (done < scan.count && scan.ends[done]! <= end) {
          if (key === null && closed && cuts.length > 0 && end - start <= MAX_REMEMBERED_BYTES) {
            budget.spend(end - start)
            key = latin(bytes, start, end)
            known = remembered.get(key)
          }
          if (known === undefined) {
            pass ??= passOf(bytes, start, end, closed, budget)
            done = pass.take(scan, done, start)
          } else while (done < scan.count && scan.ends[done]! <= end) done++
        }
        // The scan's last literals may end behind this piece.
        if (done < scan.count || !more || scan.at >= end) break
        more = scan.next(bytes)
        done = 0
      }
      if (
        !closed ||
        name !== undefined ||
        (pass === null && known === undefined && cards && mayHoldCard(bytes, start, end))
      )
        pass ??= passOf(bytes, start, end, closed, budget)
      if (pass !== null) {
        pass.finish(closed, scan.state)
        if (name !== undefined) pass.named(judge(name), final)
        const found = resolve(pass.found, pass.masked)
        if (!closed) {
          open = start + openOf(found, pass.open)
          keep = start + pass.keep
        }
        if (key !== null && remembered.size < MAX_REMEMBERED) remembered.set(key, found)
        known = found
      }
      if (known !== undefined) {
        for (const hit of known) {
          hits.push(start === 0 ? hit : { start: start + hit.start, end: start + hit.end, rule: hit.rule })
        }
      }
      start = end
    }
    return { hits, open, keep }
  }

  const match: Matcher['match'] = (bytes, options) => {
    const { name, from = 0, budget } = options
    budget.spend((bytes.length >> 2) + (bytes.length >> 3))
    const { hits: all, open, keep } = matchPieces(bytes, options, from === 0 ? name : undefined)
    if (from === 0) return { hits: all, open, keep }
    const hits = all.filter(({ end }) => end > from).map((hit) => (hit.start < from ? { ...hit, start: from } : hit))
    return { hits, open, keep }
  }

  const suspect: Matcher['suspect'] = (bytes, start, end) => {
    parts ??= compiledOf(table)
    const suspicion = suspicionOf(parts, bytes, start, end)
    if (suspicion !== 'perhaps') return suspicion === 'yes'
    try {
      return match(bytes.subarray(start, end), { final: true, budget: budgetFor(end - start) }).hits.length > 0
    } catch (error) {
      if (error instanceof MaskError) return true
      throw error
    }
  }

  return {
    match,
    suspect,
    namesSecret: (name) => {
      const kind = judge(name)
      return kind === 'secret' || kind === 'password'
    },
  }
}
