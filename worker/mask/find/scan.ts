// Where literals end in a text. In: an automaton and bytes, a block at a time. Out: places and states, in order. Four stretches of a
// block are walked side by side, since each step of one waits for the step before. No I/O.

import type { Automaton } from './automaton.ts'

/** At most so many bytes of a stretch are walked at once, and at least. */
const MOST_BYTES = 1024
const LEAST_BYTES = 256

/** Walks one text after the other. What it found of a block is gone with the next. */
export class Scan {
  /** Of the last block: behind which byte a literal ends, and the automaton's state there. */
  readonly ends = new Uint32Array(4 * MOST_BYTES)
  readonly states = new Uint16Array(4 * MOST_BYTES)
  count = 0
  /** Where the next block begins, and the state there. */
  at = 0
  state = 0
  readonly #automaton: Automaton
  readonly #longest: number
  readonly #ends1 = new Uint32Array(MOST_BYTES)
  readonly #ends2 = new Uint32Array(MOST_BYTES)
  readonly #ends3 = new Uint32Array(MOST_BYTES)
  readonly #states1 = new Uint16Array(MOST_BYTES)
  readonly #states2 = new Uint16Array(MOST_BYTES)
  readonly #states3 = new Uint16Array(MOST_BYTES)

  constructor(automaton: Automaton) {
    this.#automaton = automaton
    this.#longest = automaton.depth.reduce((most, depth) => Math.max(most, depth), 0)
  }

  /** Begins a text, and walks its first block. Gives whether there are more. */
  begin(bytes: Uint8Array): boolean {
    this.at = 0
    this.state = 0
    return this.next(bytes)
  }

  /** Walks the next block. Gives whether there are more. */
  next(bytes: Uint8Array): boolean {
    const lane = Math.min(MOST_BYTES, (bytes.length - this.at) >> 2)
    if (lane >= LEAST_BYTES) this.#four(bytes, lane)
    else this.#one(bytes)
    return this.at < bytes.length
  }

  #one(bytes: Uint8Array): void {
    const { table, classes, shift, accept } = this.#automaton
    const { ends, states } = this
    let { state } = this
    let count = 0
    for (let i = this.at; i < bytes.length; i++) {
      state = table[(state << shift) | classes[bytes[i]!]!]!
      if (state >= accept) {
        ends[count] = i + 1
        states[count++] = state
      }
    }
    this.at = bytes.length
    this.state = state
    this.count = count
  }

  #four(bytes: Uint8Array, lane: number): void {
    const { table, classes, shift, accept } = this.#automaton
    const { ends, states } = this
    const ends1 = this.#ends1
    const ends2 = this.#ends2
    const ends3 = this.#ends3
    const states1 = this.#states1
    const states2 = this.#states2
    const states3 = this.#states3
    const from0 = this.at
    const from1 = from0 + lane
    const from2 = from1 + lane
    const from3 = from2 + lane
    let { state } = this
    let state1 = this.#stateAt(bytes, from1)
    let state2 = this.#stateAt(bytes, from2)
    let state3 = this.#stateAt(bytes, from3)
    let count = 0
    let count1 = 0
    let count2 = 0
    let count3 = 0
    for (let i = 0; i < lane; i++) {
      state = table[(state << shift) | classes[bytes[from0 + i]!]!]!
      state1 = table[(state1 << shift) | classes[bytes[from1 + i]!]!]!
      state2 = table[(state2 << shift) | classes[bytes[from2 + i]!]!]!
      state3 = table[(state3 << shift) | classes[bytes[from3 + i]!]!]!
      if (state >= accept) {
        ends[count] = from0 + i + 1
        states[count++] = state
      }
      if (state1 >= accept) {
        ends1[count1] = from1 + i + 1
        states1[count1++] = state1
      }
      if (state2 >= accept) {
        ends2[count2] = from2 + i + 1
        states2[count2++] = state2
      }
      if (state3 >= accept) {
        ends3[count3] = from3 + i + 1
        states3[count3++] = state3
      }
    }
    count = this.#append(ends1, states1, count1, count)
    count = this.#append(ends2, states2, count2, count)
    this.count = this.#append(ends3, states3, count3, count)
    this.at = from0 + 4 * lane
    this.state = state3
  }

  #append(ends: Uint32Array, states: Uint16Array, count: number, to: number): number {
    for (let n = 0; n < count; n++) {
      this.ends[to + n] = ends[n]!
      this.states[to + n] = states[n]!
    }
    return to + count
  }

  /** The state in front of a byte: no literal that ends behind it began earlier than the longest is long. */
  #stateAt(bytes: Uint8Array, at: number): number {
    const { table, classes, shift } = this.#automaton
    let state = 0
    for (let i = Math.max(0, at - this.#longest); i < at; i++) state = table[(state << shift) | classes[bytes[i]!]!]!
    return state
  }
}
