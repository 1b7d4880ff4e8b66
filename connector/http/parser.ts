// HTTP/1.1 answers (RFC 9112). In: bytes as they arrive, cut anywhere. Out: the head, body chunks, the end, or one fault.
// Strict where leniency allows smuggling: repeated lengths, length with chunked, folded lines, bare LF. No I/O.

import { MAX_CHUNK_LINE_BYTES, MAX_RESPONSE_HEAD_BYTES } from '../limits.ts'

/** Names in lower case, repeats in order. */
export type HeaderFields = readonly (readonly [name: string, value: string])[]

export interface ResponseSink {
  /** A final head (not 1xx), or 101 when the request asked for an upgrade. */
  head(status: number, headers: HeaderFields): void
  body(chunk: Uint8Array): void
  /** The answer is whole. `reusable`: another request may be sent on this connection. */
  end(reusable: boolean): void
  /** After 101: bytes that are not HTTP any more. */
  upgraded(head: Uint8Array): void
  fault(message: string): void
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer' | 'until-close' | 'done'

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: .*)?$/
const CR = 13
const LF = 10

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Parses one answer. A parser is used for one exchange. */
export class ResponseParser {
  readonly #method: string
  readonly #upgrading: boolean
  readonly #sink: ResponseSink
  #state: State = 'head'
  #buffer = new Uint8Array(0)
  #left = 0
  #trailerBytes = 0
  #reusable = true
  #ended = false
  #informational = 0

  constructor(method: string, upgrading: boolean, sink: ResponseSink) {
    this.#method = method
    this.#upgrading = upgrading
    this.#sink = sink
  }

  /** True once the head has begun to arrive: the server has seen the request. */
  get begun(): boolean {
    return this.#state !== 'head' || this.#buffer.length > 0
  }

  push(chunk: Uint8Array): void {
    let rest = chunk
    while (rest.length > 0 && this.#state !== 'done') {
      switch (this.#state) {
        case 'head':
          rest = this.#head(rest)
          break
        case 'length':
        case 'chunk-data': {
          const part = rest.subarray(0, this.#left)
          rest = rest.subarray(part.length)
          this.#left -= part.length
          const last = this.#left === 0
          if (last && this.#state === 'chunk-data') this.#state = 'chunk-end'
          this.#sink.body(part)
          if (last && this.#state === 'length') this.#finish()
          break
        }
        case 'until-close':
          this.#sink.body(rest)
          return
        default:
          rest = this.#lineOf(rest)
      }
    }
    // Bytes after the answer: the server is out of step, the connection must not be used again.
    this.#tellEnd(rest.length === 0)
  }

  /** The server closed the connection. */
  close(): void {
    if (this.#state === 'done') return
    if (this.#state === 'until-close') {
      this.#reusable = false
      this.#finish()
      this.#tellEnd(true)
      return
    }
    this.#fail('the API server closed the connection before the answer was whole')
  }

  #fail(message: string): void {
    this.#state = 'done'
    this.#sink.fault(message)
  }

  #finish(): void {
    this.#state = 'done'
    this.#ended = true
  }

  #tellEnd(clean: boolean): void {
    if (!this.#ended) return
    this.#ended = false
    this.#sink.end(this.#reusable && clean)
  }

  #append(bytes: Uint8Array): void {
    if (this.#buffer.length === 0) {
      this.#buffer = bytes.slice()
      return
    }
    const joined = new Uint8Array(this.#buffer.length + bytes.length)
    joined.set(this.#buffer)
    joined.set(bytes, this.#buffer.length)
    this.#buffer = joined
  }

  #head(chunk: Uint8Array): Uint8Array {
    const before = this.#buffer.length
    const from = Math.max(0, before - 3)
    if (before > 0) this.#append(chunk)
    const bytes = before > 0 ? this.#buffer : chunk
    let end = -1
    for (let i = bytes.indexOf(LF, from); i !== -1; i = bytes.indexOf(LF, i + 1)) {
      if (i >= 3 && bytes[i - 1] === CR && bytes[i - 2] === LF && bytes[i - 3] === CR) {
        end = i + 1
        break
      }
    }
    if (end > MAX_RESPONSE_HEAD_BYTES || (end === -1 && bytes.length > MAX_RESPONSE_HEAD_BYTES)) {
      this.#fail('the head of the answer is too long')
      return new Uint8Array(0)
    }
    if (end === -1) {
      if (before === 0) this.#append(chunk)
      return new Uint8Array(0)
    }
    this.#buffer = new Uint8Array(0)
    const rest = bytes.subarray(end)
    return this.#begin(text(bytes.subarray(0, end - 4)), rest)
  }

  #begin(head: string, rest: Uint8Array): Uint8Array {
    const [first = '', ...lines] = head.split('\r\n')
    const match = STATUS_LINE.exec(first)
    if (match === null) {
      this.#fail('the answer is not HTTP/1.1')
      return rest.subarray(rest.length)
    }
    const status = Number(match[2])
    const headers: [string, string][] = []
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon)
      const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
      if (colon <= 0 || !NAME.test(name) || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) {
        this.#fail('a header of the answer is malformed')
        return rest.subarray(rest.length)
      }
      headers.push([name.toLowerCase(), value])
    }
    if (status === 101) {
      if (!this.#upgrading) {
        this.#fail('an upgrade that was not asked for')
        return rest.subarray(rest.length)
      }
      this.#state = 'done'
      this.#sink.head(status, headers)
      this.#sink.upgraded(rest)
      return rest.subarray(rest.length)
    }
    if (status < 200) {
      if (++this.#informational > 16) this.#fail('too many informational answers')
      return rest
    }
    this.#reusable = match[1] === '1' && !headers.some(([n, v]) => n === 'connection' && /\bclose\b/i.test(v))
    this.#frame(status, headers)
    return rest
  }

  #frame(status: number, headers: HeaderFields): void {
    const codings = headers.filter(([name]) => name === 'transfer-encoding').map(([, value]) => value.toLowerCase())
    const lengths = new Set(headers.filter(([name]) => name === 'content-length').map(([, value]) => value))
    if (codings.length > 0 && lengths.size > 0) {
      this.#fail('an answer with a length and a transfer coding')
      return
    }
    if (lengths.size > 1) {
      this.#fail('an answer with two lengths')
      return
    }
    const [length] = lengths
    if (length !== undefined && !/^[0-9]{1,15}$/.test(length)) {
      this.#fail('an answer with a malformed length')
      return
    }
    if (codings.length > 0 && (codings.length > 1 || codings[0] !== 'chunked')) {
      this.#fail('an answer with a transfer coding that is not chunked')
      return
    }
    const bodiless = this.#method === 'HEAD' || status === 204 || status === 304
    if (bodiless) this.#state = 'done'
    else if (codings.length > 0) this.#state = 'chunk-size'
    else if (length === undefined) this.#state = 'until-close'
    else {
      this.#left = Number(length)
      this.#state = this.#left === 0 ? 'done' : 'length'
    }
    this.#sink.head(status, headers)
    if (this.#state === 'done') this.#finish()
  }

  // Chunk sizes, the line end after a chunk, and trailers: whole lines.
  #lineOf(chunk: Uint8Array): Uint8Array {
    const lf = chunk.indexOf(LF)
    const piece = lf === -1 ? chunk : chunk.subarray(0, lf + 1)
    this.#append(piece)
    if (this.#buffer.length > MAX_CHUNK_LINE_BYTES) {
      this.#fail('a line of the chunked answer is too long')
      return new Uint8Array(0)
    }
    if (lf === -1) return new Uint8Array(0)
    const line = text(this.#buffer)
    this.#buffer = new Uint8Array(0)
    if (line.at(-2) !== '\r') this.#fail('a line of the chunked answer ends without CR')
    else this.#line(line.slice(0, -2))
    return chunk.subarray(lf + 1)
  }

  #line(line: string): void {
    if (this.#state === 'chunk-size') {
      const size = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?$/.exec(line)?.[1]
      if (size === undefined) {
        this.#fail('a malformed chunk size')
        return
      }
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailer' : 'chunk-data'
    } else if (this.#state === 'chunk-end') {
      if (line !== '') {
        this.#fail('a chunk is longer than its size')
        return
      }
      this.#state = 'chunk-size'
    } else if (line === '') this.#finish()
    else {
      this.#trailerBytes += line.length
      if (this.#trailerBytes > MAX_RESPONSE_HEAD_BYTES) this.#fail('too many trailers')
    }
  }
}
