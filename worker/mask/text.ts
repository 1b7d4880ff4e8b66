// Text that is no JSON: masked whole where all of it is there, and as it comes where it is long or has no end. No I/O.

import { join } from '../bytes.ts'
import type { RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { MaskError } from './error.ts'
import { MAX_PEM_BYTES } from './find/pem.ts'
import { Masker, type MaskReport } from './placeholder.ts'
import type { ByteTransform } from './response.ts'
import { type Scope, scopeOf } from './scope.ts'
import { maskMessage } from './status.ts'
import { createTextStream, type Piece } from './stream.ts'
import { applyEdits } from './token.ts'

const encoder = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
const ascii = new TextDecoder('latin1')
const EMPTY = new Uint8Array(0)

/**
 * Masks a text that is recorded or shown: a target, an argument, a warning, a message.
 * @param at what it is, for the report; part of no placeholder
 * @throws {MaskError} it cannot be told what is secret in it: it must be withheld
 */
export function maskText(
  text: string,
  { key, finder }: Pick<Masking, 'key' | 'finder'>,
  at: string,
): { readonly text: string; readonly report: MaskReport } {
  const masker = new Masker(key)
  const bytes = encoder.encode(text)
  const { hits } = finder.find(bytes, { final: true })
  if (hits.length === 0) return { text, report: masker.report() }
  const edits = hits.map(({ start, end, value, rule }) => ({
    start,
    end,
    bytes: encoder.encode(masker.placeholder(value, rule, at)),
  }))
  return { text: utf8.decode(applyEdits(bytes, edits)), report: masker.report() }
}

/** Masks a warning of an answer as the Status beside it would be. @throws {MaskError} */
export function maskWarning(
  text: string,
  masking: Masking,
  info: RequestInfo,
  options: { readonly requestSecrets: readonly string[]; readonly strict: boolean },
): string {
  const scope = scopeOf(masking, info, { requestSecrets: options.requestSecrets })
  return maskMessage(text, scope, { strict: options.strict, at: 'warning' })
}

/** A short text, held back whole. @param strict it answers a Secrets request */
export function wholeText(
  scope: Scope,
  options: { readonly strict: boolean; readonly maxBytes: number },
): ByteTransform {
  const parts: Uint8Array[] = []
  let length = 0
  return {
    push(chunk) {
      length += chunk.length
      if (length > options.maxBytes) throw new MaskError('the response is too long to be masked')
      parts.push(chunk.slice())
      return EMPTY
    },
    end() {
      const bytes = join(parts)
      let text: string
      try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
      } catch {
        throw new MaskError('the response is not text', true)
      }
      const masked = maskMessage(text, scope, { strict: options.strict, at: 'text' })
      return encoder.encode(masked)
    },
    report: () => scope.masker.report(),
  }
}

/** Which part of a text a client has asked for. */
export interface PartAsked {
  /** Where it has it cut: nothing undecided goes out before it is known that it was not. Null: nowhere. */
  readonly maxBytes: number | null
  /** It lets it begin in the middle. */
  readonly fromMiddle: boolean
}

const ALL: PartAsked = { maxBytes: null, fromMiddle: false }
const KEY_BEGINS = encoder.encode('-----BEGIN PRIVATE KEY-----\n')
const KEY_ENDS = /-----END [A-Z ]{0,64}PRIVATE KEY/
/** A line of a key, with a time stamp or other words in front of it. */
const KEY_LINE = /^(?:\S{1,64} +){0,4}[A-Za-z0-9+/]{32,}={0,2}\r?$/
/** A key's last line is as long as it happens to be. */
const LAST_KEY_LINE = /^(?:\S{1,64} +){0,4}[A-Za-z0-9+/]+={0,2}\r?$/

/** A longer line is no key's. */
const MAX_KEY_LINE_BYTES = 1024

/** The beginning of a text, for as long as it could be the rest of a private key whose BEGIN was left out. */
class Head {
  readonly #parts: Uint8Array[] = []
  #length = 0
  /** Complete ones. */
  readonly #lines: string[] = []
  /** The line that is not complete yet. */
  #line = ''

  /** Whether it could be that still. */
  push(chunk: Uint8Array): boolean {
    this.#parts.push(chunk.slice())
    this.#length += chunk.length
    const lines = (this.#line + ascii.decode(chunk)).split('\n')
    this.#line = lines.pop() ?? ''
    this.#lines.push(...lines)
    if (this.#length >= MAX_PEM_BYTES || this.#line.length > MAX_KEY_LINE_BYTES) return false
    return this.#lines.every(
      (line, at) => KEY_LINE.test(line) || (at === this.#lines.length - 1 && LAST_KEY_LINE.test(line)),
    )
  }

  /** Whether there is anything of it. */
  get isWaiting(): boolean {
    return this.#length > 0
  }

  /** Whether it shows a line that only a key has: one word may be anything. */
  get isLikely(): boolean {
    return this.#lines.some((line) => KEY_LINE.test(line)) || KEY_LINE.test(this.#line)
  }

  /**
   * What it was, with the BEGIN that was left out put in front of what is a key's.
   * @param isCut nothing says any more what the lines are
   */
  settled(isCut: boolean): Uint8Array {
    const bytes = join(this.#parts)
    const lines = [...this.#lines, this.#line]
    const end = lines.findIndex((line) => KEY_ENDS.test(line))
    if (end < 0) return isCut && this.isLikely ? join([KEY_BEGINS, bytes]) : bytes
    let from = end > 0 && LAST_KEY_LINE.test(lines[end - 1]!) ? end - 1 : end
    while (from > 0 && KEY_LINE.test(lines[from - 1]!)) from -= 1
    if (from === end) return bytes
    // One character a byte: what was decoded has as many of them.
    const at = lines.slice(0, from).reduce((length, line) => length + line.length + 1, 0)
    return join([bytes.subarray(0, at), KEY_BEGINS, bytes.subarray(at)])
  }
}

/**
 * Text of any length, masked as it comes.
 * @param name what it is, for the report
 * @param asked which part of it the client has asked for
 */
export function textTransform(masking: Masking, name: string, asked: PartAsked = ALL): ByteTransform {
  const { maxBytes, fromMiddle } = asked
  const stream = createTextStream(masking, { 0: name })
  let length = 0
  let head = fromMiddle ? new Head() : null
  /** What may be looked at. */
  const behindHead = (chunk: Uint8Array): Uint8Array => {
    if (head === null) return chunk
    if (head.push(chunk)) return EMPTY
    const bytes = head.settled(false)
    head = null
    return bytes
  }
  const joined = (pieces: readonly Piece[]): Uint8Array =>
    pieces.length === 0 ? EMPTY : join(pieces.map(({ bytes }) => bytes))
  return {
    push(chunk) {
      length += chunk.length
      return joined(stream.push(0, behindHead(chunk)))
    },
    end() {
      const isCut = maxBytes !== null && length >= maxBytes
      const last = joined(stream.push(0, head?.settled(isCut) ?? EMPTY))
      head = null
      return join([last, joined(isCut ? stream.cut() : stream.end())])
    },
    flush() {
      if (maxBytes !== null) return EMPTY
      const waiting = head !== null && !head.isLikely ? head.settled(false) : EMPTY
      if (waiting.length > 0) head = null
      return join([joined(stream.push(0, waiting)), joined(stream.flush())])
    },
    get holding() {
      return maxBytes === null && (stream.holding || (head?.isWaiting === true && !head.isLikely))
    },
    report: () => stream.report(),
  }
}
