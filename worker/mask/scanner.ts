// A resumable single-pass scanner over JSON bytes. In: chunks cut anywhere and a tree of what to look at. Out: the same
// bytes, with only the tokens a leaf replaced changed. Never parses and serialises again; skips dead subtrees. No I/O.

import { MaskError } from './error.ts'
import { ARRAY, Frames, OBJECT } from './frames.ts'
import { type Key, Keys } from './keys.ts'
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from './limits.ts'
import type { Node, Question, Token, Verdict } from './node.ts'
import { Output, tooLong, type Waiting } from './output.ts'
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
  readonly #frames: Frames
  #state = TOP
  #tops = 0
  /** The node of the value that comes next. */
  #next: Node | undefined
  /** Set when the value that comes next must wait for what another member says. */
  #waits = false
  #escaped = false
  #sawEscape = false
  #skipTo = 0
  #failed: MaskError | null = null
  readonly #out = new Output()
  #chunk: Uint8Array = new Uint8Array(0)
  // The token a leaf is called with.
  #kind: Token['kind'] = 'string'
  #raw: Uint8Array = new Uint8Array(0)
  /** The key before the one in hand, in the order of the document. */
  #before: Key | null = null

  /** @param root what to look at in each top-level value; each must be an object or array */
  constructor(root: Node, options: ScanOptions = {}) {
    this.#root = root
    this.#many = options.many ?? false
    this.#strings = options.strings ?? false
    this.#names = options.keys ?? new Keys()
    this.#frames = new Frames(this.#names, options.at ?? '')
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

  /** True once the one value is whole: nothing but white space may come, and no node is asked any more. */
  get whole(): boolean {
    return this.#state === TOP && this.#tops > 0 && !this.#many
  }

  /** What was changed in the one chunk that was pushed, by place. */
  get edits(): readonly Edit[] {
    return this.#out.edits
  }

  /** Everything taken in and not yet given out, but for the chunk in hand: copied. */
  get unsent(): Uint8Array {
    return this.#out.unsent
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
    return this.#frames.name
  }
  get called(): Key | null {
    return this.#frames.called(this.#chunk)
  }
  get index(): number {
    const { kinds, indexes, depth } = this.#frames
    return kinds[depth] === ARRAY ? indexes[depth]! : 0
  }
  get at(): string {
    return this.#frames.place
  }
  get owner(): Key | null {
    return this.#frames.owner
  }

  #scan(chunk: Uint8Array): Uint8Array {
    this.#out.begin(chunk)
    this.#chunk = chunk
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
    this.#frames.readNames(chunk)
    if (this.#out.holding) this.#out.carryOver(this.#maxHeld())
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
    // Objects of one kind have the same names in the same order.
    let key = this.#before?.next
    let end: number
    if (key?.standsAt(chunk, start)) end = start + key.raw.length
    else {
      let hash = 0
      let i = start + 1
      for (; i < length; i++) {
        const byte = chunk[i]!
        if (PLAIN[byte] === 0) break
        hash = (Math.imul(hash, 31) + byte) | 0
      }
      if (i === length || chunk[i] !== 0x22 || i - start - 1 > MAX_KEY_BYTES) {
        this.#state = IN_KEY
        this.#out.hold(start)
        return this.#inKey(chunk, start + 1)
      }
      end = i + 1
      key = this.#names.hashed(chunk, start, end, hash)
      this.#names.follow(this.#before, key)
    }
    this.#before = key
    const frames = this.#frames
    const node = frames.nodes[frames.depth]
    frames.keys[frames.depth] = key
    if (node !== undefined) {
      if (node.rekey !== undefined) {
        const replacement = this.#rekeyed(node.rekey, key)
        if (replacement !== null) this.#out.put(start, end, replacement)
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

  /** What is put in a key's place; null: it stays. */
  #rekeyed(rekey: NonNullable<Node['rekey']>, key: Key): Uint8Array | null {
    const { hidden, depth } = this.#frames
    // The key itself may be what must not be told of.
    hidden[depth] = 1
    const replacement = rekey(key, this)
    if (replacement === null) hidden[depth] = 0
    return replacement
  }

  /** A quote where no key is expected. Most strings are whole and without escapes. */
  #string(chunk: Uint8Array, start: number): number {
    if (this.#state === VALUE || this.#state === FIRST_ELEMENT) {
      let node = this.#next
      const length = chunk.length
      if (node?.asks !== undefined) {
        node = this.#ask(node.asks)
        this.#next = node
      }
      if (!this.#waits) {
        const known = node?.worth?.again?.(chunk, start, this.#frames.name) ?? -1
        if (known >= 0) {
          if (node?.tells !== undefined) this.#hear(node.tells, chunk, start, known)
          this.#state = AFTER_VALUE
          return known
        }
        let i = start + 1
        while (i < length && PLAIN[chunk[i]!] === 1) i++
        if (i < length && chunk[i] === 0x22) {
          const end = i + 1
          if (node !== undefined) {
            if (node.tells !== undefined) this.#hear(node.tells, chunk, start, end)
            const { leaf, worth } = node
            if (leaf !== undefined && (worth === undefined || worth(chunk, start + 1, i, this.#frames.name, false))) {
              if (end - start > MAX_VALUE_BYTES) throw tooLong()
              const replacement = this.#call(node, 'string', chunk.subarray(start, end))
              if (replacement !== null) this.#out.put(start, end, replacement)
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
          if (this.#frames.kinds[this.#frames.depth] === OBJECT) this.#state = KEY
          else {
            this.#frames.indexes[this.#frames.depth]!++
            this.#next = this.#frames.nodes[this.#frames.depth]
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
    this.#out.hold(i)
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
      if (this.#waits || node?.leaf !== undefined || node?.tells !== undefined) this.#out.hold(i)
    } else if (byte === 0x7b || byte === 0x5b) {
      const kind = byte === 0x7b ? OBJECT : ARRAY
      const inside = kind === ARRAY && node?.elements !== undefined
      const known =
        !this.#waits && node !== undefined && (inside || node.members !== undefined || node.others !== undefined)
      if (this.#waits || (node?.leaf !== undefined && !known)) this.#out.hold(i)
      this.#frames.open(kind, inside ? node?.elements : node)
      if (known) {
        this.#state = kind === OBJECT ? FIRST_KEY : FIRST_ELEMENT
        if (kind === ARRAY) this.#next = this.#frames.nodes[this.#frames.depth]
      } else {
        this.#skipTo = this.#frames.depth - 1
        this.#state = SKIPPING
      }
    } else if (IN_NUMBER[byte] === 1) {
      this.#state = IN_PRIMITIVE
      this.#out.hold(i)
    } else throw broken()
  }

  /** The node for a value that depends on what another member says; if nothing has been said the value waits. */
  #ask(asks: NonNullable<Node['asks']>): Node | undefined {
    const frames = this.#frames
    if (frames.kinds[frames.depth] !== OBJECT) return asks.node(0)
    const verdict = frames.said(asks.question, this.#chunk)
    if (verdict === 0 && asks.waits) {
      this.#waits = true
      return this.#next
    }
    frames.noteAnswer(asks)
    return asks.node(verdict)
  }

  /** A member says something of its object by the string that stands at `bytes[start..end)`. */
  #hear(tells: NonNullable<Node['tells']>, bytes: Uint8Array, start: number, end: number): void {
    const frames = this.#frames
    if (frames.kinds[frames.depth] !== OBJECT) return
    const mayWait = tells.question === 'name' && bytes === this.#chunk && !this.#out.waiting
    if (mayWait && frames.noteName(tells, start, end, bytes)) return
    const verdict = frames.hear(tells, this.#names.at(bytes, start, end), frames.depth)
    if (verdict > 0 && this.#out.waiting) this.#answer(tells.question, verdict)
  }

  /** Lets the values go on that wait in the innermost object. */
  #answer(question: Question | null, verdict: Verdict): void {
    this.#out.settle(this.#frames.depth, question, (waiting) => {
      this.#frames.noteAnswer(waiting.asks)
      return this.#late(waiting, waiting.asks.node(verdict))
    })
  }

  /** A value that had to wait. */
  #late({ kind, raw, key }: Waiting, node: Node): Uint8Array | null {
    const { keys, depth } = this.#frames
    const keyInHand = keys[depth] ?? null
    keys[depth] = key
    this.#sawEscape = raw.includes(0x5c)
    let out: Uint8Array | null = null
    const isKnown = node.members !== undefined || node.others !== undefined || node.elements !== undefined
    if (kind === 'subtree' && isKnown) {
      const inner = new Scanner(node, { keys: this.#names, at: this.at })
      const bytes = inner.push(raw)
      inner.end()
      if (inner.edits.length > 0) out = bytes
    } else if (kind !== 'string' || this.#isWorth(node, raw, 0, raw.length, key)) out = this.#call(node, kind, raw)
    keys[depth] = keyInHand
    return out
  }

  #close(kind: number): void {
    if (this.#frames.depth === 0 || this.#frames.kinds[this.#frames.depth] !== kind) throw broken()
    if (this.#out.waiting) this.#answer(null, 0)
    this.#frames.depth--
    this.#valueDone()
  }

  #valueDone(): void {
    if (this.#frames.depth > 0) this.#state = AFTER_VALUE
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
      } else if (byte === 0x7b) this.#frames.open(OBJECT, undefined)
      else if (byte === 0x5b) this.#frames.open(ARRAY, undefined)
      else if (byte === 0x7d || byte === 0x5d) {
        if (this.#frames.kinds[this.#frames.depth] !== (byte === 0x7d ? OBJECT : ARRAY)) throw broken()
        this.#frames.depth--
        if (this.#frames.depth === this.#skipTo) {
          if (this.#out.holding) this.#complete('subtree', chunk, i)
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
    if (this.#out.holding) this.#complete('string', chunk, end)
    this.#valueDone()
    return end
  }

  #inKey(chunk: Uint8Array, start: number): number {
    const end = this.#stringEnd(chunk, start)
    if (end < 0) return chunk.length
    const isHere = this.#out.isHere
    const joined = isHere ? null : this.#out.joined(end, this.#maxHeld())
    const from = isHere ? this.#out.start : 0
    const to = joined === null ? end : joined.length
    if (to - from - 2 > MAX_KEY_BYTES) throw new MaskError('the body holds a key that is too long')
    const key = this.#names.at(joined ?? chunk, from, to)
    const node = this.#frames.nodes[this.#frames.depth]
    this.#frames.keys[this.#frames.depth] = key
    this.#out.letGo(end, joined, node?.rekey === undefined ? null : this.#rekeyed(node.rekey, key))
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
    const isHere = this.#out.isHere
    const bytes = isHere ? chunk : this.#out.joined(end, this.#maxHeld())
    const from = isHere ? this.#out.start : 0
    const to = isHere ? end : bytes.length
    if (to - from > MAX_VALUE_BYTES) throw tooLong()
    if (kind === 'primitive' && !isPrimitive(bytes, from, to)) throw broken()
    // A skipped subtree is still the value in hand.
    const node = this.#next
    if (this.#waits) {
      this.#wait(kind, bytes.slice(from, to), isHere ? this.#out.start : -1, end)
      return
    }
    if (kind === 'string' && node?.tells !== undefined) this.#hear(node.tells, bytes, from, to)
    let replacement: Uint8Array | null = null
    if (node?.leaf !== undefined && (kind !== 'string' || this.#isWorth(node, bytes, from, to, this.name))) {
      replacement = this.#call(node, kind, bytes.subarray(from, to))
    }
    this.#out.letGo(end, isHere ? null : bytes, replacement)
  }

  #wait(kind: Token['kind'], raw: Uint8Array, start: number, end: number): void {
    this.#waits = false
    const asks = this.#next?.asks
    const key = this.#frames.keys[this.#frames.depth] ?? null
    if (asks !== undefined) this.#out.wait(start, end, { kind, raw, key, depth: this.#frames.depth, asks })
  }

  #isWorth(node: Node, bytes: Uint8Array, start: number, end: number, name: Key | null): boolean {
    return node.worth === undefined || node.worth(bytes, start + 1, end - 1, name, this.#sawEscape)
  }

  #call(node: Node, kind: Token['kind'], raw: Uint8Array): Uint8Array | null {
    if (node.leaf === undefined) return null
    this.#kind = kind
    this.#raw = raw
    return node.leaf(this)
  }

  /** How long the token in hand may be, quotes included. */
  #maxHeld(): number {
    return this.#state === IN_KEY ? MAX_KEY_BYTES + 2 : MAX_VALUE_BYTES
  }
}

function broken(): MaskError {
  return new MaskError('the body is not valid JSON', true)
}
