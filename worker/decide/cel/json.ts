// Reads an object of the Kubernetes API for conditions. In: bytes. Out: plain values, integers as BigInt (a JavaScript number
// is a double to CEL), or a reason. Refuses what two readers could read differently: duplicate keys, bad UTF-8, anything after
// the value. An own reader, because JSON.parse takes the last of two equal keys without a word. No I/O, no clock.

/** The largest object read. As much as a dry run's answer may have. */
export const MAX_OBJECT_BYTES = 4 * 1024 * 1024
/** Lists and objects within each other. Kubernetes' deepest schemas have about 25; deeper is for breaking readers. */
export const MAX_OBJECT_DEPTH = 100

/** Keys of one object. Kubernetes' largest are labels and ConfigMaps; a hundred thousand would make each look at the keys slow. */
export const MAX_OBJECT_KEYS = 10_000
/** Values in all, lists and objects included. What etcd takes has some ten thousand; four million would take a second to read. */
export const MAX_OBJECT_VALUES = 200_000

export type ReadObject =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string }

/** Strict RFC 8259 JSON. Whole numbers without fraction or exponent that fit 64 bits become BigInt, all others double. */
export function readObject(bytes: Uint8Array): ReadObject {
  if (bytes.length > MAX_OBJECT_BYTES) return { ok: false, reason: `larger than ${MAX_OBJECT_BYTES} bytes` }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { ok: false, reason: 'not UTF-8' }
  }
  const reader = new Reader(text)
  try {
    return { ok: true, value: reader.document() }
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, reason: `${error.reason} at character ${reader.at + 1}` }
    throw error
  }
}

class Malformed {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const CONTROL = /[\u0000-\u001f]/
const BACKSLASH = 0x5c

/** A string's text without its escapes; native code is tens of times faster at them. */
function unescaped(inside: string): string {
  let value: unknown
  try {
    value = JSON.parse(`"${inside}"`)
  } catch {
    value = undefined
  }
  if (typeof value !== 'string') throw new Malformed('a string that is none')
  return value
}

class Reader {
  readonly text: string
  at = 0
  private values = 0

  constructor(text: string) {
    this.text = text
  }

  document(): unknown {
    const value = this.value(0)
    this.space()
    if (this.at < this.text.length) throw new Malformed('more after the value')
    return value
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at++
    }
  }

  private value(depth: number): unknown {
    if (++this.values > MAX_OBJECT_VALUES) throw new Malformed(`more than ${MAX_OBJECT_VALUES} values`)
    this.space()
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth + 1)
      case '[':
        return this.list(depth + 1)
      case '"':
        return this.string()
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      case 'n':
        return this.word('null', null)
      default:
        return this.number()
    }
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw new Malformed('not JSON')
    this.at += word.length
    return value
  }

  private number(): number | bigint {
    NUMBER.lastIndex = this.at
    const found = NUMBER.exec(this.text)
    if (found === null) throw new Malformed('not JSON')
    const [all, fraction, exponent] = found
    this.at += all.length
    if (fraction === undefined && exponent === undefined) {
      // Twenty characters hold every 64-bit integer; beyond, a double is what Kubernetes makes of it.
      const whole = all.length <= 20 ? BigInt(all) : null
      if (whole !== null && BigInt.asIntN(64, whole) === whole) return whole
    }
    const double = Number(all)
    if (!Number.isFinite(double)) throw new Malformed('a number out of range')
    return double
  }

  private string(): string {
    const start = this.at
    let end = start
    do {
      end = this.text.indexOf('"', end + 1)
      if (end < 0) throw new Malformed('an unfinished string')
    } while (this.escaped(end))
    const inside = this.text.slice(start + 1, end)
    const value = inside.includes('\\') ? unescaped(inside) : inside
    if (CONTROL.test(inside)) throw new Malformed('a control character in a string')
    this.at = end + 1
    return value
  }

  /** Whether an odd number of backslashes stands before a quote. */
  private escaped(quote: number): boolean {
    let before = quote
    while (this.text.charCodeAt(before - 1) === BACKSLASH) before--
    return (quote - before) % 2 === 1
  }

  private list(depth: number): unknown[] {
    if (depth > MAX_OBJECT_DEPTH) throw new Malformed(`nested deeper than ${MAX_OBJECT_DEPTH}`)
    const list: unknown[] = []
    this.at++
    this.space()
    if (this.take(']')) return list
    for (;;) {
      list.push(this.value(depth))
      this.space()
      if (this.take(']')) return list
      if (!this.take(',')) throw new Malformed('not JSON')
    }
  }

  private object(depth: number): Record<string, unknown> {
    if (depth > MAX_OBJECT_DEPTH) throw new Malformed(`nested deeper than ${MAX_OBJECT_DEPTH}`)
    const object: Record<string, unknown> = {}
    this.at++
    this.space()
    if (this.take('}')) return object
    for (let keys = 1; ; keys++) {
      if (keys > MAX_OBJECT_KEYS) throw new Malformed(`more than ${MAX_OBJECT_KEYS} keys in one object`)
      this.space()
      if (this.text[this.at] !== '"') throw new Malformed('not JSON')
      const key = this.string()
      if (Object.hasOwn(object, key)) throw new Malformed('a key twice in one object')
      this.space()
      if (!this.take(':')) throw new Malformed('not JSON')
      const value = this.value(depth)
      if (key === '__proto__') {
        // Assigning would change the prototype instead of making a key.
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      } else {
        object[key] = value
      }
      this.space()
      if (this.take('}')) return object
      if (!this.take(',')) throw new Malformed('not JSON')
    }
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }
}
