// A resumable single-pass scanner over JSON bytes. In: chunks cut anywhere and a tree of what to look at. Out: the same
// bytes, with only the tokens a leaf replaced changed. Never parses and serialises again; skips dead subtrees. No I/O.

import { MaskError } from './error.ts'
import { type Key, Keys } from './keys.ts'
import { MAX_DEPTH, MAX_KEY_BYTES, MAX_VALUE_BYTES } from './limits.ts'
import type { Node, Question, Token, Verdict } from './node.ts'
import { Output, type Waiting } from './output.ts'
import { isPrimitive } from './primitive.ts'
import type { Edit } from './token.ts'

export { MaskError } from './error.ts'
export { fold } from './keys.ts'
export type { Node, Token } from './node.ts'
export { decodeString } from './token.ts'

// States. Names say what is expected next.
const VALUE = 0
const FIRST_ELEMENT = 1
const FIRST_KEY = 2
const KEY = 3
const COLON = 4
const AFTER_VALUE = 5
const TOP = 6
const IN_STRING = 7
const IN_PRIMITIVE = 8
const SKIPPING = 9
const SKIPPING_STRING = 10
const IN_KEY = 11

const OBJECT = 1
const ARRAY = 2

/** Questions by their place among what is known of an object; what was answered stands four bits higher. */
const SHIFT: Readonly<Record<Question, number>> = { kind: 0, name: 8 }
const ANSWERED = 4
const FOUR_BITS = 15

/** Bytes within a string at which nothing happens: all but quote, backslash and control characters. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c ? 1 : 0))

/** Bytes a number or literal is made of. */
const IN_NUMBER = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9a-z+.E-]/.test(String.fromCharCode(byte)) ? 1 : 0,
)

/** How a document is scanned. */
export interface ScanOptions {
  /** A sequence of values (a watch), not exactly one. */
  readonly many?: boolean
  /** A lone string is a document too. */
  readonly strings?: boolean
  /** Names met before; absent: none. */
  readonly keys?: Keys
  /** Where the document itself stands, put before every place. */
  readonly at?: string
}

/**
 * The scanner. Call `push` for each chunk and `end` once; both give the bytes that may go on. What `push` gives may share
 * memory with the chunk. After a throw nothing more comes out.
 */
export class Scanner implements Token {
  readonly #root: Node
  readonly #many: boolean
  readonly #strings: boolean
  readonly #names: Keys
  readonly #prefix: string
  readonly #kinds = new Uint8Array(MAX_DEPTH + 1)
  readonly #nodes: (Node | undefined)[] = []
  readonly #indexes = new Uint32Array(MAX_DEPTH + 1)
  /** The key in hand of each open object. */
  readonly #keys: (Key | null)[] = []
  /** Whether the key in hand was itself replaced. */
  readonly #hidden = new Uint8Array(MAX_DEPTH + 1)
  /** What is known of each open object: for each question four bits of what was said and four of what has been answered. */
  readonly #told = new Uint16Array(MAX_DEPTH + 1)
  /** Who said `name`. */
  readonly #called: (Key | null)[] = []
  /** Where in the chunk the value of a `name` stands that nobody has asked for yet; 0: nowhere. */
  readonly #nameStarts = new Uint32Array(MAX_DEPTH + 1)
  readonly #nameEnds = new Uint32Array(MAX_DEPTH + 1)
  #nameNode: NonNullable<Node['tells']> | null = null
  #depth = 0
  #state = TOP
  #tops = 0
  /** The node of the value that comes next. */
  #next: Node | undefined
  /** Set when the value that comes next must wait for what another member says. */
  #waits = false
  #escaped = false
  #sawEscape = false
  #skipTo = 0
  /** What has been held back from earlier chunks, and whether something is being held. */
  #held: Uint8Array = new Uint8Array(0)
  #heldLength = 0
  #holding = false
  #failed: MaskError | null = null
  readonly #out = new Output()
  #chunk: Uint8Array = new Uint8Array(0)
  /** Of the chunk in hand: where the held token begins. */
  #start = 0
  // The token a leaf is called with.
  #kind: Token['kind'] = 'string'
  #raw: Uint8Array = new Uint8Array(0)
  #calledHere: Key | null = null

  /** @param root what to look at in each top-level value; each must be an object or array */
  constructor(root: Node, options: ScanOptions = {}) {
    this.#root = root
    this.#many = options.many ?? false
    this.#strings = options.strings ?? false
    this.#names = options.keys ?? new Keys()
    this.#prefix = options.at ?? ''
    this.#keys[0] = null
  }

  /** @throws {MaskError} when the bytes cannot be masked; the stream must then end without them */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#failed !== null) throw this.#failed
    try {
      return this.#scan(chunk)
    } catch (error) {
      this.#failed = error instanceof MaskError ? error : new MaskError('the body could not be masked')
      throw this.#failed
    }
  }

  /** @throws {MaskError} when the bytes ended in the middle of a value */
  end(): Uint8Array {
    if (this.#failed !== null) throw this.#failed
    if (this.#state !== TOP) {
      this.#failed = new MaskError('the body ended in the middle of a JSON value', true)
      throw this.#failed
    }
    return new Uint8Array(0)
  }

  /** What was changed in the one chunk that was pushed, by place. */
  get edits(): readonly Edit[] {
    return this.#out.edits
  }

  /** Everything taken in and not yet given out, but for the chunk in hand: copied. */
  get unsent(): Uint8Array {
    return this.#out.unsent(this.#held.subarray(0, this.#heldLength))
  }

  // The token: see Token.
  get kind(): Token['kind'] {
    return this.#kind
  }
  get raw(): Uint8Array {
    return this.#raw
  }
  get key(): string {
    return this.name?.text ?? ''
  }
  get name(): Key | null {
    return this.#nameAt(this.#depth)
  }
  get called(): Key | null {
    return this.#calledHere
  }
  get index(): number {
    return this.#kinds[this.#depth] === ARRAY ? this.#indexes[this.#depth]! : 0
  }
  get at(): string {
    return this.#place(this.#depth)
  }

  #scan(chunk: Uint8Array): Uint8Array {
    this.#out.begin(chunk)
    this.#chunk = chunk
    this.#start = 0
    const length = chunk.length
    let i = 0
    while (i < length) {
      const state = this.#state
      if (state >= IN_STRING) {
        i = this.#inToken(chunk, i, state)
        continue
      }
      const byte = chunk[i]!
      if (byte === 0x22) i = state === KEY || state === FIRST_KEY ? this.#key(chunk, i) : this.#string(chunk, i)
      else if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) i++
      else this.#structure(i++, byte)
    }
    // The chunk's memory is the caller's again.
    for (let depth = 1; depth <= this.#depth; depth++) this.#tellName(depth)
    if (this.#holding) {
      if (this.#heldLength === 0) this.#out.upTo(this.#start)
      this.#hold(chunk.subarray(this.#start))
      this.#out.drop()
    }
    return this.#out.take()
  }

  /** Goes on with a token that was begun. */
  #inToken(chunk: Uint8Array, start: number, state: number): number {
    switch (state) {
      case IN_STRING:
        return this.#inString(chunk, start)
      case IN_KEY:
        return this.#inKey(chunk, start)
      case SKIPPING:
        return this.#skip(chunk, start)
      case SKIPPING_STRING:
        return this.#skipString(chunk, start)
      default: {
        let i = start
        while (i < chunk.length && IN_NUMBER[chunk[i]!] === 1) i++
        if (i < chunk.length) this.#primitive(chunk, i)
        return i
      }
    }
  }

  /** A key begins. Most are short, whole and without escapes; then so does its value, mostly. */
  #key(chunk: Uint8Array, start: number): number {
    const length = chunk.length
    let hash = 0
    let i = start + 1
    for (; i < length; i++) {
      const byte = chunk[i]!
      if (PLAIN[byte] === 0) break
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    if (i === length || chunk[i] !== 0x22 || i - start - 1 > MAX_KEY_BYTES) {
      this.#state = IN_KEY
      this.#begin(start)
      return this.#inKey(chunk, start + 1)
    }
    const end = i + 1
    const key = this.#names.hashed(chunk, start, end, hash)
    const depth = this.#depth
    const node = this.#nodes[depth]
    this.#keys[depth] = key
    if (node !== undefined) {
      if (node.rekey !== undefined) {
        this.#start = start
        this.#rekey(node, key, end, null)
      }
      this.#next = node.members === undefined ? node.others : (node.members.get(key.folded) ?? node.others)
    } else this.#next = undefined
    if (end + 1 < length && chunk[end] === 0x3a) {
      const byte = chunk[end + 1]!
      this.#state = VALUE
      if (byte === 0x22) return this.#string(chunk, end + 1)
      return end + 1
    }
    this.#state = COLON
    return end
  }

  #rekey(node: Node, key: Key, end: number, joined: Uint8Array | null): void {
    const depth = this.#depth
    // The key itself may be what must not be told of.
    this.#hidden[depth] = 1
    const replacement = node.rekey?.(key, this) ?? null
    if (replacement === null) this.#hidden[depth] = 0
    if (replacement !== null || joined !== null) this.#settle(end, joined, replacement)
  }

  /** A quote where no key is expected. Most strings are whole and without escapes. */
  #string(chunk: Uint8Array, start: number): number {
    if (this.#state === VALUE || this.#state === FIRST_ELEMENT) {
      const node = this.#next
      const length = chunk.length
      if (node === undefined || node.asks === undefined) {
        let i = start + 1
        while (i < length && PLAIN[chunk[i]!] === 1) i++
        if (i < length && chunk[i] === 0x22) {
          const end = i + 1
          if (node !== undefined) {
            if (node.tells !== undefined) this.#hear(node.tells, chunk, start, end, true)
            const { leaf, worth } = node
            if (leaf !== undefined && (worth === undefined || worth(chunk, start + 1, i, this.name, false))) {
              if (end - start > MAX_VALUE_BYTES) throw tooLong()
              this.#start = start
              this.#heldLength = 0
              this.#settle(end, null, this.#call(node, 'string', chunk.subarray(start, end)))
            }
          }
          this.#state = AFTER_VALUE
          return end
        }
      }
    }
    this.#structure(start, 0x22)
    return start + 1
  }

  #structure(i: number, byte: number): void {
    switch (this.#state) {
      case AFTER_VALUE:
        if (byte === 0x2c) {
          if (this.#kinds[this.#depth] === OBJECT) this.#state = KEY
          else {
            this.#indexes[this.#depth]!++
            this.#next = this.#nodes[this.#depth]
            this.#state = VALUE
          }
        } else if (byte === 0x7d) this.#close(OBJECT)
        else if (byte === 0x5d) this.#close(ARRAY)
        else throw broken()
        return
      case COLON:
        if (byte !== 0x3a) throw broken()
        this.#state = VALUE
        return
      case KEY:
        this.#beginKey(i, byte)
        return
      case VALUE:
        this.#value(i, byte)
        return
      case FIRST_KEY:
        if (byte === 0x7d) this.#close(OBJECT)
        else this.#beginKey(i, byte)
        return
      case FIRST_ELEMENT:
        if (byte === 0x5d) this.#close(ARRAY)
        else this.#value(i, byte)
        return
      default:
        // The top.
        if ((byte !== 0x7b && byte !== 0x5b && !(byte === 0x22 && this.#strings)) || (this.#tops > 0 && !this.#many)) {
          throw new MaskError('the body is not one JSON object', true)
        }
        this.#next = this.#root
        this.#value(i, byte)
    }
  }

  #beginKey(i: number, byte: number): void {
    if (byte !== 0x22) throw broken()
    this.#state = IN_KEY
    this.#begin(i)
  }

  #value(i: number, byte: number): void {
    let node = this.#next
    if (node?.asks !== undefined) {
      node = this.#ask(node.asks)
      this.#next = node
    }
    if (byte === 0x22) {
      this.#state = IN_STRING
      this.#sawEscape = false
      if (this.#waits || node?.leaf !== undefined || node?.tells !== undefined) this.#begin(i)
    } else if (byte === 0x7b || byte === 0x5b) {
      const kind = byte === 0x7b ? OBJECT : ARRAY
      const inside = kind === ARRAY && node?.elements !== undefined
      const known =
        !this.#waits && node !== undefined && (inside || node.members !== undefined || node.others !== undefined)
      if (this.#waits || (node?.leaf !== undefined && !known)) this.#begin(i)
      this.#open(kind, inside ? node?.elements : node)
      if (known) {
        this.#state = kind === OBJECT ? FIRST_KEY : FIRST_ELEMENT
        if (kind === ARRAY) this.#next = this.#nodes[this.#depth]
      } else {
        this.#skipTo = this.#depth - 1
        this.#state = SKIPPING
      }
    } else if (IN_NUMBER[byte] === 1) {
      this.#state = IN_PRIMITIVE
      this.#begin(i)
    } else throw broken()
  }

  /** The node for a value that depends on what another member says; if nothing has been said the value waits. */
  #ask(asks: NonNullable<Node['asks']>): Node | undefined {
    if (this.#kinds[this.#depth] !== OBJECT) return asks.node(0)
    this.#tellName(this.#depth)
    const verdict = (this.#told[this.#depth]! >> SHIFT[asks.question]) & FOUR_BITS
    if (verdict === 0 && asks.waits) {
      this.#waits = true
      return this.#next
    }
    this.#noteAnswer(asks)
    return asks.node(verdict)
  }

  /** From now on nothing may be said of the object by which the answer would have been another. */
  #noteAnswer({ question, from }: NonNullable<Node['asks']>): void {
    const shift = SHIFT[question] + ANSWERED
    const told = this.#told[this.#depth]!
    const before = (told >> shift) & FOUR_BITS
    const least = before === 0 ? from : Math.min(before, from)
    this.#told[this.#depth] = (told & ~(FOUR_BITS << shift)) | (least << shift)
  }

  /** A member says something of its object by the string that stands at `bytes[start..end)`. */
  #hear(tells: NonNullable<Node['tells']>, bytes: Uint8Array, start: number, end: number, isHere: boolean): void {
    const depth = this.#depth
    if (this.#kinds[depth] !== OBJECT) return
    if (tells.question === 'name') {
      this.#tellName(depth)
      // Nearly all names are asked for by nobody.
      if (isHere && !this.#out.waiting && this.#told[depth]! >> SHIFT.name === 0) {
        this.#nameNode = tells
        this.#nameStarts[depth] = start
        this.#nameEnds[depth] = end
        return
      }
    }
    this.#tell(tells, this.#names.at(bytes, start, end), depth)
  }

  /** Reads a name that was only noted so far. */
  #tellName(depth: number): void {
    const start = this.#nameStarts[depth]!
    if (start === 0 || this.#nameNode === null) return
    this.#nameStarts[depth] = 0
    this.#tell(this.#nameNode, this.#names.at(this.#chunk, start, this.#nameEnds[depth]!), depth)
  }

  /** A member has said something of its object. */
  #tell({ question, says }: NonNullable<Node['tells']>, key: Key, depth: number): void {
    const shift = SHIFT[question]
    const told = this.#told[depth]!
    const before = (told >> shift) & FOUR_BITS
    const verdict = says(key)
    if (question === 'name' && verdict >= before) this.#called[depth] = key
    if (verdict <= before) return
    const answered = (told >> (shift + ANSWERED)) & FOUR_BITS
    // Whoever asked before was told otherwise, and that may have gone out.
    if (answered > 0 && verdict >= answered) {
      throw new MaskError('the body says twice, or too late, what an object is', true)
    }
    this.#told[depth] = (told & ~(FOUR_BITS << shift)) | (verdict << shift)
    if (this.#out.waiting && depth === this.#depth) this.#answer(question, verdict)
  }

  /** Lets the values go on that wait in the innermost object. */
  #answer(question: Question | null, verdict: Verdict): void {
    this.#out.settle(this.#depth, question, (waiting) => {
      this.#noteAnswer(waiting.asks)
      return this.#late(waiting, waiting.asks.node(verdict))
    })
  }

  /** A value that had to wait. */
  #late({ kind, raw, key }: Waiting, node: Node): Uint8Array | null {
    const depth = this.#depth
    const keyInHand = this.#keys[depth] ?? null
    this.#keys[depth] = key
    this.#sawEscape = raw.includes(0x5c)
    let out: Uint8Array | null = null
    const isKnown = node.members !== undefined || node.others !== undefined || node.elements !== undefined
    if (kind === 'subtree' && isKnown) {
      const inner = new Scanner(node, { keys: this.#names, at: this.at })
      const bytes = inner.push(raw)
      inner.end()
      if (inner.edits.length > 0) out = bytes
    } else if (kind !== 'string' || this.#isWorth(node, raw, 0, raw.length, key)) out = this.#call(node, kind, raw)
    this.#keys[depth] = keyInHand
    return out
  }

  #open(kind: number, node: Node | undefined): void {
    if (this.#depth === MAX_DEPTH) throw new MaskError('the body is nested too deeply', true)
    const depth = ++this.#depth
    this.#kinds[depth] = kind
    this.#nodes[depth] = node
    this.#indexes[depth] = 0
    this.#told[depth] = 0
    this.#nameStarts[depth] = 0
  }

  #close(kind: number): void {
    if (this.#depth === 0 || this.#kinds[this.#depth] !== kind) throw broken()
    if (this.#out.waiting) this.#answer(null, 0)
    this.#depth--
    this.#valueDone()
  }

  #valueDone(): void {
    if (this.#depth > 0) this.#state = AFTER_VALUE
    else {
      this.#tops++
      this.#state = TOP
    }
  }

  /** Passes over a dead (or wholly held) subtree: strings and brackets only. Returns where to go on. */
  #skip(chunk: Uint8Array, start: number): number {
    const length = chunk.length
    let i = start
    while (i < length) {
      const byte = chunk[i++]!
      if (byte === 0x22) {
        i = this.#skipString(chunk, i)
        if (this.#state === SKIPPING_STRING) return i
      } else if (byte === 0x7b) this.#open(OBJECT, undefined)
      else if (byte === 0x5b) this.#open(ARRAY, undefined)
      else if (byte === 0x7d || byte === 0x5d) {
        if (this.#kinds[this.#depth] !== (byte === 0x7d ? OBJECT : ARRAY)) throw broken()
        this.#depth--
        if (this.#depth === this.#skipTo) {
          if (this.#holding) this.#complete('subtree', chunk, i)
          this.#valueDone()
          return i
        }
      }
    }
    return i
  }

  /** From after the opening quote to after the closing one, or stays in the string. */
  #skipString(chunk: Uint8Array, start: number): number {
    const length = chunk.length
    let i = start
    if (this.#escaped && i < length) {
      this.#escaped = false
      i++
    }
    while (i < length) {
      const byte = chunk[i++]!
      if (byte === 0x22) {
        this.#state = SKIPPING
        return i
      }
      if (byte === 0x5c) {
        if (i < length) i++
        else this.#escaped = true
      }
    }
    this.#state = SKIPPING_STRING
    return i
  }

  /** The opening quote was seen; `start` is after it, or the start of a later chunk. Null in place of -1: the string goes on. */
  #stringEnd(chunk: Uint8Array, start: number): number {
    const length = chunk.length
    let i = start
    if (this.#escaped && i < length) {
      this.#escaped = false
      i++
    }
    for (;;) {
      while (i < length && PLAIN[chunk[i]!] === 1) i++
      if (i >= length) return -1
      const byte = chunk[i++]!
      if (byte === 0x22) return i
      if (byte !== 0x5c) throw broken()
      this.#sawEscape = true
      if (i < length) i++
      else this.#escaped = true
    }
  }

  #inString(chunk: Uint8Array, start: number): number {
    const end = this.#stringEnd(chunk, start)
    if (end < 0) return chunk.length
    if (this.#holding) this.#complete('string', chunk, end)
    this.#valueDone()
    return end
  }

  #inKey(chunk: Uint8Array, start: number): number {
    const end = this.#stringEnd(chunk, start)
    if (end < 0) return chunk.length
    const isHere = this.#heldLength === 0
    const joined = isHere ? null : this.#joined(chunk, end)
    const from = isHere ? this.#start : 0
    const to = joined === null ? end : joined.length
    if (to - from - 2 > MAX_KEY_BYTES) throw new MaskError('the body holds a key that is too long')
    const key = this.#names.at(joined ?? chunk, from, to)
    const node = this.#nodes[this.#depth]
    this.#keys[this.#depth] = key
    this.#holding = false
    if (node?.rekey !== undefined) this.#rekey(node, key, end, joined)
    else if (joined !== null) this.#settle(end, joined, null)
    this.#next = node?.members === undefined ? node?.others : (node.members.get(key.folded) ?? node.others)
    this.#state = COLON
    return end
  }

  #primitive(chunk: Uint8Array, end: number): void {
    this.#complete('primitive', chunk, end)
    this.#valueDone()
  }

  /** A held value is complete: it ends before `end`. */
  #complete(kind: Token['kind'], chunk: Uint8Array, end: number): void {
    // In one chunk it is looked at where it stands; else it is put together first.
    const isHere = this.#heldLength === 0
    const bytes = isHere ? chunk : this.#joined(chunk, end)
    const from = isHere ? this.#start : 0
    const to = isHere ? end : bytes.length
    if (to - from > MAX_VALUE_BYTES) throw tooLong()
    if (kind === 'primitive' && !isPrimitive(bytes, from, to)) throw broken()
    // A skipped subtree is still the value in hand.
    const node = this.#next
    if (this.#waits) {
      this.#wait(kind, bytes.slice(from, to), isHere ? this.#start : -1, end)
      return
    }
    if (kind === 'string' && node?.tells !== undefined) this.#hear(node.tells, bytes, from, to, isHere)
    let replacement: Uint8Array | null = null
    if (node?.leaf !== undefined && (kind !== 'string' || this.#isWorth(node, bytes, from, to, this.name))) {
      replacement = this.#call(node, kind, bytes.subarray(from, to))
    }
    this.#settle(end, isHere ? null : bytes, replacement)
  }

  #wait(kind: Token['kind'], raw: Uint8Array, start: number, end: number): void {
    this.#waits = false
    this.#holding = false
    this.#heldLength = 0
    const asks = this.#next?.asks
    const key = this.#keys[this.#depth] ?? null
    if (asks !== undefined) this.#out.wait(start, end, { kind, raw, key, depth: this.#depth, asks })
  }

  #isWorth(node: Node, bytes: Uint8Array, start: number, end: number, name: Key | null): boolean {
    return node.worth === undefined || node.worth(bytes, start + 1, end - 1, name, this.#sawEscape)
  }

  #call(node: Node, kind: Token['kind'], raw: Uint8Array): Uint8Array | null {
    if (node.leaf === undefined) return null
    this.#kind = kind
    this.#raw = raw
    this.#calledHere = this.#calledBy()
    return node.leaf(this)
  }

  /** What the innermost object calls itself. */
  #calledBy(): Key | null {
    const depth = this.#depth
    this.#tellName(depth)
    const isTold = this.#kinds[depth] === OBJECT && ((this.#told[depth]! >> SHIFT.name) & FOUR_BITS) > 0
    return isTold ? (this.#called[depth] ?? null) : null
  }

  #begin(i: number): void {
    this.#holding = true
    this.#heldLength = 0
    this.#start = i
  }

  /** All bytes of a token that began in an earlier chunk and ends before `end`. Valid until the next token is held. */
  #joined(chunk: Uint8Array, end: number): Uint8Array {
    this.#hold(chunk.subarray(0, end))
    return this.#held.subarray(0, this.#heldLength)
  }

  /** Lets the held token go on, replaced or as it came. @param joined set when it began in an earlier chunk */
  #settle(end: number, joined: Uint8Array | null, replacement: Uint8Array | null): void {
    this.#holding = false
    this.#heldLength = 0
    if (joined !== null) this.#out.put(-1, end, replacement ?? joined.slice())
    else if (replacement !== null) this.#out.put(this.#start, end, replacement)
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length
    const limit = this.#state === IN_KEY ? MAX_KEY_BYTES + 2 : MAX_VALUE_BYTES
    if (length > limit) throw tooLong()
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, 256, this.#held.length * 2))
      grown.set(this.#held.subarray(0, this.#heldLength))
      this.#held = grown
    }
    this.#held.set(bytes, this.#heldLength)
    this.#heldLength = length
  }

  /** The nearest key at or above a depth. */
  #nameAt(depth: number): Key | null {
    for (let level = depth; level > 0; level--) {
      if (this.#kinds[level] === OBJECT) return this.#keys[level] ?? null
    }
    return null
  }

  #place(depth: number): string {
    let place = this.#prefix
    for (let level = 1; level <= depth; level++) {
      if (this.#kinds[level] === ARRAY) place += '[]'
      else if (this.#hidden[level] === 1) place += '[…]'
      else {
        const key = this.#keys[level]?.text ?? ''
        if (/^[\w$-]{1,64}$/.test(key)) place += place === '' ? key : `.${key}`
        else place += `[${JSON.stringify(key.slice(0, 64))}]`
      }
    }
    return place.slice(0, MAX_PLACE_CHARS)
  }
}

/** Of a place, as it is recorded. */
const MAX_PLACE_CHARS = 256

function broken(): MaskError {
  return new MaskError('the body is not valid JSON', true)
}

function tooLong(): MaskError {
  return new MaskError('the body holds a key or value that is too long to be masked')
}
