// How an evaluation runs: its frame, and what decides which parts of a condition are looked at. In: compiled parts.
// Out: closures over them. No I/O, no clock, no state between runs.

import { FAILURE_COST, Failure, isMap, keysOf, Meter, nameOf } from './values.ts'

/** One evaluation. */
export class Frame extends Meter {
  /** Where in the text it is, for what fails there. */
  at = 0
  /** Values of the names that macros bind. */
  readonly slots: unknown[] = []
  readonly variable: (name: string) => unknown
  constructor(variable: (name: string) => unknown) {
    super()
    this.variable = variable
  }
}

export type Run = (frame: Frame) => unknown

/** A part whose value must be a bool, and where it stands. */
export interface Operand {
  readonly run: Run
  readonly at: number
}

/** What a comprehension goes over, and what one round of it costs. */
export interface Loop {
  readonly over: Run
  readonly at: number
  readonly slot: number
  readonly cost: number
}

/** `condition ? yes : no` */
export function ternary(condition: Operand, yes: Run, no: Run): Run {
  return (frame) => {
    const value = condition.run(frame)
    frame.at = condition.at
    return bool(value, '"? :"') ? yes(frame) : no(frame)
  }
}

/** `||` and `&&`: `deciding` settles it whatever the other operands are, errors included. */
export function logic(operands: readonly Operand[], deciding: boolean): Run {
  const name = deciding ? '"||"' : '"&&"'
  return (frame) => {
    const errors = new Errors()
    for (const operand of operands) {
      if (ask(operand, deciding, name, frame, errors)) return deciding
    }
    return errors.or(!deciding, frame)
  }
}

/** all and exists: an error in one element does not matter once another element decides. */
export function quantified(loop: Loop, predicate: Operand, deciding: boolean): Run {
  const name = deciding ? 'exists()' : 'all()'
  return (frame) => {
    const errors = new Errors()
    for (const item of iterate(loop, frame)) {
      frame.spend(loop.cost)
      frame.slots[loop.slot] = item
      if (ask(predicate, deciding, name, frame, errors)) return deciding
    }
    return errors.or(!deciding, frame)
  }
}

/** exists_one, filter and map: an error in any element is the result. */
export function gathered(
  loop: Loop,
  filter: Operand | null,
  transform: Run | null,
  finish: (kept: readonly unknown[]) => unknown,
): Run {
  return (frame) => {
    const kept: unknown[] = []
    for (const item of iterate(loop, frame)) {
      frame.spend(loop.cost)
      frame.slots[loop.slot] = item
      if (filter !== null) {
        const value = filter.run(frame)
        frame.at = filter.at
        if (!bool(value, 'a filter')) continue
      }
      kept.push(transform === null ? item : transform(frame))
    }
    return finish(kept)
  }
}

/** The first failure among parts that may yet not matter. */
class Errors {
  private first: Failure | null = null
  private at = 0

  /** Keeps a failure for later, unless it was the end of the budget or a bug: those end everything. */
  keep(error: unknown, frame: Frame): void {
    if (!(error instanceof Failure) || frame.left < 0) throw error
    if (this.first === null) {
      this.first = error
      this.at = frame.at
    }
    frame.spend(FAILURE_COST)
  }

  /** The value, now that nothing has decided; the failure, if there was one. */
  or(value: boolean, frame: Frame): boolean {
    if (this.first === null) return value
    frame.at = this.at
    throw this.first
  }
}

/** Whether a part has the deciding value. */
function ask(operand: Operand, deciding: boolean, name: string, frame: Frame, errors: Errors): boolean {
  try {
    const value = operand.run(frame)
    if (typeof value === 'boolean') return value === deciding
    frame.at = operand.at
    throw new Failure(`${name} needs a bool, not ${nameOf(value)}`)
  } catch (error) {
    errors.keep(error, frame)
    return false
  }
}

function iterate({ over, at }: Loop, frame: Frame): readonly unknown[] {
  const value = over(frame)
  frame.at = at
  if (Array.isArray(value)) return value
  if (!isMap(value)) throw new Failure(`${nameOf(value)} is neither a list nor a map`)
  const keys = keysOf(value)
  frame.spend(keys.length)
  return keys
}

export function bool(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value
  throw new Failure(`${where} needs a bool, not ${nameOf(value)}`)
}
