// How much work one text may cost. In: units of work, about one byte looked at again each. Out: an end by MaskError. No clock: the
// same text costs the same everywhere.

import { MaskError } from '../error.ts'

/**
 * Work allowed for each byte of a text. Ordinary logs need less than 1, Secrets that are packed twice some 20 to 60. A unit is about
 * 2 ns in flat text, which makes 5 MB/s, but up to 12 where a text is nested so that many views show short pieces.
 */
const UNITS_FOR_EACH_BYTE = 64
/** Work allowed for any text, however short: a prompt may hold one long match. */
const UNITS_FOR_ANY = 200_000

/** Counts the work that a text costs. */
export interface Budget {
  /** @throws {MaskError} all of it is spent: the text must be withheld */
  spend(work: number): void
}

class Units implements Budget {
  #left: number

  constructor(units: number) {
    this.#left = units
  }

  spend(work: number): void {
    this.#left -= work
    if (this.#left < 0) throw new MaskError('searching it for secrets takes too long')
  }
}

/** A budget of so many units. */
export function createBudget(units: number): Budget {
  return new Units(units)
}

/** The budget for a text of so many bytes. Stops hostile text from holding the event loop. */
export function budgetFor(bytes: number): Budget {
  return new Units(UNITS_FOR_ANY + UNITS_FOR_EACH_BYTE * bytes)
}
