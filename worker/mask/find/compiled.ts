// All rules of a table, compiled into one automaton, with what is to be done where a literal ends. Made once for each table. No I/O.

import { type Automaton, buildAutomaton } from './automaton.ts'
import { WORD } from './bytes.ts'
import { ARGUMENTS, CALLS, COMMANDS, ORACLE, PRINTS, USER_OPTIONS } from './command.ts'
import { KEYWORDS } from './generic.ts'
import type { PatternRule } from './rule.ts'
import { Scan } from './scan.ts'
import { type Anchored, compileAnchored, compileFree } from './shape.ts'

const encoder = new TextEncoder()

/** What is looked at behind a literal, or around it. */
export type Kind =
  | 'option'
  | 'argument'
  | 'oracle'
  | 'printed'
  | 'user'
  | 'call'
  | 'pgpass'
  | 'dsn'
  | 'shape'
  | 'near'
  | 'keyword'
  | 'url'
  | 'jwt'
  | 'pem'
  | 'putty'
  | 'data'
  | 'kind'
  | 'pem-end'
  | 'bearer'
  | 'basic'
  | 'masked'

/** What to do where a literal ends. */
export interface Target {
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

/** A table of rules, compiled. */
export interface Compiled {
  readonly automaton: Automaton
  readonly literals: readonly Uint8Array[]
  readonly scan: Scan
  /** By number of the literal: how long it is. */
  readonly lengths: Uint8Array
  /** By number of the literal: whether it counts only where it begins a word, since it is a letter and what begins with it is a shape. */
  readonly standing: Uint8Array
  /** By number of the literal. */
  readonly targets: readonly (readonly Target[])[]
  /** Shapes that have something masked in front of their literal. */
  readonly early: readonly { readonly shape: Anchored; readonly rule: PatternRule }[]
  readonly rules: number
  /** By state: whether a literal that opens passes through. */
  readonly opening: Uint8Array
}

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
  special('-----end', 'pem-end', false)
  special('data:', 'data', false)
  special('data":', 'data', false)
  for (const said of ['kind: secret', '"kind":"secret"', '"kind": "secret"']) special(said, 'kind', false)
  special('eyj', 'jwt', true)
  special('://', 'url', false)
  special('bearer ', 'bearer', false)
  special('basic ', 'basic', false)
  special('⟦masked:', 'masked', true)
  for (const word of KEYWORDS) special(word, 'keyword', false)
  for (const [number, [word]] of COMMANDS.entries()) {
    add(encoder.encode(word), { kind: 'option', rule: null, shape: null, literal: 0, number, opens: false })
  }
  for (const [number, [word]] of ARGUMENTS.entries()) {
    add(encoder.encode(word), { kind: 'argument', rule: null, shape: null, literal: 0, number, opens: false })
  }
  for (const word of ORACLE) special(word, 'oracle', false)
  for (const word of PRINTS) special(word, 'printed', false)
  for (const word of CALLS) special(word, 'call', false)
  for (const word of USER_OPTIONS) special(word, 'user', false)
  special(':5432:', 'pgpass', false)
  special('@tcp(', 'dsn', false)
  special('@unix(', 'dsn', false)
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
  const lengths = Uint8Array.from(literals, ({ length }) => length)
  const standing = Uint8Array.from(literals, ([first], number) =>
    WORD[first!] === 1 && targets[number]!.every(({ kind, shape }) => kind === 'shape' && shape!.begins) ? 1 : 0,
  )
  const scan = new Scan(automaton)
  return { automaton, literals, scan, lengths, standing, targets, early, rules: table.length, opening }
}

const compiled = new WeakMap<readonly PatternRule[], Compiled>()

/** The compiled form of a table. @throws {SyntaxError} a rule is not of the language */
export function compiledOf(table: readonly PatternRule[]): Compiled {
  let known = compiled.get(table)
  if (known === undefined) {
    known = compile(table)
    compiled.set(table, known)
  }
  return known
}
