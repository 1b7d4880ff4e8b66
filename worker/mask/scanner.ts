// A resumable single-pass scanner over JSON bytes. In: chunks cut anywhere and a tree of what to look at. Out: the same
// bytes, with only the tokens a leaf replaced changed. Never parses and serialises again; skips dead subtrees. No I/O.

import { join } from '../bytes.ts'
import { MAX_DEPTH, MAX_KEY_BYTES, MAX_PRIMITIVE_BYTES, MAX_VALUE_BYTES } from './limits.ts'

/** Content that cannot be masked and so must be withheld. `reason` is for a person and never quotes the content. */
export class MaskError extends Error {
  readonly code = 'CANNOT_MASK'
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.name = 'MaskError'
    this.reason = reason
  }
}

/** A whole value in the stream. */
export interface Token {
  readonly kind: 'string' | 'primitive' | 'subtree'
  /** The token's bytes as they came, quotes and escapes included. */
  readonly raw: Uint8Array
  /** The nearest object key, decoded; '' when there is none. */
  readonly key: string
  /** 0-based position in the array the value stands in; 0 in an object. */
  readonly index: number
}

/** What to do at a place in the document. A place without a node is passed over unread. */
export interface Node {
  /** By object key, decoded and folded by `fold`. Keys may repeat; each is looked at. */
  members?: ReadonlyMap<string, Node>
  /** For keys not in `members`. */
  others?: Node
  /** For elements of an array; absent: an array is passed through and its elements stand in its place. */
  elements?: Node
  /**
   * For a string or primitive: the bytes to put in its place, or null to leave it as it came.
   * A node with nothing but a leaf gets objects and arrays too, whole.
   */
  leaf?: (token: Token) => Uint8Array | null
  /** For each key of an object here: another JSON string token to put in its place, or null. */
  rekey?: (key: string) => Uint8Array | null
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Lower case as Go's case-insensitive key match folds: ASCII, and the letter beyond it that `toLowerCase` leaves (`K` becomes k). */
export function fold(key: string): string {
  const lower = key.toLowerCase()
  return lower.includes('ſ') ? lower.replaceAll('ſ', 's') : lower
}

/** Strings up to this length are first tried as plain ASCII, which most keys are: the decoder and JSON.parse cost more. */
const SHORT_CHARS = 64

/** A short string token without escapes or characters beyond ASCII; null for all others. */
function decodeShort(raw: Uint8Array): string | null {
  const end = raw.length - 1
  if (end < 1 || end > SHORT_CHARS || raw[0] !== 0x22 || raw[end] !== 0x22) return null
  let text = ''
  for (let i = 1; i < end; i++) {
    const byte = raw[i]!
    if (byte < 0x20 || byte >= 0x80 || byte === 0x5c) return null
    text += String.fromCharCode(byte)
  }
  return text
}

/** Decodes a JSON string token, quotes included. @throws {MaskError} when it is none */
export function decodeString(raw: Uint8Array): string {
  const short = decodeShort(raw)
  if (short !== null) return short
  try {
    const value: unknown = JSON.parse(decoder.decode(raw))
    if (typeof value === 'string') return value
  } catch {
    // falls through: the parser's message would quote the content
  }
  throw new MaskError('the body holds a string that is not valid JSON')
}

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

// What the string being read is.
const PASSED = 0
const A_KEY = 1
const A_LEAF = 2

const OBJECT = 1
const ARRAY = 2

const PRIMITIVE = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/
const ascii = new TextDecoder('latin1')

/** True for bytes a number or literal is made of. */
function inPrimitive(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  )
}

/**
 * The scanner. Call `push` for each chunk and `end` once; both give the bytes that may go on. What `push` gives may share
 * memory with the chunk. After a throw nothing more comes out.
 */
export class Scanner {
  readonly #root: Node
  readonly #many: boolean
  readonly #kinds = new Uint8Array(MAX_DEPTH + 1)
  readonly #nodes: (Node | undefined)[] = []
  readonly #indexes = new Uint32Array(MAX_DEPTH + 1)
  #depth = 0
  #state = TOP
  #tops = 0
  /** The node of the value that comes next. */
  #next: Node | undefined
  #key = ''
  #string = PASSED
  #escaped = false
  #skipTo = 0
  /** What has been held back from earlier chunks, and whether something is being held. */
  #held = new Uint8Array(256)
  #heldLength = 0
  #holding = false
  #failed: MaskError | null = null
  // Of the chunk in hand.
  #parts: Uint8Array[] = []
  #from = 0
  #start = 0

  /**
   * @param root what to look at in each top-level value; each must be an object or array
   * @param many true for a sequence of values (a watch), false for exactly one
   */
  constructor(root: Node, many = false) {
    this.#root = root
    this.#many = many
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
      this.#failed = new MaskError('the body ended in the middle of a JSON value')
      throw this.#failed
    }
    return new Uint8Array(0)
  }

  #scan(chunk: Uint8Array): Uint8Array {
    this.#parts = []
    this.#from = 0
    this.#start = 0
    const length = chunk.length
    let i = 0
    while (i < length) {
      switch (this.#state) {
        case SKIPPING:
          i = this.#skip(chunk, i)
          continue
        case SKIPPING_STRING:
          i = this.#skipString(chunk, i, SKIPPING)
          continue
        case IN_STRING:
          i = this.#inString(chunk, i)
          continue
        case IN_PRIMITIVE:
          while (i < length && inPrimitive(chunk[i]!)) i++
          if (i < length) this.#primitive(chunk, i)
          continue
      }
      const byte = chunk[i]!
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        i++
        continue
      }
      this.#structure(i, byte)
      i++
    }
    if (this.#holding) {
      if (this.#heldLength === 0 && this.#start > this.#from) this.#parts.push(chunk.subarray(this.#from, this.#start))
      this.#hold(chunk.subarray(this.#start))
      this.#from = length
    }
    if (this.#from === 0 && this.#parts.length === 0) return chunk
    if (this.#from < length) this.#parts.push(chunk.subarray(this.#from))
    return join(this.#parts)
  }

  #structure(i: number, byte: number): void {
    switch (this.#state) {
      case TOP:
        if ((byte !== 0x7b && byte !== 0x5b) || (this.#tops > 0 && !this.#many)) {
          throw new MaskError('the body is not one JSON object')
        }
        this.#next = this.#root
        this.#key = ''
        this.#value(i, byte)
        return
      case FIRST_ELEMENT:
        if (byte === 0x5d) this.#close(ARRAY)
        else this.#value(i, byte)
        return
      case VALUE:
        this.#value(i, byte)
        return
      case FIRST_KEY:
        if (byte === 0x7d) {
          this.#close(OBJECT)
          return
        }
        this.#beginKey(i, byte)
        return
      case KEY:
        this.#beginKey(i, byte)
        return
      case COLON:
        if (byte !== 0x3a) throw broken()
        this.#state = VALUE
        return
      default:
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
    }
  }

  #beginKey(i: number, byte: number): void {
    if (byte !== 0x22) throw broken()
    this.#state = IN_STRING
    this.#string = A_KEY
    this.#begin(i)
  }

  #value(i: number, byte: number): void {
    const node = this.#next
    if (byte === 0x22) {
      this.#state = IN_STRING
      if (node?.leaf === undefined) this.#string = PASSED
      else {
        this.#string = A_LEAF
        this.#begin(i)
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      const kind = byte === 0x7b ? OBJECT : ARRAY
      const inside = kind === ARRAY && node?.elements !== undefined
      const known = node !== undefined && (inside || node.members !== undefined || node.others !== undefined)
      const whole = node?.leaf !== undefined && !known
      if (whole) this.#begin(i)
      this.#open(kind, inside ? node.elements : node)
      if (known) {
        this.#state = kind === OBJECT ? FIRST_KEY : FIRST_ELEMENT
        if (kind === ARRAY) this.#next = this.#nodes[this.#depth]
      } else {
        this.#skipTo = this.#depth - 1
        this.#state = SKIPPING
      }
    } else if (inPrimitive(byte)) {
      this.#state = IN_PRIMITIVE
      this.#begin(i)
    } else throw broken()
  }

  #open(kind: number, node: Node | undefined): void {
    if (this.#depth === MAX_DEPTH) throw new MaskError('the body is nested too deeply')
    this.#depth++
    this.#kinds[this.#depth] = kind
    this.#nodes[this.#depth] = node
    this.#indexes[this.#depth] = 0
  }

  #close(kind: number): void {
    if (this.#depth === 0 || this.#kinds[this.#depth] !== kind) throw broken()
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
        i = this.#skipString(chunk, i, SKIPPING)
      } else if (byte === 0x7b) this.#open(OBJECT, this.#nodes[this.#depth])
      else if (byte === 0x5b) this.#open(ARRAY, this.#nodes[this.#depth])
      else if (byte === 0x7d || byte === 0x5d) {
        if (this.#kinds[this.#depth] !== (byte === 0x7d ? OBJECT : ARRAY)) throw broken()
        this.#depth--
        if (this.#depth === this.#skipTo) {
          if (this.#holding) this.#leaf('subtree', chunk, i)
          this.#valueDone()
          return i
        }
      }
    }
    return i
  }

  /** From after the opening quote to after the closing one; goes on with `then`, or stays in the string. */
  #skipString(chunk: Uint8Array, start: number, then: number): number {
    const length = chunk.length
    let i = start
    if (this.#escaped && i < length) {
      this.#escaped = false
      i++
    }
    while (i < length) {
      const byte = chunk[i++]!
      if (byte === 0x22) {
        this.#state = then
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

  #inString(chunk: Uint8Array, start: number): number {
    // The opening quote was seen in #structure; `start` is after it, or the start of a later chunk.
    const length = chunk.length
    let i = start
    if (this.#escaped && i < length) {
      this.#escaped = false
      i++
    }
    while (i < length) {
      const byte = chunk[i++]!
      if (byte === 0x22) {
        if (this.#string === A_KEY) {
          this.#keyDone(chunk, i)
          this.#state = COLON
        } else {
          if (this.#string === A_LEAF) this.#leaf('string', chunk, i)
          this.#valueDone()
        }
        return i
      }
      if (byte === 0x5c) {
        if (i < length) i++
        else this.#escaped = true
      } else if (byte < 0x20) throw broken()
    }
    return i
  }

  #keyDone(chunk: Uint8Array, end: number): void {
    const raw = this.#token(chunk, end)
    if (raw.length - 2 > MAX_KEY_BYTES) throw new MaskError('the body holds a key that is too long')
    const node = this.#nodes[this.#depth]
    const key = decodeString(raw)
    const replacement = node?.rekey?.(key) ?? null
    this.#settle(chunk, end, raw, replacement)
    this.#key = key
    this.#next = node?.members?.get(fold(key)) ?? node?.others
  }

  #primitive(chunk: Uint8Array, end: number): void {
    const raw = this.#token(chunk, end)
    if (raw.length > MAX_PRIMITIVE_BYTES || !PRIMITIVE.test(ascii.decode(raw))) throw broken()
    if (this.#next?.leaf === undefined) this.#settle(chunk, end, raw, null)
    else this.#leaf('primitive', chunk, end)
    this.#valueDone()
  }

  #leaf(kind: Token['kind'], chunk: Uint8Array, end: number): void {
    const raw = this.#token(chunk, end)
    if (raw.length > MAX_VALUE_BYTES) throw new MaskError('the body holds a value that is too long to be masked')
    // A skipped subtree carries its node down the stack; elsewhere it is the node of the value in hand.
    const node = this.#next
    const index = this.#kinds[this.#depth] === ARRAY ? this.#indexes[this.#depth]! : 0
    this.#settle(chunk, end, raw, node?.leaf?.({ kind, raw, key: this.#key, index }) ?? null)
  }

  #begin(i: number): void {
    this.#holding = true
    this.#heldLength = 0
    this.#start = i
  }

  /** All bytes of the held token, which ends before `end`. Valid until the next chunk. */
  #token(chunk: Uint8Array, end: number): Uint8Array {
    const here = chunk.subarray(this.#start, end)
    if (this.#heldLength === 0) return here
    return join([this.#held.subarray(0, this.#heldLength), here])
  }

  /** Lets the held token go on, replaced or as it came. */
  #settle(chunk: Uint8Array, end: number, raw: Uint8Array, replacement: Uint8Array | null): void {
    this.#holding = false
    if (replacement !== null) {
      if (this.#heldLength === 0 && this.#start > this.#from) this.#parts.push(chunk.subarray(this.#from, this.#start))
      this.#parts.push(replacement)
      this.#from = end
    } else if (this.#heldLength > 0) {
      this.#parts.push(raw)
      this.#from = end
    }
    this.#heldLength = 0
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length
    const limit = this.#state === IN_STRING && this.#string === A_KEY ? MAX_KEY_BYTES + 2 : MAX_VALUE_BYTES
    if (length > limit) throw new MaskError('the body holds a key or value that is too long to be masked')
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, this.#held.length * 2))
      grown.set(this.#held.subarray(0, this.#heldLength))
      this.#held = grown
    }
    this.#held.set(bytes, this.#heldLength)
    this.#heldLength = length
  }
}

function broken(): MaskError {
  return new MaskError('the body is not valid JSON')
}
