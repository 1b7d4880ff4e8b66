// Reads an object of the Kubernetes API for conditions. In: bytes. Out: plain values, integers as BigInt (a JavaScript number
// is a double to CEL), or a reason. Refuses what two readers could read differently: duplicate keys, bad UTF-8, anything after
// the value. An own reader, because JSON.parse takes the last of two equal keys without a word. No I/O, no clock.

/** The largest object read. As much as a dry run's answer may have. */
export const MAX_OBJECT_BYTES = 4 * 1024 * 1024
/** Lists and objects within each other. Kubernetes' deepest schemas have about 25; deeper is for breaking readers. */
export const MAX_OBJECT_DEPTH = 100

/** Keys of one object. Kubernetes' largest are labels and ConfigMaps; a hundred thousand would make each look at the keys slow. */
export const MAX_OBJECT_KEYS = 10_000

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
// Up to the closing quote, an escape or a control character.
const PLAIN = /[^"\\\u0000-\u001f]*/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class Reader {
  readonly text: string
  at = 0

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
    this.at++
    let result = ''
    for (;;) {
      PLAIN.lastIndex = this.at
      const start = this.at
      PLAIN.exec(this.text)
      this.at = PLAIN.lastIndex
      result += this.text.slice(start, this.at)
      const next = this.text[this.at]
      if (next === '"') {
        this.at++
        return result
      }
      if (next !== '\\')
        throw new Malformed(next === undefined ? 'an unfinished string' : 'a control character in a string')
      result += this.escape()
    }
  }

  private escape(): string {
    const letter = this.text[this.at + 1] ?? ''
    if (letter === 'u') {
      const hex = this.text.slice(this.at + 2, this.at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new Malformed('a bad escape')
      this.at += 6
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const plain = ESCAPES[letter]
    if (plain === undefined) throw new Malformed('a bad escape')
    this.at += 2
    return plain
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
