// What a compiled condition is, and the language it is compiled in. No I/O, no clock.

import type { Overload } from './functions.ts'
import { Failure } from './values.ts'

/** Overloads by {@link callKey}. */
export type FunctionTable = ReadonlyMap<string, readonly Overload[]>

/** Where a function is found: `.find/2` is a member with one argument, `size/1` a function of one. */
export function callKey(name: string, member: boolean, arity: number): string {
  return `${member ? '.' : ''}${name}/${arity}`
}

/** Names that stand for a group of functions: `sets.contains(…)`, found as `sets.contains/2`. */
export type Namespaces = ReadonlySet<string>

export interface Program {
  /** Free names, declared variables all of them. */
  readonly variables: ReadonlySet<string>
  run(variable: (name: string) => unknown): Outcome
}

/** `at`: an offset in the condition's text. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string; readonly at: number }

/** A condition that can be seen not to work without any request: a number out of range, a pattern that is none. */
export class Unusable {
  readonly reason: string
  readonly at: number
  constructor(reason: string, at: number) {
    this.reason = reason
    this.at = at
  }
}

export interface Language {
  readonly functions: FunctionTable
  readonly namespaces: Namespaces
  /** What a literal text stands for as an argument: mostly itself. @throws Failure when it cannot be meant */
  readonly literal: (name: string, place: number, value: string) => unknown
  /** Whether a function of one literal text is worked out once, with the condition. */
  readonly constant: (name: string) => boolean
}

/** Turns a Failure into what is wrong with the condition itself. */
export function unusable<A extends readonly unknown[]>(at: number, work: (...args: A) => unknown, ...args: A): unknown {
  try {
    return work(...args)
  } catch (error) {
    if (error instanceof Failure) throw new Unusable(error.reason, at)
    throw error
  }
}
