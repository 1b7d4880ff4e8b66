// Compiled shapes matched in one text. In: a shape with a place where a literal of it stands, or where it may begin. Out: where it
// begins and ends. Matches by stepping back over bounded repeats; every step is counted. No I/O.

import type { Budget } from './budget.ts'
import { lower, WORD } from './bytes.ts'
import type { Anchored, Step } from './shape.ts'

const FAILED = -1
/** Repeats of a class from which on it is worth remembering how far they go. */
const LONG_RUN = 32
/** Runs that are remembered, of a class each. */
const MAX_RUNS = 4
/** Work done before it is spent. */
const MAX_UNSPENT = 1024

/** Matches shapes in one text. Its fields say how the last try went. */
export class ShapeMatch {
  /** Bounds of the whole shape, and of the part that is masked. */
  start = 0
  end = 0
  maskStart = 0
  maskEnd = 0
  /** The try looked for bytes behind the end of the text: with more of them it could end otherwise. */
  touchedEnd = false
  /** Where the masked part of a try that touched the end would begin at the earliest. */
  openAt = 0
  /** Steps since it was last set to 0. */
  work = 0
  #bytes: Uint8Array
  #limit: number
  #fold = false
  #open = -1
  #close = -1
  #earliestOpen = -1
  readonly #runs: { readonly set: Uint8Array; from: number; to: number }[] = []
  readonly #budget: Budget

  /** @param budget what a try spends while it goes on; a short one is left in `work` for the caller to spend */
  constructor(bytes: Uint8Array, budget: Budget) {
    this.#bytes = bytes
    this.#limit = bytes.length
    this.#budget = budget
  }

  /** Stops a shape that steps back over many repeats from holding the event loop. */
  #spend(): void {
    this.#budget.spend(this.work)
    this.work = 0
  }

  /** Tries a shape whose literal, number `literal` of its list, ends at `literalEnd`. */
  at(shape: Anchored, literal: number, literalEnd: number): boolean {
    const text = shape.literals[literal]!
    const from = literalEnd - text.length
    this.touchedEnd = false
    if (!shape.fold && !this.#same(text, from)) return false
    this.#begin(shape)
    let start = from
    if (shape.before !== null) {
      start = this.#backwards(shape.before, from)
      if (start === FAILED) return false
    } else if (!this.#boundary(from)) return false
    if (this.#open >= 0) this.#earliestOpen = this.#open
    return this.#finish(shape, start, this.#forwards(shape.after, literalEnd))
  }

  /** Tries a whole shape that begins at `start`. */
  from(shape: Anchored, start: number): boolean {
    this.touchedEnd = false
    if (!this.#boundary(start)) return false
    this.#begin(shape)
    return this.#finish(shape, start, this.#forwards(shape.whole, start))
  }

  #begin(shape: Anchored): void {
    this.#fold = shape.fold
    this.#open = -1
    this.#close = -1
    this.#earliestOpen = -1
  }

  #finish(shape: Anchored, start: number, end: number): boolean {
    this.openAt = !shape.marked ? start : this.#earliestOpen >= 0 ? this.#earliestOpen : this.#limit
    if (end === FAILED) return false
    this.start = start
    this.end = end
    this.maskStart = this.#open >= 0 ? this.#open : start
    this.maskEnd = this.#close >= 0 ? this.#close : end
    return this.maskEnd > this.maskStart
  }

  #same(text: Uint8Array, from: number): boolean {
    for (let i = 0; i < text.length; i++) if (this.#bytes[from + i] !== text[i]) return false
    return true
  }

  /** Whether no word goes on from before `at`. */
  #boundary(at: number): boolean {
    return at === 0 || at >= this.#limit || WORD[this.#bytes[at]!] === 0 || WORD[this.#bytes[at - 1]!] === 0
  }

  #forwards(given: Step, from: number): number {
    let step = given
    let at = from
    for (;;) {
      if (++this.work > MAX_UNSPENT) this.#spend()
      switch (step.kind) {
        case 'end':
          if (at >= this.#limit) this.touchedEnd = true
          return this.#boundary(at) ? at : FAILED
        case 'literal': {
          const text = step.bytes
          for (let i = 0; i < text.length; i++, at++) {
            if (at >= this.#limit) {
              this.touchedEnd = true
              return FAILED
            }
            const byte = this.#bytes[at]!
            if ((this.#fold ? lower(byte) : byte) !== text[i]) return FAILED
          }
          break
        }
        case 'class': {
          const { set, min, max } = step
          const stop = at + max
          let to = at
          if (max > LONG_RUN) to = this.#runEnd(set, at, stop)
          else {
            while (to < stop && to < this.#limit && set[this.#bytes[to]!] === 1) to++
            this.work += to - at
          }
          if (to < stop && to >= this.#limit) this.touchedEnd = true
          if (to < at + min) return FAILED
          if (min !== max) {
            const next = step.next!
            const first = next.kind === 'literal' ? next.bytes[0]! : -1
            for (; to > at + min; to--) {
              if (first >= 0 && to < this.#limit) {
                const byte = this.#bytes[to]!
                if ((this.#fold ? lower(byte) : byte) !== first) continue
              }
              const end = this.#forwards(step.next!, to)
              if (end !== FAILED) return end
            }
          }
          at = to
          break
        }
        case 'choice': {
          for (const option of step.options) {
            const end = this.#forwards(option, at)
            if (end !== FAILED) return end
          }
          return FAILED
        }
        case 'open':
          this.#open = at
          if (this.#earliestOpen < 0 || at < this.#earliestOpen) this.#earliestOpen = at
          break
        case 'close':
          this.#close = at
          break
      }
      step = step.next!
    }
  }

  /** Where a run of a class ends that begins at `at`, `stop` at most. What the shapes before have read of it is not read again. */
  #runEnd(set: Uint8Array, at: number, stop: number): number {
    let slot = 0
    while (slot < this.#runs.length && this.#runs[slot]!.set !== set) slot++
    let run = this.#runs[slot]
    if (run === undefined) {
      run = { set, from: at, to: at }
      if (slot < MAX_RUNS) this.#runs.push(run)
      else this.#runs[at % MAX_RUNS] = run
    } else if (at < run.from || at > run.to) {
      run.from = at
      run.to = at
    }
    const most = Math.min(stop, this.#limit)
    if (run.to >= most) return most
    let to = run.to
    while (to < most && set[this.#bytes[to]!] === 1) to++
    this.work += to - run.to
    run.to = to
    return to
  }

  #backwards(given: Step, from: number): number {
    let step = given
    let at = from
    for (;;) {
      if (++this.work > MAX_UNSPENT) this.#spend()
      switch (step.kind) {
        case 'end':
          return this.#boundary(at) ? at : FAILED
        case 'literal': {
          const text = step.bytes
          for (let i = text.length - 1; i >= 0; i--) {
            if (--at < 0) return FAILED
            const byte = this.#bytes[at]!
            if ((this.#fold ? lower(byte) : byte) !== text[i]) return FAILED
          }
          break
        }
        case 'class': {
          const { set, min, max } = step
          const stop = at - max
          let to = at
          while (to > stop && to > 0 && set[this.#bytes[to - 1]!] === 1) to--
          this.work += at - to
          if (to > at - min) return FAILED
          if (min !== max) {
            for (; to < at - min; to++) {
              const start = this.#backwards(step.next!, to)
              if (start !== FAILED) return start
            }
          }
          at = to
          break
        }
        case 'choice': {
          for (const option of step.options) {
            const start = this.#backwards(option, at)
            if (start !== FAILED) return start
          }
          return FAILED
        }
        case 'open':
          this.#open = at
          break
        case 'close':
          this.#close = at
          break
      }
      step = step.next!
    }
  }
}
