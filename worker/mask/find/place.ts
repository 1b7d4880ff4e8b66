// Where the value of a name stands that no operator joins to it. No I/O.

import type { Operator } from './judgement.ts'

/** What was found: where the value begins, that more text could tell, or nothing. */
export interface Beside {
  readonly kind: 'at' | 'open' | 'no'
  readonly at: number
  readonly operator: Operator
  /** It counts only if its line ends with it. */
  readonly alone: boolean
  /** It counts only if there is no blank in it: what is shown to people has them. */
  readonly word: boolean
}

export const NO: Beside = { kind: 'no', at: 0, operator: 'blank', alone: false, word: false }

export function at(start: number, operator: Operator, only: { alone?: boolean; word?: boolean } = {}): Beside {
  return { kind: 'at', at: start, operator, alone: only.alone === true, word: only.word === true }
}

export function open(end: number): Beside {
  return { ...NO, kind: 'open', at: end }
}
