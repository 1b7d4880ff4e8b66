// How often a wrong login code may be given. In: a clock. Out: how long to wait. Counts for everybody together: whoever guesses
// can begin as many logins as they like. No I/O.

/** With 50 bits in a code, guessing takes longer than anybody waits. */
export const MAX_WRONG_TRIES = 5
export const WRONG_TRIES_WITHIN_MS = 60_000

/** At most `MAX_WRONG_TRIES` wrong ones in any `WRONG_TRIES_WITHIN_MS`. */
export class Tries {
  readonly #now: () => number
  /** When the last wrong ones came, oldest first. */
  #wrong: readonly number[] = []

  /** @param now milliseconds that never go back */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Milliseconds until the next try may be made; 0 when it may be made now. Until then a right code counts for nothing either. */
  waitMs(): number {
    const [oldest] = this.#wrong
    if (oldest === undefined || this.#wrong.length < MAX_WRONG_TRIES) return 0
    return Math.max(0, oldest + WRONG_TRIES_WITHIN_MS - this.#now())
  }

  /** One was wrong. */
  wrong(): void {
    this.#wrong = [...this.#wrong, this.#now()].slice(-MAX_WRONG_TRIES)
  }
}
