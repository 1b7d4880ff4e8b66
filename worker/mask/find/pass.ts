// One pass of all pattern rules over one text. In: bytes, compiled rules. Out: every stretch that a rule takes, overlaps included,
// placeholders, and from where on more text could change that. No I/O.

import { schemeAt } from './assigned.ts'
import type { Budget } from './budget.ts'
import { isWordAt, WORD } from './bytes.ts'
import { findCards } from './card.ts'
import { passesCheck } from './check.ts'
import {
  ARGUMENTS,
  argumentOf,
  COMMANDS,
  type CommandPart,
  dsnBefore,
  dsnOpen,
  lastArgument,
  optionAfter,
  oracleAt,
  pgpassAt,
  printedAt,
  userPasswordAt,
} from './command.ts'
import type { Compiled, Target } from './compiled.ts'
import { SlidingEntropy } from './entropy.ts'
import { assignedAt } from './generic.ts'
import { isNamedSecret } from './judgement.ts'
import { jwtAt } from './jwt.ts'
import type { NameKind } from './names.ts'
import { isOrdinary } from './ordinary.ts'
import { type Candidate, GENERIC, SPECIFIC, type Stretch } from './overlap.ts'
import { pemAt, puttyAt } from './pem.ts'
import { keyBefore } from './pemend.ts'
import type { PatternRule } from './rule.ts'
import type { Scan } from './scan.ts'
import { secretGoesOn, secretValuesAt } from './secretobject.ts'
import type { Anchored } from './shape.ts'
import { ShapeMatch } from './shapematch.ts'
import { userinfoAt } from './url.ts'

const NEAR_BYTES = 64
const LF = 0x0a
/** A keyword so far in front of the end of a masked value has its own value in it: it is not looked at. */
const INNER_NAME = 128

/** By rule: places before were tried already. Used for one pass after the other: a text may have a thousand pieces. */
export class Tried {
  readonly #before: Int32Array
  readonly #touched: number[] = []

  constructor(rules: number) {
    this.#before = new Int32Array(rules)
  }

  before(rule: number): number {
    return this.#before[rule]!
  }

  set(rule: number, before: number): void {
    if (this.#before[rule] === 0) this.#touched.push(rule)
    this.#before[rule] = before
  }

  clear(): void {
    for (const rule of this.#touched) this.#before[rule] = 0
    this.#touched.length = 0
  }
}

/** One pass over one text. */
export class Pass {
  readonly found: Candidate[] = []
  /** Placeholders that stand in the text. */
  readonly masked: Stretch[] = []
  open: number
  /** From where on the text must be kept to be looked back at, however much of it has gone on: a Secret's object. */
  keep: number
  readonly #bytes: Uint8Array
  readonly #compiled: Compiled
  readonly #off: ReadonlySet<string>
  readonly #judge: (name: string) => NameKind
  readonly #budget: Budget
  /** No more text comes. */
  readonly #final: boolean
  #lazyShape: ShapeMatch | null = null
  #entropy: SlidingEntropy | null = null
  readonly #tried: Tried
  #nameEnd = -1
  #maskedEnd = -1
  #assignedEnd = -1
  #pemEnd = -1

  constructor(
    bytes: Uint8Array,
    compiled: Compiled,
    off: ReadonlySet<string>,
    judge: (name: string) => NameKind,
    tried: Tried,
    budget: Budget,
    final: boolean,
  ) {
    this.#bytes = bytes
    this.#compiled = compiled
    this.#off = off
    this.#judge = judge
    this.#tried = tried
    this.#budget = budget
    this.#final = final
    this.open = bytes.length
    this.keep = bytes.length
  }

  /**
   * Looks at the literals that a scan found, from its place `from` on, up to the end of this text, which begins at `start` of what was
   * scanned. Gives the place of the first that ends behind it.
   */
  take({ ends, states, count }: Scan, from: number, start: number): number {
    const { automaton, lengths, targets, standing } = this.#compiled
    const bytes = this.#bytes
    const stop = start + bytes.length
    let n = from
    for (; n < count && ends[n]! <= stop; n++) {
      const end = ends[n]! - start
      const here = automaton.ends[states[n]! - automaton.accept]!
      for (let l = 0; l < here.length; l++) {
        const literal = here[l]!
        const at = end - lengths[literal]!
        // What begins in front of the text is none of it; a shape begins at no letter in the middle of a word.
        if (at < 0 || (standing[literal] === 1 && at > 0 && WORD[bytes[at - 1]!] === 1)) continue
        const all = targets[literal]!
        for (let t = 0; t < all.length; t++) this.#at(all[t]!, at, end)
      }
    }
    return n
  }

  /** After all literals. @param last the state behind the last byte */
  finish(final: boolean, last: number): void {
    if (!final) this.#begun(last)
    if (this.#off.has('card-number')) return
    findCards(
      this.#bytes,
      this.#budget,
      (start, end) => this.#add(start, end, 'card-number', SPECIFIC),
      (start) => this.#opens(start),
    )
  }

  /** Takes all of the text for what stands under a name of that kind. */
  named(kind: NameKind, final: boolean): void {
    if (kind === 'none') return
    if (!final) this.open = 0
    const rule = kind === 'password' ? 'password' : 'secret'
    if (this.#off.has(rule)) return
    this.#budget.spend(this.#bytes.length)
    if (isNamedSecret(this.#bytes, kind)) this.#add(0, this.#bytes.length, rule, GENERIC)
  }

  get #shape(): ShapeMatch {
    this.#lazyShape ??= new ShapeMatch(this.#bytes, this.#budget)
    return this.#lazyShape
  }

  #opens(at: number): void {
    if (at < this.open) this.open = at
  }

  #keeps(at: number): void {
    if (!this.#final && at < this.keep) this.keep = at
  }

  #add(start: number, end: number, rule: string, rank: number): void {
    this.found.push({ start, end, rule, rank })
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
        if (isWordAt(bytes, start, end) && !this.#off.has(target.rule!.id)) {
          this.#near(target.rule!, target.shape!, target.number, end)
        }
        return
      case 'keyword': {
        if (end <= this.#nameEnd || start < this.#maskedEnd || end + INNER_NAME < this.#assignedEnd) return
        const assigned = assignedAt(bytes, start, end, this.#judge)
        this.#nameEnd = assigned.nameEnd
        this.#assigned(assigned, assigned.rule)
        return
      }
      case 'bearer':
      case 'basic':
        if (start > 0 && WORD[bytes[start - 1]!] === 1) return
        this.#assigned(schemeAt(bytes, end, target.kind === 'basic'), 'authorization')
        return
      case 'option': {
        const [, option, spaced] = COMMANDS[target.number]!
        this.#command(optionAfter(bytes, end, option, spaced))
        return
      }
      case 'argument':
        this.#command(argumentOf(bytes, end, ARGUMENTS[target.number]![1]))
        return
      case 'oracle':
        this.#command(oracleAt(bytes, end))
        return
      case 'printed':
        this.#command(printedAt(bytes, end))
        return
      case 'user':
        this.#command(userPasswordAt(bytes, end))
        return
      case 'call':
        this.#command(lastArgument(bytes, end))
        return
      case 'pgpass':
        this.#command(pgpassAt(bytes, end))
        return
      case 'dsn':
        this.#command(dsnBefore(bytes, start))
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
      case 'pem-end': {
        if (end <= this.#pemEnd || this.#off.has('private-key')) return
        const key = keyBefore(bytes, start)
        this.#budget.spend(key.work)
        if (key.start >= 0) this.#add(key.start, start, 'private-key', SPECIFIC)
        return
      }
      case 'data': {
        if (this.#off.has('secret')) return
        const { parts, open, work } = secretValuesAt(bytes, end, this.#final)
        this.#budget.spend(work)
        if (open >= 0) {
          this.#opens(open)
          this.#keeps(start)
        }
        for (const part of parts) this.#add(part.start, part.end, 'secret', SPECIFIC)
        return
      }
      case 'kind': {
        if (this.#final || this.keep <= start || this.#off.has('secret')) return
        const { goesOn, work } = secretGoesOn(bytes, start, end)
        this.#budget.spend(work)
        if (!goesOn) return
        this.#opens(start)
        this.#keeps(start)
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
    if (assigned.start < 0 || this.#off.has(rule)) return
    this.#add(assigned.start, assigned.end, rule, GENERIC)
    // Of a value that stands further on, there may be others in front of it.
    if (assigned.start <= assigned.nameEnd + INNER_NAME) this.#assignedEnd = assigned.end
  }

  #command(part: CommandPart): void {
    this.#budget.spend(part.work)
    if (part.open >= 0) this.#opens(part.open)
    if (part.start >= 0 && !this.#off.has('password')) this.#add(part.start, part.end, 'password', GENERIC)
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
    if (rule.near.length > 0 && isOrdinary(this.#bytes, maskStart, maskEnd)) return
    if (rule.entropy > 0) {
      this.#entropy ??= new SlidingEntropy(this.#bytes)
      if (this.#entropy.isLess(maskStart, maskEnd, rule.entropy)) return
    }
    if (rule.check !== null && !passesCheck(rule.check, this.#bytes, maskStart, maskEnd)) return
    this.#add(maskStart, maskEnd, rule.id, SPECIFIC)
  }

  /** Tries a shape at every place that is near enough behind a word, which ends at `wordEnd`. */
  #near(rule: PatternRule, shape: Anchored, number: number, wordEnd: number): void {
    const bytes = this.#bytes
    const limit = Math.min(bytes.length, wordEnd + NEAR_BYTES + 1)
    let lines = 0
    const tried = this.#tried.before(number)
    const { first } = shape
    for (let at = wordEnd; at < limit; at++) {
      if (
        at >= tried &&
        (first === null || first[bytes[at]!] === 1) &&
        (WORD[bytes[at]!] === 0 || WORD[bytes[at - 1]!] === 0)
      ) {
        const matched = this.#shape.from(shape, at)
        this.#tell(rule, matched)
      }
      if (bytes[at] === LF && ++lines > 1) break
    }
    if (limit > tried) this.#tried.set(number, limit)
    this.#budget.spend(limit - wordEnd)
  }

  #placeholder(start: number, end: number): void {
    const bytes = this.#bytes
    const limit = Math.min(bytes.length, end + 96)
    for (let i = end; i < limit; i++) {
      if (bytes[i] === 0xe2 && bytes[i + 1] === 0x9f && bytes[i + 2] === 0xa7) {
        this.masked.push({ start, end: i + 3 })
        this.#maskedEnd = i + 3
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
      if (automaton.depth[state]! <= length && opening[state] === 1) {
        this.#opens(length - automaton.depth[state]!)
        break
      }
    }
    const dsn = dsnOpen(this.#bytes)
    if (dsn >= 0) this.#opens(dsn)
    for (const { shape, rule } of early) {
      if (this.#off.has(rule.id)) continue
      const least = Math.max(0, length - shape.longest)
      // What goes on behind the end has nothing else in front of it.
      let lowest = length
      while (lowest > least && shape.alphabet[this.#bytes[lowest - 1]!] === 1) lowest--
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
