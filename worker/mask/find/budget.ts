// How much work one text may cost, and all texts of a session together. In: units of work, about one byte looked at again each. Out: an
// end by MaskError. No clock: the same texts cost the same everywhere.

import { MaskError } from '../error.ts'

/** Work allowed for each byte of a text. Ordinary logs need less than 1, Secrets that are packed twice some 20 to 60. */
const UNITS_FOR_EACH_BYTE = 64
/** Work allowed for any text, however short: a prompt may hold one long match. */
const UNITS_FOR_ANY = 200_000

/** What a unit of work takes, in nanoseconds as measured (`npm run bench`): in a text as it is or undone once, */
const NS_FLAT = 3
/** and where it is nested, so that many views show short pieces. */
const NS_NESTED = 20
const NESTED_DEPTH = 2
/** What is found has to be put in order and hashed. */
const NS_FOR_EACH_HIT = 2500
/** What a session may take for each byte: 5 MB/s. */
const NS_FOR_EACH_BYTE = 200
/** What it may take beyond that: a megabyte of Secrets that are packed twice, five of passwords. */
const NS_SAVED = 500_000_000

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
    if (this.#left < 0) throw new MaskError(TOO_LONG)
  }
}

const TOO_LONG = 'searching it for secrets takes too long'

/** The work of one text, as part of its session's. */
class Share implements Budget {
  readonly #units: Budget
  readonly #pay: (ns: number) => void
  #price = NS_FLAT

  constructor(bytes: number, pay: (ns: number) => void) {
    this.#units = budgetFor(bytes)
    this.#pay = pay
  }

  /** How often what is looked at from now on was undone. */
  set depth(depth: number) {
    this.#price = depth < NESTED_DEPTH ? NS_FLAT : NS_NESTED
  }

  spend(work: number): void {
    this.#units.spend(work)
    this.#pay(work * this.#price)
  }

  /** So much was found. @throws {MaskError} all of it is spent */
  found(hits: number): void {
    this.#pay(hits * NS_FOR_EACH_HIT)
  }
}

/**
 * What the texts of a session may cost together. One text may be slow; many of them would slow everybody down, so they are withheld when
 * what was saved is spent. Ordinary text saves more than it costs.
 */
export class Allowance {
  #saved = NS_SAVED

  /** For a text of so many bytes, of which so many were not searched before. To be used up before the next is asked for. */
  share(bytes: number, fresh: number): Share {
    this.#saved = Math.min(NS_SAVED, this.#saved) + fresh * NS_FOR_EACH_BYTE
    return new Share(bytes, (ns) => {
      if (this.#saved < ns) throw new MaskError(`${TOO_LONG}, after much in this session that did`)
      this.#saved -= ns
    })
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
