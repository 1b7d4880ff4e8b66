// RFC 6455 frames. In: bytes as they arrive, cut anywhere. Out: messages, control frames, or one fault with its close code.
// To the letter: what is not allowed ends the connection. No I/O, no clock.

import { sha1 } from '@noble/hashes/legacy.js'

/** Who we are. A client masks what it sends; a server must get masked frames and a client must not (section 5.1). */
export type Role = 'client' | 'server'

/** Section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Gives four unpredictable bytes (section 5.3), or null for a server, which never masks. */
export type Masker = (() => Uint8Array) | null

/** Control frames carry at most this (section 5.5). */
const MAX_CONTROL_BYTES = 125

/** 2 bytes, up to 8 of extended length, 4 of mask. */
const MAX_HEADER_BYTES = 14

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (section 4.2.2). */
export function acceptKey(key: string): string {
  return btoa(String.fromCharCode(...sha1(new TextEncoder().encode(key + GUID))))
}

/** XORs `bytes` in place. `offset` is the place of the first byte in the frame's payload. */
export function mask(bytes: Uint8Array, key: Uint8Array, offset = 0): void {
  const length = bytes.length
  let i = 0
  const one = (at: number): void => {
    bytes[at] = (bytes[at] ?? 0) ^ (key[(at + offset) & 3] ?? 0)
  }
  const misaligned = (4 - (bytes.byteOffset & 3)) & 3
  if (length >= 64) {
    while (i < misaligned) one(i++)
    const word = new Uint8Array(4)
    for (let k = 0; k < 4; k++) word[k] = key[(i + k + offset) & 3] ?? 0
    const by = new Int32Array(word.buffer)[0] ?? 0
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + i, (length - i) >> 2)
    for (let k = 0; k < words.length; k++) words[k] = (words[k] ?? 0) ^ by
    i += words.length * 4
  }
  while (i < length) one(i++)
}

/** One whole frame, FIN set. `payload` is copied, never changed. */
export function encodeFrame(opcode: number, payload: Uint8Array, masker: Masker): Uint8Array {
  const length = payload.length
  const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8
  const head = 2 + extended + (masker === null ? 0 : 4)
  const out = new Uint8Array(head + length)
  out[0] = 0x80 | opcode
  const bit = masker === null ? 0 : 0x80
  if (extended === 0) out[1] = bit | length
  else {
    const view = new DataView(out.buffer)
    out[1] = bit | (extended === 2 ? 126 : 127)
    if (extended === 2) view.setUint16(2, length)
    else view.setBigUint64(2, BigInt(length))
  }
  out.set(payload, head)
  if (masker !== null) {
    const key = masker()
    out.set(key, head - 4)
    mask(out.subarray(head), key)
  }
  return out
}

/** The payload of a close frame. `reason` is cut to what fits, on a character boundary. */
export function encodeClose(code: number, reason: string): Uint8Array {
  let text = new TextEncoder().encode(reason)
  if (text.length > MAX_CONTROL_BYTES - 2) {
    let end = MAX_CONTROL_BYTES - 2
    while (end > 0 && ((text[end] ?? 0) & 0xc0) === 0x80) end--
    text = text.slice(0, end)
  }
  const out = new Uint8Array(2 + text.length)
  new DataView(out.buffer).setUint16(0, code)
  out.set(text, 2)
  return out
}

/** Codes that may stand in a close frame (section 7.4 and the IANA registry). */
function isSendable(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
}

/** What the parser tells. After `fault` or `close` nothing more comes. */
export interface FrameSink {
  /** A whole binary message; the bytes belong to the sink. */
  message(bytes: Uint8Array): void
  ping(payload: Uint8Array): void
  pong(payload: Uint8Array): void
  /** 1005 when the frame carried no code. */
  close(code: number, reason: string): void
  /** The peer broke the protocol or a limit; `code` is what to close with. */
  fault(code: number, reason: string): void
}

/**
 * Takes bytes cut anywhere. Text messages are a fault (1003): none of the subprotocols here has any.
 * Bytes handed in belong to the parser: it unmasks them in place and gives out views.
 */
export class FrameParser {
  readonly #role: Role
  readonly #maxMessageBytes: number
  readonly #sink: FrameSink
  readonly #header = new Uint8Array(MAX_HEADER_BYTES)
  #have = 0
  #done = false
  // The frame whose payload is being collected; `#left` < 0 while its header is.
  #opcode = 0
  #fin = false
  #left = -1
  #key: Uint8Array | null = null
  #seen = 0
  #payload: Uint8Array[] = []
  // The message whose fragments are being collected.
  #inMessage = false
  #parts: Uint8Array[] = []
  #messageBytes = 0

  constructor(role: Role, maxMessageBytes: number, sink: FrameSink) {
    this.#role = role
    this.#maxMessageBytes = maxMessageBytes
    this.#sink = sink
  }

  /** Feeds bytes. Ignored after a fault or a close frame. */
  push(chunk: Uint8Array): void {
    let at = 0
    while (!this.#done) {
      if (this.#left < 0) {
        const need = this.#headerNeed()
        if (this.#have < need) {
          if (at === chunk.length) return
          const take = Math.min(need - this.#have, chunk.length - at)
          this.#header.set(chunk.subarray(at, at + take), this.#have)
          this.#have += take
          at += take
          if (this.#have === 2 || this.#have === 1) this.#checkStart()
          continue
        }
        this.#begin()
        continue
      }
      if (this.#left > 0) {
        if (at === chunk.length) return
        const part = chunk.subarray(at, Math.min(chunk.length, at + this.#left))
        if (this.#key !== null) mask(part, this.#key, this.#seen & 3)
        this.#seen += part.length
        this.#left -= part.length
        at += part.length
        this.#payload.push(part)
        if (this.#payload.length > MAX_PIECES) this.#payload = [concat(this.#payload)]
        if (this.#left > 0) continue
      }
      this.#finish()
    }
  }

  #fault(code: number, reason: string): void {
    this.#done = true
    this.#payload = []
    this.#parts = []
    this.#sink.fault(code, reason)
  }

  #headerNeed(): number {
    if (this.#have < 2) return 2
    const second = this.#header[1] ?? 0
    const length = second & 0x7f
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4)
  }

  // As early as possible, so that a bad frame costs no memory.
  #checkStart(): void {
    const first = this.#header[0] ?? 0
    if ((first & 0x70) !== 0) {
      this.#fault(1002, 'reserved bits are set')
      return
    }
    const opcode = first & 0x0f
    const control = opcode >= 8
    if ((opcode > 2 && !control) || opcode > 10) {
      this.#fault(1002, 'unknown opcode')
      return
    }
    if (control && (first & 0x80) === 0) {
      this.#fault(1002, 'fragmented control frame')
      return
    }
    if (opcode === OPCODE.text) {
      this.#fault(1003, 'text messages are not part of this protocol')
      return
    }
    if (opcode === OPCODE.continuation && !this.#inMessage) {
      this.#fault(1002, 'continuation of nothing')
      return
    }
    if (opcode === OPCODE.binary && this.#inMessage) {
      this.#fault(1002, 'a message began inside another')
      return
    }
    if (this.#have < 2) return
    const second = this.#header[1] ?? 0
    if (((second & 0x80) !== 0) !== (this.#role === 'server')) {
      this.#fault(1002, this.#role === 'server' ? 'the frame is not masked' : 'the frame is masked')
      return
    }
    if (control && (second & 0x7f) > MAX_CONTROL_BYTES) {
      this.#fault(1002, 'control frame is too long')
      return
    }
  }

  #begin(): void {
    const header = this.#header
    const view = new DataView(header.buffer)
    const short = (header[1] ?? 0) & 0x7f
    let length = short
    if (short === 126) {
      length = view.getUint16(2)
      if (length < 126) {
        this.#fault(1002, 'the length is not in its shortest form')
        return
      }
    } else if (short === 127) {
      const long = view.getBigUint64(2)
      if (long < 0x10000n || long >> 63n !== 0n) {
        this.#fault(1002, 'the length is not in its shortest form')
        return
      }
      if (long > BigInt(this.#maxMessageBytes)) {
        this.#fault(1009, 'the message is too long')
        return
      }
      length = Number(long)
    }
    this.#opcode = (header[0] ?? 0) & 0x0f
    this.#fin = ((header[0] ?? 0) & 0x80) !== 0
    if (this.#opcode < 8 && this.#messageBytes + length > this.#maxMessageBytes) {
      this.#fault(1009, 'the message is too long')
      return
    }
    // A thousand empty fragments cost memory that the byte limit does not see.
    if (this.#opcode === OPCODE.continuation && length === 0 && !this.#fin) {
      this.#fault(1008, 'empty fragments are not accepted')
      return
    }
    this.#key = this.#role === 'server' ? header.slice(this.#have - 4, this.#have) : null
    this.#left = length
    this.#seen = 0
  }

  #finish(): void {
    const pieces = this.#payload
    const opcode = this.#opcode
    this.#payload = []
    this.#left = -1
    this.#have = 0
    if (opcode < 8) {
      for (const piece of pieces) {
        this.#parts.push(piece)
        this.#messageBytes += piece.length
      }
      if (this.#parts.length > MAX_PIECES) this.#parts = [concat(this.#parts)]
      this.#inMessage = !this.#fin
      if (!this.#fin) return
      const message = concat(this.#parts)
      this.#parts = []
      this.#messageBytes = 0
      this.#sink.message(message)
      return
    }
    const payload = concat(pieces)
    if (opcode === OPCODE.ping) this.#sink.ping(payload)
    else if (opcode === OPCODE.pong) this.#sink.pong(payload)
    else this.#close(payload)
  }

  #close(payload: Uint8Array): void {
    if (payload.length === 0) {
      this.#done = true
      this.#sink.close(1005, '')
      return
    }
    if (payload.length === 1) {
      this.#fault(1002, 'half a close code')
      return
    }
    const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0)
    if (!isSendable(code)) {
      this.#fault(1002, 'a close code that must not be sent')
      return
    }
    let reason: string
    try {
      reason = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(payload.subarray(2))
    } catch {
      this.#fault(1007, 'the close reason is not UTF-8')
      return
    }
    this.#done = true
    this.#sink.close(code, reason)
  }
}

/** Pieces of a frame or a message kept apart before they are joined: bounds what many tiny chunks or fragments cost. */
const MAX_PIECES = 1024

/** Joins pieces; one piece is given back as it is. */
function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces
  if (first !== undefined && pieces.length === 1) return first
  let length = 0
  for (const piece of pieces) length += piece.length
  const out = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}
