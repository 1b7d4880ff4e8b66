// Aho-Corasick over bytes: all literals of all rules in one pass. In: literals in lower case. Out: a dense table from state and class
// of byte to the next state. Letters match in either case. No I/O.

/** A compiled set of literals. `next = table[(state << shift) | classes[byte]]`; 0 is the root. */
export interface Automaton {
  readonly table: Uint16Array
  /** Class of each byte; all bytes that no literal has share one. */
  readonly classes: Uint8Array
  readonly shift: number
  /** States from this one on end a literal. */
  readonly accept: number
  /** For each state from `accept` on, which literals end there: their numbers in the list that was given, longest first. */
  readonly ends: readonly Uint16Array[]
  /** For each state, how many bytes of a literal it has seen. */
  readonly depth: Uint16Array
  /** For each state, the state of the longest other literal that may have begun: the failure link. */
  readonly fail: Uint16Array
  /** For each state, the literals that may come of it, as numbers. */
  through(state: number): readonly number[]
}

const UPPER_A = 0x41
const UPPER_Z = 0x5a
const MAX_STATES = 0xffff

/** @throws {RangeError} there are too many literals for two-byte states */
export function buildAutomaton(literals: readonly Uint8Array[]): Automaton {
  const classes = new Uint8Array(256)
  let classCount = 1
  for (const literal of literals) {
    for (const byte of literal) {
      if (classes[byte] === 0) classes[byte] = classCount++
    }
  }
  for (let upper = UPPER_A; upper <= UPPER_Z; upper++) classes[upper] = classes[upper | 0x20]!
  const shift = Math.ceil(Math.log2(Math.max(2, classCount)))
  const width = 1 << shift

  // The trie.
  const upperBound = literals.reduce((sum, literal) => sum + literal.length, 1)
  if (upperBound > MAX_STATES) throw new RangeError('too many literals')
  const trie = new Int32Array(upperBound * width)
  const depthOf = new Uint16Array(upperBound)
  const own: number[][] = [[]]
  for (const [number, literal] of literals.entries()) {
    let state = 0
    for (const byte of literal) {
      const at = state * width + classes[byte]!
      if (trie[at] === 0) {
        trie[at] = own.length
        depthOf[own.length] = depthOf[state]! + 1
        own.push([])
      }
      state = trie[at]!
    }
    own[state]!.push(number)
  }
  const count = own.length

  // Failure links, breadth first; missing edges are filled in, so that a step is one look-up.
  const failOf = new Uint16Array(count)
  const queue: number[] = []
  for (let cls = 0; cls < width; cls++) if (trie[cls] !== 0) queue.push(trie[cls]!)
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]!
    const fail = failOf[state]!
    if (own[fail]!.length > 0) own[state] = [...own[state]!, ...own[fail]!]
    for (let cls = 0; cls < width; cls++) {
      const at = state * width + cls
      const child = trie[at]!
      const instead = trie[fail * width + cls]!
      if (child === 0 || depthOf[child] !== depthOf[state]! + 1) trie[at] = instead
      else {
        failOf[child] = instead
        queue.push(child)
      }
    }
  }

  // States that end a literal get the highest numbers: one comparison tells them.
  const renumbered = new Uint16Array(count)
  const accept = count - own.filter((ends) => ends.length > 0).length
  let plain = 0
  let ending = accept
  for (let state = 0; state < count; state++) renumbered[state] = own[state]!.length > 0 ? ending++ : plain++
  const table = new Uint16Array(count * width)
  const depth = new Uint16Array(count)
  const fail = new Uint16Array(count)
  const ends: Uint16Array[] = []
  for (let state = 0; state < count; state++) {
    const to = renumbered[state]!
    for (let cls = 0; cls < width; cls++) table[to * width + cls] = renumbered[trie[state * width + cls]!]!
    depth[to] = depthOf[state]!
    fail[to] = renumbered[failOf[state]!]!
    if (to >= accept) ends[to - accept] = Uint16Array.from(own[state]!)
  }

  let passing: number[][] | null = null
  const through = (state: number): readonly number[] => {
    if (passing === null) {
      passing = Array.from({ length: count }, () => [])
      for (const [number, literal] of literals.entries()) {
        let at = 0
        for (const byte of literal) {
          at = table[(at << shift) | classes[byte]!]!
          passing[at]!.push(number)
        }
      }
    }
    return passing[state] ?? []
  }
  return { table, classes, shift, accept, ends, depth, fail, through }
}
