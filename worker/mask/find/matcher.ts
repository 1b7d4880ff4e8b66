// All pattern rules over flat text in one pass. In: bytes, and how they stand. Out: the stretches that are secret, and from where on
// more text could change that. Escapes, base64 and wrapped lines are undone before it. No I/O.

import type { MaskRules } from '../contract.ts'
import { type Automaton, buildAutomaton } from './automaton.ts'
import type { Budget } from './budget.ts'
import { BASE64, WORD } from './bytes.ts'
import { findCards } from './card.ts'
import { passesCheck } from './check.ts'

import { entropyOf } from './entropy.ts'
import { assignedAt, isNamedSecret, KEYWORDS, schemeAt } from './generic.ts'
import { jwtAt } from './jwt.ts'
import { type NameKind, nameKind } from './names.ts'
import { pemAt, puttyAt } from './pem.ts'
import type { PatternRule } from './rule.ts'
import { PATTERN_RULES } from './rules/index.ts'
import { type Anchored, compileAnchored, compileFree, ShapeMatch } from './shape.ts'
import { userinfoAt } from './url.ts'

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
  match(bytes: Uint8Array, options: MatchOptions): { readonly hits: readonly Matched[]; readonly open: number }
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

type Kind = 'shape' | 'near' | 'keyword' | 'url' | 'jwt' | 'pem' | 'putty' | 'bearer' | 'basic' | 'masked'

/** What to do where a literal ends. */
interface Target {
  readonly kind: Kind
  readonly rule: PatternRule | null
  readonly shape: Anchored | null
  /** Number of the literal in the shape's list. */
  readonly literal: number
  /** Number of the rule, for what is remembered of it. */
  readonly number: number
  /** The literal is part of what is masked, and nothing masked stands in front of it. */
  readonly opens: boolean
}

interface Compiled {
  readonly automaton: Automaton
  readonly literals: readonly Uint8Array[]
  /** By number of the literal. */
  readonly targets: readonly (readonly Target[])[]
  /** Shapes that have something masked in front of their literal. */
  readonly early: readonly { readonly shape: Anchored; readonly rule: PatternRule }[]
  readonly rules: number
  /** By state: whether a literal that opens passes through. */
  readonly opening: Uint8Array
}

const encoder = new TextEncoder()
const NEAR_BYTES = 64
const LF = 0x0a

function compile(table: readonly PatternRule[]): Compiled {
  const numbers = new Map<string, number>()
  const literals: Uint8Array[] = []
  const targets: Target[][] = []
  const early: { shape: Anchored; rule: PatternRule }[] = []
  const add = (literal: Uint8Array, target: Target): void => {
    const folded = literal.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte))
    const key = String.fromCharCode(...folded)
    let number = numbers.get(key)
    if (number === undefined) {
      number = literals.length
      numbers.set(key, number)
      literals.push(folded)
      targets.push([])
    }
    targets[number]!.push(target)
  }
  const special = (text: string, kind: Kind, opens: boolean): void =>
    add(encoder.encode(text), { kind, rule: null, shape: null, literal: 0, number: 0, opens })
  special('-----begin', 'pem', true)
  special('---- begin', 'pem', true)
  special('private-lines:', 'putty', true)
  special('eyj', 'jwt', true)
  special('://', 'url', false)
  special('bearer ', 'bearer', false)
  special('basic ', 'basic', false)
  special('⟦masked:', 'masked', true)
  for (const word of KEYWORDS) special(word, 'keyword', false)
  for (const [number, rule] of table.entries()) {
    if (rule.near.length > 0) {
      const shape = compileFree(rule.match, rule.ignoreCase)
      for (const word of rule.near)
        add(encoder.encode(word), { kind: 'near', rule, shape, literal: 0, number, opens: false })
      continue
    }
    for (const shape of compileAnchored(rule.match, rule.ignoreCase)) {
      if (shape.maskFrom === 'before') early.push({ shape, rule })
      for (const [literal, bytes] of shape.literals.entries()) {
        add(bytes, { kind: 'shape', rule, shape, literal, number, opens: shape.maskFrom === 'literal' })
      }
    }
  }
  const automaton = buildAutomaton(literals)
  const opening = new Uint8Array(automaton.depth.length)
  for (const [number, literal] of literals.entries()) {
    if (!targets[number]!.some(({ opens }) => opens)) continue
    let state = 0
    for (const byte of literal) {
      state = automaton.table[(state << automaton.shift) | automaton.classes[byte]!]!
      opening[state] = 1
    }
  }
  return { automaton, literals, targets, early, rules: table.length, opening }
}

const compiled = new WeakMap<readonly PatternRule[], Compiled>()

function compiledOf(table: readonly PatternRule[]): Compiled {
  let known = compiled.get(table)
  if (known === undefined) {
    known = compile(table)
    compiled.set(table, known)
  }
  return known
}

/** Higher wins where two overlap. */
const SPECIFIC = 2
const GENERIC = 1

interface Candidate {
  readonly start: number
  readonly end: number
  readonly rule: string
  readonly rank: number
}

/** One pass over one text. */
class Pass {
  readonly found: Candidate[] = []
  /** Placeholders that stand in the text. */
  readonly masked: { start: number; end: number }[] = []
  open: number
  readonly #bytes: Uint8Array
  readonly #compiled: Compiled
  readonly #off: ReadonlySet<string>
  readonly #judge: (name: string) => NameKind
  readonly #budget: Budget
  readonly #shape: ShapeMatch
  /** By rule: places before were tried already. */
  readonly #tried: Int32Array
  #nameEnd = -1
  #pemEnd = -1

  constructor(
    bytes: Uint8Array,
    compiled: Compiled,
    off: ReadonlySet<string>,
    judge: (name: string) => NameKind,
    budget: Budget,
  ) {
    this.#bytes = bytes
    this.#compiled = compiled
    this.#off = off
    this.#judge = judge
    this.#budget = budget
    this.#shape = new ShapeMatch(bytes)
    this.#tried = new Int32Array(compiled.rules)
    this.open = bytes.length
  }

  run(): void {
    const { table, classes, shift, accept, ends } = this.#compiled.automaton
    const bytes = this.#bytes
    const length = bytes.length
    this.#budget.spend(length >> 2)
    let state = 0
    for (let i = 0; i < length; i++) {
      state = table[(state << shift) | classes[bytes[i]!]!]!
      if (state >= accept) {
        const here = ends[state - accept]!
        for (let n = 0; n < here.length; n++) this.#ended(here[n]!, i + 1)
      }
    }
    this.#begun(state)
    if (!this.#off.has('card-number')) {
      this.#budget.spend(length >> 3)
      findCards(
        bytes,
        0,
        (start, end) => this.#add(start, end, 'card-number', SPECIFIC),
        (start) => this.#opens(start),
      )
    }
  }

  #opens(at: number): void {
    if (at < this.open) this.open = at
  }

  #add(start: number, end: number, rule: string, rank: number): void {
    this.found.push({ start, end, rule, rank })
  }

  #ended(literal: number, end: number): void {
    const length = this.#compiled.literals[literal]!.length
    for (const target of this.#compiled.targets[literal]!) this.#at(target, end - length, end)
  }

  #at(target: Target, start: number, end: number): void {
    const bytes = this.#bytes
    switch (target.kind) {
      case 'shape': {
        const rule = target.rule!
        if (this.#off.has(rule.id)) return
        const matched = this.#shape.at(target.shape!, target.literal, end)
        this.#tell(rule, matched)
        return
      }
      case 'near':
        if (!this.#off.has(target.rule!.id)) this.#near(target.rule!, target.shape!, target.number, end)
        return
      case 'keyword': {
        if (end <= this.#nameEnd) return
        const assigned = assignedAt(bytes, start, end, this.#judge)
        this.#nameEnd = assigned.nameEnd
        this.#assigned(assigned, 'secret')
        return
      }
      case 'bearer':
      case 'basic':
        if (start > 0 && WORD[bytes[start - 1]!] === 1) return
        this.#assigned(schemeAt(bytes, end, target.kind === 'basic'), 'authorization')
        return
      case 'url': {
        if (this.#off.has('url-password')) return
        const url = userinfoAt(bytes, end)
        this.#budget.spend(url.work)
        if (url.open >= 0) this.#opens(url.open)
        for (const part of url.masked) this.#add(part.start, part.end, 'url-password', SPECIFIC)
        return
      }
      case 'jwt': {
        if (this.#off.has('jwt')) return
        const jwt = jwtAt(bytes, start)
        this.#budget.spend(jwt.work)
        if (jwt.touchedEnd) this.#opens(start)
        if (jwt.end >= 0) this.#add(start, jwt.end, 'jwt', SPECIFIC)
        return
      }
      case 'pem':
      case 'putty': {
        if (start < this.#pemEnd || this.#off.has('private-key')) return
        const pem = target.kind === 'pem' ? pemAt(bytes, start) : puttyAt(bytes, start)
        this.#budget.spend(pem.work)
        if (pem.touchedEnd) this.#opens(start)
        if (pem.end >= 0) {
          this.#pemEnd = pem.end
          this.#add(start, pem.end, 'private-key', SPECIFIC)
        }
        return
      }
      case 'masked':
        this.#placeholder(start, end)
        return
    }
  }

  #assigned(assigned: ReturnType<typeof assignedAt>, rule: string): void {
    this.#budget.spend(assigned.work)
    if (assigned.open >= 0) this.#opens(assigned.open)
    if (assigned.start >= 0 && !this.#off.has(rule)) this.#add(assigned.start, assigned.end, rule, GENERIC)
  }

  /** Notes how the last try of a shape went. */
  #tell(rule: PatternRule, matched: boolean): void {
    const shape = this.#shape
    if (shape.work > 64) {
      this.#budget.spend(shape.work)
      shape.work = 0
    }
    if (shape.touchedEnd) this.#opens(shape.openAt)
    if (!matched) return
    const { maskStart, maskEnd } = shape
    if (rule.entropy > 0 && entropyOf(this.#bytes, maskStart, maskEnd) < rule.entropy) return
    if (rule.check !== null && !passesCheck(rule.check, this.#bytes, maskStart, maskEnd)) return
    this.#add(maskStart, maskEnd, rule.id, SPECIFIC)
  }

  /** Tries a shape at every place that is near enough behind a word, which ends at `wordEnd`. */
  #near(rule: PatternRule, shape: Anchored, number: number, wordEnd: number): void {
    const bytes = this.#bytes
    const limit = Math.min(bytes.length, wordEnd + NEAR_BYTES + 1)
    let lines = 0
    const tried = this.#tried[number]!
    for (let at = wordEnd; at < limit; at++) {
      if (
        at >= tried &&
        (shape.first === null || shape.first[bytes[at]!] === 1) &&
        (WORD[bytes[at]!] === 0 || WORD[bytes[at - 1]!] === 0)
      ) {
        const matched = this.#shape.from(shape, at)
        this.#tell(rule, matched)
      }
      if (bytes[at] === LF && ++lines > 1) break
    }
    if (limit > tried) this.#tried[number] = limit
    this.#budget.spend(limit - wordEnd)
  }

  #placeholder(start: number, end: number): void {
    const bytes = this.#bytes
    const limit = Math.min(bytes.length, end + 96)
    for (let i = end; i < limit; i++) {
      if (bytes[i] === 0xe2 && bytes[i + 1] === 0x9f && bytes[i + 2] === 0xa7) {
        this.masked.push({ start, end: i + 3 })
        return
      }
      const byte = bytes[i]!
      if (
        !(
          byte === 0x2d ||
          byte === 0x3a ||
          (byte >= 0x30 && byte <= 0x39) ||
          (byte >= 0x61 && byte <= 0x7a) ||
          byte >= 0x80
        )
      )
        return
    }
    if (limit === bytes.length) this.#opens(start)
  }

  /** What has begun at the end of the text and is not complete. */
  #begun(last: number): void {
    const { automaton, opening, early } = this.#compiled
    const length = this.#bytes.length
    for (let state = last; state !== 0; state = automaton.fail[state]!) {
      if (opening[state] === 1) {
        this.#opens(length - automaton.depth[state]!)
        break
      }
    }
    for (const { shape, rule } of early) {
      if (this.#off.has(rule.id)) continue
      const lowest = Math.max(0, length - shape.longest)
      for (let at = lowest; at < length && at < this.open; at++) {
        if (shape.first !== null && shape.first[this.#bytes[at]!] === 0) continue
        if (at > 0 && WORD[this.#bytes[at]!] === 1 && WORD[this.#bytes[at - 1]!] === 1) continue
        this.#shape.from(shape, at)
        if (this.#shape.touchedEnd) {
          this.#opens(this.#shape.openAt)
          break
        }
      }
      this.#budget.spend(this.#shape.work)
      this.#shape.work = 0
    }
  }
}

/** Puts what overlaps together: the more specific rule names it, all of it is covered. Placeholders are left as they are. */
function resolve(found: readonly Candidate[], masked: readonly { start: number; end: number }[]): Matched[] {
  const sorted = [...found].sort((a, b) => a.start - b.start || b.end - a.end)
  const hits: { start: number; end: number; rule: string; rank: number; length: number }[] = []
  for (const { start, end, rule, rank } of sorted) {
    if (masked.some((placeholder) => start < placeholder.end && end > placeholder.start)) continue
    const last = hits.at(-1)
    if (last === undefined || start >= last.end) {
      hits.push({ start, end, rule, rank, length: end - start })
      continue
    }
    if (rank > last.rank || (rank === last.rank && end - start > last.length)) {
      last.rule = rule
      last.rank = rank
      last.length = end - start
    }
    if (end > last.end) last.end = end
  }
  return hits.map(({ start, end, rule }) => ({ start, end, rule }))
}

/** Whether bytes hold what could be something else when decoded: escapes, URL encoding, base64. */
function looksEncoded(bytes: Uint8Array, start: number, end: number): boolean {
  let run = 0
  let upper = false
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (BASE64[byte] === 1) {
      run++
      if (byte >= 0x41 && byte <= 0x5a) upper = true
      if (run >= 20 && upper) return true
      continue
    }
    if (byte === 0x5c || byte === 0x25) return true
    run = 0
    upper = false
  }
  return false
}

const SUSPECT_BUDGET: Budget = { spend: () => undefined }

/** Makes a matcher. What does not depend on the rules of a session is compiled once for each table. */
export function createMatcher(
  rules: Pick<MaskRules, 'off' | 'names'>,
  table: readonly PatternRule[] = PATTERN_RULES,
): Matcher {
  const judge = nameKind
  const { off } = rules
  const match: Matcher['match'] = (bytes, { final, name, from = 0, budget }) => {
    const pass = new Pass(bytes, compiledOf(table), off, judge, budget)
    pass.run()
    if (name !== undefined && from === 0) {
      const kind = judge(name)
      if (kind !== 'none') {
        if (!final) pass.open = 0
        if (isNamedSecret(bytes, kind))
          pass.found.push({
            start: 0,
            end: bytes.length,
            rule: kind === 'password' ? 'password' : 'secret',
            rank: GENERIC,
          })
      }
    }
    const all = resolve(pass.found, pass.masked)
    let open = final ? bytes.length : pass.open
    for (const hit of all) if (hit.start < open && hit.end > open) open = hit.start
    const hits = all.filter(({ end }) => end > from).map((hit) => (hit.start < from ? { ...hit, start: from } : hit))
    return { hits, open }
  }
  return {
    match,
    suspect: (bytes, start, end) =>
      looksEncoded(bytes, start, end) ||
      match(bytes.subarray(start, end), { final: true, budget: SUSPECT_BUDGET }).hits.length > 0,
    namesSecret: (name) => ['secret', 'password'].includes(judge(name)),
  }
}
